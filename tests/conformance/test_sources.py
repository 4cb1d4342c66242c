"""Every case says where its rule comes from, in a form that can be looked up."""

import re
from collections import Counter

import pytest

from .case import Case
from .catalogue import CASES

# The tables of contents of the two RFCs that decide most, as far as cases name them.
SECTIONS = {
    "9112": "2.1 2.2 2.3 3 3.1 3.2 3.2.1 3.2.2 3.2.3 3.2.4 3.3 4 5 5.1 5.2 6 6.1 6.2 6.3 7 7.1 7.1.1 "
    "7.1.2 7.1.3 7.2 7.3 7.4 8 9.1 9.2 9.3 9.3.1 9.3.2 9.4 9.5 9.6 9.7 9.8 11.1 11.2",
    "9110": "2.5 4.2.1 4.2.2 4.2.3 4.2.4 5.1 5.2 5.3 5.4 5.5 5.6.1 5.6.1.1 5.6.1.2 5.6.2 5.6.3 5.6.4 6.1 6.2 "
    "6.4 6.4.1 6.5 6.5.1 6.5.2 6.6.2 7.2 7.6.1 7.8 8.6 9.1 9.3.1 9.3.2 9.3.6 9.3.7 10.1.1 10.1.4 15 "
    "15.2 15.2.1 15.2.2 15.3.5 15.4.5 15.5.14 15.5.15 15.5.22",
    "9113": "3.4",
    "6585": "5",
    "8297": "2",
    "3986": "3.2.1 3.2.2 3.2.3 3.5",
}  # fmt: skip
OTHERS = re.compile(
    r"erratum \d{4}|GHSA(?:-[0-9a-z]{4}){3}|CVE-\d{4}-\d{4,6}|garden \d{1,2}|funky chunks"
)
"""An erratum, an advisory, or a flaw in a public collection: the numbered list of server bugs of
the HTTP Garden, and the article on chunk lines that named a class of faults."""


def is_known(source: str) -> bool:
    rfc, _, section = source.partition(" ")
    return section in SECTIONS.get(rfc, "").split() or OTHERS.fullmatch(source) is not None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_source(case: Case) -> None:
    sources = case.source.split(", ")
    assert all(map(is_known, sources)), case.source


def test_a_case_without_a_source_is_found() -> None:
    assert not any(map(is_known, ("", "9112", "9112 5.5", "9112 99", "GHSA-1", "someone said")))


def test_names_differ() -> None:
    assert [name for name, count in Counter(map(str, CASES)).items() if count > 1] == []


def test_no_bytes_are_there_twice() -> None:
    inputs = Counter(
        (
            case.wire,
            case.request,
            case.has_eof,
            repr(sorted(case.limits.items())),
            case.strictness,
        )
        for case in CASES
    )
    assert [wire for wire, count in inputs.items() if count > 1] == []
