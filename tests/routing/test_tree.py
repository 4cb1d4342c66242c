"""The segment tree: what it finds, in which order, and at what cost."""

from __future__ import annotations

import itertools

import pytest
from support.growth import assert_linear, count_steps

from weft_routing import Match, Miss, Route, Router, parse_pattern
from weft_routing.outline import Outlines
from weft_routing.tree import Tree


def tree_of(*paths: str) -> Tree[str]:
    patterns = map(parse_pattern, paths)
    routes = [
        Route("GET", pattern, pattern.text, None, order, pattern.names)
        for order, pattern in enumerate(patterns)
    ]
    return Tree(routes, Outlines())


def found(tree: Tree[str], path: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(match.value, tuple(match.params.values())) for match in tree.candidates(path)]


def test_deeper_anchor_then_order() -> None:
    tree = tree_of("/{x}/{y}", "/a/{y}", "/{t:.*}", "/a/b{z}", "/a/{t:.+}", "/a/b/{k}")
    assert found(tree, "/a/bc") == [
        ("/a/{y}", ("bc",)),
        ("/a/b{z}", ("c",)),
        ("/a/{t:.+}", ("bc",)),
        ("/{x}/{y}", ("a", "bc")),
        ("/{t:.*}", ("a/bc",)),
    ]


def test_branches_behind_a_parameter() -> None:
    tree = tree_of("/{x}/{y}/c", "/{x}/b/{z}", "/{x}/b/c", r"/{x}/{y:\w}/{z:\w}")
    assert found(tree, "/a/b/c") == [
        ("/{x}/{y}/c", ("a", "b")),
        ("/{x}/b/{z}", ("a", "c")),
        ("/{x}/b/c", ("a",)),
        (r"/{x}/{y:\w}/{z:\w}", ("a", "b", "c")),
    ]


def test_nothing_empty_longer_or_shorter() -> None:
    tree = tree_of("/a/{x}", "/a/{x}/")
    for path in ("", "/", "/a", "/a/", "/a//", "/a/b/c", "/a/b//", "a/b", "*", "/a/{b}"):
        assert found(tree, path) == []
    assert [value for value, _ in found(tree, "/a/b/")] == ["/a/{x}/"]


def test_only_paths_from_the_root() -> None:
    tree = tree_of("/{x}", "/{x}/{y}")
    for path in ("*", "a", "a/b", "", "http://a/b"):
        assert tree.find("GET", path) == Miss()


def test_one_shape_is_compiled_once() -> None:
    tree = tree_of(r"/{a:\d+}/x", r"/{a:\d+}/y")
    assert found(tree, "/7/y") == [(r"/{a:\d+}/y", ("7",))]
    match = tree.find("GET", "/7/x")
    assert isinstance(match, Match)
    assert (match.value, match.params) == (r"/{a:\d+}/x", {"a": "7"})


def test_find_decodes_and_misses() -> None:
    tree = tree_of("/{x}", "/{x}/{y:(?P<inner>.)?}")
    match = tree.find("GET", "/a%2Fb%25")
    assert isinstance(match, Match)
    assert match.params == {"x": "a/b%"}
    assert tree.find("PUT", "/a") == Miss(("GET",))
    assert tree.find("PUT", "/a/b/c") == Miss()
    match = tree.find("GET", "/a/")
    assert isinstance(match, Match)
    assert match.params == {"x": "a", "y": "", "inner": ""}


def router_of(*paths: str) -> Router[str]:
    router = Router[str]()
    for path in paths:
        router.add("GET", path, path)
    router.freeze()
    return router


def steps(router: Router[str], path: str, method: str = "GET") -> int:
    return count_steps(lambda text: router.match(method, text), path)


SOME = ("/a/{x}", "/a/{x}/b/{y}", "/{x}/{y}/z", "/f/{t!path}", "/{x}-{y}-{z}", "/v{x}/{n!int}")


@pytest.mark.parametrize("path", ["/", "/a/", "/f/", "/v1/", "/a", "/-", "/x/y/"])
@pytest.mark.parametrize("unit", ["/", "%2F", "%", "{", "}", "-", "a/", "1", "%0A", "//{"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_any_path_costs_its_length(path: str, unit: str, method: str) -> None:
    router = router_of(*SOME)
    assert_linear(
        lambda text: router.match(method, text), lambda size: path + unit * (size // len(unit))
    )


def test_slashes_cost_nothing() -> None:
    router = router_of(*SOME)
    for path in ("/" * 50_000, "/a/" * 20_000, "/a/b/c" + "/" * 50_000):
        # Splitting goes over the path once; nothing else sees it.
        assert steps(router, path) <= len(path) + 100


@pytest.mark.parametrize(
    ("paths", "path"),
    [
        (["/s{}/list"], "/s7/list"),
        (["/a{}/{{x}}"], "/a7/1"),
        (["/a{}/{{x}}/c/{{y}}/d/{{z}}"], "/a7/1/c/2/d/3"),
        (["/api/v1/x{}/{{id}}/y"], "/api/v1/x7/1/y"),
        (["/{{tenant}}/r{}/{{id}}"], "/t/r7/1"),
        (["/v{}/x{{a}}.{{b}}"], "/v7/x1.2"),
        (["/v/x{:04}-{{b}}"], "/v/x0007-2"),
        (["/t/{{a:.*}}/x{:04}"], "/t/a/b/x0007"),
        (["/x{}/{{a}}", "/{{a}}/x{}", "/x{}/{{a}}/b", "/{{a}}/{{b}}/x{}"], "/a/b/x7"),
    ],
)
def test_many_routes_cost_what_few_cost(paths: list[str], path: str) -> None:
    few, many = (
        router_of(*(text.format(at) for at in range(count) for text in paths))
        for count in (20, 1_000)
    )
    for target in (path, "/nope", "/nope/x/y", "/t/nope/1"):
        for method in ("GET", "PUT"):
            assert steps(few, target, method) == steps(many, target, method), target
            assert type(few.match(method, target)) is type(many.match(method, target))


def test_one_tail_in_many_names() -> None:
    few, many = (router_of(*(f"/t/{{a{at}:.*}}" for at in range(count))) for count in (10, 1_000))
    for path in ("/t/x", "/t/", "/t/%2F"):
        for method in ("GET", "PUT"):
            assert steps(many, path, method) <= steps(few, path, method) + 10


def to_mixed(depth: int) -> list[str]:
    """Text and parameter in every place, in every combination but the literal one."""
    return [
        "/" + "/".join("a" if bit else f"{{p{at}}}" for at, bit in enumerate(bits)) + "/end"
        for bits in itertools.product((1, 0), repeat=depth)
    ][1:]


@pytest.mark.parametrize("end", ["/end", "/other"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_ways_do_not_multiply(end: str, method: str) -> None:
    once = steps(router_of(*to_mixed(4)), "/a" * 4 + end, method)
    # Sixteen times the routes, and ways; twice the depth.
    assert steps(router_of(*to_mixed(8)), "/a" * 8 + end, method) <= 2.1 * once + 60


def test_deep_tables() -> None:
    def to_paths(depth: int) -> list[str]:
        kinds = [
            ["a" if at < cut else f"{{p{at}}}" for at in range(depth)] for cut in range(depth)
        ]
        kinds += [
            ["a" if at >= cut else f"{{p{at}}}" for at in range(depth)] for cut in range(1, depth)
        ]
        kinds += [
            ["a" if at == cut else f"{{p{at}}}" for at in range(depth)] for cut in range(1, depth)
        ]
        return sorted({"/" + "/".join(kind) for kind in kinds})

    once = steps(router_of(*to_paths(15)), "/a" * 14 + "/b")
    assert steps(router_of(*to_paths(30)), "/a" * 29 + "/b") <= 4.2 * once


def test_the_order_among_many_masks() -> None:
    paths = to_mixed(5)
    for table in (paths, paths[::-1], paths[7:] + paths[:7]):
        router = router_of(*table, "/{tail:.*}")
        for bits in itertools.product("ab", repeat=5):
            path = "/" + "/".join(bits) + "/end"
            fitting = [
                text
                for text in table
                if all(
                    mine == other or mine.startswith("{")
                    for mine, other in zip(text.split("/"), path.split("/"), strict=True)
                )
            ]
            best = max(
                fitting,
                key=lambda text: (text.partition("{")[0].count("/"), -table.index(text)),
                default="/{tail:.*}",
            )
            match = router.match("GET", path)
            assert isinstance(match, Match)
            assert match.value == best


def test_a_loose_rival_of_many_masks() -> None:
    router = Router[str]()
    for number, path in enumerate(to_mixed(4)):
        if number == 7:
            router.add("*", "/{tail:.*}/end", "tail")
        router.add("GET", path, path)
    router.freeze()
    for path in ("/a/b/c/d/end", "/b/b/b/b/end", "/b/a/a/a/end"):
        assert router._tree is not None
        candidates = router._tree.candidates(path)
        match = router.match("GET", path)
        assert isinstance(match, Match)
        assert match.value == next(candidates).value


def test_values_that_no_parameter_takes_allow_nothing() -> None:
    router = router_of("/{x}/b", "/a/{x}/{y}")
    for path in ("//b", "/%7B/b", "/a/}/c", "/a//c", "/a/b/"):
        for method in ("GET", "PUT"):
            assert router.match(method, path) == Miss(), path
    assert router.match("PUT", "/x/b") == Miss(("GET",))
