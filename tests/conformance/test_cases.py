"""Every case on both twins, whole, byte by byte and in random pieces."""

from typing import Any

import pytest
from support.splitting import WAYS, split
from support.twins import Twin

from . import bodies, requests, responses
from .case import MARK, Case, collect, make_connection, summarize

CASES = (*requests.CASES, *bodies.CASES, *responses.CASES)
REFUSED = tuple(case for case in CASES if MARK in case.text)


def run(twin: Twin, case: Case, data: bytes, way: str, seed: int = 0) -> Any:
    """The events, or the reason and offset of the error."""
    connection = make_connection(twin, case)
    has_eof = case.has_eof and data == case.wire
    try:
        events = collect(connection, not case.request, split(data, way, seed), has_eof)
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset
    return summarize(events, connection.buffered)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(twin: Twin, case: Case, way: str) -> None:
    expected: Any = (case.error, case.offset) if case.error else case.events
    for seed in range(5 if way == "random" else 1):
        assert run(twin, case, case.wire, way, seed) == expected


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_one_byte_decides(twin: Twin, case: Case) -> None:
    """Up to the offset of an error all is well, and the byte there is enough for it."""
    before = run(twin, case, case.wire[: case.offset], "whole")
    assert before[:1] != (case.error,)
    assert run(twin, case, case.wire[: case.offset + 1], "whole") == (case.error, case.offset)


def test_every_reason_of_a_peer_has_a_case(twin: Twin) -> None:
    ours = {"OUT_OF_ORDER", "BODY_TOO_LONG", "BODY_TOO_SHORT"}
    elsewhere = {"TOO_MUCH_AHEAD", "UNASKED_RESPONSE"}  # wire/test_connection.py
    cases = {case.error for case in CASES if case.error}
    assert cases == {reason.name for reason in twin.Reason} - ours - elsewhere
