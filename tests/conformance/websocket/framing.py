"""Lengths of messages, pings, reserved bits and opcodes: families 1 to 4 of Autobahn's list."""

from collections.abc import Iterator

from .case import FIN, PING, PONG, TEXT, Case, Frame, binary, ping, pong, text

SIZES = (0, 1, 125, 126, 127, 128, 65_535, 65_536)
HELLO = text("Hello, world!")
HEARD = ("text", "Hello, world!")


def _lengths() -> Iterator[Case]:
    for size in SIZES:
        stars, bytes_ = "*" * size, b"\xfe" * size
        yield Case(f"text of {size} bytes", "6455 5.6", (text(stars),), (("text", stars),))
        yield Case(f"binary of {size} bytes", "6455 5.6", (binary(bytes_),), (("binary", bytes_),))


def _length_forms() -> Iterator[Case]:
    for form, size in ((3, 0), (3, 125), (9, 0), (9, 125), (9, 126), (9, 65_535)):
        end = 4 if form == 3 else 8 if size < 65_536 else 9
        frame = Frame(FIN | TEXT, form=form, length=size, size=end)
        yield Case(f"length {size} in {form} bytes", "6455 5.2", (frame,), error="LENGTH_FORM")
    for name, length in (("63", 1 << 63), ("64", (1 << 64) - 1)):
        frame = Frame(FIN | TEXT, length=length, form=9, size=3)
        yield Case(f"length of {name} bits", "6455 5.2", (frame,), error="LENGTH_SIGN")


PINGS = (
    Case("ping without payload", "6455 5.5.2", (ping(),), (("ping", b""),)),
    Case(
        "ping with text",
        "6455 5.5.2",
        (ping(b"Hello, world!"),),
        (("ping", b"Hello, world!"),),
    ),
    Case(
        "ping with bytes that are no text",
        "6455 5.5.2",
        (ping(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),),
        (("ping", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),),
    ),
    Case("ping of 125 bytes", "6455 5.5", (ping(b"\xfe" * 125),), (("ping", b"\xfe" * 125),)),
    Case(
        "ping of 126 bytes",
        "6455 5.5",
        (Frame(FIN | PING, length=126, size=2),),
        error="LONG_CONTROL",
    ),
    Case(
        "pong of 126 bytes",
        "6455 5.5",
        (Frame(FIN | PONG, length=126, size=2),),
        error="LONG_CONTROL",
    ),
    Case("pong that was not asked for", "6455 5.5.3", (pong(),), (("pong", b""),)),
    Case("pong with payload", "6455 5.5.3", (pong(b"unasked"),), (("pong", b"unasked"),)),
    Case(
        "pong, then ping",
        "6455 5.5.3",
        (pong(b"unasked"), ping(b"asked")),
        (("pong", b"unasked"), ("ping", b"asked")),
    ),
    Case(
        "ten pings",
        "6455 5.5.3",
        tuple(ping(b"payload-%d" % n) for n in range(10)),
        tuple(("ping", b"payload-%d" % n) for n in range(10)),
    ),
)


def _reserved_bits() -> Iterator[Case]:
    for bits in range(1, 8):
        for opcode in (1, 2, 9, 10, 8):
            wrong = Frame(FIN | bits << 4 | opcode, size=1)
            name = f"reserved bits {bits:03b} on opcode {opcode}"
            yield Case(name, "6455 5.2", (wrong,), error="RESERVED_BITS")
        behind = (HELLO, Frame(FIN | bits << 4 | TEXT, size=1))
        yield Case(
            f"reserved bits {bits:03b} behind a message",
            "6455 5.2",
            behind,
            (HEARD,),
            "RESERVED_BITS",
        )
    for bits in (2, 3, 4, 5, 6, 7):
        if bits & 3:  # with compression one of the three means something
            name = f"reserved bits {bits:03b} with compression"
            wrong = Frame(FIN | bits << 4 | TEXT, size=1)
            yield Case(name, "7692 6", (wrong,), error="RESERVED_BITS", deflate=())
    for opcode, name in ((0x8, "close"), (0x9, "ping"), (0xA, "pong")):
        wrong = Frame(FIN | 0x40 | opcode, size=1)
        yield Case(
            f"{name} that is compressed", "7692 6", (wrong,), error="RESERVED_BITS", deflate=()
        )
    yield Case(
        "compressed bit on a continuation",
        "7692 6.1",
        (Frame(0x41, b"\xca\x48"), Frame(0x40, size=1)),
        error="RESERVED_BITS",
        deflate=(),
    )


def _opcodes() -> Iterator[Case]:
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        wrong = Frame(FIN | opcode, size=1)
        yield Case(f"opcode {opcode}", "6455 5.2", (wrong,), error="RESERVED_OPCODE")
        yield Case(
            f"opcode {opcode} behind a message",
            "6455 5.2",
            (HELLO, wrong),
            (HEARD,),
            "RESERVED_OPCODE",
        )
        yield Case(
            f"opcode {opcode} within a message",
            "6455 5.2",
            (text("Hello", fin=False), wrong),
            error="RESERVED_OPCODE",
        )


def _masks() -> Iterator[Case]:
    for first, name in ((0x81, "text"), (0x82, "binary"), (0x89, "ping"), (0x88, "close")):
        wrong = Frame(first, b"a", flips_mask=True, size=2)
        yield Case(f"{name} with the mask of the other role", "6455 5.1", (wrong,), error="MASK")
    wrong = Frame(0x81, b"a", flips_mask=True, size=2)
    yield Case("wrong mask behind a message", "6455 5.1", (HELLO, wrong), (HEARD,), "MASK")


CASES = (
    *_lengths(),
    *_length_forms(),
    *PINGS,
    *_reserved_bits(),
    *_opcodes(),
    *_masks(),
)
