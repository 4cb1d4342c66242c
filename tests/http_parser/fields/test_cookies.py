"""Cookies, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser import (
    CookieOptions,
    HeaderInjection,
    format_cookies,
    format_set_cookie,
    parse_cookies,
    parse_set_cookie,
    to_simple_cookie,
)
from weft_http_parser.fields.cookies import format_cookie_value, parse_cookie_value
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
    "text", ['a="' * 100_000, 'a="\\"' * 100_000, "=;" * 100_000, ";" * 100_000]
)
def test_parsing_takes_linear_time(text: str) -> None:
    assert len(parse_cookies(text, 1_000_000)) <= 100_000


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
    parse_set_cookie(text)


def test_set_cookie() -> None:
    morsel = parse_set_cookie(
        'a="b;c"; Path=/x; Domain=.example.com; Max-Age=5; Secure; HttpOnly; SameSite=Lax;'
        " Expires=Wed, 21 Oct 2015 07:28:00 GMT; Partitioned; Color=red"
    )
    assert morsel is not None
    assert (morsel.key, morsel.value, morsel.coded_value) == ("a", "b;c", '"b;c"')
    assert morsel["path"] == "/x"
    assert morsel["domain"] == ".example.com"
    assert morsel["max-age"] == "5"
    assert morsel["secure"] is True
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Lax"
    assert morsel["expires"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert morsel["partitioned"] is True
    assert "color" not in morsel


@pytest.mark.parametrize("text", ["", "a", "=b", "a b=c", "a=b\x00", "a=b; Path=/\x01"])
def test_set_cookies_that_are_ignored(text: str) -> None:
    assert parse_set_cookie(text) is None


@pytest.mark.parametrize(("size", "passes"), [(4095, True), (4096, False)])
def test_the_size_of_a_cookie_is_bounded(size: int, passes: bool) -> None:
    assert (parse_set_cookie(f"a={'x' * size}") is not None) == passes


@pytest.mark.parametrize(("size", "passes"), [(1024, True), (1025, False)])
def test_a_long_attribute_is_ignored(size: int, passes: bool) -> None:
    morsel = parse_set_cookie(f"a=b; Path={'x' * size}")
    assert morsel is not None
    assert bool(morsel["path"]) == passes


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (CookieOptions(), "a=b; Path=/"),
        (CookieOptions(path=None), "a=b"),
        (
            CookieOptions(
                expires="Wed, 21 Oct 2015 07:28:00 GMT",
                max_age=0,
                domain="x.y",
                secure=True,
                httponly=True,
                samesite="Strict",
                partitioned=True,
            ),
            "a=b; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Max-Age=0; Domain=x.y; Path=/;"
            " SameSite=Strict; HttpOnly; Secure; Partitioned",
        ),
    ],
)
def test_formatting_set_cookie(options: CookieOptions, expected: str) -> None:
    assert format_set_cookie("a", "b", options) == expected


@pytest.mark.parametrize("text", ["/; Domain=evil", "/\r\nX: y", "/é", "\x00"])
def test_no_attribute_breaks_out(text: str) -> None:
    with pytest.raises(HeaderInjection):
        format_set_cookie("a", "b", CookieOptions(path=text))


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a\r\nb", "é", "a=b"])
def test_no_name_breaks_out(name: str) -> None:
    with pytest.raises(HeaderInjection):
        format_set_cookie(name, "b")
    with pytest.raises(HeaderInjection):
        format_cookies([(name, "b")])


def test_no_value_breaks_out() -> None:
    assert format_set_cookie("a", "x; Domain=evil\r\n") == (
        'a="x\\073 Domain=evil\\015\\012"; Path=/'
    )
    assert format_cookies([("a", "b;c"), ("d[e]", "f")]) == 'a="b\\073c"; d[e]=f'


def test_simple_cookies() -> None:
    found = to_simple_cookie([("a[b]", "c d"), ("e", "f")])
    assert found["a[b]"].value == "c d"
    assert found["a[b]"].OutputString() == 'a[b]="c d"'
    assert list(found) == ["a[b]", "e"]
