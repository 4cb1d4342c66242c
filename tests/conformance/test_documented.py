"""The tables of the reference say what the cases show."""

import re
from pathlib import Path

import attrs
import pytest

from weft_http_parser import LENIENT, Limits, Reason

from .bounds import BOUNDS
from .catalogue import CASES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http-parser.md"


def rows(title: str) -> list[list[str]]:
    """The cells of the first table below a title, without its head."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


REFUSED = rows("What is refused")


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: str(row[0]))
def test_each_refusal_has_a_case_that_names_the_section(row: list[str]) -> None:
    _, reasons, status, section = row
    for name in re.findall(r"`(\w+)`", reasons):
        assert Reason[name].status == int(status)
        sources = {
            source for case in CASES if case.error == name for source in case.source.split(", ")
        }
        assert section in sources, sources


def test_every_reason_that_a_peer_can_give_is_there() -> None:
    named = {name for row in REFUSED for name in re.findall(r"`([A-Z_0-9]+)`", row[1])}
    ours = {reason.name for reason in Reason if reason.status == 500}
    behind = {"TOO_MUCH_AHEAD", "UNASKED_RESPONSE"}
    assert named == {reason.name for reason in Reason} - ours - behind


def test_every_tolerance_is_there_with_its_section() -> None:
    table = {row[0].split("`")[1]: row[-1] for row in rows("Strictness")}
    assert list(table) == [field.name for field in attrs.fields(type(LENIENT))]
    sources = {case.source for case in CASES if case.strictness == "LENIENT" and not case.error}
    assert set(table.values()) <= sources


def test_every_limit_is_there_with_its_default_and_status() -> None:
    table = {row[0].strip("`"): row[1:3] for row in rows("Limits")}
    assert list(table) == [field.name for field in attrs.fields(Limits)]
    for field in attrs.fields(Limits):
        default, status = table[field.name]
        expected = "2^63-1" if field.name == "body" else f"{field.default:,}"
        assert default == expected
        (reason,) = {bound.error for bound in BOUNDS if bound.limit == field.name}
        assert Reason[reason].status == int(status)
