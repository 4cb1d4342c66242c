"""Coded bytes on their way to a reader.

Decides how much is decoded at a time and what is large enough for an executor. Knows no stream.
"""

import asyncio
from collections import deque
from typing import Final

from weft_http_parser.errors import BodyTooLarge, ContentCodingError, HttpParserError
from weft_http_parser.wire.coding import STEP_BYTES, ContentDecoder

EXECUTOR_BYTES: Final = 65_536
"""Coded blocks from this size on, and whatever a block expands to beyond one step, are decoded in
the loop's executor; a step takes less than a millisecond."""


class Coded:
    """Coded bytes that wait for their reader, and the decoder that will undo them."""

    __slots__ = ("chunks", "decoder", "ends", "is_claimed", "job", "size")

    def __init__(self, decoder: ContentDecoder) -> None:
        self.decoder = decoder
        self.chunks: deque[bytes] = deque()
        self.size = 0
        self.ends: deque[int] = deque()  # of transfer chunks, in raw bytes
        self.job: asyncio.Future[bytes | HttpParserError] | None = None
        self.is_claimed = False  # a reader awaits the job

    @property
    def has_work(self) -> bool:
        return self.job is not None or bool(self.chunks) or self.decoder.has_pending

    @property
    def is_large(self) -> bool:
        return self.size >= EXECUTOR_BYTES or self.decoder.has_pending

    def take_block(self) -> bytes:
        """The next input: what came by, up to a block; nothing while output is pending."""
        if self.decoder.has_pending or not self.chunks:
            return b""
        parts = [self.chunks.popleft()]
        size = len(parts[0])
        while self.chunks and size + len(self.chunks[0]) <= EXECUTOR_BYTES:
            parts.append(self.chunks.popleft())
            size += len(parts[-1])
        self.size -= size
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def decode(self, block: bytes) -> bytes | HttpParserError:
        """Decode a step. The error is a value, since nobody may be there to take it."""
        try:
            return self.decoder.decode(block, STEP_BYTES)
        except (ContentCodingError, BodyTooLarge) as exc:
            return exc
