"""The segment tree: what it finds, in which order, and at what cost."""

from __future__ import annotations

from weft_routing import Match, Miss, Route, parse_pattern
from weft_routing.tree import Tree


def tree_of(*paths: str) -> Tree[str]:
    patterns = map(parse_pattern, paths)
    return Tree(
        Route("GET", pattern, pattern.text, None, order, pattern.names)
        for order, pattern in enumerate(patterns)
    )


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
