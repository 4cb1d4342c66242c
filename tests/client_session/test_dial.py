"""Addresses to links: order, races, TLS, tunnels."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
import uvloop
from support.answers import Asked, answers, ok, read_request
from support.peers import RawPeer, raw_server

import weft_client_session as client
from weft_client_session import ClientSession, Fingerprint, TCPConnector
from weft_client_session.dial import DialOptions, connect_first, interleaved
from weft_client_session.resolver import ResolveResult, literal_address
from weft_client_session.testing import FakeResolver

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost", "a.example")


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@asynccontextmanager
async def tls_server() -> AsyncIterator[int]:
    async def serve(peer: RawPeer) -> None:
        while True:
            await read_request(peer)
            await peer.send(ok(b"secret"))

    async with raw_server(serve, tls=server_context()) as port:
        yield port


def places(*hosts: str, port: int = 80) -> list[ResolveResult]:
    found = [literal_address(host, port) for host in hosts]
    return [one for one in found if one is not None]


# Sockets


@pytest.mark.parametrize(
    ("first_count", "wanted"),
    [
        (1, ["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]),
        (2, ["::1", "::2", "127.0.0.1", "::3", "127.0.0.2"]),
    ],
)
def test_families_take_turns(first_count: int, wanted: list[str]) -> None:
    every = places("::1", "::2", "::3", "127.0.0.1", "127.0.0.2")
    assert [one["host"] for one in interleaved(every, first_count)] == wanted
    assert interleaved([], 1) == []


@pytest.mark.parametrize("delay", [0.25, None])
async def test_the_next_address_is_tried_when_one_refuses(delay: float | None) -> None:
    async with answers() as server:
        dead, alive = places("127.0.0.2", "127.0.0.1", port=server.port)
        options = DialOptions(happy_eyeballs_seconds=delay)
        sock = await connect_first([dead, alive], options)
        assert sock.getpeername() == ("127.0.0.1", server.port)
        sock.close()


async def test_a_silent_address_is_overtaken() -> None:
    silent = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = silent.getsockname()[1]
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(silent.getsockname())
    alive = socket.create_server(("127.0.0.2", port))
    try:
        addresses = places("127.0.0.1", "127.0.0.2", port=port)
        async with asyncio.timeout(5):
            sock = await connect_first(addresses, DialOptions(happy_eyeballs_seconds=0.02))
        assert sock.getpeername() == ("127.0.0.2", port)
        sock.close()
    finally:
        for one in (silent, alive, *fillers):
            one.close()


async def test_when_all_refuse_the_first_error_is_told() -> None:
    with pytest.raises(ConnectionRefusedError, match=r"127\.0\.0\.1"):
        await connect_first(places("127.0.0.1", "127.0.0.2", port=1), DialOptions())
    with pytest.raises(OSError, match="no address"):
        await connect_first([], DialOptions())


async def test_an_address_that_is_not_ours_cannot_be_bound() -> None:
    options = DialOptions(local_addr=("192.0.2.1", 0))
    with pytest.raises(OSError, match="cannot bind"):
        await connect_first(places("127.0.0.1"), options)


# TLS


async def test_tls_with_a_trusted_server() -> None:
    async with tls_server() as port, ClientSession() as session:
        for _ in range(2):
            url = f"https://localhost:{port}/"
            async with session.get(url, ssl=client_context()) as response:
                assert await response.text() == "secret"
        connector = TCPConnector(ssl=client_context())
        async with ClientSession(connector=connector) as own:
            assert await (await own.get(f"https://localhost:{port}/")).text() == "secret"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_an_untrusted_server_is_refused(host: str) -> None:
    async with tls_server() as port, ClientSession() as session:
        context = True if host == "localhost" else client_context()
        with pytest.raises(client.ClientConnectorCertificateError) as caught:
            await session.get(f"https://{host}:{port}/", ssl=context)
        assert caught.value.host == host
        async with session.get(f"https://{host}:{port}/", ssl=False) as response:
            assert response.status == 200
        assert session.connector is not None and session.connector.stats.open == 1


async def test_the_name_to_check_can_be_given() -> None:
    async with tls_server() as port, ClientSession() as session:
        url = f"https://127.0.0.1:{port}/"
        context = client_context()
        assert (await session.get(url, ssl=context, server_hostname="localhost")).status == 200
        with pytest.raises(client.ClientConnectorCertificateError):
            await session.get(url, ssl=context, server_hostname="other.example")


async def test_pinned_certificates() -> None:
    pem = CERTIFICATE.cert_chain_pems[0].bytes().decode()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    async with tls_server() as port, ClientSession() as session:
        url = f"https://localhost:{port}/"
        assert (await session.get(url, ssl=Fingerprint(digest))).status == 200
        with pytest.raises(client.ServerFingerprintMismatch) as caught:
            await session.get(url, ssl=Fingerprint(bytes(32)))
        assert (caught.value.got, caught.value.port) == (digest, port)
        assert session.connector is not None and session.connector.stats.open == 1


async def test_a_server_without_tls() -> None:
    async def serve(peer: RawPeer) -> None:
        await peer.reader.read(1)
        await peer.send(ok())

    async with raw_server(serve) as port, ClientSession() as session:
        with pytest.raises(client.ClientConnectorSSLError):
            await session.get(f"https://127.0.0.1:{port}/")


async def test_connections_of_other_settings_are_not_shared() -> None:
    async with tls_server() as port, ClientSession() as session:
        url = f"https://localhost:{port}/"
        await session.get(url, ssl=False)
        with pytest.raises(client.ClientConnectorCertificateError):
            await session.get(url)


# Tunnels


class Proxy:
    """Opens tunnels to where it is told, or answers otherwise."""

    def __init__(self, port: int, reply: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.port = port
        self.reply = reply
        self.asked: list[Asked] = []

    async def serve(self, peer: RawPeer) -> None:
        self.asked.append(await read_request(peer))
        await peer.send(self.reply)
        if b" 200 " not in self.reply:
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await asyncio.gather(pump(peer.reader, writer), pump(reader, peer.writer))
        finally:
            writer.close()
            await writer.wait_closed()


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
    sink.close()


@pytest.mark.parametrize("is_secret", [False, True])
async def test_https_through_a_tunnel(is_secret: bool) -> None:
    async with tls_server() as port:
        proxy = Proxy(port)
        tls = server_context() if is_secret else None
        connector = TCPConnector(ssl=client_context())
        async with raw_server(proxy.serve, tls=tls) as proxy_port:
            async with ClientSession(connector=connector) as session:
                for _ in range(2):
                    async with session.get(
                        f"https://a.example:{port}/",
                        proxy=f"http{'s' if is_secret else ''}://u:p@localhost:{proxy_port}",
                        proxy_headers={"X-Proxy": "1"},
                        headers={"Authorization": "mine"},
                    ) as response:
                        assert await response.text() == "secret"
    (asked,) = proxy.asked
    assert asked.line == f"CONNECT a.example:{port} HTTP/1.1"
    assert asked.get("Proxy-Authorization") == "Basic dTpw"
    assert asked.get("X-Proxy") == "1"
    assert asked.get("Authorization") is None


@pytest.mark.parametrize(
    "make_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_tls_inside_tls(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    big = b"x" * 3_000_000

    async def main() -> None:
        async with answers({"/big": ok(big)}, tls=server_context()) as server:
            proxy = Proxy(server.port)
            connector = TCPConnector(ssl=client_context())
            async with raw_server(proxy.serve, tls=server_context()) as proxy_port:
                async with ClientSession(connector=connector) as session:
                    through = f"https://localhost:{proxy_port}"
                    url = server.url("/big", host="a.example")
                    async with session.post(url, data=big, proxy=through) as response:
                        assert await response.read() == big
            assert server.asked[0].body == big

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n", client.ClientHttpProxyError),
        (b"HTTP/1.0 407\nServer : old\n\n", client.ClientHttpProxyError),
        (
            b"HTTP/1.1 407 Who?\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            client.ClientHttpProxyError,
        ),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", client.ClientProxyConnectionError),
        (b"HTTP/1.1 200 OK\r\n\r\nevil", client.ClientProxyConnectionError),
        (b"", client.ClientProxyConnectionError),
    ],
)
async def test_a_proxy_that_does_not_open(reply: bytes, kind: type[Exception]) -> None:
    proxy = Proxy(1, reply)
    async with raw_server(proxy.serve) as port, ClientSession() as session:
        with pytest.raises(kind):
            await session.get("https://a.example/", proxy=f"http://127.0.0.1:{port}")
        assert session.connector is not None and session.connector.stats.open == 0


async def test_the_second_address_of_a_name_serves() -> None:
    connector = TCPConnector(resolver=FakeResolver({"a.example": ["127.0.0.2", "127.0.0.1"]}))
    async with answers() as server, ClientSession(connector=connector) as session:
        assert (await session.get(server.url(host="a.example"))).status == 200
