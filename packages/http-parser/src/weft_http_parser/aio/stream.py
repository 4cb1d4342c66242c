"""A body as its reader sees it: raw chunks in, decoded bytes out.

Decides when the sender is held back, when content is decoded (as it is read, bounded by step) and
what each way of reading returns. Knows no messages and no connection but its gate.
"""

import asyncio
import warnings
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from weft_http_parser.aio.coded import Coded
from weft_http_parser.aio.iteration import AsyncStreamIterator, ChunkTupleAsyncStreamIterator
from weft_http_parser.aio.link import Hold
from weft_http_parser.errors import BodyTooLarge, ContentCodingError, HttpParserError, LineTooLong
from weft_http_parser.wire.coding import ContentDecoder

DEFAULT_LIMIT: Final = 65_536
MAX_PIECES: Final = 4096
"""Chunks held at once, whatever their size: a one-byte chunk costs fifty times its length."""


class Gate(Protocol):
    """What holds the sender back; a Link is one."""

    def hold(self, reason: Hold) -> None: ...

    def release(self, reason: Hold) -> None: ...


class _Hooks:
    """What few streams need: what to do on the first wait and at the end."""

    __slots__ = ("callbacks", "on_first_read", "waiters")

    def __init__(self) -> None:
        self.on_first_read: Callable[[], None] | None = None
        self.callbacks: list[Callable[[], None]] = []
        self.waiters: list[asyncio.Future[None]] = []

    def end(self, exc: BaseException | None) -> None:
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if exc is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(exc)
        if exc is None:
            callbacks, self.callbacks = self.callbacks, []
            for callback in callbacks:
                callback()


class StreamReader:
    """The bytes of a body, for one reader at a time.

    Feeding is done by the connection: feed_data, feed_chunk_ends, feed_eof, set_exception.
    """

    __slots__ = (
        "_chunks",
        "_coded",
        "_cursor",
        "_ends",
        "_exception",
        "_gate",
        "_hooks",
        "_is_eof",
        "_limit",
        "_offset",
        "_size",
        "_waiter",
    )

    def __init__(
        self,
        gate: Gate | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        decoder: ContentDecoder | None = None,
        on_first_read: Callable[[], None] | None = None,
    ) -> None:
        """`on_first_read` is called once, when a reader first has to wait for bytes."""
        self._gate = gate
        self._limit = limit
        self._chunks: deque[bytes] = deque()  # readable, the first from _offset on
        self._offset = 0
        self._size = 0  # readable bytes
        self._cursor = 0  # bytes handed out
        self._ends: deque[int] | None = None  # of transfer chunks, in readable bytes
        self._exception: BaseException | None = None
        self._is_eof = False
        self._waiter: asyncio.Future[None] | None = None
        self._hooks: _Hooks | None = None
        self._coded = None if decoder is None else Coded(decoder)
        if on_first_read is not None:
            self._make_hooks().on_first_read = on_first_read

    def __repr__(self) -> str:
        facts = [type(self).__name__]
        if self._size or self._raw_size:
            facts.append(f"{self._size + self._raw_size} bytes")
        if self._is_eof:
            facts.append("eof")
        if self._limit != DEFAULT_LIMIT:
            facts.append(f"low={self._limit} high={self._limit * 2}")
        if self._exception is not None:
            facts.append(f"e={self._exception!r}")
        return f"<{' '.join(facts)}>"

    # Feeding.

    def feed_data(self, data: bytes) -> None:
        """Take bytes of the body; above twice the limit the gate is held."""
        if self._is_eof:
            raise RuntimeError("feed_data() after feed_eof()")
        if not data:
            return
        coded = self._coded
        if coded is None:
            chunks = self._chunks
            self._size = held = self._size + len(data)
        else:
            chunks = coded.chunks
            coded.size = held = coded.size + len(data)
        chunks.append(data)
        if self._gate is not None and (held > 2 * self._limit or len(chunks) > MAX_PIECES):
            self._gate.hold(Hold.BODY)
        if self._waiter is not None:
            self._wake()

    def feed_chunk_ends(self, ends: list[int]) -> None:
        """Say at which offsets of the raw body transfer chunks ended."""
        if self._ends is None:
            self._ends = deque()
        if self._coded is None:
            self._ends.extend(ends)
        else:
            self._coded.ends.extend(ends)
        if self._waiter is not None:
            self._wake()

    def feed_eof(self) -> None:
        """The body is complete."""
        if self._is_eof:
            return
        self._is_eof = True
        if self._waiter is not None:
            self._wake()
        if self._hooks is not None:
            self._hooks.end(None)

    def set_exception(self, exc: BaseException, cause: BaseException | None = None) -> None:
        """Let every read raise `exc` from now on, whatever is buffered."""
        if cause is not None:
            exc.__cause__ = cause
        self._exception = exc
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(exc)
        if self._hooks is not None:
            self._hooks.end(exc)

    # Facts.

    def exception(self) -> BaseException | None:
        """What set_exception() was given."""
        return self._exception

    def is_eof(self) -> bool:
        """The whole body has come; some of it may not be read yet."""
        return self._is_eof

    def at_eof(self) -> bool:
        """The whole body has come and was read."""
        return self._is_eof and not self._size and (self._coded is None or self._is_decoded)

    @property
    def total_bytes(self) -> int:
        """Bytes made readable so far, after decoding."""
        return self._cursor + self._size

    @property
    def total_raw_bytes(self) -> int:
        """Bytes that came so far, before decoding."""
        if self._coded is None:
            return self.total_bytes
        return self._coded.decoder.total_in + self._coded.size

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """The marks below which the gate is released and above which it is held."""
        return self._limit, 2 * self._limit

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the whole body has come, at once if it has."""
        if self._is_eof:
            callback()
        else:
            self._make_hooks().callbacks.append(callback)

    async def wait_eof(self) -> None:
        """Wait until the whole body has come."""
        if self._exception is not None:
            raise self._exception
        if self._is_eof:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._make_hooks().waiters.append(waiter)
        await waiter

    # Reading.

    async def read(self, n: int = -1) -> bytes:
        """Up to `n` bytes as soon as there are some, or all to the end when `n` is negative."""
        if n < 0:
            return await self.read_all(None)
        if self._exception is not None:
            raise self._exception
        if n and (self._size or await self._fill("read")):
            return self._take(n)
        return b""

    async def read_all(self, max_size: int | None = None) -> bytes:
        """The rest of the body; BodyTooLarge beyond `max_size` decoded bytes."""
        parts: list[bytes] = []
        total = 0
        try:
            while self._size or await self._fill("read"):
                if self._exception is not None:
                    raise self._exception
                total += self._size
                if max_size is not None and total > max_size:
                    raise BodyTooLarge(max_size)
                parts.append(self._take(self._size))
        except asyncio.CancelledError:
            self._put_back(parts)
            raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def readany(self) -> bytes:
        """Whatever there is, as soon as there is something."""
        if self._exception is not None:
            raise self._exception
        if self._size or await self._fill("readany"):
            return self._take(self._size)
        return b""

    async def readexactly(self, n: int) -> bytes:
        """Exactly `n` bytes; asyncio.IncompleteReadError when the body ends before."""
        if self._exception is not None:
            raise self._exception
        parts: list[bytes] = []
        left = n
        try:
            while left > 0 and (self._size or await self._fill("readexactly")):
                parts.append(self._take(left))
                left -= len(parts[-1])
        except asyncio.CancelledError:
            self._put_back(parts)
            raise
        data = b"".join(parts)
        if left > 0:
            raise asyncio.IncompleteReadError(data, n)
        return data

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """One line with its LF, or what is left at the end."""
        return await self._read_until("readline", b"\n", max_line_length)

    async def readuntil(self, separator: bytes = b"\n", *, max_size: int | None = None) -> bytes:
        """Bytes up to and with `separator`, or what is left at the end.

        More than `max_size` bytes (twice the limit, unless given) raise LineTooLong, a ValueError.
        """
        return await self._read_until("readuntil", separator, max_size)

    async def readchunk(self) -> tuple[bytes, bool]:
        """Some bytes, and whether a transfer chunk ended behind them; (b"", False) at the end."""
        while True:
            if self._exception is not None:
                raise self._exception
            ends = self._ends
            while ends:
                length = ends.popleft() - self._cursor
                if length >= 0:
                    return self._take(length), True
            if self._size:
                return self._take(len(self._chunks[0]) - self._offset), False
            if not await self._fill("readchunk", stops_at_ends=True):
                return b"", False

    def read_nowait(self, n: int = -1) -> bytes:
        """Up to `n` bytes (all that is there when negative) without waiting."""
        if self._exception is not None:
            raise self._exception
        self._check_no_reader("read_nowait")
        coded = self._coded
        if not self._size and coded is not None and coded.job is None and coded.has_work:
            self._take_decoded(coded.decode(coded.take_block()))
        return self._take(self._size if n < 0 else n)

    def unread_data(self, data: bytes) -> None:
        """Deprecated: put bytes back before the next ones."""
        _warn_unread()
        if data:
            self._put_back([data])

    # Iterating.

    def __aiter__(self) -> AsyncStreamIterator[bytes]:
        return AsyncStreamIterator(self.readline)

    def iter_chunked(self, n: int) -> AsyncStreamIterator[bytes]:
        """Blocks of up to `n` bytes."""
        return AsyncStreamIterator(lambda: self.read(n))

    def iter_any(self) -> AsyncStreamIterator[bytes]:
        """Blocks as they come."""
        return AsyncStreamIterator(self.readany)

    def iter_chunks(self) -> ChunkTupleAsyncStreamIterator:
        """Pairs of readchunk(): bytes, and whether a transfer chunk ended behind them."""
        return ChunkTupleAsyncStreamIterator(self.readchunk)

    # Inside.

    @property
    def _raw_size(self) -> int:
        return 0 if self._coded is None else self._coded.size

    @property
    def _is_decoded(self) -> bool:
        """Nothing coded is left, and the coding came to its end."""
        coded = self._coded
        if coded is None:
            return True
        return not coded.has_work and coded.decoder.is_finished

    def _make_hooks(self) -> _Hooks:
        if self._hooks is None:
            self._hooks = _Hooks()
        return self._hooks

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _check_no_reader(self, name: str) -> None:
        if self._waiter is not None or (self._coded is not None and self._coded.is_claimed):
            raise RuntimeError(
                f"{name}() called while another coroutine is already waiting for incoming data"
            )

    async def _fill(self, reader: str, *, stops_at_ends: bool = False) -> bool:
        """Wait until there is more to read; False at the end of the body."""
        before = self._size
        while self._size == before:
            if self._exception is not None:
                raise self._exception
            coded = self._coded
            if coded is not None and coded.has_work:
                await self._decode(coded, reader)
            elif self._is_eof:
                self._finish_coding()
                return False
            else:
                await self._wait(reader)
            if stops_at_ends and self._ends:
                return True
        return True

    async def _wait(self, reader: str) -> None:
        self._check_no_reader(reader)
        hooks = self._hooks
        if hooks is not None and hooks.on_first_read is not None:
            call, hooks.on_first_read = hooks.on_first_read, None
            call()
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            if self._waiter is waiter:
                self._waiter = None

    async def _decode(self, coded: Coded, reader: str) -> None:
        self._check_no_reader(reader)
        if coded.job is None and not coded.is_large:
            self._take_decoded(coded.decode(coded.take_block()))
            return
        if coded.job is None:
            loop = asyncio.get_running_loop()
            coded.job = loop.run_in_executor(None, coded.decode, coded.take_block())
        coded.is_claimed = True
        try:
            # A cancelled reader leaves the job to the next one, or its bytes would be lost.
            result = await asyncio.shield(coded.job)
        finally:
            coded.is_claimed = False
        coded.job = None
        self._take_decoded(result)

    def _take_decoded(self, result: bytes | HttpParserError) -> None:
        coded = self._coded
        assert coded is not None  # only coded streams decode
        if isinstance(result, HttpParserError):
            self.set_exception(result)
            raise result
        if result:
            self._chunks.append(result)
            self._size += len(result)
        if self._gate is not None and coded.size <= self._limit:
            self._gate.release(Hold.BODY)
        ends = self._ends
        if ends is None or coded.decoder.has_pending:
            return
        decoded = self._cursor + self._size
        while coded.ends and coded.ends[0] <= coded.decoder.total_in:
            coded.ends.popleft()
            ends.append(decoded)

    def _finish_coding(self) -> None:
        if self._coded is None:
            return
        try:
            self._coded.decoder.finish()
        except ContentCodingError as exc:
            self.set_exception(exc)
            raise

    def _take(self, n: int) -> bytes:
        """Hand out up to `n` readable bytes."""
        if n >= self._size:
            parts = list(self._chunks)
            if self._offset:
                parts[0] = parts[0][self._offset :]
            self._chunks.clear()
            self._offset = 0
            data = parts[0] if len(parts) == 1 else b"".join(parts)
        else:
            data = self._take_some(n)
        self._cursor += len(data)
        self._size -= len(data)
        ends = self._ends
        while ends and ends[0] < self._cursor:
            ends.popleft()
        if self._gate is not None and self._coded is None and self._size <= self._limit:
            self._gate.release(Hold.BODY)
        return data

    def _take_some(self, n: int) -> bytes:
        chunks = self._chunks
        parts: list[bytes] = []
        while n:
            chunk = chunks[0]
            start = self._offset
            if len(chunk) - start > n:
                self._offset = start + n
                parts.append(chunk[start : start + n])
                break
            parts.append(chunk[start:] if start else chunk)
            n -= len(chunk) - start
            chunks.popleft()
            self._offset = 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _put_back(self, parts: list[bytes]) -> None:
        if self._offset:
            self._chunks[0] = self._chunks[0][self._offset :]
            self._offset = 0
        self._chunks.extendleft(reversed(parts))
        length = sum(map(len, parts))
        self._size += length
        self._cursor -= length

    async def _read_until(self, reader: str, separator: bytes, max_size: int | None) -> bytes:
        if not separator:
            raise ValueError("Separator should be at least one-byte string")
        if self._exception is not None:
            raise self._exception
        bound = 2 * self._limit if max_size is None else max_size
        line = bytearray()
        length = 0
        try:
            while not length and (self._size or await self._fill(reader)):
                length = self._find(line, separator)
                line += self._take(length or len(self._chunks[0]) - self._offset)
                if len(line) > bound:
                    raise LineTooLong(bound)
        except asyncio.CancelledError:
            self._put_back([bytes(line)])
            raise
        return bytes(line)

    def _find(self, line: bytearray, separator: bytes) -> int:
        """How much of the first chunk ends `line` with `separator`; 0 when it goes on."""
        chunk, offset, width = self._chunks[0], self._offset, len(separator)
        tail = line[-(width - 1) :] if width > 1 else b""
        if tail:
            seam = tail + chunk[offset : offset + width - 1]
            at = seam.find(separator)
            if at >= 0:
                return at + width - len(tail)
        at = chunk.find(separator, offset)
        return at + width - offset if at >= 0 else 0


class EmptyStreamReader(StreamReader):
    """The body of a message without one; shared, so nothing changes it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        super().feed_eof()

    def set_exception(self, exc: BaseException, cause: BaseException | None = None) -> None:
        """Nothing: what has come cannot fail any more."""

    def unread_data(self, data: bytes) -> None:
        """Deprecated, and nothing here."""
        _warn_unread()


def _warn_unread() -> None:
    warnings.warn(
        "weft_http_parser.StreamReader.unread_data() is deprecated since "
        "weft-http-parser 0.1; keep what was read instead",
        DeprecationWarning,
        stacklevel=3,
    )


EMPTY_STREAM: Final = EmptyStreamReader()
