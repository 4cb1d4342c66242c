"""WebSocketStream on links in memory: two streams, or one and a raw peer."""

import asyncio
from typing import Any

import pytest
from support.memory import Recorder, memory_links, transport_of

from weft_http_parser import Hold, Link, Role
from weft_websocket import (
    DeflateParams,
    StreamOptions,
    WebSocketStream,
    WSMsgType,
    WsProtocol,
)

from .test_twin import frame

TEXT, BINARY, CLOSE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE
CLOSED = (WSMsgType.CLOSED, None, None)
CLOSING = (WSMsgType.CLOSING, None, None)


def make_stream(
    link: Link, role: Role, *, protocol: WsProtocol | None = None, **options: Any
) -> WebSocketStream:
    chosen = StreamOptions(**options)
    stream = WebSocketStream(link, protocol or WsProtocol(role), chosen)
    stream.start()
    return stream


def streams(**options: Any) -> tuple[WebSocketStream, WebSocketStream]:
    """A client and a server that talk to each other."""
    ours, theirs = memory_links()
    client = make_stream(ours, Role.CLIENT, **options)
    return client, make_stream(theirs, Role.SERVER, **options)


class Raw:
    """A server's stream and the peer's end of its wire."""

    def __init__(self, **options: Any) -> None:
        self.peer = Recorder()
        self.peer_link, self.link = memory_links(self.peer)
        self.stream = make_stream(self.link, Role.SERVER, **options)

    def send(self, *frames: bytes) -> None:
        self.peer_link.write(b"".join(frames))

    async def wire(self, expected: bytes) -> None:
        """The bytes that the peer has got are exactly these."""
        await self.peer.until_bytes(len(expected))
        assert bytes(self.peer.received) == expected


async def passes(count: int = 10) -> None:
    """Let the loop deliver what is under way."""
    for _ in range(count):
        await asyncio.sleep(0)


# Messages


async def test_messages_both_ways() -> None:
    client, server = streams()
    await client.send_text("hällo")
    await client.send_binary(b"\x00\xff")
    assert await server.receive() == (TEXT, "hällo", "")
    assert await server.receive() == (BINARY, b"\x00\xff", "")
    await server.send_binary(b"x" * 100_000)
    assert await client.receive() == (BINARY, b"x" * 100_000, "")
    assert (client.closed, client.close_code, client.exception()) == (False, None, None)


async def test_a_waiting_reader_gets_the_message_in_the_pass_in_which_it_came() -> None:
    raw = Raw()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    seen: list[bool] = []
    reader.add_done_callback(lambda task: seen.append(True))
    raw.stream._talk.data_received(frame(0x81, b"x"))
    # Called from a task, so the reader runs in the next pass: tasks do not nest.
    assert not reader.done()
    await asyncio.sleep(0)
    assert reader.done()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    delivered = asyncio.get_running_loop().create_future()

    def deliver() -> None:
        raw.stream._talk.data_received(frame(0x81, b"y"))
        delivered.set_result(reader.done())

    asyncio.get_running_loop().call_soon(deliver)
    assert await delivered is True
    assert (await reader).data == "y"


async def test_bytes_behind_the_handshake_are_read_first() -> None:
    peer = Recorder()
    peer_link, link = memory_links(peer)
    link.hold(Hold.SWITCH)
    stream = WebSocketStream(link, WsProtocol(Role.SERVER))
    peer_link.write(frame(0x81, b"second"))
    stream.start(frame(0x81, b"first"))
    assert [(await stream.receive()).data, (await stream.receive()).data] == ["first", "second"]


async def test_iteration_ends_with_the_connection() -> None:
    client, server = streams()
    for text in ("a", "b"):
        await client.send_text(text)
    closing = asyncio.create_task(client.close())
    assert [message.data async for message in server] == ["a", "b"]
    assert await closing is True
    assert (client.close_code, server.close_code) == (1000, 1000)


async def test_a_server_may_answer_what_came_before_the_close_frame() -> None:
    client, server = streams()
    await client.send_text("question")
    closing = asyncio.create_task(client.close())
    await passes()
    assert (await server.receive()).data == "question"
    await server.send_text("answer")
    assert (await server.receive()).type is CLOSE
    assert await closing is True


async def test_frames_by_type() -> None:
    raw = Raw()
    await raw.stream.send_frame(b"t", TEXT)
    await raw.stream.send_frame(b"b", BINARY)
    await raw.stream.send_frame(b"i", WSMsgType.PING)
    await raw.stream.send_frame(b"o", WSMsgType.PONG)
    await raw.stream.ping()
    await raw.stream.pong(b"x")
    await raw.wire(b"\x81\x01t\x82\x01b\x89\x01i\x8a\x01o\x89\x04\0\0\0\x01\x8a\x01x")
    for kind in (CLOSE, WSMsgType.CONTINUATION, WSMsgType.CLOSED):
        with pytest.raises(ValueError, match="send_frame"):
            await raw.stream.send_frame(b"", kind)


# Ping and pong


async def test_a_ping_is_answered_without_a_reader() -> None:
    raw = Raw()
    raw.send(frame(0x89, b"are you there"))
    await raw.wire(frame(0x8A, b"are you there", None))


async def test_of_many_pings_the_last_sixteen_are_answered() -> None:
    raw = Raw()
    raw.send(*(frame(0x89, bytes([i])) for i in range(100)), frame(0x81, b"x"))
    assert (await raw.stream.receive()).data == "x"
    await raw.wire(b"".join(b"\x8a\x01" + bytes([i]) for i in range(84, 100)))


async def test_a_ping_before_the_close_frame_is_answered_though_both_came_at_once() -> None:
    raw = Raw()
    raw.send(frame(0x89, b"?"), frame(0x88, b"\x03\xe8"))
    assert (await raw.stream.receive()).type is CLOSE
    await raw.wire(b"\x8a\x01?\x88\x02\x03\xe8")


async def test_a_ping_before_a_broken_rule_is_not_answered_any_more() -> None:
    raw = Raw()
    raw.send(frame(0x89, b"?"), b"\xff")
    assert (await raw.stream.receive()).type is WSMsgType.ERROR
    await raw.peer.until_event("eof")
    assert bytes(raw.peer.received)[:4] == b"\x88\x22\x03\xea"


async def test_a_peer_that_reads_nothing_gets_no_pongs() -> None:
    raw = Raw()
    raw.peer_link.hold(Hold.BODY)
    await raw.stream.send_binary(b"x" * 60_000)
    for _ in range(2000):
        raw.stream._talk.data_received(frame(0x89, b"p" * 125))
    assert transport_of(raw.link).get_write_buffer_size() < 70_000


async def test_pings_are_messages_when_asked() -> None:
    raw = Raw(autoping=False)
    raw.send(frame(0x89, b"i"), frame(0x8A, b"o"))
    assert await raw.stream.receive() == (WSMsgType.PING, b"i", "")
    assert await raw.stream.receive() == (WSMsgType.PONG, b"o", "")
    assert not raw.peer.received


# Readers


async def test_one_reader_at_a_time() -> None:
    raw = Raw()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    with pytest.raises(RuntimeError, match=r"Concurrent call to receive\(\) is not allowed"):
        await raw.stream.receive()
    raw.send(frame(0x81, b"for the first"))
    assert (await reader).data == "for the first"


async def test_a_reader_that_another_was_quicker_than_waits_on() -> None:
    raw = Raw()
    reader = asyncio.create_task(raw.stream.receive())
    await passes()
    raw.stream._talk.data_received(frame(0x81, b"first"))  # wakes it in the next pass of the loop
    assert (await raw.stream.receive()).data == "first"
    await passes()
    assert not reader.done()
    raw.stream._talk.data_received(frame(0x81, b"second"))
    assert (await reader).data == "second"


async def test_a_read_may_time_out() -> None:
    raw = Raw()
    with pytest.raises(TimeoutError):
        await raw.stream.receive(timeout=0.001)
    assert (raw.stream.closed, raw.stream.close_code) == (False, None)
    raw.send(frame(0x81, b"x"))
    assert (await raw.stream.receive(timeout=5)).data == "x"


async def test_a_read_may_time_out_by_option() -> None:
    raw = Raw(receive_timeout_seconds=0.001)
    with pytest.raises(TimeoutError):
        await raw.stream.receive()


async def test_a_cancelled_read_loses_nothing() -> None:
    raw = Raw()
    for _ in range(3):
        reader = asyncio.create_task(raw.stream.receive())
        await passes()
        raw.stream._talk.data_received(frame(0x81, b"kept"))
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert (await raw.stream.receive()).data == "kept"
        reader = asyncio.create_task(raw.stream.receive())
        await passes()
        reader.cancel()
        raw.stream._talk.data_received(frame(0x81, b"kept"))
        with pytest.raises(asyncio.CancelledError):
            await reader
        assert (await raw.stream.receive()).data == "kept"


# Back-pressure


@pytest.mark.parametrize("limit", [1, 4, 16])
async def test_the_queue_is_bounded(limit: int) -> None:
    raw = Raw(queue_limit=limit)
    raw.send(*(frame(0x81, b"%d" % i) for i in range(1000)))
    await passes()
    assert raw.link.holds & Hold.QUEUE
    for i in range(1000):
        assert (await raw.stream.receive()).data == str(i)
    assert not raw.link.holds


async def test_a_large_message_fills_the_queue() -> None:
    raw = Raw()
    raw.send(frame(0x82, b"x" * 300_000))
    await passes()
    assert raw.link.holds & Hold.QUEUE
    assert len((await raw.stream.receive()).data) == 300_000
    assert not raw.link.holds


async def test_messages_that_were_held_back_outlive_the_link() -> None:
    raw = Raw()
    raw.send(*(frame(0x81, b"%d" % i) for i in range(200)))
    await passes()
    raw.peer_link.abort()
    await passes()
    assert [(await raw.stream.receive()).data for _ in range(200)] == [str(i) for i in range(200)]
    assert await raw.stream.receive() == CLOSED


async def test_a_fault_that_was_held_back() -> None:
    raw = Raw()
    raw.send(*[frame(0x81, b"x")] * 200, frame(0x83))
    await passes()
    assert not raw.peer.received
    for _ in range(200):
        assert (await raw.stream.receive()).data == "x"
    assert (await raw.stream.receive()).type is WSMsgType.ERROR
    await raw.peer.until_event("eof")


async def test_a_fault_that_was_held_back_outlives_the_link() -> None:
    raw = Raw()
    raw.send(*[frame(0x81, b"x")] * 100, frame(0x83))
    await passes()
    raw.peer_link.abort()
    await passes()
    types = [(await raw.stream.receive()).type for _ in range(102)]
    assert types == [TEXT] * 100 + [WSMsgType.ERROR, WSMsgType.CLOSED]
    assert raw.stream.close_code == 1002


async def test_bytes_that_were_not_read_are_dropped_by_close() -> None:
    raw = Raw(protocol=WsProtocol(Role.SERVER, decode_text=False))
    raw.send(*[frame(0x81, b"x")] * 100)
    assert (await raw.stream.receive()).data == b"x"
    closing = asyncio.create_task(raw.stream.close())
    raw.send(frame(0x88, b"\x03\xe8"))
    assert await closing is True
    assert raw.stream.close_code == 1000


async def test_a_link_that_is_lost_between_the_close_frames() -> None:
    raw = Raw(autoclose=False)
    raw.send(frame(0x88, b"\x03\xe8"))
    assert (await raw.stream.receive()).type is CLOSE
    raw.peer_link.abort()
    await passes()
    assert await raw.stream.receive() == CLOSED
    assert (raw.stream.closed, raw.stream.close_code) == (True, 1000)


async def test_a_sender_waits_for_a_slow_peer() -> None:
    raw = Raw()
    raw.peer_link.hold(Hold.BODY)

    async def send_all() -> None:
        for _ in range(100):
            await raw.stream.send_binary(b"x" * 10_000)

    sender = asyncio.create_task(send_all())
    await passes(200)
    assert not sender.done()
    assert transport_of(raw.link).get_write_buffer_size() < 200_000
    raw.peer_link.release(Hold.BODY)
    await sender
    await raw.peer.until_bytes(100 * 10_004)


# Compression


async def test_compressed_messages_keep_their_order() -> None:
    ours, theirs = memory_links()
    deflate = DeflateParams()
    client = make_stream(ours, Role.CLIENT, protocol=WsProtocol(Role.CLIENT, deflate=deflate))
    server = make_stream(theirs, Role.SERVER, protocol=WsProtocol(Role.SERVER, deflate=deflate))
    assert client.deflate is deflate
    large = "large message " * 20_000

    async def send_all(name: str) -> None:
        for index in range(4):
            await client.send_text(f"{name}{index}{large if index % 2 else ''}")

    senders = [asyncio.create_task(send_all(name)) for name in "ab"]
    got = [(await server.receive()).data[:2] for _ in range(8)]
    await asyncio.gather(*senders)
    for name in "ab":
        assert [text for text in got if text[0] == name] == [f"{name}{i}" for i in range(4)]


async def test_a_cancelled_sender_does_not_spoil_the_window() -> None:
    ours, theirs = memory_links()
    deflate = DeflateParams()
    client = make_stream(ours, Role.CLIENT, protocol=WsProtocol(Role.CLIENT, deflate=deflate))
    server = make_stream(theirs, Role.SERVER, protocol=WsProtocol(Role.SERVER, deflate=deflate))
    await client.send_text("first")
    sender = asyncio.ensure_future(client.send_text("cancelled " * 50_000))
    await asyncio.sleep(0)
    sender.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sender
    await client.send_text("cancelled " * 10)
    assert (await server.receive()).data == "first"
    assert (await server.receive()).data == "cancelled " * 10


# Cancellation, wherever a task may be


@pytest.mark.parametrize("passed", range(12))
async def test_cancelled_anywhere_it_is_usable_or_closed(passed: int) -> None:
    """A task that receives, sends and closes is cancelled after some passes of the loop."""
    ours, theirs = memory_links()
    deflate = DeflateParams()
    client = make_stream(ours, Role.CLIENT, protocol=WsProtocol(Role.CLIENT, deflate=deflate))
    server = make_stream(theirs, Role.SERVER, protocol=WsProtocol(Role.SERVER, deflate=deflate))

    async def work() -> None:
        assert (await client.receive()).data == "begin"
        await client.send_text("large " * 20_000)
        await client.send_binary(b"x" * 200_000, 0)
        await client.close()

    async def answer() -> None:
        async for _ in server:
            pass

    task = asyncio.create_task(work())
    other = asyncio.create_task(answer())
    if passed > 2:
        await server.send_text("begin")
    await passes(passed * 3 // 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        if not client.closed:
            await client.send_text("large " * 20_000)
            await client.close()
        await other
    assert client.closed
    assert server.closed


async def test_the_reason_of_the_close_frame() -> None:
    client, server = streams()
    assert (client.close_reason, server.close_reason) == (None, None)
    closing = asyncio.create_task(client.close(4000, b"enough\xc3\xa9"))
    assert (await server.receive()).extra == "enoughé"
    await closing
    assert (server.close_reason, client.close_code) == ("enoughé", 4000)
