"""Text that is UTF-8 and text that is not, refused at the first byte that errs: family 6.

Autobahn takes its list from Markus Kuhn's UTF-8 stress test; ours is made from the grammar of
RFC 3629 section 4: for each range of sequences its first, its last and one on either side.
"""

from collections.abc import Iterator

from .case import FIN, TEXT, Case, Frame, more, ping, text

GREEK = "κόσμε"
GOOD = (
    "",
    "Hello-µ@ßöäüàá-UTF-8!!",
    GREEK,
    "\x00",
    "\x7f\x80",
    "\u07ff\u0800",
    "\ud7ff\ue000",
    "\ufffd\ufffe\uffff",
    "\U00010000\U0003ffff",
    "\U0010fffe\U0010ffff",
    "\ufdd0\ufdef",
    "\u200b\ufeff",
    "a\u0308\U0001f600",
)
# Bytes up to the one that cannot be: what came before it may stand in some text.
BAD = (
    (b"\x80", "a continuation alone"),
    (b"\xbf", "the last continuation alone"),
    (b"a\x80", "a continuation behind a letter"),
    ("é".encode() + b"\x80", "one continuation too many for two"),
    ("€".encode() + b"\xbf", "one continuation too many for three"),
    ("\U0001f600".encode() + b"\x80", "one continuation too many for four"),
    (b"\xc0", "an overlong form of two bytes"),
    (b"\xc1", "the last overlong form of two bytes"),
    (b"\xe0\x80", "an overlong form of three bytes"),
    (b"\xe0\x9f", "the last overlong form of three bytes"),
    (b"\xf0\x80", "an overlong form of four bytes"),
    (b"\xf0\x8f", "the last overlong form of four bytes"),
    (b"\xed\xa0", "the first high surrogate"),
    (b"\xed\xaf", "the last high surrogate"),
    (b"\xed\xb0", "the first low surrogate"),
    (b"\xed\xbf", "the last low surrogate"),
    (b"\xf4\x90", "one above the last character"),
    (b"\xf4\xbf", "far above the last character"),
    (b"\xf5", "a first byte above F4"),
    (b"\xf8", "five bytes"),
    (b"\xfc", "six bytes"),
    (b"\xfe", "FE"),
    (b"\xff", "FF"),
    (b"\xc3a", "two bytes, the second a letter"),
    (b"\xe2a", "three bytes, the second a letter"),
    (b"\xe2\x82a", "three bytes, the third a letter"),
    (b"\xf0\x9fa", "four bytes, the third a letter"),
    (b"\xf0\x9f\x98a", "four bytes, the fourth a letter"),
    (b"\xc3\xc3", "two first bytes"),
)
CUT = (b"\xc3", b"\xe2", b"\xe2\x82", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\x98")


def _good() -> Iterator[Case]:
    for number, value in enumerate(GOOD):
        name = f"good text {number}"
        yield Case(name, "6455 5.6", (text(value),), (("text", value),))
        raw = value.encode()
        if len(raw) < 2:
            continue
        half = len(raw) // 2
        halves = (text(raw[:half], fin=False), more(raw[half:], fin=True))
        yield Case(f"{name} in two", "6455 5.6", halves, (("text", value),))
        singles = [Frame(TEXT if not at else 0, raw[at : at + 1]) for at in range(len(raw))]
        last = more(b"", fin=True)
        yield Case(f"{name} in bytes", "6455 5.6", (*singles, last), (("text", value),))


def _bad() -> Iterator[Case]:
    rule, source = "TEXT", "6455 8.1"
    for raw, name in BAD:
        announced = len(raw) + 30
        whole = Frame(FIN | TEXT, raw, length=announced)
        yield Case(f"{name}, in one frame", source, (whole,), error=rule)
        behind = Frame(FIN | TEXT, GREEK.encode() + raw, length=announced + 11)
        yield Case(f"{name}, behind good text", source, (behind,), error=rule)
        # Within fragments: the frame that errs has more to come, and so has the message.
        begun = (text(GREEK, fin=False), Frame(0, raw, length=announced))
        yield Case(f"{name}, in a fragment", source, begun, error=rule)
        if len(raw) > 1:
            split = (text(raw[:-1], fin=False), ping(), Frame(0, raw[-1:], length=9))
            yield Case(f"{name}, over two fragments", source, split, (("ping", b""),), rule)
    for raw in CUT:
        name = f"text that ends within {raw.hex(' ')}"
        yield Case(name, source, (text(raw),), error=rule)
        parts = (text(GREEK.encode() + raw, fin=False), Frame(FIN))
        yield Case(f"{name}, in two", source, parts, error=rule)


def _binary_is_free() -> Iterator[Case]:
    for raw, name in BAD[:6]:
        frame = Frame(0x82, raw)
        yield Case(f"binary with {name}", "6455 5.6", (frame,), (("binary", raw),))
        yield Case(f"ping with {name}", "6455 5.5.2", (ping(raw),), (("ping", raw),))


CASES = (*_good(), *_bad(), *_binary_is_free())
