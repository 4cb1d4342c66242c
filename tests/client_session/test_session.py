"""The public face: verbs, options, lifetimes."""

import asyncio
import gc
import inspect
import json
import warnings
from typing import Any

import pytest
from support.answers import answers, hang_up, ok, partly, redirect, silence
from yarl import URL

import weft_client_session as client
from weft_client_session import ClientSession, ClientTimeout, TCPConnector
from weft_client_session.options import OldSessionKeywords
from weft_http_parser import HTTP_10

aiohttp = pytest.importorskip("aiohttp")


@pytest.mark.parametrize(
    ("verb", "line"),
    [
        ("get", "GET"),
        ("post", "POST"),
        ("put", "PUT"),
        ("patch", "PATCH"),
        ("delete", "DELETE"),
        ("options", "OPTIONS"),
        ("head", "HEAD"),
    ],
)
async def test_verbs_can_be_entered_and_awaited(verb: str, line: str) -> None:
    no_body = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with answers({"/x": no_body}) as server, ClientSession() as session:
        async with getattr(session, verb)(server.url("/x")) as response:
            assert response.status == 204
        response = await getattr(session, verb)(server.url("/x"))
        assert await response.read() == b""
        task = asyncio.create_task(session.request(line.lower(), server.url("/x")))
        assert (await task).status == 204
    assert [asked.line for asked in server.asked] == [f"{line} /x HTTP/1.1"] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    "verb", ["get", "post", "put", "patch", "delete", "options", "head", "request", "ws_connect"]
)
def test_verbs_name_what_aiohttp_s_do(verb: str) -> None:
    def named(cls: type) -> set[str]:
        signature = inspect.signature(getattr(cls, verb))
        return {
            name for name, one in signature.parameters.items() if one.kind is not one.VAR_KEYWORD
        }

    deprecated = {"verify_ssl", "fingerprint", "ssl_context"}
    folded = {"auth", "params", "proxy", "proxy_auth", "proxy_headers", "ssl", "server_hostname"}
    assert named(aiohttp.ClientSession) - deprecated - folded <= named(ClientSession)


def test_the_constructor_knows_aiohttp_s_options() -> None:
    theirs = set(inspect.signature(aiohttp.ClientSession).parameters)
    ours = set(inspect.signature(ClientSession).parameters) | set(
        OldSessionKeywords.__annotations__
    )
    assert theirs - ours == {"request_class", "response_class", "ws_response_class"}
    with pytest.raises(TypeError, match="request_class"):
        ClientSession(request_class=object)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("keywords", "wanted"),
    [
        ({"read_timeout": 7}, ClientTimeout(total=7, sock_connect=30)),
        ({"conn_timeout": 8}, ClientTimeout(total=300, sock_connect=30, connect=8)),
        ({"ssl_shutdown_timeout": 1.0}, ClientTimeout(total=300, sock_connect=30)),
    ],
)
async def test_old_options_warn_and_work(keywords: dict[str, Any], wanted: ClientTimeout) -> None:
    with pytest.warns(DeprecationWarning, match=next(iter(keywords))) as caught:
        session = ClientSession(**keywords)
    assert caught[0].filename == __file__
    async with session:
        assert session.timeout == wanted


async def test_an_old_timeout_and_a_new_one_clash() -> None:
    with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match="conflict"):
        ClientSession(timeout=ClientTimeout(), conn_timeout=1)


async def test_nothing_given_is_no_old_option() -> None:
    async with ClientSession(loop=None) as session:
        assert session.timeout == ClientTimeout(total=300, sock_connect=30)


@pytest.mark.parametrize("requotes", [True, False])
async def test_redirects_are_requoted_where_that_is_wanted(requotes: bool) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /%27x\r\nContent-Length: 0\r\n\r\n"
    async with answers({"/r": moved}) as server:
        async with ClientSession(requote_redirect_url=requotes) as session:
            assert session.requote_redirect_url is requotes
            await session.get(server.url("/r"))
    assert server.asked[1].path == ("/'x" if requotes else "/%27x")


def test_every_public_member_has_a_docstring() -> None:
    members = {name: getattr(ClientSession, name) for name in dir(ClientSession)}
    assert not [
        name for name, one in members.items() if not name.startswith("_") and not one.__doc__
    ]


async def test_head_does_not_follow_and_the_others_do() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    async with answers({"/r": moved}) as server, ClientSession() as session:
        assert (await session.head(server.url("/r"))).status == 302
        assert (await session.get(server.url("/r"))).status == 200
        assert (await session.get(server.url("/r"), allow_redirects=False)).status == 302


async def test_defaults_of_the_session() -> None:
    async with (
        answers() as server,
        ClientSession(
            server.url("/api/"),
            headers={"X-A": "1"},
            cookies={"k": "v"},
            auth=client.BasicAuth("u", "p"),
            skip_auto_headers=["User-Agent"],
            version=HTTP_10,
            json_serialize=lambda value: "[1]",
        ) as session,
    ):
        await (await session.post("v/1", json={}, params={"q": "a b"})).read()
        asked = server.asked[0]
        assert asked.line == "POST /api/v/1?q=a+b HTTP/1.0"
        assert asked.body == b"[1]"
        assert asked.get("X-A") == "1"
        assert asked.get("Cookie") == "k=v"
        assert asked.get("Authorization") == "Basic dTpw"
        assert asked.get("User-Agent") is None
        await (await session.get(server.url("/", host="localhost"))).read()
        assert server.asked[1].get("Authorization") is None


async def test_changed_headers_of_the_session_count_at_once() -> None:
    async with answers() as server, ClientSession() as session:
        for value in ("1", "2"):
            session.headers["X-A"] = value
            for _ in range(2):
                await (await session.get(server.url())).read()
    assert [asked.get("X-A") for asked in server.asked] == ["1", "1", "2", "2"]


async def test_cookies_come_back_on_remembered_requests_too() -> None:
    jar = client.CookieJar(unsafe=True)
    replies = {"/set": ok(b"", "Set-Cookie: k=v; Path=/")}
    async with answers(replies) as server, ClientSession(cookie_jar=jar) as session:
        for path in ("/", "/", "/set", "/", "/set", "/"):
            await (await session.get(server.url(path))).read()
    assert [asked.get("Cookie") for asked in server.asked] == [None] * 3 + ["k=v"] * 3


async def test_statement_28_a_dummy_jar_keeps_nothing() -> None:
    jar = client.DummyCookieJar()
    replies = {"/": ok(b"", "Set-Cookie: k=v; Path=/")}
    async with answers(replies) as server, ClientSession(cookie_jar=jar) as session:
        for _ in range(3):
            await (await session.get(server.url())).read()
    assert [asked.get("Cookie") for asked in server.asked] == [None] * 3


async def test_remembered_requests_follow_redirects() -> None:
    async with answers({"/r": redirect("/x#f")}) as server, ClientSession() as session:
        for _ in range(3):
            async with session.get(server.url("/r")) as response:
                assert await response.text() == "ok"
                assert str(response.real_url) == server.url("/x#f")
                assert [one.status for one in response.history] == [302]


async def test_remembered_requests_find_their_connection_dead_and_go_again() -> None:
    replies = {"/": partly(ok())}
    async with answers(replies) as server, ClientSession() as session:
        for _ in range(3):
            async with session.get(server.url()) as response:
                assert await response.read() == b"ok"
    assert len(server.asked) == 3
    assert server.connections == 3


@pytest.mark.parametrize("check", ["option", "session", "call"])
async def test_raise_for_status(check: str) -> None:
    seen: list[int] = []

    async def call(response: client.ClientResponse) -> None:
        seen.append(response.status)
        response.raise_for_status()

    setting = {"option": False, "session": True, "call": call}[check]
    replies = {"/": ok(b"no", status="404 Not Found")}
    async with answers(replies) as server, ClientSession(raise_for_status=setting) as session:  # type: ignore[arg-type]
        with pytest.raises(client.ClientResponseError) as caught:
            await session.get(server.url(), raise_for_status=True if check == "option" else None)
        assert caught.value.status == 404
        assert caught.value.message == "Not Found"
        assert (await session.get(server.url(), raise_for_status=False)).status == 404
    assert seen == ([404] if check == "call" else [])


async def test_statement_40_an_unclosed_session_names_its_birthplace() -> None:
    session = ClientSession()
    with pytest.warns(ResourceWarning, match=r"Unclosed client session .*test_session\.py:\d+"):
        del session
        gc.collect()


async def test_an_unclosed_response_names_its_birthplace() -> None:
    replies = {"/": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc"}
    async with answers(replies) as server, ClientSession() as session:
        response = await session.get(server.url())
        with pytest.warns(ResourceWarning, match=r"Unclosed response .*test_session\.py:\d+"):
            del response
            gc.collect()
        assert session.connector is not None and session.connector.stats.open == 0


async def test_a_whole_answer_needs_no_closing() -> None:
    async with answers() as server, ClientSession() as session:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await session.get(server.url())
            gc.collect()


async def test_closed_sessions_refuse() -> None:
    session = ClientSession()
    assert not session.closed
    await session.close()
    await session.close()
    assert session.closed and session.connector is None
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.get("http://127.0.0.1/")
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.ws_connect("http://127.0.0.1/")


def test_plain_with_is_refused() -> None:
    session = ClientSession()
    with pytest.raises(TypeError, match="async with"):
        with session:
            pass
    session.detach()


async def test_statement_29_a_shared_connector_outlives_its_sessions() -> None:
    async with answers() as server, TCPConnector() as connector:
        for value in ("1", "2"):
            jar = client.CookieJar()
            jar.update_cookies({"k": value})
            session = ClientSession(connector=connector, connector_owner=False, cookie_jar=jar)
            await (await session.get(server.url())).read()
            await session.close()
            assert not connector.closed
    assert [asked.get("Cookie") for asked in server.asked] == ["k=1", "k=2"]
    assert server.connections == 1
    assert connector.closed


async def test_detached_sessions_leave_the_connector() -> None:
    session = ClientSession()
    connector = session.connector
    assert connector is not None
    session.detach()
    assert session.closed and not connector.closed
    await connector.close()


def test_statement_42_a_session_may_be_made_before_any_loop() -> None:
    session = ClientSession()

    async def use() -> str:
        async with answers() as server, session:
            return await (await session.get(server.url())).text()

    assert asyncio.run(use()) == "ok"


async def test_statement_43_another_loop_is_refused_and_both_are_named() -> None:
    async with answers() as server, ClientSession() as session:
        await (await session.get(server.url())).read()

        async def use() -> None:
            with pytest.raises(RuntimeError, match=r"belongs to <.*> and cannot be used on <.*>"):
                await session.get(server.url())

        await asyncio.to_thread(asyncio.run, use())


def test_subclasses_work_and_warn() -> None:
    with pytest.warns(DeprecationWarning, match="discouraged"):

        class Own(ClientSession):
            pass

    assert issubclass(Own, ClientSession)


@pytest.mark.parametrize(
    ("url", "text"), [("/x", "absolute"), ("http://a/api", "trailing"), ("a/b/", "absolute")]
)
def test_base_urls_are_checked(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ClientSession(url)


async def test_timeouts_of_requests_and_sessions() -> None:
    replies = {"/": silence}
    timeout = ClientTimeout(total=0.05)
    async with answers(replies) as server, ClientSession(timeout=timeout) as session:
        for own in (None, ClientTimeout(sock_read=0.05), 0.05):
            with pytest.raises(TimeoutError) as caught:
                await session.get(server.url(), timeout=own)
            assert isinstance(caught.value, client.SocketTimeoutError) is isinstance(
                own, ClientTimeout
            )


async def test_what_can_be_asked_of_a_session() -> None:
    config = client.TraceConfig()
    async with ClientSession(trace_configs=[config], trust_env=True, timeout=3) as session:
        assert session.trace_configs == [config]
        assert session.trust_env and session.auto_decompress and session.connector_owner
        assert session.timeout == ClientTimeout(total=3)
        assert session.version == (1, 1)
        assert session.auth is None
        assert session.skip_auto_headers == frozenset()
        assert session.raise_for_status is False
        assert session.json_serialize is json.dumps
        assert session.loop is asyncio.get_running_loop()
        assert isinstance(session.cookie_jar, client.CookieJar)


async def test_unknown_options_are_named_before_anything_is_sent() -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="'colour'"):
            session.get("http://a/", colour="red")  # type: ignore[call-arg]


async def test_an_awaited_url_may_be_an_object() -> None:
    async with answers() as server, ClientSession() as session:
        assert (await session.get(URL(server.url()))).url == URL(server.url())


async def test_a_dead_server_is_not_asked_for_ever() -> None:
    async with answers({"/": hang_up}) as server, ClientSession() as session:
        await (await session.get(server.url("/x"))).read()
        with pytest.raises(client.ServerDisconnectedError):
            await session.get(server.url("/"))
    assert [asked.path for asked in server.asked] == ["/x", "/", "/"]


async def test_a_post_is_never_sent_twice() -> None:
    async with answers({"/": hang_up}) as server, ClientSession() as session:
        await (await session.get(server.url("/x"))).read()
        with pytest.raises(client.ServerDisconnectedError):
            await session.post(server.url("/"), data=b"x")
    assert [asked.path for asked in server.asked] == ["/x", "/"]
