"""Every step of every phase, for both roles, as the table of phases says: right or refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.twins import Twin

from weft_http_parser.phases import IN_BODY, NEXT, OVER, Phase, Step

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
CLOSING = b"Connection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"

Move = Callable[[Any], object]


def fault(connection: Any, move: Move) -> Any:
    """The error that a move raises, which it must."""
    try:
        move(connection)
    except Exception as exc:
        return exc
    raise AssertionError("nothing was refused")


# How each side gets into each phase. A client sends before it receives.
SENDING: dict[str, dict[Phase, Move]] = {
    "SERVER": {
        Phase.IDLE: lambda c: None,
        Phase.BODY: lambda c: c.send_rendered(OK, 2),
        Phase.LAST_BODY: lambda c: c.send_rendered(OK, 2, persistent=False),
        Phase.DONE: lambda c: (c.send_rendered(OK, 2), c.send_data(b"ok"), c.send_end()),
        Phase.LAST: lambda c: c.send_whole(OK, b"ok", persistent=False),
        Phase.TUNNEL: lambda c: c.send_rendered(SWITCHING, 0, status=101),
        Phase.FAILED: lambda c: fault(c, lambda c: c.send_end()),
    },
    "CLIENT": {
        Phase.IDLE: lambda c: None,
        Phase.BODY: lambda c: c.send_rendered(POST, 2),
        Phase.LAST_BODY: lambda c: c.send_rendered(POST, 2, persistent=False),
        Phase.DONE: lambda c: c.send_whole(UPGRADE, b""),
        Phase.LAST: lambda c: (c.send_rendered(UPGRADE, 0, persistent=False), c.send_end()),
        Phase.FAILED: lambda c: fault(c, lambda c: c.send_end()),
    },
}
RECEIVING: dict[str, dict[Phase, Move]] = {
    "SERVER": {
        Phase.IDLE: lambda c: None,
        Phase.BODY: lambda c: c.receive(POST),
        Phase.LAST_BODY: lambda c: c.receive(POST[:-2] + CLOSING),
        Phase.DONE: lambda c: c.receive(GET),
        Phase.LAST: lambda c: c.receive(GET[:-2] + CLOSING),
        Phase.CLOSED: lambda c: c.receive_eof(),
        Phase.FAILED: lambda c: fault(c, lambda c: c.receive(b"\0")),
    },
    "CLIENT": {
        Phase.IDLE: lambda c: None,
        Phase.BODY: lambda c: c.receive(OK),
        Phase.LAST_BODY: lambda c: c.receive(OK[:-2] + CLOSING),
        Phase.DONE: lambda c: c.receive(OK + b"ok"),
        Phase.LAST: lambda c: c.receive(OK[:-2] + CLOSING + b"ok"),
        Phase.TUNNEL: lambda c: c.receive(SWITCHING),
        Phase.CLOSED: lambda c: c.receive_eof(),
        Phase.FAILED: lambda c: fault(c, lambda c: c.receive(b"\0")),
    },
}


def pairs() -> Iterator[tuple[str, Phase, Phase]]:
    """Role, sending phase, receiving phase: all that can be reached."""
    for role, phases in SENDING.items():
        for sending in phases:
            for receiving in RECEIVING[role]:
                asked = role == "SERVER" or sending not in (Phase.IDLE, Phase.FAILED)
                switches = receiving is Phase.TUNNEL and sending in (Phase.BODY, Phase.LAST_BODY)
                if (asked and not switches) or receiving in (Phase.IDLE, Phase.CLOSED):
                    yield role, sending, receiving
        yield role, Phase.SWITCHED, Phase.SWITCHED


def make(twin: Twin, role: str, sending: Phase, receiving: Phase) -> Any:
    connection = twin.Http1Connection(twin.Role[role])
    if sending is Phase.SWITCHED:
        first, second = (SENDING, RECEIVING) if role == "CLIENT" else (RECEIVING, SENDING)
        first[role][Phase.DONE](connection)
        second[role][Phase.TUNNEL](connection)
        connection.switch()
    else:
        SENDING[role][sending](connection)
        RECEIVING[role][receiving](connection)
    assert (connection._sending.name, connection._receiving.name) == (sending.name, receiving.name)
    return connection


SENDS: dict[str, tuple[Step, Move]] = {
    "head": (Step.HEAD, lambda c: c.send_rendered(OK, 2, method="GET")),
    "last head": (
        Step.LAST_HEAD,
        lambda c: c.send_rendered(OK, 2, method="GET", persistent=False),
    ),
    "whole": (Step.WHOLE, lambda c: c.send_whole(OK, b"ok", method="GET")),
    "last whole": (
        Step.LAST_WHOLE,
        lambda c: c.send_whole(OK, b"ok", method="GET", persistent=False),
    ),
}
SERVER_SENDS: dict[str, tuple[Step, Move]] = {
    "interim": (Step.INTERIM, lambda c: c.send_rendered(OK, 0, status=103)),
    "tunnel": (Step.TUNNEL, lambda c: c.send_rendered(SWITCHING, 0, status=101)),
}


def is_right(name: str, role: str, sending: Phase, receiving: Phase) -> bool:
    """What the table says of a step."""
    if name in SENDS or name in SERVER_SENDS:
        return (SENDS | SERVER_SENDS)[name][0] in NEXT[sending]
    if name in ("data", "end"):
        return sending in IN_BODY
    if name == "next cycle":
        return Step.CYCLE in NEXT[sending] and Step.CYCLE in NEXT[receiving]
    if name == "switch":
        return Step.SWITCH in NEXT[sending] and Step.SWITCH in NEXT[receiving]
    return receiving is Phase.IDLE or receiving in IN_BODY or receiving in OVER


OTHERS: dict[str, Move] = {
    "data": lambda c: c.send_data(b"ok"),
    "end": lambda c: (c.send_data(b"ok"), c.send_end()),
    "next cycle": lambda c: c.next_cycle(),
    "switch": lambda c: c.switch(),
    "receive": lambda c: c.receive(b""),
}


def moves(role: str) -> dict[str, Move]:
    sends = SENDS | SERVER_SENDS if role == "SERVER" else SENDS
    return {name: move for name, (_, move) in sends.items()} | OTHERS


@pytest.mark.parametrize(("role", "sending", "receiving"), list(pairs()))
def test_steps(twin: Twin, role: str, sending: Phase, receiving: Phase) -> None:
    for name, move in moves(role).items():
        connection = make(twin, role, sending, receiving)
        if is_right(name, role, sending, receiving):
            move(connection)
            continue
        error = fault(connection, move)
        assert type(error) is twin.ProtocolError, name
        if name == "receive" and receiving is Phase.FAILED:
            assert error.reason is not twin.Reason.OUT_OF_ORDER  # the peer's fault, once more
            continue
        assert (error.reason, error.offset) == (twin.Reason.OUT_OF_ORDER, 0), name
        assert error.events == ()
        assert not connection.can_cycle
        for step in SENDS:  # and it stays failed
            again = fault(connection, moves(role)[step])
            assert again.reason is twin.Reason.OUT_OF_ORDER


@pytest.mark.parametrize(("role", "sending", "receiving"), list(pairs()))
def test_the_end_of_the_peers_bytes(
    twin: Twin, role: str, sending: Phase, receiving: Phase
) -> None:
    connection = make(twin, role, sending, receiving)
    if receiving in IN_BODY:
        assert fault(connection, lambda c: c.receive_eof()).reason is twin.Reason.INCOMPLETE
    elif receiving is Phase.FAILED:
        assert fault(connection, lambda c: c.receive_eof()).reason is not twin.Reason.INCOMPLETE
    else:
        assert connection.receive_eof() == []
        assert not connection.can_cycle


def test_every_phase_is_tried() -> None:
    tried = {phase for _, sending, receiving in pairs() for phase in (sending, receiving)}
    assert tried == set(Phase)
    assert {step for step, _ in (SENDS | SERVER_SENDS).values()} | {
        Step.END,
        Step.CYCLE,
        Step.SWITCH,
        Step.CLOSE,
    } == set(Step)
