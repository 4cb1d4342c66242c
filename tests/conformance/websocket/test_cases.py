"""Every case on both twins and in both roles: whole, byte by byte, in random pieces, with more behind."""

from collections.abc import Iterable
from typing import Any

import pytest
from support.splitting import split, split_at
from support.twins import Twin

from weft_http_parser import Role

from .case import Case, Event, summarize, text
from .catalogue import CASES

ROLES = ("SERVER", "CLIENT")
SMALL = 20_000  # more is not fed byte by byte
LARGE = 300_000  # nor, where there are very many frames, in one call after another
REFUSED = tuple(case for case in CASES if case.error)
SOURCES = {
    "6455": "5.1 5.2 5.4 5.5 5.5.1 5.5.2 5.5.3 5.6 7.4 8.1 10.4",
    "7692": "6 6.1 7.1 7.2.2 7.2.3.1 7.2.3.2 7.2.3.3 7.2.3.4 7.2.3.5 7.2.3.6",
}


def make_protocol(twin: Twin, role: str, case: Case) -> Any:
    deflate = None if case.deflate is None else twin.DeflateParams(**dict(case.deflate))
    return twin.WsProtocol(Role[role], max_message_size=case.limit, deflate=deflate)


def run(twin: Twin, role: str, case: Case, pieces: Iterable[bytes]) -> tuple[list[Event], str]:
    """All messages, and the rule that was broken behind them."""
    protocol = make_protocol(twin, role, case)
    events: list[Any] = []
    for piece in pieces:
        events += protocol.receive(piece)
        while protocol.has_more:
            events += protocol.next_batch()
    found, error = summarize(events)
    return list(found), error


def expected_of(twin: Twin, role: str, case: Case) -> tuple[list[Event], str]:
    error = case.error
    if error == "MASK":
        error = "MASK_MISSING" if role == "SERVER" else "MASK_PRESENT"
    return list(case.events), twin.Rule[error].text if error else ""


def ways(wire: bytes) -> list[tuple[str, int]]:
    if len(wire) > LARGE:
        return [("whole", 0), ("random", 0)]
    seeds = range(4 if len(wire) <= SMALL else 2)
    bytewise = [("bytes", 0)] if len(wire) <= SMALL else []
    return [("whole", 0), *bytewise, *(("random", seed) for seed in seeds)]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(twin: Twin, case: Case, role: str) -> None:
    wire, expected = case.wire(role == "SERVER"), expected_of(twin, role, case)
    for way, seed in ways(wire):
        assert (way, run(twin, role, case, split(wire, way, seed))) == (way, expected)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_more_behind_changes_nothing(twin: Twin, case: Case, role: str) -> None:
    """Another message behind is that message, or nothing where all was over."""
    is_masked = role == "SERVER"
    wire, (events, error) = case.wire(is_masked), expected_of(twin, role, case)
    more = text("more").render(is_masked)
    is_over = error or (events and events[-1][0] == "close")
    expected = (events if is_over else [*events, ("text", "more")], error)
    for pieces in ([wire + more], [wire, more], split(wire + more, "random", 7)):
        assert run(twin, role, case, pieces) == expected


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_one_byte_decides(twin: Twin, case: Case, role: str) -> None:
    """All is well without the last byte, and it alone is enough."""
    wire, (events, error) = case.wire(role == "SERVER"), expected_of(twin, role, case)
    assert run(twin, role, case, [wire[:-1]]) == (events, "")
    assert run(twin, role, case, [wire[:-1], wire[-1:]]) == (events, error)


@pytest.mark.parametrize("chop", [64, 128, 256, 512, 1024, 2048])
@pytest.mark.parametrize("role", ROLES)
def test_a_large_message_in_small_reads(twin: Twin, role: str, chop: int) -> None:
    """Autobahn's 9.5 and 9.6: the frame is one, its bytes come in pieces."""
    large = next(case for case in CASES if case.name == "text of 1048576 bytes")
    wire = large.wire(role == "SERVER")
    assert run(twin, role, large, split_at(wire, range(0, len(wire), chop))) == expected_of(
        twin, role, large
    )


def test_each_rule_has_a_case(twin: Twin) -> None:
    cases = {case.error for case in CASES if case.error} - {"MASK"}
    assert cases | {"MASK_MISSING", "MASK_PRESENT"} == {rule.name for rule in twin.Rule}


def test_sources() -> None:
    for case in CASES:
        rfc, _, section = case.source.partition(" ")
        assert section in SOURCES[rfc].split(), str(case)


def test_names_differ() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
