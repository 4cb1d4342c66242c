"""Text in blocks of bytes to lines. Knows no response."""

import codecs
import io
from collections.abc import AsyncIterator

from weft_http_parser import LineTooLong

LINE_SIZE = 2**19


async def iter_lines(
    blocks: AsyncIterator[bytes], decoder: codecs.IncrementalDecoder, max_size: int
) -> AsyncIterator[str]:
    """Lines without their ends, which are LF, CRLF or CR; the last one may have none.

    LineTooLong for one of more than `max_size` characters, before more is kept.
    """
    reader = io.IncrementalNewlineDecoder(decoder, translate=True)
    begun: list[str] = []  # pieces of a line whose end has not come
    size = 0
    async for block in blocks:
        *lines, rest = reader.decode(block).split("\n")
        for line in lines:
            if size + len(line) > max_size:
                raise LineTooLong(max_size)
            yield "".join([*begun, line])
            begun.clear()
            size = 0
        size += len(rest)
        if size > max_size:
            raise LineTooLong(max_size)
        begun.append(rest)
    last = "".join([*begun, reader.decode(b"", final=True)])
    *lines, rest = last.split("\n")
    for line in (*lines, rest) if rest else lines:
        yield line
