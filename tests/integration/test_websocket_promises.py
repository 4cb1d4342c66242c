"""What aiohttp's pages promise of websockets, each with its number, and refused handshakes."""

import asyncio
import gc
import textwrap
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from support.answers import Asked, answers, ok
from support.peers import RawPeer, raw_client
from support.programs import python_program
from support.serving import get, serving

from weft_client_session import ClientSession, WSServerHandshakeError
from weft_web_server import Application, Request, Response, StreamResponse, WebSocketResponse
from weft_websocket import WSMsgType, make_accept

Handler = Callable[[Request], Awaitable[StreamResponse]]


@asynccontextmanager
async def site(handler: Handler, **others: Handler) -> AsyncIterator[str]:
    """The handler at the root, and others by their names; gives the address."""
    app = Application()
    app.router.add_get("/", handler)
    for name, other in others.items():
        app.router.add_get(f"/{name}", other)
    async with asyncio.timeout(20), serving(app) as port:
        yield f"http://127.0.0.1:{port}/"


async def test_statement_12_one_task_reads_while_another_sends() -> None:
    heard: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)

        async def tick() -> None:
            for number in range(50):
                await ws.send_str(f"tick {number}")
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        async for message in ws:
            heard.append(message.data)
            await ws.send_str(f"heard {message.data}")
        await ticking
        return ws

    async with site(handler) as url, ClientSession() as session:
        async with session.ws_connect(url) as ws:
            for number in range(50):
                await ws.send_str(str(number))
            got = [(await ws.receive()).data for _ in range(100)]
    assert heard == [str(number) for number in range(50)]
    assert [it for it in got if it.startswith("tick")] == [f"tick {n}" for n in range(50)]
    assert [it for it in got if it.startswith("heard")] == [f"heard {n}" for n in range(50)]


async def test_statement_13_a_second_receive_raises_in_the_second_caller() -> None:
    told: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)
        first = asyncio.create_task(ws.receive_str(), name="first reader")
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match=r"Concurrent call .*: first reader waits"):
            await ws.receive()
        await ws.send_str("go on")
        told.append(str(await first))
        return ws

    async with site(handler) as url, ClientSession() as session:
        async with session.ws_connect(url) as ws:
            assert await ws.receive_str() == "go on"
            await ws.send_str("for the first")
            await ws.receive()
    assert told == ["for the first"]


@pytest.mark.parametrize("closes", ["client", "server"])
async def test_statement_14_a_helper_is_cancelled_when_the_loop_ends(closes: str) -> None:
    ended = asyncio.Event()

    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)
        helper = asyncio.create_task(asyncio.Event().wait())
        try:
            async for message in ws:
                if message.data == "close":
                    await ws.close()
        finally:
            helper.cancel()
            await asyncio.wait([helper])
            assert helper.cancelled()
            ended.set()
        return ws

    async with site(handler) as url, ClientSession() as session:
        async with session.ws_connect(url) as ws:
            if closes == "server":
                await ws.send_str("close")
                assert (await ws.receive()).type is WSMsgType.CLOSE
        await ended.wait()


@pytest.mark.parametrize("closes", ["client", "server"])
async def test_statement_15_iteration_ends_without_an_exception(closes: str) -> None:
    codes: list[int | None] = []

    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)
        if closes == "server":
            await ws.close(code=3000)
        async for _ in ws:
            raise AssertionError("nothing was sent")
        codes.append(ws.close_code)
        return ws

    async with site(handler) as url, ClientSession() as session:
        async with session.ws_connect(url) as ws:
            if closes == "client":
                await ws.close(code=3001)
            async for _ in ws:
                raise AssertionError("nothing was sent")
    assert codes == [3000 if closes == "server" else 3001]


async def test_statements_16_to_18_another_handler_closes_what_a_registry_holds() -> None:
    sockets: list[WebSocketResponse] = []
    ended: asyncio.Queue[int | None] = asyncio.Queue()
    before: list[bool] = []

    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)
        sockets.append(ws)
        async for _ in ws:
            raise AssertionError("nothing was sent")
        ended.put_nowait(ws.close_code)
        return ws

    async def close_all(request: Request) -> StreamResponse:
        before.extend(ws.closed for ws in sockets)
        await asyncio.gather(*(ws.close(code=3002) for ws in sockets))
        # Every handshake is over before this answer (17), and each socket says so (18).
        text = " ".join(f"{ws.closed} {ws.close_code}" for ws in sockets)
        return Response(text=text)

    async with site(handler, close=close_all) as url, ClientSession() as session:
        clients = [await session.ws_connect(url) for _ in range(3)]

        async def ask() -> str:
            async with session.get(url + "close") as answer:
                return await answer.text()

        closing = asyncio.create_task(ask())
        for ws in clients[:2]:
            assert (await ws.receive()).data == 3002
        assert not closing.done()  # the third has not answered
        assert (await clients[2].receive()).data == 3002
        assert await closing == "True 3002 True 3002 True 3002"
        assert all(ws.closed and ws.close_code == 3002 for ws in clients)
        assert [await ended.get() for _ in range(3)] == [3002] * 3
    assert before == [False] * 3


async def test_statement_18_a_send_that_is_never_awaited() -> None:
    """aiohttp's sample forgets the `await`: ours has sent by then, and what waits warns."""
    done = asyncio.Event()

    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)
        ws.send_str("sent at the call")  # type: ignore[unused-coroutine]  # what this is about
        with pytest.warns(RuntimeWarning, match="never awaited"):
            ws.send_json("coroutine")  # type: ignore[unused-coroutine]  # the same
            gc.collect()
        done.set()
        await ws.receive()
        return ws

    async with site(handler) as url, ClientSession() as session:
        with warnings.catch_warnings():
            async with session.ws_connect(url) as ws:
                assert await ws.receive_str() == "sent at the call"
                await done.wait()


# The end of a server


SERVER = """
    import sys
    from weft import web

    async def handler(request):
        ws = web.WebSocketResponse(timeout=0.2)
        await ws.prepare(request)
        print("open", flush=True)
        async for message in ws:
            pass
        print("ended", ws.close_code, flush=True)
        return ws

    app = web.Application()
    app.router.add_get("/", handler)

    async def tell(app):
        print("all closed", flush=True)

    app.on_cleanup.append(tell)
    web.run_app(app, host="127.0.0.1", port=0, shutdown_timeout=5.0, access_log=None)
"""

HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
GOING = b"\x88\x11\x03\xe9Server shutdown"


async def test_sigterm_tells_every_websocket_and_ends() -> None:
    async with python_program("-c", textwrap.dedent(SERVER)) as server:
        line = await server.line_with("http://")
        port = int(line.rsplit(":", 1)[1].split()[0].rstrip("/) ="))
        async with raw_client(port) as polite, raw_client(port) as silent:
            for peer in (polite, silent):
                await peer.send(get("/", *HANDSHAKE))
                assert (await peer.read_until()).startswith(b"HTTP/1.1 101")
                await server.line_with("open")
            server.terminate()
            assert await polite.read(len(GOING)) == GOING
            await polite.send(b"\x88\x82\0\0\0\0\x03\xe9")
            # The one that never answers is told, and dropped after its time.
            assert await silent.read_all() == GOING
            assert await polite.read_all() == b""
        code, printed = await server.end()
    assert code == 0, printed
    # Each handler is told at once, whatever its peer does.
    assert printed.splitlines().count("ended 1001") == 2
    assert "all closed" in printed
    assert "Traceback" not in printed


# Refused handshakes


@pytest.mark.parametrize(
    ("missing", "instead", "status", "words"),
    [
        ("Upgrade", "", 400, b"Upgrade: websocket"),
        ("Upgrade", "Upgrade: h2c", 400, b"Upgrade: websocket"),
        ("Connection", "", 400, b"Connection: Upgrade"),
        ("Sec-WebSocket-Version", "", 426, b"Sec-WebSocket-Version"),
        ("Sec-WebSocket-Version", "Sec-WebSocket-Version: 7", 426, b"Sec-WebSocket-Version"),
        ("Sec-WebSocket-Key", "", 400, b"Sec-WebSocket-Key"),
        ("Sec-WebSocket-Key", "Sec-WebSocket-Key: short", 400, b"Sec-WebSocket-Key"),
        ("", "Origin: https://elsewhere.example", 403, b"Origin"),
    ],
)
async def test_a_server_says_what_the_handshake_lacks(
    missing: str, instead: str, status: int, words: bytes
) -> None:
    async def handler(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        assert not ws.can_prepare(request)
        await ws.prepare(request)
        raise AssertionError("it was no handshake")

    fields = [it for it in HANDSHAKE if not missing or not it.startswith(missing + ":")]
    app = Application()
    app.router.add_get("/", handler)
    async with asyncio.timeout(20), serving(app) as port, raw_client(port) as peer:
        await peer.send(get("/", *fields, *([instead] if instead else [])))
        head, body = await peer.read_response()
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert words.lower() in body.lower()
    assert (b"\r\nsec-websocket-version: 13\r\n" in head.lower()) is (status == 426)


def switching(*wrong: str) -> Callable[[RawPeer, Asked], Awaitable[None]]:
    """A 101 that is right but for these fields, which replace those of their names."""

    async def reply(peer: RawPeer, asked: Asked) -> None:
        right = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": make_accept(asked.get("Sec-WebSocket-Key") or ""),
        }
        for line in wrong:
            name, _, value = line.partition(": ")
            right[name] = value
        lines = [f"{name}: {value}" for name, value in right.items() if value]
        await peer.send("\r\n".join(["HTTP/1.1 101 No", *lines]).encode() + b"\r\n\r\n")
        assert await peer.read_all() == b""  # the client closes

    return reply


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("Upgrade: ", "Invalid upgrade header"),
        ("Upgrade: h2c", "Invalid upgrade header"),
        ("Connection: ", "Invalid connection header"),
        ("Sec-WebSocket-Accept: ", "Invalid challenge response"),
        ("Sec-WebSocket-Accept: AAAA", "Invalid challenge response"),
        ("Sec-WebSocket-Protocol: other", "Invalid subprotocol"),
        ("Sec-WebSocket-Extensions: permessage-deflate", "Invalid extension"),
        ("Sec-WebSocket-Extensions: x-other", "Invalid extension"),
    ],
)
async def test_a_client_says_what_is_wrong_with_the_answer(wrong: str, words: str) -> None:
    async with answers({"/": switching(wrong)}) as server, ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(server.url(), protocols=("chat",))
    error = caught.value
    name, _, value = wrong.partition(": ")
    assert (error.status, error.message, error.body) == (101, words, b"")
    assert error.headers is not None
    assert error.headers.get(name, "") == value


@pytest.mark.parametrize("status", ["200 OK", "401 Who", "404 Not here", "500 Oh", "503 Later"])
async def test_a_refusal_has_status_headers_and_the_start_of_the_body(status: str) -> None:
    reply = ok(b"because", "X-Why: reasons", status=status)
    async with answers({"/": reply}) as server, ClientSession(raise_for_status=True) as session:
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(server.url())
    error = caught.value
    assert (error.status, error.body) == (int(status[:3]), b"because")
    assert error.headers is not None
    assert error.headers["X-Why"] == "reasons"
    assert str(error.status) in str(error)
