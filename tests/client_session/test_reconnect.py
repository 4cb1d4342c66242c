"""Websockets that are opened again, against a server that fails as the test says."""

import asyncio
import doctest
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import weft_client_session as client
from weft_client_session import ClientSession, ReconnectPolicy, reconnect
from weft_web_server import (
    Application,
    HTTPForbidden,
    HTTPServiceUnavailable,
    Request,
    StreamResponse,
    TestServer,
    WebSocketResponse,
    unused_port,
)

Step = Callable[[WebSocketResponse], Awaitable[None]]


class Time:
    """A clock that only waiting moves, and all the waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def policy(self, **options: Any) -> ReconnectPolicy:
        return ReconnectPolicy(
            random=lambda: 1.0, clock=lambda: self.now, sleep=self.sleep, **options
        )


async def greet(socket: WebSocketResponse) -> None:
    await socket.send_str("hello")


@asynccontextmanager
async def server_of(*steps: Step | Exception) -> AsyncIterator[str]:
    """A server whose n-th connection goes as the n-th step says, and then as the last."""
    left = deque(steps)

    async def handler(request: Request) -> StreamResponse:
        step = left[0] if len(left) == 1 else left.popleft()
        if isinstance(step, Exception):
            raise step
        socket = WebSocketResponse()
        await socket.prepare(request)
        await step(socket)
        return socket

    app = Application()
    app.router.add_get("/", handler)
    async with TestServer(app, access_log=None) as server:
        yield str(server.make_url("/"))


def test_examples() -> None:
    assert doctest.testmod(reconnect).failed == 0


def test_waits_grow_to_a_bound_and_half_of_each_is_random() -> None:
    values = iter([0.0, 1.0, 0.5, 1.0])
    policy = ReconnectPolicy(
        first_seconds=1.0, factor=10.0, max_seconds=50.0, random=lambda: next(values)
    )
    waits = [policy.wait_seconds(failures) for failures in (1, 2, 3, 10**6)]
    assert waits == [0.5, 10.0, 37.5, 50.0]


async def test_it_opens_again_and_again() -> None:
    time = Time()
    got: list[str] = []
    async with server_of(greet) as url, ClientSession() as session:
        async with session.ws_reconnect(url, policy=time.policy(), heartbeat=None) as sockets:
            async for ws in sockets:
                async for message in ws:
                    got.append(message.data)
                if len(got) == 4:
                    break
                if len(got) == 2:
                    time.now += 10  # the connection lasted
        assert ws.closed
    assert got == ["hello"] * 4
    assert time.waits == [0.5, 0.5, 1.0]


async def test_a_socket_that_is_left_is_closed() -> None:
    codes: list[int | None] = []

    async def wait(socket: WebSocketResponse) -> None:
        await socket.receive()
        codes.append(socket.close_code)

    time = Time()
    async with server_of(wait) as url, ClientSession() as session:
        async with session.ws_reconnect(url, policy=time.policy()) as sockets:
            first = await anext(sockets)
            second = await anext(sockets)
            assert first.closed and not second.closed
        assert second.closed
    assert codes == [1000, 1000]


async def test_answers_that_may_change_are_asked_for_again() -> None:
    time = Time()
    again = HTTPServiceUnavailable()
    async with server_of(again, again, greet) as url, ClientSession() as session:
        async with session.ws_reconnect(url, policy=time.policy()) as sockets:
            async for ws in sockets:
                assert await ws.receive_str() == "hello"
                break
    assert time.waits == [0.5, 1.0]


async def test_an_answer_that_stays_ends_it() -> None:
    time = Time()
    async with server_of(HTTPForbidden()) as url, ClientSession() as session:
        with pytest.raises(client.WSServerHandshakeError) as caught:
            await anext(session.ws_reconnect(url, policy=time.policy()))
    assert (caught.value.status, time.waits) == (403, [])


async def test_a_server_that_is_not_there_is_waited_for_a_number_of_times() -> None:
    time = Time()
    async with ClientSession() as session:
        sockets = session.ws_reconnect(
            f"http://127.0.0.1:{unused_port()}/", policy=time.policy(max_attempts=3)
        )
        with pytest.raises(client.ClientConnectorError):
            await anext(sockets)
    assert time.waits == [0.5, 1.0]


async def test_a_session_that_is_closed_ends_it() -> None:
    time = Time()
    async with server_of(greet) as url:
        session = ClientSession()
        count = 0
        async for _ in session.ws_reconnect(url, policy=time.policy()):
            count += 1
            await session.close()
    assert count == 1


async def test_a_session_that_is_closed_during_an_attempt_ends_it() -> None:
    asked = asyncio.Event()

    async def handler(request: Request) -> StreamResponse:
        asked.set()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never

    app = Application()
    app.router.add_get("/", handler)
    async with TestServer(app, access_log=None, shutdown_timeout=0) as server:
        session = ClientSession()
        sockets = session.ws_reconnect(server.make_url("/"), policy=Time().policy())
        waiting = asyncio.ensure_future(anext(sockets, None))
        await asked.wait()
        await session.close()
        assert await waiting is None


async def test_a_closed_session_is_a_mistake() -> None:
    session = ClientSession()
    await session.close()
    with pytest.raises(RuntimeError, match="Session is closed"):
        await anext(session.ws_reconnect("http://127.0.0.1/"))


async def test_cancelled_while_it_waits() -> None:
    waits = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.set()
        await asyncio.get_running_loop().create_future()

    async with ClientSession() as session:
        sockets = session.ws_reconnect(
            f"http://127.0.0.1:{unused_port()}/", policy=ReconnectPolicy(sleep=sleep)
        )
        waiting = asyncio.ensure_future(anext(sockets))
        await waits.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), True),
        (client.ServerDisconnectedError(), True),
        (client.ServerFingerprintMismatch(b"", b"", "a", 1), False),
        (client.InvalidURL("x"), False),
        (ValueError(), False),
    ],
)
def test_errors_that_may_pass(error: Exception, expected: bool) -> None:
    assert reconnect.may_pass(error) is expected
