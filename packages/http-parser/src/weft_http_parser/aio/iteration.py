"""The iterators of a stream. They know a read function and nothing of streams."""

from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class AsyncStreamIterator(Generic[T]):
    """Calls a read function until it returns nothing."""

    __slots__ = ("read_func",)

    def __init__(self, read_func: Callable[[], Awaitable[T]]) -> None:
        self.read_func = read_func

    def __aiter__(self) -> "AsyncStreamIterator[T]":
        return self

    async def __anext__(self) -> T:
        data = await self.read_func()
        if not data:
            raise StopAsyncIteration
        return data


class ChunkSource(Protocol):
    """What chunks are read from; a StreamReader is one."""

    async def readchunk(self) -> tuple[bytes, bool]: ...


class ChunkTupleAsyncStreamIterator:
    """Calls readchunk() until it returns the pair of the end."""

    __slots__ = ("_stream",)

    def __init__(self, stream: ChunkSource) -> None:
        self._stream = stream

    def __aiter__(self) -> "ChunkTupleAsyncStreamIterator":
        return self

    async def __anext__(self) -> tuple[bytes, bool]:
        pair = await self._stream.readchunk()
        if pair == (b"", False):
            raise StopAsyncIteration
        return pair
