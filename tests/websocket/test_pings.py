import asyncio
import gc

import pytest
from support.memory import memory_links

from weft_http_parser import Role
from weft_websocket import StreamOptions, WebSocketStream, WSMsgType, WsProtocol
from weft_websocket.pings import Ping, Pings


class Clock:
    """Time as the test wants it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_pong_tells_how_long_it_took() -> None:
    clock = Clock()
    pings = Pings(clock)
    ping = pings.begin(b"x")
    clock.now += 0.25
    pings.answer(b"other")
    pings.answer(b"x")
    clock.now += 1
    pings.answer(b"x")
    assert (await ping, await ping) == (0.25, 0.25)


async def test_any_number_of_tasks_may_wait_and_give_up() -> None:
    pings = Pings(Clock())
    ping = pings.begin(b"")

    async def wait() -> float:
        return await ping

    tasks = [asyncio.create_task(wait()) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    pings.answer(ping.payload)
    assert await asyncio.gather(*tasks[1:]) == [0.0, 0.0]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


def test_pings_without_a_payload_can_be_told_apart() -> None:
    pings = Pings(Clock())
    assert len({pings.begin(b"").payload for _ in range(100)}) == 100
    assert pings.begin(b"mine").payload == b"mine"


async def test_a_pong_answers_the_pings_before_too() -> None:
    """RFC 6455 5.5.3: a peer may answer the last of several only."""
    clock = Clock()
    pings = Pings(clock)
    first, second, third = (pings.begin(name) for name in (b"1", b"2", b"3"))
    clock.now += 1
    pings.answer(b"2")
    clock.now += 1
    pings.answer(b"3")
    assert [await first, await second, await third] == [1.0, 1.0, 2.0]


async def test_the_last_of_equal_pings_is_answered() -> None:
    pings = Pings(Clock())
    same = [pings.begin(b"same") for _ in range(2)]
    pings.answer(b"same")
    assert [await ping for ping in same] == [0.0, 0.0]


async def test_the_end_of_the_connection_ends_the_waiting() -> None:
    pings = Pings(Clock())
    ping = pings.begin(b"")
    pings.begin(b"held by nobody")
    waiting = asyncio.ensure_future(ping)
    await asyncio.sleep(0)
    pings.fail(ConnectionResetError("gone"))
    with pytest.raises(ConnectionResetError, match="gone"):
        await waiting
    with pytest.raises(ConnectionResetError):
        await ping


async def test_pings_that_nobody_holds_are_forgotten() -> None:
    clock = Clock()
    pings = Pings(clock)
    for _ in range(10_000):
        pings.begin(b"")
    first = pings.begin(b"first")
    pings.begin(b"held by nobody")
    last = pings.begin(b"last")
    pings.answer(b"last")
    assert [await first, await last] == [0.0, 0.0]
    del first, last
    gc.collect()
    assert sum(type(each) is Ping for each in gc.get_objects()) == 0
    assert len(pings._open) < 20


# On a stream


def pair(autoping: bool = True) -> tuple[WebSocketStream, WebSocketStream]:
    ours, theirs = memory_links()
    client = WebSocketStream(ours, WsProtocol(Role.CLIENT), StreamOptions(autoping=autoping))
    server = WebSocketStream(theirs, WsProtocol(Role.SERVER))
    client.start()
    server.start()
    return client, server


async def test_a_stream_s_ping_is_answered_while_nobody_reads() -> None:
    client, _ = pair()
    first = await client.ping(b"mine")
    second = await client.ping("text")
    assert await first >= 0
    assert await (await client.ping()) >= 0
    assert await second >= 0


async def test_without_autoping_the_application_sees_the_pong_too() -> None:
    client, _ = pair(autoping=False)
    ping = await client.ping(b"mine")
    assert await client.receive() == (WSMsgType.PONG, b"mine", "")
    assert await ping >= 0


async def test_a_ping_on_a_stream_that_ends() -> None:
    client, server = pair()
    server._talk.hold_peer()
    ping = await client.ping()
    closing = asyncio.create_task(client.close())
    with pytest.raises(ConnectionResetError, match="before the pong"):
        await ping
    with pytest.raises(ConnectionResetError):
        await client.ping()
    server._talk.release_peer()
    assert (await server.receive()).type is WSMsgType.CLOSE
    assert await closing
