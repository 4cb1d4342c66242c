"""Functions that return what is awaited, and are no coroutine functions.

Decides how they tell mock libraries and frameworks so. Knows no websocket.
"""

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def coroutine_function(function: _Function) -> _Function:
    """Mark a function as one whose result is awaited: `AsyncMock(spec=...)` asks for that.

    From Python 3.12 on `inspect.iscoroutinefunction()` says so, before it asyncio's.
    """
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    mark = getattr(asyncio.coroutines, "_is_coroutine")  # noqa: B009  no stub has it
    setattr(function, "_is_coroutine", mark)  # noqa: B010  nor has a function
    return function
