"""Servers for tests: an application, or one handler, on a free port of this machine.

    async with TestServer(app) as server:
        ... server.make_url("/path")

Decides nothing: runners and sites do the work.
"""

import socket
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from yarl import URL

from .application import Application
from .request import BaseRequest
from .runner import AppRunner, BaseRunner, ServerRunner
from .server import Server
from .sites import SockSite
from .streaming import StreamResponse


class BaseTestServer:
    """A server on a free port, between `start_server()` and `close()`."""

    __test__ = False  # for pytest, which collects classes by their name

    def __init__(
        self,
        *,
        scheme: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
        skip_url_asserts: bool = False,
        **options: Any,
    ) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.runner: BaseRunner | None = None
        self.skip_url_asserts = skip_url_asserts
        self._root: URL | None = None
        self._options = options

    async def start_server(self, **options: Any) -> None:
        """Listen; a second call does nothing."""
        if self.runner is not None:
            return
        given = {**self._options, **options}
        ssl_context = given.pop("ssl", None)
        self.runner = self._make_runner(
            shutdown_timeout=given.pop("shutdown_timeout", 10), **given
        )
        await self.runner.setup()
        sock = socket.create_server((self.host, self.port or 0), backlog=128)
        self.port = sock.getsockname()[1]
        await SockSite(self.runner, sock, ssl_context=ssl_context).start()
        if not self.scheme:
            self.scheme = "http" if ssl_context is None else "https"
        self._root = URL.build(scheme=self.scheme, host=self.host, port=self.port)

    def _make_runner(self, **options: Any) -> BaseRunner:
        raise NotImplementedError

    @property
    def started(self) -> bool:
        """Whether it listens."""
        return self.runner is not None

    @property
    def handler(self) -> Server:
        """The server."""
        server = None if self.runner is None else self.runner.server
        if server is None:
            raise RuntimeError("start the server first")
        return server

    def make_url(self, path: str | URL) -> URL:
        """The whole URL of a path."""
        if self._root is None:
            raise RuntimeError("start the server first")
        url = URL(path)
        return url if self.skip_url_asserts and url.absolute else self._root.join(url)

    async def close(self) -> None:
        """End; a second call does nothing."""
        runner, self.runner = self.runner, None
        if runner is not None:
            await runner.cleanup()
            self._root = None

    async def __aenter__(self) -> "BaseTestServer":
        await self.start_server()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class TestServer(BaseTestServer):
    """Serves an application."""

    def __init__(
        self,
        app: Application,
        *,
        scheme: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
        **options: Any,
    ) -> None:
        self.app = app
        super().__init__(scheme=scheme, host=host, port=port, **options)

    def _make_runner(self, **options: Any) -> BaseRunner:
        return AppRunner(self.app, **options)


class RawTestServer(BaseTestServer):
    """Serves one handler, without an application."""

    def __init__(
        self,
        handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
        *,
        scheme: str = "",
        host: str = "127.0.0.1",
        port: int | None = None,
        **options: Any,
    ) -> None:
        self._handler = handler
        super().__init__(scheme=scheme, host=host, port=port, **options)

    def _make_runner(self, *, shutdown_timeout: float = 10, **options: Any) -> BaseRunner:
        return ServerRunner(Server(self._handler, **options), shutdown_timeout=shutdown_timeout)
