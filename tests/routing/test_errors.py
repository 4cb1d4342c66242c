"""Every error names its fields in one line, and is what users of aiohttp catch."""

from __future__ import annotations

import pytest

from weft_routing import (
    BadValue,
    DuplicateName,
    DuplicateRoute,
    MethodError,
    MissingValue,
    PatternError,
    RouteNameError,
    RoutingError,
    UnknownValue,
    WrongPhase,
)

CASES = [
    (PatternError("/{a", 1, "'{' without '}'"), ValueError, ["'/{a'", "character 1", "without"]),
    (MethodError("G T"), ValueError, ["'G T'", "GET"]),
    (RouteNameError("a b"), ValueError, ["'a b'", "identifiers"]),
    (DuplicateRoute("GET", "/a", "*"), RuntimeError, ["GET /a", "* /a", "remove one"]),
    (DuplicateName("n", "/a", "/b"), ValueError, ["'n'", "/a", "/b", "another name"]),
    (WrongPhase(is_frozen=True), RuntimeError, ["before freeze()"]),
    (WrongPhase(is_frozen=False), RuntimeError, ["call freeze()"]),
    (MissingValue("/{a}", "a"), KeyError, ["'a'", "/{a}"]),
    (UnknownValue("/{a}", "b"), ValueError, ["'b'", "/{a}"]),
    (BadValue("/{a}", "a", "int"), TypeError, ["'a'", "int, not str"]),
]


@pytest.mark.parametrize(("error", "kind", "words"), CASES)
def test_errors(error: RoutingError, kind: type[Exception], words: list[str]) -> None:
    assert isinstance(error, RoutingError)
    assert isinstance(error, kind)
    text = str(error)
    assert "\n" not in text
    for word in words:
        assert word in text
