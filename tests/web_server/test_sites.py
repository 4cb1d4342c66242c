import asyncio
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from support.peers import raw_client
from support.serving import last, status_of

from weft_web_server import (
    Application,
    AppRunner,
    BaseSite,
    ConfigurationError,
    Deadlines,
    NamedPipeSite,
    SockSite,
    TCPSite,
    UnixSite,
)


@pytest.fixture
async def runner() -> AsyncIterator[AppRunner]:
    runner = AppRunner(Application(), access_log=None)
    await runner.setup()
    yield runner
    await runner.cleanup()


async def test_tcp(runner: AppRunner) -> None:
    site = TCPSite(runner, "127.0.0.1", 0)
    assert site.name == "http://127.0.0.1:0" and site.port == 0
    await site.start()
    assert site.port > 0 and site.name == f"http://127.0.0.1:{site.port}"
    assert runner.sites == {site} and runner.addresses == [("127.0.0.1", site.port)]
    async with raw_client(site.port) as peer:
        await peer.send(last())
        assert status_of(await peer.read_all()) == 404
    with pytest.raises(RuntimeError, match="started already"):
        await site.start()
    await site.stop()
    assert runner.sites == set()
    with pytest.raises(RuntimeError, match="not started"):
        await site.stop()


async def test_default_ports(runner: AppRunner) -> None:
    assert TCPSite(runner).name == "http://0.0.0.0:8080"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert TCPSite(runner, ssl_context=context).name == "https://0.0.0.0:8443"


async def test_port_in_use(runner: AppRunner) -> None:
    first = TCPSite(runner, "127.0.0.1", 0)
    await first.start()
    second = TCPSite(runner, "127.0.0.1", first.port)
    with pytest.raises(OSError):
        await second.start()
    assert runner.sites == {first}


async def test_unix(runner: AppRunner, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    site = UnixSite(runner, path)
    await site.start()
    assert site.name == f"http://unix:{path}:" and runner.addresses == [str(path)]


async def test_socket(runner: AppRunner) -> None:
    sock = socket.create_server(("127.0.0.1", 0))
    site = SockSite(runner, sock)
    await site.start()
    port = sock.getsockname()[1]
    assert site.name == f"http://127.0.0.1:{port}"
    async with raw_client(port) as peer:
        await peer.send(last())
        assert status_of(await peer.read_all()) == 404


async def test_tls(runner: AppRunner) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    async with raw_client(site.port, tls=client) as peer:
        await peer.send(last())
        assert status_of(await peer.read_all()) == 404


async def test_waits_of_tls_are_those_of_the_server() -> None:
    runner = AppRunner(Application(), deadlines=Deadlines(tls_handshake=3, tls_shutdown=4))
    await runner.setup()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    site = TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    (listener,) = site._listeners
    assert listener._tls == {
        "ssl": context,
        "ssl_handshake_timeout": 3,
        "ssl_shutdown_timeout": 4,
    }
    await runner.cleanup()


async def test_named_pipes_are_of_windows(runner: AppRunner) -> None:
    with pytest.raises(ConfigurationError, match="UnixSite"):
        NamedPipeSite(runner, r"\\.\pipe\x")


async def test_runner_must_be_set_up() -> None:
    with pytest.raises(RuntimeError, match="setup"):
        TCPSite(AppRunner(Application()))


async def test_bare_site(runner: AppRunner) -> None:
    site = BaseSite(runner)
    with pytest.raises(NotImplementedError):
        assert site.name
    with pytest.raises(NotImplementedError):
        await site.start()
    assert runner.sites == set()


async def test_unix_permissions_and_end(runner: AppRunner, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    site = UnixSite(runner, path, mode=0o600)
    await site.start()
    assert path.stat().st_mode & 0o777 == 0o600
    await site.stop()
    assert not path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are of Linux")
async def test_abstract(runner: AppRunner) -> None:
    name = f"weft-test-site-{os.getpid()}"
    site = UnixSite(runner, f"\0{name}")
    await site.start()
    assert site.name == f"http://unix:@{name}:"
    reader, writer = await asyncio.open_unix_connection(f"\0{name}")
    writer.write(last())
    assert status_of(await reader.read()) == 404
    writer.close()
    await writer.wait_closed()
    await site.stop()


async def test_a_socket_that_is_a_path(runner: AppRunner, tmp_path: Path) -> None:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "socket"))
    site = SockSite(runner, sock)
    await site.start()
    assert site.name == f"http://unix:{tmp_path / 'socket'}:"
    await site.stop()


async def test_the_second_socket_may_fail(runner: AppRunner) -> None:
    """The first one is closed again."""

    class Site(BaseSite):
        @property
        def name(self) -> str:
            return "both"

        async def _bind(self) -> list[socket.socket]:
            return socks

    socks = [socket.create_server(("127.0.0.1", 0)), socket.socket()]
    socks[1].close()
    with pytest.raises(OSError):
        await Site(runner).start()
    assert [sock.fileno() for sock in socks] == [-1, -1]
    assert runner.sites == set()


async def test_the_timeout_of_a_site_is_the_runner_s(runner: AppRunner) -> None:
    for kind in ("tcp", "unix", "socket"):
        with socket.socket() as sock, pytest.warns(DeprecationWarning, match="it to the runner"):
            if kind == "tcp":
                TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=5)
            elif kind == "unix":
                UnixSite(runner, "x", shutdown_timeout=5)
            else:
                SockSite(runner, sock, shutdown_timeout=5)
    assert runner.shutdown_timeout == 5


async def test_a_named_pipe(runner: AppRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a loop that has them, as that of Windows; here a stand-in for its one method."""
    closed: list[str] = []

    class Pipe:
        def close(self) -> None:
            closed.append("pipe")

    async def start_serving_pipe(factory: object, path: str) -> list[Pipe]:
        assert factory is runner.server and path == r"\\.\pipe\x"
        return [Pipe()]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "start_serving_pipe", start_serving_pipe, raising=False)
    site = NamedPipeSite(runner, r"\\.\pipe\x")
    assert site.name == r"\\.\pipe\x" and site.sockets == ()
    await site.start()
    assert not closed
    await site.stop()
    assert closed == ["pipe"]
