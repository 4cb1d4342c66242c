"""How errors are answered, whoever finds them and whatever the client accepts."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
from support.serving import answer_to, body_of, get, last, post, status_of, talking

from weft_web_server import (
    Application,
    ErrorFacts,
    Handler,
    HTTPBadRequest,
    HTTPConflict,
    HTTPFound,
    HTTPNotFound,
    HTTPRequestEntityTooLarge,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    WebSocketResponse,
    render_error,
    render_problem,
)

BROWSER = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROBLEM = "application/problem+json"


async def fail(request: Request) -> StreamResponse:
    raise ValueError(f"secret <b>{request.query_string}</b>")


async def read(request: Request) -> StreamResponse:
    return Response(text=await request.text())


def make_app(**options: object) -> Application:
    app = Application(client_max_size=10, **options)  # type: ignore[arg-type]  # those under test
    app.router.add_get("/fail", fail)
    app.router.add_post("/read", read)
    return app


def kind_of(answer: bytes) -> str:
    head = answer.partition(b"\r\n\r\n")[0].decode()
    return next(line for line in head.split("\r\n") if line.startswith("Content-Type: "))[14:]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("X: y", "text/plain; charset=utf-8"),
        ("Accept: */*", "text/plain; charset=utf-8"),
        ("Accept: text/*", "text/plain; charset=utf-8"),
        ("Accept: image/png", "text/plain; charset=utf-8"),
        ("Accept: , ;", "text/plain; charset=utf-8"),
        (BROWSER, "text/html; charset=utf-8"),
        ("Accept: application/json", "application/problem+json; charset=utf-8"),
        ("Accept: application/problem+json", "application/problem+json; charset=utf-8"),
        ("Accept: text/html;q=0.1, application/*", "application/problem+json; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("path", ["/none", "/fail", "/read"])
async def test_form(path: str, field: str, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        answer = await answer_to(make_app(), last(path, field))
    assert kind_of(answer) == kind
    assert (b"\r\nVary: Accept\r\n" in answer) is not kind.startswith("text/plain")
    if path == "/read":
        assert b"\r\nAllow: POST\r\n" in answer


async def test_texts() -> None:
    app = make_app()
    async with talking(app) as peer:
        for path, field, body in (
            ("/none", "X: y", "404: Not Found"),
            ("/none", BROWSER, "<h1>404 Not Found</h1>\n</body>"),
            ("/read", BROWSER, "<h1>405 Method Not Allowed</h1>\n</body>"),
        ):
            await peer.send(get(path, field))
            assert body in (await peer.read_response())[1].decode()
        await peer.send(get("/none", "Accept: application/json"))
        problem = json.loads((await peer.read_response())[1])
        assert problem == {"type": "about:blank", "title": "Not Found", "status": 404}


async def test_413_has_a_detail() -> None:
    sent = post("/read", b"x" * 11, "Accept: application/json")
    answer = await answer_to(make_app(), sent)
    detail = "Maximum request body size 10 exceeded."
    assert status_of(answer) == 413 and json.loads(body_of(answer))["detail"] == detail
    sent = post("/read", b"x" * 11, BROWSER)
    assert f"<p>{detail}</p>".encode() in await answer_to(make_app(), sent)
    assert body_of(await answer_to(make_app(), post("/read", b"x" * 11))) == detail.encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nbroken<\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (last("/read", "Expect: <b>", "Content-Length: 1", method="POST"), 417),
    ],
)
async def test_every_error_has_one_renderer(sent: bytes, status: int) -> None:
    seen: list[ErrorFacts] = []

    def render(facts: ErrorFacts) -> Response:
        seen.append(facts)
        return Response(
            status=facts.status, text=f"mine: {facts.status}", headers={"X-Own": "yes"}
        )

    answer = await answer_to(make_app(render_error=render), sent)
    assert status_of(answer) == status and body_of(answer) == f"mine: {status}".encode()
    assert b"\r\nX-Own: yes\r\n" in answer and b"\r\nConnection: close\r\n" in answer
    (facts,) = seen
    assert facts.status == status and facts.exception is None
    assert (facts.request is None) is (status != 417)
    default = await answer_to(make_app(), sent)
    assert status_of(default) == status and kind_of(default).startswith("text/plain")
    assert b"<" not in default and b"xxxx" not in default
    as_problem = await answer_to(make_app(render_error=render_problem), sent)
    assert json.loads(body_of(as_problem))["status"] == status


async def test_408_too() -> None:
    app = make_app(render_error=render_problem)
    answer = await answer_to(app, b"GET / HTT", deadlines=_hasty())
    assert json.loads(body_of(answer))["status"] == 408


def _hasty() -> object:
    from weft_web_server import Deadlines

    return Deadlines(head=0.1)


async def nap(request: Request) -> StreamResponse:
    await asyncio.sleep(60)
    return Response()


async def shake_hands(request: Request) -> StreamResponse:
    await WebSocketResponse().prepare(request)
    return Response()


@pytest.mark.parametrize(
    ("handler", "fields", "status", "detail"),
    [
        (read, ("Content-Encoding: tea",), 415, "content coding not supported"),
        (nap, (), 503, "this took too long"),
        (shake_hands, (), 400, "A websocket handshake is a GET request"),
    ],
)
async def test_words_of_the_server_have_the_form_of_the_others(
    handler: Handler, fields: tuple[str, ...], status: int, detail: str
) -> None:
    app = Application(render_error=render_problem)
    app.router.add_route("*", "/", handler, options=RouteOptions(timeout=0.05))
    answer = await answer_to(app, post("/", b"x", *fields))
    assert status_of(answer) == status
    assert detail in str(json.loads(body_of(answer)).get("detail"))


async def test_what_a_handler_says_stands() -> None:
    async def own(request: Request) -> StreamResponse:
        errors = {
            "text": HTTPNotFound(text="no such note"),
            "body": HTTPBadRequest(body=b"{}", content_type="application/json"),
            "changed": HTTPConflict(),
            "move": HTTPFound("/there"),
            "large": HTTPRequestEntityTooLarge(5, text="too much"),
        }
        errors["changed"].text = "changed"
        raise errors[request.query_string]

    app = make_app()
    app.router.add_get("/own", own)
    expected = {
        "text": b"no such note",
        "body": b"{}",
        "changed": b"changed",
        "move": b"302: Found",
        "large": b"too much",
    }
    for name, body in expected.items():
        assert body_of(await answer_to(app, last(f"/own?{name}", BROWSER))) == body


async def test_middlewares_see_errors_and_what_they_add_stays() -> None:
    async def add(request: Request, handler: Handler) -> StreamResponse:
        try:
            return await handler(request)
        except HTTPNotFound as error:
            assert error.text == "404: Not Found"
            error.headers["X-Seen"] = "yes"
            error.headers["Vary"] = "Origin"
            error.set_cookie("seen", "yes")
            raise

    answer = await answer_to(make_app(middlewares=[add]), last("/none", BROWSER))
    assert b"<h1>404 Not Found</h1>" in answer and b"\r\nX-Seen: yes\r\n" in answer
    assert b"\r\nVary: Origin\r\n" in answer and b"\r\nVary: Accept\r\n" in answer
    assert b"Set-Cookie: seen=yes" in answer


async def test_a_constant_answer_of_a_renderer_stays_as_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    page = Response(status=500, text="sorry")
    app = make_app(render_error=lambda facts: page)
    for path, status in (("/none", 404), ("/fail", 500)):
        answer = await answer_to(app, last(path))
        assert (status_of(answer), body_of(answer)) == (status, b"sorry")
    assert page.status == 500 and not page.headers.get("Allow")


@pytest.mark.parametrize("is_text", [True, False])
async def test_a_renderer_that_fails(is_text: bool, caplog: pytest.LogCaptureFixture) -> None:
    def render(facts: ErrorFacts) -> Response:
        if is_text:
            raise RuntimeError("broken")

        async def produce() -> AsyncIterator[bytes]:
            yield b""

        return Response(body=produce())

    answer = await answer_to(make_app(render_error=render), last("/none"))
    assert body_of(answer) == b"404: Not Found" and "render_error() failed" in caplog.text


@pytest.mark.parametrize("field", ["X: y", BROWSER, "Accept: application/json"])
async def test_nothing_is_told_of_a_traceback(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await answer_to(make_app(), last("/fail?input", field))
    assert status_of(answer) == 500
    for told in (b"secret", b"ValueError", b"Traceback", b"input"):
        assert told not in answer
    assert "Server got itself in trouble" in answer.decode()


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("X: y", "500 Internal Server Error\n\nTraceback (most recent"),
        (BROWSER, "ValueError: secret &lt;b&gt;in&lt;/b&gt;"),
        ("Accept: application/json", '"ValueError: secret <b>in</b>\\n"'),
    ],
)
@pytest.mark.parametrize("by_loop", [True, False])
async def test_debug_mode_shows_it(
    field: str, told: str, by_loop: bool, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_debug(by_loop)
    try:
        options = {} if by_loop else {"debug": True}
        answer = await answer_to(make_app(), last("/fail?in", field), **options)
    finally:
        loop.set_debug(False)
    assert told in body_of(answer).decode()


def test_a_status_without_a_phrase() -> None:
    facts = ErrorFacts(status=499, text="499: odd", detail="odd")
    assert facts.title == "Error" and render_error(facts).text == "499: odd"
    assert json.loads(render_problem(facts).text or "")["detail"] == "odd"
