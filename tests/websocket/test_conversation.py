"""The closing of a websocket and its faults: two streams, or one and a raw peer."""

import asyncio
import struct

import pytest
from support.memory import memory_links

from weft_http_parser import Hold, Role
from weft_websocket import (
    DeflateParams,
    Rule,
    WebSocketError,
    WebSocketStream,
    WSCloseCode,
    WSMsgType,
    WsProtocol,
    conversation,
)

from .test_aio import CLOSE, CLOSED, CLOSING, TEXT, Raw, passes, streams
from .test_twin import frame

# The closing handshake


async def test_the_peer_closes() -> None:
    raw = Raw()
    raw.send(frame(0x88, struct.pack(">H", 3000) + b"bye"))
    assert await raw.stream.receive() == (CLOSE, 3000, "bye")
    assert (raw.stream.closed, raw.stream.close_code) == (True, 3000)
    await raw.wire(b"\x88\x02\x0b\xb8")
    await raw.peer.until_event("eof")
    assert await raw.stream.receive() == CLOSED
    assert raw.stream.exception() is None
    assert await raw.stream.close() is False


async def test_the_peer_closes_without_a_code() -> None:
    raw = Raw()
    raw.send(frame(0x88))
    assert await raw.stream.receive() == (CLOSE, 0, "")
    await raw.wire(b"\x88\x00")
    assert raw.stream.close_code == 0


async def test_without_autoclose_the_application_closes() -> None:
    raw = Raw(autoclose=False)
    raw.send(frame(0x88, b"\x03\xe8"))
    assert await raw.stream.receive() == (CLOSE, 1000, "")
    assert await raw.stream.receive() == CLOSING
    assert (raw.stream.closed, raw.stream.close_code) == (False, 1000)
    assert not raw.peer.received
    assert await raw.stream.close(code=3001, message=b"m") is True
    await raw.wire(frame(0x88, struct.pack(">H", 3001) + b"m", None))
    assert (raw.stream.closed, raw.stream.close_code) == (True, 1000)


async def test_we_close() -> None:
    raw = Raw()
    raw.send(frame(0x81, b"not read"))
    closing = asyncio.create_task(raw.stream.close(code=1001, message=b"later"))
    await raw.wire(frame(0x88, b"\x03\xe9later", None))
    assert raw.stream.closed
    raw.send(frame(0x82, b"late"), frame(0x89, b"p"), frame(0x88, b"\x0b\xb8"))
    assert await closing is True
    assert (raw.stream.close_code, raw.stream.exception()) == (3000, None)
    assert await raw.stream.close() is False
    assert await raw.stream.receive() == CLOSED
    assert raw.link.is_closing


async def test_a_close_frame_that_was_not_read_yet_counts() -> None:
    raw = Raw()
    raw.send(frame(0x81, b"x"), frame(0x88, b"\x0b\xb8"))
    await passes()
    assert await raw.stream.close() is True
    assert raw.stream.close_code == 3000


async def test_the_peer_does_not_answer() -> None:
    raw = Raw(close_timeout_seconds=0.01)
    assert await raw.stream.close() is True
    assert raw.stream.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(raw.stream.exception(), TimeoutError)
    await raw.link.wait_closed()


async def test_a_peer_that_reads_nothing_is_cut_off_by_close() -> None:
    raw = Raw(close_timeout_seconds=0.01)
    raw.peer_link.hold(Hold.BODY)
    raw.link.write(b"x" * 50_000)
    assert await raw.stream.close() is True
    async with asyncio.timeout(5):
        await raw.link.wait_closed()


async def test_the_peer_vanishes_instead_of_answering() -> None:
    raw = Raw()
    closing = asyncio.create_task(raw.stream.close())
    await raw.peer.until_bytes(4)
    raw.peer_link.abort()
    assert await closing is True
    assert raw.stream.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(raw.stream.exception(), WebSocketError)


async def test_a_reader_learns_that_we_close() -> None:
    raw = Raw()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    closing = asyncio.create_task(raw.stream.close())
    assert await reader == CLOSING
    assert await raw.stream.receive() == CLOSED
    raw.send(frame(0x88, b"\x03\xe8"))
    assert await closing is True
    assert await raw.stream.receive() == CLOSED


async def test_close_checks_its_arguments_before_anything() -> None:
    raw = Raw()
    with pytest.raises(ValueError, match="must not be sent"):
        await raw.stream.close(code=1006)
    with pytest.raises(ValueError, match="123"):
        await raw.stream.close(message=b"x" * 124)
    assert not raw.stream.closed
    await raw.stream.send_text("still open")
    await raw.wire(b"\x81\x0astill open")


async def test_a_backlog_does_not_keep_the_close_frame_away() -> None:
    raw = Raw()
    raw.send(*[frame(0x81, b"x")] * 5000, frame(0x88, b"\x03\xe9"))
    await passes()
    assert raw.link.holds
    assert await raw.stream.close() is True
    assert raw.stream.close_code == 1001


async def test_cancelled_close() -> None:
    raw = Raw()
    closing = asyncio.create_task(raw.stream.close())
    await raw.peer.until_bytes(4)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert raw.stream.close_code == WSCloseCode.ABNORMAL_CLOSURE
    await raw.link.wait_closed()


async def test_a_handler_that_goes_on_reading_is_stopped() -> None:
    raw = Raw()
    raw.send(frame(0x88))
    assert (await raw.stream.receive()).type is CLOSE
    for _ in range(4):
        assert await raw.stream.receive() == CLOSED
    with pytest.raises(RuntimeError, match="WebSocket connection is closed"):
        await raw.stream.receive()


async def test_a_client_may_go_on_reading() -> None:
    client, server = streams()
    closing = asyncio.create_task(client.close())
    await server.receive()
    await closing
    for _ in range(10):
        assert await client.receive() == CLOSED


# Faults


@pytest.mark.parametrize(
    ("wire", "rule"),
    [
        (frame(0x83), Rule.RESERVED_OPCODE),
        (frame(0xC1, b"x"), Rule.RESERVED_BITS),
        (frame(0x81, b"\xff"), Rule.TEXT),
        (frame(0x82, b"x" * 1001), Rule.MESSAGE_SIZE),
        (frame(0x81, b"x", None), Rule.MASK_MISSING),
    ],
)
async def test_a_broken_rule_closes_with_its_code(wire: bytes, rule: Rule) -> None:
    protocol = WsProtocol(Role.SERVER, max_message_size=1000)
    raw = Raw(protocol=protocol)
    raw.send(frame(0x81, b"before"), wire, frame(0x81, b"after"))
    answer = rule.close_code.to_bytes(2, "big") + rule.text.encode()
    assert (await raw.stream.receive()).data == "before"
    await raw.stream.send_text("answered")
    message = await raw.stream.receive()
    await raw.wire(frame(0x81, b"answered", None) + frame(0x88, answer, None))
    error = raw.stream.exception()
    assert message == (WSMsgType.ERROR, error, None)
    assert isinstance(error, WebSocketError)
    assert (error.code, str(error)) == (rule.close_code, rule.text)
    assert (raw.stream.closed, raw.stream.close_code) == (True, rule.close_code)
    assert await raw.stream.receive() == CLOSED
    assert await raw.stream.close() is False
    with pytest.raises(ConnectionResetError):
        await raw.stream.send_text("x")
    # Our side has ended; what the peer still sends is dropped until it ends too.
    await raw.peer.until_event("lost")


async def test_a_peer_that_is_still_sending_learns_of_its_fault() -> None:
    raw = Raw()
    raw.peer.at_eof = True
    raw.send(frame(0x83))
    await raw.peer.until_event("eof")
    raw.send(b"x" * 200_000)
    await passes()
    assert not raw.link.is_closing
    raw.peer_link.close()
    await raw.link.wait_closed()


async def test_a_reader_that_takes_its_time_does_not_keep_the_peer_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "_ANSWER_SECONDS", 0.01)
    raw = Raw(heartbeat_seconds=0.02)
    raw.send(frame(0x81, b"before"), frame(0x83))
    await raw.peer.until_event("eof")
    assert bytes(raw.peer.received).startswith(b"\x88\x1f\x03\xeaunknown opcode")
    assert [(await raw.stream.receive()).type for _ in range(2)] == [TEXT, WSMsgType.ERROR]
    assert raw.stream.close_code == 1002


@pytest.mark.parametrize("ends", ["close", "abandon"])
async def test_a_fault_that_was_not_read_is_what_a_close_says(ends: str) -> None:
    raw = Raw()
    raw.send(frame(0x81, b"before"), frame(0x83))
    await passes()
    if ends == "close":
        assert await raw.stream.close() is True
    else:
        raw.stream.abandon()
    await raw.peer.until_event("eof")
    assert bytes(raw.peer.received).startswith(b"\x88\x1f\x03\xeaunknown opcode")
    assert (raw.stream.closed, raw.stream.close_code) == (True, 1002)


async def test_a_peer_that_left_after_its_fault_is_told_nothing() -> None:
    raw = Raw()
    raw.send(frame(0x81, b"before"), frame(0x83))
    await passes()
    raw.peer_link.close()
    await raw.link.wait_closed()
    assert [(await raw.stream.receive()).type for _ in range(2)] == [TEXT, WSMsgType.ERROR]
    assert (raw.stream.close_code, bytes(raw.peer.received)) == (1002, b"")


async def test_nothing_is_read_behind_a_fault_that_only_unpacking_shows() -> None:
    protocol = WsProtocol(Role.SERVER, deflate=DeflateParams())
    raw = Raw(protocol=protocol)
    raw.send(frame(0x81, b"before"), frame(0xC1, b"\xff\xff"))
    await passes()
    raw.send(frame(0x81, b"behind"), frame(0x01, b"and"))
    await passes()
    raw.send(frame(0x80, b"more"))
    await passes()
    assert await raw.stream.receive() == (TEXT, "before", "")
    assert (await raw.stream.receive()).type is WSMsgType.ERROR
    assert await raw.stream.receive() == CLOSED
    assert raw.stream.close_code == 1002


async def test_what_comes_behind_our_close_frame_is_not_unpacked() -> None:
    raw = Raw(protocol=WsProtocol(Role.SERVER, deflate=DeflateParams()))
    closing = asyncio.create_task(raw.stream.close())
    await raw.peer.until_bytes(4)
    # That it is corrupt would only show when it is unpacked.
    raw.send(frame(0xC1, b"\xff\xff"), frame(0x41, b"\xff"), frame(0x80, b"\xff"))
    raw.send(*[frame(0xC1, b"\xff\xff")] * 40, frame(0x88, b"\x0f\xa0"))
    assert await closing is True
    assert (raw.stream.close_code, raw.stream.exception()) == (4000, None)


async def test_an_application_that_failed_closes_with_1011_and_waits_for_nothing() -> None:
    raw = Raw()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    raw.stream.abandon()
    assert await reader == CLOSING
    assert (raw.stream.closed, raw.stream.close_code) == (True, 1011)
    await raw.wire(b"\x88\x02\x03\xf3")
    raw.stream.abandon()  # a second time is one too many
    raw.send(frame(0x81, b"late"), frame(0x88, b"\x03\xf3"))
    raw.peer_link.close()
    await raw.link.wait_closed()
    assert bytes(raw.peer.received) == b"\x88\x02\x03\xf3"


async def test_the_close_code_is_ours_until_the_peer_answers() -> None:
    raw = Raw()
    closing = asyncio.create_task(raw.stream.close(4001))
    await raw.peer.until_bytes(4)
    assert (raw.stream.closed, raw.stream.close_code) == (True, 4001)
    raw.send(frame(0x88, b"\x0f\xa0"))
    assert await closing is True
    assert raw.stream.close_code == 4000


async def test_a_fault_is_met_by_close() -> None:
    raw = Raw()
    raw.send(frame(0x83))
    await raw.peer.until_event("eof")
    assert await raw.stream.close() is True
    assert raw.stream.close_code == 1002


async def test_a_fault_while_closing() -> None:
    raw = Raw()
    closing = asyncio.create_task(raw.stream.close())
    await raw.peer.until_bytes(4)
    raw.send(frame(0x83))
    assert await closing is True
    assert raw.stream.close_code == WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(raw.stream.exception(), WebSocketError)


async def test_the_peer_vanishes() -> None:
    raw = Raw()
    raw.send(frame(0x81, b"last words"))
    await passes()
    raw.peer_link.abort()
    await passes()
    assert (await raw.stream.receive()).data == "last words"
    assert not raw.stream.closed
    assert await raw.stream.receive() == CLOSED
    assert (raw.stream.closed, raw.stream.close_code) == (True, 1006)
    error = raw.stream.exception()
    assert isinstance(error, WebSocketError)
    assert isinstance(error.__cause__, ConnectionResetError)
    with pytest.raises(ConnectionResetError):
        await raw.stream.send_text("x")


async def test_the_peer_ends_its_side_without_a_close_frame() -> None:
    raw = Raw()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    raw.peer_link.write_eof()
    assert await reader == CLOSED
    assert raw.stream.close_code == 1006
    await raw.link.wait_closed()


async def test_a_link_that_was_lost_before_the_start() -> None:
    _, link = memory_links()
    link.abort()
    await link.wait_closed()
    stream = WebSocketStream(link, WsProtocol(Role.SERVER))
    stream.start()
    assert await stream.receive() == CLOSED
    assert stream.close_code == 1006
    assert await stream.close() is False


async def test_close_after_the_peer_vanished() -> None:
    raw = Raw()
    raw.peer_link.abort()
    await passes()
    assert await raw.stream.close() is True
    assert raw.stream.close_code == 1006


async def test_without_a_close_frame_there_is_no_reason() -> None:
    client, server = streams()
    client.protocol.receive_eof()
    server._talk.link_lost(None)
    assert await server.receive() == CLOSED
    assert (server.close_code, server.close_reason) == (1006, "")


async def test_a_fault_on_a_link_that_closes_is_told_to_the_reader_alone() -> None:
    raw = Raw()
    raw.link.close()
    raw.stream._talk.data_received(frame(0x83))
    assert (await raw.stream.receive()).type is WSMsgType.ERROR
    raw.stream.fail(1008, "too slow")  # the closing has begun
    raw.stream._talk.send_heartbeat()
    await raw.peer.until_event("lost")
    assert not raw.peer.received
    assert raw.stream.close_code == 1002
