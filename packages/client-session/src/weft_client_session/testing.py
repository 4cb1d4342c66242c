"""What tests need: a session that knows its server, and a resolver that asks nobody.

Of the server it knows only that it starts, closes, and tells its addresses.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, Unpack

from yarl import URL

from weft_client_session.jar import AbstractCookieJar, CookieJar
from weft_client_session.opening import Opening
from weft_client_session.options import RequestKeywords
from weft_client_session.resolver import AbstractResolver, ResolveResult, literal_address
from weft_client_session.response import ClientResponse
from weft_client_session.session import ClientSession
from weft_client_session.websocket import ClientWebSocketResponse


class FakeResolver(AbstractResolver):
    """Answers from a table of hosts, and nothing else."""

    def __init__(self, hosts: Mapping[str, Sequence[str]]) -> None:
        self._hosts = hosts

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        found = [literal_address(address, port) for address in self._hosts.get(host, ())]
        if not found:
            raise OSError(None, f"the table has no {host}")
        return [{**one, "hostname": host} for one in found if one is not None]

    async def close(self) -> None:
        """Nothing is held."""


class TestedServer(Protocol):
    """The server that a test client talks to."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...

    async def start_server(self) -> None: ...
    def make_url(self, path: str | URL) -> URL: ...
    async def close(self) -> None: ...


class TestClient:
    """A session on a server: paths instead of URLs. Starts the server, and closes it at the end.

    `async with TestClient(server) as client: response = await client.get("/")`
    """

    __test__ = False  # test runners take it for a class of tests otherwise

    def __init__(
        self,
        server: TestedServer,
        *,
        cookie_jar: AbstractCookieJar | None = None,
        **options: Any,
    ) -> None:
        if not hasattr(server, "start_server"):
            raise TypeError(
                f"TestClient takes a TestServer, not {type(server).__name__};"
                " wrap an application in TestServer(app)"
            )
        # The host is an address, and those have cookies in an unsafe jar only.
        self._jar = CookieJar(unsafe=True) if cookie_jar is None else cookie_jar
        self._server = server
        self._session = ClientSession(cookie_jar=self._jar, **options)
        self._is_closed = False

    @property
    def host(self) -> str:
        """The host of the server."""
        return self._server.host

    @property
    def port(self) -> int:
        """The port of the server."""
        return self._server.port

    @property
    def server(self) -> TestedServer:
        """The server."""
        return self._server

    @property
    def session(self) -> ClientSession:
        """The session that asks."""
        return self._session

    async def start_server(self) -> None:
        """Start the server."""
        await self._server.start_server()

    def make_url(self, path: str | URL) -> URL:
        """The address of a path on the server."""
        return self._server.make_url(path)

    def request(
        self, method: str, path: str | URL, **options: Unpack[RequestKeywords]
    ) -> Opening[ClientResponse]:
        """As `ClientSession.request`, with a path on the server."""
        return self._session.request(method, self.make_url(path), **options)

    def get(self, path: str | URL, **options: Unpack[RequestKeywords]) -> Opening[ClientResponse]:
        return self.request("GET", path, **options)

    def options(
        self, path: str | URL, **options: Unpack[RequestKeywords]
    ) -> Opening[ClientResponse]:
        return self.request("OPTIONS", path, **options)

    def head(self, path: str | URL, **options: Unpack[RequestKeywords]) -> Opening[ClientResponse]:
        options.setdefault("allow_redirects", False)
        return self.request("HEAD", path, **options)

    def post(self, path: str | URL, **options: Unpack[RequestKeywords]) -> Opening[ClientResponse]:
        return self.request("POST", path, **options)

    def put(self, path: str | URL, **options: Unpack[RequestKeywords]) -> Opening[ClientResponse]:
        return self.request("PUT", path, **options)

    def patch(
        self, path: str | URL, **options: Unpack[RequestKeywords]
    ) -> Opening[ClientResponse]:
        return self.request("PATCH", path, **options)

    def delete(
        self, path: str | URL, **options: Unpack[RequestKeywords]
    ) -> Opening[ClientResponse]:
        return self.request("DELETE", path, **options)

    def ws_connect(
        self, path: str | URL, **options: Any
    ) -> "Opening[ClientWebSocketResponse[bool]]":
        """As `ClientSession.ws_connect`, with a path on the server."""
        return self._session.ws_connect(self.make_url(path), **options)

    async def close(self) -> None:
        """Close the session and the server; doing so again is fine."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._session.close()
        await self._server.close()

    async def __aenter__(self) -> Self:
        await self.start_server()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
