"""Lists and weights."""

import pytest
from support.growth import assert_linear

from weft_http_parser import (
    HeaderInjection,
    add_name,
    parse_list,
    parse_names,
    parse_quality_list,
    parse_tokens,
)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", []),
        (" , ,\t", []),
        ("close", ["close"]),
        ("keep-alive , Upgrade,,x", ["keep-alive", "Upgrade", "x"]),
        ("a\u00a0,b", ["a\u00a0", "b"]),
    ],
)
def test_tokens(text: str, members: list[str]) -> None:
    assert parse_tokens(text) == members


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", []),
        ("gzip", [("gzip", 1.0)]),
        ("gzip;q=0", [("gzip", 0.0)]),
        ("a;q=0.1, B ; Q=0.900, c;q=1.000", [("c", 1.0), ("b", 0.9), ("a", 0.1)]),
        ("text/html;level=1;q=0.5, */*", [("*/*", 1.0), ("text/html;level=1", 0.5)]),
        ("a;q=0., b;q=1", [("b", 1.0), ("a", 0.0)]),
        ("b, a", [("b", 1.0), ("a", 1.0)]),
    ],
)
def test_weights(text: str, members: list[tuple[str, float]]) -> None:
    assert parse_quality_list(text) == members


@pytest.mark.parametrize(
    "weight", ["", "2", "1.001", "0.1234", "-1", ".5", "0.a", "nan", "0.\u0665", "1e0", "00"]
)
def test_members_of_malformed_weight_are_left_out(weight: str) -> None:
    assert parse_quality_list(f"a;q={weight}, b") == [("b", 1.0)]


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", []),
        (" , ,", []),
        ('a="b,c", d', ['a="b,c"', "d"]),
        (["a, b", "", "c"], ["a", "b", "c"]),
        ('"a, b', ['"a, b']),
    ],
)
def test_lists(text: str | list[str], members: list[str]) -> None:
    assert parse_list(text) == members


def test_names() -> None:
    assert parse_names("") == frozenset()
    assert parse_names(["Accept-Encoding, ORIGIN", "*"]) == {"accept-encoding", "origin", "*"}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, "Origin"),
        ("", "Origin"),
        (" ,", "Origin"),
        ("Accept", "Accept, Origin"),
        ("a, origin", "a, origin"),
        ("*", "*"),
    ],
)
def test_adding_a_name(field: str | None, expected: str) -> None:
    assert add_name(field, "Origin") == expected


def test_no_name_breaks_out() -> None:
    with pytest.raises(HeaderInjection):
        add_name("a", "b\r\nc: d")


@pytest.mark.parametrize("pattern", [",", ";", '"', '",', "a;q=0.5,", "a;b;", 'a;b="\\",', ";q="])
def test_lists_take_linear_time(pattern: str) -> None:
    for function in (parse_list, parse_names, parse_tokens, parse_quality_list):
        assert_linear(
            function,
            lambda size: pattern * (size // len(pattern)),
            whole=function is parse_quality_list,
        )
