"""The start of an answer's body, for the error that the answer is raised as.

What has come can be had at once; who can wait gets what comes within a second. Reads streams only.
"""

import asyncio
from typing import Protocol

from weft_client_session.errors import ClientError
from weft_http_parser import HttpParserError, StreamReader

START_BYTES = 4096
START_SECONDS = 1.0


class Body(Protocol):
    """What has a body: an exchange."""

    @property
    def is_over(self) -> bool: ...

    def take_whole(self) -> bytes | None: ...

    def open_stream(self) -> StreamReader: ...


def take_start(body: Body) -> bytes:
    """The start, as far as it has come."""
    whole = body.take_whole()
    if whole is not None:
        return whole[:START_BYTES]
    try:
        return body.open_stream().read_nowait(START_BYTES)
    except (ClientError, HttpParserError, RuntimeError):  # the status is what matters
        return b""


async def read_start(body: Body) -> bytes:
    """The start, as far as the server says it soon."""
    whole = body.take_whole()
    if whole is not None:
        return whole[:START_BYTES]
    stream, start = body.open_stream(), b""
    try:
        async with asyncio.timeout(START_SECONDS):
            while len(start) < START_BYTES and (block := await stream.readany()):
                start += block
    except (ClientError, HttpParserError, RuntimeError, TimeoutError):
        pass  # the status is what matters
    return start[:START_BYTES]
