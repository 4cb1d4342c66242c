import pytest
from support.serving import answer_to, last

from weft_web_server import Application, Request, Response, StreamResponse, UrlMappingMatchInfo
from weft_web_server.match import AbstractApplication


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
