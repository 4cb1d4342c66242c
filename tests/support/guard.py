"""Memory between two pages that nobody may touch, so that a read beyond its ends is a fault."""

import ctypes
import mmap
import sys
import sysconfig
from collections.abc import Callable
from typing import TypeVar

import pytest

_PROT_NONE = 0
_BYTES_HEAD = bytes.__basicsize__ - 1  # without the zero
_MANY = 1 << 20
Seen = TypeVar("Seen")


class GuardedPage:
    """One page for input, with a forbidden page on either side.

    ``at_end`` puts bytes where the next one read would be forbidden, ``at_start`` where the one
    before would be. A fault ends the process: there is no way to catch it.

    ``look_at_bytes`` shows a function exact bytes that end there, without the zero behind them
    that bytes have everywhere else. It must not keep them.
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

    def look_at_bytes(self, data: bytes, look: Callable[[bytes, int], Seen]) -> Seen:
        """What the function makes of the bytes and of the place in them where the data begins.

        Objects lie at multiples of eight, so up to seven bytes stand before it.
        """
        if sysconfig.get_config_var("Py_GIL_DISABLED"):
            pytest.skip("objects have another head there")
        start = -(_BYTES_HEAD + len(data)) % 8
        filled = b"." * start + data
        place = self._view[len(self._view) - _BYTES_HEAD - len(filled) :]
        place[:] = ctypes.string_at(id(filled), _BYTES_HEAD + len(filled))
        count = ctypes.c_ssize_t.from_buffer(place)
        count.value = _MANY  # so that nobody frees what no allocator made
        seen = look(ctypes.cast(ctypes.addressof(count), ctypes.py_object).value, start)
        assert count.value == _MANY, "the bytes were kept"
        return seen
