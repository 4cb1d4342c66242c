"""Cookies of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    HeaderInjection,
    format_cookie_value,
    format_cookies,
    parse_cookies,
    to_simple_cookie,
)
from weft_http_parser.fields.cookies import end_of_value, parse_cookie_value
from weft_http_parser.fields.tokens import has_controls


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("a=b; c=d", [("a", "b"), ("c", "d")]),
        ("a=b;c=d;;e=f", [("a", "b"), ("c", "d"), ("e", "f")]),
        (" a = b ", [("a", "b")]),
        ("a=b=c; d==e", [("a", "b=c"), ("d", "=e")]),
        ("a=b; a=c", [("a", "b"), ("a", "c")]),
        ("a; b=; secure", [("a", ""), ("b", ""), ("secure", "")]),
        ('a="b c"; d="e;f" ; g=h', [("a", "b c"), ("d", "e;f"), ("g", "h")]),
        ('a="b\\"c\\073d"', [("a", 'b"c;d')]),
        ('a="unclosed; b=c', [("a", '"unclosed'), ("b", "c")]),
        ('a="b"c; d=e', [("a", '"b"c'), ("d", "e")]),
        ('a={"x": 1, "y": [1,2]}; b=1', [("a", '{"x": 1, "y": [1,2]}'), ("b", "1")]),
        ("a[b]=c; d@e=f; $Version=1", [("a[b]", "c"), ("d@e", "f"), ("$Version", "1")]),
        ("path=1; expires=2", [("path", "1"), ("expires", "2")]),
        ("a=é", [("a", "é")]),
        ('a= "b;c"; d=e', [("a", "b;c"), ("d", "e")]),
        ('a="b;c"d; e=f', [("a", '"b'), ("e", "f")]),
        ('a=""; b="', [("a", ""), ("b", '"')]),
        ('a="b"; c=\x01; d="\\001"; e', [("a", "b"), ("e", "")]),
        ('="a;b=c"; d=e', [("b", 'c"'), ("d", "e")]),
    ],
)
def test_cookies(text: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_cookies(text) == pairs


@pytest.mark.parametrize("text", ["=b", "é=1", "a b=c", '"a"=b', "a\x01=b", "a=b\x01c", "a,b=c"])
def test_what_is_no_cookie_is_passed_over(text: str) -> None:
    assert parse_cookies(f"x=1; {text}; y=2") == [("x", "1"), ("y", "2")]


def test_the_number_of_cookies_is_bounded() -> None:
    text = "; ".join(f"c{number}=v" for number in range(300))
    assert len(parse_cookies(text)) == 256
    assert len(parse_cookies(text, 3)) == 3


@pytest.mark.parametrize(
    "pattern",
    [
        'a="',
        'a="\\"',
        "=;",
        ";",
        'a="x;',
        'a="b";',
        '"',
        '";',
        'a="\\";',
        " ",
        "a= ",
        'a="b"c;',
        "a=\\",
    ],
)
def test_linear_time(pattern: str) -> None:
    def make(size: int) -> str:
        return 'a="x' + pattern * (size // len(pattern)) + tail

    for tail in ("", '"', '";'):
        assert_linear(lambda text: parse_cookies(text, 1_000_000), make, whole=tail == '"')
        assert_linear(parse_cookie_value, make, whole=False)


def test_value_of_more_than_one_quoted_text_is_kept() -> None:
    text = r'"a" \"'
    assert parse_cookie_value(text) == text


@given(st.text(st.characters(max_codepoint=255)))
def test_values_come_back(value: str) -> None:
    coded = format_cookie_value(value)
    assert parse_cookie_value(coded) == value
    assert not has_controls(coded)


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_cookies_come_back(value: str) -> None:
    pairs = [("x", "y"), ("a", value), ("z", "1")]
    assert parse_cookies(format_cookies(pairs)) == pairs


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    parse_cookies(text)


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a\r\nb", "é", "a=b"])
def test_no_name_breaks_out(name: str) -> None:
    with pytest.raises(HeaderInjection):
        format_cookies([(name, "b")])


def test_no_value_breaks_out() -> None:
    assert format_cookies([("a", "b;c"), ("d[e]", "f")]) == 'a="b\\073c"; d[e]=f'


def test_simple_cookies() -> None:
    found = to_simple_cookie([("a[b]", "c d"), ("e", "f")])
    assert found["a[b]"].value == "c d"
    assert found["a[b]"].OutputString() == 'a[b]="c d"'
    assert list(found) == ["a[b]", "e"]


def test_the_end_of_a_value() -> None:
    assert end_of_value("a=b; c", 2, 3) == 3
    assert end_of_value('a="b";c', 2, 5) == 5
    assert end_of_value('a= "b;c" ; d', 2, 5) == 9
    assert end_of_value('a="b;c', 2, 4) == 4
