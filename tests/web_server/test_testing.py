import pytest
from support.peers import raw_client
from support.serving import last, status_of

from weft_web_server import (
    Application,
    BaseRequest,
    RawTestServer,
    Response,
    StreamResponse,
    TestServer,
    unused_port,
)
from weft_web_server.testing import BaseTestServer


async def test_application() -> None:
    server = TestServer(Application(), access_log=None)
    with pytest.raises(RuntimeError):
        server.make_url("/")
    async with server:
        assert server.started and server.handler is not None
        assert str(server.make_url("/x")) == f"http://127.0.0.1:{server.port}/x"
        async with raw_client(server.port) as peer:
            await peer.send(last())
            assert status_of(await peer.read_all()) == 404
        with pytest.raises(ValueError):
            server.make_url("http://elsewhere/")
    assert server.closed
    await server.close()


async def test_handler() -> None:
    async def handler(request: BaseRequest) -> StreamResponse:
        return Response(text="x")

    async with RawTestServer(handler, access_log=None) as server:
        async with raw_client(server.port) as peer:
            await peer.send(last())
            assert (await peer.read_all()).endswith(b"x")


async def test_bare() -> None:
    with pytest.raises(NotImplementedError):
        await BaseTestServer().start_server()
    assert unused_port() > 0
