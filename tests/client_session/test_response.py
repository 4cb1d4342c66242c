"""An answer as its reader sees it."""

import gzip
import zlib
from typing import Any

import pytest
from multidict import CIMultiDict
from support.answers import Asked, answers, ok, partly
from support.peers import RawPeer
from yarl import URL

import weft_client_session as client
from weft_client_session import ClientSession

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def fetch(reply: object, **options: object) -> client.ClientResponse:
    """The answer to one request, read."""
    async with answers({"/": reply}) as server, ClientSession() as session:  # type: ignore[dict-item]
        response = await session.get(server.url(), **options)  # type: ignore[arg-type]
        await response.read()
        return response


async def test_the_head() -> None:
    fields = (
        "Content-Type: text/html; charset=latin-1",
        'Link: <http://a/b>; rel="next"; t=x, </c>; rel=prev',
        'Content-Disposition: attachment; filename="a b"',
        "Set-Cookie: a=b; Path=/x",
        "Set-Cookie: c=d",
    )
    response = await fetch(ok(b"{}", *fields, status="201 Made"))
    assert (response.status, response.reason, response.ok) == (201, "Made", True)
    assert response.version == (1, 1)
    assert (response.content_type, response.charset) == ("text/html", "latin-1")
    assert response.get_encoding() == "latin-1"
    assert response.content_length == 2
    assert response.headers.getall("set-cookie") == ["a=b; Path=/x", "c=d"]
    assert response.raw_headers[0] == (b"Content-Length", b"2")
    assert {key: morsel.value for key, morsel in response.cookies.items()} == {"a": "b", "c": "d"}
    disposition = response.content_disposition
    assert disposition is not None and disposition.parameters["filename"] == "a b"
    assert list(response.links) == ["next", "prev"]
    assert response.links["next"]["url"] == URL("http://a/b")
    assert response.links["prev"]["url"] == response.url.join(URL("/c"))
    assert repr(response).startswith(f"<ClientResponse({response.url}) [201 Made]>")


async def test_what_is_not_there() -> None:
    response = await fetch(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert response.content_type == "application/octet-stream"
    assert response.charset is None
    assert response.content_disposition is None
    assert not response.links and not response.cookies
    assert await response.text() == ""
    assert await response.json(content_type=None) is None


async def test_what_was_asked() -> None:
    async with answers() as server, ClientSession() as session:
        response = await session.get(server.url("/a?b#c"), headers={"X": "1"})
        info = response.request_info
        assert (info.method, str(info.url), str(info.real_url)) == (
            "GET",
            server.url("/a?b"),
            server.url("/a?b#c"),
        )
        assert info.headers["x"] == "1"
        assert (response.method, response.host) == ("GET", "127.0.0.1")
        assert response.url == URL(server.url("/a?b"))
        assert response.history == ()


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=utf-16-le", "é".encode("utf-16-le"), "é"),
        ("text/plain", "é".encode(), "é"),
        ("text/plain; charset=nonsense", "é".encode(), "é"),
        ("application/json", '"é"'.encode(), '"é"'),
    ],
)
async def test_text(content_type: str, body: bytes, text: str) -> None:
    response = await fetch(ok(body, f"Content-Type: {content_type}"))
    assert await response.text() == text
    assert await response.text(encoding="latin-1") == body.decode("latin-1")


async def test_the_session_may_guess_the_charset() -> None:
    def guess(response: client.ClientResponse, body: bytes) -> str:
        return "latin-1"

    async with (
        answers({"/": ok("é".encode("latin-1"))}) as server,
        ClientSession(fallback_charset_resolver=guess) as session,
    ):
        response = await session.get(server.url())
        with pytest.raises(RuntimeError, match="not yet read"):
            response.get_encoding()
        assert await response.text() == "é"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/vnd.x+json", "Application/JSON; charset=utf-8"],
)
async def test_json(content_type: str) -> None:
    response = await fetch(ok(b' {"a": 1} ', f"Content-Type: {content_type}"))
    assert await response.json() == {"a": 1}
    assert await response.json(loads=len) == 8


async def test_json_of_another_type_is_refused() -> None:
    response = await fetch(ok(b"{}", "Content-Type: text/html"))
    with pytest.raises(client.ContentTypeError, match="unexpected mimetype: text/html"):
        await response.json()
    assert await response.json(content_type=None) == {}
    assert await response.json(content_type="text/html") == {}


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ("gzip", gzip.compress(b"abc" * 99)),
        ("x-gzip", gzip.compress(b"abc" * 99)),
        ("GZIP, identity", gzip.compress(b"abc" * 99)),
        ("deflate", zlib.compress(b"abc" * 99)),
    ],
)
@pytest.mark.parametrize("is_split", [False, True])
async def test_codings_are_undone(coding: str, coded: bytes, is_split: bool) -> None:
    whole = ok(coded, f"Content-Encoding: {coding}")

    async def slowly(peer: object, asked: object) -> None:
        await peer.send_split(whole, 7)  # type: ignore[attr-defined]

    response = await fetch(slowly if is_split else whole)
    assert await response.read() == b"abc" * 99
    raw = await fetch(whole, auto_decompress=False)
    assert await raw.read() == coded
    unknown = await fetch(ok(b"abc", "Content-Encoding: own"))
    assert await unknown.read() == b"abc"


@pytest.mark.parametrize("coded", [b"not gzip", gzip.compress(b"abc" * 99)[:-9]])
async def test_broken_codings_are_payload_errors(coded: bytes) -> None:
    async with (
        answers({"/": ok(coded, "Content-Encoding: gzip")}) as server,
        ClientSession() as session,
    ):
        with pytest.raises(client.ClientPayloadError):
            await (await session.get(server.url())).read()
        with pytest.raises(client.ClientPayloadError):
            await (await session.get(server.url())).content.read()


async def test_a_bomb_is_a_payload_error() -> None:
    bomb = gzip.compress(bytes(5_000_000))
    async with (
        answers({"/": ok(bomb, "Content-Encoding: gzip")}) as server,
        ClientSession() as session,
    ):
        with pytest.raises(client.ClientPayloadError, match="more than"):
            await (await session.get(server.url())).read()
        with pytest.raises(client.ClientPayloadError, match="more than"):
            await (await session.get(server.url())).content.read()


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        CHUNKED + b"5\r\nab",
        CHUNKED + b"2\r\nab\r\n",
        CHUNKED + b"2\r\nab\r\n0\r\n",
    ],
)
async def test_a_body_cut_short_is_a_payload_error(cut: bytes) -> None:
    async with answers({"/": partly(cut)}) as server, ClientSession() as session:
        response = await session.get(server.url())
        with pytest.raises(client.ClientPayloadError, match="not completed"):
            await response.read()
        assert response.closed
        with pytest.raises(client.ClientPayloadError):
            await response.content.read()


async def test_a_body_until_close() -> None:
    response = await fetch(partly(b"HTTP/1.1 200 OK\r\n\r\nto the end"))
    assert await response.read() == b"to the end"


async def test_the_body_as_a_stream() -> None:
    replies = {"/": CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"}
    async with answers(replies) as server, ClientSession() as session:
        async with session.get(server.url()) as response:
            chunks = [pair async for pair in response.content.iter_chunks()]
        assert chunks == [(b"abc", True), (b"de", True)]
        async with session.get(server.url()) as response:
            assert await response.content.readexactly(4) == b"abcd"
            assert await response.content.read() == b"e"
            assert response.content.total_bytes == 5
    assert server.connections == 1


async def test_a_part_of_a_body_is_not_given_as_whole() -> None:
    """Nor is the rest lost, nor the connection."""
    replies = {"/": CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"}
    async with answers(replies) as server, ClientSession() as session:
        async with session.get(server.url()) as response:
            assert await response.content.read(1) == b"a"
            with pytest.raises(RuntimeError, match="1 bytes were read before"):
                await response.read()
            assert await response.content.read() == b"bcde"
        async with session.get(server.url()) as response:
            assert await response.read() == b"abcde"
    assert server.connections == 1


async def test_a_released_response_cannot_be_read() -> None:
    async with answers() as server, ClientSession() as session:
        async with session.get(server.url()) as response:
            pass
        with pytest.raises(client.ClientConnectionError, match="Connection closed"):
            await response.read()
        async with session.get(server.url()) as response:
            await response.read()
        assert await response.text() == "ok"
        assert response.closed and response.connection is None
        await response.release()


async def test_a_small_rest_is_dropped_and_the_connection_kept() -> None:
    async def late(peer: object, asked: object) -> None:
        await peer.send(ok(b"x" * 1000)[:-500])  # type: ignore[attr-defined]
        await peer.send(b"x" * 500)  # type: ignore[attr-defined]

    async with answers({"/": late}) as server, ClientSession() as session:
        for _ in range(3):
            async with session.get(server.url()) as response:
                assert response.status == 200
    assert server.connections == 1


async def test_a_large_rest_closes_the_connection() -> None:
    replies = {"/": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc"}
    async with answers(replies) as server, ClientSession() as session:
        async with session.get(server.url()) as response:
            assert response.connection is not None
            assert not response.closed
        assert response.closed and response.connection is None
        async with session.get(server.url()) as response:
            pass
    assert server.connections == 2


async def test_raise_for_status_carries_the_head() -> None:
    response = await fetch(ok(b"", "X: y", status="500 Broken"))
    with pytest.raises(client.ClientResponseError) as caught:
        response.raise_for_status()
    error = caught.value
    assert (error.status, error.message) == (500, "Broken")
    assert error.headers is not None and error.headers["X"] == "y"
    assert error.request_info == response.request_info
    (await fetch(ok())).raise_for_status()


async def test_no_body_where_none_can_be() -> None:
    replies = {"/": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"}
    async with answers(replies) as server, ClientSession() as session:
        response = await session.head(server.url())
        assert (await response.read(), response.content_length) == (b"", 50)
        assert response.headers == CIMultiDict({"Content-Length": "50"})
    response = await fetch(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n")
    assert await response.read() == b""


# Before the answer and behind it.


EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
TRAILED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n"
    b"2\r\nok\r\n0\r\nDigest: abc\r\nX-Took: 1\r\n\r\n"
)


@pytest.mark.parametrize("size", [1, 9, 1000])
async def test_interim_answers_and_trailers_are_kept(size: int) -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send_split(EARLY + TRAILED, size)

    async with answers({"/": reply}) as server, ClientSession() as session:
        for _ in range(2):
            response = await session.get(server.url())
            assert await response.read() == b"ok"
            assert [(one.status, one.reason) for one in response.interim] == [
                (103, "Early Hints"),
                (102, "Processing"),
            ]
            assert response.interim[0].headers["Link"] == "</a.css>"
            assert dict(response.trailers) == {"Digest": "abc", "X-Took": "1"}
            assert "Digest" not in response.headers


async def test_most_answers_have_neither() -> None:
    async with answers() as server, ClientSession() as session:
        response = await session.get(server.url())
        assert response.interim == ()
        assert not response.trailers


# Lines.


@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize(
    ("body", "kind", "keywords", "lines"),
    [
        (b"a\r\n\xc3\xa9\n\nend", "text/plain", {}, ["a", "é", "", "end"]),
        (b"a\n\xe9\n", "text/plain; charset=latin-1", {}, ["a", "é"]),
        (b"a\n\xe9\n", "text/plain", {"encoding": "latin-1"}, ["a", "é"]),
        (b"a\n\xe9\n", "text/plain", {"errors": "replace"}, ["a", "\ufffd"]),
        ("a\né".encode("utf-16"), "text/plain; charset=utf-16", {}, ["a", "é"]),
        (b"", "text/plain", {}, []),
    ],
)
async def test_lines_of_text(
    body: bytes, kind: str, keywords: dict[str, Any], lines: list[str], is_read: bool
) -> None:
    reply = ok(body, f"Content-Type: {kind}")
    async with answers({"/": reply}) as server, ClientSession() as session:
        response = await session.get(server.url())
        if is_read:
            await response.read()
        assert [line async for line in response.iter_lines(**keywords)] == lines


async def test_a_line_without_end_is_bounded() -> None:
    async with answers({"/": ok(b"x" * 1000)}) as server, ClientSession() as session:
        response = await session.get(server.url())
        with pytest.raises(ValueError, match="999"):
            async for _ in response.iter_lines(max_line_size=999):
                pass
