"""Router: adding, freezing, matching, allowed methods, names."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest

from weft_routing import (
    BUILT_IN_CONVERTORS,
    ConvertorError,
    DuplicateName,
    DuplicateRoute,
    Match,
    MethodError,
    Miss,
    PatternError,
    Place,
    RouteNameError,
    Router,
    WrongPhase,
    parse_pattern,
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


def test_the_function_of_a_frozen_table_looks_like_the_method() -> None:
    router = Router[str]()
    router.add("GET", "/{x}", "")
    before = router.match
    router.freeze()
    assert inspect.signature(router.match) == inspect.signature(before)
    assert router.match.__doc__ == Router.match.__doc__
    assert router.match.__qualname__ == "Router.match"
    assert before("GET", "/a") == router.match("GET", "/a")  # kept from before freeze()
    assert Router.match(router, "GET", "/a") == router.match(method="GET", path="/a")


def test_a_match_of_ones_own_is_asked() -> None:
    class Loud(Router[str]):
        def match(self, method: str, path: str, host: str | None = None) -> Match[str] | Miss:
            return super().match(method.upper(), path, host)

    router = Loud()
    router.add("GET", "/{x}", "found")
    router.freeze()
    assert value_of(router, "get", "/a") == "found"


def test_nothing_is_told_before_freeze() -> None:
    with pytest.raises(WrongPhase, match="call freeze"):
        Router[str]().match_each("/a")


def test_long_paths_stop_at_the_depth_of_the_tree() -> None:
    router = router_of(("GET", "/a/{x}"), ("GET", "/{x}/{y}/z"))
    for path in ("/" * 200_000, "/a/" + "b/" * 100_000, "/a" * 100_000):
        assert router.match("GET", path) == Miss()


class Color:
    regex = "[0-9a-f]{6}"

    def parse(self, text: str) -> int:
        if text == "ffffff":
            raise ValueError("white is no color")
        return int(text, 16)

    def format(self, value: object) -> str:
        return f"{value:06x}"


def test_values_of_convertors() -> None:
    router = Router[str](convertors={**BUILT_IN_CONVERTORS, "color": Color()})
    router.add("GET", "/{c!color}/{n!int}", "color")
    router.add("PUT", "/{c!color}/{n!int}", "put")
    router.add("GET", "/{c}/{n}", "text")
    router.add("GET", "/{rest!path}", "rest")
    router.freeze()
    match = router.match("GET", "/0000ff/07")
    assert isinstance(match, Match)
    assert match.params == {"c": "0000ff", "n": "07"}
    assert match.values == {"c": 255, "n": 7}
    # A convertor that refuses passes the path on to the next route.
    match = router.match("GET", "/ffffff/07")
    assert isinstance(match, Match)
    assert (match.value, match.values) == ("text", {"c": "ffffff", "n": "07"})
    assert match.values is match.params
    assert value_of(router, "POST", "/0000ff/07") == ("GET", "PUT")
    assert value_of(router, "POST", "/ffffff/07") == ("GET",)
    match = router.match("GET", "/a/b%2Fc/d")
    assert isinstance(match, Match)
    assert match.values == {"rest": "a/b/c/d"}


def test_values_at_a_literal_path_are_shared_and_frozen() -> None:
    router = router_of(("GET", "/7/"), ("PUT", "/7/{x!path}"), ("PUT", "/{x!int}/"))
    match = router.match("PUT", "/7/")
    assert isinstance(match, Match)
    assert match.values == {"x": 7}
    with pytest.raises(TypeError):
        match.values["x"] = 8  # type: ignore[index]  # that is the point


def test_unknown_and_bad_convertors() -> None:
    with pytest.raises(PatternError, match="known ones are: color"):
        Router[str](convertors={"color": Color()}).add("GET", "/{x!int}", "")
    with pytest.raises(ConvertorError):
        Router[str](convertors={"no name": Color()})


def test_patterns_may_be_parsed_already() -> None:
    own = parse_pattern("/{c!color}", {"color": Color()})
    router = Router[str]()
    route = router.add("GET", own.below(parse_pattern("/app/{id!int}")), "")
    router.freeze()
    match = router.match("GET", "/app/3/0000ff")
    assert isinstance(match, Match)
    assert match.values == {"id": 3, "c": 255}
    assert route.path == "/app/{id!int}/{c!color}"
    assert router.routes == (route,)


def test_places() -> None:
    router = Router[str]()
    route = router.add("GET", "/a", "", name="a", place=Place("app.py", 1))
    assert route.place == Place("app.py", 1)
    with pytest.raises(DuplicateRoute, match=r"GET /a \(b.py:2\) .* GET /a \(app.py:1\)"):
        router.add("GET", "/a", "", place=Place("b.py", 2))
    with pytest.raises(DuplicateName, match=r"/b \(b.py:3\) .* /a \(app.py:1\)"):
        router.add("GET", "/b", "", name="a", place=Place("b.py", 3))


def test_the_same_path_on_two_hosts_is_no_duplicate() -> None:
    router = Router[str]()
    router.add("GET", "/a", "")
    router.add("GET", "/a", "", host="a.com")
    with pytest.raises(DuplicateRoute):
        router.add("GET", "/a", "", host="A.com:80")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_any_number_of_parameters(count: int) -> None:
    names = [f"p{at}" for at in range(count)]
    router = router_of(("GET", "".join(f"/{{{name}}}" for name in names)), ("*", "/x/{y}/z/{w}/"))
    match = router.match("GET", "".join(f"/{name}%20" for name in names))
    assert isinstance(match, Match)
    assert match.params == {name: f"{name} " for name in names}
    match = router.match("GET", "".join(f"/{name}" for name in names))
    assert isinstance(match, Match)
    assert list(match.params.items()) == [(name, name) for name in names]
    for at in range(count):
        path = "".join("/" if at == index else f"/{name}" for index, name in enumerate(names))
        assert router.match("GET", path) == Miss()
    assert value_of(router, "FOO", "/x/1/z/2/") == "* /x/{y}/z/{w}/"


def test_a_star_comes_before_what_follows_it() -> None:
    router = Router[int]()
    router.add("*", "/{t:.*}", 1)
    router.add("GET", "/{t!path}", 2)
    router.freeze()
    for path, value in [("/a", 1), ("/%0A", 2)]:
        match = router.match("GET", path)
        assert isinstance(match, Match)
        assert match.value == value


def test_threads_share_a_frozen_router() -> None:
    rows = [("GET", f"/{kind}{at}/{{x}}") for at in range(20) for kind in "ab"]
    router = router_of(*rows, ("PUT", "/{x!int}/{y}"), ("GET", "/{t:.*}"))
    paths = [path.format(x=at) for at, (_, path) in enumerate(rows)] + ["/7/x", "/q", "/%41"]
    expected = [value_of(router, "GET", path) for path in paths]

    def ask(_: int) -> list[str | tuple[str, ...]]:
        return [value_of(router, "GET", path) for path in paths]

    with ThreadPoolExecutor(4) as pool:
        assert all(answers == expected for answers in pool.map(ask, range(40)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", {"PUT": "PUT /a", "GET": "GET /{x}", "*": "* /{tail:.*}"}),
        ("/b", {"GET": "GET /{x}", "*": "* /{tail:.*}"}),
        ("/%62", {"GET": "GET /{x}", "*": "* /{tail:.*}"}),
        ("/b/c", {"*": "* /{tail:.*}"}),
        ("x", {}),
    ],
)
def test_what_each_method_leads_to(path: str, expected: dict[str, str]) -> None:
    router = router_of(
        ("GET", "/{x}"), ("PUT", "/a"), ("*", "/{tail:.*}"), ("PUT", "/{y}"), ("GET", "/{z}")
    )
    found = router.match_each(path)
    assert {method: match.value for method, match in found.items()} == expected


def test_what_each_method_leads_to_on_a_host() -> None:
    router = Router[int]()
    router.add("GET", "/a", 1)
    router.add("PUT", "/a", 2, host="*.com")
    with pytest.raises(WrongPhase):
        router.match_each("/a")
    router.freeze()
    assert list(router.match_each("/a")) == list(router.match_each("/a", "x.org")) == ["GET"]
    assert list(router.match_each("/a", "x.com")) == ["PUT"]


@pytest.mark.parametrize(
    ("paths", "first"),
    [
        # The last of three look-ups for one path has the route that was added first.
        (["/q/{x}/b/c", "/q/{x}/{y}/c", "/p/{x:1}/b/{z}", "/p/{x}/b/c", "/p/{x}/{y}/c"], 2),
        # A rival that was added before, and that the path does not fit.
        (["/q/{x}/b/c", "/p/{x}/{y}/d", "/p/{x}/b/c"], 2),
    ],
)
def test_the_order_of_rivals(paths: list[str], first: int) -> None:
    router = router_of(*(("GET", path) for path in paths))
    assert value_of(router, "GET", "/p/1/b/c") == f"GET {paths[first]}"
    assert value_of(router, "PUT", "/p/1/b/c") == ("GET",)
