"""The end of a server with open websockets: each is told, each handler ends, nothing hangs."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from support.peers import RawPeer, raw_client
from support.serving import get, status_of

from weft_client_session import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType
from weft_http_parser import Role
from weft_web_server import (
    Application,
    AppRunner,
    Request,
    Response,
    StreamResponse,
    TCPSite,
    WebSocketResponse,
)
from weft_websocket import WsProtocol

FIELDS = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
Handler = Callable[[Request], Awaitable[StreamResponse]]


async def start(
    handler: Handler,
    *,
    grace: float = 30.0,
    on_shutdown: Callable[[Application], Awaitable[None]] | None = None,
) -> tuple[AppRunner, int]:
    app = Application()
    if on_shutdown is not None:
        app.on_shutdown.append(on_shutdown)
    app.router.add_get("/", handler)
    runner = AppRunner(app, access_log=None, shutdown_timeout=grace)
    await runner.setup()
    await TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


class Handlers:
    """Handlers that read, and how they ended."""

    def __init__(self, **options: float) -> None:
        self.options = options
        self.open = 0
        self.ended: list[int | None] = []

    async def __call__(self, request: Request) -> StreamResponse:
        socket = WebSocketResponse(**self.options)  # type: ignore[arg-type]  # numbers
        await socket.prepare(request)
        self.open += 1
        async for message in socket:
            await socket.send_str(message.data)
        self.ended.append(socket.close_code)
        return socket


async def test_every_client_is_told_and_every_handler_ends() -> None:
    handlers = Handlers()
    runner, port = await start(handlers)
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        sockets = await asyncio.gather(
            *(session.ws_connect(f"http://127.0.0.1:{port}/") for _ in range(100))
        )

        async def read(ws: ClientWebSocketResponse) -> object:
            message = await ws.receive()
            return message.type, message.data, message.extra

        reading = [asyncio.create_task(read(ws)) for ws in sockets]
        async with asyncio.timeout(20):
            await runner.cleanup()
            told = await asyncio.gather(*reading)
    assert set(told) == {(WSMsgType.CLOSE, 1001, "Server shutdown")}
    assert handlers.ended == [1001] * 100


async def opened(peer: RawPeer) -> WsProtocol:
    await peer.send(get("/", *FIELDS))
    assert status_of(await peer.read_until()) == 101
    return WsProtocol(Role.CLIENT)


async def test_a_client_that_never_answers_is_dropped_after_its_time() -> None:
    handlers = Handlers(timeout=0.05)
    runner, port = await start(handlers)
    async with raw_client(port) as silent, asyncio.timeout(20):
        protocol = await opened(silent)
        await runner.cleanup()
        (message,) = protocol.receive(await silent.read_all())
        assert message[1] == 1001  # type: ignore[index]  # a message
    assert handlers.ended == [1001]


async def test_a_client_that_never_answers_does_not_outlast_the_grace_time() -> None:
    handlers = Handlers(timeout=1000.0)
    runner, port = await start(handlers, grace=0.05)
    async with raw_client(port) as silent, asyncio.timeout(20):
        protocol = await opened(silent)
        await runner.cleanup()
        (message,) = protocol.receive(await silent.read_all())
        assert message[1] == 1001  # type: ignore[index]  # a message


async def test_without_a_grace_time_the_client_is_told_all_the_same() -> None:
    handlers = Handlers()
    runner, port = await start(handlers, grace=0)
    async with raw_client(port) as peer, asyncio.timeout(20):
        protocol = await opened(peer)
        await runner.cleanup()
        (message,) = protocol.receive(await peer.read_all())
        assert message[1] == 1001  # type: ignore[index]  # a message


async def test_a_handler_that_only_sends_ends_with_its_next_message() -> None:
    told = asyncio.Event()
    ended: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        try:
            while True:
                await socket.send_str("tick")
                await told.wait()
        except ConnectionResetError as exc:
            ended.append(type(exc).__name__)
            raise

    runner, port = await start(handler)
    async with ClientSession() as session, asyncio.timeout(20):
        ws = await session.ws_connect(f"http://127.0.0.1:{port}/")
        assert await ws.receive_str() == "tick"
        cleaning = asyncio.create_task(runner.cleanup())
        message = await ws.receive()
        told.set()
        await cleaning
    assert (message.type, message.data, ended) == (WSMsgType.CLOSE, 1001, ["WebSocketClosed"])


async def test_a_handler_that_does_not_end_is_cancelled_after_the_grace_time() -> None:
    cancelled: list[bool] = []

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return socket

    runner, port = await start(handler, grace=0.05)
    async with ClientSession() as session, asyncio.timeout(20):
        ws = await session.ws_connect(f"http://127.0.0.1:{port}/")
        reading = asyncio.create_task(ws.receive())
        await runner.cleanup()
        assert (await reading).data == 1001
    assert cancelled == [True]


async def test_an_application_that_closes_its_sockets_itself_has_its_way() -> None:
    sockets: list[WebSocketResponse] = []

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        async for _ in socket:
            pass
        return socket

    async def close_all(app: Application) -> None:
        for socket in sockets:
            await socket.close(code=4000, message=b"own way")

    runner, port = await start(handler, on_shutdown=close_all)
    async with ClientSession() as session, asyncio.timeout(20):
        ws = await session.ws_connect(f"http://127.0.0.1:{port}/")
        reading = asyncio.create_task(ws.receive())
        await runner.cleanup()
        assert (await reading).data == 4000


async def test_no_websocket_opens_while_the_server_ends() -> None:
    at_work, may_go, draining = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def tell(app: Application) -> None:
        draining.set()

    async def handler(request: Request) -> StreamResponse:
        at_work.set()
        await may_go.wait()
        socket = WebSocketResponse()
        await socket.prepare(request)
        return socket

    runner, port = await start(handler, on_shutdown=tell)
    async with raw_client(port) as peer, asyncio.timeout(20):
        await peer.send(get("/", *FIELDS))
        await at_work.wait()
        cleaning = asyncio.create_task(runner.cleanup())
        await draining.wait()
        may_go.set()
        answer = await peer.read_all()
        await cleaning
    assert status_of(answer) == 503 and b"about to end" in answer


async def test_other_requests_are_answered_to_their_end() -> None:
    at_work, may_go = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> Response:
        at_work.set()
        await may_go.wait()
        return Response(text="whole")

    runner, port = await start(handler)
    async with raw_client(port) as peer, asyncio.timeout(20):
        await peer.send(get("/"))
        await at_work.wait()
        cleaning = asyncio.create_task(runner.cleanup())
        await asyncio.sleep(0)
        may_go.set()
        assert b"whole" in await peer.read_all()
        await cleaning


@pytest.mark.parametrize("when", range(1, 5))
async def test_a_shutdown_that_is_cancelled_leaves_no_task(when: int) -> None:
    """Whoever is in a hurry, as with a second signal."""
    handlers = Handlers(timeout=1000.0)
    runner, port = await start(handlers, grace=1000.0)
    before = asyncio.all_tasks()
    async with raw_client(port) as peer, asyncio.timeout(20):
        await opened(peer)
        cleaning = asyncio.create_task(runner.cleanup())
        for _ in range(when):
            await asyncio.sleep(0)
        cleaning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cleaning
        await peer.read_all()
        if left := asyncio.all_tasks() - before - {cleaning}:
            await asyncio.wait(left)
