"""Servers for tests: an application, or one handler, on a free port of this machine.

Knows how to start and stop them and where they are. Knows no client and no test runner.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from yarl import URL

from .application import Application
from .request import BaseRequest
from .runner import AppRunner, BaseRunner, ServerRunner
from .server import Server
from .sites import SockSite

if TYPE_CHECKING:
    import ssl

SocketFactory = Callable[[str, int, socket.AddressFamily], socket.socket]


def get_port_socket(host: str, port: int, family: socket.AddressFamily) -> socket.socket:
    """A socket bound to this port; 0 stands for any free one."""
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def get_unused_port_socket(
    host: str, family: socket.AddressFamily = socket.AF_INET
) -> socket.socket:
    """A socket bound to a port of this host that nobody uses."""
    return get_port_socket(host, 0, family)


def unused_port() -> int:
    """A TCP port of this machine that nobody uses at this moment."""
    with get_unused_port_socket("127.0.0.1") as bound:
        port: int = bound.getsockname()[1]
        return port


class BaseTestServer:
    """A server for a test: use it as `async with`, or start it and close it."""

    __test__ = False  # test runners take it for a class of tests otherwise

    def __init__(
        self,
        *,
        scheme: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
        skip_url_asserts: bool = False,
        socket_factory: SocketFactory = get_port_socket,
        **options: Any,
    ) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port or 0
        self.skip_url_asserts = skip_url_asserts
        self.socket_factory = socket_factory
        self.runner: BaseRunner | None = None
        self._options = options
        self._is_closed = False

    async def start_server(
        self,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        ssl: "ssl.SSLContext | None" = None,
        **options: Any,
    ) -> None:
        """Listen; does nothing the second time. `loop` is taken for aiohttp's sake, and unused."""
        if self.runner is not None:
            return
        self.runner = self._make_runner({"shutdown_timeout": 5.0, **self._options, **options})
        await self.runner.setup()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        bound = self.socket_factory(self.host, self.port, family)
        self.port = bound.getsockname()[1]
        self.scheme = self.scheme or ("http" if ssl is None else "https")
        await SockSite(self.runner, bound, ssl_context=ssl).start()

    def make_url(self, path: str | URL) -> URL:
        """The address of a path on this server."""
        if self.runner is None:
            raise RuntimeError("start the server first; then it has an address")
        url = URL(path)
        if url.absolute:
            if self.skip_url_asserts:
                return url
            raise ValueError(f"give a path on the test server, not the whole URL {url}")
        return URL.build(scheme=self.scheme, host=self.host, port=self.port).join(url)

    @property
    def started(self) -> bool:
        """Whether it has been started, even if it is closed by now."""
        return self.runner is not None

    @property
    def closed(self) -> bool:
        return self._is_closed

    @property
    def handler(self) -> Server | None:
        """The server that makes the connections."""
        return None if self.runner is None else self.runner.server

    async def close(self) -> None:
        """End in order; doing so again, or before the start, is fine."""
        if self.runner is None or self._is_closed:
            return
        self._is_closed = True
        await self.runner.cleanup()

    def _make_runner(self, options: dict[str, Any]) -> BaseRunner:
        raise NotImplementedError

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


class TestServer(BaseTestServer):
    """Serves an application.

    `async with TestServer(app) as server: ... server.make_url("/")`
    """

    def __init__(self, app: Application, **options: Any) -> None:
        super().__init__(**options)
        self.app = app

    def _make_runner(self, options: dict[str, Any]) -> BaseRunner:
        return AppRunner(self.app, **options)


class RawTestServer(BaseTestServer):
    """Serves one handler for every request, without an application."""

    def __init__(self, handler: Callable[[BaseRequest], Awaitable[Any]], **options: Any) -> None:
        super().__init__(**options)
        self._handler = handler

    def _make_runner(self, options: dict[str, Any]) -> BaseRunner:
        shutdown_timeout = options.pop("shutdown_timeout")
        server = Server(self._handler, **options)
        return ServerRunner(server, shutdown_timeout=shutdown_timeout)
