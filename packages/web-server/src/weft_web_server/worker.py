"""The workers of Gunicorn: `gunicorn -k weft.GunicornWebWorker module:app`.

Decides what Gunicorn's signals and settings mean for a runner. Gunicorn owns the processes and the
listening sockets; a worker serves on them with one loop.
"""

import asyncio
import inspect
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

from .access_log import AccessLogger
from .admission import count_requests
from .application import Application
from .errors import ConfigurationError
from .loops import LoopName, close_loop, describe_loop, make_loop
from .notice import Notice
from .runner import AppRunner
from .sites import SockSite

if TYPE_CHECKING:
    import ssl

try:
    from gunicorn.config import AccessLogFormat  # type: ignore[import-untyped]  # has no types
    from gunicorn.sock import ssl_context  # type: ignore[import-untyped]  # the same
    from gunicorn.workers.base import Worker  # type: ignore[import-untyped]  # the same

    _GUNICORN_FORMAT: str = AccessLogFormat.default
except ImportError:
    _GUNICORN_FORMAT = ""

    class Worker:  # type: ignore[no-redef]  # so that `from weft import *` works without it
        """Stands in for Gunicorn's."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise ConfigurationError("Gunicorn is not installed: pip install gunicorn")


NOTIFY_SECONDS: Final = 1.0
# Our end must come before Gunicorn's, which is SIGKILL.
SHARE_OF_GRACE: Final = 0.95


class GunicornWebWorker(Worker):  # type: ignore[misc]  # Gunicorn has no types
    """Serves an application, or what a function or async function returns, in Gunicorn's process."""

    DEFAULT_AIOHTTP_LOG_FORMAT = AccessLogger.LOG_FORMAT
    DEFAULT_GUNICORN_LOG_FORMAT = _GUNICORN_FORMAT
    loop_name: LoopName = "asyncio"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exit_code = 0
        self._ending = Notice()
        self._is_hurried = False

    def init_process(self) -> None:
        """Make the loop, then go on to `run()`."""
        self.loop = make_loop(self.loop_name)
        asyncio.set_event_loop(self.loop)
        super().init_process()

    def init_signals(self) -> None:
        """Let the loop see to signals, between two steps of handlers."""
        add = self.loop.add_signal_handler
        add(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        add(signal.SIGQUIT, self.handle_quit, signal.SIGQUIT, None)
        add(signal.SIGINT, self.handle_quit, signal.SIGINT, None)
        add(signal.SIGWINCH, self.handle_winch, signal.SIGWINCH, None)
        add(signal.SIGUSR1, self.handle_usr1, signal.SIGUSR1, None)
        # This one must work while a handler holds the loop: Gunicorn has lost its patience.
        signal.signal(signal.SIGABRT, self.handle_abort)

    def handle_exit(self, sig: int, frame: object) -> None:
        """SIGTERM: end in order."""
        self.alive = False
        self._ending.give()

    def handle_quit(self, sig: int, frame: object) -> None:
        """SIGQUIT and SIGINT: end without waiting for handlers."""
        self._is_hurried = True
        self.alive = False
        self.cfg.worker_int(self)
        self._ending.give()

    def run(self) -> None:
        """Serve until Gunicorn wants an end."""
        try:
            self.loop.run_until_complete(self._serve())
        except Exception:
            self.exit_code = 1
            self.log.exception("the worker has failed")
        finally:
            close_loop(self.loop, is_hurried=self._is_hurried)
        sys.exit(self.exit_code)

    async def _serve(self) -> None:
        runner = await self._make_runner()
        try:
            await runner.setup()
            server = runner.server
            assert server is not None  # it is set up
            if self.max_requests:
                server.resolve = count_requests(server.resolve, self._count)
            tls = self._create_ssl_context(self.cfg) if self.cfg.is_ssl else None
            for sock in self.sockets:
                bound = getattr(sock, "sock", sock)
                await SockSite(runner, bound, ssl_context=tls, backlog=self.cfg.backlog).start()
            self.log.info("Serving with %s", describe_loop(self.loop))
            await self._wait_for_end()
        finally:
            if self._is_hurried:
                runner.shutdown_timeout = 0.0
            await runner.cleanup()

    async def _make_runner(self) -> AppRunner:
        made = self.wsgi if isinstance(self.wsgi, Application | AppRunner) else self.wsgi()
        if inspect.isawaitable(made):
            made = await made
        if isinstance(made, AppRunner):
            return made
        return AppRunner(
            made,
            logger=self.log.error_log,
            keepalive_timeout=self.cfg.keepalive,
            access_log=self.log.access_log if self.cfg.accesslog else None,
            access_log_format=self._get_valid_log_format(self.cfg.access_log_format),
            shutdown_timeout=self.cfg.graceful_timeout * SHARE_OF_GRACE,
        )

    async def _wait_for_end(self) -> None:
        """Tell Gunicorn every second that the loop runs, until there is a reason to end."""
        while self.alive:
            self.notify()
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                return
            try:
                async with asyncio.timeout(NOTIFY_SECONDS):
                    await self._ending.wait()
            except TimeoutError:
                pass

    def _count(self) -> None:
        self.nr += 1
        if self.nr == self.max_requests:
            self.log.info("Max requests, shutting down: %s", self)
            self.alive = False
            self._ending.give()

    @staticmethod
    def _create_ssl_context(cfg: Any) -> "ssl.SSLContext":
        context: ssl.SSLContext = ssl_context(cfg)
        return context

    def _get_valid_log_format(self, source_format: str) -> str:
        """Gunicorn's default as ours; another format of Gunicorn's cannot be followed."""
        if source_format == self.DEFAULT_GUNICORN_LOG_FORMAT:
            return self.DEFAULT_AIOHTTP_LOG_FORMAT
        if "%(" in source_format:
            raise ValueError(
                "Gunicorn's `%(name)s` are not supported in the format of the access log;"
                " write it as for aiohttp, such as %a %t %r %s"
            )
        return source_format


class GunicornUVLoopWebWorker(GunicornWebWorker):
    """The same on uvloop."""

    loop_name: LoopName = "uvloop"
