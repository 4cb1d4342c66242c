"""URLs from patterns, and back."""

from __future__ import annotations

import datetime
import math
import uuid
from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from weft_routing import (
    BUILT_IN_CONVERTORS,
    BadValue,
    Match,
    MissingValue,
    PathConvertor,
    Router,
    UnknownValue,
    build_url,
    parse_pattern,
)


@pytest.mark.parametrize(
    ("pattern", "values", "url"),
    [
        ("/a", {}, "/a"),
        ("", {}, ""),
        ("/lit é", {}, "/lit%20%C3%A9"),
        ("/a b/%2F/{x}/k", {"x": "é "}, "/a%20b/%2F/%C3%A9%20/k"),
        ("/{x}", {"x": "a/b"}, "/a%2Fb"),
        ("/{x:.*}", {"x": "a/b"}, "/a/b"),
        ("/{x}", {"x": "%2F"}, "/%252F"),
        ("/{x}", {"x": "?#[]@!$&'()*+,;=:"}, "/%3F%23%5B%5D@!$&'()*+,;=:"),
        ("/{x}/{y}", {"x": "..", "y": "."}, "/../."),
        ("/a/{x}/", {"x": ""}, "/a//"),
        ("/{x}", {"x": "\udcff"}, "/%FF"),
        (r"/{a}-{b:\d+}", {"a": "p", "b": "1"}, "/p-1"),
        ("/{a!int}/{b!int}", {"a": 0, "b": 7}, "/0/7"),
        ("/{x!str}", {"x": "a/b"}, "/a%2Fb"),
        ("/{x!float}", {"x": 1e16}, "/1e+16"),
        ("/{x!date}", {"x": datetime.date(2024, 2, 29)}, "/2024-02-29"),
        ("/{x!path}/e", {"x": "a/b?/%"}, "/a/b%3F/%25/e"),
    ],
)
def test_build(pattern: str, values: dict[str, object], url: str) -> None:
    assert str(build_url(pattern, values)) == url


@pytest.mark.parametrize(
    ("pattern", "values", "url"),
    [
        ("/{x:.*}", {"x": "/evil.example"}, "/%2Fevil.example"),
        ("/{x!path}", {"x": "//evil.example/y"}, "/%2F/evil.example/y"),
        ("/{x:.*}/{y}", {"x": "", "y": "evil.example"}, "/%2Fevil.example"),
        ("/a/{x:.*}", {"x": "/evil.example"}, "/a//evil.example"),
    ],
)
def test_no_value_makes_a_host(pattern: str, values: dict[str, object], url: str) -> None:
    assert str(build_url(pattern, values)) == url


@pytest.mark.parametrize("pattern", ["/{x:.*}", "/{x!path}"])
def test_a_value_with_a_slash_at_its_beginning_comes_back(pattern: str) -> None:
    assert match_values(pattern, {"x": "//evil.example"}) == {"x": "//evil.example"}


def test_two_slashes_of_the_pattern_stay() -> None:
    assert build_url("//a/{x}", {"x": "b"}).raw_path == "//a/b"


def test_query() -> None:
    query: Mapping[str, str | int | list[str | int]] = {"q": "a b&é", "n": 2, "t": ["x", 3]}
    assert str(build_url("/a%3F", {}, query=query)) == "/a%3F?q=a+b%26%C3%A9&n=2&t=x&t=3"
    assert str(build_url("/{a}", {"a": "?"}, query={"b": 1.5})) == "/%3F?b=1.5"
    assert str(build_url("/a", {}, query={})) == "/a"


def test_values_are_checked() -> None:
    with pytest.raises(MissingValue, match="'y'"):
        build_url("/{x}/{y}", {"x": "1"})
    with pytest.raises(UnknownValue, match="'z'; it has x, y"):
        build_url("/{x}{y}", {"x": "1", "y": "2", "z": "2"})
    with pytest.raises(UnknownValue, match="'z'; it has none"):
        build_url("/", {"z": "2"})


class Code:
    """A convertor of a user, who made mistakes."""

    regex = "[a-z]+"

    def parse(self, text: str) -> str:
        return text

    def format(self, value: object) -> str:
        if value is None:
            raise ValueError
        return str(value)


@pytest.mark.parametrize(
    ("pattern", "value", "words"),
    [
        ("/{x}", 5, "'x' of /{x}: write a str, not 5 of type int"),
        ("/{x!str}", b"a", "write a str, not b'a' of type bytes"),
        ("/{x}", "\ud800", r"write text that UTF-8 has, not '\ud800' of type str"),
        ("/{x!path}", "\ud800", "write text that UTF-8 has"),
        ("/{x!int}", "5", "write an int, not '5' of type str"),
        ("/{x!int}", -5, "write a number from 0 on, of 40 digits at most, not -5 of type int"),
        ("/{x!int}", "y" * 900, "y… of type str"),
        ("/{x!float}", math.nan, "write a finite number, not nan of type float"),
        ("/{x!path}", "", "write what (?s:.+) matches, not '' of type str"),
        ("/{x!code}", "A", "write what [a-z]+ matches, not 'A' of type str"),
        ("/{x!code}", None, "write another one, not None of type NoneType"),
    ],
)
def test_bad_values(pattern: str, value: object, words: str) -> None:
    read = parse_pattern(pattern, {**BUILT_IN_CONVERTORS, "code": Code()})
    with pytest.raises(BadValue) as caught:
        build_url(read, {"x": value})
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200
    assert caught.value.name == "x"


def test_a_number_that_cannot_be_shown() -> None:
    with pytest.raises(BadValue, match="not one of type int"):
        build_url("/{x!int}", {"x": 10**5000})


@pytest.mark.parametrize("value", [None, True, math.inf, object(), [None]])
def test_bad_queries(value: object) -> None:
    with pytest.raises(BadValue, match=r"'\?b' of /a: write a str, an int") as caught:
        build_url("/a", {}, query=cast(Mapping[str, str], {"a": "1", "b": value}))
    assert caught.value.name == "?b"


def test_a_convertor_sees_an_encoded_percent_sign() -> None:
    own = {"code": type("Percents", (Code,), {"regex": "[a%]+"})()}
    with pytest.raises(BadValue, match="write what"):
        build_url(parse_pattern("/{x!code}", own), {"x": "a%"})  # "a%25" would not match


class Base64(Code):
    """Values with slashes, which stay in one segment."""

    regex = "[^/]+"


class Folder(Code):
    """A regex that takes slashes, as many as it likes."""

    regex = "(?:[a-z]+/)*"

    def parse(self, text: str) -> str:
        if "secret" in text:
            raise ValueError
        return text


def match_values(pattern: str, values: Mapping[str, object]) -> object:
    """What the URL of some values leads back to."""
    registry: dict[str, PathConvertor[object]] = {**BUILT_IN_CONVERTORS, "base64": Base64()}
    registry["folder"] = Folder()
    router = Router[str](convertors=registry)
    route = router.add("GET", pattern, "value")
    router.freeze()
    match = router.match("GET", build_url(route.pattern, values).raw_path)
    assert isinstance(match, Match)
    return match.values


texts = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), min_size=1)
paths = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(texts, texts)
def test_round_trip(first: str, second: str) -> None:
    values = {"x": first, "y": second}
    assert match_values("/r/{x}/{y:(?s:.*)}", values) == values


@given(
    st.integers(0, 10**40 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.dates(),
    texts,
    paths,
)
@example(0, -0.0, uuid.UUID(int=0), datetime.date.min, "%", "/")
@example(1, 5e-324, uuid.UUID(int=1), datetime.date.max, "%2F", "%2F%25//\n{}")
@example(10**40 - 1, 1.7976931348623157e308, uuid.UUID(int=2), datetime.date.min, "?#", "..")
def test_every_value_of_every_convertor_comes_back(
    number: int, real: float, key: uuid.UUID, day: datetime.date, text: str, path: str
) -> None:
    for convertor, value in (
        ("int", number),
        ("float", real),
        ("uuid", key),
        ("date", day),
        ("str", text),
        ("path", path),
        ("base64", path),
    ):
        for pattern in (f"/{{x!{convertor}}}", f"/a/v{{x!{convertor}}}z/b"):
            assert match_values(pattern, {"x": value}) == {"x": value}
    values = {"n": number, "r": real, "k": key, "d": day, "p": path}
    assert match_values("/{n!int},{r!float},{k!uuid}/{d!date}x/{p!path}", values) == values


def test_a_regex_with_slashes_in_the_middle() -> None:
    for folder in ("", "a/", "a/b/"):
        values = {"f": folder, "g": folder, "n": 7}
        assert match_values("/{f!folder}x/{g!folder}-{n!int}", values) == values


def test_a_convertor_that_refuses_leaves_the_path_to_the_next_route() -> None:
    router = Router[str](convertors={**BUILT_IN_CONVERTORS, "folder": Folder()})
    router.add("GET", "/{f!folder}", "open")
    router.add("GET", "/{day!date}", "day")
    router.add("GET", "/{rest!path}", "rest")
    router.freeze()
    found = [router.match("GET", path) for path in ("/a/", "/secret/", "/2024-02-30")]
    assert [match.value for match in found if isinstance(match, Match)] == ["open", "rest", "rest"]


def test_what_does_not_come_back() -> None:
    """Text between two parameters of one segment, inside a value."""
    assert match_values("/{x}-{y}", {"x": "a", "y": "b-c"}) == {"x": "a-b", "y": "c"}
