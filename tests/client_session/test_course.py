"""The course of a request: hops, attempts, deadlines, middlewares, signals."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from support.answers import Asked, answers, hang_up, ok, partly, redirect, silence
from support.peers import RawPeer, raw_server

import weft_client_session as client
from weft_client_session import ClientRequest, ClientResponse, ClientSession, ClientTimeout
from weft_client_session.middleware import ClientHandlerType


async def test_a_redirect_is_followed_and_remembered() -> None:
    replies = {"/a": redirect("/b"), "/b": redirect("/c", "307 Temporary")}
    async with answers(replies) as server, ClientSession() as session:
        response = await session.post(server.url("/a"), data=b"x")
    assert [asked.line for asked in server.asked] == [
        "POST /a HTTP/1.1",
        "GET /b HTTP/1.1",
        "GET /c HTTP/1.1",
    ]
    assert [str(one.url) for one in response.history] == [server.url("/a"), server.url("/b")]


async def test_a_body_goes_along_with_307() -> None:
    async with answers({"/a": redirect("/b", "307 Again")}) as server, ClientSession() as session:
        await session.put(server.url("/a"), json={"k": 1})
    assert [asked.body for asked in server.asked] == [b'{"k": 1}'] * 2


async def test_endless_redirects_end() -> None:
    async with answers({"/a": redirect("/a")}) as server, ClientSession() as session:
        for most in (10, 2, 0):
            server.asked.clear()
            with pytest.raises(client.TooManyRedirects) as caught:
                await session.get(server.url("/a"), max_redirects=most)
            assert len(server.asked) == len(caught.value.history) == max(most, 1)


async def test_ghsa_966j_another_host_learns_nothing() -> None:
    async with answers() as other:
        target = other.url("/x", host="localhost")
        async with answers({"/a": redirect(target)}) as server, ClientSession() as session:
            await session.get(
                server.url("/a"),
                auth=client.BasicAuth("u", "p"),
                cookies={"per": "request"},
                headers=[("Cookie", "a=b"), ("Proxy-Authorization", "x"), ("X-Own", "1")],
            )
    (asked,) = other.asked
    assert asked.get("X-Own") == "1"
    for name in ("Authorization", "Cookie", "Proxy-Authorization"):
        assert asked.get(name) is None


async def test_cookies_set_by_a_redirect_are_used_by_the_next_hop() -> None:
    jar = client.CookieJar(unsafe=True)
    replies = {"/a": redirect("/b", "302 Found", "Set-Cookie: k=v")}
    async with answers(replies) as server, ClientSession(cookie_jar=jar) as session:
        await session.get(server.url("/a"))
    assert server.asked[1].get("Cookie") == "k=v"


@pytest.mark.parametrize("location", ["ftp://x/", "mailto:a@b", "http://"])
async def test_a_refused_redirect_leaves_the_pool_healthy(location: str) -> None:
    async with answers({"/a": redirect(location)}) as server, ClientSession() as session:
        with pytest.raises(client.RedirectClientError):
            await session.get(server.url("/a"))
        assert await (await session.get(server.url("/"))).text() == "ok"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "status code"),
        (b"HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", "field name"),
        (b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "CR without LF"),
        (b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "field value"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "empty lines"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 1\r\n\r\n", "begins with a space"),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n", "space before the colon"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "both Content-Length and Transfer-Encoding",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "differing"),
        (b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "not asked for"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 21, "too many interim"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n", "field line too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 129 + b"\r\n", "too many fields"),
    ],
)
async def test_a_broken_head_is_a_response_error(head: bytes, text: str) -> None:
    async with answers({"/": head}) as server, ClientSession() as session:
        with pytest.raises(client.ClientResponseError, match=text) as caught:
            await session.get(server.url())
        assert caught.value.status == 400
        assert await (await session.get(server.url("/x"))).text() == "ok"
    assert server.connections == 2


SLOPPY = b"HTTP/1.1 200\nServer : old\r\nX-Folded: a\r\n\t b\n  c\nX-Control: a\x01b\nContent-Length: 2\n\nok"


@pytest.mark.parametrize("size", [1, 7, len(SLOPPY)])
async def test_a_sloppy_head_is_borne_with(size: int) -> None:
    """As aiohttp's client does, so that programs that talk to old servers keep running."""

    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send_split(SLOPPY, size)

    async with answers({"/": reply}) as server, ClientSession() as session:
        for _ in range(2):
            async with session.get(server.url()) as response:
                assert (response.status, response.reason) == (200, "")
                assert await response.text() == "ok"
                assert dict(response.headers) == {
                    "Server": "old",
                    "X-Folded": "a b c",
                    "X-Control": "a\x01b",
                    "Content-Length": "2",
                }
    assert server.connections == 1


async def test_chunks_are_read_to_the_letter() -> None:
    head = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"
    async with answers({"/": head + b"2\nok\n0\n\n"}) as server, ClientSession() as session:
        response = await session.get(server.url())
        assert response.status == 200
        with pytest.raises(client.ClientPayloadError, match="LF without CR"):
            await response.read()


async def test_limits_of_the_head_are_settings() -> None:
    replies = {"/": ok(b"ok", "X: " + "x" * 9000)}
    async with answers(replies) as server, ClientSession(max_field_size=10_000) as session:
        assert (await session.get(server.url())).status == 200
        with pytest.raises(client.ClientResponseError):
            await session.get(server.url(), max_field_size=5_000)


async def test_interim_answers_are_passed_over() -> None:
    replies = {"/": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok()}
    async with answers(replies) as server, ClientSession() as session:
        assert (await session.get(server.url())).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_an_idempotent_request_survives_a_dead_connection(method: str) -> None:
    async with answers({"/": partly(ok() if method != "HEAD" else ok(b""))}) as server:
        async with ClientSession() as session:
            for _ in range(3):
                await session.request(method, server.url(), data=b"x" if method == "PUT" else None)
    assert len(server.asked) == server.connections == 3


async def test_a_request_that_was_answered_in_part_is_not_repeated() -> None:
    async with answers({"/a": partly(b"HTTP/1.1 20")}) as server, ClientSession() as session:
        await session.get(server.url("/"))
        with pytest.raises(client.ServerDisconnectedError):
            await session.get(server.url("/a"))
    assert [asked.path for asked in server.asked] == ["/", "/a"]


async def test_a_fresh_connection_that_dies_is_not_tried_again() -> None:
    async with answers({"/": hang_up}) as server, ClientSession() as session:
        with pytest.raises(client.ServerDisconnectedError):
            await session.get(server.url())
    assert len(server.asked) == 1


async def test_unasked_bytes_behind_an_answer_close_the_connection() -> None:
    async with answers({"/": ok() + ok(b"evil")}) as server, ClientSession() as session:
        for _ in range(2):
            assert await (await session.get(server.url())).text() == "ok"
    assert server.connections == 2


async def test_unasked_bytes_on_an_idle_connection_close_it() -> None:
    closed = asyncio.Event()

    async def late(peer: RawPeer, asked: Asked) -> None:
        await peer.send(ok())
        await peer.send(ok(b"evil"))
        await peer.read_all()
        closed.set()

    async with answers({"/": late}) as server, ClientSession() as session:
        assert await (await session.get(server.url())).text() == "ok"
        await asyncio.wait_for(closed.wait(), 5)
        assert await (await session.get(server.url("/x"))).text() == "ok"
    assert server.connections == 2


async def test_a_server_that_closes_after_its_answer_is_understood() -> None:
    async with (
        answers({"/": ok(b"ok", "Connection: close")}) as server,
        ClientSession() as session,
    ):
        for _ in range(2):
            assert await (await session.get(server.url())).text() == "ok"
    assert server.connections == 2


# Deadlines


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (ClientTimeout(total=0.05), client.TotalTimeoutError),
        (ClientTimeout(sock_read=0.05), client.ReadTimeoutError),
    ],
)
@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
async def test_a_silent_server_is_given_up(
    limits: ClientTimeout, kind: type[Exception], sent: bytes
) -> None:
    async def stall(peer: RawPeer, asked: Asked) -> None:
        await peer.send(sent)
        await silence(peer, asked)

    async with answers({"/": stall}) as server, ClientSession(timeout=limits) as session:
        with pytest.raises(TimeoutError) as caught:
            await (await session.get(server.url())).read()
        assert type(caught.value) is kind
        assert await (await session.get(server.url("/x"))).text() == "ok"


async def test_a_dripping_server_resets_the_read_timeout_but_not_the_total() -> None:
    async def drip(peer: RawPeer, asked: Asked) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await peer.send(b"x")
            await asyncio.sleep(0.02)

    timeout = ClientTimeout(total=0.3, sock_read=0.2)
    async with answers({"/": drip}) as server, ClientSession(timeout=timeout) as session:
        with pytest.raises(TimeoutError) as caught:
            await (await session.get(server.url())).read()
        assert type(caught.value) is client.TotalTimeoutError


async def test_the_total_is_shared_by_all_hops() -> None:
    async def slow(peer: RawPeer, asked: Asked) -> None:
        await asyncio.sleep(0.1)
        await peer.send(redirect("/"))

    timeout = ClientTimeout(total=0.35)
    async with answers({"/": slow}) as server, ClientSession(timeout=timeout) as session:
        with pytest.raises(TimeoutError):
            await session.get(server.url())
        assert 1 < len(server.asked) < 9


async def test_a_cancelled_request_leaves_its_connection_to_nobody() -> None:
    async with answers({"/": silence}) as server, ClientSession() as session:
        task = asyncio.create_task(session.get(server.url()))
        await server.until_asked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert session.connector is not None
        assert session.connector.stats.open == 0
        assert await (await session.get(server.url("/x"))).text() == "ok"


async def test_closing_the_session_ends_what_is_under_way() -> None:
    async with answers({"/": silence}) as server:
        session = ClientSession()
        task = asyncio.create_task(session.get(server.url()))
        await server.until_asked()
        await session.close()
        with pytest.raises(client.ClientConnectionError, match="Connector is closed"):
            await task


# Middlewares


async def test_middlewares_wrap_the_request_and_may_repeat_it() -> None:
    order: list[str] = []

    async def outer(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        order.append("outer")
        request.headers["X-Outer"] = "1"
        return await handler(request)

    async def retry(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        order.append("retry")
        response = await handler(request)
        if response.status == 503:
            response.release()
            response = await handler(request)
        return response

    busy = iter([ok(status="503 Busy"), ok()])

    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(next(busy))

    async with (
        answers({"/": reply}) as server,
        ClientSession(middlewares=(outer, retry)) as session,
    ):
        response = await session.get(server.url())
        assert response.status == 200
        assert order == ["outer", "retry"]
        assert [asked.get("X-Outer") for asked in server.asked] == ["1", "1"]
        await session.get(server.url("/x"), middlewares=())
        assert server.asked[2].get("X-Outer") is None


# Signals


async def trace(run: Any) -> list[str]:
    told: list[str] = []
    config = client.TraceConfig()
    for name in dir(client.TraceConfig):
        if name.startswith("on_"):

            async def receiver(
                session: Any, context: SimpleNamespace, params: Any, name: str = name
            ) -> None:
                told.append(name.removeprefix("on_"))

            getattr(config, name).append(receiver)
    async with ClientSession(trace_configs=[config]) as session:
        await run(session)
    return told


async def test_signals_come_in_aiohttp_s_order() -> None:
    async with answers({"/r": redirect("/x")}) as server:

        async def run(session: ClientSession) -> None:
            async with session.post(server.url("/r", host="localhost"), data=b"abc") as response:
                await response.read()

        assert await trace(run) == [
            "request_start",
            "connection_create_start",
            "dns_cache_miss",
            "dns_resolvehost_start",
            "dns_resolvehost_end",
            "connection_create_end",
            "request_chunk_sent",
            "request_headers_sent",
            "request_redirect",
            "connection_reuseconn",
            "request_headers_sent",
            "request_end",
            "response_chunk_received",
        ]


async def test_failures_are_signalled() -> None:
    async with answers({"/": hang_up}) as server:

        async def run(session: ClientSession) -> None:
            with pytest.raises(client.ServerDisconnectedError):
                await session.get(server.url())

        assert (await trace(run))[-1] == "request_exception"


# Proxies


async def test_plain_requests_through_a_proxy() -> None:
    async with (
        answers({"http://example.com/x": ok(b"proxied")}) as proxy,
        ClientSession() as session,
    ):
        url = proxy.url().replace("http://", "http://u:p@")
        async with session.get("http://example.com/x", proxy=url) as response:
            assert await response.text() == "proxied"
    (asked,) = proxy.asked
    assert asked.line == "GET http://example.com/x HTTP/1.1"
    assert asked.get("Host") == "example.com"
    assert asked.get("Proxy-Authorization") == "Basic dTpw"


async def test_the_environment_names_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answers({"http://example.com/": ok(b"proxied")}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with ClientSession(trust_env=True) as session, answers() as direct:
            assert await (await session.get("http://example.com/")).text() == "proxied"
            assert await (await session.get(direct.url())).text() == "ok"


async def test_proxies_of_other_kinds_are_refused() -> None:
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="socks5"):
            await session.get("http://a/", proxy="socks5://127.0.0.1:1")


async def test_a_proxy_out_of_reach() -> None:
    async with ClientSession() as session:
        with pytest.raises(client.ClientProxyConnectionError):
            await session.get("http://a/", proxy="http://127.0.0.1:1")


async def test_a_server_is_a_server_whatever_it_answers() -> None:
    async def babble(peer: RawPeer) -> None:
        await peer.send(b"\x16\x03\x01 not http at all")
        await peer.read_all()

    async with raw_server(babble) as port, ClientSession() as session:
        with pytest.raises(client.ClientError):
            await session.get(f"http://127.0.0.1:{port}/")


class Dying(client.TCPConnector):
    """Its new connections are closed before anything can be written, the first `count` of them."""

    count = 0

    async def open(self, *args: Any) -> Any:
        link = await super().open(*args)
        if self.count:
            self.count -= 1
            link.abort()
        return link


@pytest.mark.parametrize("count", [1, 2])
async def test_a_new_connection_that_takes_nothing_is_replaced_once(count: int) -> None:
    connector = Dying()
    connector.count = count
    async with answers() as server, ClientSession(connector=connector) as session:
        if count == 1:
            assert (await session.post(server.url(), data=b"x")).status == 200
            assert len(server.asked) == 1
            return
        with pytest.raises(client.ServerDisconnectedError) as caught:
            await session.post(server.url(), data=b"x")
        error = caught.value
        assert (error.attempt, error.safe_to_retry) == (2, True)
        assert error.phase is client.RequestPhase.SEND
        assert not server.asked
