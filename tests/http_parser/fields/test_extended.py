"""Text beyond ASCII in parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import format_extended, is_token, parse_extended


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("iso-8859-1'en'%A3%20rates", "£ rates"),  # the examples of RFC 8187 3.2.3
        ("UTF-8''%c2%a3%20and%20%e2%82%ac%20rates", "£ and € rates"),
        ("utf-8''", ""),
        ("utf-8''a'b", "a'b"),
        ("utf-8''%", "%"),
    ],
)
def test_parsing(text: str, value: str) -> None:
    assert parse_extended(text) == value


@pytest.mark.parametrize("text", ["", "a", "utf-8'a", "''a", "utf-7''a", "idna''a", "utf-8''%ff"])
def test_what_is_malformed(text: str) -> None:
    assert parse_extended(text) is None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back(text: str) -> None:
    coded = format_extended(text, "de-CH")
    assert parse_extended(coded) == text
    assert is_token(coded)


@pytest.mark.parametrize("language", ["a'b", "a b", "-", "\r\n"])
def test_no_language_breaks_out(language: str) -> None:
    with pytest.raises(ValueError, match="language"):
        format_extended("a", language)


@pytest.mark.parametrize("pattern", ["'", "%", "%41", "utf-8''"])
def test_linear_time(pattern: str) -> None:
    assert_linear(parse_extended, lambda size: "utf-8''" + pattern * (size // len(pattern)))
