"""What the bytes of an input mean to the harness, and inputs to begin from.

Four bytes come first: target and flags, limits, and the sizes of pieces in turn. What follows is
what a peer sent; for the target that renders, texts between bytes 0x1F; for the one that looks for
a delimiter, that and the data. Knows nothing of how
an input is run: harness.c does it in C, and replay.py in Python.
"""

from collections.abc import Iterator
from itertools import cycle
from typing import Final

import attrs

from tools.fuzz import parser
from weft_http_parser import LENIENT, STRICT, HeaderInjection, Limits, Strictness

HEADER: Final = 4
SEPARATOR: Final = b"\x1f"
REQUEST, RESPONSE, CHUNKS, RENDERING, DELIMITER = range(5)

LIMITS: Final = (
    Limits(),
    Limits(line=20, field=16, fields=2, head=100, empty_lines=1),
    Limits(line=40, field=30, fields=4, head=60, empty_lines=4),
    Limits(head=16, fields=0, empty_lines=0),
    Limits(chunk_line=8, chunk_extensions=10, trailer_fields=1, trailers=12),
    Limits(chunk_line=15, chunk_extensions=3, trailer_fields=0, trailers=2, field=5),
    Limits(chunk_line=16, chunk_extensions=0, trailer_fields=2, trailers=30, body=9),
    Limits(chunk_line=18, chunk_extensions=20, fields=60, head=900),
)
"""Limits as they are, and so small that they bite."""

STRICTNESSES: Final = (
    STRICT,
    LENIENT,
    Strictness(allows_bare_lf=True),
    Strictness(allows_line_folding=True),
    Strictness(allows_space_before_colon=True),
    Strictness(allows_bare_status=True),
    Strictness(allows_controls=True),
    Strictness(allows_line_folding=True, allows_space_before_colon=True),
)
"""For responses; requests are read to the letter."""

REFUSALS: Final = (HeaderInjection, TypeError, AttributeError)
"""What rendering may raise."""

LOOKUPS: Final = ("host", "X-Y", "set-cookie", "COOKIE", "é", "\u212acookie", "\udcff", "")
"""Names that are looked for in every head."""


@attrs.frozen
class Input:
    """One input, taken apart."""

    kind: int
    flags: int
    strictness: int
    limits: int
    steps: tuple[int, int]
    data: bytes

    @property
    def delimiter_size(self) -> int:
        """Of two bytes at least, or 0 where the data are too short for one."""
        size = 2 + self.steps[0] % 40
        return size if size <= len(self.data) else 0

    @property
    def stops(self) -> Iterator[int]:
        """Where the pieces end."""
        at = 0
        for step in cycle(self.steps):
            at = len(self.data) if step == 0 else min(at + step, len(self.data))
            yield at
            if at == len(self.data):
                return


def parse_input(raw: bytes) -> Input | None:
    """The parts of an input, None where it is too short for any."""
    if len(raw) < HEADER:
        return None
    kind = raw[0] & 3
    if kind == CHUNKS and raw[0] & 0x80:
        kind = DELIMITER
    return Input(
        kind=kind,
        flags=raw[0] >> 2 & 3,
        strictness=raw[0] >> 4 & 7 if kind == RESPONSE else 0,
        limits=raw[1] % len(LIMITS),
        steps=(raw[2], raw[3]),
        data=raw[HEADER:],
    )


SLOPPY: Final = (
    b"HTTP/1.1 200\nServer : x\n y\r\n\tz \nA:b\n\n",
    b"HTTP/1.1 200 \x01ok\r\nX:\r\n \x02 y\r\nSet-Cookie \t: a=b\r\n\r\n",
)


def make_seeds() -> Iterator[bytes]:
    """Inputs out of the seeds of the other fuzzer and the conformance cases."""
    sources = (
        (REQUEST, parser.ALL_REQUESTS),
        (RESPONSE, parser.ALL_RESPONSES),
        (RESPONSE | 1 << 4, (*parser.ALL_RESPONSES, *SLOPPY)),
        (CHUNKS, parser.ALL_BODIES),
    )
    for kind, wires in sources:
        for number, wire in enumerate(dict.fromkeys(wires)):
            for limits, step in ((0, 1), (number % len(LIMITS), number % 7)):
                yield bytes((kind | (number & 3) << 2, limits, step, number & 15)) + wire
    yield from _rendering_seeds()
    for size in (1, 200, 255, 256, 257, 600):
        yield bytes((CHUNKS | 0x80, 0, 2, 0)) + b"\r\n--" + b"\r\n-\r" * (size // 4) + b"\r\n--"


def _rendering_seeds() -> Iterator[bytes]:
    texts = ("GET", "/path", "Host", "a", "Content-Length", "12", "X-É", "é \udcff", "a", "")
    wire = SEPARATOR.join(text.encode("utf-8", "surrogateescape") for text in texts)
    for container in range(5):
        yield bytes((RENDERING | 4, 0, container, 0)) + wire
        yield bytes((RENDERING | 8, 0, container, 0)) + b"200" + wire[3:]
        yield bytes((RENDERING | 4, 0, container, 0)) + wire[:20]
