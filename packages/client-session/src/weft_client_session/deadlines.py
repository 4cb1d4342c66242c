"""When a request has to be where: its deadlines as numbers, and one timer for all of them.

A request arms no timer of its own. It says a number; the sweeper of its connector wakes at the
earliest number of all and asks everyone under way whether time is up.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from weft_client_session.errors import (
    UNSENT_PHASES,
    RequestFailure,
    RequestPhase,
    ServerTimeoutError,
    TotalTimeoutError,
)
from weft_client_session.options import ClientTimeout

NEVER = math.inf
QUANTUM_SECONDS = 0.01  # the sweeper never wakes more often
GRAIN_SECONDS = 0.25  # nor need far deadlines be met more exactly
LOOKS_PER_SECOND = 40_000  # how many of those under way the sweeper asks, more or less
Peer = tuple[str, int] | str | None


class Deadlines:
    """The deadlines of one request, shared by all its redirects and attempts; and how far it is."""

    __slots__ = (
        "attempt",
        "is_paced",
        "is_repeatable",
        "phase",
        "started_at",
        "timeout",
        "total_at",
    )

    def __init__(self, timeout: ClientTimeout, now: float) -> None:
        self.timeout = timeout
        self.started_at = now
        self.total_at = due(timeout.total, now, timeout.ceil_threshold)
        # A deadline moves with what comes.
        self.is_paced = bool(timeout.sock_read or timeout.first_byte)
        self.phase = RequestPhase.POOL  # until there is a connection
        self.attempt = 1
        self.is_repeatable = True  # to send the request again does no harm

    def connect_at(self, now: float) -> float:
        """When a connection must be ready, whatever that takes."""
        return self.after(self.timeout.connect, now)

    def socket_at(self, now: float) -> float:
        """When a new socket must be connected."""
        return self.after(self.timeout.sock_connect, now)

    def first_byte_at(self, now: float) -> float:
        """When the answer must have begun."""
        return min(self.after(self.timeout.first_byte, now), self.read_at(now))

    def read_at(self, now: float) -> float:
        """When the next bytes must have come."""
        return self.after(self.timeout.sock_read, now)

    def after(self, seconds: float | None, now: float) -> float:
        """The time `seconds` from now, and the end of the whole at the latest."""
        if not seconds:
            return self.total_at
        return min(self.total_at, due(seconds, now, self.timeout.ceil_threshold))

    def overdue(
        self, at: float, kind: Callable[[str], ServerTimeoutError], text: str
    ) -> Exception:
        """The error of a phase that was not over at `at`."""
        if at >= self.total_at:
            return total_error(self)
        return kind(text)


def total_error(deadlines: Deadlines) -> TotalTimeoutError:
    """The whole took too long."""
    return TotalTimeoutError(f"The request took longer than {deadlines.timeout.total} s")


def describe(
    error: BaseException, deadlines: Deadlines, phase: RequestPhase, now: float, peer: Peer = None
) -> None:
    """Let an error say how far its request was; one that says so already is left alone."""
    if not isinstance(error, RequestFailure) or error.phase is not None:
        return
    error.phase = phase
    error.elapsed_seconds = now - deadlines.started_at
    error.peer = peer
    error.attempt = deadlines.attempt
    error.safe_to_retry = phase in UNSENT_PHASES or deadlines.is_repeatable


@asynccontextmanager
async def bounded(at: float, error: Callable[[], Exception]) -> AsyncIterator[None]:
    """Raise what `error` makes when the block is not over at `at`."""
    if at == NEVER:
        yield
        return
    limit = asyncio.timeout_at(at)
    try:
        async with limit:
            yield
    except TimeoutError as exc:
        if not limit.expired():
            raise
        raise error() from exc


def due(seconds: float | None, now: float, ceil_threshold: float) -> float:
    """The time `seconds` from now; on a whole quarter of a second when that is far.

    >>> due(0.6, 10.25, 5), due(6.1, 10.25, 5), due(None, 10.25, 5)
    (10.85, 16.5, inf)
    """
    if not seconds or seconds < 0:
        return NEVER
    at = now + seconds
    return math.ceil(at / GRAIN_SECONDS) * GRAIN_SECONDS if seconds > ceil_threshold else at


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
        self, loop: asyncio.AbstractEventLoop, watched: Callable[[], Sequence[Watched]]
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
        watched = self._watched()
        for one in watched:
            deadline = one.deadline
            if deadline <= now:
                late.append(one)
            elif deadline < earliest:
                earliest = deadline
        for one in late:
            one.expire()
        if earliest < self.armed_at:
            # The more there are, the less often: a sweep looks at each of them.
            pause = min(GRAIN_SECONDS, max(QUANTUM_SECONDS, len(watched) / LOOKS_PER_SECOND))
            self.arm(max(earliest, now + pause))
