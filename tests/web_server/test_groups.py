from pathlib import Path
from typing import Any

import pytest
from support.serving import answer_to, body_of, last, post, status_of

from weft_web_server import (
    AbstractRoute,
    AbstractRouteDef,
    Application,
    Handler,
    Middleware,
    Request,
    Response,
    RouteDef,
    RouteGroup,
    RouteOptions,
    RouteTableDef,
    StreamResponse,
    View,
    get,
    group,
    route,
    static,
)


async def answer(request: Request) -> StreamResponse:
    return Response(text=f"{request.method} {request.path}")


def noting(note: str, calls: list[str]) -> Middleware:
    async def layer(request: Request, handler: Handler) -> StreamResponse:
        calls.append(note)
        return await handler(request)

    return layer


def definition(each: AbstractRouteDef) -> RouteDef:
    assert isinstance(each, RouteDef)
    return each


async def test_decorators(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    api = RouteGroup("/api/", name="api")
    for decorate in (api.get, api.post, api.put, api.patch, api.delete, api.options):
        assert decorate("/notes", name="notes")(answer) is answer
    api.head("/head")(answer)
    api.route("LOCK", "")(answer)

    @api.view("/view")
    class AView(View):
        async def get(self) -> StreamResponse:
            return Response(text="view")

    api.static("/static", tmp_path, name="files")
    assert len(api) == 10
    app = Application()
    assert len(app.add_routes(api)) == 11
    assert set(app.router) == {"api.notes", "api.files"}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        found = await answer_to(app, last("/api/notes", method=method))
        assert body_of(found) == f"{method} /api/notes".encode()
    assert body_of(await answer_to(app, last("/api", method="LOCK"))) == b"LOCK /api"
    assert status_of(await answer_to(app, last("/api/head", method="HEAD"))) == 200
    assert body_of(await answer_to(app, last("/api/view"))) == b"view"
    assert body_of(await answer_to(app, last("/api/static/file"))) == b"content"
    assert status_of(await answer_to(app, last("/notes"))) == 404


def test_is_a_sequence_of_complete_definitions() -> None:
    api = RouteGroup("/api", name="api")
    api.get("/a", name="a")(answer)
    api.post("/b")(answer)
    inner = api.group("/inner", name="v1:")
    inner.get("/c", name="c", allow_head=False)(answer)
    inner.get("")(answer)
    assert repr(api) == "<RouteGroup /api count=4, name='api'>"
    assert repr(inner) == "<RouteGroup /inner count=2, name='v1:'>"
    assert repr(RouteGroup("/")) == "<RouteGroup / count=0>"
    assert [repr(each) for each in api] == [
        "<RouteDef GET /api/a -> 'answer', name='api.a'>",
        "<RouteDef POST /api/b -> 'answer'>",
        "<RouteDef GET /api/inner/c -> 'answer', allow_head=False, name='api.v1:c'>",
        "<RouteDef GET /api/inner -> 'answer'>",
    ]
    assert api[1] == RouteDef("POST", "/api/b", answer, {}) and len(api[1:]) == 3
    assert api[-1] in api and api.index(api[2]) == 2 and api.count(api[0]) == 1
    assert RouteDef("POST", "/b", answer, {}) not in api
    assert api == api and RouteGroup() != RouteGroup()
    assert definition(inner[0]).path == "/inner/c"  # what it is by itself


def test_facts() -> None:
    layer, options = noting("", []), RouteOptions(timeout=1)
    made = group("/a", [], name="n", middlewares=[layer], options=options)
    assert (made.prefix, made.name, made.route_options) == ("/a", "n", options)
    assert made.middlewares == (layer,)
    plain = RouteGroup()
    assert (plain.prefix, plain.name, plain.middlewares) == ("", None, ())
    assert plain.route_options == RouteOptions()


async def test_middlewares_from_outside_in() -> None:
    calls: list[str] = []
    app = Application(middlewares=[noting("app", calls)])
    own = [noting("own 1", calls), noting("own 2", calls)]
    inner = group("/inner", [get("/x", answer, middlewares=iter(own))], name="inner")
    outer = RouteGroup("/outer", middlewares=[noting("outer", calls)])
    outer.get("/y", middlewares=iter(own))(answer)
    outer.get("/z")(answer)
    outer.add_routes([group("", [inner], middlewares=[noting("middle", calls)])])
    app.add_routes([get("/z", answer), outer])
    for method in ("GET", "HEAD"):
        for path, expected in {
            "/outer/inner/x": ["app", "outer", "middle", "own 1", "own 2"],
            "/outer/y": ["app", "outer", "own 1", "own 2"],
            "/outer/z": ["app", "outer"],
            "/z": ["app"],
            "/outer/none": ["app"],
        }.items():
            calls.clear()
            await answer_to(app, last(path, method=method))
            assert calls == expected


def test_options_from_inside_out() -> None:
    app = Application()
    inner = RouteGroup("/inner", options=RouteOptions(timeout=2, handler_cancellation=True))
    inner.get("/x", options=RouteOptions(timeout=3))(answer)
    inner.get("/y")(answer)
    outer = group("/outer", [inner, get("/z", answer)], options=RouteOptions(client_max_size=1))
    routes = app.add_routes([outer])
    assert [each.options for each in routes] == [
        RouteOptions(timeout=3, handler_cancellation=True, client_max_size=1),
        RouteOptions(timeout=2, handler_cancellation=True, client_max_size=1),
        RouteOptions(client_max_size=1),
    ]


async def test_prefix_with_parameters_and_reverse() -> None:
    app = Application()
    users = RouteGroup("/users/{user}", name="users-")

    @users.get("/notes/{note}", name="note")
    async def note(request: Request) -> StreamResponse:
        return Response(text=repr(dict(request.match_info)))

    app.add_routes([users])
    found = await answer_to(app, last("/users/a/notes/b"))
    assert body_of(found) == b"{'user': 'a', 'note': 'b'}"
    url = app.router["users-note"].url_for(user="u", note="n")
    assert str(url) == "/users/u/notes/n"


async def test_in_a_sub_application() -> None:
    app, sub = Application(), Application()
    sub.add_routes([group("/v1", [get("/x", answer)])])
    app.add_subapp("/sub", sub)
    assert body_of(await answer_to(app, last("/sub/v1/x"))) == b"GET /sub/v1/x"


def test_table_as_content() -> None:
    table = RouteTableDef()
    table.get("/a")(answer)
    made = group("/api", table)
    table.get("/b")(answer)  # too late
    assert [definition(each).path for each in made] == ["/api/a"]


def test_places() -> None:
    api = RouteGroup("/api")
    api.get("/a")(answer)
    api.add_routes([get("/b", answer)])
    line = test_places.__code__.co_firstlineno
    for offset, each in zip((2, 3), Application().add_routes(api), strict=True):
        assert each.place is not None
        assert (each.place.file, each.place.line) == (__file__, line + offset)


class Foreign(AbstractRouteDef):
    """A definition of somebody else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def register(self, router: Any) -> list[AbstractRoute]:
        return [
            router.add_route("POST", "/post", answer),
            router.add_get("/get", answer, name="get"),
            *router.add_static("/static", self.directory),
        ]


async def test_foreign_definitions(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    calls: list[str] = []
    inner = group("/in", [Foreign(tmp_path)], middlewares=[noting("in", calls)], name="inner")
    outer = group("/out", [inner], middlewares=[noting("out", calls)], name="out")
    app = Application()
    assert len(app.add_routes(outer)) == 4
    assert str(app.router["out.inner.get"].url_for()) == "/out/in/get"
    for sent in (
        post("/out/in/post", b""),
        last("/out/in/get"),
        last("/out/in/static/file"),
    ):
        assert status_of(await answer_to(app, sent)) == 200
    assert calls == ["out", "in"] * 3


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="'api' does not"):
        RouteGroup("api")
    with pytest.raises(TypeError, match=r"5 is no route definition; .*web\.group"):
        group("/api", [5])  # type: ignore[list-item]  # the mistake under test
    with pytest.raises(ValueError, match="a path in a group begins with a slash"):
        list(group("/api", [get("notes", answer)]))
    with pytest.raises(ValueError, match="a path in a group begins with a slash"):
        list(group("/api", [static("static", "/")]))
    with pytest.raises(ValueError, match="bad route name"):
        Application().add_routes([group("/api", [route("GET", "/", answer, name="1")], name="a")])
