"""Parts of a message as the core gives them: bytes in, events out."""

import pytest

from weft_http_parser import Role
from weft_websocket import DeflateParams, Rule, WebSocketError, WSMessage, WSMsgType, WsProtocol

from .test_twin import frame

PART, TEXT, BINARY = WSMsgType.CONTINUATION, WSMsgType.TEXT, WSMsgType.BINARY


def make(**options: object) -> WsProtocol:
    return WsProtocol(Role.SERVER, **options)  # type: ignore[arg-type]  # what each test gives


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_parts_come_as_the_frames_do(size: int) -> None:
    protocol = make()
    assert protocol.begin_parts() == []
    wire = frame(0x01, b"\xc3") + frame(0x89, b"!") + frame(0x00, b"\xa4b") + frame(0x80, b"c")
    wire += frame(0x01, b"wh") + frame(0x80, b"ole")
    events = []
    for at in range(0, len(wire), size):
        events += protocol.receive(wire[at : at + size])
    pieces = {1: ["ä", "b", "c"], 3: ["ä", "b", "c"], 1000: ["äb", "c"]}[size]
    assert events == [
        (WSMsgType.PING, b"!", ""),
        *[(PART, piece, "TEXT") for piece in pieces],
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


def test_what_a_fragment_unpacks_to_comes_in_pieces_and_batches() -> None:
    sender = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    protocol = make(deflate=DeflateParams())
    protocol.begin_parts()
    wire = sender.send_compressed(BINARY, bytes(1_000_000)) + sender.send_text("behind")
    batches = [protocol.receive(wire)]
    while protocol.has_more:
        batches.append(protocol.next_batch())
    assert [len(batch) for batch in batches] == [5, 5, 5, 3]
    *pieces, last, end, behind = [event for batch in batches for event in batch]
    assert pieces == [(PART, bytes(65_536), "BINARY")] * 15
    assert last == (PART, bytes(16_960), "BINARY")
    assert end == (PART, None, "BINARY")
    assert behind == (TEXT, "behind", "")


def test_a_fault_waits_for_what_came_before_it() -> None:
    sender = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    protocol = make(deflate=DeflateParams())
    protocol.begin_parts()
    wire = sender.send_compressed(BINARY, bytes(500_000)) + b"\x83"
    events = protocol.receive(wire)
    assert not any(isinstance(event, WebSocketError) for event in events)
    events += protocol.next_batch()
    assert isinstance(events[-1], WebSocketError)
    assert events[-2] == (PART, None, "BINARY")
    assert sum(len(it.data or b"") for it in events[:-1] if isinstance(it, WSMessage)) == 500_000


def test_parts_are_not_unpacked_behind_our_close_frame() -> None:
    sender = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    protocol = make(deflate=DeflateParams())
    protocol.begin_parts()
    protocol.receive(sender.send_compressed(BINARY, bytes(500_000)))
    assert protocol.has_more
    protocol.send_close()
    assert protocol.receive_close(sender.send_close(3000)) == [(WSMsgType.CLOSE, 3000, "")]
    assert not protocol.has_more
