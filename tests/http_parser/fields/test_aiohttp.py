"""What aiohttp and the standard library read in the same fields, by running them.

Every text has one answer, or stands in a table of differences with its reason.
"""

import asyncio
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import pytest
from yarl import URL

from weft_http_parser import (
    BasicAuth,
    parse_cookies,
    parse_etags,
    parse_forwarded,
    parse_http_date,
    parse_links,
    parse_media_type,
    parse_morsel,
    parse_range,
)

aiohttp = pytest.importorskip("aiohttp")
web = pytest.importorskip("aiohttp.web")
make_mocked_request = pytest.importorskip("aiohttp.test_utils").make_mocked_request


def answer(read: Callable[[], object]) -> object:
    """What is read, or "refused"."""
    try:
        return read()
    except ValueError:
        return "refused"


def theirs(field: str, text: str, attribute: str) -> object:
    request = make_mocked_request("GET", "/", headers={field: text})
    return answer(lambda: getattr(request, attribute))


def check(
    text: str, here: object, there: object, differences: dict[str, tuple[object, str]]
) -> None:
    if text not in differences:
        assert here == there
        return
    expected, reason = differences[text]
    assert here == expected, reason
    assert here != there, f"no difference any more: {reason}"


# Content-Type

OCTETS = "application/octet-stream"
MEDIA = [
    "text/html",
    "TEXT/HTML; Charset=UTF-8",
    " text/html ",
    "text/html;",
    "text/html; charset",
    "",
    "text",
    "a/b/c",
    "text/html, text/plain",
    'a/b; charset="utf-8"; c=d',
    "a/b;charset=x;charset=y",
    'x/y; charset="a\\"b"',
    "a/b;charset=utf-8;",
    "a/b;;charset=u",
    "a/b; charset = u",
    'a/b; charset="un',
    'a/b; charset="u"x',
    "a/b; charset=é",
    'text/html; charset="utf;8"',
    "application/problem+json; charset=utf-8",
]
MEDIA_DIFFERENCES: dict[str, tuple[object, str]] = {
    "text; charset=utf-8": ((OCTETS, None), "of a malformed type no parameter is read"),
    "a /b": ((OCTETS, None), "no token: RFC 9110 8.3.1; the face of the server bears with it"),
    "/": ((OCTETS, None), "the same"),
    "a/": ((OCTETS, None), "the same"),
    "é/b": ((OCTETS, None), "the same"),
    "text/html (c)": ((OCTETS, None), "HTTP has no comments there, mail has"),
    "a/b;charset=x (c)": (("a/b", "x (c)"), "the same"),
    "a/b;charset='utf-8'": (("a/b", "'utf-8'"), "single quotes quote nothing in HTTP"),
    "a/b; charset*=utf-8''x": (("a/b", None), "RFC 2231 is mail's; HTTP does not extend charset"),
    "a/b; charset*0=ut; charset*1=f8": (("a/b", None), "the same"),
}


@pytest.mark.parametrize("text", [*MEDIA, *MEDIA_DIFFERENCES])
def test_media_types(text: str) -> None:
    media = parse_media_type(text)
    there = theirs("Content-Type", text, "content_type"), theirs("Content-Type", text, "charset")
    check(text, (media.essence, media.charset), there, MEDIA_DIFFERENCES)


# Forwarded

FORWARDED = [
    "for=1.2.3.4",
    'for="[2001:db8::1]:8080";proto=https;by=_x;host="a.b:1"',
    "For=1, for=2",
    "for=1;for=2",
    'for="a,b";by=c, for=d',
    "for=a;bad, for=b",
    "for=a b",
    'for="un',
    'for="un, for=b',
    "by=1;;for=2",
    "for=1 ; by=2",
    "  for=1",
    "for=é",
    'for="a\\"b"',
    "for=1,,for=2",
    "",
    "for=",
    "=x",
    "for==x",
    "for=1;",
    'for="a" x, for=b',
    "for=[::1]",
    "for=1.2.3.4:80",
    'for=a;bad="x,y";for=b, for=c',
]


@pytest.mark.parametrize("text", FORWARDED)
def test_forwarded(text: str) -> None:
    here = tuple(hop.parameters for hop in parse_forwarded(text))
    check(text, here, theirs("Forwarded", text, "forwarded"), {})


# Entity tags

TAGS = ['"a"', 'W/"a"', '"é"', "*", "a", 'w/"a"', '*, "a"', '"a" "b"', '"a", b', 'b,"a"', '"a b"']
TAG_DIFFERENCES: dict[str, tuple[object, str]] = {
    '""': ([("", False)], "RFC 9110 8.8.3: a tag may be empty"),
    ' "a" , W/"b"': ([("a", False), ("b", True)], "RFC 9110 5.6.1.2: space around members"),
    ',"a"': ([("a", False)], "RFC 9110 5.6.1.2: empty members are ignored"),
}


@pytest.mark.parametrize("text", [*TAGS, *TAG_DIFFERENCES])
def test_etags(text: str) -> None:
    found = theirs("If-Match", text, "if_match")
    assert isinstance(found, tuple)
    there = [(tag.value, tag.is_weak) for tag in found]
    here = [(tag.value, tag.is_weak) for tag in parse_etags(text)]
    check(text, here, there, TAG_DIFFERENCES)


# Ranges

RANGES = [
    "bytes=0-499",
    "bytes=500-",
    "bytes=-500",
    "Bytes=0-0",
    "bytes=0-0,1-2",
    "bytes=-",
    "bytes=5-1",
    "",
    "bytes",
    "items=0-1",
    "bytes=1-2-3",
    "bytes=00-01",
    "bytes =0-1",
    "bytes=\u0661-\u0662",
]
RANGE_DIFFERENCES: dict[str, tuple[object, str]] = {
    "bytes=-0": ("refused", "RFC 9110 14.1.2: no byte can satisfy it; there it is the whole"),
    "bytes= 7-9": (slice(7, 10, 1), "RFC 9110 5.6.1: space around the members of a list"),
    "bytes=0-499 ": (slice(0, 500, 1), "the same"),
    "bytes=7-9,": (slice(7, 10, 1), "RFC 9110 5.6.1.2: empty members are ignored"),
}


@pytest.mark.parametrize("text", [*RANGES, *RANGE_DIFFERENCES])
def test_ranges(text: str) -> None:
    here = answer(lambda: parse_range(text))
    check(text, here, theirs("Range", text, "http_range"), RANGE_DIFFERENCES)


# Dates

DATES = [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "0",
    "xx",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994",
    "06 Nov 1994 08:49:37",
    "Sunday, 06-Nov-76 08:49:37 GMT",
    "Sunday, 06-Nov-68 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:60 GMT",
    "Mon, 06 Nov 1994 08:49:37 GMT",
]


@pytest.mark.parametrize("text", DATES)
def test_dates(text: str) -> None:
    check(text, parse_http_date(text), theirs("If-Modified-Since", text, "if_modified_since"), {})


def test_leap_seconds_are_dates_here() -> None:
    """RFC 9110 5.6.7 has them; there they are none."""
    text = "Sat, 31 Dec 2016 23:59:60 GMT"
    assert parse_http_date(text) == parse_http_date("Sun, 01 Jan 2017 00:00:00 GMT")
    assert theirs("If-Modified-Since", text, "if_modified_since") is None


# Cookies of requests

COOKIES = [
    "a=b; c=d",
    "a=b;c=d;;e=f",
    " a = b ",
    "a=b=c; d==e",
    "a=b; a=c",
    "a; b=; secure",
    'a="b c"; d="e;f" ; g=h',
    'a="b\\"c\\073d"',
    'a="unclosed; b=c',
    'a="b"c; d=e',
    'a={"x": 1, "y": [1,2]}; b=1',
    "a[b]=c; d@e=f; $Version=1",
    "path=1; expires=2; httponly; secure=1",
    "a=é",
    'a= "b;c"; d=e',
    'a=""; b="',
    "=b; c=d",
    "é=1; c=d",
    '"a"=b; c=d',
    "a\x01=b; c=d",
    "a,b=c; d=e",
    "a=b,c; d=e",
    "justname",
    "a=b; Path=/; c=d",
    'a="b"; c="d"',
    '="a;b;"; c=d',
]
COOKIE_DIFFERENCES: dict[str, tuple[object, str]] = {
    "a b=c; d=e": ({"d": "e"}, "a name with a space is one bad cookie, not two good ones"),
    "a=b\x01c; d=e": ({"d": "e"}, "RFC 6265bis 5.6: controls refuse a cookie; only that one"),
    "a=b\tc": ({"a": "b\tc"}, "only a semicolon separates cookies (RFC 6265bis 5.8.3)"),
    "a=b, c=d": ({"a": "b, c=d"}, "the same"),
    "a\\=b; d=e": ({"a\\": "b", "d": "e"}, "browsers keep such a name"),
    "a=\xa0b": ({"a": "\xa0b"}, "only SP and HTAB are space (RFC 6265bis 2.2)"),
}


@pytest.mark.parametrize("text", [*COOKIES, *COOKIE_DIFFERENCES])
def test_cookies(text: str) -> None:
    check(text, dict(parse_cookies(text)), theirs("Cookie", text, "cookies"), COOKIE_DIFFERENCES)


STANDARD_DIFFERENCES: dict[str, tuple[object, str]] = {
    "a=b;c=d;;e=f": ({"a": "b", "c": "d", "e": "f"}, "there all that follows a fault is lost"),
    "a; b=; secure": ({"a": "", "b": "", "secure": ""}, "there a name needs a value"),
    'a="unclosed; b=c': ({"a": '"unclosed', "b": "c"}, "there all is lost"),
    'a="b"c; d=e': ({"a": '"b"c', "d": "e"}, "there all is lost"),
    'a={"x": 1, "y": [1,2]}; b=1': ({"a": '{"x": 1, "y": [1,2]}', "b": "1"}, "all is lost"),
    "a[b]=c; d@e=f; $Version=1": ({"a[b]": "c", "d@e": "f", "$Version": "1"}, "all is lost"),
    "path=1; expires=2; httponly; secure=1": (
        {"path": "1", "expires": "2", "httponly": "", "secure": "1"},
        "there the names of attributes are no cookies",
    ),
    "a=é": ({"a": "é"}, "there all is lost"),
    'a=""; b="': ({"a": "", "b": '"'}, "there all that follows a fault is lost"),
    '="a;b;"; c=d': ({"b": "", "c": "d"}, "there all is lost"),
    "=b; c=d": ({"c": "d"}, "there all is lost"),
    "é=1; c=d": ({"c": "d"}, "there all is lost"),
    '"a"=b; c=d': ({"c": "d"}, "there all is lost"),
    "a\x01=b; c=d": ({"c": "d"}, "there all is lost"),
    "a,b=c; d=e": ({"d": "e"}, "there it is a name, or an error"),
    "justname": ({"justname": ""}, "there it is nothing"),
    "a=b; Path=/; c=d": ({"a": "b", "Path": "/", "c": "d"}, "there Path is an attribute"),
}


@pytest.mark.parametrize("text", COOKIES)
def test_the_standard_library_on_cookies(text: str) -> None:
    try:
        there = {name: morsel.value for name, morsel in SimpleCookie(text).items()}
    except CookieError:
        there = {}
    check(text, dict(parse_cookies(text)), there, STANDARD_DIFFERENCES)


# Set-Cookie

SET_COOKIES = [
    "a=b; Path=/x; Secure; HttpOnly; Color=red; SameSite=Lax",
    "a",
    "=b",
    "a b=c",
    'a="b;c"; path=/y',
    "a=b\x01",
    "a=b; path=/; max-age=5x",
    'a={"x":1}; path=/',
    'a=b;Path="/q"',
    "a=b;expires=Wed, 21 Oct 2065 07:28:00 GMT;path=/",
    "a=b, c=d; path=/",
    'a="un; path=/z',
    'a= "q" ;path=/',
    "a=b;;path=/w",
    "a=b; path=/;secure=false",
    "a=b; path=/;samesite=foo",
    "a[b]=c; path=/",
    "a=é; path=/",
    'a="\\073"; path=/',
    "__Host-a=b; Secure; Path=/",
    "a=b; Path=/1; Path=/2",
    "a=b=c; path=/",
    "a=" + "x" * 4096,
]


@pytest.mark.parametrize("text", SET_COOKIES)
def test_set_cookies(text: str) -> None:
    """As its jar shows them: it adds a domain, and takes what it has made use of."""
    there = asyncio.run(_jar_of(text))
    morsel = parse_morsel(text)
    if morsel is None:
        assert there is None
        return
    assert there is not None
    assert (morsel.key, morsel.value, morsel.coded_value) == there[:3]
    mine = {name: morsel[name] for name in morsel if morsel[name]}
    assert mine == there[3]


async def _jar_of(text: str) -> tuple[str, str, str, dict[str, object]] | None:
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies_from_headers([text], URL("https://x.example.com/"))
    for morsel in jar:
        shown = {name: morsel[name] for name in morsel if morsel[name] and name != "domain"}
        return morsel.key, morsel.value, morsel.coded_value, shown
    return None


# Basic credentials

BASIC = [
    "Basic dTpw",
    "bAsIc dTpw",
    "Basic dTpwOng=",
    "Basic Og==",
    "Basic",
    "Bearer dTpw",
    "Basic xxx",
    "Basic dQ==",
    "Basic  dTpw",
    "Basic dTpw ",
    "Basic dépw",
    "",
    "Basic dTpw dTpw",
    "Basic dTpw\n",
    "Basic dTpwO",
    "basic\tdTpw",
    "Basic ZDp/",
]


@pytest.mark.parametrize("text", BASIC)
def test_basic(text: str) -> None:
    here = answer(lambda: tuple(BasicAuth.decode(text)))
    there = answer(lambda: tuple(aiohttp.BasicAuth.decode(text)))
    check(text, here, there, {})


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
def test_the_interface_of_basic() -> None:
    public = {name for name in dir(aiohttp.BasicAuth) if not name.startswith("__")}
    assert public <= set(dir(BasicAuth))
    ours, other = BasicAuth("u", "p"), aiohttp.BasicAuth("u", "p")
    assert (repr(ours), ours.encode(), tuple(ours)) == (repr(other), other.encode(), tuple(other))
    url = URL("http://u:p@h/")
    assert BasicAuth.from_url(url) == aiohttp.BasicAuth.from_url(url)


# Link

LINKS = [
    "<http://a/b>; rel=next",
    '<b>; rel="next prev"; title="x,y"',
    "<a>; rel=1, <b>; rel=2",
    "<a,b>; rel=next",
    "<a>",
    "<a>; rel=a; rel=b",
    "<a>;title*=UTF-8''%e2%82%ac;rel=x",
    "bad, <a>; rel=x",
    '<a>; anchor="#f"; rel=x',
    "<a> ; rel = x",
    "<a>; rel=x, <a>; rel=x",
    "<>; rel=s",
    "<a;b>; rel=t",
    "<a>;;rel=x",
    "<a",
    '<a>; rel=""',
]
LINK_DIFFERENCES: dict[str, tuple[object, str]] = {
    "<a>; rel": ([("a", (("rel", ""),))], "RFC 8288 B.3: a value may be missing"),
    '<a>; rel="a;b"': ([("a", (("rel", "a;b"),))], "a semicolon in quotes is text"),
    '<a>; rel="a\\"b"': ([("a", (("rel", 'a"b'),))], "quoted pairs are undone"),
    "<a>; REL=x": ([("a", (("rel", "x"),))], "RFC 8288 3: names have no case"),
    "<a>; rel=x y": ([("a", (("rel", "x"),))], "what is read before a fault stays"),
    '<a>;rel="x': ([("a", ())], "a quote that is not closed is a fault"),
    '<a>; title="<b>; rel=y"; rel=z': (
        [("a", (("title", "<b>; rel=y"), ("rel", "z")))],
        "brackets in quotes are text",
    ),
    "<a>; rel=x,": ([("a", (("rel", "x"),))], "RFC 9110 5.6.1.2: empty members are ignored"),
    "<a>; rel='x'": ([("a", (("rel", "'x'"),))], "single quotes quote nothing in HTTP"),
}


@pytest.fixture(scope="module")
def links() -> dict[str, tuple[list[Any], URL]]:
    return asyncio.run(_links())


async def _links() -> dict[str, tuple[list[Any], URL]]:
    async def handler(request: object) -> object:
        index = int(request.query["index"])  # type: ignore[attr-defined]  # theirs
        return web.Response(headers={"Link": [*LINKS, *LINK_DIFFERENCES][index]})

    app = web.Application()
    app.router.add_get("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    found: dict[str, tuple[list[Any], URL]] = {}
    try:
        async with aiohttp.ClientSession() as session:
            for index, text in enumerate([*LINKS, *LINK_DIFFERENCES]):
                async with session.get(f"http://{host}:{port}/?index={index}") as response:
                    found[text] = (
                        [
                            (link["url"], tuple((k, v) for k, v in link.items() if k != "url"))
                            for link in response.links.values()
                        ],
                        response.url,
                    )
    finally:
        await runner.cleanup()
    return found


@pytest.mark.parametrize("text", [*LINKS, *LINK_DIFFERENCES])
def test_links(text: str, links: dict[str, tuple[list[Any], URL]]) -> None:
    there, base = links[text]
    parsed = parse_links(text)
    if text in LINK_DIFFERENCES:
        here = [(link.target, link.parameters) for link in parsed]
        assert here == LINK_DIFFERENCES[text][0]
    joined = [(base.join(URL(link.target)), link.parameters) for link in parsed]
    assert (joined == there) == (text not in LINK_DIFFERENCES)
