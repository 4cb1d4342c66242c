"""The scanners themselves, on both twins; what is valid stands in tests/conformance."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.twins import Twin, load_twin

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def heads(twin: Twin, is_request: bool = True, strictness: str = "STRICT", **limits: int) -> Any:
    given = twin.Limits(**limits), getattr(twin, strictness)
    return twin.module("_twin").HeadScanner(is_request, *given)


def chunks(twin: Twin, **limits: int) -> Any:
    return twin.module("_twin").ChunkScanner(twin.Limits(**limits))


class TestHeads:
    def test_end_is_behind_the_head(self, twin: Twin) -> None:
        scanner = heads(twin)
        assert scanner.scan(b"--" + HEAD + b"rest", 2).raw == HEAD
        assert scanner.end == 2 + len(HEAD)

    def test_next_head(self, twin: Twin) -> None:
        scanner, at = heads(twin), 0
        for _ in range(3):
            assert scanner.scan(HEAD * 3, at).raw == HEAD
            at = scanner.end
        assert scanner.scan(HEAD * 3, at) is None

    def test_empty_lines_are_no_part_of_the_head(self, twin: Twin) -> None:
        scanner = heads(twin)
        assert scanner.scan(b"\r\n" + HEAD, 0).raw == HEAD
        assert scanner.end == 2 + len(HEAD)

    def test_buffer_may_move_between_looks(self, twin: Twin) -> None:
        scanner = heads(twin)
        assert scanner.scan(b"-----" + HEAD[:20], 5) is None
        assert scanner.scan(bytearray(HEAD), 0).raw == HEAD

    def test_head_of_a_bytearray_is_a_copy(self, twin: Twin) -> None:
        buffer = bytearray(HEAD)
        head = heads(twin).scan(buffer, 0)
        buffer[:] = bytes(len(buffer))
        assert head.raw == HEAD
        assert type(head.raw) is bytes
        assert head.get("host") == "a"

    def test_reset_forgets(self, twin: Twin) -> None:
        scanner = heads(twin)
        assert scanner.scan(HEAD[:20], 0) is None
        scanner.reset()
        assert scanner.scan(HEAD, 0).raw == HEAD

    def test_fold_behind_a_field_that_is_as_long_as_may_be(self, twin: Twin) -> None:
        scanner = heads(twin, False, "LENIENT", field=10)
        with pytest.raises(twin.ProtocolError) as caught:
            scanner.scan(b"HTTP/1.1 200 OK\r\nX: a\r\n bcd\r\n e\r\n\r\n", 0)
        assert caught.value.reason is twin.Reason.FIELD_TOO_LONG
        assert caught.value.offset == 17 + 12

    def test_offset_counts_from_start(self, twin: Twin) -> None:
        with pytest.raises(twin.ProtocolError) as caught:
            heads(twin).scan(b"--G\0", 2)
        assert (caught.value.reason, caught.value.offset) == (twin.Reason.METHOD, 1)

    def test_nothing(self, twin: Twin) -> None:
        assert heads(twin).scan(b"", 0) is None
        assert heads(twin).scan(HEAD, len(HEAD)) is None


# Random input, made of what matters to a parser, must get the same answer from both twins.
words = st.sampled_from(
    [b"GET / HTTP/1.1\r\n", b"Host: a\r\n", b"HTTP/1.1 200 OK\r\n", b"\r\n", b"X: y", b" ", b":",
     b"HTTP/1.1 200", b"Connection: a", b"\r\n ", b"\n\n",
     b"\t", b"\r", b"\n", b"\0", b"\xff", b"5\r\n", b"hello\r\n", b"0\r\n", b";a=b", b"f" * 9]
)  # fmt: skip
inputs = st.lists(st.one_of(words, words, words, st.binary(max_size=2)), max_size=14).map(b"".join)
limits = st.fixed_dictionaries(
    {},
    optional={
        "line": st.integers(10, 20),
        "field": st.integers(3, 12),
        "fields": st.integers(0, 3),
        "head": st.integers(20, 60),
        "chunk_line": st.integers(1, 20),
        "chunk_extensions": st.integers(0, 8),
        "trailer_fields": st.integers(0, 2),
        "trailers": st.integers(2, 20),
        "body": st.integers(0, 12),
    },
)


def twins() -> list[Twin]:
    """Those that are there."""
    found = []
    for backend in ("py", "c"):
        try:
            found.append(load_twin("weft_http_parser", backend))
        except pytest.skip.Exception:
            continue
    return found


def scan_heads(twin: Twin, data: bytes, scanner: Any) -> Any:
    try:
        return show(scanner.scan(data, 0))
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset


def scan_heads_slowly(twin: Twin, data: bytes, scanner: Any) -> Any:
    try:
        for end in range(len(data) + 1):
            head = scanner.scan(bytearray(data[:end]), 0)
            if head is not None:
                return show(head)
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset
    return None


def show(head: Any) -> Any:
    """All that can be seen of a head."""
    if head is None:
        return None
    names = [name.decode() for name, _ in head.raw_headers]
    values = [(head.get(name), head.get_all(name.upper())) for name in (*names, "X", "none", "")]
    fields = head.raw_headers, list(head.headers.items()), values
    return head.raw, fields, head.marks, repr(head), head.version


def scan_chunks(twin: Twin, data: bytes, step: int, limit: dict[str, int]) -> Any:
    scanner = chunks(twin, **limit)
    out: list[bytes] = []
    ends: list[int] = []
    at = 0
    try:
        for end in range(step, len(data) + step, step):
            at += scanner.feed(data[at:end], 0, out)
            ends += scanner.ends
    except twin.ProtocolError as exc:
        return exc.reason.name, at + exc.offset, b"".join(out), [*ends, *scanner.ends]
    return b"".join(out), ends, scanner.done, scanner.trailers, at


@settings(max_examples=300)
@given(
    st.sampled_from([b"", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200\n"]),
    inputs,
    st.sampled_from(["request", "STRICT", "LENIENT", "LENIENT"]),
    limits,
)
def test_heads_get_one_answer(line: bytes, data: bytes, kind: str, limit: dict[str, int]) -> None:
    data = line + data
    is_request, strictness = kind == "request", "STRICT" if kind == "request" else kind
    answers = [
        scan(twin, data, heads(twin, is_request, strictness, **limit))
        for twin in twins()
        for scan in (scan_heads, scan_heads_slowly)
    ]
    assert all(answer == answers[0] for answer in answers)


@settings(max_examples=300)
@given(inputs, st.integers(1, 5), limits)
def test_chunks_get_one_answer(data: bytes, step: int, limit: dict[str, int]) -> None:
    answers = [
        scan_chunks(twin, data, size, limit) for twin in twins() for size in (step, len(data) + 1)
    ]
    assert all(answer == answers[0] for answer in answers)
