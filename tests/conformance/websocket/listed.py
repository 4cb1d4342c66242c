"""What the other lists leave out of Autobahn's, each under its number there: 6.22, 6.23, 9, 12, 13.

The numbers say which case of Autobahn's asks for the same; contents and words are ours, and instead
of a thousand messages there are a few.
"""

from collections.abc import Callable, Iterator

from .case import Case, binary, fragments, text
from .compression import PARAMETERS, agree, letters, noise, series, words
from .sizes import KIB, MIB

# The characters of 6.22: the last two of each plane.
NONCHARACTERS = [plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)]
# Those of 6.23: around the replacement character.
REPLACEMENTS = ("\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff")

# Sizes of messages and of their fragments, 0 for one frame: the eighteen of 12.x and 13.x.
SERIES = (
    *((size, 0) for size in (16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB)),
    (64 * KIB, 0),
    (128 * KIB, 0),
    *((size * KIB, 256) for size in (8, 16, 32, 64, 128)),
    *((128 * KIB, cut) for cut in (KIB, 4 * KIB, 32 * KIB)),
)


def page(size: int) -> str:
    """Markup, cut to size."""
    row = "<tr class='row'><td>{}</td><td><a href='/item?id={}'>é</a></td></tr>\n"
    return "".join(row.format(n, n * 7) for n in range(size // 60 + 1))[:size]


def stars(size: int) -> str:
    """What a coder likes best."""
    return ("*" * 97 + "\n") * (size // 98) + "*" * (size % 98)


CONTENTS: tuple[Callable[[int], str | bytes], ...] = (words, noise, letters, page, stars)


def _characters() -> Iterator[Case]:
    for number, code in enumerate(NONCHARACTERS, 1):
        value = chr(code)
        yield Case(f"6.22.{number} U+{code:04X}", "6455 5.6", (text(value),), (("text", value),))
    for number, value in enumerate(REPLACEMENTS, 1):
        name = f"6.23.{number} U+{ord(value):04X}"
        yield Case(name, "6455 5.6", (text(value),), (("text", value),))


def _sizes() -> Iterator[Case]:
    for number, size in ((5, 8 * MIB), (6, 16 * MIB)):
        data = "*" * size
        made = (text(data),), (("text", data),)
        yield Case(f"9.1.{number} text of {size} bytes", "6455 10.4", *made, limit=16 * MIB)
    eight = b"\xfe" * (8 * MIB)
    yield Case(
        "9.2.5 binary of 8 MiB",
        "6455 10.4",
        (binary(eight),),
        (("binary", eight),),
        limit=16 * MIB,
    )
    for number, cut in ((1, 64), (2, 256), (9, 4 * MIB)):
        written, raw = "*" * (4 * MIB), b"\x9f" * (4 * MIB)
        name = f"4 MiB in fragments of {cut}"
        whole = fragments(written, cut)
        yield Case(f"9.3.{number} text, {name}", "6455 5.4", whole, (("text", written),))
        whole = fragments(raw, cut)
        yield Case(f"9.4.{number} binary, {name}", "6455 5.4", whole, (("binary", raw),))
    for family, frame, event in (
        (7, text("a" * 4096), ("text", "a" * 4096)),
        (8, binary(b"\x80" * 4096), ("binary", b"\x80" * 4096)),
    ):
        name = f"9.{family}.6 1000 messages of 4096 bytes"
        yield Case(name, "6455 5.6", (frame,) * 1000, (event,) * 1000)


def _compressed() -> Iterator[Case]:
    for family, make in enumerate(CONTENTS, 1):
        for number, (size, cut) in enumerate(SERIES, 1):
            count = 5 if size < 16 * KIB else 2
            frames, events = series([make(size)] * count, 15, True, cut)
            name = f"12.{family}.{number} {make.__name__} of {size} in fragments of {cut}"
            yield Case(name, "7692 7.2.2", frames, events, deflate=agree())
    for family, (title, bits, keeps_window) in enumerate(PARAMETERS, 1):
        for number, (size, cut) in enumerate(SERIES, 1):
            count = 5 if size < 16 * KIB else 2
            frames, events = series([page(size)] * count, bits, keeps_window, cut)
            name = f"13.{family}.{number} {title}: {size} in fragments of {cut}"
            deflate = agree(bits, keeps_window=keeps_window)
            yield Case(name, "7692 7.1", frames, events, deflate=deflate)


CASES = (*_characters(), *_sizes(), *_compressed())
