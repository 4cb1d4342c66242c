"""What the C twin reads: every beginning of every conformance case, where the byte behind it, and
the byte before it, must not be touched. A test that fails here ends the process."""

from functools import partial
from typing import Any

import pytest
from conformance.catalogue import CASES
from support.guard import GuardedPage
from support.twins import Twin, load_twin

HEAD = b"GET /path HTTP/1.1\r\nHost: a\r\nX-Name: value\r\n\r\n"
SLOPPY = b"HTTP/1.1 200\nServer : x\n y\r\n\tz \x01\nA:b\nX:\n c\n\n"
SMALL = tuple(case for case in CASES if len(case.wire) < 2000)
Outcome = tuple[object, ...]


@pytest.fixture(scope="module")
def c() -> Twin:
    return load_twin("weft_http_parser", "c")


@pytest.fixture(scope="module")
def py() -> Twin:
    return load_twin("weft_http_parser", "py")


def make_scanner(twin: Twin, is_request: bool, strictness: str, limits: dict[str, int]) -> Any:
    module, bounds = twin.module("_twin"), twin.Limits(**limits)
    if is_request:
        return module.HeadScanner(True, bounds)
    return module.HeadScanner(False, bounds, getattr(twin, strictness))


def scan(twin: Twin, scanner: Any, data: object, start: int = 0) -> Outcome:
    """The head's bytes, None, or the reason and offset of the error."""
    try:
        head = scanner.scan(data, start)
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset
    if head is None:
        return (None,)
    # A copy: a head's bytes may be those it was found in.
    return bytearray(head.raw), head.raw_headers


def feed(twin: Twin, limits: dict[str, int], data: object, start: int = 0) -> Outcome:
    """What a chunk scanner gives out, takes and raises."""
    out: list[bytes] = []
    made = twin.module("_twin").ChunkScanner(twin.Limits(**limits))
    try:
        seen: Outcome = (made.feed(data, start, out) - start,)
    except twin.ProtocolError as exc:
        seen = (exc.reason.name, exc.offset)
    return (*seen, bytearray().join(out), list(made.trailers), made.done)


@pytest.mark.parametrize("strictness", ["STRICT", "LENIENT"])
def test_heads(c: Twin, py: Twin, strictness: str) -> None:
    page = GuardedPage()
    for case in SMALL:
        is_request, limits = not case.request, case.limits
        if is_request and strictness == "LENIENT":
            continue
        for size in range(len(case.wire) + 1):
            data = case.wire[:size]
            expected = scan(py, make_scanner(py, is_request, strictness, limits), data)
            scanner = make_scanner(c, is_request, strictness, limits)
            assert page.look_at_bytes(data, partial(scan, c, scanner)) == expected
            for put in (page.at_end, page.at_start):
                scanner = make_scanner(c, is_request, strictness, limits)
                assert scan(c, scanner, put(data)) == expected


def test_chunks(c: Twin, py: Twin) -> None:
    page = GuardedPage()
    for case in SMALL:
        body = case.wire.partition(b"\r\n\r\n")[2]
        for size in range(len(body) + 1):
            data = body[:size]
            expected = feed(py, case.limits, data)
            assert page.look_at_bytes(data, partial(feed, c, case.limits)) == expected
            assert feed(c, case.limits, page.at_end(data)) == expected
            assert feed(c, case.limits, page.at_start(data)) == expected


@pytest.mark.parametrize(("wire", "is_request"), [(HEAD, True), (SLOPPY, False)])
def test_head_that_comes_byte_by_byte(c: Twin, wire: bytes, is_request: bool) -> None:
    page = GuardedPage()
    scanner = make_scanner(c, is_request, "LENIENT", {})
    for size in range(len(wire)):
        assert scanner.scan(page.at_end(wire[:size]), 0) is None
    assert scanner.scan(page.at_end(wire), 0).raw == wire


def test_texts_of_a_head_over_guarded_bytes(c: Twin, py: Twin) -> None:
    """A head keeps the bytes it was found in, and reads them again when it is asked."""
    page = GuardedPage()
    for wire, is_request in ((HEAD, True), (SLOPPY, False)):

        def show(twin: Twin, data: bytes, start: int, is_request: bool = is_request) -> Outcome:
            head = make_scanner(twin, is_request, "LENIENT", {}).scan(data, start)
            fields = list(head.headers.items())
            return repr(head), bytearray(head.raw), fields, list(head.get_all("x")), head.get("a")

        assert page.look_at_bytes(wire, partial(show, c)) == show(py, wire, 0)
