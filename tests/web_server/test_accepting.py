"""A listener: what it does when it cannot take in everybody. What it costs is in the docs."""

import asyncio
import errno
import logging
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import pytest
import trustme
from support.peers import RawPeer, raw_client
from support.programs import python_program
from support.serving import get, last, status_of

from weft_web_server import BaseRequest, Response, Server, StreamResponse
from weft_web_server.accepting import Listener, ListenOptions

LOOPS = ["asyncio", "uvloop"]


async def hello(request: BaseRequest) -> StreamResponse:
    return Response(text="hello")


class Scarce(socket.socket):
    """A listening socket for which the system has no descriptors, so many times."""

    error = errno.EMFILE
    left = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.left:
            self.left -= 1
            raise OSError(self.error, os.strerror(self.error))
        return super().accept()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(hello, access_log=None)
    yield server
    await server.shutdown(1)


@pytest.fixture
async def sock() -> AsyncIterator[Scarce]:
    with Scarce() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


async def ask(sock: socket.socket) -> int:
    async with raw_client(sock.getsockname()[1]) as peer:
        await peer.send(last())
        return status_of(await peer.read_all())


async def test_life(server: Server, sock: Scarce) -> None:
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    assert await ask(sock) == 200
    listener.watch()  # does so already
    await listener.stop()
    assert sock.fileno() == -1
    listener.watch()  # is over


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_exhausted(
    server: Server, sock: Scarce, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    sock.error, sock.left = number, 3
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    assert await ask(sock) == 200
    assert sock.left == 0
    told = [line for line in caplog.messages if line.startswith("cannot accept")]
    assert len(told) == 1 and "raise the limit of open files" in told[0]
    await listener.stop()


async def test_a_place_that_becomes_free_is_taken_at_once(server: Server, sock: Scarce) -> None:
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    async with raw_client(sock.getsockname()[1]) as peer:
        await peer.send(get())
        await peer.read_response()
        sock.left = 1
        async with raw_client(sock.getsockname()[1]) as waiting:
            await waiting.send(last())
            async with asyncio.timeout(5):
                while sock.left:  # noqa: ASYNC110  accepting sets no event
                    await asyncio.sleep(0)
            retry = listener._retry
            assert retry is not None
            await peer.close()
            assert status_of(await waiting.read_all()) == 200
            assert retry.cancelled()  # it was not needed
    await listener.stop()


async def test_the_end_while_exhausted(server: Server, sock: Scarce) -> None:
    sock.left = 10**6
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    async with raw_client(sock.getsockname()[1]) as peer:
        async with asyncio.timeout(5):
            while listener._retry is None:  # noqa: ASYNC110  accepting sets no event
                await asyncio.sleep(0)
        await listener.stop()
        with pytest.raises(ConnectionResetError):
            await peer.read_all()


async def test_a_client_that_is_gone_again_stops_nobody(
    server: Server, sock: Scarce, caplog: pytest.LogCaptureFixture
) -> None:
    sock.error, sock.left = errno.ECONNABORTED, 2
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    assert await ask(sock) == 200
    await listener.stop()
    assert not caplog.records


async def test_many_at_once(server: Server, sock: Scarce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weft_web_server.accepting.ACCEPTED_AT_ONCE", 3)
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    assert await asyncio.gather(*(ask(sock) for _ in range(20))) == [200] * 20
    await listener.stop()


async def test_a_loop_that_cannot_watch_accepts_by_itself(
    server: Server, sock: Scarce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of Windows, which is recognised by what it has beyond others."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "start_serving_pipe", None, raising=False)
    listener = Listener(server, sock, ListenOptions())
    await listener.start()
    listener.watch()
    assert not listener._is_watching
    assert await ask(sock) == 200
    await listener.stop()


async def test_tls_that_is_under_way_at_the_end(server: Server, sock: Scarce) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    options = ListenOptions(ssl_context=context, shutdown_seconds=0.01)
    listener = Listener(server, sock, options)
    await listener.start()
    async with raw_client(sock.getsockname()[1]) as peer:
        async with asyncio.timeout(5):
            while not listener._arriving:  # noqa: ASYNC110  accepting sets no event
                await asyncio.sleep(0)
        await listener.stop()
        try:
            assert await peer.read_all() == b""
        except ConnectionResetError:
            pass


# With the system's own limits, in a process of its own.

SCARCE_PROGRAM = """
    import asyncio, resource, sys
    from weft_web_server import Application, Response, run_app

    async def hello(request):
        return Response(text="hello")

    async def start(app):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))

    app = Application()
    app.router.add_get("/", hello)
    app.on_startup.append(start)
    run_app(app, host="127.0.0.1", port=0, access_log=None, max_connections=MOST,
            loop=sys.argv[1], backlog=1024, print=lambda *args: print(*args, flush=True))
"""
FLOOD = 250


def spent_by(pid: int) -> float:
    """Seconds of processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("most", ["None", "0"])
async def test_no_descriptors(tmp_path: Path, loop: str, most: str) -> None:
    """Recovered soon, without spinning meanwhile, and with 4 KiB of log at most.

    A loop that spins takes the whole second; one that waits took 1 % of it (0 to 3 ticks of the clock).

    With the bound on connections it does not come to it; without, the system says no.
    """
    path = tmp_path / "program.py"
    path.write_text(dedent(SCARCE_PROGRAM).replace("MOST", most))
    async with python_program(str(path), loop) as running:
        line = await running.line_with("Running on")
        port = int(line.rsplit(":", 1)[1].split()[0])
        peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(FLOOD)]
        await asyncio.sleep(0.3)  # the time in which a loop that spins would spin
        before = spent_by(running.pid)
        await asyncio.sleep(1)
        assert spent_by(running.pid) - before < 0.25
        for peer in peers:
            peer.close()
        since = time.monotonic()
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            peer_ = RawPeer(reader, writer)
            try:
                await peer_.send(last())
                if await peer_.read_all():
                    break
            except OSError:
                pass
            finally:
                await peer_.close()
        assert time.monotonic() - since < 2  # 0.2 s on a machine that has time for it
        running.terminate()
        code, printed = await running.end()
    assert code == 0
    assert len(printed) < 4096 and "Traceback" not in printed
    assert ("no room" in printed) is (most == "None" or loop == "asyncio")


def test_uvloop_accepts_by_itself_until_the_server_is_full() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        server = Server(hello, access_log=None, max_connections=2)
        sock = socket.create_server(("127.0.0.1", 0))
        listener = Listener(server, sock, ListenOptions())
        await listener.start()
        assert listener._delegate is not None and not listener._is_watching
        peers = []
        for _ in range(2):
            peer = RawPeer(*await asyncio.open_connection("127.0.0.1", sock.getsockname()[1]))
            await peer.send(get())
            assert (await peer.read_response())[1] == b"hello"
            peers.append(peer)
        assert listener._delegate is None and listener._is_watching
        third = asyncio.create_task(ask(sock))
        async with asyncio.timeout(5):
            while listener._is_watching:  # noqa: ASYNC110  accepting sets no event
                await asyncio.sleep(0)
        await peers[0].close()
        assert await third == 200
        await peers[1].close()
        await listener.stop()
        await server.shutdown(1)

        server = Server(hello, access_log=None)
        listener = Listener(server, socket.create_server(("127.0.0.1", 0)), ListenOptions())
        await listener.start()
        await listener.stop()  # while the loop still accepts
        await server.shutdown(1)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def test_a_handshake_that_fails_is_told(
    server: Server, sock: Scarce, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    listener = Listener(server, sock, ListenOptions(ssl_context=context))
    await listener.start()
    with caplog.at_level(logging.DEBUG, "weft.server"):
        async with raw_client(sock.getsockname()[1]) as peer:
            await peer.send(b"GET / HTTP/1.1\r\n\r\n")
            try:
                await peer.read_all()
            except ConnectionResetError:
                pass
            async with asyncio.timeout(5):
                while listener._arriving:  # noqa: ASYNC110  accepting sets no event
                    await asyncio.sleep(0)
    assert any(line.startswith("a client did not arrive") for line in caplog.messages)
    await listener.stop()
