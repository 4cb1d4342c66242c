"""What aiohttp's FAQ and its page on concepts say of routes, checked over real sockets.

And the label that metrics give to a request: few for any number of paths.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
from support.serving import answer_to, body_of, last, status_of

from weft import web
from weft_web_server import Handler

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "QUERY"]
MODULE = """
from weft import web
from weft_web_server import Handler

routes = web.RouteTableDef()

@routes.get("/")
async def index(request):
    return web.Response(text="index")

@routes.post("/")
async def store(request):
    return web.Response(status=500, text="no space")

@routes.get("/users/{name}")
async def user(request):
    return web.Response(text="user " + request.match_info["name"])
"""


async def answer(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.method} {dict(request.match_info)}")


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """A module of routes, imported while no loop runs and no application is there."""
    file = tmp_path / "routes_of_a_user.py"
    file.write_text(MODULE)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


async def test_a_table_is_made_before_any_application(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    routes = web.RouteTableDef()
    for name in ("get", "post", "put", "patch", "delete", "head", "options"):
        getattr(routes, name)("/" + name)(answer)
    routes.route("LOCK", "/route")(answer)
    routes.static("/static", tmp_path)

    @routes.view("/view")
    class Whole(web.View):
        async def put(self) -> web.Response:
            return web.Response(text="view")

    app = web.Application()
    app.add_routes(routes)
    for name in ("get", "post", "put", "patch", "delete", "options"):
        found = await answer_to(app, last("/" + name, method=name.upper()))
        assert body_of(found) == f"{name.upper()} {{}}".encode()
    assert status_of(await answer_to(app, last("/head", method="HEAD"))) == 200
    assert body_of(await answer_to(app, last("/route", method="LOCK"))) == b"LOCK {}"
    assert body_of(await answer_to(app, last("/static/file"))) == b"content"
    assert body_of(await answer_to(app, last("/view", method="PUT"))) == b"view"


async def test_both_ways_of_adding_a_table_give_back_its_routes(module: ModuleType) -> None:
    for through in ("application", "router"):
        app = web.Application()
        adder = app if through == "application" else app.router
        added = adder.add_routes(module.routes)
        assert [(route.method, route.handler) for route in added] == [
            ("GET", module.index),
            ("POST", module.store),
            ("GET", module.user),
        ]
        assert all(route in app.router.routes() for route in added)
        assert body_of(await answer_to(app, last("/"))) == b"index"


async def test_adding_a_table_makes_its_routes_reachable(module: ModuleType) -> None:
    app = web.Application()
    app.add_routes(module.routes)
    assert body_of(await answer_to(app, last("/users/Ada"))) == b"user Ada"


def test_a_decorator_gives_the_function_back_unchanged() -> None:
    async def handler(request: web.Request) -> web.Response:
        """Mine."""
        return await answer(request)

    routes = web.RouteTableDef()
    before = (handler.__dict__.copy(), handler.__doc__, inspect.signature(handler))
    assert routes.get("/")(handler) is handler
    assert (handler.__dict__, handler.__doc__, inspect.signature(handler)) == before


async def test_method_and_path_choose_the_handler(module: ModuleType) -> None:
    app = web.Application()
    app.add_routes(module.routes)
    assert body_of(await answer_to(app, last("/"))) == b"index"
    stored = await answer_to(app, last("/", "Content-Length: 0", method="POST"))
    assert status_of(stored) == 500
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in stored
    assert body_of(stored) == b"no space"
    assert status_of(await answer_to(app, last("/", method="DELETE"))) == 405


async def test_a_star_and_a_tail_take_every_method_and_path_below() -> None:
    app = web.Application()
    app.router.add_route("*", "/path/to/{tail:.+}", answer)
    for method in METHODS:
        found = await answer_to(app, last("/path/to/a/b%20c", method=method))
        assert body_of(found) == f"{method} {{'tail': 'a/b c'}}".encode()
    for method in ("GET", "PURGE"):
        assert status_of(await answer_to(app, last("/path/to/", method=method))) == 404
    assert status_of(await answer_to(app, last("/path/to"))) == 404


def test_add_route_takes_method_path_handler_in_this_order() -> None:
    app = web.Application()
    route = app.router.add_route("PUT", "/path", answer)
    assert route.resource is not None
    assert (route.method, route.resource.canonical, route.handler) == ("PUT", "/path", answer)


async def test_a_sub_application_answers_below_its_prefix_only() -> None:
    app, sub = web.Application(), web.Application()
    sub.router.add_get("/x", answer)
    app.add_subapp("/sub", sub)
    assert status_of(await answer_to(app, last("/sub/x"))) == 200
    for path in ("/x", "/subx", "/sub", "/sub/sub/x", "/other/sub/x", "/sub/x/"):
        assert status_of(await answer_to(app, last(path))) == 404


async def test_a_sub_application_does_not_see_the_values_of_its_parent() -> None:
    secret, copied = web.AppKey("secret", str), web.AppKey("copied", str)
    seen: list[object] = []

    async def look(request: web.Request) -> web.Response:
        with pytest.raises(KeyError):
            request.app[secret]
        seen.append((request.app[copied], request.config_dict[secret]))
        return web.Response()

    app, sub = web.Application(), web.Application()
    app[secret] = "secret"
    app[copied] = sub[copied] = "copied"
    sub.router.add_get("/", look)
    app.add_subapp("/sub", sub)
    assert status_of(await answer_to(app, last("/sub/"))) == 200
    assert seen == [("copied", "secret")]


async def test_a_cleanup_context_of_the_parent_fills_keys_of_a_sub_application() -> None:
    key = web.AppKey("key", str)
    events: list[str] = []

    async def first(app: web.Application) -> AsyncIterator[None]:
        sub[key] = "filled"
        yield
        events.append("first ended")

    async def second(app: web.Application) -> AsyncIterator[None]:
        yield
        events.append("second ended")

    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=request.app[key])

    app, sub = web.Application(), web.Application()
    sub.router.add_get("/", tell)
    app.add_subapp("/sub", sub)
    app.cleanup_ctx.extend([first, second])
    assert body_of(await answer_to(app, last("/sub/"))) == b"filled"
    assert events == ["second ended", "first ended"]


async def test_a_resource_is_a_label_for_any_number_of_paths(tmp_path: Path) -> None:
    labels: list[str | None] = []

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        labels.append(None if resource is None else resource.canonical)
        return await handler(request)

    app, sub, domain = web.Application(middlewares=[count]), web.Application(), web.Application()
    app.router.add_get("/plain", answer)
    app.router.add_get(r"/{kind}/{number:\d+}-{rest:.*}", answer)
    app.router.add_static("/files", tmp_path)
    sub.router.add_get("/{x}", answer)
    domain.router.add_get("/of/{domain}", answer)
    app.add_subapp("/sub", sub)
    app.add_domain("*.example.com", domain)
    for path, host, label in (
        ("/plain?q=1", "a", "/plain"),
        ("/users/1-a/b", "a", "/{kind}/{number}-{rest}"),
        ("/teams/2-", "b", "/{kind}/{number}-{rest}"),
        ("/files/a/b%20c", "a", "/files"),
        ("/files", "a", "/files"),
        ("/sub/a%2Fb", "a", "/sub/{x}"),
        ("/of/a", "a.example.com", "/of/{domain}"),
        ("/of/b", "b.a.example.com:80", "/of/{domain}"),
        ("/nothing/here", "a", None),
        ("/sub/a/b", "a", None),
        ("/plain", "a.example.com", None),
    ):
        await answer_to(app, last(path).replace(b"Host: test", f"Host: {host}".encode()))
        assert labels.pop() == label
    await answer_to(app, last("/plain", method="DELETE"))
    assert labels == [None]
