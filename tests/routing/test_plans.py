"""Plans: masks, forks, and which look-ups a path gets."""

from __future__ import annotations

import itertools

import pytest

from weft_routing import Match, Miss, Route, merging, parse_pattern
from weft_routing.finders import Probe
from weft_routing.outline import Outlines
from weft_routing.plans import FEW_MASKS, FEW_PROBES, Fork, Plan, Planner, Way


def plans_of(*paths: str) -> tuple[list[Plan[str]], Planner[str]]:
    planner: Planner[str] = Planner(unasked, Outlines())
    for order, path in enumerate(paths):
        pattern = parse_pattern(path)
        planner.add(Route("GET", pattern, path, None, order, pattern.names))
    return planner.finish(), planner


def unasked(method: str, path: str, segments: list[str]) -> Match[str] | Miss:
    raise AssertionError("only a finder asks the long way")


def way_for(plan: Plan[str], path: str) -> Way[str]:
    return plan.narrow(path.split("/")) if isinstance(plan, Fork) else plan


def probes_for(plan: Plan[str], path: str) -> tuple[Probe[str], ...]:
    return way_for(plan, path).probes


def found(plan: Plan[str], path: str) -> list[list[str]]:
    leaves = [probe.find(path.split("/")) for probe in probes_for(plan, path)]
    return [[entry.route.value for entry in leaf.entries] for leaf in leaves if leaf]


def test_one_mask_is_one_look_up() -> None:
    plans, planner = plans_of(*(f"/a{at}/{{x}}/b/{{y}}" for at in range(50)))
    assert planner.depth == 5
    assert [len(probes_for(plan, "")) for plan in plans] == [0, 0, 0, 0, 0, 1, 0]
    assert found(plans[5], "/a7/x/b/y") == [["/a7/{x}/b/{y}"]]
    assert found(plans[5], "/a7/x/c/y") == []


def test_deep_anchors_come_first_and_loose_ones_last() -> None:
    plans, _ = plans_of("/{t:.*}", "/{x}/{y}", "/a/{t:.*}", "/a/{y}", "/a/b{y}", "/{x}/b")
    assert found(plans[3], "/a/b") == [
        ["/a/{y}", "/a/b{y}"],
        ["/a/{t:.*}"],
        ["/{x}/{y}"],
        ["/{x}/b"],
        ["/{t:.*}"],
    ]
    assert found(plans[2], "/a") == [["/{t:.*}"]]
    # More segments than any route has: only loose ones are left.
    assert found(plans[4], "/a/b/c") == [["/a/{t:.*}"], ["/{t:.*}"]]


def test_leaves_know_their_rivals() -> None:
    plans, _ = plans_of("/{x}/b", "/{x}/{y}", "/{z}/c", "/{t:.*}")
    quick = {
        entry.route.value: leaf.first is not None
        for probe in probes_for(plans[3], "")
        for leaf in probe.leaves.values()
        for entry in leaf.entries
    }
    # What is looked up before a rival that may come first must be searched.
    assert quick == {"/{x}/b": True, "/{z}/c": False, "/{x}/{y}": True, "/{t:.*}": True}


def test_leaves_of_one_mask_are_no_rivals() -> None:
    plans, _ = plans_of("/{x}/a", "/{x}/b", "/{x}/c")
    [probe] = probes_for(plans[3], "")
    assert all(leaf.first is not None for leaf in probe.leaves.values())


def test_forks_narrow_down_what_is_looked_up() -> None:
    kinds = ["{x}/y/z", "{x}/{y}/z", "{x}/y/{z}", "x/{y}/z", "x/{y}/{z}", "x/y/{z}"]
    paths = [f"/a{at}/{kind}" for at, kind in itertools.product(range(8), kinds)]
    few = [f"/b{at}/{{x}}/{{y}}/{{z}}" for at in range(8)]
    plans, _ = plans_of(*paths, *few, "/{q}/x/y/z", "/{tail:.*}")
    fork = plans[5]
    assert isinstance(fork, Fork)
    assert len(probes_for(fork, "/b3/x/y/z")) == 3
    assert len(probes_for(fork, "/c/x/y/z")) == 2
    assert len(probes_for(fork, "/a3/q/y/z")) > FEW_PROBES
    for path in ("/a3/x/y/z", "/a3/q/y/z", "/b3/x/y/z", "/c/x/y/z", "/a9/x/y/z"):
        fitting = {
            text
            for text in (*paths, *few, "/{q}/x/y/z", "/{tail:.*}")
            if parse_pattern(text).regex.fullmatch(path)
        }
        assert set(itertools.chain(*found(fork, path))) == fitting


def test_equal_plans_are_one() -> None:
    kinds = ["{x}/y/z", "{x}/{y}/z", "{x}/y/{z}", "x/{y}/z", "x/{y}/{z}", "x/y/{z}"]
    plans, _ = plans_of(*(f"/a{at}/{kind}" for at, kind in itertools.product(range(8), kinds)))
    ends = {id(way_for(plans[5], f"/a{at}/q/y/z")) for at in range(8)}
    assert len(ends) == 1


def test_many_masks_are_merged() -> None:
    kinds = list(itertools.product("ab", repeat=4))
    paths = [
        "/x/{p}/" + "/".join(f"{{q{at}}}" if bit == "a" else bit for at, bit in enumerate(kind))
        for kind in kinds
    ]
    assert len(paths) > FEW_MASKS
    plans, _ = plans_of(*paths, "/x/{p}/{t:.*}", "/{t:.*}")
    [leaf, *loose] = found(plans[7], "/x/p/b/b/b/b")
    assert sorted(leaf) == sorted(paths)
    assert loose == [["/x/{p}/{t:.*}"], ["/{t:.*}"]]
    assert found(plans[7], "/y/p/b/b/b/b") == [["/{t:.*}"]]


def test_what_cannot_be_merged_is_looked_up_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "LEAST_WORK", 0)
    monkeypatch.setattr(merging, "WORK_PER_LEAF", 1)
    paths = [
        "/{p}/" + "/".join(f"{{q{at}}}" if bit == "a" else bit for at, bit in enumerate(kind))
        for kind in itertools.product("ab", repeat=4)
    ]
    plans, _ = plans_of(*paths)
    assert len(probes_for(plans[6], "/p/x/x/x/x")) == len(paths)
    assert found(plans[6], "/p/x/x/x/x") == [[paths[0]]]
