"""The sender of plain messages, on both twins: a link and a protocol that only note."""

from typing import Any

import pytest
from support.twins import Twin


class Link:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


class Protocol:
    phase: Any = "open"


def sender(twin: Twin, link: Link, *, is_plain: bool = True, is_masked: bool = False) -> Any:
    calls: list[tuple[str, Any, int | None]] = []

    class Slow(twin.module("_twin").Sender):  # type: ignore[misc]  # a class of either twin
        def write_text(self, data: Any, compress: int | None) -> str:
            calls.append(("text", data, compress))
            return "later"

        def write_binary(self, data: Any, compress: int | None) -> str:
            calls.append(("binary", data, compress))
            return "later"

        def drain(self) -> str:
            return "drained"

    made = Slow(link, Protocol(), 40, "open", is_plain, is_masked)
    made.calls = calls
    return made


async def test_plain_messages_are_written_at_the_call(twin: Twin) -> None:
    link = Link()
    made = sender(twin, link)
    assert await made.send_text("é", None) is None
    assert await made.send_text(b"x", 9) is None
    assert await made.send_binary(b"y", None) is None
    assert link.written == [b"\x81\x02\xc3\xa9", b"\x81\x01x", b"\x82\x01y"]
    assert not made.calls
    assert made._unsent == 10


def test_above_the_limit_the_peer_is_waited_for(twin: Twin) -> None:
    made = sender(twin, Link())
    assert made.send_text("x" * 38, None) != "drained"
    assert made.send_text("", None) == "drained"


def test_a_clients_messages_are_masked(twin: Twin) -> None:
    link = Link()
    made = sender(twin, link, is_masked=True)
    made.send_text("ab", None)
    made.send_binary(b"x" * 40_000, None)
    small, large = link.written
    assert small[:2] == b"\x81\x82"
    assert twin.module("_twin").mask(small[6:], small[2:6]) == b"ab"
    assert twin.module("_twin").mask(large[8:], large[4:8]) == b"x" * 40_000
    assert small[2:6] != large[4:8]


def test_what_needs_more_is_left_to_others(twin: Twin) -> None:
    link = Link()
    made = sender(twin, link)
    assert made.send_binary(b"x" * 32768, 3) == "later"
    assert made.send_binary(bytearray(b"x"), 4) == "later"
    made._is_free = False
    assert made.send_text("a", 5) == "later"
    made._is_free = True
    made._protocol.phase = "closed"
    assert made.send_text("b", None) == "later"
    packed = sender(twin, link, is_plain=False)
    assert packed.send_text("c", None) == packed.send_binary(b"d", None) == "later"
    assert not link.written
    assert [(data[:1], level) for _, data, level in made.calls] == [
        (b"x", 3),
        (b"x", 4),
        ("a", 5),
        ("b", None),
    ]


def test_errors_come_out(twin: Twin) -> None:
    class Closed(Link):
        def write(self, data: bytes) -> None:
            raise ConnectionResetError

    made = sender(twin, Closed())
    with pytest.raises(ConnectionResetError):
        made.send_text("x", None)
    assert not made._unsent
    with pytest.raises(UnicodeEncodeError):
        made.send_text("\ud800", None)
    with pytest.raises(TypeError):
        made.send_text(5, None)
    with pytest.raises(TypeError):
        made.send_text("x")
    with pytest.raises(TypeError):
        made.send_binary(b"x")


def test_a_sender_alone_sends_only_plain_messages(twin: Twin) -> None:
    made = twin.module("_twin").Sender(Link(), Protocol(), 5, "open", False, False)
    for call in (made.send_text, made.send_binary):
        with pytest.raises((AttributeError, NotImplementedError)):
            call(b"x", None)
    made = twin.module("_twin").Sender(Link(), Protocol(), 0, "open", True, False)
    with pytest.raises((AttributeError, NotImplementedError)):
        made.send_text("x", None)
