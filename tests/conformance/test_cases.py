"""Every case on both twins, whole, byte by byte and in random pieces, alone and with more behind."""

from typing import Any

import pytest
from support.splitting import WAYS, split
from support.twins import Twin

from .case import MARK, Case, collect, make_connection, summarize
from .catalogue import CASES

REFUSED = tuple(case for case in CASES if MARK in case.text)
# Where the bytes behind count for the limit that is tried, more of them are another case.
COUNTED = {"until close", "ahead"}
CONTINUED = tuple(
    case
    for case in CASES
    if not case.has_eof and case.wire and not any(map(case.name.endswith, COUNTED))
)
CUTS = [(way, seed) for way in WAYS for seed in range(4 if way == "random" else 1)]
NEXT_REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
NEXT_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def run(twin: Twin, case: Case, data: bytes, way: str, seed: int = 0) -> Any:
    """The events, or the reason and offset of the error."""
    connection = make_connection(twin, case)
    has_eof = case.has_eof and data == case.wire
    try:
        events = collect(connection, not case.request, split(data, way, seed), has_eof)
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset
    return summarize(events, connection.buffered)


def expected_of(case: Case) -> Any:
    return (case.error, case.offset) if case.error else case.events


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(twin: Twin, case: Case) -> None:
    for way, seed in CUTS:
        assert (way, run(twin, case, case.wire, way, seed)) == (way, expected_of(case))


@pytest.mark.parametrize("case", CONTINUED, ids=str)
def test_more_behind_changes_nothing(twin: Twin, case: Case) -> None:
    """The bytes of another message are that message, or stay inside."""
    more = NEXT_RESPONSE if case.request else NEXT_REQUEST
    expected = expected_of(case) if case.error else with_more(twin, case, more)
    for way, seed in CUTS:
        assert (way, run(twin, case, case.wire + more, way, seed)) == (way, expected)


def with_more(twin: Twin, case: Case, more: bytes) -> tuple[str | bytes, ...]:
    """The events of a good case with the next message behind it."""
    *before, last = case.events
    match last:
        case bytes():  # a body that is not over
            return (*before, last + more)
        case str() if last.startswith("behind "):
            return (*before, f"behind {int(last[7:]) + len(more)}")
        case str() if last.startswith("end"):
            stays = not case.request and is_over_and_waiting(twin, case)
            return (*case.events, *(("GET /", "end") if stays else (f"behind {len(more)}",)))
        case str() if last.startswith("1") and not last.startswith("101"):
            return (*case.events, "200 OK", "end")
        case _ if has_tunnel(case):
            return (*case.events, f"behind {len(more)}")
        case _:
            return (*case.events, more)


def is_over_and_waiting(twin: Twin, case: Case) -> bool:
    """The connection outlives the case, and the next message may begin."""
    connection = make_connection(twin, case)
    collect(connection, True, [case.wire], False)
    return not connection.is_peer_done


def has_tunnel(case: Case) -> bool:
    return b"CONNECT" in case.request or str(case.events[-1]).startswith("101")


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_one_byte_decides(twin: Twin, case: Case) -> None:
    """Up to the offset of an error all is well, and the byte there is enough for it."""
    before = run(twin, case, case.wire[: case.offset], "whole")
    assert before[:1] != (case.error,)
    assert run(twin, case, case.wire[: case.offset + 1], "whole") == (case.error, case.offset)


def test_every_reason_of_a_peer_has_a_case(twin: Twin) -> None:
    ours = {"OUT_OF_ORDER", "BODY_TOO_LONG", "BODY_TOO_SHORT", "TRAILER"}
    elsewhere = {"UNASKED_RESPONSE"}  # wire/test_connection.py
    cases = {case.error for case in CASES if case.error}
    assert cases == {reason.name for reason in twin.Reason} - ours - elsewhere
