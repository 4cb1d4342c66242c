"""The closing handshake and its codes: family 7 of Autobahn's list."""

from collections.abc import Iterator

from .case import CLOSE, FIN, Case, Frame, close, ping, text

GOOD_CODES = (
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999
)  # fmt: skip
BAD_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
HELLO, HEARD = text("Hello, world!"), ("text", "Hello, world!")
NORMAL = ("close", (1000, ""))


def _order() -> Iterator[Case]:
    source = "6455 5.5.1"
    yield Case("close behind a message", source, (HELLO, close(1000)), (HEARD, NORMAL))
    yield Case("two closes", source, (close(1000), close(1000)), (NORMAL,))
    yield Case("ping behind a close", source, (close(1000), ping()), (NORMAL,))
    yield Case("text behind a close", source, (close(1000), HELLO), (NORMAL,))
    wrong = Frame(0xFF, b"?")
    yield Case("nonsense behind a close", source, (close(1000), wrong), (NORMAL,))
    begun = (text("begun", fin=False), close(1000))
    yield Case("close within a message", source, begun, (NORMAL,))
    large = text("x" * 262_144)
    yield Case(
        "close behind a large message",
        source,
        (large, close(1000), ping()),
        (("text", "x" * 262_144), NORMAL),
    )


def _payloads() -> Iterator[Case]:
    source = "6455 5.5.1"
    yield Case("close without a code", source, (close(),), (("close", (0, "")),))
    yield Case("close of one byte", source, (Frame(FIN | CLOSE, b"\x03"),), error="CLOSE_LENGTH")
    yield Case("close with a reason", source, (close(1000, "bye"),), (("close", (1000, "bye")),))
    for reason in ("*" * 123, "é" * 61, "κόσμε"):
        name = f"close with {len(reason.encode())} bytes of {reason[0]}"
        yield Case(name, source, (close(1000, reason),), (("close", (1000, reason)),))
    long = Frame(FIN | CLOSE, length=126, size=2)
    yield Case("close with 124 bytes", "6455 5.5", (long,), error="LONG_CONTROL")
    for wrong_reason in (b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80", b"\xff", b"ok\xc3"):
        wrong = close(1000, wrong_reason)
        yield Case(f"close with {wrong_reason.hex(' ')}", source, (wrong,), error="CLOSE_TEXT")


def _codes() -> Iterator[Case]:
    source = "6455 7.4"
    for code in GOOD_CODES:
        yield Case(f"code {code}", source, (close(code),), (("close", (code, "")),))
        named = (HELLO, close(code, "why"))
        yield Case(f"code {code} and why", source, named, (HEARD, ("close", (code, "why"))))
    for code in BAD_CODES:
        yield Case(f"code {code}", source, (close(code),), error="CLOSE_CODE")
        named = (HELLO, close(code, "why"))
        yield Case(f"code {code} and why", source, named, (HEARD,), "CLOSE_CODE")


CASES = (*_order(), *_payloads(), *_codes())
