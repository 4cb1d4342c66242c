import asyncio
import time

from support.peers import raw_client
from support.serving import get

from weft_web_server import Application, BaseRequest, Response, Server, StreamResponse, TestServer
from weft_web_server.server import SWEEP_SECONDS


async def hello(request: BaseRequest) -> StreamResponse:
    return Response(text="hello")


def app() -> Application:
    app = Application()
    app.router.add_get("/", hello)
    return app


async def test_connections_are_forgotten() -> None:
    async with TestServer(app(), access_log=None) as server:
        assert isinstance(server.handler, Server)
        async with raw_client(server.port) as peer:
            await peer.send(get())
            await peer.read_response()
            (connection,) = server.handler.connections
        async with asyncio.timeout(5):
            await connection.link.wait_closed()
        assert server.handler.connections == []


async def test_the_date_is_of_this_second() -> None:
    async with TestServer(app(), access_log=None) as server:
        async with raw_client(server.port) as peer:
            await peer.send(get())
            head, _ = await peer.read_response()
        assert server.handler is not None
        assert abs(server.handler.stamp.second - time.time()) <= 1 + SWEEP_SECONDS
        assert server.handler.stamp.date.encode() in head


async def test_no_sweep_without_connections() -> None:
    async with TestServer(app(), access_log=None) as server:
        assert server.handler is not None
        assert server.handler._sweep_handle is None
        async with raw_client(server.port) as peer:
            await peer.send(get())
            await peer.read_response()
            assert server.handler._sweep_handle is not None


async def test_one_protocol_for_each_connection() -> None:
    server = Server(hello)
    assert server() is not server()
    assert server.connections == [] and not server.is_draining


async def test_shutdown_before_any_connection() -> None:
    server = Server(hello)
    await server.shutdown(1)
    assert server.is_draining
