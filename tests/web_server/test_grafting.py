"""Joined tables give the answers that each application gives in its turn."""

import warnings
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unsent import ask

from weft_routing import parse_pattern
from weft_web_server import (
    Application,
    Domain,
    HTTPMethodNotAllowed,
    MatchedSubAppResource,
    PrefixedSubAppResource,
    Request,
    Response,
    StaticResource,
    StreamResponse,
    UrlDispatcher,
    UrlMappingMatchInfo,
)
from weft_web_server.compose import build_table
from weft_web_server.grafting import (
    Line,
    count_below,
    door_to,
    is_own,
    is_own_throughout,
    keeps_order,
    make_router,
    spans_of,
)
from weft_web_server.resolving import find_inside


async def answer(request: Request) -> StreamResponse:
    return Response()


PARTS = (
    "",
    "/",
    "/a",
    "/b",
    "/a/b",
    "/b/a",
    "/a/b/a",
    "/{x}",
    "/a/{x}",
    "/{x}/b",
    "/a/{x}/b",
    "/{x:.*}",
)
PREFIXES = ("/a", "/b", "/a/b", "/a/b/a")
HOSTS = ("a.com", "*.com", "b.a.com")

routes = st.tuples(st.sampled_from(("GET", "POST", "*")), st.sampled_from(PARTS))
plans = st.recursive(
    st.lists(routes, max_size=4),
    lambda below: st.lists(
        st.one_of(
            routes,
            st.tuples(st.just("below"), st.sampled_from(PREFIXES), below),
            st.tuples(st.just("host"), st.sampled_from(HOSTS), below),
        ),
        max_size=5,
    ),
    max_leaves=12,
)


def build(plan: list[tuple[object, ...]]) -> Application:
    app = Application()
    for what, where, *rest in plan:
        assert isinstance(where, str)
        try:
            if what == "below":
                app.add_subapp(where, build(*rest))  # type: ignore[arg-type]  # a plan
            elif what == "host":
                app.add_domain(where, build(*rest))  # type: ignore[arg-type]  # a plan
            else:
                app.router.add_route(str(what), where, answer)
        except RuntimeError:
            pass  # a second route for a taken method and path
    return app


def facts(route: object, params: object, apps: object, error: object) -> tuple[object, ...]:
    if error is None:
        return route, params, apps
    return apps, error.allowed_methods if isinstance(error, HTTPMethodNotAllowed) else None


# Every path of up to three of these segments.
ASKED = ["/" + "/".join(parts) for n in (1, 2, 3) for parts in product("abc", repeat=n)]
ASKED += ["/", "/a/", "/a//b", "/a/b/a/b", "/a/%0A"]


@settings(max_examples=200, deadline=None)
@given(plans, st.sampled_from(("", "a.com", "b.a.com", "x")))
async def test_a_joined_table_answers_as_the_applications_in_their_turn(
    plan: list[tuple[object, ...]], host: str
) -> None:
    app = build(plan)
    app.router.freeze()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        miss = build_table(app).miss
    for path in ASKED:
        for method in ("GET", "PUT"):
            request = ask(path, method, **({"Host": host} if host else {}))
            # Asking one resource after the other knows no tables.
            info = await app.router._ask(request) if not app.router._domains else None
            if info is None:
                info = await app.router.resolve(request)
            endpoint, found = find_inside(miss, method, path, host)
            expected = facts(info.route, dict(info), (app, *info.apps), info.http_exception)
            info = UrlMappingMatchInfo.of(endpoint, found.params, app)
            assert expected == facts(info.route, dict(info), info.apps, info.http_exception)


def lines_of(*paths: str) -> list[Line[int]]:
    return [Line("GET", parse_pattern(path), at) for at, path in enumerate(paths)]


def spans(*items: tuple[str, str]) -> dict[str, tuple[int, int]]:
    router = UrlDispatcher()
    for kind, path in items:
        if kind == "below":
            router.register_resource(PrefixedSubAppResource(path, Application()))
        else:
            router.add_get(path, answer)
    return dict(spans_of(router.resources()))


@pytest.mark.parametrize(
    ("items", "inner", "is_kept"),
    [
        ([("below", "/a")], ["/a/b", "/a/{x}"], True),
        ([("get", "/b"), ("below", "/a"), ("get", "/{x}")], ["/a/b/c"], True),
        # The parent's own path below the prefix goes first, with the deeper anchor anyway.
        ([("get", "/a/b/c"), ("below", "/a")], ["/a/b", "/a/{x}"], True),
        ([("below", "/a"), ("get", "/a/b/{x}")], ["/a/b/c"], False),
        # At the prefix it goes first when it was added first; else it is never reached.
        ([("get", "/a/{x}"), ("below", "/a")], ["/a/b"], False),
        ([("get", "/a/{x}"), ("below", "/a")], ["/a/{y}"], True),
        ([("below", "/a"), ("get", "/a/{x}")], ["/a/b"], True),
        # The same anchor.
        ([("get", "/a/b"), ("below", "/a")], ["/a/b"], True),
        ([("below", "/a"), ("get", "/a/b")], ["/a/b"], False),
        ([("below", "/a/b"), ("below", "/a")], ["/a/b/c"], False),
        ([("below", "/a/b"), ("below", "/a")], ["/a/{x}"], True),
    ],
)
def test_what_can_be_joined(items: list[tuple[str, str]], inner: list[str], is_kept: bool) -> None:
    at = items.index(("below", "/a"))
    assert keeps_order(at, "/a", lines_of(*inner), spans(*items)) is is_kept


def test_what_stands_below() -> None:
    router = UrlDispatcher()
    router.add_get("/", answer)
    router.add_get("/a/{x}", answer)
    router.add_get("/a/b", answer)
    router.add_get("/ab", answer)
    counts = count_below(router.resources())
    assert counts == {"": 4, "/a": 2, "/a/b": 1, "/ab": 1}


def test_an_application_with_nothing_beside_it_has_no_table_of_its_own() -> None:
    """Its misses are found in the table of its parent."""
    root, alone, shared = Application(), Application(), Application()
    root.add_subapp("/a", alone)
    root.add_subapp("/b", shared)
    root.router.add_get("/b/c", answer)
    miss = build_table(root).miss
    tables = {}
    for app, path in ((alone, "/a"), (shared, "/b")):
        endpoint, _ = find_inside(miss, "GET", path)
        assert endpoint.inside is not None and endpoint.apps == (root, app)
        tables[path] = endpoint.inside.routes
    assert tables["/a"] is None and tables["/b"] is not None


def test_an_application_at_the_root() -> None:
    """Only made by hand: everything of its parent stands below it."""
    assert keeps_order(0, "", lines_of("/a/b", "/{x}"), {"": (0, 0)})
    assert not keeps_order(1, "", lines_of("/a/b"), {"": (0, 1)})


def test_doors() -> None:
    router = make_router(door_to(parse_pattern("/é"), 1))
    for path in ("/é", "/%C3%A9", "/é/", "/é/x/y", "/é/%0A"):
        assert getattr(router.match("X-ANY", path), "value", None) == 1
    for path in ("/éx", "/", ""):
        assert getattr(router.match("GET", path), "value", None) is None


def test_a_line_that_is_taken_is_left_out() -> None:
    router = make_router([*lines_of("/a"), Line("GET", parse_pattern("/a"), 7)])
    assert len(router.routes) == 1


class Slow(StaticResource):
    """A user's change of a class of ours that changes nothing about paths."""


class Fast(StaticResource):
    async def resolve(self, request: Request) -> tuple[None, set[str]]:
        return None, set()


def test_whose_code_decides(tmp_path: object) -> None:
    app, sub = Application(), Application()
    below = app.add_subapp("/sub", sub)
    assert is_own(Slow("/x", str(tmp_path))) and is_own(below) and is_own_throughout(below)
    assert not is_own(Fast("/x", str(tmp_path)))
    sub = Application()
    sub.router.register_resource(Fast("/x", str(tmp_path)))
    below = Application().add_subapp("/sub", sub)
    assert is_own(below) and not is_own_throughout(below)


def test_a_rule_that_a_user_changed() -> None:
    class Matching(Domain):
        async def match(self, request: Request) -> bool:
            raise NotImplementedError

    class Comparing(Domain):
        def match_domain(self, host: str) -> bool:
            raise NotImplementedError

    assert is_own(MatchedSubAppResource(Domain("a.com"), Application()))
    for rule in (Matching("a.com"), Comparing("a.com")):
        assert not is_own(MatchedSubAppResource(rule, Application()))
