"""Cookies of requests, as browsers send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import CookiePairs, HeaderInjection, format_cookie_pairs, parse_cookie_pairs


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


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    parse_cookie_pairs(text)


@pytest.mark.parametrize("pattern", [";", "=", "=;", '"', "a=b;", " ", "\x00;"])
def test_linear_time(pattern: str) -> None:
    assert_linear(parse_cookie_pairs, lambda size: pattern * (size // len(pattern)))
