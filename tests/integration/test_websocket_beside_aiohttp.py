"""The same handlers and clients on aiohttp and on weft: messages, exceptions, codes, attributes.

What differs on purpose stands in docs/how-to/migrate.md and is left out here, or told apart.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

import weft
from weft import web as weft_web

aiohttp = pytest.importorskip("aiohttp")
aiohttp_web = pytest.importorskip("aiohttp.web")

Scenario = Callable[["Side"], Awaitable[None]]
SCENARIOS: list[Scenario] = []


class Side(NamedTuple):
    """One of the two libraries, and what was seen with it."""

    http: Any
    web: Any
    seen: list[object]
    tmp: Path

    def note(self, *what: object) -> None:
        self.seen.append(tuple(plain(each) for each in what))

    async def outcome(self, call: Callable[[], Any]) -> None:
        """What a call gives or raises, by the names that programs catch."""
        try:
            result = call()
            self.note("gives", await result if hasattr(result, "__await__") else result)
        except Exception as exc:
            names = {kind.__name__ for kind in type(exc).__mro__} & CAUGHT
            self.note("raises", sorted(names))

    @asynccontextmanager
    async def serving(
        self, handler: Any, *, site: dict[str, Any] | None = None, **session: Any
    ) -> AsyncIterator[tuple[Any, str]]:
        """A session, and the address of a server that runs this handler on every path."""
        app = self.web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = self.web.AppRunner(app, access_log=None, shutdown_timeout=5)
        await runner.setup()
        await self.web.TCPSite(runner, "127.0.0.1", 0, **(site or {})).start()
        scheme = "https" if site else "http"
        try:
            async with self.http.ClientSession(**session) as opened:
                yield opened, f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    def echo(self, **options: Any) -> Any:
        async def handler(request: Any) -> Any:
            ws = self.web.WebSocketResponse(**options)
            await ws.prepare(request)
            async for message in ws:
                if message.data == "close":
                    await ws.close(code=4001, message=b"bye")
                elif message.type.name == "TEXT":
                    await ws.send_str(message.data)
                else:
                    await ws.send_bytes(message.data)
            return ws

        return handler


CAUGHT = {
    "ClientConnectionResetError",
    "ClientError",
    "ConnectionResetError",
    "InvalidURL",
    "NonHttpUrlClientError",
    "RuntimeError",
    "TimeoutError",
    "TypeError",
    "ValueError",
    "WSMessageTypeError",
    "WSServerHandshakeError",
}


def plain(value: Any) -> object:
    """A value that is equal for both libraries."""
    if isinstance(value, BaseException):
        return type(value).__name__
    if hasattr(value, "extra"):  # a message
        return type(value).__name__, value.type.name, plain(value.data), value.extra
    if isinstance(value, bytearray):
        return bytes(value)
    return value if not isinstance(value, list) else [plain(each) for each in value]


def scenario(function: Scenario) -> Scenario:
    SCENARIOS.append(function)
    return function


@scenario
async def messages(side: Side) -> None:
    async with side.serving(side.echo(protocols=("chat", "x"))) as (session, url):
        async with session.ws_connect(url, protocols=("y", "x", "chat")) as ws:
            side.note(ws.protocol, ws.compress, ws.client_notakeover, ws.closed, ws.close_code)
            for data in ("text", "", "é" * 1000):
                await ws.send_str(data)
                side.note(await ws.receive())
            for raw in (b"bytes", bytearray(b"array"), memoryview(b"view")):
                await ws.send_bytes(raw)
                side.note(await ws.receive_bytes())
            await ws.send_json({"a": 1})
            side.note(await ws.receive_json())
            await ws.send_json_bytes([1], dumps=lambda value: b"[1]")
            side.note(await ws.receive())
            await ws.send_frame(b"frame", side.http.WSMsgType.BINARY)
            side.note(await ws.receive())


@scenario
async def the_server_closes(side: Side) -> None:
    async with side.serving(side.echo()) as (session, url), session.ws_connect(url) as ws:
        await ws.send_str("close")
        side.note(await ws.receive(), ws.closed, ws.close_code, ws.exception())
        side.note(await ws.receive(), await ws.close())
        for call in (
            lambda: ws.send_str("x"),
            lambda: ws.send_bytes(b"x"),
            lambda: ws.send_json(1),
            lambda: ws.send_frame(b"x", side.http.WSMsgType.TEXT),
            ws.ping,
            ws.pong,
        ):
            await side.outcome(call)


@scenario
async def the_client_closes(side: Side) -> None:
    ended = asyncio.Event()

    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse()
        await ws.prepare(request)
        side.note(await ws.receive(), ws.closed, ws.close_code, await ws.close())
        for _ in range(6):  # the fifth reading of a closed websocket is a mistake
            await side.outcome(ws.receive)
        ended.set()
        return ws

    async with side.serving(handler) as (session, url), session.ws_connect(url) as ws:
        await ws.close(code=4002, message=b"why")
        await ended.wait()
        side.note(ws.closed, ws.exception())


@scenario
async def wrong_types(side: Side) -> None:
    async with side.serving(side.echo()) as (session, url), session.ws_connect(url) as ws:
        for call in (
            lambda: ws.send_str(b"x"),
            lambda: ws.send_bytes("x"),
            lambda: ws.send_json(object()),
        ):
            await side.outcome(call)
        for data, receive in (
            ("t", ws.receive_bytes),
            (b"b", ws.receive_str),
            (b"b", ws.receive_json),
            ("{", ws.receive_json),
            ("close", ws.receive_str),
        ):
            await (ws.send_str(data) if isinstance(data, str) else ws.send_bytes(data))
            await side.outcome(receive)


@scenario
async def before_prepare(side: Side) -> None:
    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse()
        for call in (
            ws.receive,
            ws.receive_str,
            ws.close,
            ws.ping,
            ws.pong,
            ws.write_eof,
            lambda: ws.send_str("x"),
            lambda: ws.send_bytes(b"x"),
            lambda: ws.send_json(1),
            lambda: ws.write(b"x"),
        ):
            await side.outcome(call)
        side.note(ws.prepared, ws.closed, ws.close_code, ws.exception(), ws.compress)
        side.note(ws.ws_protocol, ws.get_extra_info("peername"), ws.get_extra_info("x", 3))
        side.note(bool(ws.can_prepare(request)), ws.can_prepare(request).protocol)
        await ws.prepare(request)
        await side.outcome(lambda: ws.can_prepare(request))
        await side.outcome(lambda: ws.write(b"x"))
        side.note(ws.prepared, ws.status, ws.reason, ws.compress, ws.keep_alive, ws.chunked)
        side.note(
            ws.content_length, ws.content_type, isinstance(ws.get_extra_info("peername"), tuple)
        )
        return ws

    async with side.serving(handler) as (session, url), session.ws_connect(url) as ws:
        side.note(await ws.receive(), ws.closed, ws.close_code)


@scenario
async def pings_by_hand(side: Side) -> None:
    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        for _ in range(2):
            side.note(await ws.receive())
        await ws.ping(b"s")
        await ws.pong(b"t")
        await ws.close()
        return ws

    async with side.serving(handler) as (session, url):
        async with session.ws_connect(url, autoping=False) as ws:
            await ws.ping(b"x")
            await ws.pong(b"y")
            for _ in range(3):
                side.note(await ws.receive())


@scenario
async def compression(side: Side) -> None:
    for bits in (9, 12, 15):
        async with side.serving(side.echo()) as (session, url):
            async with session.ws_connect(url, compress=bits) as ws:
                side.note(ws.compress, ws.client_notakeover)
                await ws.send_str("x" * 10_000)
                await ws.send_str("y" * 10_000, compress=0)
                side.note(await ws.receive(), await ws.receive())
    for bits in (8, 16):
        async with side.serving(side.echo()) as (session, url):
            await side.outcome(lambda: session.ws_connect(url, compress=bits))  # noqa: B023


@scenario
async def too_big(side: Side) -> None:
    async with side.serving(side.echo(max_msg_size=100)) as (session, url):
        async with session.ws_connect(url) as ws:
            await ws.send_str("x" * 200)
            message = await ws.receive()
            side.note(message.type.name, message.data, ws.closed, ws.close_code)
    async with side.serving(side.echo()) as (session, url):
        async with session.ws_connect(url, max_msg_size=100) as ws:
            await ws.send_str("x" * 200)
            side.note(await ws.receive(), ws.closed, ws.close_code, (await ws.receive()).type.name)


@scenario
async def time_limits(side: Side) -> None:
    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse(receive_timeout=0.02)
        await ws.prepare(request)
        await side.outcome(ws.receive)
        await side.outcome(lambda: ws.receive(timeout=0.01))
        await ws.send_str("go on")
        side.note(ws.closed, await ws.receive(timeout=10))
        return ws

    async with side.serving(handler) as (session, url), session.ws_connect(url) as ws:
        side.note(await ws.receive())
        await side.outcome(lambda: ws.receive_str(timeout=0.01))
        side.note(ws.closed)
        await ws.send_str("x")
        side.note(await ws.receive())


@scenario
async def undecoded_text(side: Side) -> None:
    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse(decode_text=False)
        await ws.prepare(request)
        side.note(await ws.receive(), await ws.receive_str(), await ws.receive_json())
        await ws.send_str("é")
        return ws

    async with side.serving(handler) as (session, url):
        async with session.ws_connect(url, decode_text=False) as ws:
            for text in ("é", "b", "{}"):
                await ws.send_str(text)
            side.note(await ws.receive())


@scenario
async def two_readers(side: Side) -> None:
    async with side.serving(side.echo()) as (session, url), session.ws_connect(url) as ws:
        first = asyncio.create_task(ws.receive())
        await asyncio.sleep(0)
        await side.outcome(ws.receive)
        await ws.send_str("for the first")
        side.note(await first)
        waiting = asyncio.create_task(ws.receive())
        await asyncio.sleep(0)
        side.note(await ws.close(), await waiting, ws.closed, ws.close_code)


@scenario
async def the_client_vanishes(side: Side) -> None:
    seen = asyncio.Event()

    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str("open")
        side.note(await ws.receive(), ws.closed, ws.close_code, ws.exception() is None)
        seen.set()
        return ws

    async with side.serving(handler) as (session, url):
        ws = await session.ws_connect(url)
        await ws.receive()
        ws.get_extra_info("socket").shutdown(2)
        await seen.wait()


@scenario
async def the_server_vanishes(side: Side) -> None:
    async def handler(request: Any) -> Any:
        ws = side.web.WebSocketResponse()
        await ws.prepare(request)
        request.transport.abort()
        return ws

    async with side.serving(handler) as (session, url), session.ws_connect(url) as ws:
        side.note(await ws.receive(), ws.closed, ws.close_code, ws.exception() is None)
        await side.outcome(lambda: ws.send_str("x"))


@scenario
async def refusals(side: Side) -> None:
    async def handler(request: Any) -> Any:
        if request.path == "/plain":
            return side.web.Response(text="no websocket")
        if request.path == "/forbidden":
            raise side.web.HTTPForbidden(headers={"X-Why": "so"})
        raise side.web.HTTPFound("/plain")

    async with side.serving(handler) as (session, url):
        for path in ("/plain", "/forbidden", "/elsewhere"):
            try:
                await session.ws_connect(url + path)
            except side.http.WSServerHandshakeError as exc:
                side.note(exc.status, exc.message, exc.headers.get("X-Why"), len(exc.history))
                side.note(str(exc).replace(url, ""), exc.request_info.method)
        await side.outcome(lambda: session.ws_connect("ftp://127.0.0.1/"))
        await side.outcome(lambda: session.ws_connect("http://"))
        await side.outcome(lambda: session.ws_connect(url, unknown=1))


@scenario
async def what_the_handshake_says(side: Side) -> None:
    async def handler(request: Any) -> Any:
        fields = ("Origin", "X", "X-S", "Cookie", "Authorization", "Accept", "Accept-Encoding")
        side.note(request.method, request.query_string, [request.headers.get(n) for n in fields])
        extensions = request.headers.get("Sec-WebSocket-Extensions")
        side.note(extensions, request.headers.get("Upgrade"), request.headers.get("Connection"))
        ws = side.web.WebSocketResponse()
        ws.headers["X-Answer"] = "yes"
        ws.set_cookie("answer", "1")
        await ws.prepare(request)
        return ws

    options: list[dict[str, Any]] = [
        {},
        {"headers": {"X": "1"}},
        {"params": {"q": "1"}},
        {"compress": 15},
        {"compress": 10},
        {"headers": {"Authorization": side.http.encode_basic_auth("user", "secret")}},
    ]
    async with side.serving(handler, headers={"X-S": "s"}, cookies={"c": "1"}) as (session, url):
        for keywords in options:
            async with session.ws_connect(url, **keywords) as ws:
                await ws.receive()
        side.note(sorted(cookie.key for cookie in session.cookie_jar))


@scenario
async def redirects(side: Side) -> None:
    async def handler(request: Any) -> Any:
        if request.path != "/ws":
            raise side.web.HTTPTemporaryRedirect("/ws")
        return await side.echo()(request)

    async with side.serving(handler) as (session, url):
        async with session.ws_connect(url + "/old") as ws:
            await ws.send_str("after a redirect")
            side.note(await ws.receive())


@scenario
async def tls(side: Side) -> None:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    async with side.serving(side.echo(), site={"ssl_context": server}) as (session, url):
        async with session.ws_connect(url.replace("https", "wss"), ssl=client) as ws:
            await ws.send_str("in secret")
            side.note(await ws.receive(), ws.get_extra_info("cipher") is not None)


@scenario
async def a_unix_socket(side: Side) -> None:
    app = side.web.Application()
    app.router.add_get("/", side.echo())
    runner = side.web.AppRunner(app, access_log=None)
    await runner.setup()
    path = str(side.tmp / "socket")
    await side.web.UnixSite(runner, path).start()
    try:
        connector = side.http.UnixConnector(path)
        async with side.http.ClientSession(connector=connector) as session:
            async with session.ws_connect("http://anything/") as ws:
                await ws.send_str("by a path")
                side.note(await ws.receive())
    finally:
        await runner.cleanup()


@scenario
async def a_proxy(side: Side) -> None:
    """A plain proxy is asked with the whole address, and passes the bytes on."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode()
        side.note(head.startswith(b"GET http://127.0.0.1:"))
        port = int(target.rsplit(":", 1)[1].split("/")[0])
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        to_writer.write(head.replace(target.encode(), b"/", 1))
        await asyncio.gather(pump(reader, to_writer), pump(to_reader, writer))

    between = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = between.sockets[0].getsockname()[1]
    async with between, side.serving(side.echo()) as (session, url):
        async with session.ws_connect(url, proxy=f"http://127.0.0.1:{port}") as ws:
            await ws.send_str("by a proxy")
            side.note(await ws.receive())


@scenario
async def the_session_closes(side: Side) -> None:
    async with side.serving(side.echo()) as (session, url):
        ws = await session.ws_connect(url)
        reading = asyncio.create_task(ws.receive())
        await asyncio.sleep(0)
        await session.close()
        side.note((await reading).type.name in ("CLOSED", "ERROR"), ws.closed)
        await side.outcome(lambda: session.ws_connect(url))


@pytest.mark.parametrize("function", SCENARIOS, ids=lambda each: each.__name__)
async def test_alike(function: Scenario, tmp_path: Path) -> None:
    seen: list[list[object]] = []
    for name, (http, web) in {
        "aiohttp": (aiohttp, aiohttp_web),
        "weft": (weft, weft_web),
    }.items():
        side = Side(http, web, [], tmp_path / name)
        side.tmp.mkdir()
        async with asyncio.timeout(30):
            await function(side)
        seen.append(side.seen)
    theirs, ours = seen
    assert theirs and ours == theirs
