"""permessage-deflate: its four parameters, and the coder of one connection (RFC 7692 7).

Knows messages as bytes; knows no frames. Every inflation is bounded by its caller.
"""

import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol

import attrs

from weft_http_parser import Role, chosen_zlib_backend
from weft_websocket.errors import Rule, WebSocketError

Buffer = bytes | bytearray | memoryview

NAME: Final = "permessage-deflate"
MAX_WINDOW_BITS: Final = 15
MIN_WINDOW_BITS: Final = 8

# JSON of 1 KiB takes 13 us and 329 bytes; zlib's own default of 6 takes 23 us for 295.
DEFAULT_LEVEL: Final = zlib.Z_BEST_SPEED

# A sender may look back less far than was agreed. 4 KiB and this level make 33 KiB of state where
# zlib's own make 260, which thousands of connections drive out of every cache.
_USEFUL_WINDOW_BITS: Final = 12
_MEMORY_LEVEL: Final = 5

# What the sender strips from each message and the receiver puts back (RFC 7692 7.2.1, 7.2.2).
_TAIL: Final = b"\x00\x00\xff\xff"
# A peer may end a deflate stream and begin another within a message (7.2.3.4); each costs a window.
_MAX_STREAMS: Final = 100


@attrs.frozen(kw_only=True)
class DeflateParams:
    """What both sides agreed on (RFC 7692 7.1)."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = attrs.field(default=MAX_WINDOW_BITS)
    client_max_window_bits: int = attrs.field(default=MAX_WINDOW_BITS)

    @server_max_window_bits.validator
    @client_max_window_bits.validator
    def _check_bits(self, attribute: "attrs.Attribute[int]", value: int) -> None:
        if not MIN_WINDOW_BITS <= value <= MAX_WINDOW_BITS:
            raise ValueError(f"{attribute.name} is 8 to 15, not {value}")


class Compressor(Protocol):
    """A stream of messages as some library compresses it."""

    def compress(self, data: Buffer, /) -> bytes: ...

    def flush(self, mode: int = ..., /) -> bytes: ...


def _pack(coder: Compressor, data: Buffer) -> Buffer:
    """A message without the tail that Z_SYNC_FLUSH ends in."""
    head, tail = coder.compress(data), coder.flush(zlib.Z_SYNC_FLUSH)
    return memoryview(head + tail if head else tail)[:-4]


class Packing:
    """One message on its way through the coder; ``run`` may be called on another thread."""

    __slots__ = ("coder", "data", "is_kept", "packed")

    def __init__(self, coder: Compressor, data: Buffer, is_kept: bool) -> None:
        self.coder = coder
        self.data = data
        self.is_kept = is_kept
        self.packed: Buffer = b""

    def run(self) -> None:
        """Compress; zlib lets go of the interpreter lock meanwhile."""
        self.packed = _pack(self.coder, self.data)


class Deflater:
    """Compresses the messages of one side, keeping the window between them where agreed."""

    __slots__ = ("_coder", "_keeps_window", "_window_bits")

    def __init__(self, role: Role, params: DeflateParams) -> None:
        if role is Role.SERVER:
            self._keeps_window = not params.server_no_context_takeover
            self._window_bits = params.server_max_window_bits
        else:
            self._keeps_window = not params.client_no_context_takeover
            self._window_bits = params.client_max_window_bits
        self._coder: Compressor | None = None

    def begin(self, data: Buffer, level: int | None = None) -> Packing:
        """Take the coder out for one message; a `level` holds for that one alone.

        zlib's levels end at 9; anything above means 9.

        A message that is begun and never finished, because its sender was cancelled, leaves a
        fresh window behind, which any receiver understands.
        """
        coder, self._coder = self._coder, None
        if coder is None or level is not None:
            coder = _make_coder(level, self._window_bits)
        # A coder with another level never saw the messages before it, nor the kept coder this one,
        # so its distances would be wrong: the window begins anew behind such a message.
        return Packing(coder, data, self._keeps_window and level is None)

    def compress(self, data: Buffer, level: int | None = None) -> Buffer:
        """The payload of a message, compressed on this very thread."""
        if level is None and self._keeps_window and self._coder is not None:
            return _pack(self._coder, data)
        packing = self.begin(data, level)
        packing.run()
        return self.finish(packing)

    def finish(self, packing: Packing) -> Buffer:
        """The payload of the message; the coder is back for the next one."""
        if packing.is_kept:
            self._coder = packing.coder
        return packing.packed

    def pass_by(self) -> int:
        """A message that pack_alone() compressed goes out: the window bits that it must have.

        It moves the receiver's window on (RFC 7692 7.2.3.2) by data that this coder never saw, so
        the distances of the next message would be wrong: the window begins anew behind it. No
        other message may be between begin() and finish().
        """
        self._coder = None
        return self._window_bits


def pack_alone(data: Buffer, level: int | None, window_bits: int) -> bytes:
    """The payload of a message that refers to none before it, for any connection."""
    return bytes(_pack(_make_coder(level, window_bits), data))


@cache
def _find_isal() -> Callable[..., Compressor] | None:
    """The compressor of the library that takes half the time of zlib, where it is installed."""
    try:
        library: Any = import_module("isal.isal_zlib")
    except ImportError:
        return None
    make: Callable[..., Compressor] = library.compressobj
    return make


def _make_coder(level: int | None, window_bits: int) -> Compressor:
    """Of the library that was chosen; else isal's where no level is asked for, else zlib's.

    Messages of another side are left to zlib: it takes three quarters of isal's time for a KiB.
    """
    if window_bits <= MIN_WINDOW_BITS:
        # zlib has no raw window of 256 bytes; without back references any window is large enough.
        level = DEFAULT_LEVEL if level is None else min(level, 9)
        return zlib.compressobj(level, zlib.DEFLATED, -9, zlib.DEF_MEM_LEVEL, zlib.Z_HUFFMAN_ONLY)
    bits = min(window_bits, _USEFUL_WINDOW_BITS)
    chosen: Any = chosen_zlib_backend()
    if chosen is not None and chosen is not zlib:
        best = getattr(chosen, "Z_BEST_COMPRESSION", 9)
        level = DEFAULT_LEVEL if level is None else min(level, best)
        coder: Compressor = chosen.compressobj(level=level, wbits=-bits)
        return coder
    make = _find_isal() if level is None and chosen is None else None
    if make is not None:
        return make(DEFAULT_LEVEL, zlib.DEFLATED, -bits, _MEMORY_LEVEL)
    level = DEFAULT_LEVEL if level is None else min(level, 9)
    return zlib.compressobj(level, zlib.DEFLATED, -bits, _MEMORY_LEVEL)


class Inflater:
    """Decompresses the messages of the other side."""

    __slots__ = ("_coder", "_keeps_window", "_window_bits")

    def __init__(self, role: Role, params: DeflateParams) -> None:
        if role is Role.SERVER:
            self._keeps_window = not params.client_no_context_takeover
            bits = params.client_max_window_bits
        else:
            self._keeps_window = not params.server_no_context_takeover
            bits = params.server_max_window_bits
        self._window_bits = max(9, bits)
        self._coder: zlib._Decompress | None = None

    def decompress(self, data: bytes | bytearray, max_size: int) -> bytes:
        """The message, of at most `max_size` bytes (0: no limit).

        Raises WebSocketError as soon as it is longer, or when it is corrupt.
        """
        unpacking = self.begin(max_size)
        message = unpacking.add(data, is_last=True)
        self.finish(unpacking)
        return message

    def begin(self, max_size: int) -> "Unpacking":
        """A message that comes in parts; finish() must follow its last one."""
        coder = self._coder or zlib.decompressobj(-self._window_bits)
        self._coder = None
        return Unpacking(coder, self._window_bits, max_size)

    def finish(self, unpacking: "Unpacking") -> None:
        """The window is back for the next message."""
        if self._keeps_window:
            self._coder = unpacking.coder


class Unpacking:
    """One message on its way out of the coder; its size is bounded over all parts.

    ``add`` gives all of a part, ``put`` and ``take`` give it in pieces.
    """

    __slots__ = ("_is_bounded", "_rest", "_room", "_streams", "_window_bits", "coder", "has_more")

    def __init__(self, coder: "zlib._Decompress", window_bits: int, max_size: int) -> None:
        self.coder = coder
        self._window_bits = window_bits
        self._is_bounded = max_size > 0
        self._room = max_size
        self._streams = 0
        self._rest = b""
        self.has_more = False
        """take() may have something to give."""

    def add(self, data: bytes | bytearray, *, is_last: bool) -> bytes:
        """What the next part unpacks to."""
        self.put(data, is_last=is_last)
        first = self.take(0)
        if not self.has_more:
            return first
        pieces = [first]
        while self.has_more:
            pieces.append(self.take(0))
        return b"".join(pieces)

    def put(self, data: bytes | bytearray, *, is_last: bool) -> None:
        """The next part, once take() gave all of the one before it."""
        self._rest = bytes(data) + _TAIL if is_last else bytes(data)
        self.has_more = True

    def take(self, size: int) -> bytes:
        """The next bytes, at most `size` (0: no bound but that of the message); may be none."""
        bound = self._room + 1 if self._is_bounded else 0
        if size:
            bound = min(size, bound) if bound else size
        try:
            piece = self.coder.decompress(self._rest, bound)
        except zlib.error as exc:
            raise WebSocketError.of(Rule.DEFLATE_DATA) from exc
        self._room -= len(piece)
        if self._is_bounded and self._room < 0:
            raise WebSocketError.of(Rule.MESSAGE_SIZE)
        if not self.coder.eof:
            # zlib may hold back more when it gave as much as it was allowed.
            self._rest = self.coder.unconsumed_tail
            self.has_more = bool(self._rest) or (bound > 0 and len(piece) == bound)
            return piece
        self._streams += 1
        if self._streams == _MAX_STREAMS:
            raise WebSocketError.of(Rule.DEFLATE_DATA)
        self._rest, self.coder = self.coder.unused_data, zlib.decompressobj(-self._window_bits)
        self.has_more = bool(self._rest)
        return piece
