"""How the work of a function grows with its input, counted in steps and not in seconds.

Steps are calls, of Python and of C, and characters that searches and copies of the text went over.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import SupportsIndex


class Metered(str):
    """A text that counts the characters which are searched in it, or copied out of it."""

    scanned = 0

    def _count(self, start: object, end: object, found: int = -1) -> None:
        low, high, _ = slice(start, end).indices(len(self))
        self.scanned += max((found if found >= 0 else high) - low, 0)

    def find(self, part: str, start: object = None, end: object = None, /) -> int:
        found = super().find(part, start, end)  # type: ignore[arg-type]  # None stands for a bound
        self._count(start, end, found)
        return found

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        piece = super().__getitem__(key)
        self.scanned += len(piece)
        return piece

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        self.scanned += len(self)
        return super().split(sep, maxsplit)

    def partition(self, sep: str, /) -> tuple[str, str, str]:
        self.scanned += len(self)
        return super().partition(sep)

    def strip(self, chars: str | None = None, /) -> str:
        self.scanned += len(self)
        return super().strip(chars)


def count_steps(function: Callable[[str], object], text: str) -> int:
    """The steps of one call."""
    metered = Metered(text)
    calls = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        function(metered)
    finally:
        sys.setprofile(before)
    return calls + metered.scanned


def assert_linear(
    function: Callable[[str], object], make: Callable[[int], str], *, whole: bool = True
) -> None:
    """`make(n)` is a text of about n characters: twice the text, at most twice the work. With
    `whole`, a megabyte of it is read too, which no square of a million would be in a test's time.
    """
    once, twice = (count_steps(function, make(size)) for size in (5_000, 10_000))
    assert twice <= 2.1 * once + 100, f"{once} steps became {twice}"
    if whole:
        function(make(1_000_000))
