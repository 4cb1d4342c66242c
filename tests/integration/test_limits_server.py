"""Each limit and deadline of a server: just below, at, and just above it.

What is counted is counted to the byte or the request; what is timed is timed by a clock that the
test moves.
"""

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from support.clocks import MovedClock
from support.peers import RawPeer, raw_client
from support.serving import get, last, serving, status_of

from weft_web_server import (
    Application,
    Deadlines,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    TestServer,
)

Handler = Callable[[Request], Awaitable[StreamResponse]]
LATE = 0.001


async def passes_until(is_so: Callable[[], object]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0)


async def hello(request: Request) -> StreamResponse:
    return Response(text="hello")


async def read(request: Request) -> StreamResponse:
    return Response(text=str(len(await request.read())))


def app_with(handler: Handler, **options: Any) -> Application:
    app = Application()
    app.router.add_route("*", "/", handler, options=RouteOptions(**options))
    return app


@asynccontextmanager
async def timed(app: Application, **options: Any) -> AsyncIterator[tuple[RawPeer, MovedClock]]:
    """A connection whose server has its time from the test."""
    async with TestServer(app, access_log=None, **options) as server:
        async with raw_client(server.port) as peer:
            await passes_until(lambda: server.handler and server.handler.connections)
            yield peer, MovedClock(server)


async def seen(peer: RawPeer) -> None:
    """Wait until the server has read what was sent: some passes of the loop that both share."""
    for _ in range(20):
        await asyncio.sleep(0)


async def is_open(peer: RawPeer) -> bool:
    await seen(peer)
    return not peer.reader.at_eof()


# The head.


async def test_a_slow_head_is_answered_with_408_at_30_seconds() -> None:
    async with timed(app_with(hello)) as (peer, clock):
        await peer.send(b"GET / HTTP/1.1\r\n")
        await seen(peer)
        clock.move(30 - LATE)
        assert await is_open(peer)
        await peer.send(b"Host: a\r\n")  # a byte now and then does not help
        await seen(peer)
        clock.move(LATE)
        assert status_of(await peer.read_all()) == 408


async def test_a_silent_client_is_closed_at_30_seconds() -> None:
    async with timed(app_with(hello)) as (peer, clock):
        clock.move(30 - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        assert await peer.read_all() == b""


@pytest.mark.parametrize("parts", [(get() + b"GET /", b""), (get(), b"GET /")])
async def test_a_part_of_a_head_behind_a_request_has_the_time_of_a_head(
    parts: tuple[bytes, bytes],
) -> None:
    """Not that of keep-alive, whether it came in the same read or in one of its own."""
    async with timed(app_with(hello)) as (peer, clock):
        await peer.send(parts[0])
        await peer.read_response()
        await peer.send(parts[1])
        await seen(peer)
        clock.move(30 - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        assert status_of(await peer.read_all()) == 408


async def test_a_part_of_a_head_behind_a_request_that_takes_its_time() -> None:
    go_on = asyncio.Event()

    async def wait(request: Request) -> StreamResponse:
        await go_on.wait()
        return Response()

    async with timed(app_with(wait)) as (peer, clock):
        await peer.send(get() + b"GET /")
        await seen(peer)
        clock.move(3600)
        go_on.set()
        await peer.read_response()
        await seen(peer)
        clock.move(30 - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        assert status_of(await peer.read_all()) == 408


async def test_keep_alive_is_75_seconds() -> None:
    async with timed(app_with(hello)) as (peer, clock):
        for _ in range(2):  # each request begins it anew
            await peer.send(get())
            await peer.read_response()
            clock.move(75 - LATE)
            assert await is_open(peer)
        clock.move(LATE)
        assert await peer.read_all() == b""


@pytest.mark.parametrize("seconds", [1, 300])
async def test_keep_alive_as_set(seconds: int) -> None:
    async with timed(app_with(hello), keepalive_timeout=seconds) as (peer, clock):
        await peer.send(get())
        await peer.read_response()
        clock.move(seconds - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        assert await peer.read_all() == b""


# The body.


async def test_a_body_that_does_not_come_is_given_30_seconds() -> None:
    async with timed(app_with(read), deadlines=Deadlines(body_rate=0)) as (peer, clock):
        await peer.send(get("/", "Content-Length: 3", method="POST"))
        await seen(peer)
        clock.move(30 - LATE)
        assert await is_open(peer)
        await peer.send(b"a")  # begins it anew
        await seen(peer)
        clock.move(1)
        clock.move(30 - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        assert status_of(await peer.read_all()) == 408


@pytest.mark.parametrize(("sent", "status"), [(239 * 20, 408), (240 * 20, None), (241 * 20, None)])
async def test_a_body_comes_with_240_bytes_a_second(sent: int, status: int | None) -> None:
    async with timed(app_with(read)) as (peer, clock):
        await peer.send(get("/", "Content-Length: 9000", method="POST"))
        await seen(peer)
        for second in range(20):
            await peer.send(b"x" * (sent // 20))
            await seen(peer)
            clock.move(1)
            if status is not None and second == 10:  # ten are a grace
                break
        if status is None:
            assert await is_open(peer)
        else:
            assert status_of(await peer.read_all()) == status


async def test_the_rate_counts_after_10_seconds() -> None:
    async with timed(app_with(read)) as (peer, clock):
        await peer.send(get("/", "Content-Length: 9000", method="POST"))
        await seen(peer)
        clock.move(10)
        assert await is_open(peer)
        clock.move(LATE)
        assert status_of(await peer.read_all()) == 408


@pytest.mark.parametrize(("own", "seconds"), [(5.0, 5.0), (100.0, 100.0), (0, math.inf)])
async def test_a_route_has_a_time_of_its_own_for_bodies(own: float, seconds: float) -> None:
    async with timed(app_with(read, body_timeout=own, body_rate=0)) as (peer, clock):
        await peer.send(get("/", "Content-Length: 3", method="POST"))
        await seen(peer)
        clock.move(min(seconds, 100_000) - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        if seconds < math.inf:
            assert status_of(await peer.read_all()) == 408
        else:
            assert await is_open(peer)


async def test_a_route_has_a_rate_of_its_own() -> None:
    async with timed(app_with(read, body_rate=10)) as (peer, clock):
        await peer.send(get("/", "Content-Length: 9000", method="POST") + b"x" * 110)
        await seen(peer)
        clock.move(11)
        assert await is_open(peer)
        clock.move(LATE)
        assert status_of(await peer.read_all()) == 408


# What nobody reads.


@pytest.mark.parametrize(("size", "stays"), [(262_143, True), (262_144, True), (262_145, False)])
async def test_256_kib_are_read_for_nobody(size: int, stays: bool) -> None:
    async with timed(app_with(hello)) as (peer, _):
        await peer.send(get("/", f"Content-Length: {size + 1}", method="POST"))
        await peer.read_response()
        await peer.send(b"x" * (size - 1))
        await seen(peer)
        await seen(peer)
        await peer.send(b"xx" + get())
        if stays:
            assert status_of((await peer.read_response())[0]) == 200
        else:
            assert await peer.read_all() == b""


async def test_5_seconds_are_given_to_what_nobody_reads() -> None:
    async with timed(app_with(hello)) as (peer, clock):
        await peer.send(get("/", "Content-Length: 100", method="POST"))
        await peer.read_response()
        clock.move(5 - LATE)
        assert await is_open(peer)
        clock.move(LATE)
        assert await peer.read_all() == b""


# Handlers.


async def test_a_handler_has_no_limit_unless_one_is_set(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def wait(request: Request) -> StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(app_with(wait), deadlines=Deadlines(handler=0.01)) as port:
        async with raw_client(port) as peer:
            await peer.send(get())
            assert status_of((await peer.read_response())[0]) == 503
    assert "took longer than its 0.01 seconds" in caplog.text
    async with timed(app_with(wait)) as (peer, clock):
        await peer.send(get())
        await seen(peer)
        clock.move(100_000)
        assert await is_open(peer)


@pytest.mark.parametrize(("own", "status"), [(0, 200), (60, 200), (None, 503)])
async def test_a_route_s_own_time_goes_before_the_server_s(own: float, status: int) -> None:
    go_on = asyncio.Event()

    async def wait(request: Request) -> StreamResponse:
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        await go_on.wait()
        return Response()

    app = app_with(wait, timeout=own)
    async with serving(app, deadlines=Deadlines(handler=0.01)) as port, raw_client(port) as peer:
        await peer.send(get())
        assert status_of((await peer.read_response())[0]) == status


# Requests.


@pytest.mark.parametrize("most", [1, 3])
async def test_requests_at_once(most: int) -> None:
    go_on = asyncio.Event()
    at_work: list[Request] = []

    async def wait(request: Request) -> StreamResponse:
        at_work.append(request)
        await go_on.wait()
        return Response()

    async with serving(app_with(wait), max_concurrent_requests=most) as port:
        async with asyncio.TaskGroup() as group:

            async def ask() -> int:
                async with raw_client(port) as peer:
                    await peer.send(get())
                    head, _ = await peer.read_response()
                    if status_of(head) == 503:
                        assert b"\r\nRetry-After: 1\r\n" in head
                        await peer.send(get())  # the connection stays
                        head, _ = await peer.read_response()
                        assert status_of(head) == 503
                    return status_of(head)

            asked = [group.create_task(ask()) for _ in range(most)]
            await passes_until(lambda: len(at_work) == most)
            assert await ask() == 503
            go_on.set()
        assert [task.result() for task in asked] == [200] * most
        assert await ask() == 200


async def test_a_failed_request_is_no_longer_at_work() -> None:
    async def fail(request: Request) -> StreamResponse:
        raise asyncio.CancelledError

    async with serving(app_with(fail), max_concurrent_requests=1) as port:
        for _ in range(3):
            async with raw_client(port) as peer:
                await peer.send(get())
                assert b"503" not in await peer.read_all()


@pytest.mark.parametrize("most", [1, 2, 5])
async def test_requests_of_a_connection(most: int) -> None:
    async with serving(app_with(hello), max_requests_per_connection=most) as port:
        async with raw_client(port) as peer:
            for number in range(most):
                await peer.send(get())
                head, _ = await peer.read_response()
                assert (b"\r\nConnection: close\r\n" in head) is (number == most - 1)
            assert await peer.read_all() == b""
        async with raw_client(port) as peer:
            await peer.send(get() * (most + 3))
            assert (await peer.read_all()).count(b"HTTP/1.1 200") == most


# Connections.


async def open_some(port: int, count: int) -> list[RawPeer]:
    peers = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        peers.append(RawPeer(reader, writer))
    return peers


async def ask(peer: RawPeer) -> bytes:
    await peer.send(get())
    return (await peer.read_response())[1]


async def close_all(peers: list[RawPeer]) -> None:
    for peer in peers:
        await peer.close()


async def test_the_one_that_was_idle_longest_makes_room() -> None:
    async with TestServer(app_with(hello), access_log=None, max_connections=3) as server:
        peers = await open_some(server.port, 3)
        assert [await ask(peer) for peer in peers] == [b"hello"] * 3
        clock = MovedClock(server)
        clock.move(2)
        await ask(peers[0])  # so that the second one is the oldest
        peers += await open_some(server.port, 1)
        assert await ask(peers[3]) == b"hello"
        assert await peers[1].read_all() == b""
        assert [await is_open(peers[number]) for number in (0, 2, 3)] == [True] * 3
        assert server.handler is not None and len(server.handler.connections) == 3
        await close_all(peers)


async def test_who_finds_no_room_waits(caplog: pytest.LogCaptureFixture) -> None:
    go_on = asyncio.Event()
    at_work: list[Request] = []

    async def wait(request: Request) -> StreamResponse:
        at_work.append(request)
        await go_on.wait()
        return Response(text="waited")

    async with TestServer(app_with(wait), access_log=None, max_connections=2) as server:
        peers = await open_some(server.port, 3)
        for peer in peers:
            await peer.send(last())
        await passes_until(lambda: len(at_work) == 2)
        assert server.handler is not None
        MovedClock(server).move(20)  # nobody is idle, so nobody is closed
        await seen(peers[2])
        assert len(at_work) == 2 and len(server.handler.connections) == 2
        go_on.set()
        assert [(await peer.read_all())[-6:] for peer in peers] == [b"waited"] * 3
        await close_all(peers)
    assert caplog.text.count("no room for more connections than 2") == 1


# Writing.


async def test_a_client_that_takes_nothing_is_cut_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And leaves no traceback: it is not the server's fault."""
    ended = asyncio.Event()

    async def pour(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            ended.set()

    for options in ({"write_timeout": 0.1}, {}):
        ended.clear()
        app = app_with(pour, **options)
        async with serving(app, deadlines=Deadlines(write=600 if options else 0.1)) as port:
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.sendall(get())
                async with asyncio.timeout(10):
                    await ended.wait()
    assert not caplog.records


async def test_a_whole_answer_that_nobody_takes(caplog: pytest.LogCaptureFixture) -> None:
    async def large(request: Request) -> StreamResponse:
        return Response(body=b"x" * 10_000_000)

    async with TestServer(app_with(large, write_timeout=0.1), access_log=None) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(get())
            await passes_until(lambda: server.handler and server.handler.connections)
            assert server.handler is not None
            async with asyncio.timeout(10):
                await server.handler.connections[0].link.wait_closed()
    assert not caplog.records


# TLS.


async def test_a_handshake_that_does_not_come_is_given_up() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    server = TestServer(app_with(hello), access_log=None, deadlines=Deadlines(tls_handshake=0.05))
    await server.start_server(ssl=context)
    async with raw_client(server.port) as peer:
        assert await peer.read_all() == b""
    assert server.handler is not None and server.handler.door.has_room()
    await server.close()


# The log.


async def test_faults_of_clients_leave_ten_lines_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "weft.server"):
        async with timed(app_with(hello)) as (keeper, clock):
            await keeper.send(get())
            await keeper.read_response()
            port = keeper.writer.get_extra_info("peername")[1]
            for _ in range(50):
                async with raw_client(port) as peer:
                    await peer.send(b"BAD\r\n\r\n")
                    assert status_of(await peer.read_all()) == 400
            clock.move(1)
    refused = [line for line in caplog.messages if line.startswith("refused")]
    counts = [line for line in caplog.messages if "were left out" in line]
    assert len(refused) == 10
    assert counts == ["40 more lines on faults of clients were left out"]
