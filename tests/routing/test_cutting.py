"""Cutting gives the regex's answers, and tries no way twice."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_routing import Pattern, PatternError, parse_pattern
from weft_routing.cutting import to_cutter, to_path_cutter

TEXTS = ["a", "-", ".", "--", "aa", "%7B", "%7Da", "1", "x%2F"]
PARAMETERS = [
    *["{%s}", "{%s}", "{%s}", r"{%s:\d+}", "{%s:[a-]*}", "{%s:[^/]+}", "{%s:a|b|}", r"{%s:\d++}"],
    *["{%s!int}", "{%s!float}", "{%s!date}"],
]
WIDE = [*PARAMETERS, "/", "/", "/a", "{%s!path}", "{%s!path}", "{%s:.*}", "{%s:(a)/?}"]


def patterns(choices: list[str]) -> st.SearchStrategy[str]:
    pieces = st.lists(st.sampled_from(choices + TEXTS), max_size=8)
    return pieces.map(
        lambda found: "/" + "".join(p % f"p{n}" if "%s" in p else p for n, p in enumerate(found))
    )


def read(text: str) -> Pattern | None:
    try:
        return parse_pattern(text)
    except PatternError:
        return None


def by_regex(pattern: Pattern, text: str) -> tuple[str, ...] | None:
    match = pattern.regex.fullmatch(text)
    return None if match is None else tuple(match.groupdict("").values())


texts = st.text("aab--..1{}5", max_size=14)


@settings(max_examples=600, deadline=None)
@given(patterns(PARAMETERS), st.lists(texts, min_size=1, max_size=8))
@example("/{a}-{b}", ["x-y-z", "-", "--", "---", "x-", "-y", "{-x", "x-}", "a{-b"])
@example("/{a}%7B{b}{c}", ["x{y{zz", "x{yy", "x{{yy"])
@example(r"/{a:\d*}1{b}-{c}", ["111-x", "11-x", "1-x"])
@example("/{a}-{b!int}-{c}", ["x-1-2-y", "x-1-y", "-1-", "x--1--y"])
@example(r"/{a}-{b:\d++}{c}", ["x-12", "x-1y"])
@example("/{a}-{b:[^/]*}{c}-{d}", ["x-{-y-z", "x-y-{-z", "{-x-y"])
@example("/{a}{b:[^-/]*}{c}", ["x{y", "x{", "{y"])
@example("/v{a}.{b}.{c}x", ["v1.2.3x", "v1.2x", "v...x", "v....x"])
def test_segments(text: str, segments: list[str]) -> None:
    pattern = read(text)
    if pattern is None or pattern.segments is None:
        return
    cut = to_cutter(pattern.segments[1])
    for segment in segments:
        found = cut(segment)
        assert (None if found is None else tuple(found)) == by_regex(pattern, "/" + segment)


@settings(max_examples=600, deadline=None)
@given(patterns(WIDE), st.lists(st.text("aab--.1{}5//", max_size=14), min_size=1, max_size=8))
@example("//{a}", ["/x", "x", "/", "//x"])
@example("/{a}-{b}/{c:.*}", ["x-y/z", "x-y-z/", "x-y", "-/x-y/z"])
@example("/{a}{b}/{c:(?<=/)(x)?.*}/{d}", ["ab/x/y", "ab/x", "ab//x/y"])
@example("/{a}{b}/{c:.*(?P=a)}", ["ab/xa", "ab/xb"])
@example("/{a!path}/-/{b!path}", ["x/y/-/z", "x/-/y/-/z", "/-/", "//-//", "{/-/}"])
@example("/{a!path}.{b}", ["x/y.z", "x.y/z", "x/.z", ".a.b", "a.b.c"])
@example("/{a!path}/{b}.{c}-{d!int}/e", ["x/y/b.c-5/e", "b.c-5/e", "x/b.c-/e", "x/b.c.c-5/e"])
@example("/{a!path}.{b:[^/]+}/{c}", ["x/y.z/c", "x.y/z"])
@example("/a{a!path}{b:x*}", ["ax", "abx", "a/x"])
def test_paths(text: str, paths: list[str]) -> None:
    pattern = read(text)
    if pattern is None or pattern.is_literal:
        return
    cut = to_path_cutter(pattern)
    for path in paths:
        found = cut("/" + path)
        assert (None if found is None else tuple(found)) == by_regex(pattern, "/" + path)


@pytest.mark.parametrize(
    ("text", "unit", "end"),
    [
        ("/{a}{b}{c}{d}", "x", "{"),
        ("/{a}-{b}-{c}-{d}", "-", "}"),
        ("/{a}-{b}-{c!int}-{d!float}", "1-", "x"),
        (r"/{a}-{b}-{c:\d}", "1-", "x"),
        ("/{a}.{b}.{c!date}x", "2024-01-01.", "y"),
        ("/{a!path}/x/{b!path}/x/{c!path}/y", "/x", "/z"),
        ("/{a!path}.{b}", ".a", "/"),
        ("/{a!path}/{b}.{c}.{d}", "./.", "/"),
        ("/{a}-{b}-{c}/{d:.*}", "-", "x"),
        ("/{a}-{b}/{c}-{d}/{e:.*}", "-/", "-"),
        ("//{a}{b}{c}", "x", "/"),
    ],
)
def test_growth(text: str, unit: str, end: str) -> None:
    """With the regex, each of these would need a power of the length."""
    pattern = parse_pattern(text)
    cut = to_path_cutter(pattern)
    assert cut("/" + unit * 20 + end) is None or "!path" in text
    assert_linear(cut, lambda size: "/" + unit * (size // len(unit)) + end)
