"""Url-encoded fields."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser import MultipartError, parse_urlencoded


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("a=b+c&d=%26&e", [("a", "b c"), ("d", "&"), ("e", "")]),
        ("&&a=b&", [("a", "b")]),
        ("=", [("", "")]),
        ("a=b=c", [("a", "b=c")]),
        ("%C3%A9=%E2%82%AC", [("é", "€")]),
        ("a=%zz%2", [("a", "%zz%2")]),
        ("a=%ff", [("a", "\ufffd")]),
        ("é=ü", [("é", "ü")]),
        ("é=%C3%BC", [("é", "ü")]),
    ],
)
def test_fields(text: str, pairs: list[tuple[str, str]]) -> None:
    assert parse_urlencoded(text) == pairs


def test_another_charset() -> None:
    assert parse_urlencoded("a=%E9", charset="latin-1") == [("a", "é")]


@pytest.mark.parametrize(("count", "passes"), [(999, True), (1000, True), (1001, False)])
def test_the_number_of_fields_is_bounded(count: int, passes: bool) -> None:
    text = "&".join(["a=b"] * count)
    if passes:
        assert len(parse_urlencoded(text)) == count
        return
    with pytest.raises(MultipartError, match="1000 fields") as caught:
        parse_urlencoded(text)
    assert caught.value.status == 413


def test_a_flood_costs_nothing() -> None:
    with pytest.raises(MultipartError):
        parse_urlencoded("a&" * 500_000)


@pytest.mark.parametrize("charset", ["punycode", "rot13", "utf-7", "bogus"])
def test_charset_that_a_peer_may_not_choose(charset: str) -> None:
    with pytest.raises(LookupError, match=charset):
        parse_urlencoded("a=%41", charset=charset)
    assert parse_urlencoded("a=%fc", charset="ISO-8859-1") == [("a", "ü")]


@given(st.lists(st.tuples(st.text(), st.text())))
def test_fields_come_back(pairs: list[tuple[str, str]]) -> None:
    if any(surrogate for pair in pairs for surrogate in pair if not _encodes(surrogate)):
        return
    assert parse_urlencoded(urlencode(pairs)) == pairs


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
