"""Messages in fragments, with control frames between them: family 5 of Autobahn's list."""

from collections.abc import Iterator

from .case import CLOSE, PING, PONG, Case, Frame, binary, close, more, ping, pong, text

ONE, TWO = text("fragment1", fin=False), more("fragment2", fin=True)
WHOLE = ("text", "fragment1fragment2")


def _split_controls() -> Iterator[Case]:
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        for size in (0, 9):
            wrong = Frame(opcode, b"x" * size, size=1)
            title = f"{name} of {size} bytes in fragments"
            yield Case(title, "6455 5.5", (wrong,), error="SPLIT_CONTROL")
        within = (ONE, Frame(opcode, size=1))
        yield Case(f"{name} split within a message", "6455 5.5", within, error="SPLIT_CONTROL")


def _lone_continuations() -> Iterator[Case]:
    for first, name in ((0x00, "open"), (0x80, "final")):
        lone = Frame(first, b"non-continuation payload", size=1)
        rule = "LONE_CONTINUATION"
        yield Case(f"{name} continuation of nothing", "6455 5.4", (lone,), error=rule)
        behind = (text("Hello, world!"), lone)
        heard = (("text", "Hello, world!"),)
        yield Case(f"{name} continuation behind a whole one", "6455 5.4", behind, heard, rule)
        ended = (ONE, TWO, lone)
        yield Case(f"{name} continuation behind the end", "6455 5.4", ended, (WHOLE,), rule)
        yield Case(
            f"{name} continuation behind a ping",
            "6455 5.4",
            (ping(b"p"), lone),
            (("ping", b"p"),),
            rule,
        )


def _good() -> Iterator[Case]:
    yield Case("text in two", "6455 5.4", (ONE, TWO), (WHOLE,))
    yield Case(
        "binary in two",
        "6455 5.4",
        (binary(b"\x00\x01", fin=False), more(b"\xff", fin=True)),
        (("binary", b"\x00\x01\xff"),),
    )
    for name, control, event in (
        ("ping", ping(b"ping payload"), ("ping", b"ping payload")),
        ("pong", pong(b"pong payload"), ("pong", b"pong payload")),
    ):
        yield Case(f"{name} between fragments", "6455 5.4", (ONE, control, TWO), (event, WHOLE))
    pings = (ping(b"pongme 1!"), ping(b"pongme 2!"))
    yield Case(
        "five fragments with two pings",
        "6455 5.4",
        (ONE, more("2"), pings[0], more("3"), more("4"), pings[1], more("5", fin=True)),
        (("ping", b"pongme 1!"), ("ping", b"pongme 2!"), ("text", "fragment12345")),
    )
    yield Case(
        "two messages with pings within",
        "6455 5.4",
        (ONE, pings[0], TWO, pings[1], ONE, ping(), TWO),
        (("ping", b"pongme 1!"), WHOLE, ("ping", b"pongme 2!"), ("ping", b""), WHOLE),
    )
    for name, frames, got in (
        ("first", (text("", fin=False), more("a"), more("b", fin=True)), "ab"),
        ("middle", (text("a", fin=False), more(""), more("b", fin=True)), "ab"),
        ("last", (text("a", fin=False), more("b"), more("", fin=True)), "ab"),
        ("all", (text("", fin=False), more(""), more("", fin=True)), ""),
    ):
        yield Case(f"empty fragments: {name}", "6455 5.4", frames, (("text", got),))
    yield Case(
        "close between fragments",
        "6455 5.5.1",
        (ONE, close(1000), TWO),
        (("close", (1000, "")),),
    )


def _within() -> Iterator[Case]:
    for opcode, name in ((1, "text"), (2, "binary")):
        for fin in (0, 0x80):
            kind = "whole" if fin else "open"
            wrong = Frame(fin | opcode, b"x", size=1)
            yield Case(
                f"{kind} {name} within a text", "6455 5.4", (ONE, wrong), error="OPEN_MESSAGE"
            )
            begun = (binary(b"a", fin=False), more(b"b"), wrong)
            yield Case(f"{kind} {name} within a binary", "6455 5.4", begun, error="OPEN_MESSAGE")


def _counts() -> Iterator[Case]:
    data = b"x" * 2000
    parts = (binary(b"x", fin=False), *(more(b"x") for _ in range(1998)), more(b"x", fin=True))
    yield Case("2,000 fragments of a byte", "6455 5.4", parts, (("binary", data),))
    most = (text("", fin=False), *(more("") for _ in range(65_535)))
    yield Case(
        "65,536 fragments, and one more",
        "6455 10.4",
        (*most, Frame(0x80, size=2)),
        error="FRAGMENT_COUNT",
    )
    yield Case("65,536 fragments", "6455 10.4", (*most[:-1], more("", fin=True)), (("text", ""),))


CASES = (*_split_controls(), *_lone_continuations(), *_good(), *_within(), *_counts())
