"""Cookies of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    CookiePairs,
    HeaderInjection,
    format_cookie_pairs,
    format_cookie_value,
    format_cookies,
    parse_cookie_pairs,
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
        assert_linear(parse_cookie_pairs, make, whole=False)
        assert_linear(parse_cookie_value, make, whole=False)


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
    parse_cookie_pairs(text)


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


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", ()),
        (" ; ;", ()),
        ("a=b; c=d", (("a", "b"), ("c", "d"))),
        ("a=b;c=d", (("a", "b"), ("c", "d"))),
        ('a="b c"; d="e;f"', (("a", '"b c"'), ("d", '"e'), ("", 'f"'))),
        ('a={"x": 1, "y": "z"}; b=1', (("a", '{"x": 1, "y": "z"}'), ("b", "1"))),
        ("a=b=c==", (("a", "b=c=="),)),
        ("a", (("", "a"),)),
        ("=a", (("", "a"),)),
        ("a=", (("a", ""),)),
        (" a b = c d ", (("a b", "c d"),)),
        ("\u00e9=\u00e8", (("\u00e9", "\u00e8"),)),
        ("a=1; a=2", (("a", "1"), ("a", "2"))),
        ("a,b=c,d", (("a,b", "c,d"),)),
    ],
)
def test_cookies_as_browsers_send_them(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert parse_cookie_pairs(text) == CookiePairs(pairs)


@pytest.mark.parametrize("fault", ["a\x00=b", "a=\x7f", "a=b\rc", "\x01"])
def test_one_fault_does_not_lose_the_others(fault: str) -> None:
    found = parse_cookie_pairs(f"x=1; {fault}; y=2")
    assert found == CookiePairs((("x", "1"), ("y", "2")), ignored=1)


def test_many_cookies_are_one_number() -> None:
    """GHSA-fh55-r93g-j68g: what is ignored can be said in one line."""
    lines = ["; ".join(f"c{number}=v" for number in range(300)), "a=\x01; " * 1000]
    found = parse_cookie_pairs(lines)
    assert len(found.pairs) == 256
    assert found.ignored == 1044
    assert len(parse_cookie_pairs("a=b; c=d", 1).pairs) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a;b", "c"),
        ("a=b", "c"),
        ("a\n", "c"),
        (" a", "c"),
        ("a", "b;c"),
        ("a", "b\r\n"),
        ("a", " b"),
        ("", "a=b"),
        ("", ""),
    ],
)
def test_no_pair_breaks_out(name: str, value: str) -> None:
    with pytest.raises(HeaderInjection):
        format_cookie_pairs([(name, value)])


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=";= ")),
            st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="; ")),
        ).filter(lambda pair: bool(pair[0]) or (bool(pair[1]) and "=" not in pair[1]))
    )
)
def test_pairs_come_back(pairs: list[tuple[str, str]]) -> None:
    assert list(parse_cookie_pairs(format_cookie_pairs(pairs)).pairs) == pairs


def test_the_end_of_a_value() -> None:
    assert end_of_value("a=b; c", 2, 3) == 3
    assert end_of_value('a="b";c', 2, 5) == 5
    assert end_of_value('a= "b;c" ; d', 2, 5) == 9
    assert end_of_value('a="b;c', 2, 4) == 4
