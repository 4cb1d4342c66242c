"""Cookies of responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    CookieOptions,
    HeaderInjection,
    SetCookie,
    format_set_cookie,
    parse_morsel,
    parse_set_cookie,
)
from weft_http_parser.fields.set_cookies import LONGEST_COOKIE_SECONDS, parse_max_age

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a=b", "a", "b"),
        (" a = b ; x", "a", "b"),
        ("a=b=c", "a", "b=c"),
        ("a=", "a", ""),
        ("a", "", "a"),
        ("=a", "", "a"),
        ("a b=c d", "a b", "c d"),
        ('a="b"', "a", '"b"'),
        ('a="b;c"', "a", '"b'),
        ('a={"x":1}', "a", '{"x":1}'),
        ("a=b, c=d", "a", "b, c=d"),
        ("é=è", "é", "è"),
        ("a\t=\tb", "a", "b"),
        ("Expires=1; expires=x", "Expires", "1"),
        ("a\udcff=b", "a\udcff", "b"),
    ],
)
def test_names_and_values(text: str, name: str, value: str) -> None:
    assert parse_set_cookie(text) == SetCookie(name, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "=",
        ";",
        "; Secure",
        "a=b\x00",
        "a=b\r\n",
        "a=b; Path=/\x01",
        "a=b; x=\x7f",
        "__Secure-a",
        "=__host-a=b",
    ],
)
def test_what_is_ignored(text: str) -> None:
    assert parse_set_cookie(text) is None


def test_attributes() -> None:
    cookie = parse_set_cookie(
        "a=b; PATH=/x ;Domain= .Example.com; max-age=5; secure; HttpOnly=x; SameSite=LAX;"
        f" Expires={DATE}; Partitioned; Color=red; ; =x; Secure2"
    )
    assert cookie is not None
    assert cookie.path == "/x"
    assert cookie.domain == "example.com"
    assert cookie.max_age == 5
    assert cookie.secure and cookie.http_only and cookie.partitioned
    assert cookie.same_site == "Lax"
    assert set(cookie.attributes) == {
        "path",
        "domain",
        "max-age",
        "secure",
        "httponly",
        "samesite",
        "expires",
        "partitioned",
    }
    with pytest.raises(TypeError):
        cookie.attributes["x"] = "y"  # type: ignore[index]  # what is tested


def test_a_cookie_without_attributes() -> None:
    cookie = SetCookie("a", "b")
    assert (cookie.path, cookie.domain, cookie.max_age, cookie.same_site) == (None,) * 4
    assert not (cookie.secure or cookie.http_only or cookie.partitioned)
    assert cookie.is_prefix_kept
    assert cookie.expires_at(0) is None


@pytest.mark.parametrize(
    ("attributes", "path"),
    [("Path=/a; Path=/b", "/b"), ("Path=x", None), ("Path", None), ('Path="/a"', None)],
)
def test_paths(attributes: str, path: str | None) -> None:
    cookie = parse_set_cookie(f"a=b; {attributes}")
    assert cookie is not None
    assert cookie.path == path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("60", 60),
        ("-60", -60),
        ("007", 7),
        ("9" * 1000, 10**1000 - 1),
        ("", None),
        ("-", None),
        ("--1", None),
        ("+1", None),
        ("1.5", None),
        ("1 ", None),
        ("5x", None),
        ("x5", None),
        ("\u0665", None),
        ('"5"', None),
    ],
)
def test_max_age(text: str, seconds: int | None) -> None:
    assert parse_max_age(text) == seconds


@pytest.mark.parametrize(
    ("attributes", "expires_at"),
    [
        ("", None),
        ("Max-Age=60", 1060.0),
        ("Max-Age=0", 0.0),
        ("Max-Age=-1", 0.0),
        ("Max-Age=x", None),
        ("Max-Age=5; Max-Age=x", 1005.0),
        (f"Max-Age={'9' * 500}", 1000.0 + LONGEST_COOKIE_SECONDS),
        (f"Expires={DATE}", 1000.0 + LONGEST_COOKIE_SECONDS),
        ("Expires=Thu, 01 Jan 1970 00:00:05 GMT", 5.0),
        ("Expires=Thu, 01 Jan 1970 00:00:05 GMT; Expires=never", 5.0),
        ("Expires=never", None),
        ("Expires=Thu, 01 Jan 1970 00:00:05 GMT; Max-Age=1", 1001.0),
    ],
)
def test_the_end_of_a_cookie(attributes: str, expires_at: float | None) -> None:
    cookie = parse_set_cookie(f"a=b; {attributes}")
    assert cookie is not None
    assert cookie.expires_at(now=1000.0) == expires_at


def test_a_date_that_nobody_parsed() -> None:
    assert SetCookie("a", "b", {"expires": "never"}).expires_at(now=0) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("strict", "Strict"), ("NONE", "None"), ("Lax", "Lax"), ("", None), ("other", None)],
)
def test_same_site(text: str, expected: str | None) -> None:
    cookie = parse_set_cookie(f"a=b; SameSite={text}")
    assert cookie is not None
    assert cookie.same_site == expected


@pytest.mark.parametrize("prefix", ["__Secure-", "__secure-", "__SECURE-"])
def test_the_secure_prefix(prefix: str) -> None:
    for attributes, kept in (("", False), ("; Secure", True), ("; Secure; Domain=a.b", True)):
        cookie = parse_set_cookie(f"{prefix}a=b{attributes}")
        assert cookie is not None
        assert cookie.is_prefix_kept == kept


@pytest.mark.parametrize("prefix", ["__Host-", "__host-", "__HoSt-"])
@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ("Secure; Path=/", True),
        ("Path=/", False),
        ("Secure", False),
        ("Secure; Path=/x", False),
        ("Secure; Path=/; Domain=a.b", False),
        ("Secure; Path=/; Domain=", True),
    ],
)
def test_the_host_prefix(prefix: str, attributes: str, kept: bool) -> None:
    cookie = parse_set_cookie(f"{prefix}a=b; {attributes}")
    assert cookie is not None
    assert cookie.is_prefix_kept == kept


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        (f"a={'x' * 4095}", True),
        (f"a={'x' * 4096}", False),
        (f"a={'é' * 2047}", True),
        (f"a={'é' * 2048}", False),
        (f"{'a' * 4096}=", True),
        (f"a={'x' * 4095}; Path=/{'x' * 1000}; y={'z' * 10000}", True),
    ],
)
def test_the_size_of_a_cookie_is_bounded(text: str, passes: bool) -> None:
    assert (parse_set_cookie(text) is not None) == passes
    assert (parse_morsel(text) is not None) == passes


@pytest.mark.parametrize(("size", "passes"), [(1024, True), (1025, False)])
def test_a_long_attribute_is_ignored(size: int, passes: bool) -> None:
    cookie = parse_set_cookie(f"a=b; Path=/{'x' * (size - 1)}; Domain={'x' * size}")
    assert cookie is not None
    assert bool(cookie.path) == bool(cookie.domain) == passes


def test_a_quoted_value_may_hold_semicolons_for_those_who_ask() -> None:
    text = 'a="b;c"; Path=/'
    assert parse_set_cookie(text) == SetCookie("a", '"b', {"path": "/"})
    assert parse_set_cookie(text, quoted=True) == SetCookie("a", '"b;c"', {"path": "/"})
    assert parse_set_cookie("a; b=c", quoted=True) == SetCookie("", "a")


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    parse_set_cookie(text)
    parse_set_cookie(text, quoted=True)
    parse_morsel(text)


def test_morsels() -> None:
    morsel = parse_morsel(
        'a="b;c"; Path=/x; Domain=.example.com; Max-Age=5; Secure; HttpOnly; SameSite=Lax;'
        f" Expires={DATE}; Partitioned; Color=red"
    )
    assert morsel is not None
    assert (morsel.key, morsel.value, morsel.coded_value) == ("a", "b;c", '"b;c"')
    assert morsel["path"] == "/x"
    assert morsel["domain"] == ".example.com"
    assert morsel["max-age"] == "5"
    assert morsel["secure"] is True
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Lax"
    assert morsel["expires"] == DATE
    assert morsel["partitioned"] is True
    assert "color" not in morsel


@pytest.mark.parametrize("text", ["", "a", "=b", "a b=c", "é=b", "a=b\x00", "a=b; Path=/\x01"])
def test_what_is_no_morsel(text: str) -> None:
    assert parse_morsel(text) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (CookieOptions(), "a=b; Path=/"),
        (CookieOptions(path=None), "a=b"),
        (
            CookieOptions(
                expires=DATE,
                max_age=0,
                domain="x.y",
                secure=True,
                httponly=True,
                samesite="Strict",
                partitioned=True,
            ),
            f"a=b; Expires={DATE}; Max-Age=0; Domain=x.y; Path=/;"
            " SameSite=Strict; HttpOnly; Secure; Partitioned",
        ),
    ],
)
def test_formatting(options: CookieOptions, expected: str) -> None:
    assert format_set_cookie("a", "b", options) == expected
    assert parse_set_cookie(expected) is not None


@pytest.mark.parametrize("text", ["/; Domain=evil", "/\r\nX: y", "/é", "\x00"])
def test_no_attribute_breaks_out(text: str) -> None:
    for options in (
        CookieOptions(path=text),
        CookieOptions(domain=text),
        CookieOptions(expires=text),
        CookieOptions(max_age=text),
        CookieOptions(samesite=text),
    ):
        with pytest.raises(HeaderInjection):
            format_set_cookie("a", "b", options)


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a\r\nb", "é", "a=b"])
def test_no_name_breaks_out(name: str) -> None:
    with pytest.raises(HeaderInjection):
        format_set_cookie(name, "b")


def test_no_value_breaks_out() -> None:
    assert format_set_cookie("a", "x; Domain=evil\r\n") == (
        'a="x\\073 Domain=evil\\015\\012"; Path=/'
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("__Secure-a", CookieOptions()),
        ("__host-a", CookieOptions(path=None, secure=True)),
        ("__Host-a", CookieOptions(domain="a.b", secure=True)),
        ("__Host-a", CookieOptions()),
    ],
)
def test_a_prefix_that_is_not_kept(name: str, options: CookieOptions) -> None:
    with pytest.raises(ValueError, match="__Host- needs"):
        format_set_cookie(name, "b", options)


def test_a_prefix_that_is_kept() -> None:
    options = CookieOptions(secure=True)
    assert format_set_cookie("__Host-a", "b", options) == "__Host-a=b; Path=/; Secure"
    # What is larger than a cookie may be is dropped too, whatever its name promises.
    with pytest.raises(ValueError, match="__Host- needs"):
        format_set_cookie("__Host-a", "b" * 5000, options)


@pytest.mark.parametrize(
    "pattern", [";", "=", '"', 'a="', '\\";', "; Path=/x", ";Expires=1 1:1:1", "a=b;", " "]
)
def test_linear_time(pattern: str) -> None:
    def make(size: int) -> str:
        return 'a="b' + pattern * (size // len(pattern))

    assert_linear(parse_set_cookie, make)
    assert_linear(lambda text: parse_set_cookie(text, quoted=True), make, whole=False)
    assert_linear(parse_morsel, make, whole=False)
