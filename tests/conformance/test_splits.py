"""Random streams at random splits, on both twins: the same events, or the same reason and offset.

Compared is all that a connection shows: heads with their bytes and fields, pieces, ends of chunks,
trailers, what is buffered, and what came before a fault.
"""

from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.fuzz import connections
from tools.fuzz.connections import Course, find_difference, make_course, watch
from tools.fuzz.courses import read_seeds

from .streams import requests, responses

cuts = st.lists(st.integers(1, 200), max_size=6).map(lambda at: tuple(sorted(at)))
wires = st.lists(requests(), min_size=1, max_size=3).map(b"".join)


@settings(max_examples=400)
@given(wires, cuts, st.booleans())
def test_requests(wire: bytes, cuts: tuple[int, ...], has_eof: bool) -> None:
    assert find_difference(Course(wire, b"", cuts, has_eof)) is None


@settings(max_examples=400)
@given(
    st.lists(responses(), min_size=1, max_size=2).map(b"".join),
    cuts,
    st.booleans(),
    st.sampled_from([b"GET", b"HEAD", b"CONNECT"]),
    st.booleans(),
)
def test_responses(
    wire: bytes, cuts: tuple[int, ...], has_eof: bool, asked: bytes, is_lenient: bool
) -> None:
    assert find_difference(Course(wire, asked, cuts, has_eof, is_lenient)) is None


@settings(max_examples=600)
@given(st.integers(0, 1 << 48))
def test_damaged_cases(seed: int) -> None:
    assert find_difference(make_course(Random(seed))) is None


@pytest.mark.parametrize("is_lenient", [False, True])
@pytest.mark.parametrize("has_eof", [False, True])
def test_cases(has_eof: bool, is_lenient: bool) -> None:
    """What came before a fault is the same too, however the bytes are cut."""
    for seed in read_seeds():
        course = Course(seed.wire, seed.asked, (3, 17, 30), has_eof, is_lenient)
        assert find_difference(course) is None


@pytest.mark.parametrize("field", attrs.fields(connections.Seen), ids=lambda field: field.name)
def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch, field: Any) -> None:
    """Whatever one way of reading shows otherwise."""
    course = Course(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        cuts=(60,),
    )
    assert find_difference(course) is None

    def watch_wrongly(twin: Any, course: Course) -> connections.Seen:
        seen = watch(twin, course)
        if twin.backend == "py" and len(course.cuts) == 1:
            setattr(seen, field.name, ["other"])
        return seen

    monkeypatch.setattr(connections, "watch", watch_wrongly)
    assert find_difference(course) is not None
