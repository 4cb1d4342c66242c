"""A case: frames of a peer, and what must come of them; the same for both roles.

Frames are values, and become bytes once it is known which role reads them: a server reads masked
ones. A case that is refused ends with the byte that decides, so that a test can leave it out.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

KEY = b"\x37\xfa\x21\x3d"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN, RSV1 = 0x80, 0x40
TAIL = b"\x00\x00\xff\xff"

Event = tuple[str, Any]
"""("text", "a"), ("binary", b"a"), ("ping", b""), ("pong", b"") or ("close", (1000, "bye"))."""


def mask(data: bytes, key: bytes = KEY) -> bytes:
    """RFC 6455 5.3, with no code of ours."""
    pattern = (key * (len(data) // 4 + 1))[: len(data)]
    number = int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")
    return number.to_bytes(len(data), "big")


@attrs.frozen
class Frame:
    """One frame; what is not said is as it must be."""

    first: int
    payload: bytes = b""
    length: int | None = None
    """Announced instead of the payload's."""
    form: int | None = None
    """Bytes that the length takes: 1, 3 or 9; the shortest unless said."""
    flips_mask: bool = False
    """Masked where it must not be, and not where it must."""
    size: int | None = None
    """How many bytes of it are sent."""

    def render(self, is_masked: bool) -> bytes:
        masked = is_masked is not self.flips_mask
        length = len(self.payload) if self.length is None else self.length
        form = self.form or (1 if length < 126 else 3 if length < 65_536 else 9)
        bit = 0x80 if masked else 0
        head = bytes((self.first, bit | (length if form == 1 else 126 if form == 3 else 127)))
        if form > 1:
            head += struct.pack(">H" if form == 3 else ">Q", length)
        if not masked:
            return (head + self.payload)[: self.size]
        return (head + KEY + mask(self.payload))[: self.size]


@attrs.frozen
class Case:
    name: str
    source: str
    """The RFC and section that decide, such as "6455 5.4"."""
    frames: tuple[Frame, ...]
    events: tuple[Event, ...] = ()
    error: str = ""
    """The name of the rule that is broken; then the last byte of all decides."""
    limit: int = 4 * 2**20
    deflate: tuple[tuple[str, int], ...] | None = None
    """What was agreed on compression."""

    def __str__(self) -> str:
        return f"{self.source} {self.name}"

    def wire(self, is_masked: bool) -> bytes:
        return b"".join(frame.render(is_masked) for frame in self.frames)


def text(payload: str | bytes, *, fin: bool = True) -> Frame:
    data = payload.encode() if isinstance(payload, str) else payload
    return Frame(TEXT | FIN * fin, data)


def binary(payload: bytes, *, fin: bool = True) -> Frame:
    return Frame(BINARY | FIN * fin, payload)


def more(payload: str | bytes, *, fin: bool = False) -> Frame:
    """A continuation."""
    data = payload.encode() if isinstance(payload, str) else payload
    return Frame(FIN * fin, data)


def ping(payload: bytes = b"") -> Frame:
    return Frame(FIN | PING, payload)


def pong(payload: bytes = b"") -> Frame:
    return Frame(FIN | PONG, payload)


def close(code: int | None = None, reason: str | bytes = b"") -> Frame:
    data = reason.encode() if isinstance(reason, str) else reason
    return Frame(FIN | CLOSE, b"" if code is None else code.to_bytes(2, "big") + data)


def fragments(data: str | bytes, size: int) -> tuple[Frame, ...]:
    """A message in frames of that size; 0 is one frame."""
    first = TEXT if isinstance(data, str) else BINARY
    raw = data.encode() if isinstance(data, str) else data
    return cut_frames(first, raw, size)


def cut_frames(first: int, raw: bytes, size: int) -> tuple[Frame, ...]:
    """A payload in frames of that size; the first has the opcode, and the reserved bit."""
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)] if size and raw else [raw]
    firsts = [first, *[0] * (len(pieces) - 1)]
    firsts[-1] |= FIN
    return tuple(map(Frame, firsts, pieces))


class Packer:
    """The compressing half of RFC 7692, straight from zlib."""

    def __init__(self, bits: int = 15, *, keeps_window: bool = True, level: int = 6) -> None:
        self._arguments = (level, zlib.DEFLATED, -max(bits, 9))
        self._keeps_window = keeps_window
        self._coder = zlib.compressobj(*self._arguments)

    def pack(self, data: bytes) -> bytes:
        packed = self._coder.compress(data) + self._coder.flush(zlib.Z_SYNC_FLUSH)
        if not self._keeps_window:
            self._coder = zlib.compressobj(*self._arguments)
        return packed.removesuffix(TAIL)


class Unpacker:
    """The other half, with no bound: what it reads is ours."""

    def __init__(self, bits: int = 15, *, keeps_window: bool = True) -> None:
        self._bits = max(bits, 9)
        self._keeps_window = keeps_window
        self._coder = zlib.decompressobj(-self._bits)

    def unpack(self, data: bytes) -> bytes:
        unpacked = self._coder.decompress(data + TAIL)
        if not self._keeps_window:
            self._coder = zlib.decompressobj(-self._bits)
        return unpacked


def parse_frames(data: bytes, is_masked: bool) -> Iterator[tuple[int, bytes]]:
    """The first bytes and payloads of whole frames; nothing may be left behind them."""
    at = 0
    while at < len(data):
        first, second = data[at], data[at + 1]
        length, at = second & 0x7F, at + 2
        if length > 125:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        key = b""
        assert bool(second & 0x80) is is_masked
        if is_masked:
            key, at = data[at : at + 4], at + 4
        payload, at = data[at : at + length], at + length
        assert len(payload) == length, "a frame is cut"
        yield first, mask(payload, key) if key else payload


def event_of(first: int, payload: bytes) -> Event:
    """What a frame says that is a whole message."""
    opcode = first & 0x0F
    if opcode == TEXT:
        return "text", payload.decode()
    if opcode == CLOSE:
        return "close", (int.from_bytes(payload[:2], "big"), payload[2:].decode())
    return {BINARY: "binary", PING: "ping", PONG: "pong"}[opcode], payload


def summarize(events: Sequence[Any]) -> tuple[tuple[Event, ...], str]:
    """The messages of a core, and the text of the rule that was broken behind them."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, Exception):
            assert event is events[-1]
            return tuple(found), str(event)
        kind = event.type.name.lower()
        found.append((kind, (event.data, event.extra) if kind == "close" else event.data))
    return tuple(found), ""
