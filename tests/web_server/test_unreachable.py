"""Routes that nothing can reach are told of when an application freezes."""

import warnings
from pathlib import Path

import pytest
from support.serving import answer_to, body_of, last

from weft_routing import Router, Unreachable
from weft_web_server import (
    Application,
    Request,
    ResourceRoute,
    Response,
    RouteTableDef,
    StreamResponse,
    UnreachableRouteWarning,
    get,
    group,
    post,
    static,
)
from weft_web_server.match import Endpoint
from weft_web_server.unreachable import UnreachableRoutes


async def answer(request: Request) -> StreamResponse:
    return Response(text="first")


async def second(request: Request) -> StreamResponse:
    return Response(text="second")


def told(app: Application) -> list[warnings.WarningMessage]:
    """What freezing warns of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        app.freeze()
    assert all(each.category is UnreachableRouteWarning for each in found)
    return found


def test_both_places_are_named() -> None:
    app = Application()
    app.router.add_post("/{a}", answer)
    app.router.add_post("/{b}", second)
    (found,) = told(app)
    line = test_both_places_are_named.__code__.co_firstlineno + 2
    assert str(found.message) == (
        f"no request can reach POST /{{b}} ({__file__}:{line + 1}): POST /{{a}}"
        f" ({__file__}:{line}) takes everything before it; register it first, give it another"
        " path, or remove it"
    )
    assert (found.filename, found.lineno) == (__file__, line + 1)


def test_one_for_each_route() -> None:
    app = Application()
    app.router.add_route("*", "/{all:.*}", answer)
    app.router.add_get("/{a}", second)
    app.router.add_post("/{b}", second)
    app.router.add_put("/literal", second)  # literal before pattern
    texts = [str(each.message).split(" (")[0] for each in told(app)]
    assert texts == ["no request can reach GET and HEAD /{a}", "no request can reach POST /{b}"]


def test_any_method_in_front() -> None:
    app = Application()
    app.router.add_route("*", "/{all:.*}", answer)
    app.router.add_get("/{a}", second)
    (found,) = told(app)
    assert f": * /{{all:.*}} ({__file__}:" in str(found.message)


def test_nothing_to_tell() -> None:
    app = Application()
    app.router.add_get("/{a}", answer)
    app.router.add_post("/{a}", answer)
    app.router.add_get("/{a}/{b}", answer)
    app.router.add_get("/a", answer)
    app.router.add_get("/{tail:.*}", answer)
    app.freeze()  # warnings are errors here


async def test_the_program_runs_all_the_same() -> None:
    app = Application()
    app.add_routes([get("/{a}", answer), get("/{b}", second)])
    with pytest.warns(UnreachableRouteWarning):
        assert body_of(await answer_to(app, last("/x"))) == b"first"


def test_in_a_group() -> None:
    app = Application()
    table = RouteTableDef()
    table.post("/api/{a}")(answer)
    app.add_routes([*table, group("/api", [post("/{b}", second)])])
    (found,) = told(app)
    assert "no request can reach POST /api/{b} (" in str(found.message)
    assert found.lineno == test_in_a_group.__code__.co_firstlineno + 4


def test_within_a_sub_application_once() -> None:
    app, sub, inner = Application(), Application(), Application()
    for each in (app, sub, inner):
        each.router.add_post("/x/{a}", answer)
        each.router.add_post("/x/{b}", second)
    sub.add_subapp("/inner", inner)
    app.add_subapp("/sub", sub)
    assert len(told(app)) == 3


def test_a_route_in_two_tables_is_told_of_once() -> None:
    """In its own application and in the joined table other routes take its requests."""
    app, sub = Application(), Application()
    app.router.add_post("/sub/{a}", answer)
    for path in ("/{b}", "/{c}"):
        sub.router.add_post(path, second)
    app.add_subapp("/sub", sub)
    texts = [str(each.message) for each in told(app)]
    assert [text.split()[5] for text in texts] == ["/sub/{c}", "/sub/{b}"]


def test_static_files(tmp_path: Path) -> None:
    app = Application()
    app.router.add_get("/static/{tail:.*}", answer)
    app.add_routes([static("/static", tmp_path)])
    (found,) = told(app)
    assert "no request can reach GET and HEAD /static/{" in str(found.message)
    assert found.lineno == test_static_files.__code__.co_firstlineno + 3


def test_behind_a_sub_application() -> None:
    app, sub = Application(), Application()
    sub.router.add_get("/x", answer)
    app.add_subapp("/sub", sub)
    app.router.add_put("/sub/{a}", second)
    (found,) = told(app)
    assert "no request can reach PUT /sub/{a} (" in str(found.message)
    assert ": * of the application below /sub takes everything" in str(found.message)


def test_the_same_path_in_a_sub_application() -> None:
    app, sub, inner = Application(), Application(), Application()
    app.router.add_get("/sub/x", answer)
    app.router.add_get("/sub/inner/y", answer)
    sub.router.add_get("/x", second)
    inner.router.add_get("/y", second)
    inner.router.add_get("/z", answer)
    sub.router.add_get("/inner/z", answer)
    sub.add_subapp("/inner", inner)
    app.add_subapp("/sub", sub)
    texts = [str(each.message) for each in told(app)]
    first = test_the_same_path_in_a_sub_application.__code__.co_firstlineno
    assert [text.partition(" takes")[0] for text in texts] == [
        f"no request can reach GET and HEAD {path} ({__file__}:{first + line}):"
        f" GET and HEAD {path} ({__file__}:{first + other})"
        for path, line, other in (
            ("/sub/inner/z", 6, 7),
            ("/sub/x", 4, 2),
            ("/sub/inner/y", 5, 3),
        )
    ]


def test_unless_for_line_feeds() -> None:
    app = Application()
    app.router.add_post("/a/{tail:.*}", answer)
    app.router.add_post(r"/a/{rest:(?s:.*)}", second)
    texts = [str(each.message) for each in told(app)]
    assert all(", but for paths with a line feed; " in text for text in texts)


def test_a_route_without_a_place() -> None:
    route = Router[Endpoint]()
    app = Application()
    resource = app.router.add_resource("/{b}")
    made = ResourceRoute("POST", second, resource)
    made._place = None  # as where no program's frame is on the stack
    endpoint = Endpoint(second, made, (app,), app)
    one = route.add("POST", "/{a}", endpoint)
    two = route.add("POST", "/{b}", endpoint)
    unreachable = UnreachableRoutes()
    unreachable.note(Unreachable(two, one))
    with pytest.warns(UnreachableRouteWarning, match=r"reach POST /\{b\}: POST /\{a\} takes"):
        unreachable.warn()
