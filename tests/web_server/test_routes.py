from pathlib import Path

import pytest
from support.serving import answer_to, body_of, last, status_of

from weft_web_server import (
    Application,
    Request,
    Response,
    RouteTableDef,
    StreamResponse,
    View,
    delete,
    get,
    head,
    options,
    patch,
    post,
    put,
    route,
    static,
    view,
)


async def answer(request: Request) -> StreamResponse:
    return Response(text=f"{request.method} {request.path}")


METHODS = {"DELETE": delete, "HEAD": head, "OPTIONS": options, "PATCH": patch, "POST": post}


async def test_definitions() -> None:
    app = Application()
    definitions = [make(f"/{method}", answer) for method, make in METHODS.items()]
    added = app.add_routes([*definitions, put("/PUT", answer), route("TRACE", "/TRACE", answer)])
    assert [each.method for each in added] == [*METHODS, "PUT", "TRACE"]
    for method in [*METHODS, "PUT", "TRACE"]:
        found = await answer_to(app, last(f"/{method}", method=method))
        expected = b"" if method == "HEAD" else f"{method} /{method}".encode()
        assert body_of(found) == expected and status_of(found) == 200


async def test_get_answers_head() -> None:
    app = Application()
    app.add_routes([get("/a", answer), get("/b", answer, allow_head=False)])
    assert status_of(await answer_to(app, last("/a", method="HEAD"))) == 200
    assert status_of(await answer_to(app, last("/b", method="HEAD"))) == 405


async def test_table(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    routes = RouteTableDef()

    @routes.get("/get", name="named")
    async def handler(request: Request) -> StreamResponse:
        return await answer(request)

    for decorate in (routes.post, routes.put, routes.patch, routes.delete, routes.options):
        assert decorate("/get")(handler) is handler
    routes.head("/head")(handler)
    routes.route("LOCK", "/get")(handler)

    @routes.view("/view")
    class AView(View):
        async def get(self) -> StreamResponse:
            return Response(text="view")

    routes.static("/static", tmp_path)
    assert len(routes) == 10 and routes[0] in routes and len(routes[1:3]) == 2
    assert repr(routes) == "<RouteTableDef count=10>"
    app = Application()
    assert len(app.router.add_routes(routes)) == 11
    assert app.router["named"].canonical == "/get"
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "LOCK"):
        found = await answer_to(app, last("/get", method=method))
        assert body_of(found) == f"{method} /get".encode()
    assert body_of(await answer_to(app, last("/view"))) == b"view"
    assert body_of(await answer_to(app, last("/static/file"))) == b"content"


def test_repr() -> None:
    assert repr(get("/", answer)) == "<RouteDef GET / -> 'answer', allow_head=True, name=None>"
    assert repr(static("/a", "/b")) == "<StaticDef /a -> /b>"
    assert view("/", View).method == "*"


def test_something_else() -> None:
    with pytest.raises(TypeError, match="is no route definition"):
        Application().add_routes([5])  # type: ignore[list-item]  # the mistake under test
