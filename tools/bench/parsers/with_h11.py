"""h11, the peer that is pure Python."""

from collections.abc import Mapping, Sequence

import h11

from tools.bench.messages import (
    ANSWER,
    CONNECTED,
    CYCLE,
    REQUESTS,
    RESPONSES,
    SCANNED,
    UNTOUCHED,
    UPLOADS,
)
from tools.bench.parsers.case import Case

_ASK = h11.Request(method="GET", target="/", headers=[("Host", "a")])
_FIELDS = [("Content-Type", "text/plain"), ("Content-Length", "13")]


def cases() -> Mapping[str, Case]:
    """A connection has one request until it is answered, so that each head has its own."""
    cases: dict[str, Case] = {}
    for name, data in REQUESTS.items():
        cases[f"{name}: {UNTOUCHED}"] = _read_request, data
    for name, data in RESPONSES.items():
        cases[f"{name}: {UNTOUCHED}"] = _read_response, data
    for name, reads in UPLOADS.items():
        cases[f"{name}: {SCANNED}"] = cases[f"{name}: {CONNECTED}"] = _read_body, reads
    connection = h11.Connection(h11.SERVER)
    cases[f"12 fields: {CYCLE}"] = _answer, connection, REQUESTS["12 fields"]
    return cases


def _read_request(data: bytes) -> object:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    return connection.next_event()


def _read_response(data: bytes) -> object:
    connection = h11.Connection(h11.CLIENT)
    connection.send(_ASK)
    connection.receive_data(data)
    return connection.next_event()


def _read_body(reads: Sequence[bytes]) -> None:
    connection = h11.Connection(h11.SERVER)
    for data in reads:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.EndOfMessage) or event is h11.NEED_DATA:
                break


def _answer(connection: h11.Connection, data: bytes) -> object:
    connection.receive_data(data)
    connection.next_event()
    connection.next_event()
    sent = connection.send(h11.Response(status_code=200, headers=_FIELDS))
    sent += connection.send(h11.Data(data=ANSWER))
    sent += connection.send(h11.EndOfMessage())
    connection.start_next_cycle()
    return sent
