import pytest
from support.serving import answer_to, body_of, last, status_of

from weft_web_server import (
    Application,
    DynamicResource,
    Handler,
    HTTPMethodNotAllowed,
    HTTPNotFound,
    Request,
    Response,
    StreamResponse,
    UrlMappingMatchInfo,
)
from weft_web_server.compose import build_table
from weft_web_server.resolving import find_inside, to_miss


async def answer(request: Request) -> StreamResponse:
    return Response(text=request.path)


def noting(calls: list[object]):  # type: ignore[no-untyped-def]  # a middleware
    async def note(request: Request, handler: Handler) -> StreamResponse:
        calls.append(request.app)
        response = await handler(request)
        calls.append(request.app)
        return response

    return note


async def test_each_middleware_sees_its_application() -> None:
    calls: list[object] = []
    app = Application(middlewares=[noting(calls)])
    sub = Application(middlewares=[noting(calls)])
    inner = Application(middlewares=[noting(calls)])
    inner.router.add_get("/x", answer)
    sub.add_subapp("/inner", inner)
    app.add_subapp("/sub", sub)
    assert body_of(await answer_to(app, last("/sub/inner/x"))) == b"/sub/inner/x"
    assert calls == [app, sub, inner, inner, sub, app]


async def test_application_at_work_without_outer_middlewares() -> None:
    calls: list[object] = []
    app, sub = Application(), Application(middlewares=[noting(calls)])
    sub.router.add_get("/x", answer)
    app.add_subapp("/sub", sub)
    await answer_to(app, last("/sub/x"))
    assert calls == [sub, sub]


async def test_misses_below_a_prefix_are_the_sub_applications() -> None:
    calls: list[object] = []
    app, sub = Application(), Application(middlewares=[noting(calls)])
    sub.router.add_post("/x", answer)
    app.router.add_get("/{tail:.*}", answer)
    app.add_subapp("/sub", sub)
    for path, status, allowed in (
        ("/sub/none", 404, None),
        ("/sub", 404, None),
        ("/sub/x", 405, b"POST"),
    ):
        found = await answer_to(app, last(path))
        assert status_of(found) == status
        if allowed:
            assert b"\r\nAllow: " in found and allowed in found
        assert calls == [sub]
        calls.clear()
    assert status_of(await answer_to(app, last("/other"))) == 200
    assert calls == []


async def test_sub_application_that_takes_everything() -> None:
    app, sub = Application(), Application()
    sub.router.add_route("*", "/{tail:.*}", answer)
    app.add_subapp("/sub", sub)
    assert body_of(await answer_to(app, last("/sub/x/y"))) == b"/sub/x/y"


def test_error_is_made_anew() -> None:
    app = Application()
    miss = build_table(app).miss
    first, second = (UrlMappingMatchInfo.of(to_miss(miss, "GET", ()), {}, app) for _ in "ab")
    assert isinstance(first.http_exception, HTTPNotFound)
    assert first.http_exception is not second.http_exception
    assert first.http_exception is first.http_exception  # but one for each request
    assert first.route is first.route


def test_allowed_methods() -> None:
    app = Application()
    app.router.add_post("/", answer)
    table = build_table(app)
    endpoint = find_inside(table.miss, "GET", "/")[0]
    error = UrlMappingMatchInfo.of(endpoint, {}, app).http_exception
    assert isinstance(error, HTTPMethodNotAllowed) and error.allowed_methods == {"POST"}


def test_hooks_only_where_someone_listens() -> None:
    async def hook(request: Request, response: StreamResponse) -> None: ...

    app, sub = Application(), Application()
    sub.on_response_prepare.append(hook)
    sub.router.add_get("/x", answer)
    app.router.add_get("/y", answer)
    app.add_subapp("/sub", sub)
    miss = build_table(app).miss
    hooks = {path: find_inside(miss, "GET", path)[0].hooks for path in ("/sub/x", "/y")}
    assert len(hooks["/sub/x"]) == 1
    assert hooks["/y"] == ()


@pytest.mark.parametrize("path", ["/sub/x"])
async def test_prefix_in_urls(path: str) -> None:
    app, sub = Application(), Application()
    sub.router.add_get("/x", answer, name="x")
    app.add_subapp("/sub/", sub)
    assert str(sub.router["x"].url_for()) == path


async def test_functions_that_are_no_coroutine_functions() -> None:
    class Answering:
        async def __call__(self, request: Request) -> StreamResponse:
            return Response(text="object")

    app = Application()
    app.router.add_get("/coroutine", lambda request: answer(request))
    app.router.add_get("/response", lambda request: Response(text="response"))  # type: ignore[arg-type,return-value]  # works all the same
    app.router.add_get("/object", Answering())
    assert body_of(await answer_to(app, last("/coroutine"))) == b"/coroutine"
    assert body_of(await answer_to(app, last("/response"))) == b"response"
    assert body_of(await answer_to(app, last("/object"))) == b"object"


class ByCall:
    async def __call__(self, request: Request) -> StreamResponse:
        return Response(text="object")


async def test_plain_functions_may_return_what_to_await_or_the_answer() -> None:
    app = Application()
    app.router.add_get("/a", lambda request: answer(request))
    app.router.add_get("/b", lambda request: Response(text="b"))  # type: ignore[arg-type, return-value]  # works, untyped
    app.router.add_get("/c", ByCall())
    assert body_of(await answer_to(app, last("/a"))) == b"/a"
    assert body_of(await answer_to(app, last("/b"))) == b"b"
    assert body_of(await answer_to(app, last("/c"))) == b"object"


class Staying(DynamicResource):
    """A resource of a user that stays where it is when its application is put below a prefix."""

    def add_prefix(self, prefix: str) -> None:
        pass


@pytest.mark.parametrize("has_neighbour", [False, True])
async def test_a_sub_application_answers_for_no_path_outside_its_prefix(
    has_neighbour: bool,
) -> None:
    app, sub = Application(), Application()
    resource = Staying("/admin/{x}")
    resource.add_route("GET", answer)
    sub.router.register_resource(resource)
    moved = sub.router.add_resource("/y")
    moved.add_route("GET", answer)
    sub.router.add_get("/z", answer)
    if has_neighbour:
        app.router.add_get("/sub/z/{x}", answer)
    app.add_subapp("/sub", sub)
    moved.add_prefix("/admin")  # once more
    for path, status in (
        ("/admin/x", 404),
        ("/admin/sub/y", 404),
        ("/subz", 404),
        ("/sub/y", 404),
        ("/sub/z", 200),
    ):
        assert status_of(await answer_to(app, last(path))) == status
