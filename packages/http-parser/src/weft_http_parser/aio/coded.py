"""Coded bytes on their way to a reader, and plain ones on their way to a peer.

Decides how much is coded at a time and what is large enough for an executor. Knows no stream and
no connection.
"""

import asyncio
from concurrent.futures import Executor
from typing import Final

from weft_http_parser.aio.pieces import Marks, Pieces
from weft_http_parser.errors import BodyTooLarge, ContentCodingError, HttpParserError
from weft_http_parser.wire.coding import STEP_BYTES, ContentDecoder
from weft_http_parser.wire.engines import ContentEncoder

EXECUTOR_BYTES: Final = 65_536
"""Coded blocks of this size, and whatever a block expands to beyond one step, are decoded in the
loop's executor; a step takes less than a millisecond."""
ENCODE_EXECUTOR_BYTES: Final = 32_768
"""Plain blocks of this size are encoded in an executor; a smaller one takes about a millisecond at
the usual levels."""


class Coded:
    """Coded bytes that wait for their reader, and the decoder that will undo them."""

    __slots__ = ("decoder", "ends", "job", "pieces")

    def __init__(self, decoder: ContentDecoder) -> None:
        self.decoder = decoder
        self.pieces = Pieces()
        self.ends: Marks | None = None  # of transfer chunks, in raw bytes
        self.job: asyncio.Future[bytes | HttpParserError] | None = None

    @property
    def has_work(self) -> bool:
        return self.job is not None or self.pieces.size > 0 or self.decoder.has_pending

    @property
    def is_large(self) -> bool:
        return self.pieces.size >= EXECUTOR_BYTES or self.decoder.has_pending

    def take_block(self) -> bytes:
        """The next input, up to a block; nothing while output is pending."""
        return b"" if self.decoder.has_pending else self.pieces.take(EXECUTOR_BYTES)

    def decode(self, block: bytes) -> bytes | HttpParserError:
        """Decode a step. The error is a value, since nobody may be there to take it."""
        try:
            return self.decoder.decode(block, STEP_BYTES)
        except (ContentCodingError, BodyTooLarge) as exc:
            return exc


class AsyncEncoder:
    """A content encoder for a writer: what is large is encoded in an executor, all in order.

    >>> from weft_http_parser.wire.coding import make_encoder
    >>> async def pack(data):
    ...     encoder = AsyncEncoder(make_encoder("gzip"))
    ...     return await encoder.encode(data) + await encoder.finish()
    >>> import gzip
    >>> gzip.decompress(asyncio.run(pack(b"abc")))
    b'abc'
    """

    __slots__ = ("_encoder", "_executor", "_inline_bytes", "_is_torn", "_turn")

    def __init__(
        self,
        encoder: ContentEncoder,
        *,
        executor: Executor | None = None,
        inline_bytes: int = ENCODE_EXECUTOR_BYTES,
    ) -> None:
        """Pieces below `inline_bytes` are encoded at once; None is the loop's executor."""
        self._encoder = encoder
        self._executor = executor
        self._inline_bytes = inline_bytes
        self._turn = asyncio.Lock()
        self._is_torn = False

    async def encode(self, data: bytes) -> bytes:
        """What there is of the coded form of `data`; the coder keeps a part until later.

        A call that is cancelled inside the executor leaves a body that cannot be gone on with:
        every later one raises RuntimeError.
        """
        async with self._turn:
            self._check_whole()
            if len(data) < self._inline_bytes:
                return self._encoder.encode(data)
            self._is_torn = True
            loop = asyncio.get_running_loop()
            packed = await loop.run_in_executor(self._executor, self._encoder.encode, data)
            self._is_torn = False
            return packed

    async def flush(self) -> bytes:
        """What lets the peer decode everything that was written so far."""
        async with self._turn:
            self._check_whole()
            return self._encoder.flush()

    @property
    def is_busy(self) -> bool:
        """A piece is at work in the executor, or waits for it."""
        return self._turn.locked()

    def flush_now(self) -> bytes:
        """What flush() gives, without waiting; RuntimeError while the coder is busy."""
        if self._turn.locked():
            raise RuntimeError("flush_now() while a piece is coded; await flush()")
        self._check_whole()
        return self._encoder.flush()

    async def finish(self) -> bytes:
        """The last bytes."""
        async with self._turn:
            self._check_whole()
            return self._encoder.finish()

    def _check_whole(self) -> None:
        if self._is_torn:
            raise RuntimeError("a write was cancelled while it was encoded: the body is cut")
