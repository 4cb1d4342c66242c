"""Merging: many masks behind one anchor are one walk."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from support.growth import count_steps

from weft_routing import Route, parse_pattern
from weft_routing.leaves import Entry, Leaf
from weft_routing.merging import Literals, Merged, merge
from weft_routing.outline import Outlines
from weft_routing.shapes import ShapeFactory


def leaf_of(order: int, path: str = "/{a}") -> Leaf[int]:
    pattern = parse_pattern(path)
    leaf: Leaf[int] = Leaf()
    route = Route("GET", pattern, order, None, order, pattern.names)
    leaf.entries.append(Entry(route, ShapeFactory().make(Outlines().of(pattern))))
    return leaf


def found(merged: Merged[int], segments: list[str]) -> list[int]:
    key = merged.pick(segments)
    if key not in merged.leaves:
        assert key == 0
        return []
    return sorted(entry.order for entry in merged.leaves[key].entries)


masks = st.lists(
    st.dictionaries(st.integers(2, 4), st.sampled_from("ab"), max_size=3), min_size=1, max_size=12
)


@settings(max_examples=200, deadline=None)
@given(masks)
def test_all_leaves_that_fit_are_found(rows: list[Literals]) -> None:
    merged = merge(5, 2, [(row, leaf_of(order)) for order, row in enumerate(rows)])
    assert merged is not None
    for texts in itertools.product("abc", repeat=3):
        segments = ["", "x", *texts]
        fitting = [
            order
            for order, row in enumerate(rows)
            if all(segments[at] == text for at, text in row.items())
        ]
        assert found(merged, segments) == fitting


def test_what_costs_too_much_is_left_alone() -> None:
    masks = list(itertools.product("a_", repeat=13))
    rows = [({at: "a" for at, bit in enumerate(mask, 1) if bit == "a"}) for mask in masks]
    leaves = [(row, leaf_of(0)) for row in rows]
    assert merge(14, 1, leaves) is None
    assert merge(14, 1, leaves[:64]) is not None


def test_a_walk_costs_one_step_per_segment() -> None:
    def steps(count: int) -> int:
        rows = [{at: "a" for at in range(1, 9) if number >> at & 1} for number in range(count)]
        merged = merge(9, 1, [(row, leaf_of(0)) for row in rows])
        assert merged is not None
        return count_steps(lambda _: merged.pick([""] + ["a"] * 8), "")

    assert steps(200) <= steps(20)
