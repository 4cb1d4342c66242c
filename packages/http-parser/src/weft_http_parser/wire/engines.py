"""The libraries behind the content codings: what undoes and what does one member of a coding.

Decides which library serves a coding and how its calls are bounded. Knows no bodies.
"""

import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final, Protocol

from ..errors import ContentCodingError

Source = bytes | memoryview

_ZSTD_WINDOW_LOG: Final = 23
"""RFC 9659 3: the content coding's window has at most 8 MiB; the format allows 2 GiB."""
_BROTLI_QUALITY: Final = 5
"""11, the library's default, is fifty times slower and meant for files packed once."""


class Decompressor(Protocol):
    """One member as a zlib library undoes it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: Source, max_length: int = ..., /) -> bytes: ...


class Compressor(Protocol):
    """One member as a zlib library makes it."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self, mode: int = ..., /) -> bytes: ...


class ZLibBackend(Protocol):
    """What a module must have to stand in for zlib: `isal.isal_zlib` and `zlib_ng.zlib_ng` do."""

    @property
    def MAX_WBITS(self) -> int:
        """The largest window, as a power of two."""

    @property
    def Z_FINISH(self) -> int:
        """The mode of the last flush."""

    @property
    def Z_SYNC_FLUSH(self) -> int:
        """The mode of a flush behind which a reader can decode everything so far."""

    @property
    def compressobj(self) -> Callable[..., Compressor]:
        """Makes a compressor; takes `level=` and `wbits=`."""

    @property
    def decompressobj(self) -> Callable[..., Decompressor]:
        """Makes a decompressor; takes `wbits=`."""


_NEEDED: Final = ("MAX_WBITS", "Z_FINISH", "Z_SYNC_FLUSH", "compressobj", "decompressobj")

_backend: ZLibBackend = zlib
_chosen: ZLibBackend | None = None


def set_zlib_backend(new_zlib_backend: ZLibBackend) -> None:
    """Let another library do gzip and deflate from now on, in every coder made afterwards.

    Raises TypeError for one that lacks what coding needs. A level above the library's
    `Z_BEST_COMPRESSION` means that level.
    """
    missing = [name for name in _NEEDED if not hasattr(new_zlib_backend, name)]
    if missing:
        raise TypeError(f"not a zlib backend: it has no {', '.join(missing)}")
    global _backend, _chosen
    _backend = _chosen = new_zlib_backend


def chosen_zlib_backend() -> ZLibBackend | None:
    """What `set_zlib_backend()` was given last; None where nobody chose."""
    return _chosen


class Engine(Protocol):
    """One member of a coding on its way back to plain bytes."""

    @property
    def is_done(self) -> bool:
        """The member came to its end."""

    @property
    def is_full(self) -> bool:
        """More may come out without more going in."""

    @property
    def left(self) -> int:
        """How many of the bytes given last it did not take."""

    @property
    def kept(self) -> bytes:
        """What it took in an earlier step, and the member that is over did not need."""

    def step(self, data: Source, max_length: int) -> bytes:
        """About `max_length` bytes at most."""


class IdentityEngine:
    """No coding at all, in bounded steps like the others."""

    __slots__ = ("left",)

    is_done: Final = False
    is_full: Final = False
    kept: Final = b""

    def __init__(self) -> None:
        self.left = 0

    def step(self, data: Source, max_length: int) -> bytes:
        out = bytes(data[:max_length])
        self.left = len(data) - len(out)
        return out


class ZlibEngine:
    """gzip, and deflate in a zlib wrapper or bare."""

    __slots__ = ("_decompressor", "is_done", "is_full", "left")

    kept: Final = b""

    def __init__(self, wbits: int) -> None:
        self._decompressor = _backend.decompressobj(wbits=wbits)
        self.is_done = self.is_full = False
        self.left = 0

    def step(self, data: Source, max_length: int) -> bytes:
        decompressor = self._decompressor
        out = decompressor.decompress(data, max_length)
        self.is_done = decompressor.eof
        rest = decompressor.unused_data if self.is_done else decompressor.unconsumed_tail
        self.left = len(rest)
        self.is_full = len(out) >= max_length and not self.is_done
        return out


class DeflateEngine:
    """deflate: RFC 9110 8.4.1.2 wants the zlib wrapper, and some senders leave it away."""

    __slots__ = ("_first", "_inner", "is_done", "is_full", "left")

    kept: Final = b""

    def __init__(self) -> None:
        self._first = b""  # a byte alone, which tells nothing yet
        self._inner: ZlibEngine | None = None
        self.is_done = self.is_full = False
        self.left = 0

    def step(self, data: Source, max_length: int) -> bytes:
        if self._inner is None:
            data = self._first + bytes(data)
            if len(data) < 2:
                self._first, self.left = data, 0
                return b""
            # RFC 1950 2.2: method 8, and a header that is a multiple of 31.
            has_wrapper = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            wbits = _backend.MAX_WBITS
            self._inner = ZlibEngine(wbits if has_wrapper else -wbits)
        inner = self._inner
        out = inner.step(data, max_length)
        self.is_done, self.is_full, self.left = inner.is_done, inner.is_full, inner.left
        return out


class BrotliEngine:
    """br. The library keeps input of its own, and its limit is a mark that it may overstep."""

    __slots__ = ("_decompressor", "is_done", "is_full", "left")

    kept: Final = b""

    def __init__(self, library: ModuleType) -> None:
        self._decompressor = library.Decompressor()
        self.is_done = self.is_full = False
        self.left = 0

    def step(self, data: Source, max_length: int) -> bytes:
        decompressor = self._decompressor
        accepts = decompressor.can_accept_more_data()
        self.left = 0 if accepts else len(data)
        if not accepts:
            data = b""
        out: bytes = decompressor.process(data, output_buffer_limit=max_length)
        self.is_done = decompressor.is_finished()
        has_more = len(out) >= max_length or not decompressor.can_accept_more_data()
        self.is_full = has_more and not self.is_done
        return out


class ZstdEngine:
    """zstd. The library keeps input of its own while its output is at the limit."""

    __slots__ = ("_decompressor", "is_done", "is_full", "kept", "left")

    def __init__(self, library: ModuleType) -> None:
        window = library.DecompressionParameter.window_log_max
        self._decompressor = library.ZstdDecompressor(options={window: _ZSTD_WINDOW_LOG})
        self.is_done = self.is_full = False
        self.kept = b""
        self.left = 0

    def step(self, data: Source, max_length: int) -> bytes:
        decompressor = self._decompressor
        keeps_input = self.is_full
        if keeps_input:  # it would copy what it keeps behind what it gets
            self.left = len(data)
            data = b""
        else:
            self.left = 0
        out: bytes = decompressor.decompress(data, max_length)
        self.is_done = decompressor.eof
        self.is_full = not self.is_done and not decompressor.needs_input
        if self.is_done and keeps_input:
            self.kept = decompressor.unused_data
        elif self.is_done:
            self.left = len(decompressor.unused_data)
        return out


class ContentEncoder(Protocol):
    """Applies one content coding (RFC 9110 8.4.1)."""

    def encode(self, data: bytes) -> bytes:
        """Some coded bytes; none while the coder still gathers."""
        ...

    def flush(self) -> bytes:
        """What lets a reader decode everything written so far."""
        ...

    def finish(self) -> bytes:
        """The last bytes."""
        ...


class IdentityEncoder:
    """No coding at all."""

    __slots__ = ()

    def encode(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""

    def finish(self) -> bytes:
        return b""


class ZlibEncoder:
    """gzip and deflate."""

    __slots__ = ("_compressor", "_finish", "_sync")

    def __init__(self, level: int | None, wbits: int) -> None:
        backend = _backend
        if level is None:
            self._compressor = backend.compressobj(wbits=wbits)
        else:
            level = min(level, getattr(backend, "Z_BEST_COMPRESSION", level))
            self._compressor = backend.compressobj(level=level, wbits=wbits)
        self._sync = backend.Z_SYNC_FLUSH
        self._finish = backend.Z_FINISH

    def encode(self, data: bytes) -> bytes:
        return self._compressor.compress(data)

    def flush(self) -> bytes:
        return self._compressor.flush(self._sync)

    def finish(self) -> bytes:
        return self._compressor.flush(self._finish)


class BrotliEncoder:
    """br."""

    __slots__ = ("_compressor",)

    def __init__(self, level: int | None, library: ModuleType) -> None:
        self._compressor = library.Compressor(quality=_BROTLI_QUALITY if level is None else level)

    def encode(self, data: bytes) -> bytes:
        packed: bytes = self._compressor.process(data)
        return packed

    def flush(self) -> bytes:
        packed: bytes = self._compressor.flush()
        return packed

    def finish(self) -> bytes:
        packed: bytes = self._compressor.finish()
        return packed


class ZstdEncoder:
    """zstd, in a window that every decoder of the coding must have."""

    __slots__ = ("_compressor",)

    def __init__(self, level: int | None, library: ModuleType) -> None:
        parameter = library.CompressionParameter
        default: int = library.COMPRESSION_LEVEL_DEFAULT
        options = {parameter.compression_level: default if level is None else level}
        if level is not None and level > 19:  # levels whose own window is larger
            options[parameter.window_log] = _ZSTD_WINDOW_LOG
        self._compressor = library.ZstdCompressor(options=options)

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
def find_brotli() -> ModuleType | None:
    """The brotli library, if there is one that can bound its output."""
    for name in ("brotli", "brotlicffi"):
        library = _import(name)
        if hasattr(getattr(library, "Decompressor", None), "can_accept_more_data"):
            return library
    return None


@cache
def find_zstd() -> ModuleType | None:
    """The zstd library: the standard one from Python 3.14 on, or its backport."""
    return _import("compression.zstd") or _import("backports.zstd")


def _import(name: str) -> ModuleType | None:
    # Imported when first asked for: all of them are optional, and import time counts.
    try:
        return import_module(name)
    except ImportError:
        return None


def find_engine(coding: str) -> Callable[[], Engine]:
    """What makes the engines of a coding; ContentCodingError for one that is not there."""
    if coding == "gzip":
        return lambda: ZlibEngine(16 + _backend.MAX_WBITS)
    if coding == "deflate":
        return DeflateEngine
    if coding == "identity":
        return IdentityEngine
    if coding == "br" and (brotli := find_brotli()) is not None:
        return lambda: BrotliEngine(brotli)
    if coding == "zstd" and (zstd := find_zstd()) is not None:
        return lambda: ZstdEngine(zstd)
    raise ContentCodingError(coding, "coding not supported")


def find_encoder(coding: str, level: int | None) -> ContentEncoder:
    """A new encoder of a coding; ContentCodingError for one that is not there."""
    if coding == "gzip":
        return ZlibEncoder(level, 16 + _backend.MAX_WBITS)
    if coding == "deflate":
        return ZlibEncoder(level, _backend.MAX_WBITS)
    if coding == "identity":
        return IdentityEncoder()
    if coding == "br" and (brotli := find_brotli()) is not None:
        return BrotliEncoder(level, brotli)
    if coding == "zstd" and (zstd := find_zstd()) is not None:
        return ZstdEncoder(level, zstd)
    raise ContentCodingError(coding, "coding not supported")
