"""Finding out that a silent peer is gone.

Decides when a ping is due and when to give up. Knows no messages and no closing handshake.
"""

import asyncio
from typing import Protocol


class Owner(Protocol):
    """Whose peer is watched."""

    @property
    def is_listening(self) -> bool:
        """Whether bytes of the peer would reach us."""
        ...

    def send_heartbeat(self) -> None:
        """Send a ping, if that is possible."""
        ...

    def give_up(self, text: str) -> None:
        """The peer is dead."""
        ...


class Heartbeat:
    """Pings a silent peer; one timer that looks at the time of the last read, not one per read."""

    __slots__ = ("_heard_at", "_loop", "_owner", "_pinged_at", "_seconds", "_timer")

    def __init__(self, owner: Owner, seconds: float) -> None:
        self._owner = owner
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._pinged_at: float | None = None
        self._timer = self._loop.call_later(seconds, self._tick)

    def hear(self) -> None:
        """Bytes came: the peer lives."""
        self._heard_at = self._loop.time()

    def stop(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        if not self._owner.is_listening:  # then silence says nothing
            self.hear()
        now = self._loop.time()
        if self._pinged_at is not None and self._heard_at < self._pinged_at:
            self._owner.give_up(f"No PONG received after {self._seconds / 2} seconds")
            return
        self._pinged_at = None
        due = self._heard_at + self._seconds
        if due <= now:
            self._pinged_at = now
            due = now + self._seconds / 2
            self._owner.send_heartbeat()
        self._timer = self._loop.call_at(due, self._tick)
