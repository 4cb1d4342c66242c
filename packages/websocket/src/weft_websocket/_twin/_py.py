"""The hot loops in Python: masking, rendering and scanning frames. The specification of ``_c``.

Knows RFC 6455 section 5; knows no roles, no compression and no closing handshake. What a peer
did wrong is a number of ``Rule`` in ``FrameScanner.fault``; nothing here raises for it.
"""

import codecs
from typing import Final, NamedTuple, TypeAlias, final

from weft_websocket._twin.api import API as API
from weft_websocket._twin.api import Frame
from weft_websocket.codes import Message, WSMessage, WSMessageTextBytes, WSMsgType
from weft_websocket.errors import Rule

Buffer: TypeAlias = bytes | bytearray | memoryview

FIN: Final = 0x80
RSV1: Final = 0x40
RSV2_RSV3: Final = 0x30
OPCODE: Final = 0x0F
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PONG: Final = 0xA
MASKED: Final = 0x80
LENGTH: Final = 0x7F

_HEADER_LIMIT: Final = 14
_WHOLE: Final = (FIN | TEXT, FIN | BINARY)

# Up to here one big integer is faster than four tables (measured: 414 ns against 933 at 32 B,
# 2,558 against 1,838 at 1 KiB).
_INTEGER_MASK_SIZE: Final = 512
_xor_tables: list[bytes] = []


def mask(data: Buffer, key: bytes) -> bytes:
    """XOR with the four bytes of `key`, over and over (RFC 6455 5.3); its own inverse.

    ValueError unless the key has four bytes.
    """
    if len(key) != 4:
        raise ValueError("a masking key has four bytes")
    if isinstance(data, memoryview):
        data = data.tobytes()
    size = len(data)
    if size <= _INTEGER_MASK_SIZE:
        pattern = int.from_bytes((key * (size // 4 + 1))[:size], "little")
        return (int.from_bytes(data, "little") ^ pattern).to_bytes(size, "little")
    if not _xor_tables:
        _xor_tables.extend(bytes(byte ^ part for byte in range(256)) for part in range(256))
    masked = bytearray(data)
    for index in range(4):
        masked[index::4] = masked[index::4].translate(_xor_tables[key[index]])
    return bytes(masked)


def render_header(first: int, length: int, key: bytes | None) -> bytes:
    """Everything before the payload (RFC 6455 5.2), the length in its shortest form.

    `first` is the first byte as sent: FIN, reserved bits and opcode. A key sets the mask bit and
    is appended; ValueError unless it has four bytes.
    """
    bit = 0
    if key is not None:
        if len(key) != 4:
            raise ValueError("a masking key has four bytes")
        bit = MASKED
    if length < 126:
        header = bytes((first, bit | length))
    elif length < 0x10000:
        header = bytes((first, bit | 126, length >> 8, length & 0xFF))
    else:
        header = bytes((first, bit | 127)) + length.to_bytes(8, "big")
    return header if key is None else header + key


def render_frame(first: int, payload: Buffer | str, key: bytes | None) -> bytes:
    """A whole frame in one buffer: header and payload, masked when there is a key.

    Text is encoded as UTF-8; UnicodeEncodeError for surrogates.
    """
    data = payload.encode() if isinstance(payload, str) else payload
    if isinstance(data, memoryview):
        data = data.tobytes()
    header = render_header(first, len(data), key)
    return header + (data if key is None else mask(data, key))


class _Limits(NamedTuple):
    """What a scanner was told at its making."""

    mask_bit: int
    allows_deflate: bool
    decodes_text: bool
    max_message_size: int
    max_fragments: int
    max_batch: int


class _Frame:
    """A frame whose header is complete and whose payload is not."""

    __slots__ = ("first", "given", "key", "length", "payload")

    def __init__(self, first: int, length: int, key: bytes) -> None:
        self.first = first
        self.length = length
        self.key = key
        self.payload = bytearray()
        self.given = 0

    def take(self, data: Buffer) -> bytes:
        """Keep the next bytes of the payload and return them unmasked."""
        piece = bytes(data)
        if self.key:
            turn = (self.given + len(self.payload)) % 4
            piece = mask(piece, self.key[turn:] + self.key[:turn])
        self.payload += piece
        return piece

    def give(self) -> tuple[int, bytes]:
        """What has come, as a fragment; the rest of the frame continues it."""
        part = self.first & ~FIN, bytes(self.payload)
        self.first &= FIN
        self.given += len(self.payload)
        self.length -= len(self.payload)
        self.payload = bytearray()
        return part


class _Message:
    """The data message that is open: what its fragments have come to so far."""

    __slots__ = ("fragments", "is_compressed", "is_text", "limit", "size", "text_check")

    def __init__(self, first: int, limit: int | None) -> None:
        self.is_compressed = bool(first & RSV1)
        self.is_text = first & OPCODE == TEXT
        self.limit = limit
        self.size = 0
        self.fragments = 0
        self.text_check: codecs.IncrementalDecoder | None = None

    def is_text_good(self, piece: bytes, is_last: bool) -> bool:
        """Whether the text stays UTF-8 with these bytes; says no at the first byte that errs."""
        if not self.is_text or self.is_compressed:
            return True
        if self.text_check is None:
            self.text_check = codecs.getincrementaldecoder("utf-8")("strict")
        try:
            self.text_check.decode(piece, is_last)
        except UnicodeDecodeError:
            return False
        # Python's decoder calls a surrogate wrong only at its third byte; the second one decides.
        pending = self.text_check.getstate()[0]
        return not (len(pending) == 2 and pending[0] == 0xED and pending[1] >= 0xA0)


@final
class FrameScanner:
    """Cuts a stream of bytes into frames, unmasked, and checks each rule of RFC 6455 section 5.

    ``feed`` returns a message for each that is whole in one uncompressed frame, its text decoded
    if `decodes_text` is set, and for any other frame a pair of its first byte, as received, and
    its payload. Text in fragments is checked but not put together.

    Every rule is checked at the first byte that breaks it, so any split of the input breaks it at
    the same place: then ``fault`` is its number (0 until then). Frames before it are returned,
    nothing is after it, nor after a close frame.

    A message is measured when a frame's header announces its length, before anything is kept for
    it: over `max_message_size` (0: no limit) or `max_fragments` is a fault. A compressed message
    may be an eighth and 64 bytes longer, as incompressible data grows. No more is kept than
    twice what arrived, whatever a header announces.

    ``allow`` sets another limit for one message. ``take_part`` gives what has come of the frame
    that is under way, as if the frame were fragments.

    At most `max_batch` frames are returned by one call. ``has_more`` then says that unread bytes
    are left: call ``feed(b"")`` for the next batch.
    """

    __slots__ = (
        "_at",
        "_data",
        "_finished",
        "_frame",
        "_is_closed",
        "_limits",
        "_message",
        "_next_limit",
        "fault",
        "has_more",
    )

    def __init__(
        self,
        expects_mask: bool,
        allows_deflate: bool,
        decodes_text: bool,
        max_message_size: int,
        max_fragments: int,
        max_batch: int,
    ) -> None:
        mask_bit = MASKED if expects_mask else 0
        self._limits = _Limits(
            mask_bit, allows_deflate, decodes_text, max_message_size, max_fragments, max_batch
        )
        self.fault: int = 0
        self.has_more: bool = False
        self._data = b""
        self._at = 0
        self._frame: _Frame | None = None
        self._message: _Message | None = None
        self._next_limit: int | None = None
        self._is_closed = False
        self._finished = 0

    @property
    def half(self) -> tuple[int, int] | None:
        """The frame of which a part has come: its number, and a measure that grows with it.

        None between two frames.
        """
        if self._frame is not None:
            return self._finished, _HEADER_LIMIT + self._frame.given + len(self._frame.payload)
        left = len(self._data) - self._at
        return (self._finished, left) if left and not self.has_more else None

    def allow(self, max_message_size: int | None, /) -> None:
        """Let the data message that is under way, or the next one, have another limit (0: none).

        None takes back what no message has used. ValueError for a negative number.
        """
        if max_message_size is not None and max_message_size < 0:
            raise ValueError("max_message_size must not be negative")
        self._next_limit = max_message_size
        if self._message is not None and max_message_size is not None:
            self._message.limit = self._use_limit(self._message.is_compressed)

    def take_part(self) -> tuple[int, bytes] | None:
        """What has come of the payload of a data frame under way: its first byte without FIN, and it.

        The scanner keeps it no longer, and gives the rest of the frame as a continuation. None
        where nothing has come.
        """
        frame = self._frame
        if frame is None or frame.first & OPCODE >= CLOSE or not frame.payload:
            return None
        return frame.give()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete with these bytes, at most a batch of them."""
        frames: list[Frame] = []
        if self.fault or self._is_closed:
            return frames
        is_between = not self._data and self._frame is None and self._message is None
        if is_between and self._next_limit is None:
            whole = self._read_whole(data)
            if whole is not None:
                return [whole]
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0
        max_batch = self._limits.max_batch
        while len(frames) < max_batch and not self._is_closed:
            if self._frame is None and not self._read_header():
                break
            frame = self._read_payload()
            if frame is None:
                break
            frames.append(frame)
        self._settle(len(frames) == max_batch)
        return frames

    def _read_whole(self, data: bytes) -> Message | None:
        """What a read nearly always is: one good message in one plain frame, and nothing else.

        None sends everything else the long way, which alone knows faults.
        """
        limits, size = self._limits, len(data)
        if size < 6 or data[0] not in _WHOLE:
            return None
        length, at = data[1] ^ limits.mask_bit, 2  # over 127 where the mask bit is wrong
        if length > 126:
            return None
        if length == 126:
            length, at = data[2] << 8 | data[3], 4
            if length < 126:
                return None
        start = at + 4 if limits.mask_bit else at
        if start + length != size or length > (limits.max_message_size or length):
            return None
        payload = mask(data[start:], data[at:start]) if limits.mask_bit else data[start:]
        try:
            return _to_message(data[0], payload, limits.decodes_text)
        except UnicodeDecodeError:
            return None

    def _settle(self, is_full: bool) -> None:
        """Keep what was not read, or drop it when nothing more will be."""
        if self.fault or self._is_closed:
            self._data, self._at = b"", 0
            self._frame = self._message = None
        self.has_more = is_full and self._at < len(self._data)
        if not self.has_more:  # at most a part of a header: let go of the bytes behind it
            self._data, self._at = self._data[self._at :], 0

    def _read_header(self) -> bool:
        """Make ``_frame`` when its header is complete; False when bytes are missing or wrong."""
        data, at = self._data, self._at
        available = len(data) - at
        if not available:
            return False
        first = data[at]
        self.fault = self._fault_of_first(first)
        if self.fault or available < 2:
            return False
        second = data[at + 1]
        self.fault = self._fault_of_second(first, second)
        if self.fault:
            return False
        length = second & LENGTH
        size = {126: 4, 127: 10}.get(length, 2)
        self.fault = _fault_of_length(data[at + 2 : at + size], size - 2)
        if self.fault or available < size:
            return False
        if size > 2:
            length = int.from_bytes(data[at + 2 : at + size], "big")
        self.fault = self._fault_of_message(first, length)
        key_size = 4 if self._limits.mask_bit else 0
        if self.fault or available < size + key_size:
            return False
        self._frame = _Frame(first, length, data[at + size : at + size + key_size])
        self._at = at + size + key_size
        self._count(first, length)
        return True

    def _fault_of_first(self, first: int) -> int:
        opcode = first & OPCODE
        is_control = opcode >= CLOSE
        if first & RSV2_RSV3:
            return Rule.RESERVED_BITS
        if first & RSV1 and not (self._limits.allows_deflate and opcode in (TEXT, BINARY)):
            return Rule.RESERVED_BITS
        if BINARY < opcode < CLOSE or opcode > PONG:
            return Rule.RESERVED_OPCODE
        if is_control:
            return 0 if first & FIN else Rule.SPLIT_CONTROL
        if opcode == 0:
            return 0 if self._message is not None else Rule.LONE_CONTINUATION
        return 0 if self._message is None else Rule.OPEN_MESSAGE

    def _fault_of_second(self, first: int, second: int) -> int:
        limits = self._limits
        if second & MASKED != limits.mask_bit:
            return Rule.MASK_MISSING if limits.mask_bit else Rule.MASK_PRESENT
        if first & OPCODE >= CLOSE:
            return Rule.LONG_CONTROL if second & LENGTH > 125 else 0
        if self._message is not None and self._message.fragments >= limits.max_fragments:
            return Rule.FRAGMENT_COUNT
        return 0

    def _fault_of_message(self, first: int, length: int) -> int:
        """Whether the announced length fits, before anything is kept for it."""
        if first & OPCODE >= CLOSE:
            return 0
        size, limit = 0, self._limit_of(bool(first & RSV1))
        if self._message is not None:
            size, limit = self._message.size, self._message.limit
        return Rule.MESSAGE_SIZE if limit is not None and size + length > limit else 0

    def _limit_of(self, is_compressed: bool) -> int | None:
        limit = self._limits.max_message_size if self._next_limit is None else self._next_limit
        if not limit:
            return None
        return limit + limit // 8 + 64 if is_compressed else limit

    def _use_limit(self, is_compressed: bool) -> int | None:
        limit, self._next_limit = self._limit_of(is_compressed), None
        return limit

    def _count(self, first: int, length: int) -> None:
        """Add the frame to its message, which the first frame of one opens."""
        if first & OPCODE >= CLOSE:
            return
        if self._message is None:
            self._message = _Message(first, self._use_limit(bool(first & RSV1)))
        self._message.size += length
        self._message.fragments += 1

    def _read_payload(self) -> Frame | None:
        """The open frame when its payload is complete, else None."""
        frame, at = self._frame, self._at
        assert frame is not None  # feed() made it, or an earlier call did
        is_data = frame.first & OPCODE < CLOSE
        stop = min(len(self._data), at + frame.length - len(frame.payload))
        piece = frame.take(memoryview(self._data)[at:stop])
        self._at = stop
        is_complete = len(frame.payload) == frame.length
        if is_data:
            assert self._message is not None  # _count() opened it
            is_last = is_complete and bool(frame.first & FIN)
            if not self._message.is_text_good(piece, is_last):
                self.fault = Rule.TEXT
                return None
        if not is_complete:
            return None
        self._frame = None
        self._finished += 1
        if is_data and frame.first & FIN:
            self._message = None
        self._is_closed = frame.first & OPCODE == CLOSE
        if frame.first in _WHOLE:
            return _to_message(frame.first, bytes(frame.payload), self._limits.decodes_text)
        return frame.first, bytes(frame.payload)


def _to_message(first: int, payload: bytes, decodes_text: bool) -> Message:
    """A message that is whole in one frame; UnicodeDecodeError for text that is none."""
    if first == FIN | BINARY:
        return WSMessage(WSMsgType.BINARY, payload, "")
    text = payload.decode()
    if decodes_text:
        return WSMessage(WSMsgType.TEXT, text, "")
    return WSMessageTextBytes(WSMsgType.TEXT, payload, "")


def _fault_of_length(extended: bytes, size: int) -> int:
    """Whether the 16 or 64 bit length, as far as it is there, is minimal and positive.

    Its first byte decides the sign, the byte that could still make it long enough the rest.
    """
    if size == 2 and len(extended) == 2 and int.from_bytes(extended, "big") < 126:
        return Rule.LENGTH_FORM
    if size != 8 or not extended:
        return 0
    if extended[0] & 0x80:
        return Rule.LENGTH_SIGN
    if len(extended) >= 6 and not any(extended[:6]):
        return Rule.LENGTH_FORM
    return 0
