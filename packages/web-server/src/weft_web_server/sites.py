"""Sites: the addresses that a runner listens on.

Decides how an address is opened, named and closed. Knows no requests.
"""

import asyncio
import os
import socket
import warnings
from asyncio import AbstractServer
from typing import TYPE_CHECKING, Protocol

from yarl import URL

from .accepting import Listener, ListenOptions
from .errors import ConfigurationError
from .server import Server
from .unix_sockets import bind_unix, remove_unix, show_unix_path

if TYPE_CHECKING:
    import ssl


class RunnerLike(Protocol):
    """What a site needs of its runner."""

    shutdown_timeout: float

    @property
    def server(self) -> Server | None: ...
    def _reg_site(self, site: "BaseSite") -> None: ...
    def _unreg_site(self, site: "BaseSite") -> None: ...
    def _check_site(self, site: "BaseSite") -> None: ...


class BaseSite:
    """One address, from `start()` to `stop()`."""

    __slots__ = ("_backlog", "_listeners", "_runner", "_ssl_context")

    def __init__(
        self,
        runner: RunnerLike,
        *,
        shutdown_timeout: float | None = None,
        ssl_context: "ssl.SSLContext | None" = None,
        backlog: int = 128,
    ) -> None:
        if runner.server is None:
            raise RuntimeError("call runner.setup() before making a site")
        if shutdown_timeout is not None:
            warnings.warn(
                "weft_web_server.BaseSite(shutdown_timeout=...) is deprecated since"
                " weft-web-server 0.1; give it to the runner",
                DeprecationWarning,
                stacklevel=3,
            )
            runner.shutdown_timeout = shutdown_timeout
        self._runner = runner
        self._ssl_context = ssl_context
        self._backlog = backlog
        self._listeners: list[Listener] = []

    @property
    def name(self) -> str:
        """The address as a URL."""
        raise NotImplementedError

    async def start(self) -> None:
        """Listen."""
        self._runner._reg_site(self)
        server = self._server()
        waits = server.options.deadlines
        options = ListenOptions(
            backlog=self._backlog,
            ssl_context=self._ssl_context,
            handshake_seconds=waits.tls_handshake,
            shutdown_seconds=waits.tls_shutdown,
        )
        try:
            for sock in await self._bind():
                self._listeners.append(Listener(server, sock, options))
            for listener in self._listeners:
                await listener.start()
        except BaseException:
            await self._stop_listeners()
            self._runner._unreg_site(self)
            raise

    async def _bind(self) -> list[socket.socket]:
        raise NotImplementedError

    async def stop(self) -> None:
        """Take in the clients that are connected already, and no more; connections stay."""
        self._runner._check_site(self)
        await self._stop_listeners()
        self._runner._unreg_site(self)

    async def _stop_listeners(self) -> None:
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            await listener.stop()

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening sockets."""
        return tuple(listener.sock for listener in self._listeners)

    def _server(self) -> Server:
        server = self._runner.server
        assert server is not None  # looked at when the site was made
        return server

    def _url(self, host: str, port: int | None) -> str:
        scheme = "http" if self._ssl_context is None else "https"
        return str(URL.build(scheme=scheme, host=host, port=port))


class TCPSite(BaseSite):
    """A host and a port."""

    __slots__ = ("_host", "_port", "_reuse_address", "_reuse_port")

    def __init__(
        self,
        runner: RunnerLike,
        host: str | None = None,
        port: int | None = None,
        *,
        shutdown_timeout: float | None = None,
        ssl_context: "ssl.SSLContext | None" = None,
        backlog: int = 128,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
    ) -> None:
        super().__init__(
            runner, shutdown_timeout=shutdown_timeout, ssl_context=ssl_context, backlog=backlog
        )
        self._host = host
        self._port = (8443 if ssl_context else 8080) if port is None else port
        self._reuse_address = reuse_address
        self._reuse_port = reuse_port

    @property
    def name(self) -> str:
        return self._url(self._host or "0.0.0.0", self.port)

    @property
    def port(self) -> int:
        """The port; the one that was given out when 0 was asked for."""
        for sock in self.sockets:
            number: int = sock.getsockname()[1]
            return number
        return self._port

    async def _bind(self) -> list[socket.socket]:
        # The loop knows best what a host name stands for; it opens the sockets, we accept.
        opened = await asyncio.get_running_loop().create_server(
            asyncio.Protocol,
            self._host,
            self._port,
            reuse_address=self._reuse_address,
            reuse_port=self._reuse_port,
            start_serving=False,
        )
        socks = [socket.socket(fileno=os.dup(sock.fileno())) for sock in opened.sockets]
        opened.close()
        return socks


class UnixSite(BaseSite):
    """A socket in the file system; on Linux also an abstract one, whose path begins with NUL.

    `mode` are the permissions of the file, such as 0o660; the file goes when the site stops.
    """

    __slots__ = ("_inode", "_mode", "_path")

    def __init__(
        self,
        runner: RunnerLike,
        path: str | os.PathLike[str],
        *,
        shutdown_timeout: float | None = None,
        ssl_context: "ssl.SSLContext | None" = None,
        backlog: int = 128,
        mode: int | None = None,
    ) -> None:
        super().__init__(
            runner, shutdown_timeout=shutdown_timeout, ssl_context=ssl_context, backlog=backlog
        )
        self._path = path
        self._mode = mode
        self._inode = 0

    @property
    def name(self) -> str:
        scheme = "https" if self._ssl_context else "http"
        return f"{scheme}://unix:{show_unix_path(os.fspath(self._path))}:"

    async def _bind(self) -> list[socket.socket]:
        path = os.fspath(self._path)
        sock = bind_unix(path, self._mode)
        self._inode = 0 if path.startswith("\0") else os.stat(path).st_ino
        return [sock]

    async def stop(self) -> None:
        await super().stop()
        remove_unix(os.fspath(self._path), self._inode)


class SockSite(BaseSite):
    """A socket that is bound already."""

    __slots__ = ("_sock",)

    def __init__(
        self,
        runner: RunnerLike,
        sock: socket.socket,
        *,
        shutdown_timeout: float | None = None,
        ssl_context: "ssl.SSLContext | None" = None,
        backlog: int = 128,
    ) -> None:
        super().__init__(
            runner, shutdown_timeout=shutdown_timeout, ssl_context=ssl_context, backlog=backlog
        )
        self._sock = sock

    @property
    def name(self) -> str:
        if hasattr(socket, "AF_UNIX") and self._sock.family == socket.AF_UNIX:
            scheme = "https" if self._ssl_context else "http"
            return f"{scheme}://unix:{show_unix_path(self._sock.getsockname())}:"
        host, port = self._sock.getsockname()[:2]
        return self._url(host, port)

    async def _bind(self) -> list[socket.socket]:
        return [self._sock]


class NamedPipeSite(BaseSite):
    """A named pipe of Windows."""

    __slots__ = ("_path", "_pipe")

    def __init__(
        self, runner: RunnerLike, path: str, *, shutdown_timeout: float | None = None
    ) -> None:
        super().__init__(runner, shutdown_timeout=shutdown_timeout)
        loop = asyncio.get_running_loop()
        if not hasattr(loop, "start_serving_pipe"):
            raise ConfigurationError(
                "named pipes need the proactor event loop of Windows; use a UnixSite here"
            )
        self._path = path
        self._pipe: AbstractServer | None = None

    @property
    def name(self) -> str:
        return self._path

    async def _bind(self) -> list[socket.socket]:
        loop = asyncio.get_running_loop()
        pipes: list[AbstractServer] = await loop.start_serving_pipe(self._server(), self._path)  # type: ignore[attr-defined]  # of the proactor loop only
        self._pipe = pipes[0]
        return []

    async def stop(self) -> None:
        await super().stop()
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
