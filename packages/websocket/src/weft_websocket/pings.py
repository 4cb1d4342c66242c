"""Pings whose answers somebody may wait for.

Decides which ping a pong answers and how long it took. Knows no connection: the time is an argument.
"""

import asyncio
import weakref
from collections.abc import Callable, Generator
from typing import Final

# References to pings that nobody holds any more are swept out beyond this many.
_SWEEP_SIZE: Final = 16


class Ping:
    """A ping that was sent: await it for the seconds until its pong came.

    Any number of tasks may wait, or none. ConnectionResetError when no pong can come any more.
    """

    __slots__ = ("__weakref__", "_error", "_seconds", "_sent_at", "_waiters", "payload")

    def __init__(self, payload: bytes, sent_at: float) -> None:
        self.payload = payload
        self._sent_at = sent_at
        self._seconds: float | None = None
        self._error: Exception | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def __await__(self) -> Generator[object, None, float]:
        return self._wait().__await__()

    async def _wait(self) -> float:
        if self._seconds is None and self._error is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                self._waiters.remove(waiter)
        if self._error is not None:
            raise self._error
        assert self._seconds is not None  # what wakes a waiter has set one of the two
        return self._seconds

    def answer(self, now: float) -> None:
        """Its pong is here."""
        self._seconds = now - self._sent_at
        self._wake()

    def fail(self, error: Exception) -> None:
        """No pong will come."""
        self._error = error
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


class Pings:
    """The pings of one connection that are not answered yet, as far as anybody holds them."""

    __slots__ = ("_clock", "_count", "_open")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = 0
        self._open: list[weakref.ref[Ping]] = []

    def begin(self, payload: bytes) -> Ping:
        """A ping that is sent now. An empty payload becomes a number, so that its pong is known."""
        if not payload:
            self._count = (self._count + 1) % 2**32
            payload = self._count.to_bytes(4, "big")
        ping = Ping(payload, self._clock())
        if len(self._open) >= _SWEEP_SIZE:
            self._open = [each for each in self._open if each() is not None]
        self._open.append(weakref.ref(ping))
        return ping

    def answer(self, payload: bytes) -> None:
        """A pong came. RFC 6455 5.5.3: it may answer the last of several pings only."""
        found = [
            place
            for place, reference in enumerate(self._open)
            if (ping := reference()) is not None and ping.payload == payload
        ]
        if not found:
            return  # nobody asked, or nobody waits any more
        end = found[-1] + 1
        answered, self._open = self._open[:end], self._open[end:]
        now = self._clock()
        for reference in answered:
            ping = reference()
            if ping is not None:
                ping.answer(now)

    def fail(self, error: Exception) -> None:
        """The connection has ended."""
        lost, self._open = self._open, []
        for reference in lost:
            ping = reference()
            if ping is not None:
                ping.fail(error)
