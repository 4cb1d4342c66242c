"""The server over real sockets: framing, limits, faults, waits."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, post, serving, status_of, talking

from weft_web_server import (
    Application,
    Deadlines,
    HTTPForbidden,
    Request,
    Response,
    StreamResponse,
    TestServer,
    json_response,
)

Handler = Callable[[Request], Awaitable[StreamResponse]]


def app_with(handler: Handler, path: str = "/", **options: Any) -> Application:
    app = Application(**options)
    app.router.add_route("*", path, handler)
    return app


async def hello(request: Request) -> StreamResponse:
    return Response(text="hello")


async def echo(request: Request) -> StreamResponse:
    return Response(body=await request.read())


# One connection, several requests.


async def test_keep_alive() -> None:
    async with talking(app_with(hello)) as peer:
        for _ in range(3):
            await peer.send(get())
            head, body = await peer.read_response()
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"connection" not in head.lower()
            assert body == b"hello"


async def test_keep_alive_byte_by_byte() -> None:
    async with talking(app_with(hello)) as peer:
        for _ in range(2):
            await peer.send_split(get())
            assert (await peer.read_response())[1] == b"hello"


async def test_connection_close_is_answered_and_done() -> None:
    answer = await answer_to(app_with(hello), last() + get())
    assert answer.count(b"HTTP/1.1") == 1
    assert b"\r\nConnection: close\r\n" in answer


async def test_http_10_closes() -> None:
    answer = await answer_to(app_with(hello), b"GET / HTTP/1.0\r\n\r\n")
    assert body_of(answer) == b"hello"
    assert b"\r\nConnection: close\r\n" in answer


async def test_http_10_keep_alive() -> None:
    async with talking(app_with(hello)) as peer:
        for _ in range(2):
            await peer.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            head, body = await peer.read_response()
            assert b"\r\nConnection: keep-alive\r\n" in head
            assert body == b"hello"


async def test_pipelined_answers_come_in_order() -> None:
    async def number(request: Request) -> StreamResponse:
        wanted = int(request.match_info["number"])
        for _ in range(20 - wanted):  # the earlier, the slower
            await asyncio.sleep(0)
        return Response(text=f"<{wanted}>")

    async with talking(app_with(number, "/{number}")) as peer:
        await peer.send(b"".join(get(f"/{number}") for number in range(20)))
        bodies = [(await peer.read_response())[1] for _ in range(20)]
    assert bodies == [f"<{number}>".encode() for number in range(20)]


async def test_pipelined_with_bodies() -> None:
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
    async with talking(app_with(echo)) as peer:
        await peer.send(request + b"abc" + request + b"def" + last())
        assert (await peer.read_response())[1] == b"abc"
        assert (await peer.read_response())[1] == b"def"
        assert status_of(await peer.read_all()) == 200


async def test_half_closed_client_gets_its_answer() -> None:
    async def slow(request: Request) -> StreamResponse:
        await asyncio.sleep(0.01)
        return Response(text="late")

    async with talking(app_with(slow)) as peer:
        await peer.send(get())
        peer.send_eof()
        assert body_of(await peer.read_all()) == b"late"


# Tasks and contexts.

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


async def test_each_request_has_a_task_and_a_context() -> None:
    seen: list[object] = []
    tasks: list[object] = []

    async def handler(request: Request) -> StreamResponse:
        seen.append(variable.get())
        variable.set("set")
        tasks.append(asyncio.current_task())
        assert request.task is asyncio.current_task()
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        return Response()

    async with talking(app_with(handler)) as peer:
        for _ in range(3):
            await peer.send(get())
            await peer.read_response()
    assert seen == ["unset"] * 3
    assert len(set(map(id, tasks))) == 3


async def test_handler_starts_in_the_pass_in_which_bytes_came() -> None:
    started: list[bool] = []

    async def handler(request: Request) -> StreamResponse:
        started.append(True)
        return Response()

    async with TestServer(app_with(handler), access_log=None) as server:
        async with raw_client(server.port) as peer:
            await peer.send(get())
            await peer.read_response()
            assert server.handler is not None
            connection = server.handler.connections[0]
            connection.data_received(get())
            # A task is running: this test's. It starts in the next pass, not now.
            assert len(started) == 1
            await peer.read_response()
            asyncio.get_running_loop().call_soon(connection.data_received, get())
            asyncio.get_running_loop().call_soon(lambda: started.append(len(started) == 3))
            await peer.read_response()
    assert started == [True, True, True, True]


# Bodies.


@pytest.mark.parametrize("body", [b"", b"x", b"x" * 100_000])
async def test_body_of_known_length(body: bytes) -> None:
    assert body_of(await answer_to(app_with(echo), post("/", body))) == body


async def test_chunked_body_in_pieces() -> None:
    request = last("/", "Transfer-Encoding: chunked", method="POST")
    async with talking(app_with(echo)) as peer:
        await peer.send(request)
        await peer.send_split(b"3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n")
        assert body_of(await peer.read_all()) == b"abcdefgh"


async def test_expect_continue_is_answered_when_the_body_is_read() -> None:
    fields = ("Expect: 100-continue", "Content-Length: 3")
    async with talking(app_with(echo)) as peer:
        await peer.send(last("/", *fields, method="POST"))
        assert await peer.read_until() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await peer.send(b"abc")
        assert body_of(await peer.read_all()) == b"abc"


async def test_expect_continue_is_not_answered_when_the_body_is_refused() -> None:
    async def refuse(request: Request) -> StreamResponse:
        raise HTTPForbidden

    fields = ("Expect: 100-continue", "Content-Length: 3")
    answer = await answer_to(app_with(refuse), last("/", *fields, method="POST"))
    assert status_of(answer) == 403


async def test_unknown_expectation() -> None:
    answer = await answer_to(app_with(hello), last("/", "Expect: tea"))
    assert status_of(answer) == 417


@pytest.mark.parametrize("size", [99, 100, 101])
async def test_client_max_size(size: int) -> None:
    app = app_with(echo, client_max_size=100)
    answer = await answer_to(app, post("/", b"x" * size))
    assert status_of(answer) == (200 if size <= 100 else 413)


async def test_client_max_size_of_chunks() -> None:
    app = app_with(echo, client_max_size=100)
    request = last("/", "Transfer-Encoding: chunked", method="POST")
    chunks = b"32\r\n" + b"x" * 50 + b"\r\n"
    assert status_of(await answer_to(app, request + chunks * 2 + b"0\r\n\r\n")) == 200
    assert status_of(await answer_to(app, request + chunks * 3 + b"0\r\n\r\n")) == 413


async def test_body_over_the_limit_is_answered_without_a_reset() -> None:
    answer = await answer_to(app_with(echo, client_max_size=100), post("/", b"x" * 200_000))
    assert status_of(answer) == 413


async def test_unread_body_is_drained() -> None:
    async with talking(app_with(hello)) as peer:
        await peer.send(get("/", "Content-Length: 100000", method="POST"))
        assert (await peer.read_response())[1] == b"hello"
        await peer.send(b"x" * 100_000 + get())
        assert (await peer.read_response())[1] == b"hello"


async def test_unread_body_that_is_too_large_ends_the_connection() -> None:
    async with talking(app_with(hello)) as peer:
        await peer.send(get("/", "Content-Length: 10000000", method="POST"))
        assert (await peer.read_response())[1] == b"hello"
        await peer.send(b"x" * 300_000)
        assert await peer.read_all() == b""


async def test_compressed_body() -> None:
    import gzip

    body = gzip.compress(b"hello " * 1000)
    answer = await answer_to(app_with(echo), post("/", body, "Content-Encoding: gzip"))
    assert body_of(answer) == b"hello " * 1000


async def test_compressed_bomb_is_refused() -> None:
    import gzip

    body = gzip.compress(b"\0" * 10_000_000)
    answer = await answer_to(app_with(echo), post("/", body, "Content-Encoding: gzip"))
    assert status_of(answer) == 413


async def test_body_of_an_unknown_coding() -> None:
    answer = await answer_to(app_with(echo), post("/", b"x", "Content-Encoding: lead"))
    assert status_of(answer) == 415


# Malformed requests.


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"BAD\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
    ],
)
async def test_malformed_request(sent: bytes, status: int) -> None:
    answer = await answer_to(app_with(echo), sent)
    assert status_of(answer) == status
    assert b"\r\nConnection: close\r\n" in answer
    assert len(body_of(answer)) < 100
    assert b"aaaa" not in answer


async def test_fault_behind_a_good_request() -> None:
    answer = await answer_to(app_with(hello), get() + b"BAD\r\n\r\n")
    first, _, second = answer.partition(b"hello")
    assert status_of(first) == 200
    assert status_of(second) == 400


async def test_fault_in_a_body_that_is_being_read(caplog: pytest.LogCaptureFixture) -> None:
    async with talking(app_with(echo)) as peer:
        await peer.send(get("/", "Transfer-Encoding: chunked", method="POST"))
        await peer.send(b"3\r\nabc\r\nzz\r\n")
        answer = await peer.read_all()
    assert status_of(answer) == 400
    assert not caplog.records


async def test_body_cut_short() -> None:
    async with talking(app_with(echo)) as peer:
        await peer.send(get("/", "Content-Length: 10", method="POST") + b"abc")
        peer.send_eof()
        assert status_of(await peer.read_all()) == 400


# Handlers that fail.


async def test_exception_is_logged_once_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Request) -> StreamResponse:
        raise ValueError("secret")

    async with talking(app_with(fail)) as peer:
        await peer.send(get())
        head, body = await peer.read_response()
        assert status_of(head) == 500
        assert b"secret" not in body and b"Traceback" not in body
        await peer.send(get())
        assert status_of((await peer.read_response())[0]) == 500
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 2
    assert errors[0].exc_info is not None
    assert "secret" in str(errors[0].exc_info[1])


async def test_handler_that_returns_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def forget(request: Request) -> StreamResponse:
        return None  # type: ignore[return-value]  # the mistake under test

    answer = await answer_to(app_with(forget), last())
    assert status_of(answer) == 500
    (record,) = caplog.records
    assert "returned None" in record.getMessage()
    assert record.exc_info is None


async def test_raised_answer() -> None:
    async def refuse(request: Request) -> StreamResponse:
        raise HTTPForbidden(text="no", headers={"X-Why": "because"})

    answer = await answer_to(app_with(refuse), last())
    assert status_of(answer) == 403
    assert b"\r\nX-Why: because\r\n" in answer
    assert body_of(answer) == b"no"


async def test_returned_error_warns() -> None:
    async def refuse(request: Request) -> StreamResponse:
        return HTTPForbidden(text="no")  # type: ignore[return-value]  # deprecated, not typed

    with pytest.warns(DeprecationWarning, match="as a return value is deprecated"):
        answer = await answer_to(app_with(refuse), last())
    assert status_of(answer) == 403


async def test_injection_is_refused_before_the_first_byte(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def inject(request: Request) -> StreamResponse:
        return Response(headers={"X-Name": "a\r\nSet-Cookie: b=c"})

    answer = await answer_to(app_with(inject), last())
    assert status_of(answer) == 500
    assert b"Set-Cookie" not in answer
    assert len(caplog.records) == 1


async def test_failure_after_the_head_cuts_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        await response.write(b"part")
        raise ValueError

    async with talking(app_with(fail)) as peer:
        await peer.send(get())
        try:
            answer = await peer.read_all()
        except ConnectionResetError:
            answer = b""
    assert not answer.endswith(b"0\r\n\r\n")
    assert len(caplog.records) == 1


async def test_wrong_length_cuts_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def lie(request: Request) -> StreamResponse:
        response = StreamResponse()
        response.content_length = 3
        await response.prepare(request)
        await response.write(b"four")
        return response

    async with talking(app_with(lie)) as peer:
        await peer.send(get())
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await peer.read_response()
    assert "broken off" in str(caplog.records[0].exc_info)


async def test_client_gone_while_streaming() -> None:
    ended = asyncio.Event()

    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except ConnectionResetError:
            ended.set()
            raise

    async with serving(app_with(stream)) as port:
        async with raw_client(port) as peer:
            await peer.send(get())
            await peer.read_until()
            peer.reset()
        async with asyncio.timeout(10):
            await ended.wait()


@pytest.mark.parametrize("is_cancelling", [False, True])
async def test_client_gone_while_the_handler_waits(is_cancelling: bool) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    ends: asyncio.Queue[str] = asyncio.Queue()

    async def wait(request: Request) -> StreamResponse:
        started.set()
        try:
            await go_on.wait()
        except asyncio.CancelledError:
            ends.put_nowait("cancelled")
            raise
        ends.put_nowait("ended")
        return Response()

    async with serving(app_with(wait), handler_cancellation=is_cancelling) as port:
        async with raw_client(port) as peer:
            await peer.send(get())
            await started.wait()
            peer.reset()
        if not is_cancelling:
            go_on.set()
        async with asyncio.timeout(10):
            assert await ends.get() == ("cancelled" if is_cancelling else "ended")


# Answers.


async def test_head_has_the_fields_of_get_and_no_body() -> None:
    app = Application()
    app.router.add_get("/", hello)
    async with talking(app) as peer:
        await peer.send(get(method="HEAD") + get())
        head = await peer.read_until()
        assert b"\r\nContent-Length: 5\r\n" in head
        assert (await peer.read_response())[1] == b"hello"


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_bodies(status: int) -> None:
    async def handler(request: Request) -> StreamResponse:
        return Response(status=status, text="body" if request.query_string else None)

    async with talking(app_with(handler)) as peer:
        for path in ("/", "/?text"):
            await peer.send(get(path))
            head = await peer.read_until()
            assert status_of(head) == status
            assert b"content-length" not in head.lower()
        await peer.send(last())
        assert status_of(await peer.read_all()) == status


async def test_streamed_chunks() -> None:
    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        for piece in (b"ab", b"", b"cd"):
            await response.write(piece)
        return response

    app = app_with(stream)
    answer = await answer_to(app, last())
    assert b"\r\nTransfer-Encoding: chunked\r\n" in answer
    assert body_of(answer) == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    old = await answer_to(app, b"GET / HTTP/1.0\r\n\r\n")
    assert body_of(old) == b"abcd"
    assert body_of(await answer_to(app, last(method="HEAD"))) == b""


async def test_response_sent_before_the_handler_ends() -> None:
    go_on = asyncio.Event()

    async def handler(request: Request) -> StreamResponse:
        response = Response(text="early")
        await response.prepare(request)
        await response.write_eof()
        await go_on.wait()
        return response

    async with talking(app_with(handler)) as peer:
        await peer.send(get())
        assert (await peer.read_response())[1] == b"early"
        go_on.set()
        await peer.send(get())
        assert (await peer.read_response())[1] == b"early"


async def test_one_response_answers_many_requests() -> None:
    cached = json_response({"a": 1}, headers={"X-Cached": "yes"})
    cached.set_cookie("name", "value")

    async def handler(request: Request) -> StreamResponse:
        return cached

    async with talking(app_with(handler)) as peer:
        await peer.send(get())
        first, _ = await peer.read_response()
        await peer.send(get())
        second, body = await peer.read_response()
    assert body == b'{"a": 1}'
    assert b"\r\nSet-Cookie: name=value; Path=/\r\n" in first
    assert b"\r\nSet-Cookie: name=value; Path=/\r\n" in second


async def test_large_body() -> None:
    body = bytes(range(256)) * 40_000

    async def handler(request: Request) -> StreamResponse:
        return Response(body=body)

    assert body_of(await answer_to(app_with(handler), last())) == body


async def test_async_iterator_as_body() -> None:
    async def handler(request: Request) -> StreamResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"ab"
            yield b"cd"

        return Response(body=pieces())

    async with talking(app_with(handler)) as peer:
        await peer.send(get())
        assert (await peer.read_response())[1] == b"abcd"


async def test_compression() -> None:
    import zlib

    async def handler(request: Request) -> StreamResponse:
        response = Response(text="x" * 10_000)
        response.enable_compression()
        return response

    app = app_with(handler)
    answer = await answer_to(app, last("/", "Accept-Encoding: gzip;q=0.5, deflate"))
    assert b"\r\nContent-Encoding: deflate\r\n" in answer
    assert zlib.decompress(body_of(answer)) == b"x" * 10_000
    assert body_of(await answer_to(app, last())) == b"x" * 10_000


async def test_compressed_stream() -> None:
    import gzip

    async def handler(request: Request) -> StreamResponse:
        response = StreamResponse()
        response.enable_compression()
        await response.prepare(request)
        for _ in range(3):
            await response.write(b"piece" * 100)
        return response

    async with talking(app_with(handler)) as peer:
        await peer.send(get("/", "Accept-Encoding: gzip"))
        assert gzip.decompress((await peer.read_response())[1]) == b"piece" * 300


# Waits.


def short(**seconds: float) -> Deadlines:
    return Deadlines(**seconds)


async def test_silent_connection_is_closed() -> None:
    async with talking(app_with(hello), deadlines=short(head=0.1)) as peer:
        assert await peer.read_all() == b""


async def test_slow_head_is_answered_with_408() -> None:
    async with talking(app_with(hello), deadlines=short(head=0.1)) as peer:
        await peer.send(b"GET / HT")
        assert status_of(await peer.read_all()) == 408


async def test_idle_connection_is_closed() -> None:
    async with talking(app_with(hello), deadlines=short(keep_alive=0.1)) as peer:
        await peer.send(get())
        await peer.read_response()
        assert await peer.read_all() == b""


async def test_stalled_body_is_answered_with_408() -> None:
    async with talking(app_with(echo), deadlines=short(body=0.1)) as peer:
        await peer.send(get("/", "Content-Length: 10", method="POST") + b"abc")
        assert status_of(await peer.read_all()) == 408


async def test_unread_body_that_never_comes_ends_the_connection() -> None:
    async with talking(app_with(hello), deadlines=short(linger=0.1)) as peer:
        await peer.send(get("/", "Content-Length: 10", method="POST"))
        assert status_of(await peer.read_all()) == 200


# The end.


async def test_shutdown_lets_requests_end() -> None:
    started = asyncio.Event()

    async def slow(request: Request) -> StreamResponse:
        started.set()
        await asyncio.sleep(0.05)
        return Response(text="done")

    server = TestServer(app_with(slow), access_log=None)
    await server.start_server()
    async with raw_client(server.port) as busy, raw_client(server.port) as idle:
        await busy.send(get())
        await started.wait()
        closing = asyncio.create_task(server.close())
        assert await idle.read_all() == b""
        answer = await busy.read_all()
        await closing
    assert body_of(answer) == b"done"
    assert b"\r\nConnection: close\r\n" in answer


async def test_shutdown_is_bounded() -> None:
    started = asyncio.Event()
    cancelled: list[bool] = []

    async def endless(request: Request) -> StreamResponse:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)
        return Response()

    server = TestServer(app_with(endless), access_log=None, shutdown_timeout=0.05)
    await server.start_server()
    async with raw_client(server.port) as peer:
        await peer.send(get())
        await started.wait()
        await server.close()
        assert cancelled == [True]
        with pytest.raises(ConnectionResetError):
            await peer.read_all()
            raise ConnectionResetError  # a clean end is one too


async def test_no_task_is_left_behind() -> None:
    before = asyncio.all_tasks()
    async with talking(app_with(hello)) as peer:
        await peer.send(get())
        await peer.read_response()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
