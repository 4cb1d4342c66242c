"""One response for many requests, and a stream for one."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, serving, status_of, talking

from weft_web_server import (
    Application,
    ContentCoding,
    Handler,
    HTTPNotFound,
    Request,
    Response,
    StreamResponse,
)

TEXT = "shared " * 500


def app_with(handler: Handler, **options: object) -> Application:
    app = Application(**options)  # type: ignore[arg-type]  # those under test
    app.router.add_route("*", "/", handler)
    return app


def make_shared(kind: str) -> Response:
    if kind == "payload":
        return Response(body=io.BytesIO(TEXT.encode()), content_type="text/plain")
    response = Response(text=TEXT)
    if kind == "chunked":
        response.enable_chunked_encoding()
    elif kind == "compressed":
        response.enable_compression()
    elif kind == "forced":
        response.enable_compression(ContentCoding.gzip)
    elif kind == "cookies":
        response.set_cookie("a", "b")
    elif kind == "subclass":

        class Mine(Response):
            __slots__ = ()

        response = Mine(text=TEXT)
        response.enable_chunked_encoding()
    return response


KINDS = ["text", "payload", "chunked", "compressed", "forced", "cookies", "subclass"]


@pytest.mark.parametrize("kind", KINDS)
async def test_statement_38_one_response_answers_every_request(kind: str) -> None:
    shared = make_shared(kind)

    async def handler(request: Request) -> StreamResponse:
        return shared

    async with talking(app_with(handler)) as peer:
        seen = []
        for method in ("GET", "HEAD", "GET", "POST"):
            await peer.send(get("/", "Accept-Encoding: gzip", method=method))
            if method == "HEAD":
                head = await peer.read_until()
                seen.append((b"Content-Encoding: gzip" in head, TEXT.encode()))
                continue
            head, body = await peer.read_response()
            is_coded = b"Content-Encoding: gzip" in head
            seen.append((is_coded, gzip.decompress(body) if is_coded else body))
    assert seen == [(kind in ("compressed", "forced"), TEXT.encode())] * 4
    assert not shared.prepared


@pytest.mark.parametrize("kind", KINDS)
async def test_it_answers_many_at_once(kind: str) -> None:
    shared = make_shared(kind)
    if kind != "payload":
        shared.text = TEXT * 300  # more than a socket takes at once
    whole = shared.text

    async def handler(request: Request) -> StreamResponse:
        return shared

    async def ask(port: int) -> bytes:
        async with raw_client(port) as peer:
            await peer.send(get("/"))
            _, body = await peer.read_response()
            return gzip.decompress(body) if kind == "forced" else body

    async with serving(app_with(handler)) as port:
        bodies = await asyncio.gather(*(ask(port) for _ in range(8)))
    assert whole is not None and bodies == [whole.encode()] * 8


async def test_pipelined_requests_and_a_response_of_a_middleware() -> None:
    cached: dict[str, Response] = {}

    async def cache(request: Request, handler: Handler) -> StreamResponse:
        if request.path not in cached:
            response = await handler(request)
            assert isinstance(response, Response)
            cached[request.path] = response
        return cached[request.path]

    async def handler(request: Request) -> StreamResponse:
        return Response(text=TEXT)

    async with talking(app_with(handler, middlewares=[cache])) as peer:
        await peer.send(get("/") * 10)
        for _ in range(10):
            assert (await peer.read_response())[1] == TEXT.encode()
    assert len(cached) == 1


async def test_what_is_sent_is_what_the_response_says_at_that_moment() -> None:
    """A middleware that adds to a shared response adds for everybody, and copy() is for one."""
    shared = Response(text="x", headers={"X-Own": "yes"})

    async def add(request: Request, handler: Handler) -> StreamResponse:
        response = await handler(request)
        assert isinstance(response, Response)
        if request.query_string == "copy":
            response = response.copy()
        response.set_cookie("user", request.query_string)
        response.headers["X-Seen"] = request.query_string
        return response

    async def handler(request: Request) -> StreamResponse:
        return shared

    app = app_with(handler, middlewares=[add])
    answer = await answer_to(app_with(handler, middlewares=[add]), last("/?copy"))
    assert b"Set-Cookie: user=copy" in answer and b"X-Own: yes" in answer
    assert not shared.cookies and "X-Seen" not in shared.headers
    assert b"X-Seen: all" in await answer_to(app, last("/?all"))
    assert shared.cookies["user"].value == "all" and shared.headers["X-Seen"] == "all"


def test_a_copy_is_apart() -> None:
    original = Response(text="x", status=201, reason="Made", headers={"A": "1"})
    original.set_cookie("a", "1", path="/p")
    original.enable_compression(ContentCoding.gzip)
    original["key"] = "value"
    copy = original.copy()
    assert (copy.status, copy.reason, copy.text, copy["key"]) == (201, "Made", "x", "value")
    assert copy.cookies["a"].OutputString() == "a=1; Path=/p" and copy.compression
    copy.set_cookie("b", "2")
    copy.cookies["a"]["path"] = "/other"
    copy.headers["A"] = "2"
    copy.text = "y"
    copy.force_close()
    copy["key"] = "other"
    assert list(original.cookies) == ["a"] and original.cookies["a"]["path"] == "/p"
    assert (original.headers["A"], original.text, original["key"]) == ("1", "x", "value")
    assert original.keep_alive is None
    plain = Response(text="plain").copy()
    assert plain.content_type == "text/plain" and plain.charset == "utf-8"


async def test_one_that_was_prepared_serves_again_when_it_is_out() -> None:
    shared = Response(text="x")

    async def handler(request: Request) -> StreamResponse:
        await shared.prepare(request)
        await shared.write_eof()
        assert shared.prepared
        return shared

    async with talking(app_with(handler)) as peer:
        for _ in range(3):
            await peer.send(get("/"))
            assert (await peer.read_response())[1] == b"x"


async def test_one_that_is_being_sent_by_hand_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shared = Response(text="x")
    is_prepared, goes_on = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> StreamResponse:
        await shared.prepare(request)
        is_prepared.set()
        await goes_on.wait()
        return shared

    async with (
        serving(app_with(handler)) as port,
        raw_client(port) as one,
        raw_client(port) as two,
    ):
        await one.send(get("/"))
        await is_prepared.wait()
        await two.send(get("/"))
        assert status_of((await two.read_response())[0]) == 500
        goes_on.set()
        assert (await one.read_response())[1] == b"x"
    assert "this Response answers another request" in caplog.text


async def test_a_stream_answers_one_request(caplog: pytest.LogCaptureFixture) -> None:
    shared = StreamResponse()

    async def handler(request: Request) -> StreamResponse:
        await shared.prepare(request)
        await shared.write(b"x")
        return shared

    async with talking(app_with(handler)) as peer:
        await peer.send(get("/"))
        assert (await peer.read_response())[1] == b"x"
        await peer.send(get("/"))
        head, body = await peer.read_response()
    assert status_of(head) == 500 and b"x" not in body
    assert "this StreamResponse answers another request; make one for each" in caplog.text


async def test_an_error_may_be_raised_again_and_again() -> None:
    error = HTTPNotFound(text="gone")

    async def handler(request: Request) -> StreamResponse:
        raise error

    async with talking(app_with(handler)) as peer:
        for _ in range(3):
            await peer.send(get("/"))
            assert (await peer.read_response())[1] == b"gone"


async def test_a_body_that_can_be_sent_once_fails_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def produce() -> AsyncIterator[bytes]:
        yield b"once"

    shared = Response(body=produce())

    async def handler(request: Request) -> StreamResponse:
        return shared

    app = app_with(handler)
    assert b"once" in body_of(await answer_to(app, last()))
    async with serving(app_with(handler)) as port, raw_client(port) as peer:
        await peer.send(last())
        try:
            assert not (await peer.read_all()).endswith(b"0\r\n\r\n")
        except ConnectionResetError:
            pass
    assert "sent" in caplog.text
