"""Every error names its fields, and is what users of aiohttp catch."""

from __future__ import annotations

import pickle

import pytest

from weft_routing import (
    BadValue,
    ConvertorError,
    DuplicateName,
    DuplicateRoute,
    HostError,
    MethodError,
    MissingValue,
    PatternError,
    Place,
    RouteNameError,
    RoutingError,
    UnknownValue,
    WrongPhase,
)

HERE, THERE = Place("a.py", 3), Place("b.py", 14)

CASES = [
    (ConvertorError("c d", "its name is bad"), ValueError, ["'c d': its name is bad"]),
    (ConvertorError("c", "bad", "x["), ValueError, ["'c': bad in 'x['"]),
    (ConvertorError("c", "bad", "x[", 1), ValueError, ["in 'x[' at character 1"]),
    (MethodError("G T"), ValueError, ["'G T'", "GET"]),
    (HostError("a b", "why"), ValueError, ["'a b': why;", "*.example.com"]),
    (RouteNameError("a b"), ValueError, ["'a b'", "identifiers"]),
    (DuplicateRoute("GET", "/a", "*"), RuntimeError, ["GET /a is", "* /a;", "remove one"]),
    (DuplicateRoute("GET", "/a", "*", HERE), RuntimeError, ["GET /a (a.py:3) is", "* /a;"]),
    (DuplicateRoute("GET", "/a", "*", HERE, THERE), RuntimeError, ["a.py:3", "* /a (b.py:14);"]),
    (DuplicateName("n", "/a", "/b"), ValueError, ["'n' of /a already", "/b;", "another name"]),
    (DuplicateName("n", "/a", "/b", HERE, THERE), ValueError, ["/a (a.py:3)", "/b (b.py:14);"]),
    (WrongPhase(is_frozen=True), RuntimeError, ["before freeze()"]),
    (WrongPhase(is_frozen=False), RuntimeError, ["call freeze()"]),
    (MissingValue("/{a}", "a"), KeyError, ["'a'", "/{a}"]),
    (UnknownValue("/{a}", "b"), ValueError, ["'b'", "/{a}", "none"]),
    (UnknownValue("/{a}", "b", ("a", "c")), ValueError, ["it has a, c"]),
    (BadValue("/{a}", "a", "5 of type int"), TypeError, ["'a'", "write a str, not 5 of type int"]),
    (BadValue("/{a}", "a", "5", "write an x"), ValueError, ["write an x, not 5"]),
]


@pytest.mark.parametrize(("error", "kind", "words"), CASES)
def test_errors(error: RoutingError, kind: type[Exception], words: list[str]) -> None:
    assert isinstance(error, RoutingError)
    assert isinstance(error, kind)
    text = str(error)
    assert "\n" not in text
    for word in words:
        assert word in text
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy)) == (type(error), text)


@pytest.mark.parametrize(
    ("pattern", "offset", "lines"),
    [
        ("/{a", 1, ["bad path pattern '/{a' at character 1: why", "  /{a", "   ^"]),
        ("", 0, ["bad path pattern '' at character 0: why", "  ", "  ^"]),
        # Characters that would move the caret are written out.
        ("/\n{", 2, [r"bad path pattern '/\n{' at character 2: why", r"  /\n{", "     ^"]),
        ("/é\ud800{", 3, [r"bad path pattern '/é\ud800{' at character 3: why"]),
    ],
)
def test_a_pattern_and_the_place_in_it(pattern: str, offset: int, lines: list[str]) -> None:
    error = PatternError(pattern, offset, "why")
    assert isinstance(error, ValueError)
    assert str(error).split("\n")[: len(lines)] == lines
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_long_pattern_is_cut_around_the_place() -> None:
    first, shown, caret = str(PatternError("x" * 100_000 + "{" + "y" * 900, 100_000, "why")).split(
        "\n"
    )
    assert "at character 100000: why" in first
    assert len(first) < 200
    assert shown == "  …" + "x" * 60 + "{" + "y" * 59 + "…"
    assert shown[caret.index("^")] == "{"
    beginning = str(PatternError("{" + "y" * 900, 0, "why")).split("\n")[1]
    assert beginning == "  {" + "y" * 59 + "…"


def test_a_place_is_a_value() -> None:
    assert str(HERE) == "a.py:3"
    assert Place("a.py", 3) == HERE != THERE
