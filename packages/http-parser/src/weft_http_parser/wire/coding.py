"""Content codings as bounded incremental coders (RFC 9110 8.4.1, 1950, 1951, 1952, 7932, 8878).

Decides how coded bytes become plain ones, how much may come out of one step and how far a body
may expand. Knows no messages and no streams.
"""

import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Protocol

from weft_http_parser.errors import BodyTooLarge, ContentCodingError

STEP_BYTES: Final = 262_144
"""The output of one step that callers ask for."""
MAX_MEMBERS: Final = 100
"""Concatenated gzip members or zstd frames of one body."""
RATIO_LIMIT: Final = 200
"""How many times its coded size a body may expand, once it passed RATIO_GRACE_BYTES."""
RATIO_GRACE_BYTES: Final = 1_048_576

_GZIP_WBITS = 16 + zlib.MAX_WBITS


class Engine(Protocol):
    """One member of a coding, as its library undoes it."""

    rest: bytes  # given and not consumed yet; behind the end once is_done
    is_done: bool

    def step(self, data: bytes, max_length: int) -> bytes: ...


class _ZlibEngine:
    """gzip, and deflate in a zlib wrapper or bare."""

    __slots__ = ("_decompressor", "is_done", "rest")

    def __init__(self, wbits: int) -> None:
        self._decompressor = zlib.decompressobj(wbits)
        self.is_done = False
        self.rest = b""

    def step(self, data: bytes, max_length: int) -> bytes:
        decompressor = self._decompressor
        out = decompressor.decompress(data, max_length)
        self.is_done = decompressor.eof
        self.rest = decompressor.unused_data if self.is_done else decompressor.unconsumed_tail
        return out


class _DeflateEngine:
    """deflate: RFC 9110 8.4.1.2 wants the zlib wrapper, and some senders leave it away."""

    __slots__ = ("_first", "_inner", "is_done", "rest")

    def __init__(self) -> None:
        self._first = b""  # a byte alone, which tells nothing yet
        self._inner: _ZlibEngine | None = None
        self.is_done = False
        self.rest = b""

    def step(self, data: bytes, max_length: int) -> bytes:
        if self._inner is None:
            data = self._first + data
            if len(data) < 2:
                self._first, self.rest = data, b""
                return b""
            # RFC 1950 2.2: method 8, and a header that is a multiple of 31.
            has_wrapper = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inner = _ZlibEngine(zlib.MAX_WBITS if has_wrapper else -zlib.MAX_WBITS)
        out = self._inner.step(data, max_length)
        self.is_done = self._inner.is_done
        self.rest = self._inner.rest
        return out


class _BrotliEngine:
    """br. The library keeps input of its own, and its limit is a mark that it may overstep."""

    __slots__ = ("_decompressor", "is_done", "rest")

    def __init__(self, library: ModuleType) -> None:
        self._decompressor = library.Decompressor()
        self.is_done = False
        self.rest = b""

    def step(self, data: bytes, max_length: int) -> bytes:
        decompressor = self._decompressor
        if decompressor.can_accept_more_data():
            self.rest = b""
        else:
            self.rest, data = data, b""
        out: bytes = decompressor.process(data, output_buffer_limit=max_length)
        self.is_done = decompressor.is_finished()
        return out


class _ZstdEngine:
    """zstd. The library keeps input of its own while its output is at the limit."""

    __slots__ = ("_decompressor", "is_done", "rest")

    def __init__(self, library: ModuleType) -> None:
        self._decompressor = library.ZstdDecompressor()
        self.is_done = False
        self.rest = b""

    def step(self, data: bytes, max_length: int) -> bytes:
        decompressor = self._decompressor
        out: bytes = decompressor.decompress(data, max_length)
        self.is_done = decompressor.eof
        self.rest = decompressor.unused_data if self.is_done else b""
        return out


class ContentDecoder:
    """Undoes one content coding, a bounded step at a time.

    >>> decoder = make_decoder("gzip")
    >>> import gzip
    >>> decoder.decode(gzip.compress(b"abcdef"), 4), decoder.has_pending
    (b'abcd', True)
    >>> decoder.decode(b"", 4)
    b'ef'
    >>> decoder.finish()
    """

    __slots__ = (
        "_engine",
        "_is_full",
        "_make_engine",
        "_members",
        "_ratio_limit",
        "_rest",
        "coding",
        "total_in",
        "total_out",
    )

    def __init__(
        self, coding: str, make_engine: Callable[[], Engine], ratio_limit: int | None
    ) -> None:
        self.coding = coding
        self.total_in = 0
        self.total_out = 0
        self._make_engine = make_engine
        self._engine = make_engine()
        self._members = 1
        self._ratio_limit = ratio_limit
        self._rest = b""
        self._is_full = False

    @property
    def has_pending(self) -> bool:
        """More may come out without more going in."""
        return bool(self._rest) or self._is_full

    @property
    def is_finished(self) -> bool:
        """The coding came to its end, or never began."""
        return self._engine.is_done or not self.total_in

    def decode(self, data: bytes, max_length: int = STEP_BYTES) -> bytes:
        """About `max_length` plain bytes at most; call with b"" while `has_pending`.

        Raises ContentCodingError on corrupt data, and BodyTooLarge when the body expands beyond
        the ratio.
        """
        self.total_in += len(data)
        if self._rest:
            data = self._rest + data
        if self._engine.is_done:
            if not data.strip(b"\0"):  # gzip files may be padded
                self._rest = b""
                return b""
            self._begin_member()
        engine = self._engine
        try:
            out = engine.step(data, max_length)
        except MemoryError:
            raise
        except Exception as exc:  # each library has an error of its own
            raise ContentCodingError(self.coding, "corrupt data") from exc
        self._is_full = len(out) >= max_length and not engine.is_done
        self._rest = engine.rest
        self.total_out += len(out)
        self._check_ratio()
        return out

    def finish(self) -> None:
        """Say that no more data comes; raises ContentCodingError when the coding is not over."""
        if not self.is_finished:
            raise ContentCodingError(self.coding, "truncated data")

    def _begin_member(self) -> None:
        """RFC 1952 2.2: members follow each other without anything between."""
        if self.coding not in ("gzip", "zstd"):
            raise ContentCodingError(self.coding, "data behind the end")
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ContentCodingError(self.coding, f"more than {MAX_MEMBERS} members")
        self._engine = self._make_engine()

    def _check_ratio(self) -> None:
        if self._ratio_limit is None or self.total_out <= RATIO_GRACE_BYTES:
            return
        limit = max(RATIO_GRACE_BYTES, self.total_in * self._ratio_limit)
        if self.total_out > limit:
            raise BodyTooLarge(limit)


class ContentEncoder(Protocol):
    """Applies one content coding."""

    def encode(self, data: bytes) -> bytes: ...

    def flush(self) -> bytes:
        """What lets a reader decode everything written so far."""
        ...

    def finish(self) -> bytes:
        """The last bytes."""
        ...


class _ZlibEncoder:
    __slots__ = ("_compressor",)

    def __init__(self, level: int | None, wbits: int) -> None:
        self._compressor = zlib.compressobj(-1 if level is None else level, wbits=wbits)

    def encode(self, data: bytes) -> bytes:
        return self._compressor.compress(data)

    def flush(self) -> bytes:
        return self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._compressor.flush(zlib.Z_FINISH)


class _BrotliEncoder:
    __slots__ = ("_compressor",)

    def __init__(self, level: int | None, library: ModuleType) -> None:
        # 11, the library's default, is fifty times slower and meant for files packed once.
        self._compressor: Any = library.Compressor(quality=5 if level is None else level)

    def encode(self, data: bytes) -> bytes:
        packed: bytes = self._compressor.process(data)
        return packed

    def flush(self) -> bytes:
        packed: bytes = self._compressor.flush()
        return packed

    def finish(self) -> bytes:
        packed: bytes = self._compressor.finish()
        return packed


class _ZstdEncoder:
    __slots__ = ("_compressor",)

    def __init__(self, level: int | None, library: ModuleType) -> None:
        self._compressor: Any = library.ZstdCompressor(level)

    def encode(self, data: bytes) -> bytes:
        packed: bytes = self._compressor.compress(data)
        return packed

    def flush(self) -> bytes:
        packed: bytes = self._compressor.flush(self._compressor.FLUSH_BLOCK)
        return packed

    def finish(self) -> bytes:
        packed: bytes = self._compressor.flush()
        return packed


@cache
def _brotli() -> ModuleType | None:
    """The brotli library, if there is one that can bound its output."""
    library = _import_first("brotli", "brotlicffi")
    return (
        library
        if hasattr(getattr(library, "Decompressor", None), "can_accept_more_data")
        else None
    )


@cache
def _zstd() -> ModuleType | None:
    """The zstd library: the standard one from Python 3.14 on, or its backport."""
    return _import_first("compression.zstd", "backports.zstd")


def _import_first(*names: str) -> ModuleType | None:
    # Imported when first asked for: all of them are optional, and import time counts.
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


@cache
def supported_codings() -> tuple[str, ...]:
    """The codings that can be undone here, as they belong into Accept-Encoding."""
    codings = ["gzip", "deflate"]
    if _brotli() is not None:
        codings.append("br")
    if _zstd() is not None:
        codings.append("zstd")
    return tuple(codings)


def make_decoder(coding: str, *, ratio_limit: int | None = RATIO_LIMIT) -> ContentDecoder:
    """The decoder of a coding by its name in Content-Encoding.

    Raises ContentCodingError for a coding that is not known or whose library is missing.
    `ratio_limit=None` lifts the bound on expansion.
    """
    name = _canonical(coding)
    brotli = _brotli() if name == "br" else None
    zstd = _zstd() if name == "zstd" else None

    def make_engine() -> Engine:
        if brotli is not None:
            return _BrotliEngine(brotli)
        if zstd is not None:
            return _ZstdEngine(zstd)
        return _DeflateEngine() if name == "deflate" else _ZlibEngine(_GZIP_WBITS)

    if name not in ("gzip", "deflate") and brotli is None and zstd is None:
        raise ContentCodingError(name, "coding not supported")
    return ContentDecoder(name, make_engine, ratio_limit)


def make_encoder(coding: str, level: int | None = None) -> ContentEncoder:
    """The encoder of a coding; raises ContentCodingError for one that is not there.

    >>> encoder = make_encoder("gzip")
    >>> make_decoder("gzip").decode(encoder.encode(b"abc") + encoder.finish())
    b'abc'
    """
    name = _canonical(coding)
    if name == "gzip":
        return _ZlibEncoder(level, _GZIP_WBITS)
    if name == "deflate":
        return _ZlibEncoder(level, zlib.MAX_WBITS)
    if name == "br" and (brotli := _brotli()) is not None:
        return _BrotliEncoder(level, brotli)
    if name == "zstd" and (zstd := _zstd()) is not None:
        return _ZstdEncoder(level, zstd)
    raise ContentCodingError(name, "coding not supported")


def _canonical(coding: str) -> str:
    # RFC 9110 8.4.1: names are case-insensitive; 8.4.1.3: x-gzip is gzip.
    name = coding.strip(" \t").lower()
    return "gzip" if name == "x-gzip" else name
