"""Rows of a table: what each says of its routes, and their order."""

import functools
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.serving import answer_to, body_of, last
from yarl import URL

from weft_web_server import (
    AbstractResource,
    Application,
    Request,
    ResourceRoute,
    Response,
    RouteGroup,
    RouteOptions,
    StreamResponse,
    View,
    middleware,
)
from weft_web_server.listing import Row, describe, find_definition, list_rows

HERE = __name__
FILE = __file__


async def index(request: Request) -> Response:
    return Response(text="index")


async def other(request: Request) -> Response:
    return Response(text="other")


class Items(View):
    async def get(self) -> StreamResponse:
        return Response()

    async def post(self) -> StreamResponse:
        return Response()


class Handlers:
    async def method(self, request: Request) -> Response:
        return Response()

    async def __call__(self, request: Request) -> Response:
        return Response()


@middleware
async def pass_on(
    request: Request, handler: Callable[[Request], Awaitable[StreamResponse]]
) -> StreamResponse:
    return await handler(request)


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(request: Request) -> Any:
        return await function(request)

    return wrapper


@logged
async def decorated(request: Request) -> Response:
    return Response()


def line_of(text: str) -> int:
    lines = Path(FILE).read_text().split("\n")
    return next(number for number, line in enumerate(lines, 1) if line.startswith(text))


def shorten(app: Application) -> list[str]:
    return [f"{','.join(row.methods)} {row.host or ''}{row.path}" for row in list_rows(app)]


def only(app: Application) -> Row:
    (row,) = list_rows(app)
    return row


def test_everything_of_a_row() -> None:
    app = Application()
    options = RouteOptions(timeout=5)
    app.router.add_get(
        "/notes/{id:[0-9]+}", index, name="n", middlewares=[pass_on], options=options
    )
    assert only(app) == Row(
        host=None,
        methods=("GET", "HEAD"),
        path="/notes/{id:[0-9]+}",
        name="n",
        handler=f"{HERE}.index",
        file=FILE,
        line=line_of("async def index"),
        middlewares=(f"{HERE}.pass_on",),
        options={"timeout": 5},
    )


def test_methods_with_one_handler_make_one_row() -> None:
    app = Application()
    resource = app.router.add_resource("/a")
    resource.add_route("PUT", index)
    resource.add_route("DELETE", other)
    resource.add_route("PATCH", index)
    resource.add_route("*", other)
    resource = app.router.add_resource("/b")
    resource.add_route("PUT", index)
    resource.add_route("PATCH", index, middlewares=[pass_on])
    assert shorten(app) == ["PATCH,PUT /a", "*,DELETE /a", "PUT /b", "PATCH /b"]


def test_view_has_the_methods_that_it_has() -> None:
    app = Application()
    app.router.add_view("/items", Items)
    row = only(app)
    assert row.methods == ("GET", "POST") and row.handler == f"{HERE}.Items"
    assert (row.file, row.line) == (FILE, line_of("class Items"))


def test_static_files(tmp_path: Path) -> None:
    app = Application()
    line = line_of("    app.router.add_static(")
    app.router.add_static("/static", tmp_path, name="static")
    row = only(app)
    assert (row.methods, row.path, row.name) == (("GET", "HEAD"), "/static/{filename}", "static")
    assert row.handler == f"files of {tmp_path.resolve()}"
    assert (row.file, row.line) == (FILE, line)  # where the directory was added


def test_group() -> None:
    app = Application()
    group = RouteGroup("/api", name="api", middlewares=[pass_on])
    group.put("/notes/{id!int}", name="note")(index)
    app.add_routes(group)
    row = only(app)
    assert (row.path, row.name) == ("/api/notes/{id!int}", "api.note")
    assert row.middlewares == (f"{HERE}.pass_on",)


def test_longest_beginning_first_then_the_order_of_adding() -> None:
    app = Application()
    for path in ("/", "/{tail:.*}", "/b/{x}", "/b/{x}/c", "/b/x", "/v{x}", "/a/x", "/b/x/{y}"):
        app.router.add_put(path, index)
    assert shorten(app) == [
        "PUT /b/x",
        "PUT /a/x",
        "PUT /b/x/{y}",
        "PUT /b/{x}",
        "PUT /b/{x}/c",
        "PUT /",
        "PUT /{tail:.*}",
        "PUT /v{x}",
    ]


def test_sub_applications_stand_where_their_prefix_stands() -> None:
    inner, middle, app = Application(), Application(), Application()
    inner.router.add_put("/{x}", index, name="one")
    middle.router.add_put("/{x}", index)
    middle.add_subapp("/inner", inner)
    app.router.add_put("/{x}", index)
    app.router.add_put("/middle/inner/deep/er", index)
    app.add_subapp("/middle", middle)
    assert shorten(app) == [
        "PUT /middle/inner/deep/er",
        "PUT /middle/inner/{x}",
        "PUT /middle/{x}",
        "PUT /{x}",
    ]


def test_hosts_come_first_in_the_order_of_adding() -> None:
    app, first, second, below = (Application() for _ in range(4))
    for each in (app, first, second, below):
        each.router.add_put("/x", index)
    app.router.add_put("/much/longer", index)
    second.add_subapp("/below", below)
    app.add_domain("*.example.com", first)
    app.add_domain("www.example.com", second)
    assert shorten(app) == [
        "PUT *.example.com/x",
        "PUT www.example.com/below/x",
        "PUT www.example.com/x",
        "PUT /much/longer",
        "PUT /x",
    ]


@pytest.mark.filterwarnings("ignore::weft_web_server.UnreachableRouteWarning")
async def test_the_order_is_that_of_answering() -> None:
    """The first row that takes a path is the one that answers."""
    app, below = Application(), Application()
    paths = ["/{tail:.*}", "/a/{x}", "/a/b", "/{x}/b", "/a/{x}/c", "/a/b/{x}", "/a/b/c"]
    for index, path in enumerate(paths):
        app.router.add_get(path, answer_with(str(index)), name=f"n{index}")
    below.router.add_get("/{x}", answer_with("7"), name="n7")
    below.router.add_get("/", answer_with("8"), name="n8")
    app.add_subapp("/a/s", below)
    rows = [(re.compile(regex_of(row.path)), row.name) for row in list_rows(app)]
    assert len(rows) == 9
    for path in ("/a/b", "/a/x", "/x/b", "/a/x/c", "/a/b/c", "/a/b/x", "/q", "/a/s/", "/a/s/x"):
        first = next(name for regex, name in rows if regex.fullmatch(path))
        assert first == "n" + body_of(await answer_to(app, last(path))).decode(), path


def answer_with(text: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return Response(text=text)

    return answer


def regex_of(path: str) -> str:
    return path.replace("{tail:.*}", ".*").replace("{x}", "[^/]+")


class Own(AbstractResource):
    """A resource of somebody else."""

    canonical = "/own/{x}"

    def __init__(self) -> None:
        super().__init__(name="own")
        self._route = ResourceRoute("put", other, self)

    def get_info(self) -> dict[str, Any]:
        return {}

    def add_prefix(self, prefix: str) -> None:
        raise AssertionError("it stands in no sub-application")

    def raw_match(self, path: str) -> bool:
        return False

    async def resolve(self, request: Request) -> Any:
        return None, set()

    def url_for(self, **parts: str) -> URL:
        return URL("/own")

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[ResourceRoute]:
        return iter([self._route])


def test_a_resource_of_somebody_else() -> None:
    app = Application()
    app.router.register_resource(Own())
    row = only(app)
    assert (row.methods, row.path, row.name) == (("PUT",), "/own/{x}", "own")


@pytest.mark.parametrize(
    ("handler", "name", "start"),
    [
        (index, "index", "async def index"),
        (decorated, "decorated", "@logged"),
        (Handlers(), "Handlers", "class Handlers"),
        (Handlers().method, "Handlers.method", "    async def method"),
        (Items, "Items", "class Items"),
    ],
)
def test_handlers(handler: Any, name: str, start: str) -> None:
    assert describe(handler) == f"{HERE}.{name}"
    assert find_definition(handler) == (FILE, line_of(start))
    part = functools.partial(functools.partial(handler), 1)
    assert describe(part) == f"partial of {HERE}.{name}"  # partials of partials are one
    assert find_definition(part) == (FILE, line_of(start))


def test_what_has_no_source() -> None:
    assert describe(print) == "builtins.print"
    assert find_definition(print) == (None, None)
    made = type("Made", (), {"__module__": "nowhere"})
    assert find_definition(made) == (None, None)


def test_a_handler_that_wraps_itself() -> None:
    async def handler(request: Request) -> Response:
        raise NotImplementedError

    handler.__wrapped__ = handler  # type: ignore[attr-defined]  # as a decorator gone wrong does
    assert find_definition(handler) == (FILE, handler.__code__.co_firstlineno)


@pytest.mark.parametrize(
    ("file", "line", "place"),
    [
        (os.path.join(os.getcwd(), "a", "b.py"), 7, os.path.join("a", "b.py") + ":7"),
        (os.path.join(os.getcwd(), "b.py"), None, "b.py"),
        (os.path.abspath(os.path.join(os.sep, "elsewhere", "b.py")), 7, None),
        (None, None, "-"),
    ],
)
def test_place(file: str | None, line: int | None, place: str | None) -> None:
    app = Application()
    app.router.add_put("/", index)
    row = attrs.evolve(only(app), file=file, line=line)
    assert row.place == (f"{file}:{line}" if place is None else place)
