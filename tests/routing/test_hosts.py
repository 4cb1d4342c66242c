"""Host patterns: what they take, how they are read, and which of many comes first."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.growth import count_steps

from weft_routing import HostError, Match, Miss, Router, RoutingError, parse_host
from weft_routing.hosts import HostTable


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("example.com:80", "example.com"),
        ("example.com:", "example.com"),
        ("example.com:08080", "example.com:8080"),
        ("a.com:0", "a.com:0"),
        ("1.2.3.4", "1.2.3.4"),
        ("xn--a", "xn--a"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("*", "*"),
        ("*.Example.com:8080", "*.example.com:8080"),
        ("*.münchen.de", "*.xn--mnchen-3ya.de"),
        ("a.*.com", "a.*.com"),
        ("ex*m.**", "ex*m.**"),
        ("a" * 63, "a" * 63),
    ],
)
def test_reading(text: str, canonical: str) -> None:
    pattern = parse_host(text)
    assert pattern.canonical == canonical
    assert pattern.is_mask == ("*" in text)
    assert parse_host(canonical) == pattern


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (".", "empty"),
        ("a..b", "'' is no label"),
        (".a", "'' is no label"),
        ("-a.com", "'-a' is no label"),
        ("a-.com", "'a-' is no label"),
        ("-*.com", r"'-\*' is no label"),
        ("a_b.com", "'a_b' is no label"),
        ("a" * 64, "is no label"),
        ("?.com", r"cannot contain '\?'"),
        ("a b", "cannot contain ' '"),
        ("[::1]", "bad host"),
        ("http://a.com", "port"),
        ("a.com:x", "port"),
        ("a.com:99999", "0 to 65535"),
        ("a.com:123456", "0 to 65535"),
        ("a.com:²", "0 to 65535"),
        ("é" * 80 + ".de", "idna"),
    ],
)
def test_bad_hosts(text: str, reason: str) -> None:
    with pytest.raises(HostError, match=reason) as caught:
        parse_host(text)
    assert caught.value.host == text
    assert repr(text) in str(caught.value)
    assert isinstance(caught.value, RoutingError)
    assert isinstance(caught.value, ValueError)


HOSTS = [
    *["ex.com", "EX.com", "ex.com:", "ex.com:80", "ex.com:8080", "ex.com:8080:9", "ex.com."],
    *["a.ex.com", "A.b.ex.com", ".ex.com", "a.ex.com:8080", "a:b.ex.com", "aex.com", "é.ex.com"],
    *["xn--mnchen-3ya.de", "münchen.de", "ax.b.com", "ab", "a", "", "a.b.c.com", "a.c.b.com"],
]
PATTERNS = [
    *["ex.com", "ex.com:8080", "*.ex.com", "*.ex.com:8080", "*", "*x.com", "ex*.com", "ex.*"],
    *["*:8080", "münchen.de", "a*b", "a.*.com", "a.*.*.com", "*.b.*", "**.com", "*.com:80"],
]


@pytest.mark.parametrize("text", PATTERNS)
def test_the_same_hosts_as_aiohttp(text: str) -> None:
    web = pytest.importorskip("aiohttp.web")
    test_utils = pytest.importorskip("aiohttp.test_utils")

    async def handler(request: object) -> None: ...

    async def ask(host: str) -> bool:
        inner, app = web.Application(), web.Application()
        inner.router.add_get("/", handler)
        app.add_domain(text, inner)
        request = test_utils.make_mocked_request("GET", "/", headers={"Host": host})
        return (await app.router.resolve(request)).http_exception is None

    table = HostTable([(parse_host(text), True)])
    for host in HOSTS:
        assert bool(table.find(host)) == asyncio.run(ask(host)), host
        if host:
            assert parse_host(text).matches(host) == bool(table.find(host))


def test_pieces_do_not_overlap() -> None:
    assert not parse_host("aba*aba").matches("aba")
    assert parse_host("a*a").matches("aa")
    assert not parse_host("a*b*b").matches("ab")
    assert parse_host("a*b*b").matches("abb")
    assert not parse_host("a*bc*c").matches("abc")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PATTERNS), max_size=6), st.sampled_from(HOSTS[:-5]))
def test_the_first_pattern_wins(texts: list[str], host: str) -> None:
    rows = [(parse_host(text), number) for number, text in enumerate(texts)]
    first = next((number for pattern, number in rows if pattern.matches(host)), None)
    assert HostTable(rows).find(host) == first


def test_many_hosts_cost_what_few_do() -> None:
    def steps(count: int, host: str) -> int:
        rows = [(parse_host(f"h{at}.com"), at) for at in range(count)]
        rows += [(parse_host(f"*.m{at}.com"), at) for at in range(count)]
        return count_steps(HostTable(rows).find, host)

    for host in ("h7.com", "x.m7.com", "a.b.c.x.m7.com:8080", "nothing.org"):
        assert steps(2_000, host) == steps(20, host)


def test_long_hosts_cost_their_length() -> None:
    table = HostTable([(parse_host("*.example.com"), 1), (parse_host("a*b*c.*"), 2)])
    once = count_steps(table.find, "a." * 5_000)
    assert count_steps(table.find, "a." * 10_000) <= 2.1 * once


def test_a_host_decides_alone() -> None:
    router = Router[str]()
    router.add("GET", "/x", "any")
    router.add("GET", "/a/{x}", "any a")
    router.add("GET", "/x", "mask", host="*.com")
    router.add("POST", "/y", "mask y", host="*.COM:80")
    router.add("GET", "/x", "never", host="ex.com")
    router.add("GET", "/{x}", "org", host="ex.org:8080")
    router.freeze()

    def ask(method: str, path: str, host: str | None) -> str | tuple[str, ...]:
        answer = router.match(method, path, host)
        return answer.value if isinstance(answer, Match) else answer.allowed

    assert ask("GET", "/x", None) == "any"
    assert ask("GET", "/x", "") == "any"
    assert ask("GET", "/x", "ex.net") == "any"
    assert ask("GET", "/x", "ex.org") == "any"
    assert ask("GET", "/x", "ex.com:8080") == "mask"
    assert ask("GET", "/y", "ex.com") == ("POST",)
    assert ask("GET", "/a/1", "ex.com") == ()
    assert ask("GET", "/a/1", "ex.net") == "any a"
    assert ask("GET", "/q", "EX.org:8080") == "org"
    assert router.match("GET", "/x", host="ex.org:8080") != Miss()
    assert [route.host for route in router.routes][2:4] == ["*.com", "*.com"]


def test_bad_hosts_are_refused_when_a_route_is_added() -> None:
    router = Router[str]()
    with pytest.raises(HostError):
        router.add("GET", "/", "", host="a b")
    assert router.routes == ()
