"""Fields behind bodies, of requests and of responses, and answers before the answer."""

import gzip
from typing import Any

import pytest
from multidict import CIMultiDictProxy
from support.serving import answer_to, body_of, get, last, post, status_of, talking

from weft_web_server import (
    Application,
    Handler,
    PayloadAccessError,
    Request,
    Response,
    StreamResponse,
)

CHUNKS = b"3\r\nabc\r\n0\r\nX-Sum: 5\r\nHost: evil\r\nx-sum: 6\r\n\r\n"
HEAD = last("/", "Transfer-Encoding: chunked", "Trailer: X-Sum", method="POST")


def app_with(handler: Handler, **options: Any) -> Application:
    app = Application(**options)
    app.router.add_route("*", "/", handler)
    return app


# Of requests.


@pytest.mark.parametrize("is_split", [True, False])
@pytest.mark.parametrize("way", ["read", "content", "post"])
async def test_trailers_of_a_request(way: str, is_split: bool) -> None:
    seen: list[CIMultiDictProxy[str]] = []

    async def handler(request: Request) -> StreamResponse:
        with pytest.raises(PayloadAccessError, match="behind the body"):
            _ = request.trailers
        if way == "read":
            await request.read()
        elif way == "post":
            await request.post()
        else:
            async for _ in request.content:
                pass
        assert request.headers["Host"] == "test" and "X-Sum" not in request.headers
        seen.append(request.trailers)
        return Response()

    async with talking(app_with(handler)) as peer:
        sent = HEAD.replace(
            b"\r\n\r\n", b"\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        if is_split:
            await peer.send(sent)
            await peer.send_split(CHUNKS)
        else:
            await peer.send(sent + CHUNKS)
        assert status_of(await peer.read_all()) == 200
    (trailers,) = seen
    assert trailers.getall("X-SUM") == ["5", "6"] and trailers["Host"] == "evil"


async def test_trailers_behind_coded_content() -> None:
    data = gzip.compress(b"abc")
    sent = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    sent += b"%x\r\n%b\r\n0\r\nX-Sum: 5\r\n\r\n" % (len(data), data)

    async def handler(request: Request) -> StreamResponse:
        text = await request.text()
        return Response(text=text + request.trailers["X-Sum"])

    assert body_of(await answer_to(app_with(handler), sent)) == b"abc5"


async def test_requests_without_trailers() -> None:
    async def handler(request: Request) -> StreamResponse:
        await request.read()
        return Response(text=str(len(request.trailers)))

    for sent in (last(), post("/", b"abc"), post("/", b"")):
        assert body_of(await answer_to(app_with(handler), sent)) == b"0"


# Of responses.


async def streamed(request: Request) -> StreamResponse:
    response = StreamResponse(headers={"Content-Type": "text/plain", "Content-Length": "9"})
    trailers = response.enable_trailers("X-Sum", "Server-Timing")
    await response.prepare(request)
    await response.write(b"abc")
    trailers["X-Sum"] = "5"
    trailers["Server-Timing"] = "db;dur=5"
    await response.write_eof()
    return response


async def test_trailers_of_a_stream() -> None:
    answer = await answer_to(app_with(streamed), last("/", "TE: gzip;q=0.5, Trailers"))
    assert b"\r\nTrailer: X-Sum, Server-Timing\r\n" in answer and b"Content-Length" not in answer
    assert body_of(answer) == (b"3\r\nabc\r\n0\r\nX-Sum: 5\r\nServer-Timing: db;dur=5\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        last("/"),
        last("/", "TE: gzip"),
        last("/", "TE: trailers", method="HEAD"),
        b"GET / HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n",
    ],
)
async def test_who_does_not_take_them_gets_none(sent: bytes) -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response(text="abc")
        response.enable_trailers("X-Sum")["X-Sum"] = "5"
        return response

    answer = await answer_to(app_with(handler), sent)
    assert status_of(answer) == 200 and b"X-Sum" not in answer
    assert body_of(answer) == (b"" if sent.startswith(b"HEAD") else b"abc")


@pytest.mark.parametrize("is_coded", [True, False])
async def test_a_shared_response_with_trailers(is_coded: bool) -> None:
    shared = Response(text="abc" * 1000)
    shared.enable_trailers("X-Sum")["X-Sum"] = "5"

    async def handler(request: Request) -> StreamResponse:
        return shared

    async with talking(app_with(handler, compression=is_coded)) as peer:
        for field in ("TE: trailers", "X: y", "TE: trailers"):
            await peer.send(get("/", field, "Accept-Encoding: gzip"))
            head, body = await peer.read_response()
            assert (b"Trailer: X-Sum" in head) is field.startswith("TE")
            assert (gzip.decompress(body) if is_coded else body) == b"abc" * 1000


def test_what_may_be_a_trailer() -> None:
    response = Response()
    for name in ("Content-Length", "transfer-encoding", "Host", "a b", "a\r\nb"):
        with pytest.raises(ValueError, match="may not stand behind the body"):
            response.enable_trailers(name)
    with pytest.raises(ValueError, match="give the names"):
        response.enable_trailers()
    response.enable_trailers("X-Sum")["X-Sum"] = "5"
    copied = response.copy()
    assert copied.wishes.trailers == {"X-Sum": "5"}
    assert copied.wishes.trailers is not response.wishes.trailers


async def test_a_value_that_breaks_out_of_its_line_cuts_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response(text="abc")
        response.enable_trailers("X-Sum")["X-Sum"] = "5\r\nSet-Cookie: a=b"
        return response

    try:
        answer = await answer_to(app_with(handler), last("/", "TE: trailers"))
    except ConnectionResetError:
        answer = b""
    assert b"Set-Cookie" not in answer and not answer.endswith(b"0\r\n\r\n")


# Before the answer.


async def test_early_hints() -> None:
    async def handler(request: Request) -> StreamResponse:
        await request.send_early_hints({"Link": "</a.css>; rel=preload; as=style"})
        await request.send_early_hints([("Link", "</b>; rel=preload"), ("Link", "</c>")])
        response = Response(text="x", headers={"Link": "</a.css>"})
        await response.prepare(request)
        with pytest.raises(RuntimeError, match="before the answer"):
            await request.send_early_hints({"Link": "</d>"})
        return response

    app = app_with(handler)
    async with talking(app) as peer:
        for _ in range(2):
            await peer.send(get("/"))
            assert await peer.read_until() == (
                b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n"
            )
            assert (await peer.read_until()).count(b"Link: ") == 2
            head, body = await peer.read_response()
            assert status_of(head) == 200 and body == b"x"
    old = await answer_to(app, b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    assert status_of(old) == 200 and b"103" not in old


@pytest.mark.parametrize(
    "fields", [{"Content-Length": "5"}, {"transfer-encoding": "chunked"}, {"A": "b\r\nC: d"}]
)
async def test_hints_that_would_break_the_framing(fields: dict[str, str]) -> None:
    async def handler(request: Request) -> StreamResponse:
        with pytest.raises(ValueError):
            await request.send_early_hints(fields)
        return Response(text="x")

    answer = await answer_to(app_with(handler), last())
    assert answer.startswith(b"HTTP/1.1 200") and body_of(answer) == b"x"


# 100 Continue.


async def read(request: Request) -> StreamResponse:
    return Response(text=await request.text())


EXPECTING = get("/", "Content-Length: 3", "Expect: 100-continue", method="POST")


async def test_100_is_sent_with_the_first_read_and_once() -> None:
    async def handler(request: Request) -> StreamResponse:
        if request.query_string:
            return Response(status=403, text="no")
        assert await request.content.read(1) == b"a"
        return Response(body=await request.content.read())

    async with talking(app_with(handler)) as peer:
        await peer.send(EXPECTING)
        assert await peer.read_until() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await peer.send(b"abc")
        assert (await peer.read_response())[1] == b"bc"
    refusing = EXPECTING.replace(b" / ", b" /?no ")
    async with talking(app_with(handler)) as peer:
        await peer.send(refusing)
        head, _ = await peer.read_response()
        assert status_of(head) == 403


@pytest.mark.parametrize("sent", [EXPECTING + b"abc", EXPECTING.replace(b"1.1", b"1.0") + b"abc"])
async def test_no_100_where_the_body_is_there_or_the_client_is_old(sent: bytes) -> None:
    async with talking(app_with(read)) as peer:
        await peer.send(sent)
        head, body = await peer.read_response()
        assert status_of(head) == 200 and body == b"abc"


async def test_an_expect_handler() -> None:
    async def check(request: Request) -> StreamResponse | None:
        if "Authorization" not in request.headers:
            return Response(status=401, text="who?")
        return None

    app = Application()
    app.router.add_post("/", read, expect_handler=check)
    async with talking(app) as peer:
        await peer.send(EXPECTING)
        assert status_of((await peer.read_response())[0]) == 401
    async with talking(app) as peer:
        await peer.send(EXPECTING.replace(b"Host", b"Authorization: me\r\nHost"))
        assert await peer.read_until() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await peer.send(b"abc")
        assert (await peer.read_response())[1] == b"abc"
