"""Iterators over read functions."""

from collections.abc import Iterator

from weft_http_parser import AsyncStreamIterator, ChunkTupleAsyncStreamIterator


async def test_until_nothing_is_read() -> None:
    answers: Iterator[bytes] = iter([b"a", b"b", b""])

    async def read() -> bytes:
        return next(answers)

    assert [data async for data in AsyncStreamIterator(read)] == [b"a", b"b"]


async def test_an_empty_chunk_is_not_the_end() -> None:
    answers = iter([(b"a", False), (b"", True), (b"", False)])

    class Chunks:
        async def readchunk(self) -> tuple[bytes, bool]:
            return next(answers)

    assert [pair async for pair in ChunkTupleAsyncStreamIterator(Chunks())] == [
        (b"a", False),
        (b"", True),
    ]
