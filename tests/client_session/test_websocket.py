"""Websockets from the client's side, against aiohttp's server and rude ones."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from support.answers import Asked, answers, ok, partly
from support.peers import RawPeer

import weft_client_session as client
from weft_client_session import ClientSession, TCPConnector, WSMessage, WSMsgType
from weft_websocket import PreparedMessage, SendLimits

pytest.importorskip("aiohttp")
from aiohttp import WSMsgType as TheirType
from aiohttp import web


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is TheirType.TEXT and message.data == "close":
            await socket.close(code=4000, message=b"bye")
        elif message.type is TheirType.TEXT:
            await socket.send_str(message.data)
        elif message.type is TheirType.BINARY:
            await socket.send_bytes(message.data)
    return socket


@asynccontextmanager
async def echo_server() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("compress", [0, 15, 10])
async def test_messages_go_both_ways(compress: int) -> None:
    async with echo_server() as url, ClientSession() as session:
        async with session.ws_connect(url, protocols=("other", "chat"), compress=compress) as ws:
            assert (ws.protocol, ws.compress, ws.closed) == ("chat", 15 if compress else 0, False)
            await ws.send_str("é")
            assert await ws.receive() == WSMessage(WSMsgType.TEXT, "é", "")
            await ws.send_bytes(b"\x00" * 100_000)
            assert await ws.receive_bytes() == b"\x00" * 100_000
            await ws.send_json({"a": 1})
            assert await ws.receive_json() == {"a": 1}
            await ws.send_json_bytes([1], dumps=lambda value: b"[2]")
            assert await ws.receive_bytes() == b"[2]"
            await ws.send_frame(b"raw", WSMsgType.TEXT)
            assert await ws.receive_str() == "raw"
            await ws.ping()
            await ws.pong()
            assert isinstance(ws.get_extra_info("peername"), tuple)
            assert not ws.client_notakeover
        assert (ws.closed, ws.close_code, ws.exception()) == (True, 1000, None)


async def test_wrong_types_are_refused() -> None:
    async with echo_server() as url, ClientSession() as session, session.ws_connect(url) as ws:
        await ws.send_str("x")
        with pytest.raises(client.WSMessageTypeError, match=r"not WSMsgType\.BINARY"):
            await ws.receive_bytes()
        await ws.send_bytes(b"x")
        with pytest.raises(client.WSMessageTypeError, match=r"not WSMsgType\.TEXT"):
            await ws.receive_str()
        with pytest.raises(TypeError, match="must be str"):
            await ws.send_str(b"x")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="byte-ish"):
            await ws.send_bytes("x")  # type: ignore[arg-type]


async def test_statement_15_iteration_ends_with_the_peer_s_close() -> None:
    async with echo_server() as url, ClientSession() as session, session.ws_connect(url) as ws:
        for text in ("one", "two", "close"):
            await ws.send_str(text)
        assert [message.data async for message in ws] == ["one", "two"]
        assert (ws.closed, ws.close_code) == (True, 4000)
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert await ws.close() is False
        with pytest.raises(client.ClientConnectionResetError):
            await ws.send_str("late")


async def test_statement_13_a_second_reader_is_refused() -> None:
    async with echo_server() as url, ClientSession() as session, session.ws_connect(url) as ws:
        first = asyncio.create_task(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="Concurrent call"):
            await ws.receive()
        await ws.send_str("for the first")
        assert (await first).data == "for the first"


async def test_timeouts() -> None:
    async with echo_server() as url, ClientSession() as session:
        async with session.ws_connect(url, receive_timeout=0.02) as ws:
            with pytest.raises(TimeoutError):
                await ws.receive()
            with pytest.raises(TimeoutError):
                await ws.receive(timeout=0.01)
            await ws.send_str("x")
            assert await ws.receive_str() == "x"


async def test_the_place_in_the_pool_is_free_when_the_socket_is_closed() -> None:
    connector = TCPConnector(limit=1)
    async with echo_server() as url, ClientSession(connector=connector) as session:
        for _ in range(2):
            ws = await session.ws_connect(url)
            assert connector.stats.open == 1
            await ws.close()
            assert connector.stats.open == 0
        async with session.ws_connect(url) as ws:
            await ws.send_str("close")
            assert [message async for message in ws] == []
            async with asyncio.timeout(5), session.get(url.replace("ws", "http")) as response:
                assert response.status == 400


async def test_closing_the_session_closes_the_socket() -> None:
    async with echo_server() as url:
        session = ClientSession()
        ws = await session.ws_connect(url)
        await session.close()
        assert (await ws.receive()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)
        await ws.close()
        del ws
        gc.collect()


async def refused(reply: bytes) -> client.WSServerHandshakeError:
    async with answers({"/": reply}) as server, ClientSession() as session:
        with pytest.raises(client.WSServerHandshakeError) as caught:
            await session.ws_connect(server.url())
        assert session.connector is not None
        assert session.connector.stats.open == session.connector.stats.idle
        return caught.value


@pytest.mark.parametrize(
    ("reply", "status", "text"),
    [
        (ok(), 200, "Invalid response status"),
        (ok(b"no", status="403 Forbidden"), 403, "Invalid response status"),
        (
            b"HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            101,
            "Invalid challenge response",
        ),
        (
            b"HTTP/1.1 101 Switch\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n",
            101,
            "Invalid upgrade header",
        ),
    ],
)
async def test_a_refused_handshake(reply: bytes, status: int, text: str) -> None:
    error = await refused(reply)
    assert (error.status, error.message) == (status, text)


def gzipped_badly(body: bytes) -> bytes:
    return ok(body, "Content-Encoding: gzip", status="403 No")


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (ok(b"go away", status="403 No"), b"go away"),
        (ok(b"x" * 100_000, status="403 No"), b"x" * 4096),
        (gzipped_badly(b"not gzip"), b""),
        (b"HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nshort", b"short"),
        (b"HTTP/1.1 204 No\r\n\r\n", b""),
        (b"HTTP/1.1 101 Switch\r\nUpgrade: other\r\n\r\n\x81\x01x", b""),
    ],
)
async def test_a_refusal_has_the_start_of_its_body(reply: bytes, body: bytes) -> None:
    async with answers({"/": partly(reply)}) as server, ClientSession() as session:
        with pytest.raises(client.WSServerHandshakeError) as caught:
            await session.ws_connect(server.url())
    assert caught.value.body == body


async def test_a_refusal_does_not_wait_for_a_body_that_never_comes() -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(b"HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nsho")
        assert await peer.read_all() == b""  # the client closes

    timeout = client.ClientTimeout(total=0.1)
    async with answers({"/": reply}) as server, ClientSession(timeout=timeout) as session:
        with pytest.raises(client.WSServerHandshakeError) as caught:
            await session.ws_connect(server.url())
    assert (caught.value.status, caught.value.body) == (403, b"sho")


def switched(asked: Asked) -> bytes:
    """A right answer to a handshake."""
    from weft_websocket import make_accept

    key = asked.get("Sec-WebSocket-Key") or ""
    head = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {make_accept(key)}\r\n\r\n"
    )
    return head.encode()


async def test_a_session_that_is_closed_during_the_handshake() -> None:
    async def close_first(
        request: client.ClientRequest, handler: client.ClientHandlerType
    ) -> client.ClientResponse:
        response = await handler(request)
        await session.close()
        return response

    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(switched(asked))
        await peer.read_all()

    async with answers({"/": reply}) as server:
        session = ClientSession(middlewares=(close_first,))
        with pytest.raises(client.ServerDisconnectedError):
            await session.ws_connect(server.url())


async def test_what_the_handshake_says() -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(ok(b"", status="403 No"))

    async with answers({"/": reply}) as server, ClientSession() as session:
        with pytest.raises(client.WSServerHandshakeError):
            await session.ws_connect(
                server.url(),
                origin="http://o",
                headers={"X": "1"},
                protocols=["a", "b"],
                params={"q": "1"},
            )
    (asked,) = server.asked
    assert asked.line == "GET /?q=1 HTTP/1.1"
    assert asked.get("Upgrade") == "websocket"
    assert asked.get("Connection") == "Upgrade"
    assert asked.get("Sec-WebSocket-Version") == "13"
    assert asked.get("Sec-WebSocket-Protocol") == "a, b"
    assert (asked.get("Origin"), asked.get("X")) == ("http://o", "1")


async def test_frames_right_behind_the_handshake_are_not_lost() -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(switched(asked) + b"\x81\x05early")
        await peer.read_all()

    async with answers({"/": reply}) as server, ClientSession() as session:
        ws = await session.ws_connect(server.url())
        assert await ws.receive_str() == "early"
        await session.close()
        assert (await ws.receive()).type in (WSMsgType.CLOSED, WSMsgType.ERROR)


# The interface


async def test_sending_on_a_closed_websocket() -> None:
    async with echo_server() as url, ClientSession() as session:
        async with await session.ws_connect(url) as ws:
            assert ws.close_reason is None
            await ws.close(code=4000, message=b"done")
        late: list[Callable[[], Coroutine[Any, Any, object]]] = [
            ws.ping,
            ws.pong,
            lambda: ws.send_frame(b"", WSMsgType.TEXT),
            lambda: ws.send_str("x"),
            lambda: ws.send_bytes(b"x"),
            lambda: ws.send_json(1),
            lambda: ws.send_json_bytes(1, dumps=lambda value: b"1"),
            lambda: ws.send_prepared(PreparedMessage("x")),
            ws.flush,
            lambda: ws.send_stream(["x"]),
        ]
        outcomes = await asyncio.gather(*(send() for send in late), return_exceptions=True)
        assert [type(each) for each in outcomes] == [client.ClientConnectionResetError] * len(late)
        assert all("closing transport" in str(each) for each in outcomes)


@pytest.mark.parametrize("is_text", [True, False])
async def test_a_wait_for_a_slow_peer_that_vanishes(is_text: bool) -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(switched(asked))
        await asking.wait()
        raise ConnectionResetError  # it closes

    asking = asyncio.Event()
    async with answers({"/": reply}) as server, ClientSession() as session:
        ws = await session.ws_connect(server.url())
        send = partial(ws.send_str, "x" * 50_000_000) if is_text else None
        sending = asyncio.create_task(send() if send else ws.send_bytes(bytes(50_000_000)))
        await asyncio.sleep(0)
        asking.set()
        with pytest.raises(client.ClientConnectionResetError):
            await sending


async def test_a_ping_tells_the_round_trip() -> None:
    async with echo_server() as url, ClientSession() as session, session.ws_connect(url) as ws:
        reading = asyncio.create_task(ws.receive())  # aiohttp's server answers what it reads
        assert 0 < await (await ws.ping()) < 100
        assert 0 < await (await ws.ping(b"mine")) < 100
        await ws.send_str("close")
        await reading
        assert (ws.close_code, ws.close_reason) == (4000, "bye")


async def test_what_is_sent_in_parts_and_to_many() -> None:
    async with echo_server() as url, ClientSession() as session, session.ws_connect(url) as ws:
        await ws.send_prepared(PreparedMessage("p"))
        await ws.send_stream(["a", "b"])
        assert [await ws.receive_str(), await ws.receive_str()] == ["p", "ab"]
        ws.send_limits = limits = SendLimits()
        assert ws.send_limits is limits and ws.send_lag.messages == 0
        await ws.flush()
        assert not ws.stream.closed
        await ws.send_str("read in parts")
        async with ws.receive_stream(5, max_size=20) as message:
            assert [chunk async for chunk in message] == ["read in parts"]


async def test_a_subclass_is_asked_for_every_message() -> None:
    class Counting(client.ClientWebSocketResponse[bool]):
        count = 0

        async def __anext__(self) -> Any:
            Counting.count += 1
            return await super().__anext__()

    async with echo_server() as url, ClientSession() as session, session.ws_connect(url) as ws:
        counting = Counting.__new__(Counting)
        counting._stream = ws._stream
        await ws.send_str("x")
        await ws.send_str("close")
        assert [message.data async for message in counting] == ["x"]
        assert Counting.count == 2
        assert await anext(aiter(ws), None) is None


@pytest.mark.parametrize("timeout", [client.ClientWSTimeout(ws_close=0.05), 0.05])
async def test_a_server_that_never_answers_the_close_frame(
    timeout: client.ClientWSTimeout | float,  # noqa: ASYNC109  aiohttp's
) -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(switched(asked))
        await peer.read_all()

    async with answers({"/": reply}) as server, ClientSession() as session:
        ws = await session.ws_connect(server.url(), timeout=timeout)
        async with asyncio.timeout(10):
            assert await ws.close()
        assert ws.close_code == 1006
