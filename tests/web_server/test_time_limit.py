import asyncio
import logging

import pytest
from support.serving import answer_to, body_of, last, status_of, talking
from support.serving import get as get_bytes

from weft_http_parser import Link
from weft_web_server import (
    Application,
    Handler,
    HTTPServiceUnavailable,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    WebSocketResponse,
    get,
    group,
)

SHORT = RouteOptions(timeout=0.01)


async def test_too_slow(caplog: pytest.LogCaptureFixture) -> None:
    ends: list[str] = []

    async def slow(request: Request) -> StreamResponse:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("cancelled")
        raise AssertionError("it ends by being cancelled")

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        assert handler.__name__ == "slow"
        try:
            return await handler(request)
        except HTTPServiceUnavailable as exc:
            ends.append("seen")
            assert isinstance(exc.__cause__, TimeoutError)
            raise

    app = Application(middlewares=[layer])
    app.add_routes([get("/slow/{x}", slow, options=SHORT)])
    with caplog.at_level(logging.WARNING, "weft"):
        async with talking(app) as peer:
            for _ in range(2):  # the connection stays open
                await peer.send(b"GET /slow/secret HTTP/1.1\r\nHost: a\r\n\r\n")
                head, body = await peer.read_response()
                assert head.startswith(b"HTTP/1.1 503 ") and body == b"503: this took too long"
    assert ends == ["cancelled", "seen"] * 2
    line = "GET /slow/{x} took longer than its 0.01 seconds"
    assert [record.getMessage() for record in caplog.records] == [line] * 2


async def test_middlewares_of_the_route_count() -> None:
    async def layer(request: Request, handler: Handler) -> StreamResponse:
        await asyncio.Event().wait()
        return await handler(request)

    async def answer(request: Request) -> StreamResponse:
        raise AssertionError("the middleware is too slow")

    app = Application()
    app.add_routes([group("", [get("/", answer)], middlewares=[layer], options=SHORT)])
    assert status_of(await answer_to(app, last())) == 503


async def test_answer_under_way_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        await asyncio.Event().wait()
        return response

    app = Application()
    app.add_routes([get("/", stream, options=SHORT)])
    with caplog.at_level(logging.WARNING, "weft"):
        found = await answer_to(app, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200 ") and b"begun" in found and b"503" not in found
    assert not found.endswith(b"0\r\n\r\n")  # the client sees that something is missing
    assert "took longer" in caplog.text and "already under way" in caplog.text


async def test_in_time_or_without_limit() -> None:
    async def answer(request: Request) -> StreamResponse:
        await asyncio.sleep(0)
        return Response(text="here")

    app = Application()
    for path, timeout in (("/60", 60.0), ("/0", 0.0)):
        app.router.add_get(path, answer, options=RouteOptions(timeout=timeout))
    assert body_of(await answer_to(app, last("/60"))) == b"here"
    assert body_of(await answer_to(app, last("/0"))) == b"here"


async def test_timeout_of_the_handler_itself(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: Request) -> StreamResponse:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
        raise AssertionError("it takes for ever")

    app = Application()
    app.router.add_get("/", answer, options=RouteOptions(timeout=60))
    with caplog.at_level(logging.WARNING, "weft"):
        assert status_of(await answer_to(app, last())) == 504
    assert "took longer" not in caplog.text


async def test_handler_that_answers_when_it_is_cancelled() -> None:
    async def answer(request: Request) -> StreamResponse:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Response(text="as far as I came")
        raise AssertionError("it takes for ever")

    app = Application()
    app.router.add_get("/", answer, options=SHORT)
    assert body_of(await answer_to(app, last())) == b"as far as I came"


async def test_websocket_ends_with_its_time(caplog: pytest.LogCaptureFixture) -> None:
    async def echo(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            raise AssertionError("the client says nothing")
        return socket

    app = Application()
    app.router.add_get("/", echo, options=SHORT)
    fields = ("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", "Sec-WebSocket-Version: 13")
    sent = get_bytes("/", "Upgrade: websocket", "Connection: Upgrade", *fields)
    with caplog.at_level(logging.WARNING, "weft"):
        found = await answer_to(app, sent)
    assert found.startswith(b"HTTP/1.1 101 ") and b"503" not in found
    assert "took longer" in caplog.text


@pytest.mark.parametrize(("seconds", "limit"), [(7, 7), (0, None)])
async def test_a_stall_is_limited_for_one_answer(seconds: float, limit: float | None) -> None:
    seen: list[tuple[Link, float | None]] = []

    async def handler(request: Request) -> StreamResponse:
        seen.append((request.protocol, request.protocol.write_timeout_seconds))
        return Response()

    app = Application()
    app.router.add_get("/", handler, options=RouteOptions(write_timeout=seconds))
    assert status_of(await answer_to(app, last())) == 200
    [(link, during)] = seen
    assert during == limit
    assert link.write_timeout_seconds not in (7, None)  # it was set back


async def test_limits_of_stalls_do_not_outlast_requests_that_came_together() -> None:
    seen: list[tuple[Link, float | None]] = []

    async def handler(request: Request) -> StreamResponse:
        seen.append((request.protocol, request.protocol.write_timeout_seconds))
        return Response(text="x")

    async def slow(request: Request) -> StreamResponse:
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the tasks of those before have ended
        return await handler(request)

    app = Application()
    app.router.add_get("/never", handler, options=RouteOptions(write_timeout=0))
    app.router.add_get("/slow", slow, options=RouteOptions(write_timeout=7))
    app.router.add_get("/", handler)
    async with talking(app) as peer:
        await peer.send(get_bytes("/never") * 3 + get_bytes("/slow"))
        for _ in range(4):
            await peer.read_response()
        await peer.send(last())
        await peer.read_all()
    assert [seconds for _, seconds in seen] == [None, None, None, 7, 60]
