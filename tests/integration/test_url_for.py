"""URLs of named routes, for the scheme and host by which the request came."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.serving import answer_to, body_of, last, status_of

from weft_web_server import (
    Application,
    Handler,
    Request,
    Response,
    StreamResponse,
    UnknownRouteName,
)

Make = Callable[[Request], object]


def telling(make: Make) -> Handler:
    async def answer(request: Request) -> StreamResponse:
        return Response(text=str(make(request)))

    return answer


def app_with(make: Make) -> Application:
    app = Application()
    app.router.add_get("/", telling(make), name="index")
    app.router.add_get("/notes/{id}/{tail:.*}", telling(make), name="note")
    app.router.add_get("/named/{name}", telling(make), name="named")
    return app


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda request: request.url_for("index"), "http://test/"),
        (lambda request: request.url_for("note", id="a b/é", tail="x/y"), "http://test/notes/a%20b%2F%C3%A9/x/y"),
        (lambda request: request.url_for("named", name="n"), "http://test/named/n"),
        (lambda request: request.url_for("index", query={"a": "b c"}), "http://test/?a=b+c"),
        (lambda request: request.url_for("index", query=[("a", 1), ("a", 2)]), "http://test/?a=1&a=2"),
        (lambda request: request.url_for("index", query="a=1"), "http://test/?a=1"),
        (
            lambda request: request.clone(scheme="https", host="other:8443").url_for("index"),
            "https://other:8443/",
        ),
    ],
)  # fmt: skip
async def test_url(make: Make, expected: str) -> None:
    found = await answer_to(app_with(make), last("/named/x?q=1"))
    assert body_of(found).decode() == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: a.example:81\r\nConnection: close\r\n\r\n", "http://a.example:81/"),
        (b"GET http://b/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "http://b/"),
    ],
)  # fmt: skip
async def test_host_of_the_request(sent: bytes, expected: str) -> None:
    found = await answer_to(app_with(lambda request: request.url_for("index")), sent)
    assert body_of(found).decode() == expected


async def test_bad_host() -> None:
    sent = b"GET / HTTP/1.1\r\nHost: a:99999\r\nConnection: close\r\n\r\n"
    app = app_with(lambda request: request.url_for("index"))
    assert status_of(await answer_to(app, sent)) == 400


async def test_version_of_a_file_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")

    def make(request: Request) -> object:
        url = request.url_for("files", filename="file", query={"a": "1"})
        return (url.path, sorted(url.query))

    app = app_with(make)
    app.router.add_static("/files", tmp_path, name="files", append_version=True)
    assert body_of(await answer_to(app, last())) == b"('/files/file', ['a', 'v'])"


async def test_names_of_the_application_at_work() -> None:
    seen: list[str] = []

    def note(request: Request, name: str) -> None:
        try:
            seen.append(request.url_for(name).path)
        except UnknownRouteName as exc:
            seen.append(str(exc))

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        note(request, "x")
        note(request, "y")
        return await handler(request)

    def make(request: Request) -> str:
        for name in ("x", "y", "z"):
            note(request, name)
        return ""

    app, sub = Application(middlewares=[layer]), Application()
    app.router.add_get("/x", telling(make), name="x")
    app.router.add_get("/z", telling(make), name="z")
    sub.router.add_get("/x", telling(make), name="x")
    sub.router.add_get("/y", telling(make), name="y")
    app.add_subapp("/sub", sub)
    await answer_to(app, last("/sub/x"))
    assert seen == ["/x", "no route is named 'y'", "/sub/x", "/sub/y", "/z"]
