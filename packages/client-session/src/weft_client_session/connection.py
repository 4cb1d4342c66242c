"""An open connection of a client: whose it is, and how the task that uses it is woken.

A connection belongs to a request, to the pool, or to nobody, when it is closed. Knows no limits
and opens nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from weft_client_session.request import ConnectionKey
from weft_http_parser import Http1Connection, Link, Role

_current_task = asyncio.current_task


class Home(Protocol):
    """What a connection tells the connector that it comes from."""

    def take_back(self, connection: "Connection") -> None:
        """It is free for the next request."""
        ...

    def forget(self, connection: "Connection") -> None:
        """It was in use, and closes."""
        ...

    def lose_idle(self, connection: "Connection") -> None:
        """It was idle, and is of no use any more."""
        ...

    def watch(self, at: float) -> None:
        """Its user has a deadline."""
        ...


class Arrival:
    """Wakes the one task that waits for an answer, in the very read that completes it.

    The event loop takes it for a future. With a plain one the task would run a loop pass later.
    """

    __slots__ = ("_asyncio_future_blocking", "_callback", "_context", "_is_cancelled", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[[object], object] | None = None
        self._context: object = None
        self._is_cancelled = False
        self._loop = loop

    def __await__(self):  # type: ignore[no-untyped-def]  # it yields itself, as a future does
        self._asyncio_future_blocking = True
        yield self

    def wake(self) -> None:
        """Step the waiting task: now, unless some task is running, and else as soon as can be."""
        callback = self._callback
        if callback is None:
            return
        self._callback = None
        if _current_task(self._loop) is None:
            self._context.run(callback, self)  # type: ignore[attr-defined]  # a Context
        else:
            self._loop.call_soon(callback, self, context=self._context)  # type: ignore[arg-type]

    # What a task asks of the future that it waits for.

    def add_done_callback(
        self, callback: Callable[[object], object], *, context: object = None
    ) -> None:
        self._callback = callback
        self._context = context

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def cancel(self, msg: object = None) -> bool:
        callback = self._callback
        if callback is None:
            return False
        self._callback = None
        self._is_cancelled = True
        self._loop.call_soon(callback, self, context=self._context)  # type: ignore[arg-type]
        return True

    def result(self) -> None:
        if self._is_cancelled:
            self._is_cancelled = False
            raise asyncio.CancelledError


class InUse(Protocol):
    """What uses a connection: an exchange."""

    @property
    def deadline(self) -> float: ...

    def expire(self) -> None: ...

    def abandon(self) -> None:
        """The connector closes."""
        ...


class Connection:
    """An open link with its HTTP state. Between two uses it receives for itself."""

    __slots__ = ("_home", "arrival", "clock", "core", "is_placed", "key", "link", "user", "uses")

    link: Link

    def __init__(self, home: Home, key: ConnectionKey, loop: asyncio.AbstractEventLoop) -> None:
        self._home = home
        self.key = key
        self.core = Http1Connection(Role.CLIENT, key.limits)
        self.arrival = Arrival(loop)
        self.clock = loop.time
        self.user: InUse | None = None
        self.uses = 0
        self.is_placed = True  # counted by the pool

    def __repr__(self) -> str:
        return f"Connection<{self.key!r}>"

    @property
    def transport(self) -> asyncio.Transport | None:
        return None if self.link.is_lost else self.link.transport

    @property
    def closed(self) -> bool:
        return not self.is_placed

    def watch(self, at: float) -> None:
        """Have a deadline of the user looked at, in time."""
        self._home.watch(at)

    def recycle(self) -> None:
        """Both messages are over: whoever is next may have the connection, if it is fit."""
        core = self.core
        if core.buffered or not core.can_cycle:
            # RFC 9112 9.2: bytes behind the answer answer nothing that was asked.
            self.discard(aborts=False)
            return
        core.next_cycle()
        self.user = None
        self.link.receiver = self
        self._home.take_back(self)

    def discard(self, *, aborts: bool = True) -> None:
        """Close, and give up the place in the pool."""
        if not self.is_placed:
            return
        self.is_placed = False
        self.user = None
        self._home.forget(self)
        if aborts:
            self.link.abort()
        else:
            self.link.close()

    close = discard

    # The receiver of an idle connection: whatever comes, the connection is no longer good.

    def link_made(self, link: Link) -> None:
        self.link = link

    def data_received(self, data: bytes) -> None:
        self._home.lose_idle(self)

    def eof_received(self) -> bool:
        self._home.lose_idle(self)
        return False

    def link_lost(self, exc: Exception | None) -> None:
        self._home.lose_idle(self)
