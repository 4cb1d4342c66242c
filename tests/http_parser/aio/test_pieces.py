"""Pieces and marks: what comes out, what is copied, and what it costs to keep."""

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser.aio.pieces import LARGE_PIECE, Marks, Pieces


def pieces_of(*parts: bytes) -> Pieces:
    pieces = Pieces()
    for part in parts:
        pieces.append(part)
    return pieces


def test_taking() -> None:
    pieces = pieces_of(b"abc", b"def", b"ghi")
    assert pieces.take(2) == b"ab"
    assert pieces.take_first() == b"c"
    assert pieces.take(4) == b"defg"
    assert pieces.take(0) == b""
    assert (pieces.size, pieces.taken) == (2, 7)
    assert pieces.take(100) == b"hi"
    assert pieces.take(100) == b""
    assert (pieces.size, pieces.taken) == (0, 9)


def test_a_piece_that_is_taken_whole_is_not_copied() -> None:
    piece = bytes(1000)
    assert pieces_of(piece).take(1000) is piece
    assert pieces_of(piece, b"a").take(1000) is piece
    assert pieces_of(piece, b"a").take_first() is piece


def test_taking_what_is_ready() -> None:
    large = bytes(LARGE_PIECE)
    pieces = pieces_of(large, b"a", b"b", large)
    assert pieces.take_ready() is large
    assert pieces.take_ready() == b"ab" + large
    pieces.append(b"c")
    assert pieces.take_ready() == b"c"
    assert (pieces.size, pieces.taken) == (0, 2 * LARGE_PIECE + 3)
    pieces = pieces_of(b"x" + large, b"abc")
    assert pieces.take(1) == b"x"
    assert pieces.take_ready() == large
    assert pieces.take(1) == b"a"
    pieces.append(b"d")
    assert pieces.take_ready() == b"bcd"
    assert (pieces.size, pieces.taken) == (0, LARGE_PIECE + 5)


def test_an_empty_piece_is_none() -> None:
    pieces = pieces_of(b"ab")
    pieces.put_back([b""])
    assert pieces.take_first() == b""
    assert pieces.take_first() == b"ab"
    assert pieces.take(0) == b""


def test_moving_joins_nothing() -> None:
    pieces = pieces_of(b"abc", b"def", b"ghi")
    parts: list[bytes] = []
    assert pieces.move(4, parts) == 4
    assert pieces.move(100, parts) == 5
    assert pieces.move(100, parts) == 0
    assert parts == [b"abc", b"d", b"ef", b"ghi"]


def test_putting_back() -> None:
    pieces = pieces_of(b"abc", b"def")
    parts: list[bytes] = []
    pieces.move(4, parts)
    pieces.put_back(parts)
    assert (pieces.size, pieces.taken) == (6, 0)
    assert pieces.take(6) == b"abcdef"
    pieces.put_back([])
    assert pieces.size == 0


def find_all(pieces: Pieces, separator: bytes) -> list[bytes]:
    found, line = [], bytearray()
    while pieces.size:
        length = pieces.find(separator, line)
        line += pieces.take(length) if length else pieces.take_first()
        if length:
            found.append(bytes(line))
            line.clear()
    return [*found, bytes(line)]


@given(st.binary(min_size=1, max_size=3), st.lists(st.binary(max_size=6)), st.integers(0, 255))
def test_a_separator_is_found_wherever_it_is_split(
    separator: bytes, parts: list[bytes], filler: int
) -> None:
    small = [bytes(octet % 3 for octet in part) for part in parts]
    separator = bytes(octet % 3 for octet in separator)
    data = b"".join(small)
    expected = []
    while separator in data:
        at = data.index(separator) + len(separator)
        expected.append(data[:at])
        data = data[at:]
    assert find_all(pieces_of(*filter(None, small)), separator) == [*expected, data]


@given(st.lists(st.binary(min_size=1)), st.randoms())
def test_any_order_of_taking_gives_the_bytes_in_order(
    parts: list[bytes], choice: random.Random
) -> None:
    pieces = pieces_of(*parts)
    out = bytearray()
    while pieces.size:
        data = pieces.take(choice.randrange(20))
        if choice.random() < 0.3:
            pieces.put_back([data] if data else [])
        else:
            out += data
        assert pieces.taken == len(out)
    assert out == b"".join(parts)


def test_marks() -> None:
    marks = Marks()
    assert not marks
    marks.add([3, 5, 5, 9])
    assert (len(marks), marks.first, marks.last) == (4, 3, 9)
    marks.drop_before(5)
    assert (len(marks), marks.first) == (3, 5)
    assert marks.pop() == 5
    assert marks.count_to(4) == 0
    assert marks.count_to(9) == 2
    assert not marks


@pytest.mark.parametrize("way", ["pop", "drop_before", "count_to"])
def test_passed_marks_are_forgotten(way: str) -> None:
    marks = Marks()
    marks.add(range(1, 200_001))
    tracemalloc.start()
    for position in range(1, 199_000):
        if way == "pop":
            assert marks.pop() == position
        else:
            getattr(marks, way)(position)
    marks.add(range(200_001, 200_003))
    kept = len(marks._numbers)
    tracemalloc.stop()
    assert kept < 5000
    assert marks.last == 200_002


def test_a_mark_costs_eight_bytes() -> None:
    tracemalloc.start()
    marks = Marks()
    marks.add(range(100_000))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 1_000_000
    assert len(marks) == 100_000
