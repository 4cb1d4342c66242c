import pytest
from support.serving import answer_to, body_of, last, status_of

from weft_web_server import (
    Application,
    Handler,
    HTTPException,
    HTTPFound,
    Request,
    Response,
    StreamResponse,
    middleware,
    normalize_path_middleware,
)
from weft_web_server.middleware import fold, is_factory


async def answer(request: Request) -> StreamResponse:
    """A handler."""
    return Response(text=request.path)


def named(name: str, calls: list[str]):  # type: ignore[no-untyped-def]  # a middleware
    @middleware
    async def layer(request: Request, handler: Handler) -> StreamResponse:
        calls.append(f"{name} in")
        response = await handler(request)
        calls.append(f"{name} out")
        return response

    return layer


async def test_order() -> None:
    calls: list[str] = []
    app = Application(middlewares=[named("first", calls), named("second", calls)])
    app.router.add_get("/", answer)
    assert body_of(await answer_to(app, last())) == b"/"
    assert calls == ["first in", "second in", "second out", "first out"]


async def test_misses_pass_through() -> None:
    @middleware
    async def translate(request: Request, handler: Handler) -> StreamResponse:
        try:
            return await handler(request)
        except HTTPException as exc:
            return Response(status=exc.status, text=f"mine {exc.status}")

    app = Application(middlewares=[translate])
    app.router.add_post("/", answer)
    assert body_of(await answer_to(app, last("/none"))) == b"mine 404"
    assert body_of(await answer_to(app, last())) == b"mine 405"


def test_folded_handler_looks_like_the_handler() -> None:
    folded = fold([named("x", [])], answer)
    assert folded.__name__ == "answer" and folded.__doc__ == "A handler."
    assert fold([], answer) is answer


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/a", "/a/"),
        ("/a?x=1", "/a/?x=1"),
        ("//a", "/a/"),
        ("/b//c", "/b/c"),
        ("//b//c?q=//", "/b/c?q=//"),
    ],
)
async def test_slashes_are_repaired(path: str, location: str) -> None:
    app = Application(middlewares=[normalize_path_middleware()])
    app.router.add_get("/a/", answer)
    app.router.add_get("/b/c", answer)
    found = await answer_to(app, last(path))
    assert status_of(found) == 308
    assert f"\r\nLocation: {location}\r\n".encode() in found
    assert status_of(await answer_to(app, last("/b/c"))) == 200
    assert status_of(await answer_to(app, last("/none"))) == 404


async def test_no_redirect_to_another_host() -> None:
    """GHSA-v6wp-4m6f-gcjg."""
    app = Application(middlewares=[normalize_path_middleware()])
    app.router.add_get("/{tail:[^/]+}/", answer)
    found = await answer_to(app, last("//evil.example"))
    assert b"\r\nLocation: /evil.example/\r\n" in found


async def test_no_redirect_to_another_host_without_merging() -> None:
    app = Application(middlewares=[normalize_path_middleware(merge_slashes=False)])
    app.router.add_get("/{tail:.+}/", answer)
    found = await answer_to(app, last("//evil.example"))
    assert b"\r\nLocation: /evil.example/\r\n" in found


@pytest.mark.parametrize(
    ("options", "path", "status"),
    [
        ({"append_slash": False}, "/a", 404),
        ({"append_slash": False}, "/b//c", 308),
        ({"merge_slashes": False}, "/a", 308),
        ({"merge_slashes": False}, "/b//c", 404),
        ({"merge_slashes": False}, "//a/", 404),
    ],
)
async def test_what_is_not_asked_for_is_not_repaired(
    options: dict[str, bool], path: str, status: int
) -> None:
    layer = normalize_path_middleware(
        append_slash=options.get("append_slash", True),
        merge_slashes=options.get("merge_slashes", True),
    )
    app = Application(middlewares=[layer])
    app.router.add_get("/a/", answer)
    app.router.add_get("/b/c", answer)
    assert status_of(await answer_to(app, last(path))) == status


async def test_removing_slashes() -> None:
    layer = normalize_path_middleware(
        append_slash=False, remove_slash=True, redirect_class=HTTPFound
    )
    app = Application(middlewares=[layer])
    app.router.add_get("/a", answer)
    found = await answer_to(app, last("/a/"))
    assert status_of(found) == 302 and b"\r\nLocation: /a\r\n" in found


async def test_what_is_no_middleware_is_refused_at_the_start() -> None:
    app = Application(middlewares=["gzip"])  # type: ignore[list-item]  # the mistake under test
    app.router.add_get("/", answer)
    with pytest.raises(TypeError, match="'gzip' is no middleware"):
        app.freeze()


def test_contradiction() -> None:
    with pytest.raises(ValueError):
        normalize_path_middleware(append_slash=True, remove_slash=True)


def factory_of(name: str, calls: list[object]):  # type: ignore[no-untyped-def]  # of the old style
    async def factory(app: Application, handler: Handler) -> Handler:
        calls.append((name, app))

        async def call(request: Request) -> StreamResponse:
            calls.append(f"{name} in")
            return await handler(request)

        return call

    return factory


async def test_factories_of_the_old_style() -> None:
    calls: list[object] = []
    app = Application(middlewares=[factory_of("outer", calls), named("new", calls)])  # type: ignore[arg-type]  # calls of both
    sub = Application(middlewares=[factory_of("inner", calls)])
    sub.router.add_get("/x", answer)
    app.add_subapp("/sub", sub)
    with pytest.warns(DeprecationWarning, match="takes an application") as warned:
        app.freeze()
    assert len(warned) == 2  # not one for each route
    assert body_of(await answer_to(app, last("/sub/x"))) == b"/sub/x"
    asked = [("outer", app), "outer in", "new in", ("inner", sub), "inner in", "new out"]
    assert calls == asked
    calls.clear()
    assert status_of(await answer_to(app, last("/none"))) == 404
    assert calls[0] == ("outer", app)


def test_what_is_a_factory() -> None:
    async def factory(app: Application, handler: Handler) -> Handler:
        return handler

    async def plain(request: Request, handler: Handler) -> StreamResponse:
        return await handler(request)

    async def more(app: Application, handler: Handler, more: int) -> Handler:
        return handler

    class Called:
        async def __call__(self, app: Application, handler: Handler) -> Handler:
            return handler

    assert is_factory(factory)
    assert is_factory(Called())
    assert not is_factory(plain)
    assert not is_factory(more)
    assert not is_factory(middleware(factory))
    assert not is_factory(dict.fromkeys)
    assert not is_factory(min)  # whose parameters nobody can tell
    assert middleware(dict.fromkeys) is not None  # which takes no mark
