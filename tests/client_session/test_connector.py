"""Pool and dialling together: limits, order, loss, cancellation."""

import asyncio
import random
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from support.answers import Asked, answers, ok, silence
from support.peers import RawPeer

import weft_client_session as client
from weft_client_session import ClientSession, ClientTimeout, TCPConnector, UnixConnector
from weft_client_session.pool import PoolStats
from weft_client_session.testing import FakeResolver

aiohttp = pytest.importorskip("aiohttp")


def stats(session: ClientSession) -> PoolStats:
    assert session.connector is not None
    return session.connector.stats


async def get(session: ClientSession, url: str) -> str:
    async with session.get(url) as response:
        return await response.text()


class Held:
    """A reply that waits until it is let go; counts who is inside."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.gate = asyncio.Event()

    async def __call__(self, peer: RawPeer, asked: Asked) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.gate.wait()
        self.inside -= 1
        await peer.send(ok())


@pytest.mark.parametrize("options", [{"limit": 2}, {"limit_per_host": 2}])
async def test_no_more_connections_than_allowed(options: dict[str, int]) -> None:
    held = Held()
    async with (
        answers({"/": held}) as server,
        ClientSession(connector=TCPConnector(**options)) as session,  # type: ignore[arg-type]
    ):
        tasks = [asyncio.create_task(get(session, server.url())) for _ in range(7)]
        await server.until_asked(2)
        assert stats(session) == PoolStats(open=2, idle=0, waiting=5)
        held.gate.set()
        assert await asyncio.gather(*tasks) == ["ok"] * 7
        assert (held.most, server.connections) == (2, 2)


async def test_waiting_for_a_place_counts_as_connecting() -> None:
    connector = TCPConnector(limit=1)
    async with answers({"/": silence}) as server, ClientSession(connector=connector) as session:
        first = asyncio.create_task(session.get(server.url()))
        await server.until_asked()
        with pytest.raises(client.ConnectionTimeoutError):
            await session.get(server.url(), timeout=ClientTimeout(connect=0.03))
        with pytest.raises(TimeoutError) as caught:
            await session.get(server.url(), timeout=ClientTimeout(total=0.03))
        assert type(caught.value) is client.TotalTimeoutError
        assert stats(session).waiting == 0
        first.cancel()


async def test_a_slow_resolver_is_bounded() -> None:
    class Never(FakeResolver):
        async def resolve(self, *args: Any, **options: Any) -> Any:
            await asyncio.Event().wait()

    connector = TCPConnector(resolver=Never({}))
    async with ClientSession(connector=connector) as session:
        with pytest.raises(client.ConnectionTimeoutError):
            await session.get("http://a.example/", timeout=ClientTimeout(connect=0.03))
        assert stats(session).open == 0


async def test_a_slow_socket_is_bounded() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    for _ in range(4):  # until the queue of the listener is full
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    try:
        async with ClientSession() as session:
            with pytest.raises(client.ConnectionTimeoutError):
                await session.get(url, timeout=ClientTimeout(sock_connect=0.05))
            with pytest.raises(TimeoutError) as caught:
                await session.get(url, timeout=ClientTimeout(total=0.05))
            assert type(caught.value) is client.TotalTimeoutError
    finally:
        for one in (listener, *fillers):
            one.close()


async def test_refused_connections_and_unknown_hosts() -> None:
    async with ClientSession() as session:
        with pytest.raises(client.ClientConnectorError, match=r"127\.0\.0\.1:1") as caught:
            await session.get("http://127.0.0.1:1/")
        assert isinstance(caught.value.os_error, ConnectionRefusedError)
    connector = TCPConnector(resolver=FakeResolver({}))
    async with ClientSession(connector=connector) as session:
        with pytest.raises(client.ClientConnectorDNSError, match=r"a\.example"):
            await session.get("http://a.example/")
        assert stats(session) == PoolStats(0, 0, 0)


async def test_idle_connections_are_closed_in_time() -> None:
    gone = asyncio.Event()

    async def until_closed(peer: RawPeer, asked: Asked) -> None:
        await peer.send(ok())
        assert await peer.read_all() == b""
        gone.set()

    connector = TCPConnector(keepalive_timeout=0.05)
    async with (
        answers({"/": until_closed}) as server,
        ClientSession(connector=connector) as session,
    ):
        await get(session, server.url())
        assert stats(session).idle == 1
        await asyncio.wait_for(gone.wait(), 5)
        assert stats(session) == PoolStats(0, 0, 0)


class Abrupt:
    """A server in a thread of its own: it does something to its first connection when told to,
    also while our loop is busy."""

    def __init__(self, does: Callable[[socket.socket], None]) -> None:
        self._does = does
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._told, self._done = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._thread.join()
        self._listener.close()

    def act(self) -> None:
        """Let it happen, and keep the loop from seeing it."""
        self._told.set()
        assert self._done.wait(10)

    def _serve(self) -> None:
        first, _ = self._listener.accept()
        with first:
            self._answer(first)
            assert self._told.wait(10)
            self._does(first)
            self._done.set()
            second, _ = self._listener.accept()
            with second:
                self._answer(second)

    @staticmethod
    def _answer(peer: socket.socket) -> None:
        peer.settimeout(10)
        while b"\r\n\r\n" not in peer.recv(65536):
            pass
        peer.sendall(ok())


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    "does",
    [lambda peer: peer.close(), lambda peer: peer.sendall(ok(b"a lie"))],
    ids=["closed", "unasked bytes"],
)
async def test_a_connection_to_which_something_happened_while_the_loop_was_busy_is_not_used(
    does: Callable[[socket.socket], None], is_known: bool
) -> None:
    with Abrupt(does) as server:
        async with ClientSession() as session:
            assert await get(session, server.url) == "ok"
            server.act()
            if is_known:
                assert await get(session, server.url) == "ok"
            else:
                async with session.post(server.url) as response:
                    assert await response.text() == "ok"
            assert stats(session) == PoolStats(open=1, idle=1, waiting=0)


async def test_a_connection_is_used_as_often_as_it_may() -> None:
    connector = TCPConnector(connection_max_uses=2)
    async with answers() as server, ClientSession(connector=connector) as session:
        for _ in range(5):
            assert await get(session, server.url()) == "ok"
        assert stats(session).open == 1
    assert server.connections == 3


@pytest.mark.parametrize(("age", "connections"), [(0, 3), (60, 1)])
async def test_a_connection_that_is_too_old_is_not_used_again(
    age: float, connections: int
) -> None:
    connector = TCPConnector(connection_max_age=age)
    async with answers() as server, ClientSession(connector=connector) as session:
        for _ in range(3):
            assert await get(session, server.url()) == "ok"
    assert server.connections == connections


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("timeout=5", 4), ("timeout=1", 0.5), ("timeout=100, max=3", 15), ("max=7", 15), ("x", 15)],
)
async def test_the_servers_own_time_for_idle_connections_counts(said: str, seconds: float) -> None:
    async def tells(peer: RawPeer, asked: Asked) -> None:
        await peer.send(ok(b"ok", f"Keep-Alive: {said}"))

    async with answers({"/": tells}) as server, ClientSession() as session:
        assert await get(session, server.url()) == "ok"
        assert session.connector is not None
        books = session.connector._books
        assert books is not None
        now = books.loop.time()
        assert now + seconds - 1 < books.pool.next_expiry() <= now + seconds


async def test_a_server_that_keeps_nothing_is_believed() -> None:
    async def tells(peer: RawPeer, asked: Asked) -> None:
        await peer.send(ok(b"ok", "Keep-Alive: timeout=0"))

    async with answers({"/": tells}) as server, ClientSession() as session:
        for _ in range(2):
            assert await get(session, server.url()) == "ok"
    assert server.connections == 2


async def test_force_close_uses_no_connection_twice() -> None:
    connector = TCPConnector(force_close=True)
    async with answers() as server, ClientSession(connector=connector) as session:
        for _ in range(3):
            assert await get(session, server.url()) == "ok"
        assert stats(session).open == 0
    assert server.connections == 3
    with pytest.raises(ValueError, match="keepalive_timeout"):
        TCPConnector(force_close=True, keepalive_timeout=3)


async def test_one_host_gives_way_to_another() -> None:
    connector = TCPConnector(limit=1)
    async with (
        answers() as one,
        answers() as other,
        ClientSession(connector=connector) as session,
    ):
        for server in (one, other, one):
            assert await get(session, server.url()) == "ok"
            assert stats(session) == PoolStats(open=1, idle=1, waiting=0)
    assert (one.connections, other.connections) == (2, 1)


async def test_waiters_fail_when_the_connector_closes() -> None:
    connector = TCPConnector(limit=1)
    async with answers({"/": silence}) as server, ClientSession(connector=connector) as session:
        tasks = [asyncio.create_task(session.get(server.url())) for _ in range(3)]
        await server.until_asked()
        await connector.close()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, client.ClientConnectionError) for one in results)
        assert session.closed
        with pytest.raises(client.ClientConnectionError, match="closed"):
            await session.get(server.url())


@pytest.mark.parametrize("seed", range(5))
async def test_cancelling_anywhere_loses_no_place_and_no_waiter(seed: int) -> None:
    """Requests are cancelled after a random number of loop passes, wherever they are then."""
    chance = random.Random(seed)

    async def sometimes_late(peer: RawPeer, asked: Asked) -> None:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        await peer.send(ok(b"x" * chance.choice((1, 100_000))))

    connector = TCPConnector(limit=3, limit_per_host=2)
    async with (
        answers({"/": sometimes_late}) as one,
        answers({"/": sometimes_late}) as other,
        ClientSession(connector=connector) as session,
    ):

        async def run(url: str) -> None:
            await get(session, url)

        for _ in range(20):
            tasks = [asyncio.create_task(run(chance.choice((one, other)).url())) for _ in range(8)]
            for task in tasks:
                for _ in range(chance.randrange(8)):
                    await asyncio.sleep(0)
                if chance.random() < 0.6:
                    task.cancel()
            async with asyncio.timeout(10):
                await asyncio.gather(*tasks, return_exceptions=True)
            now = stats(session)
            assert now.waiting == 0 and now.open <= 3
        async with asyncio.timeout(10):
            await asyncio.gather(*(run(one.url()) for _ in range(9)))
        now = stats(session)
        assert now.open == now.idle


async def test_statement_19_local_addr_is_what_the_server_sees() -> None:
    seen: list[str] = []

    async def note(peer: RawPeer, asked: Asked) -> None:
        seen.append(peer.writer.get_extra_info("peername")[0])
        await peer.send(ok())

    connector = TCPConnector(local_addr=("127.0.0.7", 0))
    async with answers({"/": note}) as server, ClientSession(connector=connector) as session:
        await get(session, server.url())
    assert seen == ["127.0.0.7"]


async def test_a_host_table_and_its_cache() -> None:
    connector = TCPConnector(resolver=FakeResolver({"a.example": ["127.0.0.1"]}))
    async with answers() as server, ClientSession(connector=connector) as session:
        assert await get(session, server.url(host="a.example")) == "ok"
        connector.clear_dns_cache("a.example", server.port)
        connector.clear_dns_cache()
        with pytest.raises(ValueError, match="both host and port"):
            connector.clear_dns_cache("a.example")
    assert server.asked[0].get("Host") == f"a.example:{server.port}"


async def test_a_socket_of_the_caller_s_making() -> None:
    made: list[socket.socket] = []

    def factory(info: Any) -> socket.socket:
        made.append(socket.socket(info[0], info[1], info[2]))
        return made[-1]

    connector = TCPConnector(socket_factory=factory)
    async with answers() as server, ClientSession(connector=connector) as session:
        await get(session, server.url())
    assert len(made) == 1


async def test_unix_sockets(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ok(b"unix"))
        await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set()

    async with await asyncio.start_unix_server(serve, path):
        connector = UnixConnector(path)
        async with ClientSession(connector=connector) as session:
            assert await get(session, "http://anything/") == "unix"
            assert connector.path == path
        await asyncio.wait_for(done.wait(), 5)
    async with ClientSession(connector=UnixConnector(str(tmp_path / "none"))) as session:
        with pytest.raises(client.UnixClientConnectorError, match="none"):
            await session.get("http://anything/")


def test_settings_can_be_asked() -> None:
    connector = TCPConnector(limit=None, limit_per_host=3, family=socket.AF_INET)
    assert (connector.limit, connector.limit_per_host) == (0, 3)
    assert connector.family is socket.AF_INET
    assert connector.use_dns_cache and not connector.force_close and not connector.closed
    assert connector.stats == PoolStats(0, 0, 0)
    with pytest.raises(TypeError, match="ssl should be"):
        TCPConnector(ssl="x")  # type: ignore[arg-type]
