"""What websocket contenders are given: messages, and frames as raw peers send and take them; pure.

Raw peers are the load of every row, so frames are made before anything is measured.
"""

import json
import random
import struct
import zlib
from collections.abc import Sequence

import attrs

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FINAL, COMPRESSED, MASKED = 0x80, 0x40, 0x80
MASK = bytes.fromhex("9a2bc35d")
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
OFFER = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"  # a browser's
FLUSHED = b"\x00\x00\xff\xff"  # the end of a block, left out of messages: RFC 7692 7.2.1
RECORD_SIZE, RECORDS = (
    1024,
    64,
)  # together twice a window: no message finds itself in the last ones


@attrs.frozen
class EchoCase:
    """One kind of message that goes forth and back; connections take turns through the messages."""

    name: str
    title: str
    messages: Sequence[bytes]
    is_text: bool = False
    is_compressed: bool = False


def make_records(count: int) -> list[bytes]:
    """JSON of exactly `RECORD_SIZE` bytes each: the same names, other values."""
    chance = random.Random(7692)
    records = []
    for number in range(count):
        items = [
            {
                "id": chance.randrange(10**8),
                "symbol": "".join(chance.choices("ABCDEFGHIJ", k=4)),
                "price": round(chance.uniform(1, 1000), 2),
                "is_open": chance.random() < 0.5,
            }
            for _ in range(13)
        ]
        record = {"sequence": number, "items": items, "note": ""}
        missing = RECORD_SIZE - len(json.dumps(record))
        record["note"] = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=missing))
        records.append(json.dumps(record).encode())
    return records


def _random_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


BINARY_CASES = (
    EchoCase("small", "32 B", (_random_bytes(32),)),
    EchoCase("medium", "1 KiB", (_random_bytes(1024),)),
    EchoCase("large", "100 KiB", (_random_bytes(100 * 1024),)),
)
TEXT_CASE = EchoCase("text", "1 KiB of text", make_records(1), is_text=True)
DEFLATE_CASE = EchoCase(
    "deflate", "1 KiB of JSON", make_records(RECORDS), is_text=True, is_compressed=True
)
CASES = {case.name: case for case in (*BINARY_CASES, TEXT_CASE, DEFLATE_CASE)}
NOTICE = make_records(1)[0][:200].decode()
"""What is broadcast."""


def apply_mask(payload: bytes) -> bytes:
    """The payload under `MASK`, or back."""
    size = len(payload)
    mask = (MASK * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)


def format_frame(first: int, payload: bytes, *, is_masked: bool = False) -> bytes:
    """A whole frame; RFC 6455 5.2."""
    bit = MASKED if is_masked else 0
    size = len(payload)
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + MASK + apply_mask(payload) if is_masked else head + payload


def compress(message: bytes) -> bytes:
    """A message that refers to none before it, which every agreed context takes."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed.removesuffix(FLUSHED)


def format_messages(case: EchoCase, *, is_masked: bool) -> list[bytes]:
    """The frames that a raw peer sends in this case."""
    first = FINAL | (TEXT if case.is_text else BINARY)
    if case.is_compressed:
        first |= COMPRESSED
    payloads = map(compress, case.messages) if case.is_compressed else case.messages
    return [format_frame(first, payload, is_masked=is_masked) for payload in payloads]


def read_payload(first: int, payload: bytes) -> bytes:
    """The message of the first frame that a peer sent."""
    if first & COMPRESSED:
        return zlib.decompressobj(wbits=-15).decompress(payload + FLUSHED)
    return payload


def format_upgrade(path: str, *, is_compressed: bool = False) -> bytes:
    """The request of a raw client."""
    return (
        b"GET /%b HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n%b\r\n"
        % (path.encode(), KEY, OFFER if is_compressed else b"")
    )


class FrameReader:
    """Frames that are not masked, out of reads that end anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that are complete: first byte and payload."""
        data = self._rest + data if self._rest else data
        frames, at = [], 0
        while (begin := _payload_start(data, at)) is not None:
            size = int.from_bytes(data[at + 2 : begin]) if begin - at > 2 else data[at + 1]
            if len(data) < begin + size:
                break
            frames.append((data[at], data[begin : begin + size]))
            at = begin + size
        self._rest = data[at:]
        return frames


def _payload_start(data: bytes, at: int) -> int | None:
    """Where the payload of the frame at `at` begins, or None when its header is not whole."""
    if len(data) < at + 2:
        return None
    begin = at + {126: 4, 127: 10}.get(data[at + 1], 2)
    return begin if len(data) >= begin else None
