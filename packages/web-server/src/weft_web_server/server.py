"""Server: makes a connection for each link, watches their deadlines, ends them in order.

Decides nothing of HTTP. One sweep, four times a second while there are connections, looks at the
deadline of each, so that no request arms a timer.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from weft_http_parser import Link

from ._twin import Starter
from .admission import admit
from .connection import ServerConnection, make_kinds
from .departures import look_for_departed
from .door import Door
from .exchange import RequestLimits
from .notice import Notice
from .peer_log import PeerLog
from .plan import make_stamp
from .request import BaseRequest, Request
from .serve import Resolve, make_work
from .settings import ServerOptions, count_allowed, to_options
from .tasks import Tasks

SWEEP_SECONDS: Final = 0.25
PARTING_SECONDS: Final = 0.1  # an answer says that it is the last only once we know
CLOSED_IN_A_PASS: Final = 16  # idle connections, while some client may be about to ask


class Server:
    """Answers requests with one handler; calling it gives the protocol of a new connection.

    `loop.create_server(server, host, port)` is how it listens, and a runner does that.
    """

    __slots__ = (
        "_connections",
        "_sweep_handle",
        "access_logger",
        "door",
        "is_draining",
        "is_logging",
        "now",
        "options",
        "resolve",
        "stamp",
        "starter",
        "tasks",
    )

    request_class: type[BaseRequest] = BaseRequest
    starter: Starter  # from the first connection on

    def __init__(
        self,
        handler: Callable[[BaseRequest], Awaitable[Any]],
        *,
        handler_cancellation: bool = False,
        **options: Any,
    ) -> None:
        self._set_up(
            lambda request: handler,
            to_options(handler_cancellation=handler_cancellation, **options),
        )

    def _set_up(self, resolve: Resolve, options: ServerOptions) -> None:
        self.resolve = admit(resolve, options)
        self.options = options
        self.tasks = Tasks(options.logger)
        self.is_draining = False
        self.is_logging = False
        self.access_logger = options.access.make_logger()
        self.now = 0.0  # of the loop, at the last sweep
        self.stamp = make_stamp(0)
        self._connections: dict[ServerConnection, None] = {}  # in the order of connecting
        self._sweep_handle: asyncio.TimerHandle | None = None
        log = PeerLog(options.logger, options.bounds.fault_lines_per_second, lambda: self.now)
        self.door = Door(
            self._connections.keys(), count_allowed(options.bounds.max_connections), log
        )

    def __call__(self) -> Link:
        connection = ServerConnection(self)
        return Link(connection, write_timeout_seconds=self.options.deadlines.write)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} connections={len(self._connections)}>"

    @property
    def connections(self) -> list[ServerConnection]:
        """The open connections."""
        return list(self._connections)

    # For connections and handlers.

    @property
    def limits(self) -> RequestLimits:
        """Bounds of what a handler reads at once."""
        return self.options.request_limits

    @property
    def is_debug(self) -> bool:
        """Whether errors show where they come from."""
        return self.options.debug or asyncio.get_running_loop().get_debug()

    @property
    def logger(self) -> logging.Logger:
        """Where faults are told."""
        return self.options.logger

    @property
    def peer_log(self) -> PeerLog:
        """Where faults of clients are told, as far as a log can bear it."""
        return self.door.peer_log

    @property
    def shutting_down(self) -> Notice:
        """True, and an end to waiting for it, from the moment in which the server begins to end."""
        return self.door.shutting_down

    def connection_made(self, connection: ServerConnection) -> None:
        """A link is open."""
        connections = self._connections
        connections[connection] = None
        if len(connections) >= self.door.most:
            self.door.someone_came()
        if self._sweep_handle is None:
            if not hasattr(self, "starter"):
                self.starter = Starter(self, make_work(self), make_kinds(self))
            self._sweep()

    def connection_lost(self, connection: ServerConnection) -> None:
        """A link is gone; its handler may still be at work."""
        if connection.exchange is None:
            self._forget(connection)

    def exchange_over(self) -> None:
        """A handler has ended while the server shuts down."""
        if not any(each.exchange for each in self._connections):
            self.door.someone_ended()

    def _forget(self, connection: ServerConnection) -> None:
        self._connections.pop(connection, None)
        self.door.someone_left()

    def look(self, now: float) -> None:
        """Act on the deadlines that have passed by `now`, a time of the loop."""
        self.now = now
        second = int(time.time())
        if second != self.stamp.second:
            self.stamp = make_stamp(second)
            look_for_departed(self._connections)
        logger = self.access_logger
        self.is_logging = logger is not None and logger.enabled
        self.door.look()
        for connection in [each for each in self._connections if each.deadline <= now]:
            connection.expire(now)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self.look(loop.time())
        self._sweep_handle = None
        if self._connections:
            self._sweep_handle = loop.call_later(SWEEP_SECONDS, self._sweep)

    # Shutting down.

    def pre_shutdown(self) -> None:
        """Every answer from now on is the last of its connection, and whoever asks is told."""
        self.is_draining = True
        self.door.shutting_down.give()

    async def close_idle(self) -> None:
        """Close idle connections, after a moment for requests that are on their way."""
        if any(each.exchange is None for each in self._connections):
            await asyncio.sleep(PARTING_SECONDS)
        for number, connection in enumerate(self.connections):
            if number % CLOSED_IN_A_PASS == 0:
                await asyncio.sleep(0)  # see once more what has come, before it is too late
            connection.close_if_idle()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  aiohttp's
        """Wait for the handlers, at most `timeout` seconds; then cancel them and close all.

        The clients of open websockets are told at once: 1001, and their handlers read no more.
        """
        self.pre_shutdown()
        made = [each.make_farewell() for each in self._connections]
        farewells = [asyncio.create_task(each) for each in made if each is not None]
        try:
            async with asyncio.timeout(timeout):
                await self.close_idle()
                while any(each.exchange is not None for each in self._connections):
                    await self.door.wait_for_end()
                if farewells:
                    await asyncio.wait(farewells)
                await self.tasks.wait()
        except TimeoutError:
            await self._cancel_handlers(farewells)
        finally:  # whoever is in a hurry cancels this
            for farewell in farewells:
                farewell.cancel()
            self.tasks.cancel()
            self._end()

    def _end(self) -> None:
        for connection in self.connections:
            connection.link.close()
        if self._sweep_handle is not None:
            self._sweep_handle.cancel()
            self._sweep_handle = None
        if hasattr(self, "starter"):
            del self.starter
        self._connections.clear()

    async def _cancel_handlers(self, farewells: list[asyncio.Task[bool]]) -> None:
        tasks: list[asyncio.Task[Any]] = []
        for farewell in farewells:
            farewell.cancel()
            tasks.append(farewell)
        for connection in self.connections:
            if connection.exchange is not None:
                connection.exchange.task.cancel()
                tasks.append(connection.exchange.task)
        self.tasks.cancel()
        tasks += self.tasks
        if tasks:
            # A handler that will not end is left behind: the shutdown is bounded.
            await asyncio.wait(tasks, timeout=1.0)
        for connection in self.connections:
            connection.link.abort()


class ApplicationServer(Server):
    """A server whose requests find their handler in an application."""

    __slots__ = ()

    request_class = Request

    def __init__(
        self,
        resolve: Resolve,
        options: ServerOptions,
        tasks: Tasks | None = None,
    ) -> None:
        self._set_up(resolve, options)
        if tasks is not None:
            self.tasks = tasks
