"""URLs as given, headers in order, bodies described."""

import io
from collections.abc import AsyncIterator

import attrs
import pytest
from multidict import CIMultiDict
from yarl import URL

from weft_client_session import (
    BasicAuth,
    ClientRequest,
    InvalidURL,
    InvalidUrlClientError,
    NonHttpUrlClientError,
)
from weft_client_session.options import Content, QueryLike, Route
from weft_client_session.request import (
    RequestSpec,
    checked_url,
    join_url,
    merge_headers,
    parse_url,
    split_credentials,
    to_payload,
)
from weft_http_parser import CHUNKED, HTTP_10, HeaderInjection

BASE = RequestSpec(method="GET", url=URL("http://a/b"), headers=CIMultiDict())


def request(**changes: object) -> ClientRequest:
    return ClientRequest(attrs.evolve(BASE, **changes))  # type: ignore[arg-type]


def lines(made: ClientRequest) -> list[str]:
    return made.render().decode().split("\r\n")[:-2]


# URLs


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("http://a/b%2Fc%27(d)?q=%2f#f", "/b%2Fc%27(d)?q=%2f"),
        ("http://a/../b/./c//d", "/../b/./c//d"),
        ("http://a/b c/é?q=ü", "/b%20c/%C3%A9?q=%C3%BC"),
        ("http://a/100%", "/100%25"),
        ("http://a/%zz", "/%25zz"),
        ("http://a?x=1", "/?x=1"),
        ("http://a", "/"),
        ("http://a/'\"<>", "/'%22%3C%3E"),
    ],
)
def test_only_what_is_illegal_is_escaped(given: str, sent: str) -> None:
    assert parse_url(given).raw_path_qs == sent


@pytest.mark.parametrize(
    ("given", "host", "port"),
    [
        ("HTTP://EXAMPLE.com:80/x", "example.com", 80),
        ("http://[::1]:8080/", "::1", 8080),
        ("http://bücher.example/", "xn--bcher-kva.example", 80),
        ("https://a_b/", "a_b", 443),
    ],
)
def test_the_authority_is_normalised(given: str, host: str, port: int) -> None:
    url = parse_url(given)
    assert (url.raw_host, url.port) == (host, port)


def test_a_url_object_stays_itself() -> None:
    url = URL("http://a/%27")
    assert parse_url(url) is url


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///x",
        "http://a b/",
        "http://a\tb/",
        "http://a:99999/",
        "http://a:b/",
        "/x",
    ],
)
def test_urls_without_a_server_are_refused(url: str) -> None:
    with pytest.raises(InvalidURL):
        checked_url(parse_url(url))


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1."])
def test_odd_spellings_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(InvalidUrlClientError):
        checked_url(parse_url(f"http://{host}/"))


@pytest.mark.parametrize("host", ["127.0.0.1", "1.example", "3com.com", "fe80", "x.1a"])
def test_names_that_look_like_numbers_pass(host: str) -> None:
    assert checked_url(parse_url(f"http://{host}/")).raw_host == host


def test_other_schemes_are_refused() -> None:
    with pytest.raises(NonHttpUrlClientError):
        checked_url(parse_url("ftp://a/"))


@pytest.mark.parametrize(
    ("base", "url", "params", "wanted"),
    [
        (None, "http://a/b?z=%2F", {"x": "1 2"}, "http://a/b?z=%2F&x=1+2"),
        ("http://a/api/", "v/1", None, "http://a/api/v/1"),
        ("http://a/api/", "/v", [("x", "1"), ("x", "2")], "http://a/v?x=1&x=2"),
        ("http://a/api/", "http://b/", None, "http://b/"),
    ],
)
def test_urls_join(base: str | None, url: str, params: QueryLike, wanted: str) -> None:
    assert str(join_url(URL(base) if base else None, url, params)) == wanted


def test_credentials_leave_the_url() -> None:
    url, auth = split_credentials(URL("http://u:p%40@a/b"))
    assert (str(url), auth) == ("http://a/b", BasicAuth("u", "p@"))
    assert split_credentials(BASE.url) == (BASE.url, None)


# Heads


def test_headers_stand_in_order() -> None:
    made = request(headers=CIMultiDict({"X": "1"}), cookies=(("a", "b"),))
    names = [line.partition(":")[0] for line in lines(made)[1:]]
    assert lines(made)[0] == "GET /b HTTP/1.1"
    assert names == ["Host", "X", "Accept", "Accept-Encoding", "User-Agent", "Cookie"]


def test_own_headers_replace_the_automatic_ones() -> None:
    made = request(headers=CIMultiDict({"accept": "x/y", "host": "other"}))
    assert made.headers.getall("Accept") == ["x/y"]
    assert made.headers.getall("Host") == ["other"]


def test_automatic_headers_can_be_left_out() -> None:
    made = request(skipped=frozenset({"accept", "user-agent"}))
    assert "Accept" not in made.headers and "User-Agent" not in made.headers


def test_cookies_of_all_sources_share_one_line() -> None:
    spec = attrs.evolve(BASE, cookies=(("b", "2"),), headers=CIMultiDict({"Cookie": "c=3"}))
    made = ClientRequest(spec, cookies=[("a", "1"), ("b", "0")])
    assert made.headers.getall("Cookie") == ["a=1; b=2; c=3"]


def test_auth_becomes_a_header_once() -> None:
    auth = BasicAuth("u", "p")
    assert request(auth=auth).headers["Authorization"] == "Basic dTpw"
    with pytest.raises(ValueError, match="Cannot combine"):
        request(auth=auth, headers=CIMultiDict({"Authorization": "x"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": CIMultiDict({"X": "1\r\nY: 2"})},
        {"headers": CIMultiDict({"X Y": "1"})},
        {"method": "GE T"},
        {"cookies": (("a", "b\r\nc"),)},
        {"url": URL("http://a/b\x01c", encoded=True)},
    ],
)
def test_nothing_ends_a_line_early(changes: dict[str, object]) -> None:
    with pytest.raises(HeaderInjection):
        request(**changes).render()


def test_http_10_asks_to_stay() -> None:
    assert request(version=HTTP_10).headers["Connection"] == "keep-alive"


def test_a_proxy_gets_the_whole_url_and_its_own_password() -> None:
    route = Route(
        proxy="http://p:1", proxy_auth=BasicAuth("u", "p"), proxy_headers={"X-Proxy": "1"}
    )
    made = request(route=route, url=URL("http://a/b?c#d"))
    assert lines(made)[0] == "GET http://a/b?c HTTP/1.1"
    assert made.headers["Proxy-Authorization"] == "Basic dTpw"
    assert made.headers["X-Proxy"] == "1"
    secret = request(route=route, url=URL("https://a/b"))
    assert lines(secret)[0] == "GET /b HTTP/1.1"
    assert "Proxy-Authorization" not in secret.headers


def test_merged_headers_replace_by_name() -> None:
    base = CIMultiDict([("A", "1"), ("B", "2")])
    merged = merge_headers(base, [("a", "3"), ("a", "4")])
    assert sorted(merged.items()) == [("B", "2"), ("a", "3"), ("a", "4")]
    assert base.getall("A") == ["1"]


# Bodies


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.mark.parametrize(
    ("data", "framing", "content_type"),
    [
        (b"abc", 3, "application/octet-stream"),
        ("abé", 4, "text/plain; charset=utf-8"),
        (io.BytesIO(b"abcd"), 4, "application/octet-stream"),
        ({"a": "b c"}, 5, "application/x-www-form-urlencoded"),
        ([("a", "1"), ("a", "2")], 7, "application/x-www-form-urlencoded"),
        (pieces(), CHUNKED, "application/octet-stream"),
    ],
)
async def test_bodies_describe_themselves(data: object, framing: int, content_type: str) -> None:
    body = to_payload(Content(data=data), str)
    made = request(method="POST", body=body)
    assert made.framing == framing
    assert made.headers["Content-Type"] == content_type


def test_json_goes_through_the_serializer() -> None:
    body = to_payload(Content(json={"a": 1}), lambda value: "[]")
    made = request(method="POST", body=body)
    assert (made.framing, made.headers["Content-Type"]) == (2, "application/json")
    raw = to_payload(Content(json={"a": 1}), str, lambda value: b"{}!")
    assert request(method="POST", body=raw).headers["Content-Length"] == "3"


@pytest.mark.parametrize(
    ("method", "length"), [("GET", None), ("HEAD", None), ("POST", "0"), ("DELETE", "0")]
)
def test_no_body_says_so_where_one_is_expected(method: str, length: str | None) -> None:
    assert request(method=method).headers.get("Content-Length") == length


def test_chunks_where_they_are_asked_for() -> None:
    body = to_payload(Content(data=b"abc"), str)
    made = request(method="POST", body=body, content=Content(chunked=True))
    assert made.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in made.headers
    squeezed = request(method="POST", body=body, content=Content(compress="gzip"))
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert squeezed.framing == CHUNKED


@pytest.mark.parametrize(
    ("headers", "content", "text"),
    [
        ({"Content-Length": "3"}, Content(chunked=True), "chunked can not be set"),
        ({"Transfer-Encoding": "chunked"}, Content(chunked=True), "chunked can not be set"),
        ({"Content-Encoding": "x"}, Content(compress=True), "compress can not be set"),
    ],
)
def test_contradictions_are_refused(headers: dict[str, str], content: Content, text: str) -> None:
    body = to_payload(Content(data=b"abc"), str)
    with pytest.raises(ValueError, match=text):
        request(method="POST", body=body, headers=CIMultiDict(headers), content=content)


async def test_http_10_has_no_chunks() -> None:
    body = to_payload(Content(data=pieces()), str)
    with pytest.raises(ValueError, match=r"HTTP/1\.0"):
        request(method="POST", body=body, version=HTTP_10)


async def test_a_middleware_may_replace_the_body() -> None:
    made = request(method="POST", body=to_payload(Content(data=b"abc"), str))
    await made.update_body("text")
    assert (made.framing, made.headers["Content-Type"]) == (4, "text/plain; charset=utf-8")
    await made.update_body(None)
    assert made.framing == 0


def test_key_separates_what_must_not_share_a_connection() -> None:
    plain = request().connection_key
    assert plain == request(url=URL("http://a/other")).connection_key
    others = [
        request(url=URL("https://a/")),
        request(url=URL("http://a:81/")),
        request(url=URL("http://b/")),
        request(route=Route(ssl=False)),
        request(route=Route(server_hostname="x")),
        request(route=Route(proxy="http://p")),
        request(route=Route(proxy="http://p", proxy_headers={"a": "b"})),
    ]
    keys = {plain, *(other.connection_key for other in others)}
    assert len(keys) == len(others) + 1
