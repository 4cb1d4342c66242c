"""Cache-Control, Keep-Alive, TE, Expect."""

import pytest
from support.growth import assert_linear

from weft_http_parser import (
    HeaderInjection,
    KeepAlive,
    accepts_trailers,
    expects_continue,
    format_directives,
    parse_cache_control,
    parse_directives,
    parse_keep_alive,
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", {}),
        ("No-Cache", {"no-cache": None}),
        ('no-cache="Set-Cookie, a"', {"no-cache": "Set-Cookie, a"}),
        ("max-age=1, max-age=2", {"max-age": "1"}),
        ("a = b ,, c=", {"a": "b", "c": ""}),
        (["a", "b=1"], {"a": None, "b": "1"}),
        ("=x, a b=c, \u00e9, d", {"d": None}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_directives(lines: str | list[str], expected: dict[str, str | None]) -> None:
    assert parse_directives(lines) == expected


def test_formatting() -> None:
    assert format_directives({}) == ""
    assert (
        format_directives({"no-store": None, "max-age": 0, "x": ""}) == 'no-store, max-age=0, x=""'
    )


@pytest.mark.parametrize("directives", [{"a b": None}, {"": "x"}, {"a": "b\r\n"}])
def test_nothing_breaks_out(directives: dict[str, str | None]) -> None:
    with pytest.raises(HeaderInjection):
        format_directives(directives)


def test_cache_control() -> None:
    control = parse_cache_control(
        "Public, private=a, no-store, no-cache, must-revalidate, immutable, "
        'max-age="60", s-maxage=5, stale-while-revalidate=7'
    )
    assert (control.max_age, control.s_maxage) == (60, 5)
    assert control.seconds("stale-while-revalidate") == 7
    assert control.public and control.private and control.no_store and control.no_cache
    assert control.must_revalidate and control.immutable
    nothing = parse_cache_control("")
    assert nothing.max_age is None and nothing.s_maxage is None
    assert not (nothing.public or nothing.private or nothing.no_store or nothing.no_cache)
    assert not (nothing.must_revalidate or nothing.immutable)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("=", 0),
        ("=x", 0),
        ("=-1", 0),
        ("=1.5", 0),
        ("=\u0661", 0),
        ("=0", 0),
        ("=00060", 60),
        ("=2147483648", 2**31),
        ("=99999999999999999999", 2**31),
    ],
)
def test_seconds(text: str, seconds: int) -> None:
    """RFC 9111 4.2.1: what is no number is stale; 1.2.2: what is too large is a bound."""
    assert parse_cache_control(f"max-age{text}").max_age == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timeout=5, max=1000", KeepAlive(5, 1000)),
        ("Timeout=5", KeepAlive(5, None)),
        ("max=0", KeepAlive(None, 0)),
        ("timeout=-5, max=a", KeepAlive()),
        ("timeout=1e3", KeepAlive()),
        ("timeout", KeepAlive()),
        ("", KeepAlive()),
    ],
)
def test_keep_alive(text: str, expected: KeepAlive) -> None:
    assert parse_keep_alive(text) == expected


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        (None, False),
        ("", False),
        ("trailers", True),
        ("deflate;q=0.5, TRAILERS", True),
        (["gzip", "trailers"], True),
        ("trailer", False),
        ('x;a="trailers"', False),
    ],
)
def test_te(field: str | list[str] | None, accepted: bool) -> None:
    assert accepts_trailers(field) == accepted


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, False),
        ("", False),
        ("100-continue", True),
        ("100-Continue, ,100-continue", True),
        ("100-continue, x", None),
        ("200-ok", None),
        ('100-continue="a,b"', None),
    ],
)
def test_expect(field: str | None, expected: bool | None) -> None:
    assert expects_continue(field) is expected


@pytest.mark.parametrize("pattern", [",", "=", '"', "a,", "a=b,", 'a="\\",', "9", "max-age=9"])
def test_linear_time(pattern: str) -> None:
    for function in (
        lambda text: parse_cache_control(text).max_age,
        parse_keep_alive,
        accepts_trailers,
        expects_continue,
    ):
        assert_linear(
            function,
            lambda size: "max-age=" + pattern * (size // len(pattern)),
            whole=function is parse_keep_alive,
        )
