"""Router: adding, freezing, matching, allowed methods, names."""

from __future__ import annotations

import pytest

from weft_routing import (
    DuplicateName,
    DuplicateRoute,
    Match,
    MethodError,
    Miss,
    PatternError,
    RouteNameError,
    Router,
    WrongPhase,
)


def router_of(*rows: tuple[str, str]) -> Router[str]:
    router = Router[str]()
    for method, path in rows:
        router.add(method, path, f"{method} {path}")
    router.freeze()
    return router


def value_of(router: Router[str], method: str, path: str) -> str | tuple[str, ...]:
    answer = router.match(method, path)
    return answer.value if isinstance(answer, Match) else answer.allowed


def test_literal_paths() -> None:
    router = router_of(("GET", "/a"), ("GET", "/a/"), ("GET", "//b"), ("GET", "/"), ("GET", ""))
    for path in ("/a", "/a/", "//b", "/", ""):
        assert value_of(router, "GET", path) == f"GET {path}"
    for path in ("/a//", "/b", "//", "a", "*", "/A"):
        assert router.match("GET", path) == Miss()


def test_a_match_tells_all() -> None:
    router = Router[int]()
    route = router.add("GET", r"/v{major}.{minor:\d+}", 5, name="version")
    router.freeze()
    match = router.match("GET", "/v%61.2")
    assert isinstance(match, Match)
    assert (match.value, match.params, match.route) == (5, {"major": "a", "minor": "2"}, route)
    assert match.values is match.params
    assert (route.method, route.path, route.name) == ("GET", r"/v{major}.{minor:\d+}", "version")
    assert route.canonical == "/v{major}.{minor}"
    assert router.routes == (route,)
    assert router.named["version"] is route.pattern


def test_encoded_paths() -> None:
    router = router_of(
        ("GET", "/caf%C3%A9"), ("GET", "/é/{x}"), ("GET", "/p%2Fq"), ("PUT", "/p/q")
    )
    for path in ("/caf%C3%A9", "/caf%c3%a9", "/café"):
        assert value_of(router, "GET", path) == "GET /caf%C3%A9"
    assert value_of(router, "GET", "/%C3%A9/1") == "GET /é/{x}"
    assert value_of(router, "GET", "/p%2fq") == "GET /p%2Fq"
    assert value_of(router, "GET", "/p/q") == ("PUT",)
    assert value_of(router, "PUT", "/%70/q") == "PUT /p/q"


def test_methods() -> None:
    router = router_of(
        ("GET", "/a"), ("POST", "/a"), ("*", "/b"), ("GET", "/c"), ("*", "/c"), ("PUT", "/{x}")
    )
    assert value_of(router, "POST", "/a") == "POST /a"
    assert value_of(router, "PUT", "/a") == "PUT /{x}"
    assert value_of(router, "DELETE", "/a") == ("GET", "POST", "PUT")
    assert value_of(router, "get", "/a") == ("GET", "POST", "PUT")
    assert value_of(router, "FOO", "/b") == "* /b"
    assert value_of(router, "GET", "/c") == "GET /c"
    assert value_of(router, "PUT", "/c") == "* /c"
    assert value_of(router, "GET", "/z") == ("PUT",)


def test_patterns_before_a_literal_of_the_same_rank() -> None:
    router = router_of(("GET", "/a/{t:.*}"), ("GET", "/a/"), ("PUT", "/a/"))
    assert value_of(router, "GET", "/a/") == "GET /a/{t:.*}"
    assert value_of(router, "PUT", "/a/") == "PUT /a/"
    assert value_of(router, "POST", "/a/") == ("GET", "PUT")


def test_shared_matches_cannot_be_changed() -> None:
    router = router_of(("GET", "/a"))
    match = router.match("GET", "/a")
    assert isinstance(match, Match)
    with pytest.raises(TypeError):
        match.params["x"] = "1"  # type: ignore[index]  # that is the point


def test_duplicates_are_refused() -> None:
    router = Router[str]()
    router.add("GET", "/a", "")
    router.add("GET", "/{x}", "")
    with pytest.raises(DuplicateRoute, match="GET /a is already routed"):
        router.add("GET", "/a", "")
    router.add("*", "/a", "")
    with pytest.raises(DuplicateRoute, match=r"PUT /a is already routed by \* /a"):
        router.add("PUT", "/a", "")
    router.add("GET", "/{y}", "")  # never reached, but another path


def test_bad_rows_leave_no_trace() -> None:
    router = Router[str]()
    for method in ("", "G T", "GÉT", "GET\r\n"):
        with pytest.raises(MethodError):
            router.add(method, "/a", "")
    with pytest.raises(PatternError):
        router.add("GET", "/{", "")
    with pytest.raises(RouteNameError):
        router.add("GET", "/a", "", name="no name")
    assert router.routes == ()
    router.add("GET", "/a", "")


@pytest.mark.parametrize("name", ["a", "a-b", "a.b:c", "é", "_1"])
def test_names(name: str) -> None:
    router = Router[str]()
    router.add("GET", "/a", "", name=name)
    router.add("POST", "/a", "", name=name)
    with pytest.raises(DuplicateName, match="/b already belongs to /a"):
        router.add("GET", "/b", "", name=name)


@pytest.mark.parametrize("name", ["", "1", "a b", "if", "a..b", "a:1", "a/b"])
def test_bad_names(name: str) -> None:
    with pytest.raises(RouteNameError):
        Router[str]().add("GET", "/a", "", name=name)


def test_phases() -> None:
    router = Router[str]()
    with pytest.raises(WrongPhase, match="call freeze"):
        router.match("GET", "/a")
    router.freeze()
    router.freeze()
    assert router.is_frozen
    with pytest.raises(WrongPhase, match="before freeze"):
        router.add("GET", "/a", "")
    assert router.match("GET", "/a") == Miss()


def test_long_paths_stop_at_the_depth_of_the_tree() -> None:
    router = router_of(("GET", "/a/{x}"), ("GET", "/{x}/{y}/z"))
    for path in ("/" * 200_000, "/a/" + "b/" * 100_000, "/a" * 100_000):
        assert router.match("GET", path) == Miss()
