"""A request that is cancelled at any await leaves session and pool healthy."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.answers import Answers, Asked, Reply, answers, ok, redirect
from support.peers import RawPeer

from weft_client_session import ClientSession, ClientTimeout, TCPConnector

WAIT_SECONDS = 5


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine that is cancelled at its `at`-th step.

    When it is `woken` the cancellation comes in place of what it has waited for and what is there;
    else while it waits.
    """

    def __init__(self, inner: Coroutine[Any, Any, Any], at: int, *, woken: bool) -> None:
        self._inner = inner
        self._at = at
        self._woken = woken
        self.count = 0

    def __await__(self) -> Any:
        raise NotImplementedError  # a task sends

    def send(self, value: Any) -> Any:
        self.count += 1
        if self.count == self._at and self._woken:
            return self._inner.throw(asyncio.CancelledError())
        awaited = self._inner.send(value)
        if self.count == self._at:
            task = asyncio.current_task()
            assert task is not None
            asyncio.get_running_loop().call_soon(task.cancel)
        return awaited

    def throw(self, *args: Any) -> Any:
        return self._inner.throw(*args)

    def close(self) -> None:
        self._inner.close()


async def slowly(peer: RawPeer, asked: Asked) -> None:
    """In pieces, so that there is much to wait for."""
    reply = b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b"slow answer")
    await peer.send_split(reply, 25)


async def blocks() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield b"x" * 1000
        await asyncio.sleep(0)


REPLIES: dict[str, Reply] = {
    "/slow": slowly,
    "/moved": redirect("/slow"),
    "/no": ok(b"no", status="404 No"),
}


async def plain(session: ClientSession, server: Answers) -> None:
    async with session.get(server.url()) as response:
        await response.read()


async def named(session: ClientSession, server: Answers) -> None:
    async with session.get(server.url("/slow", host="localhost")) as response:
        await response.text()


async def sending(session: ClientSession, server: Answers) -> None:
    async with session.post(server.url("/slow"), data=blocks()) as response:
        async for _ in response.content.iter_any():
            pass


async def expecting(session: ClientSession, server: Answers) -> None:
    async with session.put(server.url("/slow"), data=b"abc", expect100=True) as response:
        await response.read()


async def moved(session: ClientSession, server: Answers) -> None:
    timeout = ClientTimeout(pool=9, dns=9, connect=9, sock_connect=9, first_byte=9, sock_read=9)
    async with session.get(server.url("/moved"), timeout=timeout) as response:
        await response.json(content_type=None) if response.status == 204 else None


async def refused(session: ClientSession, server: Answers) -> None:
    try:
        await session.get(server.url("/no"), raise_for_status=True)
    except Exception as exc:
        assert getattr(exc, "body", None) == b"no"


KINDS = (plain, named, sending, expecting, moved, refused)


async def check_health(session: ClientSession, server: Answers) -> None:
    """Every place is there, nobody waits, and connections carry what they should."""
    connector = session.connector
    assert isinstance(connector, TCPConnector)
    async with asyncio.timeout(WAIT_SECONDS):
        for _ in range(2):
            asking = [session.get(server.url()) for _ in range(connector.limit + 1)]
            for response in await asyncio.gather(*asking):
                assert await response.text() == "ok"
    books = connector._books
    assert books is not None
    assert not books.waiters
    stats = connector.stats
    assert (stats.waiting, stats.open) == (0, len(books.connections))
    assert stats.open == stats.idle <= connector.limit
    assert all(connection.user is None for connection in books.connections)


async def run_cancelled(
    kind: Any, session: ClientSession, server: Answers, at: int, woken: bool
) -> bool:
    """Whether the request came to its end before its `at`-th step."""
    steps = Steps(kind(session, server), at, woken=woken)
    task = asyncio.get_running_loop().create_task(steps)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await task
    except asyncio.CancelledError:
        assert task.cancelled()
        return False
    return steps.count < at


@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize("woken", [True, False])
@pytest.mark.parametrize("kind", KINDS)
async def test_every_await_may_be_the_last(kind: Any, woken: bool, is_warm: bool) -> None:
    async with answers(REPLIES) as server:
        for at in range(1, 60):
            connector = TCPConnector(limit=1)
            async with ClientSession(connector=connector) as session:
                if is_warm:
                    await plain(session, server)
                is_over = await run_cancelled(kind, session, server, at, woken)
                await check_health(session, server)
            if is_over:
                return
    pytest.fail("the request never came to its end")


# Not `expecting`: it waits a second in vain for each.
MANY = tuple(kind for kind in KINDS if kind is not expecting)
CANCELLED = st.tuples(st.sampled_from(MANY), st.integers(1, 14), st.booleans())


@settings(max_examples=60)
@given(st.integers(1, 3), st.integers(0, 2), st.lists(CANCELLED, min_size=2, max_size=8))
async def test_many_cancelled_at_once(
    limit: int, per_host: int, requests: list[tuple[Any, int, bool]]
) -> None:
    async with answers(REPLIES) as server:
        connector = TCPConnector(limit=limit, limit_per_host=per_host)
        async with ClientSession(connector=connector) as session:
            asking = [run_cancelled(kind, session, server, at, w) for kind, at, w in requests]
            await asyncio.gather(*asking)
            await check_health(session, server)
