"""permessage-deflate: its four parameters, and the coder of one connection (RFC 7692 7).

Knows messages as bytes; knows no frames. Every inflation is bounded by its caller.
"""

import zlib
from typing import Final

import attrs

from weft_http_parser import Role
from weft_websocket.errors import Rule, WebSocketError

Buffer = bytes | bytearray | memoryview

NAME: Final = "permessage-deflate"
MAX_WINDOW_BITS: Final = 15
MIN_WINDOW_BITS: Final = 8

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


class Packing:
    """One message on its way through the coder; ``run`` may be called on another thread."""

    __slots__ = ("coder", "data", "is_kept", "packed")

    def __init__(self, coder: "zlib._Compress", data: Buffer, is_kept: bool) -> None:
        self.coder = coder
        self.data = data
        self.is_kept = is_kept
        self.packed = b""

    def run(self) -> None:
        """Compress; zlib lets go of the interpreter lock meanwhile."""
        packed = self.coder.compress(self.data) + self.coder.flush(zlib.Z_SYNC_FLUSH)
        self.packed = packed[:-4]  # Z_SYNC_FLUSH always ends in _TAIL


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
        self._coder: zlib._Compress | None = None

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

    def finish(self, packing: Packing) -> bytes:
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
    packing = Packing(_make_coder(level, window_bits), data, False)
    packing.run()
    return packing.packed


def _make_coder(level: int | None, window_bits: int) -> "zlib._Compress":
    level = zlib.Z_DEFAULT_COMPRESSION if level is None else min(level, 9)
    if window_bits > MIN_WINDOW_BITS:
        return zlib.compressobj(level, zlib.DEFLATED, -window_bits)
    # zlib has no raw window of 256 bytes; without back references any window is large enough.
    return zlib.compressobj(level, zlib.DEFLATED, -9, zlib.DEF_MEM_LEVEL, zlib.Z_HUFFMAN_ONLY)


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
        coder = self._coder or zlib.decompressobj(-self._window_bits)
        self._coder = None
        pieces: list[bytes] = []
        rest, room = bytes(data) + _TAIL, max_size
        for _ in range(_MAX_STREAMS):
            try:
                piece = coder.decompress(rest, room + 1 if max_size else 0)
            except zlib.error as exc:
                raise WebSocketError.of(Rule.DEFLATE_DATA) from exc
            pieces.append(piece)
            room -= len(piece)
            if max_size and room < 0:
                raise WebSocketError.of(Rule.MESSAGE_SIZE)
            if not coder.eof:
                break
            rest, coder = coder.unused_data, zlib.decompressobj(-self._window_bits)
        else:
            raise WebSocketError.of(Rule.DEFLATE_DATA)
        if self._keeps_window:
            self._coder = coder
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
