"""What lives and dies with something that has to be closed, and warns when it was not.

Knows where in the user's program a thing was made.
"""

import sys
import warnings
from typing import Protocol

_PACKAGE = __name__.partition(".")[0]


class Closable(Protocol):
    """What may be left open."""

    @property
    def is_over(self) -> bool: ...

    def close(self) -> None: ...


class Guard:
    """Lives and dies with a response whose body is under way, and closes what that left open."""

    __slots__ = ("_place", "_source", "_what")

    def __init__(self, source: Closable, what: str) -> None:
        self._source = source
        self._what = what
        self._place = caller_place()

    def __del__(self) -> None:
        if self._source.is_over:
            return
        warnings.warn(
            f"Unclosed response {self._what} made at {self._place}",
            ResourceWarning,
            stacklevel=2,
            source=self,
        )
        self._source.close()


def caller_place() -> str:
    """File and line of the nearest caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE
