"""What a handler has come to in its first step, as something to await.

A handler that answers in its first step, which most do, needs none of these.
"""

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


async def given(value: Any) -> Any:
    """It has returned."""
    return value


async def failing(error: BaseException) -> Any:
    """It has raised."""
    try:
        raise error
    finally:
        del error  # its traceback knows this frame


@coroutine
def going(handler: Coroutine[Any, Any, Any], waited: Any) -> Generator[Any, Any, Any]:
    """It waits for what it has yielded."""
    while True:
        try:
            yield waited
        except GeneratorExit:
            handler.close()
            raise
        except BaseException as exc:
            try:
                waited = handler.throw(exc)
            except StopIteration as stop:
                return stop.value
        else:
            return (yield from handler)
