"""The iterators of a stream. They know a read function and nothing of streams."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class AsyncStreamIterator(Generic[T]):
    """Calls a read function until it returns nothing."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read

    def __aiter__(self) -> "AsyncStreamIterator[T]":
        return self

    async def __anext__(self) -> T:
        data = await self._read()
        if not data:
            raise StopAsyncIteration
        return data


class ChunkTupleAsyncStreamIterator:
    """Calls readchunk() until it returns the pair of the end."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Awaitable[tuple[bytes, bool]]]) -> None:
        self._read = read

    def __aiter__(self) -> "ChunkTupleAsyncStreamIterator":
        return self

    async def __anext__(self) -> tuple[bytes, bool]:
        pair = await self._read()
        if pair == (b"", False):
            raise StopAsyncIteration
        return pair
