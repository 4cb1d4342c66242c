"""What a lenient reader makes of sloppy lines: values, raw bytes; refusals are in conformance."""

from typing import Any

import pytest
from support.growth import count_steps
from support.splitting import WAYS, split
from support.twins import Twin

START = b"HTTP/1.1 200 OK\r\n"

VALUES: tuple[tuple[bytes, list[tuple[bytes, bytes]]], ...] = (
    (b"X: a\r\n b\r\n\r\n", [(b"X", b"a b")]),
    (b"X: a \t\r\n\t  b \r\n\r\n", [(b"X", b"a b")]),
    (b"X: a\r\n b\n\tc\r\n   d\r\n\r\n", [(b"X", b"a b c d")]),
    (b"X:\r\n a\r\n\r\n", [(b"X", b"a")]),
    (b"X: \t\r\n \t a\r\n\r\n", [(b"X", b"a")]),
    (b"X: a  b\r\n c  d\r\n\r\n", [(b"X", b"a  b c  d")]),
    (b"X: a\r\n Y: b\r\nY: c\r\n\r\n", [(b"X", b"a Y: b"), (b"Y", b"c")]),
    (b"X: \xff\r\n \xc3\xa9\r\n\r\n", [(b"X", b"\xff \xc3\xa9")]),
    (b"X: a\n\n", [(b"X", b"a")]),
    (b"X:\n\n", [(b"X", b"")]),
    (b"X : a\r\nY\t \t:\r\n\r\n", [(b"X", b"a"), (b"Y", b"")]),
    (b"X: \x01 a\x7f\x0b \r\n\r\n", [(b"X", b"\x01 a\x7f\x0b")]),
    (b"X : a\x01\n \x02b\n\n", [(b"X", b"a\x01 \x02b")]),
    (b"Set-Cookie: a=b;\r\n path=/\r\nset-cookie: c=d\r\n\r\n",
     [(b"Set-Cookie", b"a=b; path=/"), (b"set-cookie", b"c=d")]),
    (b"X: " + b"a" * 40 + b"\r\n " + b"b" * 40 + b"\r\n\r\n", [(b"X", b"a" * 40 + b" " + b"b" * 40)]),
)  # fmt: skip


def scanner(twin: Twin, **limits: int) -> Any:
    return twin.HeadScanner(False, twin.Limits(**limits), twin.LENIENT)


def scan(scanner: Any, wire: bytes, way: str) -> Any:
    """The head, from a buffer that grows in that way."""
    buffer = b""
    for piece in split(wire, way):
        buffer += piece
        head = scanner.scan(buffer, 0)
        if head is not None:
            return head
    return None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("lines", "fields"), VALUES)
def test_values(twin: Twin, lines: bytes, fields: list[tuple[bytes, bytes]], way: str) -> None:
    wire = START + lines
    scans = scanner(twin)
    head = scan(scans, wire + b"behind", way)
    assert head.raw == wire
    assert scans.end == len(wire)
    assert head.raw_headers == tuple(fields)
    text = [(name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in fields]
    assert list(head.headers.items()) == text
    for name, value in text:
        assert value in head.get_all(name)
    assert head.get(text[0][0].upper()) == text[0][1]


def test_the_scanner_is_ready_for_the_next_head(twin: Twin) -> None:
    sloppy, good = b"HTTP/1.1 100\nX: a\n b\n\n", START + b"X: a\r\n\r\n"
    scans = scanner(twin)
    for wire in (sloppy, good, sloppy):
        assert scans.scan(b"--" + wire, 2).raw == wire
        assert scans.end == 2 + len(wire)


def test_a_bytearray_is_copied(twin: Twin) -> None:
    buffer = bytearray(START + b"X: a\r\n b\r\n\r\n")
    head = scanner(twin).scan(buffer, 0)
    buffer[:] = bytes(len(buffer))
    assert head.raw_headers == ((b"X", b"a b"),)
    assert type(head.raw) is bytes


def test_marks_and_facts(twin: Twin) -> None:
    head = scanner(twin).scan(b"HTTP/1.0 404\nContent-Length: 2\nLocation : /\n\n", 0)
    assert (head.status, head.reason, head.version) == (404, "", twin.HTTP_10)
    assert head.marks == twin.MARK_HTTP_10 | twin.MARK_CONTENT_LENGTH | twin.MARK_LOCATION


def test_blanks_cost_no_more_than_other_bytes(twin: Twin) -> None:
    """Nothing looks back over the blanks before each of many folds."""
    lines = b"".join(b"X: a" + b" " * 8000 + b"\r\n b\r\n" for _ in range(8))
    head = scanner(twin).scan(START + lines + b"\r\n", 0)
    assert head.get_all("x") == ["a b"] * 8


@pytest.mark.parametrize("strictness", ["LENIENT", "FOLDING"])
def test_folds_are_looked_at_together(twin: Twin, strictness: str) -> None:
    """A field that comes byte by byte is looked at with each of them, with all of its folds."""
    kinds = {"LENIENT": twin.LENIENT, "FOLDING": twin.Strictness(allows_line_folding=True)}

    def steps(folds: int) -> int:
        scanner = twin.HeadScanner(False, twin.Limits(), kinds[strictness])
        data = b"HTTP/1.1 200 OK\r\nX: a" + b"\r\n b" * folds
        return count_steps(lambda _: scanner.scan(data, 0), "")

    assert steps(1000) == steps(10)
