"""Tools for testing applications over real sockets of this machine, as in `aiohttp.test_utils`.

Nothing is imitated: a server listens on a free port, and a client is a session that knows where.
"""

from typing import TYPE_CHECKING, Generic, TypeVar, cast
from unittest import IsolatedAsyncioTestCase

from weft_client_session import TestClient as _TestClient
from weft_web_server import (
    Application,
    BaseRequest,
    BaseTestServer,
    RawTestServer,
    Request,
    TestServer,
    get_unused_port_socket,
    unused_port,
)

if TYPE_CHECKING:  # only a type checker needs the defaults: a plain name tests an application
    from typing_extensions import TypeVar as TypeVarWithDefault

    RequestT = TypeVarWithDefault("RequestT", bound=BaseRequest, default=Request)
    AppT = TypeVarWithDefault("AppT", bound=Application | None, default=Application)
else:
    RequestT = TypeVar("RequestT")
    AppT = TypeVar("AppT")


class TestClient(_TestClient, Generic[RequestT, AppT]):
    """A session on a test server: paths instead of URLs.

    `async with TestClient(TestServer(app)) as client: response = await client.get("/")`
    """

    __test__ = False

    @property
    def app(self) -> AppT:
        """The application that the server serves; None if it serves a plain handler."""
        return cast(AppT, getattr(self.server, "app", None))


class AioHTTPTestCase(IsolatedAsyncioTestCase):
    """A test case with a client of an application. Override `get_application()`."""

    app: Application
    client: TestClient
    server: BaseTestServer

    async def get_application(self) -> Application:
        """The application under test."""
        raise NotImplementedError("override get_application() and return the application")

    async def get_server(self, app: Application) -> TestServer:
        """The server of the application."""
        return TestServer(app)

    async def get_client(self, server: TestServer) -> TestClient:
        """The client of the server."""
        return TestClient(server)

    async def asyncSetUp(self) -> None:
        self.app = await self.get_application()
        server = await self.get_server(self.app)
        self.server = server
        self.client = await self.get_client(server)
        await self.client.start_server()

    async def asyncTearDown(self) -> None:
        await self.client.close()


__all__ = (
    "AioHTTPTestCase",
    "BaseTestServer",
    "RawTestServer",
    "TestClient",
    "TestServer",
    "get_unused_port_socket",
    "unused_port",
)
