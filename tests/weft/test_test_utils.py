"""weft.test_utils: servers and clients for tests."""

from __future__ import annotations

import socket
import ssl
import unittest

import pytest
import trustme

from weft import ClientConnectorError, ClientSession, TCPConnector, WSCloseCode, WSMsgType, web
from weft.test_utils import (
    AioHTTPTestCase,
    RawTestServer,
    TestClient,
    TestServer,
    get_unused_port_socket,
    unused_port,
)

NAME = web.AppKey("NAME", str)


async def method(request: web.Request) -> web.Response:
    return web.Response(text=request.method)


async def echo(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data)
    return ws


async def set_cookie(request: web.Request) -> web.Response:
    response = web.Response(text=request.cookies.get("seen", "new"))
    response.set_cookie("seen", "before")
    return response


def make_app() -> web.Application:
    app = web.Application()
    app[NAME] = "tested"
    app.router.add_route("*", "/", method)
    app.router.add_get("/cookie", set_cookie)
    app.router.add_get("/ws", echo)
    return app


@pytest.mark.parametrize("verb", ["get", "options", "post", "put", "patch", "delete"])
async def test_a_client_calls_paths_with_every_verb(verb: str) -> None:
    async with TestClient(TestServer(make_app())) as client:
        async with getattr(client, verb)("/") as response:
            assert await response.text() == verb.upper()
        assert await (await client.request(verb.upper(), "/")).text() == verb.upper()


async def test_head_has_no_body() -> None:
    async with TestClient(TestServer(make_app())) as client:
        response = await client.head("/")
        assert (response.status, await response.read()) == (200, b"")


async def test_a_client_opens_a_websocket() -> None:
    async with TestClient(TestServer(make_app())) as client, client.ws_connect("/ws") as ws:
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


async def test_a_client_keeps_cookies_though_the_host_is_an_address() -> None:
    async with TestClient(TestServer(make_app())) as client:
        assert await (await client.get("/cookie")).text() == "new"
        assert await (await client.get("/cookie")).text() == "before"


async def test_a_client_knows_its_server_and_application() -> None:
    server = TestServer(make_app())
    client: TestClient[web.Request, web.Application] = TestClient(server)
    async with client:
        assert client.server is server
        assert client.app[NAME] == "tested"
        assert (client.host, client.port) == (server.host, server.port)
        assert str(client.make_url("/a?b=c")) == f"http://127.0.0.1:{server.port}/a?b=c"
        assert not client.session.closed
    assert client.session.closed and server.closed


async def test_closing_ends_open_websockets() -> None:
    async with TestServer(make_app(), shutdown_timeout=0.1) as server, ClientSession() as session:
        async with session.ws_connect(server.make_url("/ws")) as ws:
            await server.close()
            message = await ws.receive()
            assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
            assert ws.close_code in (WSCloseCode.GOING_AWAY, WSCloseCode.ABNORMAL_CLOSURE)


async def test_a_server_starts_and_closes_once() -> None:
    server = TestServer(make_app())
    assert not server.started and server.handler is None
    await server.close()  # nothing to close yet
    await server.start_server()
    port = server.port
    await server.start_server()
    assert server.started and server.port == port and server.handler is not None
    await server.close()
    await server.close()
    assert server.closed
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://127.0.0.1:{port}/")


async def test_a_server_gives_addresses_of_its_own_only() -> None:
    server = TestServer(make_app())
    with pytest.raises(RuntimeError, match="start the server first"):
        server.make_url("/")
    async with server:
        with pytest.raises(ValueError, match="not the whole URL"):
            server.make_url("http://example.org/")
    async with TestServer(make_app(), skip_url_asserts=True) as server:
        assert str(server.make_url("http://example.org/")) == "http://example.org/"


async def test_a_server_takes_the_port_it_is_told() -> None:
    port = unused_port()
    async with TestServer(make_app(), port=port) as server:
        assert server.port == port


async def test_a_server_speaks_tls() -> None:
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    server = TestServer(make_app())
    await server.start_server(ssl=server_side)
    async with TestClient(server, connector=TCPConnector(ssl=client_side)) as client:
        assert client.make_url("/").scheme == "https"
        assert (await client.get("/")).status == 200


async def test_a_raw_server_serves_one_handler() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.path)

    async with TestClient(RawTestServer(handler)) as client:
        assert await (await client.get("/any/where")).text() == "/any/where"
        assert client.app is None


def test_an_unused_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", unused_port())):
        pass
    with get_unused_port_socket("127.0.0.1") as bound:
        assert bound.getsockname()[1] > 0


def test_a_test_case_has_a_client() -> None:
    class Case(AioHTTPTestCase):
        async def get_application(self) -> web.Application:
            return make_app()

        async def test_it(self) -> None:
            response = await self.client.get("/")
            self.assertEqual(await response.text(), "GET")
            self.assertIs(self.client.app, self.app)

    result = unittest.TestResult()
    Case("test_it").run(result)
    assert result.wasSuccessful(), result.errors + result.failures


def test_a_test_case_needs_an_application() -> None:
    class Case(AioHTTPTestCase):
        async def test_it(self) -> None:
            """Never reached."""

    result = unittest.TestResult()
    Case("test_it").run(result)
    assert "override get_application()" in result.errors[0][1]
