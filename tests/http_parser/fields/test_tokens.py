"""Tokens, quoted strings, parameters."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    HeaderInjection,
    check_text,
    format_parameters,
    format_quoted,
    is_token,
    parse_parameters,
    parse_quoted,
    split_unquoted,
)
from weft_http_parser.fields.tokens import (
    end_of_quoted,
    format_value,
    has_controls,
    parse_digits,
    parse_value,
)


@pytest.mark.parametrize("text", ["a", "text", "x-y.z", "!#$%&'*+-.^_`|~09azAZ"])
def test_tokens(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a\r", "é", 'a"', "a/b", "a:b", "\x00", "a\u212a"])
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize("char", [chr(code) for code in (*range(9), *range(10, 32), 127)])
def test_controls_are_refused(char: str) -> None:
    assert has_controls(f"a{char}b")
    with pytest.raises(HeaderInjection, match=r"^the place has a character"):
        check_text("the place", f"a{char}b")
    with pytest.raises(HeaderInjection):
        format_quoted(char)


@pytest.mark.parametrize("text", ["", "a\tb", "é€", "\xa0", "\udcff"])
def test_other_text_passes(text: str) -> None:
    assert check_text("place", text) == text


def test_format_value() -> None:
    assert format_value("utf-8") == "utf-8"
    assert format_value("") == '""'
    assert format_value("a b") == '"a b"'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ('""', ""),
        ('"', '"'),
        ('"a', '"a'),
        ("a", "a"),
        (r'"a\"b"', 'a"b'),
        (r'"\\\\"', "\\\\"),
        (r'"a\\b\c"', r"a\bc"),
    ],
)
def test_parse_value(text: str, value: str) -> None:
    assert parse_value(text) == value


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_quoting_is_undone(text: str) -> None:
    quoted = format_quoted(text)
    assert parse_value(quoted) == text
    assert end_of_quoted(quoted, 0) == len(quoted)
    assert split_unquoted(f"{quoted};{quoted}", ";") == [quoted, quoted]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [""]),
        ("a ; b", ["a", "b"]),
        ('a="b;c"; d', ['a="b;c"', "d"]),
        ('a="b;c; d', ['a="b;c; d']),
        (r'a="b\";c"; d', [r'a="b\";c"', "d"]),
        ('"a";"b;"', ['"a"', '"b;"']),
        (";;", ["", "", ""]),
    ],
)
def test_split_unquoted(text: str, pieces: list[str]) -> None:
    assert split_unquoted(text, ";") == pieces


@pytest.mark.parametrize(
    "pattern",
    ['"', '""', '"\\', '"\\"', ";", '";', 'a="b;c";', '\\";', "a b;", '"\\";'],
)
def test_splitting_takes_linear_time(pattern: str) -> None:
    def make(tail: str, size: int) -> str:
        return '"x"' + pattern * (size // len(pattern)) + tail

    for tail in ("", '"', ";", '";'):
        assert_linear(
            lambda text: split_unquoted(text, ";"),
            partial(make, tail),
            whole=tail == '"',
        )


def test_a_quote_far_away_is_looked_for_once() -> None:
    assert_linear(lambda text: end_of_quoted(text, 0), lambda size: '"' + "\\" * size + '"')
    assert_linear(lambda text: end_of_quoted(text, 0), lambda size: '"' + "\\a" * (size // 2))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('""', ""),
        ('"a"', "a"),
        (r'"a\"b\\"', 'a"b\\'),
        ('"é"', "é"),
        ("a", None),
        ("", None),
        ('"', None),
        ('"a', None),
        ('"a"b', None),
        (r'"a\"', None),
        ('"a\r"', None),
    ],
)
def test_parse_quoted(text: str, value: str | None) -> None:
    assert parse_quoted(text) == value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("", None),
        ("+1", None),
        ("-1", None),
        ("1_0", None),
        (" 1", None),
        ("\u0661", None),
        ("\u00b2", None),
        ("1.0", None),
    ],
)
def test_parse_digits(text: str, number: int | None) -> None:
    assert parse_digits(text) == number


def test_parse_parameters() -> None:
    assert parse_parameters(["A=1", 'b="x y"', "a=2", "c", "d e=f", "=g"]) == {
        "a": "1",
        "b": "x y",
        "c": "",
    }


@pytest.mark.parametrize(
    ("piece", "value"),
    [
        ('a="b', "b"),
        ('a="b"c', "b"),
        (r'a="b\"c"d', 'b"c'),
        ('a="', ""),
        ("a='b'", "'b'"),
        ("a=b=c", "b=c"),
        ("a = b", "b"),
    ],
)
def test_what_browsers_bear_in_parameters(piece: str, value: str) -> None:
    assert parse_parameters([piece]) == {"a": value}


def test_format_parameters() -> None:
    assert format_parameters({}) == ""
    assert format_parameters({"a": "b", "c": 'd "e"', "f": ""}) == '; a=b; c="d \\"e\\""; f=""'
    with pytest.raises(HeaderInjection):
        format_parameters({"a b": "c"})
    with pytest.raises(HeaderInjection):
        format_parameters({"a": "c\r\n"})
