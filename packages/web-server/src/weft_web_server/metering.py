"""Whether a body comes fast enough. Pure: time is an argument."""

from typing import Protocol


class Pace(Protocol):
    """The deadlines of a body, in seconds and bytes a second."""

    @property
    def body(self) -> float: ...
    @property
    def body_grace(self) -> float: ...
    @property
    def body_rate(self) -> float: ...


class BodyMeter:
    """Counts the time in which we waited for a body, and what came in it.

    >>> import types
    >>> pace = types.SimpleNamespace(body=30.0, body_grace=10.0, body_rate=240.0)
    >>> meter = BodyMeter(0.0)
    >>> meter.is_too_slow(29.0, pace, is_waiting=False)
    False
    >>> meter.is_too_slow(60.0, pace, is_waiting=True)
    True
    """

    __slots__ = ("_last", "_seen", "idle_seconds", "received", "waited_seconds")

    def __init__(self, now: float) -> None:
        self._last = now
        self._seen = 0
        self.received = 0
        self.idle_seconds = 0.0
        self.waited_seconds = 0.0

    def is_too_slow(self, now: float, pace: Pace, *, is_waiting: bool) -> bool:
        """Take note of the time; time in which we held the sender back does not count."""
        elapsed, self._last = now - self._last, now
        if not is_waiting:
            self.idle_seconds = 0.0
            return False
        self.waited_seconds += elapsed
        self.idle_seconds = 0.0 if self.received > self._seen else self.idle_seconds + elapsed
        self._seen = self.received
        if self.idle_seconds >= pace.body:
            return True
        waited = self.waited_seconds
        return waited > pace.body_grace and self.received < pace.body_rate * waited
