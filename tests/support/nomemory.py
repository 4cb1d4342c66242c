"""Calls of C functions with the next allocations refused, one after the other."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

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


class Trial(NamedTuple):
    """A call, and what must hold of its objects after each time it was refused memory."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    still_works: Callable[[], bool] = bool


def refuse_until_it_succeeds(make: Callable[[], Trial], most: int = 5000) -> int:
    """How many allocations the call makes; each of them was refused, alone and with all behind.

    A call may do without what it was refused; else it must end in MemoryError. Made ready before,
    it runs no Python code of its own, see above.
    """
    hooks: Any = pytest.importorskip("_testcapi", reason="this Python has no failing allocator")
    for place in range(most):
        succeeded = False
        for stop in (place + 1, 0):  # 0 is no end
            trial = make()
            tracer = sys.gettrace()
            sys.settrace(None)  # one that measures coverage would need memory too
            hooks.set_nomemory(place, stop)
            try:
                trial.function(*trial.arguments)
                succeeded = True
            except MemoryError:
                succeeded = False
            finally:
                hooks.remove_mem_hooks()
                sys.settrace(tracer)
            assert trial.still_works is bool or trial.still_works()
        if succeeded:
            return place
    raise AssertionError(f"no success within {most} allocations")
