"""Every keyword of aiohttp's ws_connect() and WebSocketResponse, over real sockets: what it does.

The lists are aiohttp's signatures, so that a keyword that it has and this suite does not fails.
"""

import asyncio
import hashlib
import inspect
import ssl
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import AsyncMock

import aiohttp
import aiohttp.web
import pytest
import trustme
from support.peers import RawPeer, raw_client, raw_server
from support.serving import serving

import weft_client_session as client
from weft_client_session import ClientSession, ClientWSTimeout, Fingerprint
from weft_web_server import Application, Request, WebSocketResponse
from weft_websocket import WSMsgType

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Serve = Callable[[RawPeer], Awaitable[None]]


class Server:
    """A websocket server of the tests' own: keeps the request, and does as it is told after 101."""

    def __init__(self, talk: Serve | None = None, *fields: str) -> None:
        self.head = b""
        self.pongs = 0
        self._talk = talk
        self._fields = fields

    def field(self, name: str) -> str | None:
        for line in self.head.decode().split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None

    async def serve(self, peer: RawPeer) -> None:
        self.head = await peer.read_until(b"\r\n\r\n")
        key = self.field("Sec-WebSocket-Key")
        assert key is not None
        digest = b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Accept: {digest}", *self._fields]
        await peer.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        if self._talk is not None:
            await self._talk(peer)
        await peer.reader.read()


async def read_frame(peer: RawPeer) -> tuple[int, bytes]:
    first, size = await peer.read(2)
    size &= 0x7F
    if size == 126:
        (size,) = struct.unpack(">H", await peer.read(2))
    key = await peer.read(4)
    return first, bytes(byte ^ key[i % 4] for i, byte in enumerate(await peer.read(size)))


async def close_politely(peer: RawPeer) -> None:
    while True:
        first, payload = await read_frame(peer)
        if first == 0x88:
            await peer.send(bytes((0x88, len(payload))) + payload)
            return


# The client's keywords


async def check_method() -> None:
    server = Server(close_politely)
    async with raw_server(server.serve) as port, ClientSession() as session:
        async with session.ws_connect(f"http://127.0.0.1:{port}/", method="POST"):
            assert server.head.startswith(b"POST / HTTP/1.1\r\n")


async def check_protocols() -> None:
    server = Server(close_politely, "Sec-WebSocket-Protocol: two")
    async with raw_server(server.serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", protocols=("one", "two")) as ws:
            assert server.field("Sec-WebSocket-Protocol") == "one, two"
            assert ws.protocol == "two"


async def check_timeout() -> None:
    async with raw_server(Server().serve) as port, ClientSession() as session:
        waits = ClientWSTimeout(ws_close=0.01, ws_receive=0.02)
        ws = await session.ws_connect(f"ws://127.0.0.1:{port}/", timeout=waits)
        with pytest.raises(TimeoutError):
            await ws.receive()
        await ws.close()
        assert ws.close_code == 1006
        assert isinstance(ws.exception(), TimeoutError)


async def check_receive_timeout() -> None:
    async with raw_server(Server(close_politely).serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", receive_timeout=0.01) as ws:
            with pytest.raises(TimeoutError):
                await ws.receive()


async def check_autoclose() -> None:
    answered = asyncio.Event()

    async def talk(peer: RawPeer) -> None:
        await peer.send(b"\x88\x02\x0b\xb8")
        assert (await read_frame(peer))[0] == 0x88
        answered.set()

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        ws = await session.ws_connect(f"ws://127.0.0.1:{port}/", autoclose=False)
        assert (await ws.receive()).type is WSMsgType.CLOSE
        assert not ws.closed
        assert not answered.is_set()
        await ws.close()
        await answered.wait()


async def check_autoping() -> None:
    async def talk(peer: RawPeer) -> None:
        await peer.send(b"\x89\x01p")
        await close_politely(peer)

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", autoping=False) as ws:
            assert await ws.receive() == (WSMsgType.PING, b"p", "")


async def check_heartbeat() -> None:
    frames: list[int] = []

    async def talk(peer: RawPeer) -> None:
        frames.append((await read_frame(peer))[0])

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        ws = await session.ws_connect(f"ws://127.0.0.1:{port}/", heartbeat=0.02)
        assert (await ws.receive()).type is WSMsgType.ERROR
        assert frames == [0x89]
        assert ws.close_code == 1006


async def check_auth() -> None:
    server = Server(close_politely)
    async with raw_server(server.serve) as port, ClientSession() as session:
        auth = client.BasicAuth("us", "er")
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", auth=auth):
            assert server.field("Authorization") == "Basic " + b64encode(b"us:er").decode()


async def check_origin() -> None:
    server = Server(close_politely)
    async with raw_server(server.serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", origin="https://a.example"):
            assert server.field("Origin") == "https://a.example"


async def check_params() -> None:
    server = Server(close_politely)
    async with raw_server(server.serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/?a=1", params={"b": "2"}):
            assert server.head.startswith(b"GET /?a=1&b=2 HTTP/1.1\r\n")


async def check_headers() -> None:
    server = Server(close_politely)
    async with raw_server(server.serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", headers={"X-Mine": "yes"}):
            assert server.field("X-Mine") == "yes"


class Proxy:
    """Opens tunnels to one port, and keeps what it was asked."""

    def __init__(self, port: int) -> None:
        self.heads: list[bytes] = []
        self._port = port

    async def serve(self, peer: RawPeer) -> None:
        self.heads.append(await peer.read_until(b"\r\n\r\n"))
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pump(peer.reader, writer))
                group.create_task(pump(reader, peer.writer))
        finally:
            writer.close()


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    sink.close()


def authority() -> tuple[ssl.SSLContext, ssl.SSLContext, bytes]:
    """A server's context, one that trusts it, and the fingerprint."""
    root = trustme.CA()
    certificate = root.issue_cert("localhost", "a.example")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(server)
    trusting = ssl.create_default_context()
    root.configure_trust(trusting)
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    return server, trusting, hashlib.sha256(der).digest()


@asynccontextmanager
async def secret() -> AsyncIterator[tuple[int, ssl.SSLContext, bytes]]:
    tls, trusting, fingerprint = authority()
    async with raw_server(Server(close_politely).serve, tls=tls) as port:
        yield port, trusting, fingerprint


async def check_proxy() -> None:
    server = Server(close_politely)  # what has no TLS goes to the proxy itself, as in aiohttp
    async with raw_server(server.serve) as through, ClientSession() as session:
        url = f"http://127.0.0.1:{through}"
        async with session.ws_connect("ws://a.example/x", proxy=url) as ws:
            assert not ws.closed
    assert server.head.startswith(b"GET ws://a.example/x HTTP/1.1\r\n")
    assert server.field("Host") == "a.example"


async def check_proxy_auth() -> None:
    async with secret() as (port, trusting, _):
        proxy = Proxy(port)
        async with raw_server(proxy.serve) as through, ClientSession() as session:
            async with session.ws_connect(
                "wss://a.example/",
                proxy=f"http://127.0.0.1:{through}",
                proxy_auth=client.BasicAuth("us", "er"),
                ssl=trusting,
            ) as ws:
                assert ws.get_extra_info("ssl_object") is not None
    assert b"CONNECT a.example:443 HTTP/1.1\r\n" in proxy.heads[0]
    assert b"Proxy-Authorization: Basic " + b64encode(b"us:er") in proxy.heads[0]


async def check_proxy_headers() -> None:
    async with secret() as (port, trusting, _):
        proxy = Proxy(port)
        async with raw_server(proxy.serve) as through, ClientSession() as session:
            async with session.ws_connect(
                "wss://a.example/",
                proxy=f"http://127.0.0.1:{through}",
                proxy_headers={"X-Team": "blue"},
                ssl=trusting,
            ):
                assert b"\r\nX-Team: blue\r\n" in proxy.heads[0]


async def check_ssl() -> None:
    async with secret() as (port, trusting, fingerprint), ClientSession() as session:
        url = f"wss://localhost:{port}/"
        for setting in (trusting, False, Fingerprint(fingerprint)):
            async with session.ws_connect(url, ssl=setting) as ws:
                assert ws.get_extra_info("cipher") is not None
        with pytest.raises(client.ClientConnectorCertificateError):
            await session.ws_connect(url)
        with pytest.raises(client.ServerFingerprintMismatch):
            await session.ws_connect(url, ssl=Fingerprint(bytes(32)))


async def check_verify_ssl() -> None:
    async with secret() as (port, _, _), ClientSession() as session:
        url = f"wss://localhost:{port}/"
        with pytest.warns(DeprecationWarning, match="verify_ssl is .* use ssl=False") as caught:
            async with session.ws_connect(url, verify_ssl=False):
                pass
        assert caught[0].filename == __file__
        with pytest.raises(client.ClientConnectorCertificateError):
            await session.ws_connect(url, verify_ssl=True)
        with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match="exclusive"):
            await session.ws_connect(url, verify_ssl=False, fingerprint=bytes(32))


async def check_fingerprint() -> None:
    async with secret() as (port, _, fingerprint), ClientSession() as session:
        url = f"wss://localhost:{port}/"
        with pytest.warns(DeprecationWarning, match=r"use ssl=Fingerprint\(fingerprint\)"):
            async with session.ws_connect(url, fingerprint=fingerprint):
                pass
        with pytest.warns(DeprecationWarning), pytest.raises(client.ServerFingerprintMismatch):
            await session.ws_connect(url, fingerprint=bytes(32))


async def check_ssl_context() -> None:
    async with secret() as (port, trusting, _), ClientSession() as session:
        with pytest.warns(DeprecationWarning, match="use ssl=context"):
            async with session.ws_connect(f"wss://localhost:{port}/", ssl_context=trusting):
                pass


async def check_server_hostname() -> None:
    async with secret() as (port, trusting, _), ClientSession() as session:
        url = f"wss://127.0.0.1:{port}/"
        with pytest.raises(client.ClientConnectorCertificateError):
            await session.ws_connect(url, ssl=trusting)
        async with session.ws_connect(url, ssl=trusting, server_hostname="a.example"):
            pass


async def check_compress() -> None:
    server = Server(
        close_politely, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12"
    )
    async with raw_server(server.serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", compress=12) as ws:
            asked = server.field("Sec-WebSocket-Extensions")
            assert asked == (
                "permessage-deflate; client_max_window_bits; server_max_window_bits=12"
            )
            assert ws.compress > 0


async def check_max_msg_size() -> None:
    async def talk(peer: RawPeer) -> None:
        await peer.send(b"\x82\x05fives\x82\x06")
        assert (await read_frame(peer)) == (0x88, b"\x03\xf1message too big")

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        ws = await session.ws_connect(f"ws://127.0.0.1:{port}/", max_msg_size=5)
        assert (await ws.receive()).data == b"fives"
        assert (await ws.receive()).type is WSMsgType.ERROR


async def check_decode_text() -> None:
    async def talk(peer: RawPeer) -> None:
        await peer.send(b"\x81\x01t")
        await close_politely(peer)

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        async with session.ws_connect(f"ws://127.0.0.1:{port}/", decode_text=False) as ws:
            assert (await ws.receive()).data == b"t"


async def check_frame_timeout() -> None:
    async def talk(peer: RawPeer) -> None:
        await peer.send(b"\x81\x7d")
        first, payload = await read_frame(peer)
        assert (first, payload[:2]) == (0x88, b"\x03\xf0")

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        ws = await session.ws_connect(f"ws://127.0.0.1:{port}/", frame_timeout=0.01)
        assert str((await ws.receive()).data) == "frame not finished within 0.01 seconds"


async def check_message_timeout() -> None:
    async def talk(peer: RawPeer) -> None:
        await peer.send(b"\x01\x01a")

    async with raw_server(Server(talk).serve) as port, ClientSession() as session:
        ws = await session.ws_connect(f"ws://127.0.0.1:{port}/", message_timeout=0.01)
        assert str((await ws.receive()).data) == "message not finished within 0.01 seconds"


CLIENT = {
    check.__name__.removeprefix("check_"): check
    for check in (
        check_method,
        check_protocols,
        check_timeout,
        check_receive_timeout,
        check_autoclose,
        check_autoping,
        check_heartbeat,
        check_auth,
        check_origin,
        check_params,
        check_headers,
        check_proxy,
        check_proxy_auth,
        check_proxy_headers,
        check_ssl,
        check_verify_ssl,
        check_fingerprint,
        check_ssl_context,
        check_server_hostname,
        check_compress,
        check_max_msg_size,
        check_decode_text,
    )
}
BEYOND = {"frame_timeout": check_frame_timeout, "message_timeout": check_message_timeout}


@pytest.mark.parametrize("name", [*CLIENT, *BEYOND])
async def test_keyword_of_the_client(name: str) -> None:
    async with asyncio.timeout(20):
        await (CLIENT | BEYOND)[name]()


def test_no_keyword_of_aiohttp_s_is_left_out() -> None:
    theirs = set(inspect.signature(aiohttp.ClientSession.ws_connect).parameters)
    assert theirs - {"self", "url"} == set(CLIENT)


# The server's


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + b64encode(bytes(16)) + b"\r\n%b\r\n"
)


@asynccontextmanager
async def opened(
    handler: Callable[[WebSocketResponse], Awaitable[object]],
    fields: bytes = b"",
    **keywords: object,
) -> AsyncIterator[tuple[RawPeer, bytes, asyncio.Future[Any]]]:
    """A peer whose handshake was answered, the answer, and what the handler returns."""
    told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def handle(request: Request) -> WebSocketResponse:
        ws = WebSocketResponse(**keywords)  # type: ignore[arg-type]  # what each test gives
        await ws.prepare(request)
        told.set_result(await handler(ws))
        return ws

    app = Application()
    app.router.add_get("/", handle)
    async with asyncio.timeout(20), serving(app) as port, raw_client(port) as peer:
        await peer.send(HANDSHAKE % fields)
        yield peer, await peer.read_until(b"\r\n\r\n"), told


async def receive(ws: WebSocketResponse) -> object:
    message = await ws.receive()
    return message.type, message.data


def masked(first: int, payload: bytes) -> bytes:
    return bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload


async def serve_timeout() -> None:
    async def handler(ws: WebSocketResponse) -> object:
        await ws.close()
        return ws.close_code, type(ws.exception())

    async with opened(handler, timeout=0.01) as (_, _, told):
        assert await told == (1006, TimeoutError)


async def serve_receive_timeout() -> None:
    async def handler(ws: WebSocketResponse) -> object:
        with pytest.raises(TimeoutError):
            await ws.receive()
        return "timed out"

    async with opened(handler, receive_timeout=0.01) as (_, _, told):
        assert await told == "timed out"


async def serve_autoclose() -> None:
    async def handler(ws: WebSocketResponse) -> object:
        await ws.receive()
        was_closed = ws.closed
        await ws.close(code=3001)
        return was_closed

    async with opened(handler, autoclose=False) as (peer, _, told):
        await peer.send(masked(0x88, b"\x0b\xb8"))
        assert await told is False
        assert await peer.read(4) == b"\x88\x02\x0b\xb9"


async def serve_autoping() -> None:
    async with opened(receive, autoping=False) as (peer, _, told):
        await peer.send(masked(0x89, b"p"))
        assert await told == (WSMsgType.PING, b"p")


async def serve_heartbeat() -> None:
    async with opened(receive, heartbeat=0.02) as (peer, _, told):
        assert await peer.read(2) == b"\x89\x00"
        kind, error = await told
        assert kind is WSMsgType.ERROR
        assert isinstance(error, TimeoutError)


async def serve_protocols() -> None:
    fields = b"Sec-WebSocket-Protocol: one, two\r\n"
    async with opened(receive, fields, protocols=("two", "three")) as (peer, head, _):
        assert b"\r\nSec-WebSocket-Protocol: two\r\n" in head
        await peer.send(masked(0x88, b""))


async def serve_compress() -> None:
    fields = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    for compress in (True, False):
        async with opened(receive, fields, compress=compress) as (peer, head, _):
            assert (b"permessage-deflate" in head) is compress
            await peer.send(masked(0x88, b""))


async def serve_max_msg_size() -> None:
    async with opened(receive, max_msg_size=5) as (peer, _, told):
        await peer.send(masked(0x82, b"sixsix")[:2])
        kind, error = await told
        assert kind is WSMsgType.ERROR
        assert error.code == 1009
        assert (await peer.read(4))[2:] == b"\x03\xf1"


async def serve_writer_limit() -> None:
    async def handler(ws: WebSocketResponse) -> object:
        sending = asyncio.ensure_future(ws.send_bytes(bytes(2000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        unsent = ws.stream.outbox._unsent
        await sending
        return ws.stream.options.write_limit, unsent

    for limit, counted in ((1000, 0), (4000, 2004)):
        async with opened(handler, writer_limit=limit) as (peer, _, told):
            # Beyond the limit the sender made sure that it goes; below it only counted.
            assert await told == (limit, counted)
            await peer.read(2004)


async def serve_decode_text() -> None:
    async with opened(receive, decode_text=False) as (peer, _, told):
        await peer.send(masked(0x81, b"t"))
        assert await told == (WSMsgType.TEXT, b"t")


async def serve_frame_timeout() -> None:
    async with opened(receive, frame_timeout=0.01) as (peer, _, told):
        await peer.send(b"\x81")
        assert str((await told)[1]) == "frame not finished within 0.01 seconds"


async def serve_message_timeout() -> None:
    async with opened(receive, message_timeout=0.01) as (peer, _, told):
        await peer.send(masked(0x01, b"a"))
        assert str((await told)[1]) == "message not finished within 0.01 seconds"


SERVER = {
    check.__name__.removeprefix("serve_"): check
    for check in (
        serve_timeout,
        serve_receive_timeout,
        serve_autoclose,
        serve_autoping,
        serve_heartbeat,
        serve_protocols,
        serve_compress,
        serve_max_msg_size,
        serve_writer_limit,
        serve_decode_text,
    )
}
SERVER_BEYOND = {"frame_timeout": serve_frame_timeout, "message_timeout": serve_message_timeout}


@pytest.mark.parametrize("name", [*SERVER, *SERVER_BEYOND])
async def test_keyword_of_the_server(name: str) -> None:
    await (SERVER | SERVER_BEYOND)[name]()


def test_no_keyword_of_aiohttp_s_server_is_left_out() -> None:
    theirs = set(inspect.signature(aiohttp.web.WebSocketResponse).parameters)
    assert theirs == set(SERVER)


# What mock libraries ask


@pytest.mark.parametrize("kind", [WebSocketResponse, client.ClientWebSocketResponse])
@pytest.mark.parametrize("name", ["send_str", "send_bytes", "receive", "ping", "close"])
async def test_a_mock_of_a_websocket_can_be_awaited(kind: type, name: str) -> None:
    mock = AsyncMock(spec=kind)
    getattr(mock, name).return_value = "answer"
    assert await getattr(mock, name)("x") == "answer"
