"""Applications where resources of users decide what fits, served; and misses."""

from collections.abc import Iterator

import pytest
from support.serving import answer_to, body_of, get, last, status_of
from yarl import URL

from weft_web_server import (
    AbstractResource,
    AbstractRoute,
    Application,
    Handler,
    HTTPForbidden,
    HTTPMethodNotAllowed,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    SystemRoute,
    UrlMappingMatchInfo,
    normalize_path_middleware,
    resolving,
)
from weft_web_server.compose import build_table
from weft_web_server.match import Endpoint
from weft_web_server.resolving import find_inside


async def answer(request: Request) -> StreamResponse:
    assert request.path_params == dict(request.match_info)
    return Response(text=f"{request.match_info.get('tail')} {len(request.match_info.apps)}")


async def refuse(request: Request) -> StreamResponse | None:
    return Response(status=417, text="mine") if "no" in request.headers["Expect"] else None


class Below(AbstractResource):
    """A resource of a user: all paths below a prefix, and one that nobody may see."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix
        self.route = AbstractRoute(
            "GET", answer, expect_handler=refuse, resource=self, options=RouteOptions(timeout=30)
        )

    @property
    def canonical(self) -> str:
        return self.prefix

    def add_prefix(self, prefix: str) -> None:
        self.prefix = prefix + self.prefix

    def url_for(self, **kwargs: str) -> URL:
        return URL(self.prefix)

    def get_info(self) -> dict[str, object]:
        return {}

    def raw_match(self, path: str) -> bool:
        return False

    async def resolve(self, request: Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        path = request.rel_url.raw_path
        if path == self.prefix + "/secret":
            return UrlMappingMatchInfo({}, SystemRoute(HTTPForbidden())), set()
        if not path.startswith(self.prefix + "/") or request.method != "GET":
            return None, {"GET"} if path.startswith(self.prefix + "/") else set()
        return UrlMappingMatchInfo({"tail": path[len(self.prefix) + 1 :]}, self.route), {"GET"}

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter((self.route,))


def noting(calls: list[object]):  # type: ignore[no-untyped-def]  # a middleware
    async def note(request: Request, handler: Handler) -> StreamResponse:
        calls.append(request.app)
        assert request.match_info.current_app is request.app
        response = await handler(request)
        assert request.match_info.current_app is request.app
        return response

    return note


async def test_a_resource_of_a_user_is_served() -> None:
    calls: list[object] = []
    app = Application(middlewares=[noting(calls)])
    app.router.register_resource(Below("/own"))
    app.router.add_get("/plain", answer)
    assert body_of(await answer_to(app, last("/own/a%2Fb?c=d"))) == b"a%2Fb 1"
    assert body_of(await answer_to(app, last("/plain"))) == b"None 1"
    assert status_of(await answer_to(app, last("/none"))) == 404
    assert status_of(await answer_to(app, last("/own/secret"))) == 403
    refused = await answer_to(app, last("/own/x", method="PUT"))
    assert status_of(refused) == 405 and b"\r\nAllow: GET\r\n" in refused
    assert calls == [app] * 5


async def test_in_a_sub_application_all_middlewares_run() -> None:
    calls: list[object] = []
    app, sub = Application(middlewares=[noting(calls)]), Application(middlewares=[noting(calls)])
    sub.router.register_resource(Below("/own"))
    app.add_subapp("/sub", sub)
    assert body_of(await answer_to(app, last("/sub/own/x"))) == b"x 2"
    assert status_of(await answer_to(app, last("/sub/none"))) == 404
    assert calls == [app, sub, app, sub]


async def test_the_expect_field_waits_until_the_route_is_known() -> None:
    app = Application()
    app.router.register_resource(Below("/own"))
    app.router.add_get("/plain", answer)
    assert body_of(await answer_to(app, last("/own/x", "Expect: no"))) == b"mine"
    assert body_of(await answer_to(app, last("/own/x", "Expect: yes"))) == b"x 1"
    assert status_of(await answer_to(app, last("/plain", "Expect: x"))) == 417


async def test_automatic_options_of_a_resource_of_a_user() -> None:
    app = Application(auto_options=True)
    app.router.register_resource(Below("/own"))
    found = await answer_to(app, last("/own/x", method="OPTIONS"))
    assert status_of(found) == 204 and b"\r\nAllow: GET,OPTIONS\r\n" in found


@pytest.mark.parametrize("of_user", [False, True])
async def test_a_path_is_normalized_where_something_fits(of_user: bool) -> None:
    app, sub = Application(middlewares=[normalize_path_middleware()]), Application()
    sub.router.add_get("/x/", answer)
    app.add_subapp("/sub", sub)
    if of_user:
        app.router.register_resource(Below("/own"))
        found = await answer_to(app, last("//own//x"))
        assert status_of(found) == 308 and b"\r\nLocation: /own/x\r\n" in found
    found = await answer_to(app, last("/sub//x?a=b"))
    assert status_of(found) == 308 and b"\r\nLocation: /sub/x/?a=b\r\n" in found
    assert status_of(await answer_to(app, last("/sub/y"))) == 404


@pytest.mark.parametrize("of_user", [False, True])
async def test_connect_leads_nowhere(of_user: bool) -> None:
    """Its target has no path (RFC 9112 section 3.2.3), so a route for "/" is not meant."""
    app = Application()
    for path in ("/", "/{tail:.*}"):
        app.router.add_route("*", path, answer)
    if of_user:
        app.router.register_resource(Below("/own"))
    assert status_of(await answer_to(app, b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")) == 404


async def test_a_table_of_its_own_where_joining_would_change_the_order() -> None:
    app, sub = Application(), Application()

    async def main(request: Request) -> StreamResponse:
        return Response(text="main")

    sub.router.add_get("/b/{tail}", answer)
    sub.router.add_get("/b/literal", answer)
    app.add_subapp("/a", sub)
    app.router.add_get("/a/b/{x:l.*}", main)
    assert body_of(await answer_to(app, last("/a/b/literal"))) == b"main"
    assert body_of(await answer_to(app, last("/a/b/other"))) == b"other 2"
    refused = await answer_to(app, last("/a/b/literal", method="PUT"))
    assert status_of(refused) == 405 and b"\r\nAllow: GET,HEAD\r\n" in refused


async def test_requests_of_one_connection_do_not_share_what_they_found() -> None:
    app = Application()
    app.router.register_resource(Below("/own"))
    found = await answer_to(app, get("/own/a") + last("/own/b"))
    assert b"a 1" in found and found.endswith(b"b 1")


def refuse_all(app: Application, *asks: tuple[str, str]) -> list[Endpoint]:
    miss = build_table(app).miss
    return [find_inside(miss, method, path)[0] for method, path in asks]


def test_endpoints_of_misses_are_made_once() -> None:
    app = Application()
    app.router.add_get("/a", answer)
    app.router.add_get("/b", answer)
    app.router.add_put("/b", answer)
    first, second, other, more, gone, away = refuse_all(
        app,
        ("POST", "/a"),
        ("POST", "/a"),
        ("PATCH", "/a"),
        ("POST", "/b"),
        ("POST", "/c"),
        ("POST", "/d"),
    )
    assert first is second
    assert gone is away
    assert len({id(each) for each in (first, other, more, gone)}) == 4


def test_errors_of_misses_are_of_one_request() -> None:
    app = Application()
    app.router.add_get("/a", answer)
    [endpoint] = refuse_all(app, ("POST", "/a"))
    one, two = (UrlMappingMatchInfo.of(endpoint, {}, app) for _ in "ab")
    assert one.route is one.route
    assert one.http_exception is one.http_exception is not two.http_exception
    assert isinstance(one.http_exception, HTTPMethodNotAllowed)
    assert (one.http_exception.method, one.http_exception.headers["Allow"]) == ("POST", "GET,HEAD")


def test_methods_that_clients_make_up_are_not_kept() -> None:
    app = Application()
    app.router.add_get("/a", answer)
    miss = build_table(app).miss
    found = [find_inside(miss, f"M{at}", "/a")[0] for at in range(3)]
    errors = [UrlMappingMatchInfo.of(each, {}, app).http_exception for each in found]
    assert [getattr(error, "method", None) for error in errors] == ["M0", "M1", "M2"]
    assert miss.inside is not None
    assert miss.inside.refusals == {}


def test_only_so_many_refusals_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "_MOST_REFUSALS", 1)
    app = Application()
    app.router.add_get("/a", answer)
    miss = build_table(app).miss
    for method in ("PUT", "POST", "PATCH"):
        assert find_inside(miss, method, "/a")[0].inside is not None
    assert miss.inside is not None
    assert [method for method, _ in miss.inside.refusals] == ["PUT"]
