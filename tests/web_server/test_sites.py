import socket
import ssl
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
