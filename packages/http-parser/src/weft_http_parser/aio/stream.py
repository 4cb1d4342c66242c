"""A body as its reader sees it: raw chunks in, decoded bytes out.

Decides who may read and when a reader is woken, and what each way of reading returns. Content is
decoded as it is read. Knows no messages, and no connection but the gate it is given.
"""

import asyncio
import logging
import warnings
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from weft_http_parser.aio.iteration import AsyncStreamIterator, ChunkTupleAsyncStreamIterator
from weft_http_parser.aio.reservoir import Gate, Reservoir
from weft_http_parser.aio.waiter import Waiter
from weft_http_parser.errors import BodyTooLarge, HttpParserError, LineTooLong
from weft_http_parser.wire.coding import ContentDecoder

DEFAULT_LIMIT: Final = 65_536
_log = logging.getLogger(__name__)


class _Hooks:
    """What few streams need: what to do on the first wait, at the end, and beyond a size."""

    __slots__ = ("callbacks", "max_size", "on_first_read", "refuse", "waiters")

    def __init__(self) -> None:
        self.on_first_read: Callable[[], None] | None = None
        self.max_size: int | None = None
        self.refuse: Callable[[int], BaseException] = BodyTooLarge
        self.callbacks: list[Callable[[], None]] = []
        self.waiters: list[asyncio.Future[None]] = []

    def begin(self) -> None:
        """A reader has to wait."""
        if self.on_first_read is not None:
            call, self.on_first_read = self.on_first_read, None
            call()

    def end(self, exc: BaseException | None) -> None:
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if exc is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(exc)
        callbacks, self.callbacks = self.callbacks, []
        if exc is None:
            for callback in callbacks:
                _call(callback)


class StreamReader:
    """The bytes of a body, for one reader at a time.

    Feeding is done by the connection: feed_pieces or feed_data, feed_chunk_ends, feed_eof,
    set_exception. The task that reads is stepped within the call that brings what it waits for.
    """

    __slots__ = (
        "_body",
        "_exception",
        "_hooks",
        "_is_eof",
        "_pieces",
        "_reading",
        "_waiter",
    )

    def __init__(
        self,
        gate: Gate | None = None,
        limit: int = DEFAULT_LIMIT,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        decoder: ContentDecoder | None = None,
        on_first_read: Callable[[], None] | None = None,
    ) -> None:
        """`on_first_read` is called once, when a reader first has to wait for bytes.

        The gate is held while more than twice `limit` bytes wait, and released at `limit`.
        """
        self._body = Reservoir(gate, limit, decoder)
        self._pieces = self._body.pieces  # readable
        self._exception: BaseException | None = None
        self._is_eof = False
        self._reading = ""  # the call that waits
        self._waiter: Waiter | None = None if loop is None else Waiter(loop)
        self._hooks: _Hooks | None = None
        if on_first_read is not None:
            self._make_hooks().on_first_read = on_first_read

    def __repr__(self) -> str:
        facts = [type(self).__name__]
        if size := self._body.size:
            facts.append(f"{size} bytes")
        if self._is_eof:
            facts.append("eof")
        low, high = self.get_read_buffer_limits()
        if low != DEFAULT_LIMIT:
            facts.append(f"{low=} {high=}")
        if self._exception is not None:
            facts.append(f"e={self._exception!r}")
        return f"<{' '.join(facts)}>"

    # Feeding.

    def feed_data(self, data: bytes) -> None:
        """Take bytes of the body; above twice the limit the gate is held."""
        if self._is_eof:
            raise RuntimeError("feed_data() after feed_eof()")
        if data:
            self._body.put(data)
            if self._waiter is not None:
                self._waiter.wake()

    def feed_pieces(
        self, pieces: Iterable[bytes], chunk_ends: Sequence[int] = (), *, is_last: bool = False
    ) -> None:
        """Take all that one read of the connection brought, and tell the reader once."""
        if self._is_eof:
            raise RuntimeError("feed_pieces() after feed_eof()")
        body = self._body
        for piece in pieces:
            if piece:
                body.store.append(piece)
        if chunk_ends:
            body.add_ends(chunk_ends)
        if is_last:
            self.feed_eof()
        else:
            body.hold()
            self._wake()

    def feed_chunk_ends(self, ends: Iterable[int]) -> None:
        """Say at which offsets of the raw body transfer chunks ended."""
        self._body.add_ends(ends)
        self._body.hold()
        self._wake()

    def begin_http_chunk_receiving(self) -> None:
        """Say that transfer chunks are told of; RuntimeError behind bytes outside of any."""
        if self._body.ends is None:
            if self.total_raw_bytes:
                raise RuntimeError("begin_http_chunk_receiving() after bytes outside of chunks")
            self._body.add_ends(())

    def end_http_chunk_receiving(self) -> None:
        """Say that what was fed last ended a transfer chunk; an empty one is none."""
        if self._body.ends is None:
            raise RuntimeError("end_http_chunk_receiving() without a begin")
        if self._body.add_end():
            self._body.hold()
            self._wake()

    def feed_eof(self) -> None:
        """The body is complete."""
        if self._is_eof:
            return
        self._is_eof = True
        if self._hooks is not None:
            self._hooks.end(None)
        self._wake()

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Let every read raise `exc` from now on, whatever is buffered."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._exception = exc
        if self._hooks is not None:
            self._hooks.end(exc)
        self._wake()

    # Facts.

    def exception(self) -> BaseException | None:
        """What set_exception() was given."""
        return self._exception

    def is_eof(self) -> bool:
        """The whole body has come; some of it may not be read yet."""
        return self._is_eof

    def at_eof(self) -> bool:
        """The whole body has come and was read."""
        return self._is_eof and self._body.is_spent

    @property
    def total_bytes(self) -> int:
        """Bytes made readable so far, after decoding."""
        return self._pieces.taken + self._pieces.size

    @property
    def total_raw_bytes(self) -> int:
        """Bytes that came so far, before decoding."""
        return self._body.store.taken + self._body.store.size

    @property
    def total_compressed_bytes(self) -> int | None:
        """Bytes that came so far of a body with a content coding; None without one."""
        return None if self._body.coded is None else self.total_raw_bytes

    @property
    def taken_bytes(self) -> int:
        """Bytes that were read so far, after decoding."""
        return self._pieces.taken

    def set_max_size(
        self, max_size: int | None, refuse: Callable[[int], BaseException] = BodyTooLarge
    ) -> None:
        """Let every read raise what `refuse(max_size)` returns once the body is larger, counted
        after decoding; None is no bound, and one below zero refuses it at once.
        """
        if self._hooks is None and max_size is None:
            return
        hooks = self._make_hooks()
        hooks.max_size, hooks.refuse = max_size, refuse

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """The marks below which the gate is released and above which it is held."""
        return self._body.limit, 2 * self._body.limit

    def set_read_chunk_size(self, n: int) -> None:
        """Let `n` bytes wait before the gate is held; less than the limit changes nothing."""
        self._body.limit = max(self._body.limit, n)

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the whole body has come, at once if it has.

        What it raises is logged. A body that fails drops it.
        """
        if self._is_eof:
            _call(callback)
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
        self._check("read")
        if n < 0:
            return await self._read_rest("read", None)
        if n and (self._pieces.size or await self._fill("read")):
            return self._body.take(n)
        return b""

    async def read_all(self, max_size: int | None = None) -> bytes:
        """The whole body; BodyTooLarge beyond `max_size` decoded bytes.

        A body of which a part was read before raises RuntimeError: its rest is not the whole.
        """
        self._check("read_all")
        if self._pieces.taken:
            raise RuntimeError(
                f"read_all() of a body of which {self._pieces.taken} bytes were read before; "
                "read_rest() gives what is left"
            )
        return await self._read_rest("read_all", max_size)

    async def read_rest(self, max_size: int | None = None) -> bytes:
        """What is left of the body; BodyTooLarge beyond `max_size` decoded bytes.

        After BodyTooLarge nothing is lost: the same bytes may be read in another way.
        """
        self._check("read_rest")
        return await self._read_rest("read_rest", max_size)

    async def readany(self) -> bytes:
        """Whatever there is, as soon as there is something."""
        self._check("readany")
        if self._pieces.size or await self._fill("readany"):
            return self._body.take(self._pieces.size)
        return b""

    async def readexactly(self, n: int) -> bytes:
        """Exactly `n` bytes; asyncio.IncompleteReadError when the body ends before."""
        self._check("readexactly")
        parts: list[bytes] = []
        left = n
        try:
            while left > 0 and (self._pieces.size or await self._fill("readexactly")):
                left -= self._body.move(left, parts)
        except BaseException:
            self._pieces.put_back(parts)
            raise
        data = parts[0] if len(parts) == 1 else b"".join(parts)
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
        self._check("readchunk")
        body, pieces = self._body, self._pieces
        while True:
            if body.ends:
                body.ends.drop_before(pieces.taken)  # told of when those bytes were read already
            if body.ends:
                return body.take(body.ends.pop() - pieces.taken), True
            if pieces.size:
                return body.take_first(), False
            if not await self._fill("readchunk", stops_at_ends=True):
                return b"", False

    def read_nowait(self, n: int = -1) -> bytes:
        """Up to `n` bytes (all that is there when negative) without waiting."""
        self._check("read_nowait")
        if not self._pieces.size:
            try:
                self._body.decode_small()
            except HttpParserError as exc:
                self.set_exception(exc)
                raise
        if self._hooks is not None:
            self._check_size(self._hooks)
        return self._body.take(self._pieces.size if n < 0 else n)

    def take_ready(self) -> bytes:
        """What is readable, without waiting or decoding: a large piece as it came, small ones
        joined; nothing where nothing is."""
        if not self._pieces.size:
            return b""
        self._check("take_ready")
        return self._body.take_ready()

    async def read_ready(self) -> bytes:
        """What take_ready() returns, as soon as there is something; nothing at the end."""
        self._check("read_ready")
        if self._pieces.size or await self._fill("read_ready"):
            return self.take_ready()
        return b""

    def wait_ready(self) -> Awaitable[bool | None]:
        """Wait until take_ready() is worth asking; true when it is not, at the end.

        To be awaited at once, and again where take_ready() returned nothing.
        """
        self._check("wait_ready")
        if self._is_eof or self._pieces.size or self._body.coded is not None:
            return self._is_at_end()
        return self._begin_wait()  # no coroutine, for most reads of a body end here

    def unread_data(self, data: bytes) -> None:
        """Deprecated: put bytes back before the next ones."""
        _warn_unread()
        if data:
            self._pieces.put_back([data])

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
        return ChunkTupleAsyncStreamIterator(self)

    # Inside.

    def _make_hooks(self) -> _Hooks:
        if self._hooks is None:
            self._hooks = _Hooks()
        return self._hooks

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake()

    def _check(self, name: str) -> None:
        if self._exception is not None:
            raise self._exception
        if self._hooks is not None:
            self._check_size(self._hooks)
        waiter = self._waiter
        if self._reading or (waiter is not None and waiter.context is not None):
            raise RuntimeError(
                f"{name}() called while another coroutine is already waiting for incoming data "
                f"in {self._reading or 'wait_ready'}()"
            )

    def _check_size(self, hooks: _Hooks) -> None:
        if hooks.max_size is not None and self.total_bytes > hooks.max_size:
            raise hooks.refuse(hooks.max_size)

    async def _is_at_end(self) -> bool:
        return not (self._pieces.size or await self._fill("wait_ready"))

    async def _fill(self, name: str, *, stops_at_ends: bool = False) -> bool:
        """Wait until there is more to read; False at the end of the body."""
        body, pieces = self._body, self._pieces
        before = pieces.size
        self._reading = name
        try:
            while pieces.size == before and not (stops_at_ends and body.ends):
                if self._exception is not None:
                    break
                if body.coded is not None and body.coded.has_work:
                    await body.decode()
                elif not self._is_eof:
                    await self._begin_wait()
                else:
                    body.finish()
                    return False
        except HttpParserError as exc:
            self.set_exception(exc)
            raise
        finally:
            self._reading = ""
        if self._exception is not None:
            raise self._exception
        if self._hooks is not None:
            self._check_size(self._hooks)
        return True

    def _begin_wait(self) -> Waiter:
        if self._hooks is not None:
            self._hooks.begin()
        if self._waiter is None:
            self._waiter = Waiter()
        return self._waiter

    async def _read_rest(self, name: str, max_size: int | None) -> bytes:
        parts: list[bytes] = []
        total = 0
        try:
            while self._pieces.size or await self._fill(name):
                total += self._body.move(self._pieces.size, parts)
                if max_size is not None and total > max_size:
                    raise BodyTooLarge(max_size)
        except BaseException:
            self._pieces.put_back(parts)
            raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _read_until(self, name: str, separator: bytes, max_size: int | None) -> bytes:
        if not separator:
            raise ValueError("Separator should be at least one-byte string")
        self._check(name)
        bound = 2 * self._body.limit if max_size is None else max_size
        pieces = self._pieces
        if pieces.size and 0 < (length := pieces.find(separator, b"")) <= bound:
            return self._body.take(length)  # as most lines are
        line = bytearray()
        length = 0
        try:
            while not length and (pieces.size or await self._fill(name)):
                length = pieces.find(separator, line)
                line += self._body.take(length) if length else self._body.take_first()
                if len(line) > bound:
                    break
        except BaseException:
            if line:
                pieces.put_back([bytes(line)])
            raise
        if len(line) > bound:
            raise LineTooLong(bound)
        return bytes(line)


class EmptyStreamReader(StreamReader):
    """The body of a message without one; shared, so nothing changes it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        super().feed_eof()

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Nothing: what has come cannot fail any more."""

    def set_read_chunk_size(self, n: int) -> None:
        """Nothing: no byte ever waits."""

    def unread_data(self, data: bytes) -> None:
        """Deprecated, and nothing here."""
        _warn_unread()


def _call(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        _log.exception("a callback at the end of a body failed")


def _warn_unread() -> None:
    warnings.warn(
        "weft_http_parser.StreamReader.unread_data() is deprecated since "
        "weft-http-parser 0.1; keep what was read instead",
        DeprecationWarning,
        stacklevel=3,
    )


EMPTY_STREAM: Final = EmptyStreamReader()
