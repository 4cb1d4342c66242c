"""Random streams at random splits: the same events, and the same reason at the same offset."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.splitting import split_at
from support.twins import Twin, load_twin

from .case import Case, collect, make_connection, summarize
from .streams import requests, responses

ASK = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n"


def twins() -> list[Twin]:
    """Those that are there."""
    found = []
    for backend in ("py", "c"):
        try:
            found.append(load_twin("weft_http_parser", backend))
        except pytest.skip.Exception:
            continue
    return found


def answer(twin: Twin, case: Case, wire: bytes, cuts: Any, has_eof: bool) -> Any:
    connection = make_connection(twin, case)
    try:
        events = collect(connection, not case.request, split_at(wire, cuts), has_eof)
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset, summarize(list(exc.events), 0)
    return summarize(events, connection.buffered)


def check(case: Case, wire: bytes, cuts: list[int], has_eof: bool) -> None:
    every = range(1, len(wire))
    answers = [
        answer(twin, case, wire, way, has_eof) for twin in twins() for way in ([], cuts, every)
    ]
    assert all(each == answers[0] for each in answers)


cuts = st.lists(st.integers(1, 200), max_size=6)


@settings(max_examples=400)
@given(st.lists(requests(), min_size=1, max_size=3), cuts, st.booleans())
def test_requests(wires: list[bytes], cuts: list[int], has_eof: bool) -> None:
    check(Case("", "", ""), b"".join(wires), cuts, has_eof)


@settings(max_examples=400)
@given(
    st.lists(responses(), min_size=1, max_size=2),
    cuts,
    st.booleans(),
    st.sampled_from([ASK, b"HEAD" + ASK[3:]]),
    st.sampled_from(["STRICT", "LENIENT"]),
)
def test_responses(
    wires: list[bytes], cuts: list[int], has_eof: bool, request: bytes, strictness: str
) -> None:
    case = Case("", "", "", request=request, strictness=strictness)
    check(case, b"".join(wires), cuts, has_eof)
