"""Runners: an application or a server, with the sites it listens on, from set-up to clean-up.

Decides the order in which a server ends. Knows no requests.
"""

import asyncio
import signal
from typing import Any

from .application import Application
from .exchange import RequestLimits
from .server import ApplicationServer, Server
from .settings import to_options
from .sites import BaseSite


class GracefulExit(SystemExit):
    """Raised by a signal to end `run_app()` in order."""

    code = 1


def _raise_graceful_exit() -> None:
    raise GracefulExit


class BaseRunner:
    """What runners have in common."""

    __slots__ = ("_handle_signals", "_server", "_sites", "options", "shutdown_timeout")

    def __init__(
        self, *, handle_signals: bool = False, shutdown_timeout: float = 60.0, **options: Any
    ) -> None:
        self._handle_signals = handle_signals
        self.shutdown_timeout = shutdown_timeout
        self._server: Server | None = None
        self._sites: list[BaseSite] = []
        self.options = options

    @property
    def server(self) -> Server | None:
        """The server; None before `setup()`."""
        return self._server

    @property
    def addresses(self) -> list[Any]:
        """The names of the listening sockets."""
        return [sock.getsockname() for site in self._sites for sock in site.sockets]

    @property
    def sites(self) -> set[BaseSite]:
        """The sites that listen."""
        return set(self._sites)

    async def setup(self) -> None:
        """Make the server; sites can be started after it."""
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        if self._handle_signals:
            try:
                loop.add_signal_handler(signal.SIGINT, _raise_graceful_exit)
                loop.add_signal_handler(signal.SIGTERM, _raise_graceful_exit)
            except NotImplementedError:  # Windows has none
                pass
        self._server = await self._make_server()

    async def shutdown(self) -> None:
        """Tell the application that the server ends."""

    async def cleanup(self) -> None:
        """End: stop listening, close what is idle, tell, wait for handlers, close, clean up."""
        for site in list(self._sites):
            await site.stop()
        try:
            if self._server is not None:
                await self._end_server(self._server)
        finally:
            try:
                await self._cleanup_server()
            finally:
                self._server = None
                if self._handle_signals:
                    self._forget_signals()

    async def _end_server(self, server: Server) -> None:
        server.pre_shutdown()
        seconds = self.shutdown_timeout
        try:
            await server.close_idle()
            await self.shutdown()
        except asyncio.CancelledError:
            seconds = 0.0  # whoever cancels this has no time to wait for handlers
            raise
        finally:
            await server.shutdown(seconds)

    def _forget_signals(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)
        except NotImplementedError:
            pass

    async def _make_server(self) -> Server:
        raise NotImplementedError

    async def _cleanup_server(self) -> None:
        """What the server leaves behind."""

    # For sites.

    def _reg_site(self, site: BaseSite) -> None:
        if site in self._sites:
            raise RuntimeError(f"{site.name} is started already")
        self._sites.append(site)

    def _check_site(self, site: BaseSite) -> None:
        if site not in self._sites:
            raise RuntimeError(f"{site.name} is not started, or belongs to another runner")

    def _unreg_site(self, site: BaseSite) -> None:
        if site in self._sites:
            self._sites.remove(site)


class ServerRunner(BaseRunner):
    """Runs a low-level server."""

    __slots__ = ("_web_server",)

    def __init__(
        self, web_server: Server, *, handle_signals: bool = False, **options: Any
    ) -> None:
        super().__init__(handle_signals=handle_signals, **options)
        self._web_server = web_server

    async def _make_server(self) -> Server:
        return self._web_server


class AppRunner(BaseRunner):
    """Runs an application."""

    __slots__ = ("_app",)

    def __init__(self, app: Application, *, handle_signals: bool = False, **options: Any) -> None:
        if not isinstance(app, Application):
            raise TypeError(
                f"AppRunner takes a web.Application, not {type(app).__name__};"
                " call and await a factory first"
            )
        super().__init__(handle_signals=handle_signals, **options)
        self._app = app

    @property
    def app(self) -> Application:
        """The application."""
        return self._app

    async def shutdown(self) -> None:
        await self._app.shutdown()

    async def _make_server(self) -> Server:
        app = self._app
        given = {**app.handler_args, **self.options}
        if app.render_error is not None:
            given.setdefault("render_error", app.render_error)
        limits = RequestLimits(body_size=app.client_max_size, form_fields=app.client_max_fields)
        options = to_options(request_limits=limits, **given)  # before anything is started
        await app.startup()
        app.freeze()
        return ApplicationServer(app.resolve, options, app.tasks)

    async def _cleanup_server(self) -> None:
        try:
            await self._app.cleanup()
        finally:
            await self._app.tasks.close()
