"""Multipart bodies to read, and readers of them."""

import asyncio

import aiohttp
from aiohttp.base_protocol import BaseProtocol

from weft_http_parser import BodyPartReader, MultipartReader, StreamReader

MIXED = "multipart/mixed; boundary=B"
FORM = "multipart/form-data; boundary=B"


def stream_of(body: bytes, width: int = 0) -> StreamReader:
    stream = StreamReader()
    for at in range(0, len(body), width or len(body) or 1):
        stream.feed_data(body[at : at + (width or len(body))])
    stream.feed_eof()
    return stream


def reader_of(body: bytes, content_type: str = MIXED, width: int = 0) -> MultipartReader:
    return MultipartReader({"Content-Type": content_type}, stream_of(body, width))


async def first_part(
    body: bytes, content_type: str = MIXED, max_size: int | None = None
) -> BodyPartReader:
    reader = MultipartReader(
        {"Content-Type": content_type}, stream_of(body), client_max_size=max_size
    )
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    return part


def part_of(data: bytes, *lines: bytes) -> bytes:
    return b"--B\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + data + b"\r\n"


TWO = part_of(b"hello", b"A: b") + part_of(b"world") + b"--B--\r\n"
FILE = part_of(
    b"h\xe9llo\r\nline2",
    b'Content-Disposition: form-data; name="a"; filename="x.txt"',
    b"Content-Type: text/plain; charset=latin-1",
)


def foreign_stream(body: bytes) -> aiohttp.StreamReader:
    """A body as aiohttp reads it."""
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    stream = aiohttp.StreamReader(protocol, 2**20, loop=loop)
    stream.feed_data(body)
    stream.feed_eof()
    return stream
