"""Lines of text from blocks of bytes, cut anywhere."""

import codecs
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_client_session.text_lines import iter_lines
from weft_http_parser import LineTooLong

SMALL_TEXT = st.text(alphabet="ab\r\né\u2028", max_size=30)


async def feed(blocks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def lines_of(data: bytes, size: int, encoding: str = "utf-8", most: int = 100) -> list[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    return [line async for line in iter_lines(feed(blocks), decoder, most)]


@given(SMALL_TEXT, st.integers(1, 9), st.sampled_from(["utf-8", "utf-16", "utf-32-be"]))
async def test_lines_are_the_same_however_they_come(text: str, size: int, encoding: str) -> None:
    wanted = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not wanted[-1]:
        wanted.pop()
    assert await lines_of(text.encode(encoding), size, encoding) == wanted


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
async def test_a_line_too_long(size: int, end: bytes) -> None:
    assert await lines_of(b"ab\n" + b"x" * 10 + end, size, most=10) == ["ab", "x" * 10]
    with pytest.raises(LineTooLong):
        await lines_of(b"ab\n" + b"x" * 11 + end, size, most=10)


async def test_cut_text_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        await lines_of("aé".encode()[:-1], 100)
