"""Memory between two pages that nobody may touch, so that a read beyond its ends is a fault."""

import ctypes
import mmap
import sys

import pytest

_PROT_NONE = 0


class GuardedPage:
    """One page for input, with a forbidden page on either side.

    ``at_end`` puts bytes where the next one read would be forbidden, ``at_start`` where the one
    before would be. A fault ends the process: there is no way to catch it.
    """

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            pytest.skip("mprotect is called as Linux has it")
        size = mmap.PAGESIZE
        self._pages = mmap.mmap(-1, 3 * size)
        self._view = memoryview(self._pages)[size : 2 * size]
        first = ctypes.addressof(ctypes.c_char.from_buffer(self._pages))
        libc = ctypes.CDLL(None, use_errno=True)
        for page in (first, first + 2 * size):
            assert libc.mprotect(ctypes.c_void_p(page), size, _PROT_NONE) == 0

    def at_end(self, data: bytes) -> memoryview:
        place = self._view[len(self._view) - len(data) :]
        place[:] = data
        return place

    def at_start(self, data: bytes) -> memoryview:
        place = self._view[: len(data)]
        place[:] = data
        return place
