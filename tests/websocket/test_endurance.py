"""A websocket for long, and at the worst of moments: no growth, bounded work, never stuck."""

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.memory import memory_links

from weft_http_parser import Role
from weft_websocket import DeflateParams, WebSocketStream, WSMsgType, WsProtocol

from .test_aio import Raw, make_stream, passes, streams
from .test_twin import frame

MILLION = 1_000_000
KNOWN = (WSMsgType.TEXT, WSMsgType.CLOSING, WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)


# A million messages


@pytest.mark.parametrize("deflate", [None, DeflateParams()], ids=["plain", "deflate"])
def test_a_million_messages_leave_nothing_behind(deflate: DeflateParams | None) -> None:
    count = MILLION if deflate is None else MILLION // 20
    client, server = (WsProtocol(role, deflate=deflate) for role in (Role.CLIENT, Role.SERVER))
    read = b"".join(client.send_text(f"message {n}") for n in range(1000))
    if deflate is not None:  # the same bytes again are good only for a window that began with them
        client, server = (
            WsProtocol(role, deflate=DeflateParams(client_no_context_takeover=True))
            for role in (Role.CLIENT, Role.SERVER)
        )
        read = b"".join(client.send_text(f"message {n}") for n in range(1000))

    def receive_all(turns: int) -> int:
        seen = 0
        for _ in range(turns):
            seen += len(server.receive(read))
            while server.has_more:
                seen += len(server.next_batch())
        return seen

    receive_all(2)
    gc.collect()
    before, blocks = len(gc.get_objects()), sys.getallocatedblocks()
    assert receive_all(count // 1000) == count
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 1000
    tracemalloc.start()
    try:
        receive_all(10)
        gc.collect()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(gc.get_objects()) - before < 50
    assert held < 100_000
    assert peak < 2_000_000


async def test_many_echoes_leave_nothing_behind() -> None:
    client, server = streams()

    async def echo() -> None:
        async for message in server:
            await server.send_text(message.data)

    async def talk(count: int) -> None:
        for _ in range(count):
            await client.send_text("hello")
            assert (await client.receive()).data == "hello"

    echoing = asyncio.create_task(echo())
    await talk(100)
    gc.collect()
    before = len(gc.get_objects())
    await talk(10_000)
    gc.collect()
    assert len(gc.get_objects()) - before < 50
    await client.close()
    await echoing


# Floods


def count_calls(function: Callable[[], object]) -> int:
    """Calls of Python and of C that it makes."""
    calls = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(before)
    return calls


FLOODS: dict[str, Callable[[int], bytes]] = {
    "pings": lambda n: frame(0x89, b"") * n,
    "long pings": lambda n: frame(0x89, b"p" * 125) * n,
    "pongs": lambda n: frame(0x8A, b"") * n,
    "empty fragments": lambda n: frame(0x01, b"") + frame(0x00, b"") * n,
    "fragments of a byte": lambda n: frame(0x02, b"x") + frame(0x00, b"x") * n,
    "pings among fragments": lambda n: frame(0x02, b"x") + (frame(0x00) + frame(0x89)) * n,
    "one frame, never whole": lambda n: frame(0x82, b"x" * (10 * n + 1))[:-1],
}


@pytest.mark.parametrize("step", [1, 7, 65_536], ids=["bytes", "sevens", "reads"])
@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_costs_no_more_than_its_bytes(flood: str, step: int) -> None:
    """Twice the flood is twice the work, and what is kept is no more than what came."""

    def swallow(count: int) -> int:
        raw = Raw()
        data = FLOODS[flood](count)

        def receive() -> None:
            for at in range(0, len(data), step):
                raw.stream._talk.data_received(data[at : at + step])

        work = count_calls(receive)
        assert raw.stream.exception() is None
        return work

    once, twice = swallow(500), swallow(1000)
    assert twice <= 2.1 * once + 200, f"{once} calls became {twice}"


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_keeps_no_more_than_its_bytes(flood: str) -> None:
    raw = Raw()
    data = FLOODS[flood](20_000)
    reads = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    gc.collect()
    tracemalloc.start()
    try:
        for read in reads:
            raw.stream._talk.data_received(read)
        await passes()  # what was answered is gone
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 2 * len(data) + 200_000
    assert len(raw.peer.received) <= len(data)


# Cancellation


async def step_until_done(stream: WebSocketStream, action: str, step: int) -> bool:
    """Act for that many passes of the loop, then cancel; whether it was over before."""

    async def act() -> None:
        await ACTIONS[action](stream)

    task = asyncio.create_task(act())
    for _ in range(step):
        await asyncio.sleep(0)
        if task.done():
            break
    was_over = task.done()
    task.cancel()
    try:
        await task
    except (asyncio.CancelledError, ConnectionResetError):
        pass
    return was_over


async def check_not_stuck(stream: WebSocketStream, peer: WebSocketStream) -> None:
    """The stream works, or it is closed; either way both ends come to an end."""
    async with asyncio.timeout(5):
        if not stream.closed:
            await stream.send_text("still here")
            while (message := await peer.receive()).type is WSMsgType.TEXT:
                if message.data == "still here":
                    break
            await peer.send_text("so am I")
            while (message := await stream.receive()).data != "so am I":
                assert message.type in KNOWN
        reader = asyncio.create_task(drain(peer))
        await stream.close()
        await reader
    assert stream.closed
    assert stream.close_code is not None
    with pytest.raises(ConnectionResetError):
        await stream.send_text("late")


async def drain(stream: WebSocketStream) -> None:
    async for message in stream:
        assert message.type in KNOWN


def pair(deflate: DeflateParams | None) -> tuple[WebSocketStream, WebSocketStream]:
    ours, theirs = memory_links()
    options: dict[str, Any] = {"close_timeout_seconds": 0.05, "write_limit": 1000}
    return (
        make_stream(
            ours, Role.CLIENT, protocol=WsProtocol(Role.CLIENT, deflate=deflate), **options
        ),
        make_stream(
            theirs, Role.SERVER, protocol=WsProtocol(Role.SERVER, deflate=deflate), **options
        ),
    )


ACTIONS: dict[str, Callable[[WebSocketStream], Awaitable[object]]] = {
    "receive": lambda stream: stream.receive(),
    "receive with a time": lambda stream: stream.receive(5),
    "send": lambda stream: stream.send_text("x" * 2000),
    "send much": lambda stream: stream.send_binary(b"x" * 300_000),
    "ping": lambda stream: stream.ping(b"?"),
    "close": lambda stream: stream.close(),
    "close with a code": lambda stream: stream.close(4000, "enough"),
}


@pytest.mark.parametrize("deflate", [None, DeflateParams()], ids=["plain", "deflate"])
@pytest.mark.parametrize("answers", [True, False], ids=["talking", "silent"])
@pytest.mark.parametrize("action", ACTIONS)
async def test_cancelled_at_every_await(
    action: str, answers: bool, deflate: DeflateParams | None
) -> None:
    """The task is cancelled one pass later each time, until it is over before that."""
    was_over = False
    for step in range(40):
        stream, peer = pair(deflate)
        if answers:
            await peer.send_text("for you")
            reading = asyncio.create_task(drain(peer)) if "close" in action else None
        else:
            reading = None
        was_over = await step_until_done(stream, action, step)
        if reading is not None:
            reading.cancel()
            await asyncio.wait([reading])
        await check_not_stuck(stream, peer)
        if was_over:
            break
    assert was_over or not answers or action == "close"
