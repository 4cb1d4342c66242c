"""Parts found in bytes: whole, byte by byte, in random pieces, and at every limit."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weft_http_parser import MultipartError, MultipartLimits, PartScanner
from weft_http_parser.body.scan import Mark, PartHead, ScanEvent, parse_boundary

END = "end"
LAST = "last"


def scan(body: bytes, width: int = 0, limits: MultipartLimits | None = None) -> list[object]:
    """The events of a body, data joined, heads as lists of pairs."""
    scanner = PartScanner(b"B", limits or MultipartLimits())
    events: list[ScanEvent] = []
    for at in range(0, len(body), width or len(body) or 1):
        events += scanner.receive(body[at : at + (width or len(body))])
    return simplify(events + scanner.receive_eof())


def simplify(events: list[ScanEvent]) -> list[object]:
    found: list[object] = []
    for event in events:
        if isinstance(event, PartHead):
            found.append(list(event.headers.items()))
        elif isinstance(event, Mark):
            found.append(END if event is Mark.PART_END else LAST)
        elif found and isinstance(found[-1], bytes):
            found[-1] += event
        else:
            found.append(event)
    return found


CASES: dict[str, tuple[bytes, list[object]]] = {
    "two parts": (
        b"--B\r\nA: b\r\nC:  d \r\n\r\nhello\r\n--B\r\n\r\nworld\r\n--B--\r\n",
        [[("A", "b"), ("C", "d")], b"hello", END, [], b"world", END, LAST],
    ),
    "names as they are spelled": (
        b"--B\r\ncontent-type: a\r\nContent-Length: 0\r\n\r\nx\r\n--B--\r\n",
        [[("content-type", "a"), ("Content-Length", "0")], b"x", END, LAST],
    ),
    "no parts": (b"--B--\r\n", [LAST]),
    "preamble and epilogue": (
        b"pre\r\nam --B\r\n--A\r\n--B\r\n\r\nx\r\n--B--\r\nepi\r\n--B\r\nlogue",
        [[], b"x", END, LAST],
    ),
    "preamble of line ends": (b"\r\n\r\n--B\r\n\r\nx\r\n--B--", [[], b"x", END, LAST]),
    "padding": (b"--B \t\r\n\r\nx\r\n--B-- \r\n", [[], b"x", END, LAST]),
    "most padding": (
        b"--B" + b" " * 64 + b"\r\n\r\nx\r\n--B--" + b"\t" * 64 + b"\r\n",
        [[], b"x", END, LAST],
    ),
    "nothing behind the padding": (b"--B\r\n\r\nx\r\n--B-- \t", [[], b"x", END, LAST]),
    "LF behind the last boundary": (b"--B\r\n\r\nx\r\n--B-- \nepilogue", [[], b"x", END, LAST]),
    "half a line end at the end": (b"--B\r\n\r\nx\r\n--B--\r", [[], b"x", END, LAST]),
    "empty part": (b"--B\r\n\r\n\r\n--B--", [[], END, LAST]),
    "empty part, one CRLF short": (b"--B\r\nA: b\r\n\r\n--B--", [[("A", "b")], END, LAST]),
    "line ends in the data": (
        b"--B\r\n\r\n\r\n\r\n--\r\n-\r\n\r\n--B--",
        [[], b"\r\n\r\n--\r\n-\r\n", END, LAST],
    ),
    "almost boundaries": (
        b"--B\r\n\r\n--B\r\n\r\n-B\r\n--A\n--B\r--B\r\n--B--",
        [[], END, [], b"-B\r\n--A\n--B\r--B", END, LAST],
    ),
    "bytes of any kind": (
        b"--B\r\n\r\n" + bytes(range(256)) + b"\r\n--B--",
        [[], bytes(range(256)), END, LAST],
    ),
    "header text beyond ASCII": (
        b"--B\r\nA: \xc3\xa9\xff\r\n\r\n\r\n--B--",
        [[("A", "é\udcff")], END, LAST],
    ),
}


@pytest.mark.parametrize("width", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("name", CASES)
def test_bodies(name: str, width: int) -> None:
    body, events = CASES[name]
    assert scan(body, width) == events


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "first boundary"),
    "no boundary": (b"hello\r\n", "first boundary"),
    "no last boundary": (b"--B\r\n\r\nhello\r\n", "last boundary"),
    "cut in the header": (b"--B\r\nA: b\r\n", "last boundary"),
    "cut in the boundary": (b"--B\r\n\r\nhello\r\n--B", "last boundary"),
    "cut in the last boundary": (b"--B\r\n\r\nhello\r\n--B-", "last boundary"),
    "boundary that goes on": (b"--B\r\n\r\nx\r\n--BX\r\ny\r\n--B--", "goes on"),
    "boundary and one dash": (b"--B\r\n\r\nx\r\n--B-X\r\n--B--", "goes on"),
    "boundary and bare CR": (b"--B\rX\r\n\r\nx\r\n--B--", "goes on"),
    "line ends without CR": (b"--B\nA: b\n\nx\n--B--\n", "goes on"),
    "too much padding": (b"--B" + b" " * 65 + b"\r\n\r\n--B--", "goes on"),
    "last boundary that goes on": (b"--B\r\n\r\nx\r\n--B--garbage", "goes on"),
    "last boundary of another": (b"--B\r\n\r\nx\r\n--B--C\r\n\r\ny\r\n--B--\r\n", "goes on"),
    "last boundary, padding and more": (b"--B\r\n\r\nx\r\n--B-- x\r\n", "goes on"),
    "last boundary and three dashes": (b"--B\r\n\r\nx\r\n--B---", "goes on"),
    "last boundary and bare CR": (b"--B\r\n\r\nx\r\n--B--\rX", "goes on"),
    "too much padding at last": (b"--B--" + b" " * 65, "goes on"),
    "too much padding before LF": (b"--B--" + b" " * 65 + b"\n", "goes on"),
    "field without colon": (b"--B\r\nA b\r\n\r\nx\r\n--B--", "malformed"),
    "known field without colon": (b"--B\r\nContent-Type\r\n\r\nx\r\n--B--", "malformed"),
    "field without name": (b"--B\r\n: b\r\n\r\nx\r\n--B--", "malformed"),
    "space before the colon": (b"--B\r\nA : b\r\n\r\nx\r\n--B--", "malformed"),
    "folded field": (b"--B\r\nA: b\r\n c\r\n\r\nx\r\n--B--", "malformed"),
    "bare LF in a field": (b"--B\r\nA: b\nC: d\r\n\r\nx\r\n--B--", "malformed"),
    "NUL in a field": (b"--B\r\nA: \x00\r\n\r\nx\r\n--B--", "malformed"),
}


@pytest.mark.parametrize("width", [0, 1, 2])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, width: int) -> None:
    body, fault = REFUSED[name]
    with pytest.raises(MultipartError, match=fault):
        scan(body, width)


def test_a_failed_scanner_stays_failed() -> None:
    scanner = PartScanner(b"B")
    with pytest.raises(MultipartError, match="goes on"):
        scanner.receive(b"--BX\r\n")
    with pytest.raises(MultipartError, match="goes on"):
        scanner.receive(b"--B--")
    with pytest.raises(MultipartError, match="goes on"):
        scanner.receive_eof()


def part(*lines: bytes) -> bytes:
    return b"--B\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\nx\r\n"


@pytest.mark.parametrize("width", [0, 1])
@pytest.mark.parametrize("extra", [-1, 0, 1])
@pytest.mark.parametrize("what", ["parts", "fields", "field", "head"])
def test_limits(what: str, extra: int, width: int) -> None:
    """GHSA-m5qp-6w8w-w647 among them."""
    limits = MultipartLimits(parts=5, fields=4, field=100, head=300)
    body = {
        "parts": lambda: part() * (5 + extra),
        "fields": lambda: part(*[b"A: b"] * (4 + extra)),
        "field": lambda: part(b"A: " + b"b" * (97 + extra)),
        "head": lambda: part(b"A: " + b"b" * 95, b"A: " + b"b" * 95, b"A: " + b"b" * (97 + extra)),
    }[what]()
    if what == "head":
        # 98 + 2 + 98 + 2 + 100 bytes.
        limits = MultipartLimits(parts=5, fields=4, field=200, head=300)
    body += b"--B--"
    if extra <= 0:
        assert scan(body, width, limits)[-1] == LAST
        return
    with pytest.raises(MultipartError) as caught:
        scan(body, width, limits)
    assert caught.value.status == (413 if what == "parts" else 400)


def test_a_header_without_end_is_given_up_at_the_limit() -> None:
    scanner = PartScanner(b"B")
    scanner.receive(b"--B\r\n")
    with pytest.raises(MultipartError, match="too large"):
        for _ in range(17):
            scanner.receive(b"A: b\r\n" * 171)


def test_scanning_takes_linear_time() -> None:
    """Byte by byte, and with what looks like a boundary at every turn."""
    scan(b"--B\r\n\r\n" + b"\r\n--" * 50_000 + b"\r\n--B--", 1)
    scan(b"--B\r\n" + b"A: " + b"b" * 8000 + b"\r\n\r\n" + b"\r" * 100_000 + b"\r\n--B--", 1)
    limits = MultipartLimits(preamble=1_000_000)
    scan(b"\r\n--A" * 50_000 + b"\r\n--B--", 1, limits)


def test_memory_is_bounded() -> None:
    limits = MultipartLimits(preamble=2_000_000, epilogue=2_000_000)
    scanner = PartScanner(b"B", limits)
    block = b"x" * 9_999 + b"\r"
    for opening in (b"", b"\r\n--B\r\n\r\n", b"\r\n--B--\r\n"):
        scanner.receive(opening)
        for _ in range(100):
            scanner.receive(block)
            assert len(scanner._held) + len(scanner._head) < 10


def test_a_piece_of_data_is_not_copied() -> None:
    scanner = PartScanner(b"B")
    scanner.receive(b"--B\r\n\r\nx")
    block = bytes(1000)
    (event,) = scanner.receive(block)
    assert event is block
    assert scanner.receive(b"") == []


@pytest.mark.parametrize("width", [0, 1])
@pytest.mark.parametrize("extra", [-1, 0, 1])
@pytest.mark.parametrize("what", ["preamble", "epilogue", "total"])
def test_limits_around_parts(what: str, extra: int, width: int) -> None:
    limits = MultipartLimits(**{what: 30})
    body = {
        "preamble": b"p" * (30 + extra) + b"\r\n--B--",
        "epilogue": b"--B-- \r\n" + b"e" * (27 + extra),
        "total": b"--B\r\n\r\n" + b"x" * (16 + extra) + b"\r\n--B--",
    }[what]
    if extra <= 0:
        assert scan(body, width, limits)[-1] == LAST
        return
    with pytest.raises(MultipartError) as caught:
        scan(body, width, limits)
    assert caught.value.status == (413 if what == "total" else 400)


def test_a_scanner_may_begin_inside_a_part() -> None:
    scanner = PartScanner(b"B", in_part=True)
    assert scanner.receive(b"x\r\n--B--\n") == [b"x", Mark.PART_END, Mark.LAST]
    scanner = PartScanner(b"B", in_part=True)
    assert scanner.receive(b"--B--\r\n") == [Mark.PART_END, Mark.LAST]


def test_the_end_of_the_body_ends_the_last_line() -> None:
    scanner = PartScanner(b"B", in_part=True)
    assert scanner.receive(b"x\r\n--B-- ") == [b"x"]
    assert scanner.receive_eof() == [Mark.PART_END, Mark.LAST]
    assert scanner.receive_eof() == []


@given(st.lists(st.text("B-\r\n x").map(str.encode)), st.integers(1, 10))
def test_data_comes_back(parts: list[bytes], width: int) -> None:
    parts = [data for data in parts if b"\r\n--B" not in b"\r\n" + data + b"\r\n"]
    body = b"".join(b"--B\r\n\r\n" + data + b"\r\n" for data in parts) + b"--B--\r\n"
    expected: list[object] = []
    for data in parts:
        expected += [[], data, END] if data else [[], END]
    assert scan(body, width) == [*expected, LAST]


@given(
    st.lists(st.sampled_from([b"\r\n", b"--B", b"--", b"A: b", b"-", b" ", b"x", b"\r", b"\n"]))
)
@example([b"\r\n", b"--B", b"--", b" ", b"x"])
@example([b"\r\n", b"--B", b"--", b" ", b"\n", b"x"])
@example([b"\r\n", b"--B", b"--", b"\r", b"x"])
def test_every_split_gives_the_same(tokens: list[bytes]) -> None:
    body = b"--B\r\n" + b"".join(tokens)
    whole = outcome(body, 0)
    for width in (1, 2, 3):
        assert outcome(body, width) == whole


def outcome(body: bytes, width: int) -> list[object] | str:
    try:
        return scan(body, width)
    except MultipartError as exc:
        return exc.fault


@pytest.mark.parametrize(
    "boundary", ["a", "a" * 70, "a b", "'()+_,-./:=?", "----WebKitFormBoundary7MA4"]
)
def test_boundaries(boundary: str) -> None:
    assert parse_boundary(boundary) == boundary.encode()


@pytest.mark.parametrize("boundary", [None, "", "a" * 71, "a ", "é", "a\r\n", 'a"', "a\\", "\x00"])
def test_what_is_no_boundary(boundary: str | None) -> None:
    with pytest.raises(MultipartError, match="boundary"):
        parse_boundary(boundary)
