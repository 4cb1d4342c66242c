"""Functions that are marked as coroutine functions, for whoever asks."""

import inspect
import sys
from unittest.mock import AsyncMock, create_autospec

from weft_websocket import coroutine_function


async def really() -> str:
    return "awaited"


@coroutine_function
def marked() -> object:
    """Returns what is awaited."""
    return really()


async def test_a_mock_of_it_is_awaited() -> None:
    mock = create_autospec(marked, return_value="mocked")
    assert await mock() == "mocked"
    assert isinstance(AsyncMock(marked), AsyncMock)


async def test_the_function_is_left_as_it_is() -> None:
    result = marked()
    assert inspect.iscoroutine(result)
    assert await result == "awaited"
    assert marked.__name__ == "marked"
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(marked)
