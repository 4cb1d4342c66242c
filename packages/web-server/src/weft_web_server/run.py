"""run_app(): serves an application until it is told to stop.

Decides what happens between the first await of an application and the last, and what the
terminal is told.
"""

import asyncio
import errno
import inspect
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from .access_log import AbstractAccessLogger, AbstractAsyncAccessLogger, AccessLogger
from .application import Application
from .loops import LoopName, close_loop, describe_loop, make_loop
from .runner import AppRunner, GracefulExit
from .settings import KEEP_ALIVE_SECONDS, access_logger
from .sites import BaseSite, SockSite, TCPSite, UnixSite

if TYPE_CHECKING:
    import ssl

Print: TypeAlias = Callable[..., None]
Path: TypeAlias = str | os.PathLike[str]


class CannotListen(OSError):
    """An address is not to be had; the text says what to do."""


def run_app(
    app: Application | Awaitable[Application],
    *,
    host: str | Iterable[str] | None = None,
    port: int | None = None,
    path: Path | Iterable[Path] | None = None,
    sock: socket.socket | Iterable[socket.socket] | None = None,
    shutdown_timeout: float = 60.0,
    keepalive_timeout: float = KEEP_ALIVE_SECONDS,
    ssl_context: "ssl.SSLContext | None" = None,
    print: Print | None = print,
    backlog: int = 128,
    access_log_class: type[AbstractAccessLogger] | type[AbstractAsyncAccessLogger] = AccessLogger,
    access_log_format: str = AccessLogger.LOG_FORMAT,
    access_log: logging.Logger | None = access_logger,
    handle_signals: bool = True,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
    handler_cancellation: bool = False,
    loop: asyncio.AbstractEventLoop | LoopName | None = None,
    unix_mode: int | None = None,
    **options: Any,
) -> None:
    """Serve an application until SIGINT or SIGTERM; then end it in order and return.

    An address that is taken ends the program with one line and exit code 1. `loop` is a loop, or
    which kind to make: "uvloop", "asyncio", or "auto" as without it: uvloop where it is installed.
    `unix_mode` are the permissions of the sockets at `path`.
    """
    if keepalive_timeout != KEEP_ALIVE_SECONDS or "deadlines" not in options:
        options["keepalive_timeout"] = keepalive_timeout
    options |= {
        "shutdown_timeout": shutdown_timeout,
        "access_log_class": access_log_class,
        "access_log_format": access_log_format,
        "access_log": access_log,
        "handle_signals": handle_signals,
        "handler_cancellation": handler_cancellation,
    }
    places = _Places(
        host=_listed(host, str),
        port=port,
        paths=_listed(path, str | os.PathLike),
        socks=_listed(sock, socket.socket),
        site_options={"ssl_context": ssl_context, "backlog": backlog},
        tcp_options={"reuse_address": reuse_address, "reuse_port": reuse_port},
        unix_mode=unix_mode,
    )
    _check_no_loop()
    if access_log is not None and access_log.name == access_logger.name:
        _show_access_log(access_log)
    try:
        made = make_loop(loop or "auto") if isinstance(loop, str | None) else loop
        _run(_serve(app, places, print, options), made)
    except CannotListen as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(1)
    except (GracefulExit, KeyboardInterrupt):
        pass


def _check_no_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(
        "run_app() runs a loop of its own, and here one is running already;"
        " use an AppRunner and a TCPSite in it"
    )


def _listed(value: Any, single: Any) -> list[Any] | None:
    if value is None:
        return None
    return [value] if isinstance(value, single) else list(value)


@attrs.frozen(kw_only=True)
class _Places:
    """Where to listen."""

    host: list[str] | None
    port: int | None
    paths: list[Path] | None
    socks: list[socket.socket] | None
    site_options: dict[str, Any]
    tcp_options: dict[str, Any]
    unix_mode: int | None

    def make_sites(self, runner: AppRunner) -> list[BaseSite]:
        """The sites for the hosts, the paths and the sockets, or for all interfaces."""
        sites: list[BaseSite] = []
        hosts: Iterable[str | None] | None = self.host
        if hosts is None and (self.port is not None or not (self.paths or self.socks)):
            hosts = [None]
        tcp = self.site_options | self.tcp_options
        sites += [TCPSite(runner, host, self.port, **tcp) for host in hosts or ()]
        unix = self.site_options | {"mode": self.unix_mode}
        sites += [UnixSite(runner, path, **unix) for path in self.paths or ()]
        sites += [SockSite(runner, sock, **self.site_options) for sock in self.socks or ()]
        return sites


async def _serve(
    app: Application | Awaitable[Application],
    places: _Places,
    print: Print | None,
    options: dict[str, Any],
) -> None:
    if inspect.isawaitable(app):
        app = await app
    runner = AppRunner(app, **options)
    try:
        await runner.setup()
        for site in places.make_sites(runner):
            await _start(site)
        if print is not None:
            names = sorted(site.name for site in runner.sites)
            kind = describe_loop(asyncio.get_running_loop())
            print(
                f"======== Running on {', '.join(names)} ========\n"
                f"(Press CTRL+C to quit; the event loop is {kind})"
            )
        await asyncio.get_running_loop().create_future()  # until a signal
    finally:
        await runner.cleanup()


async def _start(site: BaseSite) -> None:
    try:
        await site.start()
    except OSError as exc:
        raise CannotListen(_advice(site, exc)) from exc


def _advice(site: BaseSite, exc: OSError) -> str:
    if exc.errno == errno.EADDRINUSE:
        return (
            f"cannot listen on {site.name}: the address is in use;"
            " stop the program that uses it, or choose another port"
        )
    if exc.errno in (errno.EACCES, errno.EPERM):
        return (
            f"cannot listen on {site.name}: not permitted;"
            " choose a port above 1023, or run with more rights"
        )
    return f"cannot listen on {site.name}: {exc.strerror or exc}; check host, port and path"


def _run(main: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> None:
    """Run to the end, and close the loop."""
    task = loop.create_task(main)
    try:
        loop.run_until_complete(task)
    except (GracefulExit, KeyboardInterrupt):
        if not task.done():  # else the program raised it itself
            _end(task, loop)
        raise
    finally:
        close_loop(loop, is_hurried=not task.done())


def _end(task: "asyncio.Task[None]", loop: asyncio.AbstractEventLoop) -> None:
    """Bring all to its end; a second signal meanwhile comes out of here, and ends it at once."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)


def _show_access_log(logger: logging.Logger) -> None:
    """In debug mode the access log goes to the terminal unless it goes elsewhere."""
    if "PYTHONASYNCIODEBUG" not in os.environ and not sys.flags.dev_mode:
        return
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.DEBUG)
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
