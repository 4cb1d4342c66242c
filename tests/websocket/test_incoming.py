"""Messages that are read while they come."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from support.memory import memory_links, transport_of

from weft_http_parser import Hold, Role
from weft_websocket import (
    DeflateParams,
    IncomingMessage,
    StreamOptions,
    WebSocketError,
    WebSocketStream,
    WSMsgType,
    WsProtocol,
)

from .sending import Pair, passes
from .test_twin import frame

TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY


async def chunks_of(message: IncomingMessage) -> list[str | bytes]:
    return [chunk async for chunk in message]


class Raw:
    """A server's stream that a test feeds with frames."""

    def __init__(
        self, *, decode_text: bool = True, size: int = 2**20, autoping: bool = True
    ) -> None:
        _, self.link = memory_links()
        protocol = WsProtocol(Role.SERVER, decode_text=decode_text, max_message_size=size)
        self.stream = WebSocketStream(self.link, protocol, StreamOptions(autoping=autoping))
        self.stream.start()

    def feed(self, *frames: bytes) -> None:
        for data in frames:
            self.stream._talk.data_received(data)


@pytest.mark.parametrize(
    "deflate", [None, DeflateParams(), DeflateParams(client_no_context_takeover=True)]
)
async def test_chunks_come_as_the_peer_sends_them(deflate: DeflateParams | None) -> None:
    pair = Pair(deflate=deflate)
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "first"
        await gate.wait()
        yield "second"

    sending = asyncio.create_task(pair.client.send_stream(slowly()))
    async with pair.server.receive_stream() as message:
        assert message.type is TEXT
        chunks = []
        async for chunk in message:
            chunks.append(chunk)
            gate.set()
        assert chunks == ["first", "second"]
    await sending


@pytest.mark.parametrize("deflate", [None, DeflateParams()])
async def test_messages_in_parts_and_whole_take_turns(deflate: DeflateParams | None) -> None:
    pair = Pair(deflate=deflate)
    for _ in range(2):
        waiting = asyncio.create_task(read_chunks(pair.server))
        await passes()
        await pair.client.send_stream([b"a", b"b" * 100, b"c"])
        assert await waiting == (BINARY, [b"a", b"b" * 100, b"c"])
        await pair.client.send_text("whole")
        assert await pair.server.receive() == (TEXT, "whole", "")
        await pair.client.send_stream(["all", "there"])
        await pair.client.send_stream(["all", "there"])
        await passes()
        assert await read_chunks(pair.server) == (TEXT, ["allthere"])
        assert (await pair.server.receive()).data == "allthere"


async def read_chunks(
    stream: WebSocketStream, max_size: int | None = None
) -> tuple[WSMsgType, list[str | bytes]]:
    async with stream.receive_stream(max_size=max_size) as message:
        chunks = await chunks_of(message)
        assert message.is_complete
        return message.type, chunks


async def test_a_message_in_one_frame_is_one_chunk() -> None:
    raw = Raw()
    waiting = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x81, b"x"), frame(0x82, b"next"))
    assert await waiting == (TEXT, ["x"])
    assert (await raw.stream.receive()).data == b"next"


async def test_who_comes_late_gets_what_was_kept() -> None:
    raw = Raw()
    raw.feed(frame(0x01, b"a"), frame(0x00, b"b"))
    waiting = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x80, b"c"))
    assert await waiting == (TEXT, ["ab", "c"])


@pytest.mark.parametrize("decode_text", [True, False])
async def test_text_is_cut_between_characters(decode_text: bool) -> None:
    raw = Raw(decode_text=decode_text)
    waiting = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x01, b"a\xc3"), frame(0x00, b"\xa4b"), frame(0x80, b""))
    chunks = ["a", "äb"] if decode_text else [b"a\xc3", b"\xa4b"]
    assert await waiting == (TEXT, chunks)


async def test_compressed_text_is_checked() -> None:
    pair = Pair(deflate=DeflateParams())
    waiting = asyncio.create_task(read_chunks(pair.server))
    await passes()
    await pair.client.send_stream([b"good", b"\xff"], text=True)
    with pytest.raises(ConnectionResetError, match="amid"):
        await waiting
    assert pair.server.close_code == 1007


async def test_the_limit_on_messages_holds() -> None:
    raw = Raw(size=10)
    waiting = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x02, b"12345678"), frame(0x00, b"90ab"))
    with pytest.raises(ConnectionResetError):
        await waiting
    assert isinstance(raw.stream.exception(), WebSocketError)
    assert raw.stream.close_code == 1009


@pytest.mark.parametrize("deflate", [None, DeflateParams()])
async def test_whoever_leaves_early_has_the_rest_dropped(deflate: DeflateParams | None) -> None:
    pair = Pair(deflate=deflate)
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"first"
        yield b"second"
        await gate.wait()
        yield b"third"

    sending = asyncio.create_task(pair.client.send_stream(slowly()))
    async with pair.server.receive_stream() as message:
        await passes()
        async for chunk in message:
            assert chunk == b"first"
            break
    assert message.is_complete
    gate.set()
    await sending
    await pair.client.send_text("next")
    assert (await pair.server.receive()).data == "next"


async def test_who_left_early_may_read_the_next_message_in_parts_at_once() -> None:
    raw = Raw()
    raw.feed(frame(0x02, b"first"))
    async with raw.stream.receive_stream() as message:
        assert message.type is BINARY
    reading = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x00, b"dropped"), frame(0x80, b"too"), frame(0x01, b"ne"), frame(0x80, b"xt"))
    assert await reading == (TEXT, ["ne", "xt"])


async def test_pings_amid_a_message_are_answered_though_autoping_is_off() -> None:
    raw = Raw(autoping=False)
    reading = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x8A, b"0"), frame(0x89, b"1"), frame(0x01, b"a"))
    raw.feed(frame(0x89, b"2"), frame(0x8A, b"3"))
    await passes()
    raw.feed(frame(0x80, b"b"), frame(0x89, b"4"))
    assert await reading == (TEXT, ["a", "b"])
    assert transport_of(raw.link).written == b"\x8a\x011\x8a\x012"
    assert await raw.stream.receive() == (WSMsgType.PING, b"4", "")


async def test_a_ping_that_cannot_be_answered_any_more_is_no_error() -> None:
    raw = Raw(autoping=False)
    raw.feed(frame(0x89, b"1"))
    raw.link.abort()
    async with raw.stream.receive_stream() as message:
        assert message.type is WSMsgType.CLOSED


async def test_a_slow_reader_slows_the_peer() -> None:
    pair = Pair()
    sending = asyncio.create_task(pair.client.send_stream([b"x" * 60_000] * 60))
    async with pair.server.receive_stream() as message:
        await passes(200)
        assert not sending.done()
        assert Hold.QUEUE in pair.server_link.holds
        sizes = [len(chunk) async for chunk in message]
    assert sum(sizes) == 3_600_000
    await sending
    assert not pair.server_link.holds


async def test_leaving_early_lets_a_held_peer_go_on() -> None:
    pair = Pair()
    sending = asyncio.create_task(pair.client.send_stream([b"x" * 60_000] * 60))
    async with pair.server.receive_stream():
        await passes(200)
        assert Hold.QUEUE in pair.server_link.holds
    await sending
    await pair.client.send_text("next")
    assert (await pair.server.receive()).data == "next"


async def test_the_end_of_the_connection_has_no_chunks() -> None:
    pair = Pair()
    closing = asyncio.create_task(pair.client.close(3000))
    async with pair.server.receive_stream() as message:
        assert (message.type, message.message.data) == (WSMsgType.CLOSE, 3000)
        assert await chunks_of(message) == []
    await closing
    async with pair.server.receive_stream() as message:
        assert message.type is WSMsgType.CLOSED


async def test_a_close_amid_a_message() -> None:
    raw = Raw()
    raw.feed(frame(0x01, b"a"))
    with pytest.raises(ConnectionResetError):
        async with raw.stream.receive_stream() as message:
            raw.feed(frame(0x88, b"\x03\xe8"))
            await chunks_of(message)
    assert message.message.type is WSMsgType.CLOSE
    assert transport_of(raw.link).written == b"\x88\x02\x03\xe8"


@pytest.mark.parametrize("is_begun", [True, False])
async def test_a_timeout_harms_nothing(is_begun: bool) -> None:
    raw = Raw()
    if is_begun:
        raw.feed(frame(0x01, b"a"))
        with pytest.raises(TimeoutError):
            async with raw.stream.receive_stream(0.001) as message:
                await chunks_of(message)
        raw.feed(frame(0x80, b"rest"))
    else:
        with pytest.raises(TimeoutError):
            async with raw.stream.receive_stream(0.001):
                pass
    raw.feed(frame(0x01, b"ne"), frame(0x80, b"xt"))
    assert await raw.stream.receive() == (TEXT, "next", "")


@pytest.mark.parametrize("steps", range(1, 12))
async def test_cancelled_anywhere_the_next_message_is_whole(steps: int) -> None:
    pair = Pair(deflate=DeflateParams())
    reading = asyncio.create_task(read_chunks(pair.server))
    sending = asyncio.create_task(pair.client.send_stream(["a", "b", "c"]))
    await passes(steps)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await sending
    await pair.client.send_text("next")
    message = await pair.server.receive()
    if message.data == "abc":  # none of it had been read
        message = await pair.server.receive()
    assert message == (TEXT, "next", "")


# Pieces of one frame


async def test_a_frame_is_given_as_it_comes() -> None:
    raw = Raw()
    wire = frame(0x81, "aé€b".encode())
    async with asyncio.timeout(5):
        raw.feed(wire[:7])
        async with raw.stream.receive_stream() as message:
            assert message.type is TEXT
            chunks = aiter(message)
            assert await anext(chunks) == "a"
            raw.feed(wire[7:9])  # the second character, and a byte of the third
            assert await anext(chunks) == "é"
            raw.feed(wire[9:])
            assert [chunk async for chunk in chunks] == ["€b"]
    assert message.is_complete


async def test_pieces_are_bounded_whatever_a_frame_brings() -> None:
    pair = Pair(deflate=DeflateParams())
    for data in (bytes(1_000_000), random.Random(1).randbytes(300_000)):
        sending = asyncio.ensure_future(pair.client.send_binary(data))
        async with pair.server.receive_stream() as message:
            await passes(20)
            assert pair.server.protocol.has_more is (len(data) == 1_000_000)
            chunks = await chunks_of(message)
        await sending
        assert b"".join(map(bytes, chunks)) == data  # type: ignore[arg-type]  # they are bytes
        assert max(map(len, chunks)) <= 65_536
    await pair.client.send_text("next")
    assert (await pair.server.receive()).data == "next"


@pytest.mark.parametrize("is_text", [True, False])
async def test_a_whole_message_that_is_there_is_cut_too(is_text: bool) -> None:
    raw = Raw()
    raw.feed(frame(0x81 if is_text else 0x82, b"x" * 150_000))
    kind, chunks = await read_chunks(raw.stream)
    assert kind is (TEXT if is_text else BINARY)
    assert [len(chunk) for chunk in chunks] == [65_536, 65_536, 18_928]


async def test_what_was_kept_of_a_frame_is_cut_too() -> None:
    raw = Raw()
    raw.feed(frame(0x02, b"x" * 70_000), frame(0x80, b"y" * 70_000)[:-1])
    reading = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x80, b"y" * 70_000)[-1:])
    _, chunks = await reading
    assert [len(chunk) for chunk in chunks] == [65_536, 4_464, 65_536, 4_463, 1]


async def test_a_slow_reader_slows_the_peer_within_a_frame() -> None:
    pair = Pair()

    async def send() -> None:
        await pair.client.send_binary(bytes(8_000_000))

    sending = asyncio.create_task(send())
    async with pair.server.receive_stream(max_size=0) as message:
        await passes(200)
        assert not sending.done()
        assert Hold.QUEUE in pair.server_link.holds
        assert sum([len(chunk) async for chunk in message]) == 8_000_000
    await sending
    assert not pair.server_link.holds


async def test_leaving_amid_a_frame_drops_its_rest() -> None:
    raw = Raw()
    wire = frame(0x82, b"x" * 1000)
    raw.feed(wire[:500])
    async with raw.stream.receive_stream() as message:
        async for _ in message:
            break
    raw.feed(wire[500:], frame(0x81, b"next"))
    assert (await raw.stream.receive()).data == "next"


async def test_a_limit_for_one_message() -> None:
    raw = Raw(size=100)
    for size in (1000, 0):
        reading = asyncio.create_task(read_chunks(raw.stream, size))
        await passes()
        raw.feed(frame(0x82, bytes(1000)))
        assert await reading == (BINARY, [bytes(1000)])
    with pytest.raises(TimeoutError):
        async with raw.stream.receive_stream(0.001, max_size=1000):
            pass
    raw.feed(frame(0x82, bytes(101)))
    assert (await raw.stream.receive()).type is WSMsgType.ERROR
    assert raw.stream.close_code == 1009


@pytest.mark.parametrize(("size", "is_good"), [(5000, True), (5001, False)])
async def test_a_limit_for_one_message_once_it_is_unpacked(size: int, is_good: bool) -> None:
    pair = Pair(deflate=DeflateParams())
    reading = asyncio.create_task(read_chunks(pair.server, 5000))
    await passes()
    await pair.client.send_binary(bytes(size))
    assert await reading == ((BINARY, [bytes(size)]) if is_good else (WSMsgType.ERROR, []))


async def test_a_limit_waits_for_the_end_of_a_message_that_was_left() -> None:
    raw = Raw(size=100)
    raw.feed(frame(0x02, b"first"))
    async with raw.stream.receive_stream():
        pass
    reading = asyncio.create_task(read_chunks(raw.stream, 1000))
    await passes()
    raw.feed(frame(0x80, b"end"))
    raw.feed(frame(0x82, bytes(1000)))
    assert await reading == (BINARY, [bytes(1000)])


# One reader


@pytest.mark.parametrize("is_begun", [False, True], ids=["before it", "amid it"])
@pytest.mark.parametrize("way", ["receive", "for", "stream"])
async def test_nobody_else_reads_meanwhile(is_begun: bool, way: str) -> None:
    raw = Raw()
    reading = asyncio.create_task(read_chunks(raw.stream), name="uploads")
    await passes()
    if is_begun:
        raw.feed(frame(0x82, b"first, and more")[:-3])
        await passes()
    with pytest.raises(RuntimeError, match=r"Concurrent call .*: uploads has not left"):
        if way == "receive":
            await raw.stream.receive()
        elif way == "for":
            await anext(aiter(raw.stream))
        else:
            async with raw.stream.receive_stream():
                pass
    raw.feed(frame(0x82, b"first, and more")[-3 if is_begun else 0 :])
    assert b"".join((await reading)[1]) == b"first, and more"  # type: ignore[arg-type]  # bytes


async def test_between_its_chunks_nobody_else_reads_either() -> None:
    raw = Raw()
    raw.feed(frame(0x02, b"a"))
    async with raw.stream.receive_stream() as message:
        raw.feed(frame(0x80, b"b"), frame(0x81, b"next"))
        with pytest.raises(RuntimeError, match="has not left its receive_stream"):
            await raw.stream.receive()
        assert await chunks_of(message) == [b"a", b"b"]
        assert (await raw.stream.receive()).data == "next"  # all of it was read


async def test_a_reader_that_waits_already_is_left_alone() -> None:
    raw = Raw()
    first = asyncio.create_task(raw.stream.receive(), name="first")
    await passes()
    with pytest.raises(RuntimeError, match="first waits"):
        async with raw.stream.receive_stream():
            pass
    raw.feed(frame(0x01, b"a"), frame(0x80, b"b"))
    assert (await first).data == "ab"


@pytest.mark.parametrize("is_waiting", [False, True])
async def test_closing_ends_a_message_that_is_read(is_waiting: bool) -> None:
    raw = Raw()
    raw.feed(frame(0x02, b"a"))

    async def read() -> None:
        async with raw.stream.receive_stream() as message:
            if not is_waiting:
                raw.feed(frame(0x00, b"not read yet"))
                raw.stream.abandon()
            try:
                async for chunk in message:
                    assert chunk == b"a"
            finally:
                kind = WSMsgType.CLOSING if is_waiting else WSMsgType.CLOSED
                assert message.message.type is kind

    reading = asyncio.create_task(read())
    await passes()
    if is_waiting:
        raw.stream.abandon()
    with pytest.raises(ConnectionResetError, match="amid"):
        await reading
    assert (await raw.stream.receive()).type is WSMsgType.CLOSED


async def test_a_peer_that_vanishes_amid_a_message() -> None:
    raw = Raw()
    raw.feed(frame(0x02, b"a"))
    with pytest.raises(ConnectionResetError, match="amid"):
        async with raw.stream.receive_stream() as message:
            raw.feed(frame(0x00, b"b"))
            raw.stream._talk.link_lost(None)
            got = [chunk async for chunk in message]
            assert got == [b"a", b"b"]
    assert raw.stream.close_code == 1006


async def test_pongs_that_are_there_already_are_no_message() -> None:
    raw = Raw(autoping=False)
    raw.feed(frame(0x8A, b"0"), frame(0x89, b"1"), frame(0x8A, b"2"), frame(0x01, b"a"))
    reading = asyncio.create_task(read_chunks(raw.stream))
    await passes()
    raw.feed(frame(0x80, b"b"))
    assert await reading == (TEXT, ["a", "b"])
    assert transport_of(raw.link).written == b"\x8a\x011"


async def test_who_has_left_gets_no_more_chunks() -> None:
    raw = Raw()
    raw.feed(frame(0x02, b"a"))
    async with raw.stream.receive_stream() as message:
        chunks = aiter(message)
        assert await anext(chunks) == b"a"
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)
