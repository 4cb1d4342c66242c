"""Large messages, many messages, and how they are cut: families 9 and 10 of Autobahn's list.

Autobahn measures with these; here they say that size alone changes nothing, and what a limit does.
"""

from collections.abc import Iterator

from .case import FIN, Case, Frame, binary, fragments, more, ping, text

KIB, MIB = 2**10, 2**20
LIMIT = 1000
WHOLE = (64 * KIB, 256 * KIB, MIB, 4 * MIB)
CUTS = (64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB)


def _whole() -> Iterator[Case]:
    for size in WHOLE:
        words, noise = "*" * size, bytes(range(256)) * (size // 256)
        yield Case(f"text of {size} bytes", "6455 10.4", (text(words),), (("text", words),))
        yield Case(f"binary of {size} bytes", "6455 10.4", (binary(noise),), (("binary", noise),))
    huge = b"\xfe" * (16 * MIB)
    yield Case(
        "binary of 16 MiB where there is no limit",
        "6455 10.4",
        (binary(huge),),
        (("binary", huge),),
        limit=0,
    )


def _in_fragments() -> Iterator[Case]:
    for size in CUTS:
        total = MIB if size < KIB else 4 * MIB
        words, noise = "*" * total, b"\x9f" * total
        name = f"{total} bytes in fragments of {size}"
        yield Case(f"text, {name}", "6455 5.4", fragments(words, size), (("text", words),))
        yield Case(f"binary, {name}", "6455 5.4", fragments(noise, size), (("binary", noise),))
    words = "*" * 65_536
    yield Case(
        "text cut as a sender pleases", "6455 5.4", fragments(words, 1300), (("text", words),)
    )


def _many() -> Iterator[Case]:
    for size in (0, 16, 64, 256, KIB, 4 * KIB, 16 * KIB):
        count = 1000 if size < 4 * KIB else 100
        words, noise = "a" * size, b"\x80" * size
        name = f"{count} messages of {size} bytes"
        yield Case(f"text, {name}", "6455 5.6", (text(words),) * count, (("text", words),) * count)
        yield Case(
            f"binary, {name}", "6455 5.6", (binary(noise),) * count, (("binary", noise),) * count
        )


def _limits() -> Iterator[Case]:
    rule, source = "MESSAGE_SIZE", "6455 10.4"
    full = b"x" * LIMIT
    good = ("binary", full)
    yield Case("of exactly the limit", source, (binary(full),), (good,), limit=LIMIT)
    for kind in (0x81, 0x82):
        over = Frame(kind, length=LIMIT + 1, size=4)
        yield Case(f"{kind:x} one over the limit", source, (over,), error=rule, limit=LIMIT)
        huge = Frame(kind, length=2**62, size=10)
        yield Case(f"{kind:x} of 4 exbibytes", source, (huge,), error=rule, limit=LIMIT)
    yield Case(
        "fragments of exactly the limit",
        source,
        (binary(full[:600], fin=False), ping(), more(full[600:], fin=True)),
        (("ping", b""), good),
        limit=LIMIT,
    )
    yield Case(
        "fragments that add up to one more",
        source,
        (binary(full[:600], fin=False), more(full[600:]), Frame(FIN, length=1, size=2)),
        error=rule,
        limit=LIMIT,
    )
    yield Case(
        "each message is measured alone",
        source,
        (binary(full), binary(full), Frame(0x82, length=LIMIT + 1, size=4)),
        (good, good),
        rule,
        limit=LIMIT,
    )
    pings = tuple(ping(b"x" * 125) for _ in range(10))
    yield Case(
        "control frames do not count",
        source,
        (binary(full[:1], fin=False), *pings, more(full[1:], fin=True)),
        (*(("ping", b"x" * 125),) * 10, good),
        limit=LIMIT,
    )


CASES = (*_whole(), *_in_fragments(), *_many(), *_limits())
