"""What is told of the faults of peers: a few lines a second, then a count.

Decides how many lines a log gets. Whoever can reach a server can make faults without end, and
each line costs more than the fault: a disk that fills up, a reader that misses what matters.
"""

import logging
from collections.abc import Callable
from typing import Final

REMINDED_SECONDS: Final = 60.0


class PeerLog:
    """A logger for what peers cause.

    >>> log = PeerLog(logging.getLogger("doctest"), 10, lambda: 0.0)
    >>> log.tell(logging.DEBUG, "refused what %s sent", "192.0.2.1")
    """

    __slots__ = ("_clock", "_last", "_left_out", "_lines_per_second", "_second", "_told", "logger")

    def __init__(
        self, logger: logging.Logger, lines_per_second: int, clock: Callable[[], float]
    ) -> None:
        self.logger = logger
        self._lines_per_second = lines_per_second
        self._clock = clock
        self._second = -1
        self._told = 0
        self._left_out = 0
        # Of states that last; their messages are a few constants.
        self._last: dict[str, float] = {}

    def remind(self, level: int, message: str, *args: object) -> None:
        """Log a line on a state that lasts, once a minute."""
        now = self._clock()
        if now - self._last.get(message, -REMINDED_SECONDS) >= REMINDED_SECONDS:
            self._last[message] = now
            self.tell(level, message, *args)

    def tell(self, level: int, message: str, *args: object) -> None:
        """Log a line, or count it where this second has had its lines."""
        if not self.logger.isEnabledFor(level):
            return
        second = int(self._clock())
        if second != self._second:
            self.flush()
            self._second, self._told = second, 0
        if self._told < self._lines_per_second:
            self._told += 1
            self.logger.log(level, message, *args)
        else:
            self._left_out += 1

    def flush(self) -> None:
        """Tell how many lines were left out since the last time."""
        if self._left_out:
            count, self._left_out = self._left_out, 0
            self.logger.warning("%d more lines on faults of clients were left out", count)
