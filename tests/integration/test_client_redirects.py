"""Redirects over real servers: what another origin never sees, and where none is followed to."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from support.answers import Answers, answers, ok, redirect

import weft_client_session as client
from weft_client_session import (
    BasicAuth,
    ClientSession,
    CookieJar,
    DigestAuthMiddleware,
    Redirect,
    TCPConnector,
)

AUTHORITY = trustme.CA()
SECRETS = ("Authorization", "Cookie", "Proxy-Authorization")


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def trusting() -> TCPConnector:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return TCPConnector(ssl=context)


@asynccontextmanager
async def pair(kind: str, status: str) -> AsyncIterator[tuple[Answers, Answers, str]]:
    """A server, where it redirects to, and the URL of that."""
    tls = server_tls() if kind == "scheme" else None
    async with answers(tls=tls) as other:
        host = "localhost" if kind == "host" else "127.0.0.1"
        target = other.url("/x", host=host)
        replies = {"/": redirect(target, status), "/loop": redirect("/loop", status)}
        async with answers(replies) as first:
            yield first, other, target


GIVEN: list[dict[str, Any]] = [
    {"auth": BasicAuth("u", "p")},
    {"headers": {"Authorization": "Bearer t"}},
    {"headers": [("authorization", "one"), ("AUTHORIZATION", "two")]},
    {"headers": {"Cookie": "a=b"}},
    {"headers": [("cookie", "a=b"), ("COOKIE", "c=d")]},
    {"headers": [("Proxy-Authorization", "x"), ("proxy-authorization", "y")]},
    {"cookies": {"per": "request"}},
]


@pytest.mark.parametrize("kind", ["host", "port", "scheme"])
@pytest.mark.parametrize("status", ["302 Found", "307 Again", "308 For ever"])
@pytest.mark.parametrize("given", GIVEN)
async def test_what_a_request_brings_stays_with_its_origin(
    kind: str, status: str, given: dict[str, Any]
) -> None:
    async with pair(kind, status) as (first, other, target):
        async with ClientSession(connector=trusting()) as session:
            response = await session.get(first.url(), **given)
            assert str(response.url) == target
    assert any(first.asked[0].get(name) for name in SECRETS)
    assert [other.asked[0].get(name) for name in SECRETS] == [None] * 3


@pytest.mark.parametrize("kind", ["host", "port", "scheme"])
@pytest.mark.parametrize("given", [one for one in GIVEN if "cookies" not in one])
async def test_so_does_what_a_session_brings(kind: str, given: dict[str, Any]) -> None:
    async with pair(kind, "302 Found") as (first, other, _):
        async with ClientSession(connector=trusting(), **given) as session:
            await session.get(first.url())
    assert any(first.asked[0].get(name) for name in SECRETS)
    assert [other.asked[0].get(name) for name in SECRETS] == [None] * 3


async def test_so_do_credentials_in_a_url() -> None:
    async with pair("host", "302 Found") as (first, other, _), ClientSession() as session:
        await session.get(first.url().replace("http://", "http://u:p@"))
    assert first.asked[0].get("Authorization") == "Basic dTpw"
    assert other.asked[0].get("Authorization") is None


async def test_so_do_the_cookies_of_a_jar() -> None:
    async with pair("host", "302 Found") as (first, other, _):
        first.replies["/login"] = ok(b"", "Set-Cookie: session=1")
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            await session.get(first.url("/login"))
            await session.get(first.url())
    assert first.asked[1].get("Cookie") == "session=1"
    assert other.asked[0].get("Cookie") is None


@pytest.mark.parametrize("kind", ["host", "port"])
async def test_so_does_the_state_of_digest(kind: str) -> None:
    async with pair(kind, "302 Found") as (first, other, target):
        challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
        denied = ok(b"", challenge, status="401 No")
        first.replies["/in"] = denied
        other.replies["/x"] = denied
        digest = DigestAuthMiddleware("u", "p")
        async with ClientSession(middlewares=(digest,)) as session:
            await session.get(first.url("/in"))
            response = await session.get(first.url())
            assert (str(response.url), response.status) == (target, 401)
    assert (first.asked[1].get("Authorization") or "").startswith("Digest ")
    assert all(asked.get("Authorization") is None for asked in other.asked)


async def test_within_an_origin_all_goes_along() -> None:
    async with answers({"/": redirect("/x")}) as server, ClientSession() as session:
        await session.get(server.url(), auth=BasicAuth("u", "p"), cookies={"a": "b"})
    assert server.asked[1].get("Authorization") and server.asked[1].get("Cookie") == "a=b"


# Where none is followed to.


@asynccontextmanager
async def downgrading() -> AsyncIterator[tuple[Answers, Answers]]:
    async with answers() as plain:
        async with answers({"/": redirect(plain.url("/x"))}, tls=server_tls()) as secure:
            yield secure, plain


async def test_from_tls_to_plain_text_is_refused() -> None:
    async with downgrading() as (secure, plain), ClientSession(connector=trusting()) as session:
        with pytest.raises(client.InsecureRedirectError) as caught:
            await session.get(secure.url())
        assert isinstance(caught.value, client.RedirectClientError)
        assert str(caught.value.target) == plain.url("/x")
        response = await session.get(secure.url(), allow_redirects=False)
        assert response.status == 302
        response = await session.get(secure.url(), redirect_policy=lambda redirect: True)
        assert str(response.url) == plain.url("/x")
    assert len(plain.asked) == 1


@pytest.mark.parametrize(
    "location",
    ["ftp://127.0.0.1/", "file:///etc/passwd", "data:,x", "javascript:x", "http://2130706433/"],
)
async def test_to_what_is_no_http(location: str) -> None:
    async with answers({"/": redirect(location)}) as server, ClientSession() as session:
        with pytest.raises(client.RedirectClientError):
            await session.get(server.url())
        assert await (await session.get(server.url("/x"))).text() == "ok"


async def test_loops_end() -> None:
    replies = {"/a": redirect("/b"), "/b": redirect("/a")}
    async with answers(replies) as server, ClientSession() as session:
        with pytest.raises(client.TooManyRedirects) as caught:
            await session.get(server.url("/a"))
    assert len(server.asked) == len(caught.value.history) == 10


# Policies.


class Denied(Exception):
    pass


async def test_a_policy_sees_each_hop_and_stops_where_it_likes() -> None:
    seen: list[Redirect] = []

    def two(redirect: Redirect) -> bool:
        seen.append(redirect)
        return redirect.count <= 2

    replies = {f"/{n}": redirect(f"/{n + 1}") for n in range(5)}
    async with answers(replies) as server, ClientSession(redirect_policy=two) as session:
        async with session.post(server.url("/0")) as response:
            assert (response.status, response.url.path) == (302, "/2")
            assert len(response.history) == 2
    assert [(one.source.path, one.target.path, one.count) for one in seen] == [
        ("/0", "/1", 1),
        ("/1", "/2", 2),
        ("/2", "/3", 3),
    ]
    assert (seen[0].status, seen[0].method) == (302, "GET")


async def test_what_a_policy_raises_is_raised() -> None:
    def deny(redirect: Redirect) -> bool:
        if redirect.is_cross_origin:
            raise Denied
        return True

    async with pair("port", "302 Found") as (first, other, _), ClientSession() as session:
        with pytest.raises(Denied):
            await session.get(first.url(), redirect_policy=deny)
        assert await (await session.get(first.url("/y"))).text() == "ok"
    assert not other.asked
