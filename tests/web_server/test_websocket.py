"""WebSocketResponse against a raw peer; what is on the wire is tested with weft_websocket."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from support.peers import RawPeer, raw_client
from support.serving import answer_to, get, last, status_of, talking

from weft_http_parser import Role
from weft_web_server import Application, Request, StreamResponse, TestServer, WebSocketResponse
from weft_websocket import (
    PreparedMessage,
    SendLimits,
    WSMessageTypeError,
    WSMsgType,
    WsProtocol,
)

FIELDS = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def app_with(handler: Callable[[Request], Awaitable[StreamResponse]]) -> Application:
    app = Application()
    app.router.add_get("/", handler)
    return app


Frames = bytes | list[bytes | bytearray | memoryview]


def joined(frames: Frames) -> bytes:
    return frames if isinstance(frames, bytes) else b"".join(frames)


class Client:
    """The other side, made of the core and a raw peer."""

    def __init__(self, peer: RawPeer) -> None:
        self.peer = peer
        self.protocol = WsProtocol(Role.CLIENT)

    async def open(self, *fields: str) -> bytes:
        await self.peer.send(get("/", *FIELDS, *fields))
        return await self.peer.read_until()

    async def send(self, frames: Frames) -> None:
        await self.peer.send(joined(frames))

    async def receive(self) -> list[object]:
        while True:
            async with asyncio.timeout(10):
                data = await self.peer.reader.read(65536)
            if not data:
                return []
            events = self.protocol.receive(data)
            if events:
                return [(event.type.name, event.data) for event in events]  # type: ignore[union-attr]  # messages


async def echo(request: Request) -> StreamResponse:
    socket = WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    assert not socket.closed and socket.prepared
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(f"echo {message.data}")
        else:
            await socket.send_bytes(message.data)
    assert socket.closed
    return socket


async def test_echo_and_close() -> None:
    async with talking(app_with(echo)) as peer:
        client = Client(peer)
        head = await client.open("Sec-WebSocket-Protocol: chat, other")
        assert status_of(head) == 101
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
        assert b"\r\nSec-WebSocket-Protocol: chat\r\n" in head
        assert b"\r\nDate: " in head and b"content-length" not in head.lower()
        await client.send(client.protocol.send_text("hi"))
        assert await client.receive() == [("TEXT", "echo hi")]
        await client.send(client.protocol.send_binary(b"\0"))
        assert await client.receive() == [("BINARY", b"\0")]
        await client.send(client.protocol.send_ping(b"p"))
        assert await client.receive() == [("PONG", b"p")]
        await client.send(client.protocol.send_close(1000))
        assert await client.receive() == [("CLOSE", 1000)]
        assert await peer.read_all() == b""


async def test_bytes_behind_the_handshake() -> None:
    async with talking(app_with(echo)) as peer:
        client = Client(peer)
        frames = client.protocol.send_text("early")
        await peer.send(get("/", *FIELDS) + joined(frames))
        assert status_of(await peer.read_until()) == 101
        assert await client.receive() == [("TEXT", "echo early")]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((), 400),
        (FIELDS[:1], 400),
        ((*FIELDS[:2], "Sec-WebSocket-Version: 8", FIELDS[3]), 426),
        ((*FIELDS[:3], "Sec-WebSocket-Key: short"), 400),
    ],
)
async def test_bad_handshake(fields: tuple[str, ...], status: int) -> None:
    answer = await answer_to(app_with(echo), last("/", *fields))
    assert status_of(answer) == status


async def test_can_prepare() -> None:
    found: list[object] = []

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse(protocols=("chat",))
        ready = socket.can_prepare(request)
        found.append((bool(ready), ready.protocol))
        with pytest.raises(RuntimeError, match="prepare"):
            await socket.send_str("x")
        assert socket.close_code is None and socket.exception() is None
        assert socket.get_extra_info("peername") is None and socket.compress is True
        await socket.prepare(request)
        with pytest.raises(RuntimeError, match="Already started"):
            socket.can_prepare(request)
        assert socket.get_extra_info("peername") and socket.ws_protocol is None
        with pytest.raises(TypeError):
            await socket.send_str(b"x")  # type: ignore[arg-type]  # the mistake under test
        with pytest.raises(TypeError):
            await socket.send_bytes("x")  # type: ignore[arg-type]  # the mistake under test
        with pytest.raises(RuntimeError, match="send_str"):
            await socket.write(b"x")
        await socket.close(code=4000, message=b"why")
        return socket

    async with talking(app_with(handler)) as peer:
        client = Client(peer)
        await client.open()
        assert await client.receive() == [("CLOSE", 4000)]
        await client.send(client.protocol.send_close(4000))
        assert await peer.read_all() == b""
    assert found == [(True, None)]


async def test_typed_receiving() -> None:
    found: list[object] = []

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        found.append(await socket.receive_str())
        found.append(await socket.receive_bytes())
        found.append(await socket.receive_json())
        for receive in (socket.receive_str, socket.receive_bytes):
            with pytest.raises(WSMessageTypeError):
                await receive(timeout=5)
        await socket.send_json({"a": 1})
        await socket.send_json_bytes([1], dumps=lambda data: b"[1]")
        await socket.send_frame(b"x", WSMsgType.BINARY)
        await socket.ping(b"p")
        await socket.pong(b"q")
        return socket

    async with talking(app_with(handler)) as peer:
        client = Client(peer)
        await client.open()
        for frames in (
            client.protocol.send_text("t"),
            client.protocol.send_binary(b"b"),
            client.protocol.send_text("[1]"),
            client.protocol.send_binary(b"wrong"),
            client.protocol.send_text("wrong"),
        ):
            await client.send(frames)
        events: list[object] = []
        while ("CLOSE", 1000) not in events:
            events += await client.receive()
    assert found == ["t", b"b", [1]]
    assert events == [
        ("TEXT", '{"a": 1}'),
        ("BINARY", b"[1]"),
        ("BINARY", b"x"),
        ("PING", b"p"),
        ("PONG", b"q"),
        ("CLOSE", 1000),
    ]


async def test_client_that_vanishes_ends_the_iteration() -> None:
    ended: asyncio.Queue[int | None] = asyncio.Queue()

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        ended.put_nowait(socket.close_code)
        return socket

    async with talking(app_with(handler)) as peer:
        await Client(peer).open()
        peer.reset()
        async with asyncio.timeout(10):
            assert await ended.get() == 1006


# Who may connect


@pytest.mark.parametrize(
    ("origins", "origin", "status"),
    [
        (None, "http://test", 101),
        (None, "https://test", 101),
        (None, "http://other", 403),
        (None, "null", 403),
        ("*", "http://other", 101),
        (["http://other"], "http://other", 101),
        (["http://other"], "http://test", 403),
        ("http://other:81", "http://other:81", 101),
        (["null"], "null", 101),
    ],
)
async def test_origins(origins: list[str] | str | None, origin: str, status: int) -> None:
    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse(origins=origins)
        found.append(bool(socket.can_prepare(request)))
        await socket.prepare(request)
        await socket.close()
        return socket

    found: list[bool] = []
    async with talking(app_with(handler)) as peer:
        await peer.send(get("/", *FIELDS, "Connection: close", f"Origin: {origin}"))
        head = await peer.read_until()
        assert status_of(head) == status
        assert found == [status == 101]
        if status == 403:
            assert b"origins=" in await peer.read_all()


def test_an_origin_that_is_none_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="is no origin"):
        WebSocketResponse(origins=["example.com"])


async def test_a_middleware_tells_the_scheme_and_host_that_the_browser_asked_for() -> None:
    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        asked = request.clone(scheme="https", host="public.example")
        await socket.prepare(asked)
        await socket.close()
        return socket

    for origin, status in (("https://public.example", 101), ("http://public.example", 403)):
        async with talking(app_with(handler)) as peer:
            await peer.send(get("/", *FIELDS, f"Origin: {origin}"))
            assert status_of(await peer.read_until()) == status


async def test_a_callback_chooses_the_subprotocol() -> None:
    def choose(request: Request, offered: Sequence[str]) -> str | None:
        asked.append((request.path, tuple(offered)))
        return offered[-1]

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse(select_subprotocol=choose)
        await socket.prepare(request)
        assert socket.ws_protocol == "b"
        await socket.close()
        return socket

    asked: list[object] = []
    async with talking(app_with(handler)) as peer:
        await peer.send(get("/", *FIELDS, "Sec-WebSocket-Protocol: a, b"))
        assert b"\r\nSec-WebSocket-Protocol: b\r\n" in await peer.read_until()
    assert asked == [("/", ("a", "b"))]


async def test_another_version_is_told_which_one_is_spoken() -> None:
    fields = (*FIELDS[:2], "Sec-WebSocket-Version: 8", FIELDS[3])
    async with talking(app_with(echo)) as peer:
        await peer.send(get("/", *fields))
        head = (await peer.read_until()).lower()
    assert b"\r\nsec-websocket-version: 13\r\n" in head
    assert b"\r\nupgrade: websocket\r\n" in head and b"\r\nconnection: upgrade\r\n" in head


# The interface


async def run_handler(work: Callable[[WebSocketResponse], Awaitable[None]], *sent: Frames) -> None:
    """Run this with an open websocket whose client has sent these."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        try:
            async with asyncio.timeout(10):
                await work(socket)
        except Exception as exc:
            ended.set_exception(exc)
        else:
            ended.set_result(None)
        return socket

    async with talking(app_with(handler)) as peer:
        client = Client(peer)
        await client.open()
        for frames in sent:
            await client.send(frames)
        await ended


async def test_what_sending_returns_can_be_made_a_task() -> None:
    async def work(socket: WebSocketResponse) -> None:
        await asyncio.gather(
            asyncio.create_task(socket.send_str("a")),
            asyncio.create_task(socket.send_bytes(b"b" * 300_000)),
            asyncio.create_task(socket.send_json({})),
        )
        reading = asyncio.create_task(socket.receive())
        assert (await reading).data == "t"

    await run_handler(work, WsProtocol(Role.CLIENT).send_text("t"))


async def test_one_of_many_senders_fails_alone() -> None:
    async def work(socket: WebSocketResponse) -> None:
        unprepared = WebSocketResponse()
        outcomes = await asyncio.gather(
            *(each.send_str("to all") for each in (unprepared, socket)),
            socket.send_str(b"x"),  # type: ignore[arg-type]  # the mistake under test
            socket.send_bytes("x"),  # type: ignore[arg-type]  # the mistake under test
            unprepared.send_bytes(b"x"),
            return_exceptions=True,
        )
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds == [RuntimeError, type(None), TypeError, TypeError, RuntimeError]

    await run_handler(work)


async def test_a_ping_tells_the_round_trip() -> None:
    async with talking(app_with(pinging)) as peer:
        client = Client(peer)
        await client.open()
        [ping] = await client.receive()
        assert isinstance(ping, tuple)
        await client.send(client.protocol.send_pong(ping[1]))
        assert await client.receive() == [("TEXT", "True")]


async def pinging(request: Request) -> StreamResponse:
    socket = WebSocketResponse()
    await socket.prepare(request)
    assert socket.close_reason is None
    seconds = await (await socket.ping())
    await socket.send_str(str(0 < seconds < 100))
    return socket


async def test_what_is_sent_in_parts_and_to_many() -> None:
    async def work(socket: WebSocketResponse) -> None:
        await socket.send_prepared(PreparedMessage("p"))
        await socket.send_stream(["a", "b"])
        socket.send_limits = limits = SendLimits()
        assert socket.send_limits is limits and socket.send_lag.messages == 0
        await socket.flush()
        assert not socket.stream.closed
        async with socket.receive_stream(5, max_size=20) as message:
            assert [chunk async for chunk in message] == ["read in parts"]

    await run_handler(work, WsProtocol(Role.CLIENT).send_text("read in parts"))


class Counting(WebSocketResponse):
    """Reads by itself, as a subclass may."""

    count = 0

    async def __anext__(self) -> Any:
        self.count += 1
        return await super().__anext__()


async def test_a_subclass_is_asked_for_every_message() -> None:
    counts: list[int] = []

    async def handler(request: Request) -> StreamResponse:
        socket = Counting()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        counts.append(socket.count)
        assert (socket.close_code, socket.close_reason) == (4000, "done")
        return socket

    async with talking(app_with(handler)) as peer:
        client = Client(peer)
        await client.open()
        await client.send(client.protocol.send_text("x"))
        assert await client.receive() == [("TEXT", "x")]
        await client.send(client.protocol.send_close(4000, "done"))
        assert await client.receive() == [("CLOSE", 4000)]
    assert counts == [2]


async def test_iterating_before_prepare() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        async for _ in WebSocketResponse():
            pass


async def test_compression_and_a_server_field_of_one_s_own() -> None:
    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        socket.headers["Server"] = "own"
        await socket.prepare(request)
        bits.append(socket.compress)
        await socket.close()
        return socket

    bits: list[int | bool] = []
    for offer in ("permessage-deflate", "permessage-deflate; server_max_window_bits=10", "x"):
        async with talking(app_with(handler)) as peer:
            head = await Client(peer).open(f"Sec-WebSocket-Extensions: {offer}")
            assert head.count(b"Server: own\r\n") == head.count(b"Server:") == 1
    assert bits == [15, 10, 0]


# The end of the server, and of handlers


async def test_the_end_of_the_server_closes_with_1001() -> None:
    async with TestServer(app_with(echo), access_log=None) as server:
        async with raw_client(server.port) as peer:
            client = Client(peer)
            await client.open()
            closing = asyncio.create_task(server.close())
            assert await client.receive() == [("CLOSE", 1001)]
            await client.send(client.protocol.send_close(1001))
            await closing


async def test_a_server_that_is_about_to_end_opens_no_websocket() -> None:
    async with TestServer(app_with(echo), access_log=None) as server:
        assert server.runner is not None and server.runner.server is not None
        server.runner.server.pre_shutdown()
        async with raw_client(server.port) as peer:
            await peer.send(get("/", *FIELDS))
            answer = await peer.read_all()
    assert status_of(answer) == 503 and b"about to end" in answer


async def test_a_handler_that_fails_closes_with_1011() -> None:
    async def handler(request: Request) -> StreamResponse:
        await WebSocketResponse().prepare(request)
        raise KeyError("a mistake")

    async with talking(app_with(handler)) as peer:
        client = Client(peer)
        await client.open()
        assert await client.receive() == [("CLOSE", 1011)]


def test_one_that_was_never_open_has_no_way_to_say_that_it_fails() -> None:
    assert not WebSocketResponse()._give_up()  # so the exchange cuts the connection
