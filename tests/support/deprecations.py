"""Deprecations with dates: each has a row, a warning with the row's words, and an end.

A row says since when something is deprecated and in which version it is gone. The suite fails once
that version arrives and the thing is still there, and when a warning in the source has no row.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable

import attrs
import pytest

from .tools import ROOT


@attrs.frozen
class Row:
    """One deprecation. `call` uses what is deprecated."""

    name: str  # as in the message: Router.add(weight)
    since: str
    gone: str
    use: str  # the words behind the semicolon
    call: Callable[[], object]


def parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def message_of(distribution: str, row: Row) -> str:
    """The one form of a deprecation's message."""
    import_name = distribution.replace("-", "_")
    return f"{import_name}.{row.name} is deprecated since {distribution} {row.since}; {row.use}"


def warnings_in(source: Iterable[str]) -> set[str]:
    """The names that literal messages in the source declare as deprecated."""
    form = re.compile(r"\"(weft\w*)\.([^\"]+?) is deprecated since ")
    return {match[2] for text in source for match in form.finditer(text)}


def check_rows(distribution: str, rows: Iterable[Row]) -> None:
    """Every row warns as it should and is not due; every warning has a row."""
    rows = list(rows)
    import_name = distribution.replace("-", "_")
    version = importlib.import_module(import_name).__version__
    for row in rows:
        assert parse_version(row.since) < parse_version(row.gone)
        due = f"{row.name} goes in {row.gone}, and this is {version}: remove it and its row"
        assert parse_version(version) < parse_version(row.gone), due
        with pytest.warns(DeprecationWarning, match=re.escape(message_of(distribution, row))):
            row.call()
    files = ROOT.glob(f"packages/*/src/{import_name}/**/*.py")
    declared = warnings_in(path.read_text() for path in files)
    assert declared == {row.name for row in rows}
