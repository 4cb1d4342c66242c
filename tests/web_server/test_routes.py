from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp.web
import pytest
from support.serving import answer_to, body_of, last, status_of

import weft_web_server
from weft_web_server import (
    AbstractRouteDef,
    Application,
    Request,
    Response,
    RouteDef,
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


def filled(web: Any) -> Any:
    """A table of one of the two packages."""
    routes = web.RouteTableDef()
    routes.get("/a")(answer)
    routes.get("/b", name="b", allow_head=False)(answer)
    routes.post("/a", name="c", expect_handler=answer)(answer)
    routes.route("get", "/d")(answer)
    routes.view("/v")(object)
    routes.static("/s", "/directory", show_index=True, name="s")
    return routes


def outcome(call: Callable[[], object]) -> object:
    try:
        return repr(call())
    except Exception as exc:
        return type(exc)


SAME: dict[str, Callable[[Any], object]] = {
    "repr of a table": filled,
    "repr of an empty table": lambda web: web.RouteTableDef(),
    "reprs": lambda web: list(filled(web)),
    "reversed": lambda web: list(reversed(filled(web))),
    "slices": lambda web: (filled(web)[1:3], filled(web)[::2], filled(web)[-1], filled(web)[9:]),
    "type of a slice": lambda web: type(filled(web)[:1]),
    "an index too far": lambda web: filled(web)[6],
    "length and truth": lambda web: (len(filled(web)), bool(web.RouteTableDef())),
    "in": lambda web: (filled(web)[2] in filled(web), 5 in filled(web)),
    "count and index": lambda web: (filled(web).count(filled(web)[1]), filled(web).index(filled(web)[3])),
    "index of something else": lambda web: filled(web).index(5),
    "append": lambda web: filled(web).append(5),
    "equality of tables": lambda web: (filled(web) == filled(web), web.RouteTableDef() == []),
    "decorators": lambda web: web.RouteTableDef().get("/")(answer) is answer,
    "static gives nothing": lambda web: web.RouteTableDef().static("/", "/"),
    "kwargs of get": lambda web: web.get("/", answer).kwargs,
    "kwargs of post": lambda web: web.post("/", answer, name="n").kwargs,
    "kwargs of static": lambda web: web.static("/", "/d", name="n", show_index=True).kwargs,
    "functions": lambda web: [
        make("/x", answer, name="n")
        for make in (web.get, web.head, web.options, web.post, web.put, web.patch, web.delete, web.view)
    ],
    "route": lambda web: web.route("LOCK", "/", answer, name="n"),
    "static": lambda web: (web.static("/s", Path("/d")), web.static("/s", "/d", b=1, a=2)),
    "equality": lambda web: [
        web.post("/", answer) == other
        for other in (web.post("/", answer), web.put("/", answer), web.post("/", answer, name="n"), 5)
    ],
    "equality of static": lambda web: web.static("/", "/d") == web.static("/", "/d"),
    "hash": lambda web: hash(web.get("/", answer)),
    "hash of static": lambda web: hash(web.static("/", "/d")),
    "made by hand": lambda web: web.RouteDef("PUT", "/", answer, {"name": "n"}),
    "made by hand, without kwargs": lambda web: web.RouteDef("PUT", "/", answer),
    "changed": lambda web: setattr(web.get("/", answer), "path", "/b"),
    "abstract": lambda web: web.AbstractRouteDef(),
    "bases": lambda web: [
        [base.__name__ for base in kind.__mro__]
        for kind in (web.AbstractRouteDef, web.RouteDef, web.StaticDef, web.RouteTableDef)
    ],
    "methods of added routes": lambda web: [
        (route.method, route.resource.canonical)
        for route in web.Application().add_routes([*filled(web)[:4], web.get("/e", answer)])
    ],
    "a table in a list": lambda web: bool(web.Application().add_routes([filled(web)])) and 5 / 0,
    "a definition for a list": lambda web: web.Application().add_routes(web.get("/", answer)),
    "an unknown keyword": lambda web: web.Application().add_routes([web.get("/", answer, nothing=1)]),
    "HEAD of a POST": lambda web: web.Application().add_routes([web.post("/", answer, allow_head=True)]),
}  # fmt: skip

REFUSED_OTHERWISE = {"a table in a list"}  # TypeError, with a text that says what to do


@pytest.mark.parametrize("name", SAME)
def test_like_aiohttp(name: str) -> None:
    ours = outcome(lambda: SAME[name](weft_web_server))
    theirs = outcome(lambda: SAME[name](aiohttp.web))
    if name in REFUSED_OTHERWISE:
        assert (ours, theirs) == (TypeError, AttributeError)
    else:
        assert ours == theirs


def test_handler_without_a_name() -> None:
    class Answering:
        async def __call__(self, request: Request) -> StreamResponse:
            return await answer(request)

        def __repr__(self) -> str:
            return "answering"

    assert repr(RouteDef("PUT", "/", Answering(), {})) == "<RouteDef PUT / -> 'answering'>"


def test_places(tmp_path: Path) -> None:
    routes = RouteTableDef()
    routes.put("/a")(answer)
    by_hand = RouteDef("PUT", "/c", answer, {})
    directory = static("/d", tmp_path)
    definitions = [*routes, put("/b", answer), by_hand, directory]
    added = Application().add_routes(definitions)
    first = test_places.__code__.co_firstlineno
    for made, offset in zip(added, (2, 5, 6, 4, 4), strict=True):
        assert made.place is not None
        assert (made.place.file, made.place.line - first) == (__file__, offset)
    assert by_hand.place is None and routes[0] == RouteDef("PUT", "/a", answer, {})


def test_middlewares_are_kept_for_both_routes_of_a_get(tmp_path: Path) -> None:
    async def layer(request: Request, handler: Any) -> StreamResponse:
        raise AssertionError("is not called")

    routes = RouteTableDef()
    routes.get("/b", middlewares=iter([layer]))(answer)
    app = Application()
    app.add_routes([get("/a", answer, middlewares=iter([layer])), *routes])
    app.router.add_get("/c", answer, middlewares=iter([layer]))
    app.add_routes([static("/d", tmp_path, middlewares=iter([layer]))])
    app.router.add_static("/e", tmp_path, middlewares=iter([layer]))
    assert [made.middlewares for made in app.router.routes()] == [(layer,)] * 10


def test_something_else() -> None:
    with pytest.raises(TypeError, match="is no route definition"):
        Application().add_routes([5])  # type: ignore[list-item]  # the mistake under test
    assert not isinstance(RouteTableDef(), AbstractRouteDef)
