"""Media types."""

import pytest
from support.growth import assert_linear

from weft_http_parser import HeaderInjection, MediaType, parse_media_type


@pytest.mark.parametrize(
    ("text", "essence", "parameters"),
    [
        ("text/html", "text/html", {}),
        (" text/html ", "text/html", {}),
        ("TEXT/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ("text/html;", "text/html", {}),
        ("text/html; charset", "text/html", {"charset": ""}),
        ('a/b; charset="utf-8"; c=d', "a/b", {"charset": "utf-8", "c": "d"}),
        ("a/b;charset=x;charset=y", "a/b", {"charset": "x"}),
        ('multipart/form-data; boundary="a;b"', "multipart/form-data", {"boundary": "a;b"}),
        ('x/y; charset="a\\"b"', "x/y", {"charset": 'a"b'}),
        ('a/b; charset="utf-8', "a/b", {"charset": "utf-8"}),
        ('a/b; charset="utf-8" x; c=d', "a/b", {"charset": "utf-8", "c": "d"}),
        ("a/b;; é=1; =2; charset = u", "a/b", {"charset": "u"}),
    ],
)
def test_media_types(text: str, essence: str, parameters: dict[str, str]) -> None:
    media = parse_media_type(text)
    assert media.essence == essence
    assert media.parameters == parameters
    assert media.charset == parameters.get("charset")


@pytest.mark.parametrize("text", ["", "text", "a/b/c", "text/html, text/plain", "a /b", "/", "a/"])
def test_what_is_malformed_is_bytes(text: str) -> None:
    assert parse_media_type(text) == MediaType("application", "octet-stream")


def test_media_types_as_text() -> None:
    assert str(MediaType("a", "b", {"c": "d e", "f": "g"})) == 'a/b; c="d e"; f=g'


def test_the_cache_is_bounded() -> None:
    for number in range(1000):
        parse_media_type(f"a/{number}")
    assert parse_media_type.cache_info().currsize <= 256


@pytest.mark.parametrize(
    ("subtype", "suffix"),
    [("json", None), ("ld+json", "json"), ("a+b+xml", "xml"), ("+json", None), ("a+", None)],
)
def test_suffixes(subtype: str, suffix: str | None) -> None:
    assert MediaType("application", subtype).suffix == suffix


@pytest.mark.parametrize(
    "media",
    [
        MediaType("text", "html\r\nX: y"),
        MediaType("", "html"),
        MediaType("a", "b", {"c": "\n"}),
        MediaType("a", "b", {"c d": "e"}),
    ],
)
def test_no_media_type_breaks_out(media: MediaType) -> None:
    """GHSA-2vrm-gr82-f7m5."""
    with pytest.raises(HeaderInjection):
        str(media)


@pytest.mark.parametrize("pattern", [";", '"', ';a="', ";a=b", "/", ';a="\\"'])
def test_media_types_take_linear_time(pattern: str) -> None:
    parse = parse_media_type.__wrapped__
    assert_linear(parse, lambda size: "a/b" + pattern * (size // len(pattern)))
