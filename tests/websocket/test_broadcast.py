"""One message to many: who gets it, what a slow one costs, and what is reported."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.memory import transport_of

from weft_http_parser import Hold
from weft_websocket import (
    DeflateParams,
    PreparedMessage,
    SendLimits,
    SlowPolicy,
    WebSocketClosed,
    WebSocketStream,
    WSMessage,
    WSMsgType,
    broadcast,
    broadcast_wait,
)

from .sending import Pair, passes

FILL = b"x" * 70_000  # more than a link takes before it says that it is full


def jam(pair: Pair) -> None:
    """The client stops reading, and what the server may write without waiting is written."""
    pair.client_link.hold(Hold.BODY)
    assert broadcast([pair.server], FILL).sent == 1
    assert pair.server_link.is_full


async def read_all(pair: Pair, count: int) -> list[object]:
    """The client reads on."""
    pair.client_link.release(Hold.BODY)
    assert (await pair.client.receive()).data == FILL
    return [(await pair.client.receive()).data for _ in range(count)]


@pytest.mark.parametrize("deflate", [None, DeflateParams()])
async def test_everyone_gets_it(deflate: DeflateParams | None) -> None:
    pairs = [Pair(deflate=deflate) for _ in range(3)]
    servers = (pair.server for pair in pairs)  # any iterable will do
    assert broadcast(servers, "news") == (3, 0, 0, 0, 0)
    assert broadcast([pairs[0].client], PreparedMessage(b"back")).sent == 1
    for pair in pairs:
        assert await pair.client.receive() == (WSMsgType.TEXT, "news", "")
    assert await pairs[0].server.receive() == (WSMsgType.BINARY, b"back", "")


async def test_it_is_written_at_the_call() -> None:
    pair = Pair()
    broadcast([pair.server], "x")
    assert transport_of(pair.server_link).written == b"\x81\x01x"


async def test_those_that_are_closed_are_counted() -> None:
    lost, left, good = Pair(), Pair(), Pair()
    lost.server_link.abort()
    closing = asyncio.create_task(left.server.close())
    await passes()
    assert broadcast([lost.server, left.server, good.server], "x") == (1, 0, 0, 0, 2)
    await closing


async def test_a_slow_one_costs_the_others_nothing() -> None:
    slow, quick = Pair(), Pair()
    jam(slow)
    assert broadcast([slow.server, quick.server], "a") == (1, 1, 0, 0, 0)
    assert (await quick.client.receive()).data == "a"
    lag = slow.server.send_lag
    assert (lag.messages, lag.bytes, lag.dropped) == (1, 1, 0)
    assert lag.seconds >= 0
    assert lag.buffered > 65_536
    assert await read_all(slow, 1) == ["a"]
    assert slow.server.send_lag[:2] == (0, 0)
    assert broadcast([slow.server], "b").sent == 1


async def test_queued_and_direct_messages_keep_their_order() -> None:
    pair = Pair()
    jam(pair)
    broadcast([pair.server], "1")
    second = asyncio.ensure_future(pair.server.send_text("2"))
    await passes()
    broadcast([pair.server], "3")
    prepared = asyncio.ensure_future(pair.server.send_prepared(PreparedMessage("4")))
    await passes()
    assert not second.done()
    assert not prepared.done()
    assert await read_all(pair, 4) == ["1", "2", "3", "4"]
    await asyncio.gather(second, prepared)


async def test_control_frames_overtake_what_is_queued() -> None:
    pair = Pair()
    jam(pair)
    broadcast([pair.server], "queued")
    pong = pair.server.pong(b"!")
    assert transport_of(pair.server_link).written.endswith(b"\x8a\x01!")
    assert await read_all(pair, 1) == ["queued"]
    await pong


async def test_the_oldest_are_dropped_and_counted() -> None:
    pair = Pair(send_limits=SendLimits(messages=2, policy=SlowPolicy.DROP_OLDEST))
    jam(pair)
    reports = [broadcast([pair.server], text) for text in "abcd"]
    assert [report.dropped for report in reports] == [0, 0, 1, 1]
    assert [report.queued for report in reports] == [1, 1, 1, 1]
    assert pair.server.send_lag.dropped == 2
    assert await read_all(pair, 2) == ["c", "d"]


async def test_what_is_larger_than_the_queue_is_dropped_and_counted() -> None:
    pair = Pair(send_limits=SendLimits(bytes=10))
    jam(pair)
    report = broadcast([pair.server], "x" * 11, policy=SlowPolicy.DROP_OLDEST)
    assert report == (0, 0, 1, 0, 0)
    assert pair.server.send_lag.dropped == 1


async def test_the_newest_of_each_key_is_kept() -> None:
    pair = Pair()
    jam(pair)
    for key, text in (("tea", "tea 1"), ("oil", "oil 1"), ("tea", "tea 2")):
        broadcast([pair.server], text, policy=SlowPolicy.COALESCE, key=key)
    assert await read_all(pair, 2) == ["tea 2", "oil 1"]


async def test_who_is_too_slow_is_disconnected() -> None:
    pair = Pair(send_limits=SendLimits(messages=1))
    jam(pair)
    reader = asyncio.ensure_future(pair.server.receive())
    await passes()
    assert broadcast([pair.server], "a") == (0, 1, 0, 0, 0)
    # The one that was queued, and this one.
    assert broadcast([pair.server], "b") == (0, 0, 2, 1, 0)
    assert broadcast([pair.server], "c") == (0, 0, 0, 0, 1)
    message = await reader
    assert (message.type, message.data.code) == (WSMsgType.ERROR, 1013)
    assert (pair.server.close_code, pair.server.send_lag.dropped) == (1013, 2)
    pair.client_link.release(Hold.BODY)
    assert (await pair.client.receive()).data == FILL
    assert await pair.client.receive() == (WSMsgType.CLOSE, 1013, "too slow: messages wait")


async def test_limits_may_be_replaced() -> None:
    pair = Pair()
    assert pair.server.send_limits == SendLimits()
    pair.server.send_limits = SendLimits(messages=5)
    jam(pair)
    broadcast([pair.server], "a")
    pair.server.send_limits = SendLimits(messages=1, policy=SlowPolicy.DROP_OLDEST)
    assert broadcast([pair.server], "b") == (0, 1, 1, 0, 0)
    assert pair.server.send_limits.messages == 1
    assert await read_all(pair, 1) == ["b"]


async def test_a_close_drops_what_is_queued_and_counts_it() -> None:
    pair = Pair()
    jam(pair)
    broadcast([pair.server], "a")
    waiting = asyncio.ensure_future(pair.server.send_text("b"))
    await passes()
    closing = asyncio.create_task(pair.server.close())
    await passes()
    assert pair.server.send_lag.dropped == 1
    with pytest.raises(ConnectionResetError):
        await waiting
    pair.client_link.release(Hold.BODY)
    assert (await pair.client.receive()).data == FILL
    assert (await pair.client.receive()).type is WSMsgType.CLOSE
    await closing


async def test_flush_comes_before_a_close_that_loses_nothing() -> None:
    pair = Pair()
    await pair.server.flush()
    jam(pair)
    broadcast([pair.server], "a")
    flushing = asyncio.create_task(pair.server.flush())
    await passes()
    assert not flushing.done()
    assert await read_all(pair, 1) == ["a"]
    await flushing


async def test_a_lost_link_drops_what_is_queued() -> None:
    pair = Pair()
    jam(pair)
    broadcast([pair.server], "a")
    waiting = asyncio.ensure_future(pair.server.send_text("b"))
    await passes()
    transport_of(pair.server_link).lose(None)
    with pytest.raises(ConnectionResetError):
        await waiting
    assert pair.server.send_lag == (0, 0, 0.0, 0, 1)


# The one that waits


async def test_waiting_for_the_slow() -> None:
    slow, quick, lost, late = Pair(), Pair(), Pair(), Pair()
    jam(slow)
    jam(late)
    lost.server_link.abort()
    sockets = [slow.server, quick.server, lost.server, late.server]
    waiting = asyncio.create_task(broadcast_wait(sockets, "a"))
    await passes()
    assert (await quick.client.receive()).data == "a"
    assert not waiting.done()
    transport_of(late.server_link).lose(None)
    assert await read_all(slow, 1) == ["a"]
    assert await waiting == (2, 0, 0, 0, 2)


async def test_a_cancelled_wait_leaves_the_message_unsent() -> None:
    pair = Pair()
    jam(pair)
    waiting = asyncio.create_task(broadcast_wait([pair.server], PreparedMessage("a")))
    await passes()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    broadcast([pair.server], "b")
    assert await read_all(pair, 1) == ["b"]


# Any interleaving


class Crowd:
    """One connection, and everything that can happen to its sending side."""

    def __init__(self) -> None:
        self.pair = Pair(
            send_limits=SendLimits(messages=4, bytes=40_000, policy=SlowPolicy.DROP_OLDEST),
            queue_limit=10_000,
            deflate=DeflateParams(),
        )
        self.sends: list[asyncio.Future[Any]] = []
        self.count = 0

    async def act(self, name: str, size: int) -> None:
        self.count += 1
        text = f"{self.count:06}" + "x" * size
        server = self.pair.server
        if name == "broadcast":
            broadcast([server], text)
        elif name == "send":
            self.sends.append(asyncio.ensure_future(server.send_text(text)))
        elif name == "plain":
            self.sends.append(asyncio.ensure_future(server.send_text(text, 0)))
        elif name == "stream":
            parts = [text[:3], text[3:]]
            self.sends.append(asyncio.ensure_future(server.send_stream(parts)))
        elif name == "ping":
            self.sends.append(asyncio.ensure_future(server.ping()))
        elif name == "hold":
            self.pair.client_link.hold(Hold.BODY)
        elif name == "release":
            self.pair.client_link.release(Hold.BODY)
        elif name == "cancel" and self.sends:
            self.sends[-1].cancel()
        if name != "broadcast":
            await passes(3)
        lag = server.send_lag
        assert lag.messages <= 4
        assert lag.bytes <= 40_000


NAMES = ["broadcast", "send", "plain", "stream", "ping", "hold", "release"]
STEP = st.tuples(st.sampled_from([*NAMES, "broadcast"]), st.sampled_from([0, 100, 20_000]))


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, max_size=16))
def test_any_interleaving_keeps_order_and_bounds(steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        crowd = Crowd()
        for name, size in steps:
            await crowd.act(name, size)
        crowd.pair.client_link.release(Hold.BODY)
        await asyncio.gather(*crowd.sends)
        await crowd.pair.server.flush()
        closing = asyncio.create_task(crowd.pair.server.close())
        numbers = [int(message.data[:6]) async for message in texts(crowd.pair.client)]
        await closing
        assert numbers == sorted(set(numbers))
        data = sum(name in ("broadcast", "send", "plain", "stream") for name, _ in steps)
        assert len(numbers) + crowd.pair.server.send_lag.dropped == data

    asyncio.run(run())


async def texts(stream: WebSocketStream):  # type: ignore[no-untyped-def]  # an async generator
    async for message in stream:
        assert isinstance(message, WSMessage)
        yield message


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(STEP, st.just(("cancel", 0))), max_size=16))
def test_cancelled_senders_leave_it_good_or_closed(steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        crowd = Crowd()
        with suppress(WebSocketClosed):  # at the call, once a stream was cut in the middle
            for name, size in steps:
                await crowd.act(name, size)
        crowd.pair.client_link.release(Hold.BODY)
        await asyncio.gather(*crowd.sends, return_exceptions=True)
        server: WebSocketStream = crowd.pair.server
        is_good = server.protocol.can_send
        if is_good:
            await server.send_text("999999")
            closing = asyncio.create_task(server.close())
        last = 0
        async for message in crowd.pair.client:
            assert int(message.data[:6]) > last
            last = int(message.data[:6])
        if is_good:
            assert last == 999999
            await closing
        else:  # a stream was cut in the middle
            assert crowd.pair.client.close_code == 1011
        await passes()

    asyncio.run(run())
