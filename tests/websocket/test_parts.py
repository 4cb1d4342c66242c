"""Parts of a message as the core gives them: bytes in, events out."""

import pytest

from weft_http_parser import Role
from weft_websocket import DeflateParams, Rule, WebSocketError, WSMsgType, WsProtocol

from .test_twin import frame

PART, TEXT, BINARY = WSMsgType.CONTINUATION, WSMsgType.TEXT, WSMsgType.BINARY


def make(**options: object) -> WsProtocol:
    return WsProtocol(Role.SERVER, **options)  # type: ignore[arg-type]  # what each test gives


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_each_frame_is_a_part(size: int) -> None:
    protocol = make()
    assert protocol.begin_parts() == []
    wire = frame(0x01, b"\xc3") + frame(0x89, b"!") + frame(0x00, b"\xa4b") + frame(0x80, b"c")
    wire += frame(0x01, b"wh") + frame(0x80, b"ole")
    events = []
    for at in range(0, len(wire), size):
        events += protocol.receive(wire[at : at + size])
    assert events == [
        (WSMsgType.PING, b"!", ""),
        (PART, "äb", "TEXT"),
        (PART, "c", "TEXT"),
        (PART, None, "TEXT"),
        (TEXT, "whole", ""),
    ]
    assert not protocol.is_in_parts


def test_what_was_kept_is_the_first_part() -> None:
    protocol = make()
    assert protocol.receive(frame(0x02, b"a") + frame(0x00, b"b")) == []
    assert protocol.begin_parts() == [(PART, b"ab", "BINARY")]
    assert protocol.receive(frame(0x80, b"")) == [(PART, None, "BINARY")]


def test_skipping_before_and_amid_a_message() -> None:
    protocol = make()
    protocol.skip_parts()
    protocol.begin_parts()
    protocol.skip_parts()
    assert protocol.receive(frame(0x82, b"a")) == [(BINARY, b"a", "")]
    protocol.begin_parts()
    assert protocol.receive(frame(0x02, b"a")) == [(PART, b"a", "BINARY")]
    protocol.skip_parts()
    assert protocol.receive(frame(0x80, b"b") + frame(0x82, b"c")) == [(BINARY, b"c", "")]


def test_a_window_goes_on_behind_parts_that_were_skipped() -> None:
    sender = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    protocol = make(deflate=DeflateParams())
    fragments = sender.begin_fragments(TEXT)
    data = b"the same words again"
    protocol.begin_parts()
    first = sender.send_fragment(fragments, fragments.pack(data))
    # Four bytes of a flush are held back, and no text is.
    assert protocol.receive(first) == [(PART, data.decode(), "TEXT")]
    protocol.skip_parts()
    last = sender.send_fragment(fragments, fragments.pack_end(), is_last=True)
    assert protocol.receive(last) == []
    assert protocol.receive(sender.send_text(data)) == [(TEXT, data.decode(), "")]


def test_the_limit_holds_for_what_is_unpacked() -> None:
    sender = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    protocol = make(deflate=DeflateParams(), max_message_size=1000)
    fragments = sender.begin_fragments(BINARY)
    protocol.begin_parts()
    first, second = (sender.send_fragment(fragments, fragments.pack(bytes(600))) for _ in range(2))
    assert protocol.receive(first) == [(PART, bytes(600), "BINARY")]
    (error,) = protocol.receive(second)
    assert isinstance(error, WebSocketError)
    assert str(error) == Rule.MESSAGE_SIZE.text


def test_parts_that_are_asked_for_amid_a_skipped_message_are_those_of_the_next_one() -> None:
    protocol = make()
    protocol.begin_parts()
    assert protocol.receive(frame(0x02, b"a")) == [(PART, b"a", "BINARY")]
    protocol.skip_parts()
    assert protocol.begin_parts() == []
    assert protocol.receive(frame(0x00, b"b")) == []
    assert protocol.receive(frame(0x80, b"c") + frame(0x01, b"d")) == [(PART, "d", "TEXT")]
    protocol.skip_parts()
    protocol.begin_parts()
    protocol.skip_parts()  # and not wanted any more
    assert protocol.receive(frame(0x80, b"e") + frame(0x01, b"f") + frame(0x80, b"g")) == [
        (TEXT, "fg", "")
    ]
