"""What a client likes best of what there is."""

from functools import partial

import pytest
from support.growth import assert_linear

from weft_http_parser import (
    MediaRange,
    choose_charset,
    choose_coding,
    choose_language,
    choose_media,
    parse_accept,
    parse_media_type,
)

CODINGS = ["br", "gzip"]


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "identity"),
        ("", "identity"),
        ([], "identity"),
        ("nonsense", "identity"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=0.9, br;q=0.8", "gzip"),
        ("gzip;q=0.8, br;q=0.8", "br"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000, br;q=0", "identity"),
        ("gzip;q=0, *", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("*;q=0, gzip;q=0.1", "gzip"),
        ("*;q=0, identity;q=0.1", "identity"),
        ("identity;q=0", None),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0, *;q=0.5", "br"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0.1, gzip;q=0.001", "identity"),
        ("identity;q=0, deflate", None),
        ("gzip;q=2, br;q=x", "identity"),
        ("gzip;q=0, gzip", "identity"),
        (["gzip;q=0.1", "br"], "br"),
        ("compress, gzip", "gzip"),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),  # RFC 9110 12.5.3
        ("compress;q=0.5, gzip;q=1.0", "gzip"),
    ],
)
def test_codings(field: str | list[str] | None, chosen: str | None) -> None:
    assert choose_coding(field, CODINGS) == chosen


def test_identity_may_be_what_the_server_likes_best() -> None:
    assert choose_coding("identity, gzip", ["identity", "gzip"]) == "identity"
    assert choose_coding("gzip", []) == "identity"


@pytest.mark.parametrize(
    ("media", "weight"),
    [  # the table of RFC 9110 12.5.1
        ("text/plain;format=flowed", 1.0),
        ("text/plain", 0.7),
        ("text/html", 0.3),
        ("image/jpeg", 0.5),
        ("text/plain;format=fixed", 0.4),
        ("text/html;level=3", 0.7),
    ],
)
def test_the_most_specific_range_counts(media: str, weight: float) -> None:
    field = (
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
        "text/plain;format=fixed;q=0.4, */*;q=0.5, text/html;level=3;q=0.7"
    )
    ranges = sorted(parse_accept(field), key=lambda one: -one.specificity)
    found = next(one for one in ranges if one.matches(parse_media_type(media)))
    assert found.weight == weight


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "text/html"),
        ("", "text/html"),
        ("///", "text/html"),
        ("*/*", "text/html"),
        ("*", "text/html"),
        ("application/json", "application/json"),
        ("APPLICATION/*", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html, application/json", "text/html"),
        ("text/html;q=0, */*", "application/json"),
        ("text/html;q=0", None),
        ("image/png", None),
        ("*/html", "text/html"),
        ("application/json;version=1", None),
        ("text/html;charset=UTF-8", None),
        (["image/png", "application/json;q=0.1"], "application/json"),
        ('application/json;a="b,c;d", text/html;q=0.5', "text/html"),
    ],
)
def test_media(field: str | list[str] | None, chosen: str | None) -> None:
    assert choose_media(field, ["text/html", "application/json"]) == chosen


def test_parameters_of_media() -> None:
    offered = ["text/html;level=1", "text/html"]
    assert choose_media("text/html;level=1;q=0.1, text/html", offered) == "text/html"
    assert choose_media('text/html;LEVEL="1", text/html;q=0.5', offered) == "text/html;level=1"
    assert choose_media(None, []) is None
    assert choose_media("", []) is None
    assert choose_media("*/*", []) is None


def test_media_ranges() -> None:
    assert parse_accept("a/b;c=d;q=0.5;e=f, g, */h, *, i/*") == (
        MediaRange("a", "b", {"c": "d"}, 0.5),
        MediaRange("*", "*"),
        MediaRange("i", "*"),
    )


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "utf-8"),
        ("", "utf-8"),
        ("iso-8859-1", None),  # names are compared, aliases are not known
        ("latin1", "Latin1"),
        ("latin1;q=0.5, UTF-8;q=0.6", "utf-8"),
        ("*;q=0.1, latin1", "Latin1"),
        ("utf-8;q=0, *", "Latin1"),
        ("ascii", None),
        ("*;q=0", None),
    ],
)
def test_charsets(field: str | None, chosen: str | None) -> None:
    assert choose_charset(field, ["utf-8", "Latin1"]) == chosen


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("DE-de", "de"),
        ("zh-Hant-CN-x-private1-private2", "zh-Hant"),  # RFC 4647 3.4
        ("zh-Hant-x-a", "zh-Hant"),
        ("zh", None),
        ("fr", None),
        ("fr, de;q=0.5", "de"),
        ("en;q=0.5, de;q=0.6", "de"),
        ("de, en", "de"),
        ("fr, *;q=0.1", "en"),
        ("en;q=0, *", "de"),
        ("de;q=0, de-CH", "de-CH"),
        ("zh-Hant;q=0, *", "en"),
        ("zh-Hant;q=0, zh-Hant-TW", None),
        ("en;q=0", None),
        ("*;q=0", None),
        ("toolonglanguage, de;q=0.1", "de"),
        ("d\u00e9, de;q=0.1", "de"),
        ("-, de_CH, de;q=0.1", "de"),
        ("de-" + "-".join("a" * 20) + ", en;q=0.1", "en"),
        (["fr", "de-CH-1996;q=0.1"], "de-CH"),
    ],
)
def test_languages(field: str | list[str] | None, chosen: str | None) -> None:
    assert choose_language(field, ["en", "de", "de-CH", "zh-Hant"]) == chosen


def test_no_languages() -> None:
    assert choose_language("*", []) is None
    assert choose_language("en", ["EN", "en"]) == "EN"


@pytest.mark.parametrize(
    "pattern",
    [",", ";", '"', "a/b;c=d,", "*;q=0,", "a-", "a-b-c,", "-a", ",a;q=0.5", '*/*;a="\\",'],
)
def test_linear_time(pattern: str) -> None:
    def make(size: int) -> str:
        return pattern * (size // len(pattern))

    assert_linear(parse_accept, make)
    for choose in (choose_coding, choose_media, choose_language, choose_charset):
        assert_linear(partial(choose, offered=["gzip"]), make, whole=False)
