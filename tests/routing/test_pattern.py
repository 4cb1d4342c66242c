"""The grammar of paths."""

from __future__ import annotations

import pytest

from weft_routing import Parameter, PatternError, parse_pattern
from weft_routing.pattern import to_comparable, to_value


@pytest.mark.parametrize(
    ("raw", "comparable", "value"),
    [
        ("/plain", "/plain", "/plain"),
        ("/caf%C3%A9", "/café", "/café"),
        ("/caf%c3%a9", "/café", "/café"),
        ("/%41+%20", "/A+ ", "/A+ "),
        ("/a%2fb", "/a%2Fb", "/a/b"),
        ("/%25", "/%25", "/%"),
        ("/%252F", "/%252F", "/%2F"),
        ("/%FF%zz%", "/%FF%zz%", "/%FF%zz%"),
        ("//a//%61", "//a//a", "//a//a"),
        ("/a/../b", "/a/../b", "/a/../b"),
    ],
)
def test_comparable(raw: str, comparable: str, value: str) -> None:
    assert to_comparable(raw) == comparable
    assert to_comparable(comparable) == comparable
    assert to_value(comparable) == value


@pytest.mark.parametrize(
    ("text", "parameters", "canonical", "anchor"),
    [
        ("", [], "", ""),
        ("/", [], "/", ""),
        ("/a/b/", [], "/a/b/", "/a/b"),
        ("/{x}", [Parameter("x")], "/{x}", ""),
        ("/a b/é{x}", [Parameter("x")], "/a%20b/%C3%A9{x}", "/a b"),
        (r"/a//{x:\d{2}}-{y}", [Parameter("x", r"\d{2}"), Parameter("y")], "/a//{x}-{y}", "/a"),
        ("/{_a1:x|y}", [Parameter("_a1", "x|y")], "/{_a1}", ""),
        ("/{a:{}}", [Parameter("a", "{}")], "/{a}", ""),
        ("/p%2fq/{t:.*}", [Parameter("t", ".*")], "/p%2Fq/{t}", "/p%2Fq"),
    ],
)
def test_parse(text: str, parameters: list[Parameter], canonical: str, anchor: str) -> None:
    pattern = parse_pattern(text)
    assert list(pattern.parameters) == parameters
    assert pattern.canonical == canonical
    assert pattern.anchor == anchor
    assert pattern.is_literal is (not parameters)


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("a", 0, "begins with '/'"),
        ("/{", 1, "'{' without '}'"),
        ("/{a", 1, "'{' without '}'"),
        ("/}", 1, "'}' without '{'"),
        ("/{a}}", 4, "'}' without '{'"),
        ("/{{a}}", 2, "'{a}' is no parameter name"),
        ("/{}", 2, "'' is no parameter name"),
        ("/{1}", 2, "'1' is no parameter name"),
        ("/{a-b}", 2, "'a-b' is no parameter name"),
        ("/{a }", 2, "'a ' is no parameter name"),
        ("/{é}", 2, "'é' is no parameter name"),
        ("/{a:}", 4, "no regex"),
        ("/{a:x[}", 5, "unterminated character set"),
        ("/{a}/{a}", 5, "'a' is used twice"),
        ("/{a:(?P=b)}", 8, "unknown group name 'b'"),
        ("/{a:(?P<b>x)}{b:x}", 14, "redefinition of group name 'b'"),
    ],
)
def test_refused(text: str, offset: int, words: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(text)
    assert (caught.value.pattern, caught.value.offset) == (text, offset)
    assert words in caught.value.reason


@pytest.mark.parametrize(
    ("regex", "stays"),
    [
        ("[^{}/]+", True),
        (r"\d+", True),
        (r"\w{2,3}", True),
        ("[A-Za-z0-9_-]+", True),
        ("a|b|", True),
        (r"\d+\.\d*", True),
        ("[^/]+", True),
        (r"[a-z-]*-?[-a.]", True),
        (r"-?+[0-9]{1,4}+(?:\.[0-9]+|x)?+", True),
        (".*", False),
        ("[a.-9]", False),
        ("[a,-9]", False),
        ("[^a]", False),
        ("a/b", False),
        ("(a)+", False),
        (r"\S+", False),
        ("[--0]", False),
        (r"[+\--9]", False),
        ("[!-~]", False),
        ("(?i:a)", False),
        ("(?=a)a", False),
    ],
)
def test_which_regexes_stay_in_their_segment(regex: str, stays: bool) -> None:
    parameter = parse_pattern(f"/{{x:{regex}}}").parameters[0]
    assert parameter.stays_in_segment is stays
    if stays:
        pattern = parse_pattern(f"/{{x:{regex}}}").regex
        assert not any(pattern.fullmatch(text) for text in ("//", "/a/b", "/1/2", "/a/", "/-/"))
