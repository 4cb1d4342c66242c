"""permessage-deflate: sizes and contents, windows and their takeover: families 12 and 13.

Each case is a series of messages from zlib itself, with what was agreed on; both directions are
given the same parameters, so that the case is one for either role.
"""

import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence

from .case import (
    BINARY,
    FIN,
    RSV1,
    TEXT,
    Case,
    Frame,
    Packer,
    binary,
    close,
    cut_frames,
    ping,
    text,
)

SIZES = (16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072)
CUTS = (0, 256, 1024, 4096, 32_768)
Deflate = tuple[tuple[str, int], ...]


def agree(bits: int = 15, *, keeps_window: bool = True) -> Deflate:
    """The same for both directions."""
    return (
        ("server_no_context_takeover", not keeps_window),
        ("client_no_context_takeover", not keeps_window),
        ("server_max_window_bits", bits),
        ("client_max_window_bits", bits),
    )


PARAMETERS = (
    ("defaults", 15, True),
    ("no takeover", 15, False),
    ("windows of 9 bits", 9, True),
    ("windows of 9 bits, no takeover", 9, False),
    ("windows of 12 bits", 12, True),
    ("windows of 12 bits, no takeover", 12, False),
    ("windows of 14 bits", 14, True),
)


def words(size: int) -> str:
    """JSON, cut to size."""
    chance = random.Random(size)
    rows = [{"id": n, "name": f"name {n}", "at": chance.random()} for n in range(size // 40 + 1)]
    return json.dumps(rows)[:size]


def letters(size: int) -> str:
    """Characters of two to four bytes."""
    return "".join(random.Random(size).choices("äßλ日本語🎈 ", k=size // 3 + 1))


def noise(size: int) -> bytes:
    """What no coder makes smaller."""
    return random.Random(size).randbytes(size)


def zeros(size: int) -> bytes:
    return bytes(size)


CONTENTS: tuple[Callable[[int], str | bytes], ...] = (words, letters, noise, zeros)


def series(
    values: Sequence[str | bytes], bits: int, keeps_window: bool, cut: int
) -> tuple[tuple[Frame, ...], tuple[tuple[str, object], ...]]:
    """The frames of compressed messages and what they say."""
    packer = Packer(bits, keeps_window=keeps_window)
    frames: list[Frame] = []
    events: list[tuple[str, object]] = []
    for value in values:
        raw = value.encode() if isinstance(value, str) else value
        opcode = TEXT if isinstance(value, str) else BINARY
        frames += cut_frames(RSV1 | opcode, packer.pack(raw), cut)
        events.append(("text" if opcode == TEXT else "binary", value))
    return tuple(frames), tuple(events)


def _sizes() -> Iterator[Case]:
    for make in CONTENTS:
        for number, size in enumerate(SIZES):
            count = 10 if size < 10_000 else 3
            cut = CUTS[number % len(CUTS)]
            for way in dict.fromkeys((0, cut)):
                frames, events = series([make(size)] * count, 15, True, way)
                name = f"{count} {make.__name__} of {size} in fragments of {way}"
                yield Case(name, "7692 7.2.2", frames, events, deflate=agree())


def _parameters() -> Iterator[Case]:
    for title, bits, keeps_window in PARAMETERS:
        deflate = agree(bits, keeps_window=keeps_window)
        for make in CONTENTS:
            for size in (64, 1024, 8192, 40_000):
                values = [make(size + step) for step in range(4)]
                frames, events = series(values, bits, keeps_window, 1024)
                name = f"{title}: {make.__name__} of {size}"
                yield Case(name, "7692 7.1", frames, events, deflate=deflate)


def _mixed() -> Iterator[Case]:
    source = "7692 6"
    packer = Packer()
    one, two = (packer.pack(b"Hello, hello, hello") for _ in range(2))
    said = ("text", "Hello, hello, hello")
    first, second = Frame(FIN | RSV1 | TEXT, one), Frame(FIN | RSV1 | TEXT, two)
    plain = text("plain")
    yield Case(
        "plain among compressed",
        source,
        (first, plain, second, binary(b"\x00")),
        (said, ("text", "plain"), said, ("binary", b"\x00")),
        deflate=agree(),
    )
    cut = cut_frames(RSV1 | TEXT, one, 3)
    yield Case(
        "pings within a compressed message",
        source,
        (cut[0], ping(b"1"), *cut[1:-1], ping(b"2"), cut[-1], close(1000)),
        (("ping", b"1"), ("ping", b"2"), said, ("close", (1000, ""))),
        deflate=agree(),
    )
    yield Case(
        "an empty message, compressed",
        "7692 7.2.3.6",
        (Frame(FIN | RSV1 | TEXT, b"\x00"),),
        (("text", ""),),
        deflate=agree(),
    )
    yield Case(
        "an empty message of no bytes at all",
        "7692 7.2.2",
        (Frame(FIN | RSV1 | TEXT),),
        (("text", ""),),
        deflate=agree(),
    )


def _examples() -> Iterator[Case]:
    """The bytes that RFC 7692 section 7.2.3 gives, each of which says Hello."""
    said = ("text", "Hello")
    one = bytes.fromhex("f248cdc9c90700")
    for name, source, payloads in (
        ("one block", "7692 7.2.3.1", (one,)),
        ("a shared window", "7692 7.2.3.2", (one, bytes.fromhex("f200110000"))),
        ("a block that is not compressed", "7692 7.2.3.3", (b"\x00\x05\x00\xfa\xffHello\x00",)),
        ("a final block", "7692 7.2.3.4", (bytes.fromhex("f348cdc9c9070000"),)),
        ("two blocks", "7692 7.2.3.5", (bytes.fromhex("f24805000000ffffcac9c90700"),)),
    ):
        frames = tuple(Frame(FIN | RSV1 | TEXT, payload) for payload in payloads)
        yield Case(name, source, frames, (said,) * len(frames), deflate=agree())
    halves = (Frame(RSV1 | TEXT, one[:3]), Frame(FIN, one[3:]))
    yield Case("one block in two frames", "7692 7.2.3.1", halves, (said,), deflate=agree())


def _refused() -> Iterator[Case]:
    source = "7692 7.2.2"
    for raw, name in (
        (b"\xff\xff\xff\xff", "no block"),
        (b"\x06", "a block of no kind"),
        (bytes.fromhex("f248cdc9c907") + b"\xff" * 3, "rubbish behind a block"),
    ):
        frame = Frame(FIN | RSV1 | BINARY, raw)
        yield Case(name, source, (frame,), error="DEFLATE_DATA", deflate=agree())
    wrong = Frame(FIN | RSV1 | TEXT, Packer().pack(b"ok \xff"))
    yield Case("no UTF-8 once unpacked", "6455 8.1", (wrong,), error="TEXT", deflate=agree())
    window = Packer()
    window.pack(b"Hello, hello, hello")
    again = Frame(FIN | RSV1 | TEXT, window.pack(b"Hello, hello, hello"))
    for keeps_window in (True, False):
        deflate = agree(keeps_window=keeps_window)
        title = f"a window that was never sent, takeover {keeps_window}"
        yield Case(title, "7692 7.2.3.2", (again,), error="DEFLATE_DATA", deflate=deflate)
    packed = zlib.compress(bytes(10 * 2**20), wbits=-15)
    bomb = Frame(FIN | RSV1 | BINARY, packed)
    yield Case("a bomb", "6455 10.4", (bomb,), error="MESSAGE_SIZE", deflate=agree())


CASES = (*_sizes(), *_parameters(), *_mixed(), *_examples(), *_refused())
