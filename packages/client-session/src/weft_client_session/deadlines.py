"""When a request has to be where: its deadlines as numbers, and one timer for all of them.

A request arms no timer of its own. It says a number; the sweeper of its connector wakes at the
earliest number of all and asks everyone under way whether time is up.
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Protocol

from weft_client_session.options import ClientTimeout

NEVER = math.inf
QUANTUM_SECONDS = 0.01  # the sweeper never wakes more often


class Deadlines:
    """The deadlines of one request, shared by all its redirects and attempts."""

    __slots__ = ("timeout", "total_at")

    def __init__(self, timeout: ClientTimeout, now: float) -> None:
        self.timeout = timeout
        self.total_at = due(timeout.total, now, timeout.ceil_threshold)

    def connect_at(self, now: float) -> float:
        """When a connection must be ready, whatever that takes."""
        timeout = self.timeout
        return min(self.total_at, due(timeout.connect, now, timeout.ceil_threshold))

    def socket_at(self, now: float) -> float:
        """When a new socket must be connected."""
        timeout = self.timeout
        return min(self.total_at, due(timeout.sock_connect, now, timeout.ceil_threshold))

    def read_at(self, now: float) -> float:
        """When the next bytes must have come."""
        seconds = self.timeout.sock_read
        if not seconds:
            return self.total_at
        return min(self.total_at, due(seconds, now, self.timeout.ceil_threshold))


def due(seconds: float | None, now: float, ceil_threshold: float) -> float:
    """The time `seconds` from now; on a whole second of the clock when that is far.

    >>> due(0.5, 10.25, 5), due(6, 10.25, 5), due(None, 10.25, 5)
    (10.75, 17, inf)
    """
    if not seconds or seconds < 0:
        return NEVER
    at = now + seconds
    return math.ceil(at) if seconds > ceil_threshold else at


class Watched(Protocol):
    """Something under way that may run out of time."""

    @property
    def deadline(self) -> float: ...

    def expire(self) -> None:
        """Time is up."""
        ...


class Sweeper:
    """One timer for everything that `watched` returns."""

    __slots__ = ("_handle", "_loop", "_watched", "armed_at")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, watched: Callable[[], Iterable[Watched]]
    ) -> None:
        self._loop = loop
        self._watched = watched
        self._handle: asyncio.TimerHandle | None = None
        self.armed_at = NEVER

    def arm(self, at: float) -> None:
        """Look again at `at`, or before. Callers first compare with `armed_at`: that is cheap."""
        if at >= self.armed_at:
            return
        if self._handle is not None:
            self._handle.cancel()
        self.armed_at = at
        self._handle = self._loop.call_at(at, self._sweep)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None
        self.armed_at = NEVER

    def _sweep(self) -> None:
        self._handle = None
        self.armed_at = NEVER
        now = self._loop.time()
        late = []
        earliest = NEVER
        for one in self._watched():
            deadline = one.deadline
            if deadline <= now:
                late.append(one)
            elif deadline < earliest:
                earliest = deadline
        for one in late:
            one.expire()
        if earliest < self.armed_at:
            self.arm(max(earliest, now + QUANTUM_SECONDS))
