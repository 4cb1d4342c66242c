"""Tokens, quoted strings, parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser import HeaderInjection, check_text, is_token, parse_parameters
from weft_http_parser.fields.tokens import (
    end_of_quoted,
    format_quoted,
    format_value,
    has_controls,
    parse_value,
    split_unquoted,
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


def test_splitting_takes_linear_time() -> None:
    assert len(split_unquoted('"' * 1_000_001 + ";", ";")) == 1
    assert len(split_unquoted('"\\"' * 300_000, ";")) == 1


def test_parse_parameters() -> None:
    assert parse_parameters(["A=1", 'b="x y"', "a=2", "c", "d e=f", "=g"]) == {
        "a": "1",
        "b": "x y",
        "c": "",
    }
