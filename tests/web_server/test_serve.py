import asyncio
import gc
import weakref

import pytest
from support.serving import answer_to, get, last, status_of, talking

from weft_http_parser import (
    BodyTooLarge,
    ContentCodingError,
    MultipartError,
    ProtocolError,
    Reason,
)
from weft_web_server import (
    Application,
    HTTPNotFound,
    Request,
    RequestPayloadError,
    RequestTimeout,
    Response,
    StreamResponse,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HTTPNotFound(), 404),
        (RequestTimeout("slow"), 408),
        (RequestPayloadError("cut"), 400),
        (BodyTooLarge(5), 413),
        (ProtocolError(Reason.CHUNK_SIZE, 3), 400),
        (ProtocolError(Reason.OUT_OF_ORDER, 3), 500),
        (ContentCodingError("gzip", "corrupt"), 400),
        (MultipartError("no boundary"), 400),
        (MultipartError("too many", status=413), 413),
        (TimeoutError(), 504),
        (ValueError("secret"), 500),
    ],
    ids=lambda value: f"{value!r}"[:40],
)
async def test_status_of_errors(
    error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: Request) -> StreamResponse:
        raise error

    app = Application()
    app.router.add_get("/", handler)
    answer = await answer_to(app, last())
    assert status_of(answer) == status and b"secret" not in answer


@pytest.mark.parametrize(
    ("error", "closes"),
    [
        (RequestTimeout("slow"), True),
        (RequestPayloadError("cut"), True),
        (BodyTooLarge(5), True),
        (HTTPNotFound(), False),
        (ValueError("mine"), False),
    ],
    ids=lambda value: f"{value!r}"[:40],
)
async def test_a_connection_ends_with_the_faults_of_its_body(
    error: Exception, closes: bool
) -> None:
    async def handler(request: Request) -> StreamResponse:
        raise error

    app = Application()
    app.router.add_get("/", handler)
    async with talking(app) as peer:
        await peer.send(get())
        head, _ = await peer.read_response()
    assert (b"\r\nConnection: close\r\n" in head) is closes


async def test_an_error_that_its_request_knows_is_no_circle() -> None:
    errors: list[weakref.ref[HTTPNotFound]] = []

    async def handler(request: Request) -> StreamResponse:
        error = request["error"] = HTTPNotFound(text="none")
        errors.append(weakref.ref(error))
        raise error

    app = Application()
    app.router.add_get("/", handler)
    gc.disable()
    try:
        assert status_of(await answer_to(app, last())) == 404
        assert errors[0]() is None
    finally:
        gc.enable()


async def test_an_error_of_a_middleware_is_answered() -> None:
    async def broken(request: Request, handler: object) -> StreamResponse:
        raise RuntimeError("broken")

    answer = await answer_to(Application(middlewares=[broken]), last())
    assert status_of(answer) == 500


async def test_a_hook_that_fails_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Request, response: StreamResponse) -> None:
        raise ValueError

    app = Application()
    app.on_response_prepare.append(fail)
    try:
        answer = await answer_to(app, last())
    except ConnectionResetError:
        answer = b""
    assert answer == b""
    assert "failed too" in caplog.text


async def test_another_response_than_the_prepared_one(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request) -> StreamResponse:
        await StreamResponse().prepare(request)
        return Response(text="another")

    app = Application()
    app.router.add_get("/", handler)
    try:
        answer = await answer_to(app, last())
    except ConnectionResetError:
        answer = b""
    assert b"another" not in answer
    assert "return the prepared one" in str(caplog.records[0].exc_info)


async def test_timeout_of_a_handler(caplog: pytest.LogCaptureFixture) -> None:
    async def slow(request: Request) -> StreamResponse:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
        return Response()

    app = Application()
    app.router.add_get("/", slow)
    assert status_of(await answer_to(app, last())) == 504
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert record.exc_info and record.exc_info[0] is TimeoutError
