"""Finding out that a peer has begun a frame and does not go on with it.

Decides when such a frame has taken too long. Knows no messages: a message may take its time, since
its fragments may be made one by one (RFC 6455 5.4); a frame is announced with its length.
"""

import asyncio
from typing import Final, Protocol

# Slower than this is no slow network. HTTP bodies have the same floor.
_BYTES_PER_SECOND: Final = 240


class Owner(Protocol):
    """Whose peer is watched."""

    @property
    def half_frame(self) -> tuple[int, int] | None:
        """The number of the frame that is under way and what came of it, unless we do not read."""
        ...

    def fail(self, code: int, reason: str) -> None:
        """Close: the peer is too slow."""
        ...


class StallWatch:
    """Looks in turns at the frame that is under way; reads pay nothing for it."""

    __slots__ = ("_owner", "_seconds", "_seen", "_timer")

    def __init__(self, owner: Owner, seconds: float) -> None:
        self._owner = owner
        self._seconds = seconds
        self._seen: tuple[int, int] | None = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        half, seen, seconds = self._owner.half_frame, self._seen, self._seconds
        if half is not None and seen is not None and half[0] == seen[0]:
            if half[1] - seen[1] < _BYTES_PER_SECOND * seconds:
                self._owner.fail(1008, f"frame not finished within {seconds:g} seconds")
                return
        self._seen = half
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)
