"""Finders: the code that is written for a plan answers as the long way does."""

from __future__ import annotations

import re
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_routing import Match, Miss, Route, finders, parse_pattern
from weft_routing.answers import NOT_FOUND
from weft_routing.outline import Outlines
from weft_routing.plans import Way
from weft_routing.tree import Tree

SEGMENTS = ["a", "b", "a%2Fb", "{}", "{}", "{!int}", "{}.json", "{:[ab]+}", "{:.*}"]
TEXTS = ["a", "b", "", "ab", "1", "a.json", "a%2Fb", "%61", "%2F", "{", "}", "a-b"]

paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(
    lambda parts: "".join("/" + part.replace("{", f"{{p{at}") for at, part in enumerate(parts))
)
tables = st.lists(st.tuples(st.sampled_from(["GET", "PUT", "*"]), paths), min_size=1, max_size=12)
targets = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5).map("/".join)


def tree_of(*rows: tuple[str, str]) -> Tree[str]:
    routes = []
    for order, (method, path) in enumerate(rows):
        pattern = parse_pattern(path)
        routes.append(Route(method, pattern, method + path, None, order, pattern.names))
    return Tree(routes, Outlines())


@given(
    tables,
    st.sampled_from(["GET", "PUT", "LOCK"]),
    targets,
    st.booleans(),
    st.sampled_from([0, 9, 256]),
)
def test_the_short_way_answers_as_the_long_one(
    table: list[tuple[str, str]], method: str, target: str, begins_with_slash: bool, room: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finders, "MOST_NAMES", room)  # how much of a match is one function
        tree = tree_of(*table)
    path = "/" + target if begins_with_slash else target
    assert tree.match(method, path) == tree.find(method, path)
    # Equal names need not be one object.
    assert tree.match("".join(method), path) == tree.find(method, path)


@pytest.mark.parametrize(
    ("path", "params"),
    [("/u/ab", {"x": "ab"}), ("/u/a-b", {"x": "a-b"}), ("/u/é", {"x": "é"})],
)
def test_one_value_goes_the_short_way(path: str, params: dict[str, str]) -> None:
    found = with_no_long_way(("GET", "/u/{x}"))("GET", path, path.split("/"))
    assert isinstance(found, Match)
    assert (found.value, found.params, found.values) == ("GET/u/{x}", params, params)


def test_several_values_go_the_short_way() -> None:
    find = with_no_long_way(("*", "/{a}/x/{b}/y/{c}"))
    found = find("LOCK", "/1/x/2/y/3", ["", "1", "x", "2", "y", "3"])
    assert isinstance(found, Match)
    assert found.params == {"a": "1", "b": "2", "c": "3"}


def test_a_path_without_a_method_goes_the_short_way() -> None:
    find = with_no_long_way(("GET", "/u/{x}"), ("PUT", "/u/{x}"))
    assert find("LOCK", "/u/1", ["", "u", "1"]) == Miss(("GET", "PUT"))
    assert find("GET", "/v/1", ["", "v", "1"]) is NOT_FOUND


@pytest.mark.parametrize("path", ["/u/", "/u/%61", "/u/{", "x/u/1", "/%75/1"])
def test_what_is_unusual_goes_the_long_way(path: str) -> None:
    with pytest.raises(AssertionError, match="asked"):
        with_no_long_way(("GET", "/u/{x}"))("GET", path, path.split("/"))


def test_no_text_of_a_pattern_becomes_code() -> None:
    tree = tree_of(("GET", "/import os/{exec}/x/{y}"), ("GET", "/import os/{q}/{r}/{t:.*}"))
    forms = [
        finders._to_form(count, plan.probes)
        for count, plan in enumerate(tree.plans)
        if isinstance(plan, Way)
    ]
    for code in (finders._write_matcher(forms, True), *map(finders._write_finder, forms)):
        assert not re.search(r"import|exec|os/", "\n".join(code))


def test_plans_of_one_form_share_their_code() -> None:
    one, two = with_no_long_way(("GET", "/u/{x}")), with_no_long_way(("GET", "/v/{y}"))
    assert one.__code__ is two.__code__


@pytest.mark.parametrize(("segments", "look_ups"), [(9, 1), (9, 8), (9, 100), (2000, 1)])
def test_the_code_of_a_plan_stays_small(segments: int, look_ups: int) -> None:
    probe = finders.Probe[str]({}, 1, itemgetter(1), (1,), (), is_shaped=False)
    find = finders.make_finder(segments, [probe] * look_ups, _fail)
    assert len(find.__code__.co_code) < 10_000


def test_the_whole_of_a_match_stays_small() -> None:
    paths = [f"/a{at}/{{x}}" + "/b" * at + "/{y}" * (at % 2) for at in range(200)]
    tree = tree_of(*(("GET", path) for path in paths))
    assert len(tree.match.__code__.co_code) < 40_000  # type: ignore[attr-defined]  # a function
    for path in paths:
        found = tree.match("GET", path.replace("{", "").replace("}", ""))
        assert isinstance(found, Match)
        assert found.value == "GET" + path


def test_one_segment_that_tells_all_apart_is_the_key() -> None:
    tree = tree_of(("GET", "/a/{x}/one"), ("GET", "/a/{x}/two"), ("PUT", "/b/{x}/three"))
    [probe] = [probe for plan in tree.plans for probe in plan.probes]  # type: ignore[union-attr]  # no forks
    assert (probe.keys, probe.others) == ((3,), (1,))
    assert isinstance(tree.match("GET", "/a/1/two"), Match)
    assert tree.match("GET", "/b/1/two") == tree.find("GET", "/b/1/two") == Miss()
    assert tree.match("GET", "/b/1/three") == Miss(("PUT",))
    assert tree.find("GET", "/b/1/three") == Miss(("PUT",))


def test_texts_that_are_in_many_leaves_are_one_key() -> None:
    tree = tree_of(*(("GET", f"/{one}/{{x}}/{two}") for one in "ab" for two in "cd"))
    [probe] = [probe for plan in tree.plans for probe in plan.probes]  # type: ignore[union-attr]  # no forks
    assert (probe.keys, probe.others) == ((1, 3), ())
    found = tree.match("GET", "/b/1/c")
    assert isinstance(found, Match)
    assert found.value == "GET/b/{x}/c"


def with_no_long_way(*rows: tuple[str, str]) -> finders.Finder[str]:
    """The finder of the one plan that has anything to find, with nothing behind it."""
    plan = next(plan for plan in tree_of(*rows).plans if isinstance(plan, Way) and plan.probes)
    count = rows[0][1].count("/") + 1
    return finders.make_finder(count, plan.probes, _fail)


def _fail(method: str, path: str, segments: list[str]) -> Match[str] | Miss:
    raise AssertionError("asked the long way")
