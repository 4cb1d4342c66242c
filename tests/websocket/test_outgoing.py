"""Messages in fragments, between two streams in memory and to a raw peer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from support.memory import transport_of

from weft_http_parser import Hold
from weft_websocket import DeflateParams, WebSocketClosed, WebSocketError, WSMsgType
from weft_websocket.frames import Buffer

from .sending import Pair, passes

TEXT, BINARY, ERROR = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.ERROR


async def tick(*chunks: str | Buffer) -> AsyncIterator[str | Buffer]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


@pytest.mark.parametrize("deflate", [None, DeflateParams()])
async def test_both_roles_and_both_kinds_of_iterable(deflate: DeflateParams | None) -> None:
    pair = Pair(deflate=deflate)
    for sender, reader in ((pair.client, pair.server), (pair.server, pair.client)):
        await sender.send_stream(["a", "", "ä" * 20_000, bytearray(b"c")])
        await sender.send_stream(tick(b"x", memoryview(b"yz")))
        await sender.send_stream([b"\xc3", b"\xa4"], text=True)
        await sender.send_stream([])
        await sender.send_text("behind")
        received = [(await reader.receive())[:2] for _ in range(5)]
        assert received == [
            (TEXT, "a" + "ä" * 20_000 + "c"),
            (BINARY, b"xyz"),
            (TEXT, "ä"),
            (BINARY, b""),
            (TEXT, "behind"),
        ]


async def test_a_chunk_goes_out_when_it_comes() -> None:
    pair = Pair()
    await pair.server.send_stream(["ab", "c"])
    assert transport_of(pair.server_link).written == b"\x01\x02ab\x00\x01c\x80\x00"


async def test_what_is_no_chunk() -> None:
    pair = Pair()
    for wrong in ("text", b"bytes"):
        with pytest.raises(TypeError, match="iterable of chunks"):
            await pair.server.send_stream(wrong)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(TypeError, match="not int"):
        await pair.server.send_stream([1])  # type: ignore[list-item]  # that is the point
    with pytest.raises(TypeError, match="bytes, not str"):
        await pair.server.send_stream(["a"], text=False)
    assert not transport_of(pair.server_link).written
    await pair.server.send_text("nothing was begun, so nothing is broken")


async def test_other_senders_wait_and_control_frames_do_not() -> None:
    pair = Pair(deflate=DeflateParams())
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "a"
        await gate.wait()
        yield "b"

    streaming = asyncio.create_task(pair.server.send_stream(slowly()))
    await passes()
    waiting: list[asyncio.Task[object]] = [
        asyncio.create_task(send)  # type: ignore[arg-type]  # coroutines, since it is not free
        for send in (
            pair.server.send_text("plain", 0),
            pair.server.send_binary(b"plain", 0),
            pair.server.send_text("packed"),
            pair.server.send_stream(["second"]),
        )
    ]
    await pair.server.ping(b"!")
    await passes()
    assert transport_of(pair.server_link).written.endswith(b"\x89\x01!")
    gate.set()
    await asyncio.gather(streaming, *waiting)
    received = [(await pair.client.receive()).data for _ in range(5)]
    assert received == ["ab", "plain", b"plain", "packed", "second"]


async def test_the_peer_sets_the_pace() -> None:
    pair = Pair()
    pair.client_link.hold(Hold.BODY)
    made = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal made
        while made < 49:
            made += 1
            yield b"x" * 20_000

    streaming = asyncio.create_task(pair.server.send_stream(endless()))
    await passes(100)
    assert made < 12
    pair.client_link.release(Hold.BODY)
    await streaming
    assert len((await pair.client.receive()).data) == 49 * 20_000


@pytest.mark.parametrize("way", ["error", "type", "cancel"])
@pytest.mark.parametrize("deflate", [None, DeflateParams()])
async def test_half_a_message_closes_with_1011(deflate: DeflateParams | None, way: str) -> None:
    pair = Pair(deflate=deflate)
    gate = asyncio.Event()

    async def break_off() -> AsyncIterator[str | bytes]:
        yield "half"
        await gate.wait()
        if way == "type":
            yield 1  # type: ignore[misc]  # that is the point
        raise LookupError

    streaming = asyncio.create_task(pair.server.send_stream(break_off()))
    reader = asyncio.create_task(pair.server.receive())
    await passes()
    behind = asyncio.create_task(pair.server.send_stream(["other"]))
    await passes()
    if way == "cancel":
        streaming.cancel()
    gate.set()
    error = {"error": LookupError, "type": TypeError, "cancel": asyncio.CancelledError}[way]
    with pytest.raises(error):
        await streaming
    with pytest.raises(WebSocketClosed):
        await behind
    assert await pair.client.receive() == (WSMsgType.CLOSE, 1011, "a message was broken off")
    message = await reader
    assert message.type is ERROR
    assert isinstance(message.data, WebSocketError)
    assert pair.server.close_code == 1011


async def test_a_close_amid_a_message_ends_it() -> None:
    pair = Pair()
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        yield "half"
        await gate.wait()
        yield "rest"

    streaming = asyncio.create_task(pair.server.send_stream(slowly()))
    await passes()
    closing = asyncio.create_task(pair.server.close())
    assert await pair.client.receive() == (WSMsgType.CLOSE, 1000, "")
    gate.set()
    with pytest.raises(ConnectionResetError):
        await streaming
    assert await closing is True
    assert pair.server.close_code == 1000


async def test_a_cancelled_wait_for_the_turn_harms_nothing() -> None:
    pair = Pair()
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[str]:
        await gate.wait()
        yield "first"

    streaming = asyncio.create_task(pair.server.send_stream(slowly()))
    await passes()
    second = asyncio.create_task(pair.server.send_stream(["second"]))
    third = asyncio.create_task(pair.server.send_stream(["third"]))
    await passes()
    second.cancel()
    await passes()
    gate.set()
    await asyncio.gather(streaming, third)
    assert [(await pair.client.receive()).data for _ in range(2)] == ["first", "third"]


@pytest.mark.parametrize("steps", range(1, 14))
async def test_cancelled_at_any_await_it_is_whole_or_closed(steps: int) -> None:
    pair = Pair(deflate=DeflateParams())
    streaming = asyncio.create_task(pair.server.send_stream(tick("a" * 20_000, "b", "c" * 20_000)))
    await passes(steps)
    streaming.cancel()
    result = (await asyncio.gather(streaming, return_exceptions=True))[0]
    if pair.server.protocol.can_send:
        await pair.server.send_text("still good")
        texts = [(await pair.client.receive()).data]
        if result is None:
            assert len(texts[0]) == 40_001
            texts.append((await pair.client.receive()).data)
        assert texts[-1] == "still good"
    else:
        assert isinstance(result, asyncio.CancelledError)
        message = await pair.client.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1011)
