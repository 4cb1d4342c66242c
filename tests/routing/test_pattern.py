"""The grammar of paths."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_routing import (
    BUILT_IN_CONVERTORS,
    ConvertorError,
    Parameter,
    PathConvertor,
    Pattern,
    PatternError,
    parse_pattern,
)
from weft_routing.pattern import to_comparable, to_value

INT, PATH = BUILT_IN_CONVERTORS["int"], BUILT_IN_CONVERTORS["path"]


class Upper:
    """A convertor of a user, whose regex takes slashes."""

    regex = "[A-Z/]+"

    def parse(self, text: str) -> str:
        return text.lower()

    def format(self, value: object) -> str:
        return str(value).upper()


class Broken(Upper):
    regex = "["


UPPER: PathConvertor[object] = Upper()


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
        ("/\udcff{x}", [Parameter("x")], "/%FF{x}", ""),
        ("/{_a1:x|y}", [Parameter("_a1", "x|y")], "/{_a1}", ""),
        ("/{a:{}}", [Parameter("a", "{}")], "/{a}", ""),
        ("/p%2fq/{t:.*}", [Parameter("t", ".*")], "/p%2Fq/{t}", "/p%2Fq"),
        ("/v{x!int}", [Parameter("x", INT.regex, INT)], "/v{x}", ""),
        ("/{x!str}{y!str}", [Parameter("x"), Parameter("y")], "/{x}{y}", ""),
        ("/f/{p!path}", [Parameter("p", PATH.regex, PATH)], "/f/{p}", "/f"),
        ("/{a:b!c:d}", [Parameter("a", "b!c:d")], "/{a}", ""),
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
        ("/{a!int}-{a:x}", 9, "'a' is used twice"),
        ("/é{", 2, "'{' without '}'; braces pair up"),
        ("/{a:x{2}", 1, "'{' without '}'"),
        ("/{a:(?i)x}", 4, "global flags"),
        ("/{a:x{2}(}", 8, "missing ), unterminated subpattern"),
        ("/{a:x{99999999999999}}", 4, "too large"),
        ("/{a:" + "(" * 9000 + ")" * 9000 + "}", 4, "too deep"),
        (r"/{a:\2}", 5, "invalid group reference"),
        ("/{a:(?(2)x|y)}", 7, "invalid group reference"),
        ("/{a:(?P<b>x)}/{b}", 15, "redefinition of group name 'b'"),
        ("/a\ud800", 2, "half a character"),
        ("/{a:x*}-{b:(?<=(?P=a))}", 0, "look-behind"),
        ("/{a!}", 4, "'' is no convertor"),
        ("/{a!Int}", 4, "known ones are: date, float, int, path, str, uuid"),
        ("/{a!int:x}", 4, "'int:x' is no convertor"),
        ("/{a!int{}}", 4, "'int{}' is no convertor"),
        ("/{!int}", 2, "'' is no parameter name; write {name}, {name:regex} or {name!convertor}"),
        ("/{a!int}{b}", 8, "touches another one"),
        ("/{a}{b!int}", 4, "touches another one"),
        ("/{a:x}{b!path}", 6, "touches another one"),
        ("/{a!int}0", 8, "go on with the number of 'a'"),
        ("/{a!int}-{b!int}5x", 16, "go on with the number of 'b'"),
        ("/{a!float}.5", 10, "go on with the number"),
        ("/{a!float}.{b}", 10, "go on with the number"),
        ("/{a!float}e{b}", 10, "go on with the number"),
        ("/{a}.{p!path}", 5, "only text may stand before it in its segment"),
        ("/{p!path}/{a}/{q!path}", 14, "only text may stand between two of its kind"),
        ("/{p!path}.{a:x}.{q!path}", 16, "only text may stand between two"),
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
    "text",
    [
        "/{a!int}.5",
        "/{a!int}-0",
        "/{a!float}.",
        "/{a!float}.json",
        "/{a!float}e",
        "/{a!float}-{b!float}",
        "/{a!date}0{b}",
        "/{p!path}.{a}",
        "/{p!path}/{a}-{b}",
        "/{a}{b}/{p!path}",
        "/{p!path}...{q!path}",
        "/{a}{b:x}{c:y}",
    ],
)
def test_not_refused(text: str) -> None:
    assert parse_pattern(text).text == text


def test_own_convertors() -> None:
    own = {"upper": UPPER, "int": BUILT_IN_CONVERTORS["int"], "bad": Broken()}
    pattern = parse_pattern("/{a!upper}/{b!int}/{c!upper}", own)
    assert pattern.parameters[0] == Parameter("a", "[A-Z/]+", UPPER)
    assert pattern.segments is None
    assert pattern.names == ("a", "b", "c")
    assert pattern.regex.fullmatch("/A/B/7/C") is not None
    with pytest.raises(PatternError, match="known ones are: bad, int, upper"):
        parse_pattern("/{a!uuid}", own)
    with pytest.raises(PatternError, match="known ones are: none"):
        parse_pattern("/{a!uuid}", {})
    with pytest.raises(ConvertorError, match="'bad'"):
        parse_pattern("/{a!bad}", own)


def test_a_convertor_that_reads_any_segment_is_not_plain() -> None:
    own = {"any": type("Any", (Upper,), {"regex": r"[^{}/]+"})()}
    (parameter,) = parse_pattern("/{a!any}", own).parameters
    assert parameter.stays_in_segment
    assert not parameter.is_plain


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ("", ""),
        ("", "/a"),
        ("/a", ""),
        ("/a", "/b"),
        ("/a/", "/b"),
        ("/{x}", "/y"),
        ("/x{x}", "/{y}"),
        ("/x{x:a|b}y", "/y{y!int}"),
        ("/{x!int}", "/{y!path}"),
        ("/%C3%A9", "/%2f{y}"),
        ("/{x}{z}", ""),
    ],
)
def test_joined(prefix: str, text: str) -> None:
    joined = parse_pattern(text).below(parse_pattern(prefix))
    assert joined == parse_pattern(prefix + text)
    assert joined.canonical == parse_pattern(prefix + text).canonical


def test_joined_patterns_keep_their_convertors() -> None:
    own = {"int": UPPER}
    joined = parse_pattern("/{a!int}", own).below(parse_pattern("/{b!int}"))
    assert [parameter.convertor for parameter in joined.parameters] == [INT, UPPER]


@pytest.mark.parametrize(
    ("prefix", "text", "offset", "words"),
    [
        ("/{a}", "/x/{a!int}", 7, "'a' is used twice"),
        ("/{a:(?P<b>x)}", "/{b:y}", 15, "redefinition"),
        ("/{p!path}/{a}", "/{q!path}", 14, "between two"),
    ],
)
def test_not_joined(prefix: str, text: str, offset: int, words: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(text).below(parse_pattern(prefix))
    assert (caught.value.pattern, caught.value.offset) == (prefix + text, offset)
    assert words in caught.value.reason


words = st.one_of(
    st.text(max_size=20),
    st.text("/{}ab:!%2Fé", max_size=20),
    st.lists(
        st.sampled_from(
            ["/", "{a", "{b", ":", "!", "}", "int", "path", "[", "]", "(", ")", "?P<", ">"]
        )
    ).map("".join),
)


# Python warns of "[[" and the like, which another version may read as something else.
@pytest.mark.filterwarnings("ignore::FutureWarning")
@settings(max_examples=300)
@given(words)
@example("/{a:(?(}")
@example("/{a:x{,}}")
@example("/\ud800%41{a}")
def test_any_text_is_a_pattern_or_a_pattern_error(text: str) -> None:
    try:
        pattern = parse_pattern("/" + text)
    except PatternError as error:
        assert 0 <= error.offset <= len(error.pattern)
        assert str(error)
        return
    assert isinstance(pattern, Pattern)
    assert parse_pattern(pattern.text) == pattern
    assert (pattern.canonical, pattern.anchor, pattern.segments, pattern.names) is not None
    assert isinstance(pattern.regex, re.Pattern)


@pytest.mark.parametrize("unit", ["/", "{", "}", "{}", "/{a}", "/é", "%41", "{{}"])
def test_reading_is_linear(unit: str) -> None:
    def read(text: str) -> object:
        try:
            return parse_pattern(text)
        except PatternError as error:
            return str(error)

    assert_linear(read, lambda size: "/x" + unit * (size // len(unit)))


@pytest.mark.parametrize("path", ["/", "%2f", "%", "%zz", "é", "%C3%A9", "%FF", "a"])
def test_comparing_is_linear(path: str) -> None:
    assert_linear(to_comparable, lambda size: path * (size // len(path)))


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
