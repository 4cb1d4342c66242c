import pytest
from support.serving import answer_to, body_of, get, last, post, talking

from weft_web_server import Application, ContentCoding, Request, Response, StreamResponse


def app_with(handler) -> Application:  # type: ignore[no-untyped-def]  # any handler
    app = Application()
    app.router.add_route("*", "/", handler)
    return app


async def test_one_answer_for_a_request() -> None:
    async def handler(request: Request) -> StreamResponse:
        first = StreamResponse()
        writer = await first.prepare(request)
        assert await first.prepare(request) is writer
        with pytest.raises(RuntimeError, match="one response only"):
            await StreamResponse().prepare(request)
        with pytest.raises(RuntimeError, match="after the head was sent"):
            first.set_status(500)
        with pytest.raises(RuntimeError, match="after the head was sent"):
            first.set_cookie("a", "b")
        with pytest.raises(RuntimeError, match="after the head was sent"):
            first.force_close()
        assert first.prepared and first.keep_alive is False and first.task is request.task
        await first.write(b"ab")
        await first.drain()
        assert first.body_length == first.output_length == 2
        await first.write_eof(b"c")
        await first.write_eof()
        with pytest.raises(RuntimeError, match="after write_eof"):
            await first.write(b"d")
        return first

    answer = await answer_to(app_with(handler), last())
    assert body_of(answer) == b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


async def test_hooks_may_not_answer() -> None:
    caught: list[str] = []

    async def meddle(request: Request, response: StreamResponse) -> None:
        if not caught:
            caught.append("once")
            await Response(text="meddled").prepare(request)

    async def handler(request: Request) -> StreamResponse:
        response = StreamResponse()
        with pytest.raises(RuntimeError, match="on_response_prepare"):
            await response.prepare(request)
        caught.append("refused")
        raise ValueError

    app = app_with(handler)
    app.on_response_prepare.append(meddle)
    try:
        await answer_to(app, last())
    except ConnectionResetError:
        pass
    assert caught == ["once", "refused"]


async def test_writing_to_a_client_that_is_gone() -> None:
    async def handler(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        with pytest.raises(ConnectionResetError):
            while True:
                await response.write(b"x" * 100_000)
        raise ConnectionResetError

    async with talking(app_with(handler)) as peer:
        await peer.send(get())
        try:
            await peer.read_all()
        except ConnectionResetError:
            pass


async def test_payload_and_declared_length() -> None:
    async def handler(request: Request) -> StreamResponse:
        return Response(body="text as a payload")

    answer = await answer_to(app_with(handler), last())
    assert b"\r\nContent-Length: 17\r\n" in answer and body_of(answer) == b"text as a payload"
    assert body_of(await answer_to(app_with(handler), last(method="HEAD"))) == b""


async def test_chunks_of_a_whole_response() -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response(text="abc")
        response.enable_chunked_encoding()
        return response

    assert body_of(await answer_to(app_with(handler), last())) == b"3\r\nabc\r\n0\r\n\r\n"


async def test_a_hook_may_not_answer_for_a_response_that_was_returned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def meddle(request: Request, response: StreamResponse) -> None:
        if response.status == 200:
            await Response(status=201).prepare(request)

    async def handler(request: Request) -> StreamResponse:
        return Response(text="x")

    app = app_with(handler)
    app.on_response_prepare.append(meddle)
    try:
        await answer_to(app, last())
    except ConnectionResetError:
        pass
    assert "a response was prepared while on_response_prepare was at work" in caplog.text


async def test_one_answer_although_the_first_is_still_coded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response(text="x" * 100_000)
        response.enable_compression(ContentCoding.gzip)

        async def answer() -> None:
            await Response(text="other").prepare(request)

        request.app.tasks.create_task(answer())
        return response

    try:
        await answer_to(app_with(handler), last())
    except ConnectionResetError:
        pass
    assert "another response was prepared meanwhile" in caplog.text


async def test_a_response_without_a_body_wishes_for_nothing() -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response()
        response.enable_compression()
        return response

    answer = await answer_to(app_with(handler), last("/", "Accept-Encoding: gzip"))
    assert b"Content-Encoding" not in answer and b"\r\nContent-Length: 0\r\n" in answer


async def test_content_behind_read_is_at_its_end() -> None:
    async def handler(request: Request) -> StreamResponse:
        whole = await request.read()
        assert request.content.at_eof() and await request.content.read() == b""
        await request.release()
        return Response(body=whole)

    assert body_of(await answer_to(app_with(handler), post("/", b"abc"))) == b"abc"
