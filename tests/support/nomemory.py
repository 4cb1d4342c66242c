"""Calls of C functions with the next allocations refused, one after the other."""

from collections.abc import Callable
from typing import Any

import pytest

Call = tuple[Callable[..., object], tuple[object, ...]]


def refuse_each_allocation(make_call: Callable[[], Call], places: int) -> int:
    """How many of the call's first allocations ended in MemoryError when they were refused.

    The call is made ready before and runs no Python code: without memory for a frame the
    interpreter itself may fail in other ways.
    """
    hooks: Any = pytest.importorskip("_testcapi")
    refused = 0
    for place in range(places):
        function, arguments = make_call()
        hooks.set_nomemory(place, place + 1)
        try:
            function(*arguments)
        except MemoryError:
            refused += 1
        finally:
            hooks.remove_mem_hooks()
    return refused
