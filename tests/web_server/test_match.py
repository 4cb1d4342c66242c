import pytest
from support.serving import answer_to, last

from weft_web_server import (
    AbstractRoute,
    Application,
    Handler,
    HTTPNotFound,
    Request,
    Response,
    StreamResponse,
    SystemRoute,
    UrlMappingMatchInfo,
)
from weft_web_server.match import AbstractApplication, FoundByUser


async def answer(request: Request) -> StreamResponse:
    return Response()


async def test_match_info() -> None:
    found: list[UrlMappingMatchInfo] = []

    async def handler(request: Request) -> StreamResponse:
        found.append(request.match_info)
        return Response()

    app, sub = Application(), Application()
    route = sub.router.add_get("/{name}", handler, name="one")
    app.add_subapp("/sub", sub)
    await answer_to(app, last("/sub/x"))
    (match,) = found
    assert match == {"name": "x"} and match.route is route and match.handler is handler
    assert match.apps == (app, sub) and match.current_app is sub
    assert match.http_exception is None
    assert match.expect_handler == route.handle_expect_header
    assert match.route.name == "one" and match.get_info()["formatter"] == "/sub/{name}"
    assert "MatchInfo" in repr(match)


async def test_an_application_is_abstract_to_requests() -> None:
    class Bare(AbstractApplication):
        _store = None

    bare = Bare()
    for name in ("router", "logger", "debug"):
        with pytest.raises(NotImplementedError):
            getattr(bare, name)
    with pytest.raises(NotImplementedError):
        await bare.leads_somewhere(None, "/")  # type: ignore[arg-type]  # nothing looks at it


def test_a_match_made_by_hand() -> None:
    app, sub, other = Application(), Application(), Application()
    route = app.router.add_get("/{a}", answer)
    match = UrlMappingMatchInfo({"a": "b"}, route)
    assert match == {"a": "b"} and len(match.apps) == 0
    assert match.handler is answer and match.get_info() == route.get_info()
    assert match.expect_handler == route.handle_expect_header
    with pytest.raises(RuntimeError, match="no application is known"):
        assert match.current_app
    # From the inside outwards; at work is the inmost one.
    match.add_app(sub)
    match.add_app(app)
    assert list(match.apps) == [app, sub] and match.current_app is sub
    match.current_app = app
    assert match.current_app is app
    match.freeze()
    with pytest.raises(RuntimeError, match="after freeze"):
        match.add_app(other)
    match["c"] = "d"
    assert dict(match) == {"a": "b", "c": "d"}


def test_a_miss() -> None:
    error = HTTPNotFound()
    match = UrlMappingMatchInfo({}, SystemRoute(error))
    assert match.http_exception is error and repr(match) == "<MatchInfoError 404: Not Found>"


async def test_the_match_of_a_request_is_one_object() -> None:
    """What is set in it stays, and `request.app` is the application at work in it."""
    seen: list[object] = []

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        request.match_info["more"] = "text"
        seen.append(request.match_info.current_app)
        response = await handler(request)
        request.match_info.current_app = sub
        seen.append(request.app)
        return response

    async def handler(request: Request) -> StreamResponse:
        assert request.match_info is request.match_info
        copy = request.clone()
        assert isinstance(copy, Request) and copy.match_info == {"name": "x"}
        seen.extend([request.match_info["more"], request.match_info.current_app])
        return Response()

    app, sub = Application(middlewares=[layer]), Application()
    sub.router.add_get("/{name}", handler)
    app.add_subapp("/sub", sub)
    await answer_to(app, last("/sub/x"))
    assert seen == [app, "text", sub, sub]


def test_values_of_what_a_user_has_found() -> None:
    router = Application().router
    typed = router.add_get("/{a!int}/{b}", answer)
    assert FoundByUser({"a": "7", "b": "8"}, typed).values == {"a": 7, "b": "8"}
    assert FoundByUser({"a": "7"}, AbstractRoute("GET", answer)).values == {"a": "7"}
