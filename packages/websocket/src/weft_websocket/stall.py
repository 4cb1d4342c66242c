"""Finding out that a peer has begun a frame or a message and does not go on with it.

Decides when that has taken too long. A frame is announced with its length, so it is under way; a
message may be made while it is sent (RFC 6455 5.4), so it has more time, but not for ever: what has
come of it is kept.
"""

import asyncio
import math
from typing import Final, Protocol

# Slower than this is no slow network. HTTP bodies have the same floor.
_BYTES_PER_SECOND: Final = 240

Half = tuple[int, int]
"""The number of what is under way, and a measure that grows with it."""


class Owner(Protocol):
    """Whose peer is watched."""

    @property
    def half_frame(self) -> Half | None:
        """The frame that is under way, unless we do not read."""
        ...

    @property
    def half_message(self) -> Half | None:
        """The message of which fragments are kept, unless we do not read."""
        ...

    def fail(self, code: int, reason: str) -> None:
        """Close: the peer is too slow."""
        ...


class _Course:
    """How it goes with frames, or with messages, as seen in looks."""

    __slots__ = ("_floor", "_looks", "_needed", "_seen", "fault")

    def __init__(self, noun: str, seconds: float, between_looks: float) -> None:
        self.fault = f"{noun} not finished within {seconds:g} seconds"
        self._floor = _BYTES_PER_SECOND * seconds
        self._needed = math.ceil(seconds / between_looks)
        self._looks = 0
        self._seen: Half | None = None

    def is_slow(self, half: Half | None) -> bool:
        seen = self._seen
        if half is None or seen is None or half[0] != seen[0]:
            self._seen, self._looks = half, 0
            return False
        self._looks += 1
        if self._looks < self._needed:
            return False
        self._seen, self._looks = half, 0
        return half[1] - seen[1] < self._floor


class StallWatch:
    """Looks in turns at what is under way; reads pay nothing for it. None: no such deadline."""

    __slots__ = ("_frames", "_messages", "_owner", "_seconds", "_timer")

    def __init__(
        self, owner: Owner, frame_seconds: float | None, message_seconds: float | None
    ) -> None:
        self._owner = owner
        self._seconds = min(it for it in (frame_seconds, message_seconds) if it)
        self._frames = self._messages = None
        if frame_seconds:
            self._frames = _Course("frame", frame_seconds, self._seconds)
        if message_seconds:
            self._messages = _Course("message", message_seconds, self._seconds)
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        owner = self._owner
        if self._frames is not None and self._frames.is_slow(owner.half_frame):
            owner.fail(1008, self._frames.fault)
        elif self._messages is not None and self._messages.is_slow(owner.half_message):
            owner.fail(1008, self._messages.fault)
        else:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)
