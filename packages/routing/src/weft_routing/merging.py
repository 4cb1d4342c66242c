"""Many masks behind one anchor, merged into one walk: a state for each set of ways that is open.

Without it, a table with text *and* parameter in many places (``/{a}/x``, ``/x/{a}``...) would cost
a look-up per mask. Knows no order; leaves keep their entries' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from .leaves import Leaf

T = TypeVar("T")

# How much making the states may cost. Their number can grow with the power of the routes'; a table
# that needs more is looked up mask by mask.
LEAST_WORK = 100_000
WORK_PER_LEAF = 256

# From a text to the next state, or to the number of a leaf; None stands for any other text.
State = dict["str | None", "State | int"]
Numbers = tuple[int, ...]
Literals = dict[int, str]  # the literal segments of a leaf, by index


class Merged(Generic[T]):
    """One probe for many masks."""

    __slots__ = ("_at", "_start", "leaves")

    def __init__(self, at: int, start: State, leaves: dict[int, Leaf[T]]) -> None:
        self._at = at
        self._start = start
        self.leaves = leaves

    def pick(self, segments: list[str]) -> int:
        """The key of the leaf for a path, or 0."""
        state: State | int | None = self._start
        for text in segments[self._at :]:
            assert isinstance(state, dict)  # as many segments, as many states
            state = state.get(text) or state.get(None)
            if state is None:
                return 0
        assert isinstance(state, int)  # the last one
        return state


def merge(count: int, at: int, leaves: Sequence[tuple[Literals, Leaf[T]]]) -> Merged[T] | None:
    """Merge leaves with `count` segments that differ from `at` on; None if it costs too much."""
    budget = LEAST_WORK + WORK_PER_LEAF * len(leaves)
    start: State = {}
    merged: dict[int, Leaf[T]] = {}
    # The states of one index, each with the leaves that are still possible there.
    level: dict[Numbers, State] = {tuple(range(len(leaves))): start}
    for index in range(at, count):
        steps = [(state, _step(index, possible, leaves)) for possible, state in level.items()]
        reached = dict.fromkeys(numbers for _, step in steps for numbers in step.values())
        budget -= sum(map(len, reached))
        if budget < 0:
            return None
        level = {numbers: {} for numbers in reached}
        targets: Mapping[Numbers, State | int] = level
        if index == count - 1:
            targets = {numbers: key for key, numbers in enumerate(reached, 1)}
            merged = {key: _join(numbers, leaves) for key, numbers in enumerate(reached, 1)}
        for state, step in steps:
            state.update((text, targets[numbers]) for text, numbers in step.items())
    return Merged(at, start, merged)


def _step(
    index: int, possible: Numbers, leaves: Sequence[tuple[Literals, Leaf[T]]]
) -> dict[str | None, Numbers]:
    """Which leaves stay possible behind each text."""
    others: list[int] = []
    ways: dict[str, list[int]] = {}
    for number in possible:
        text = leaves[number][0].get(index)
        if text is None:
            others.append(number)
        else:
            ways.setdefault(text, []).append(number)
    steps: dict[str | None, Numbers] = {
        text: tuple(sorted(numbers + others)) for text, numbers in ways.items()
    }
    if others:
        steps[None] = tuple(others)
    return steps


def _join(numbers: Numbers, leaves: Sequence[tuple[Literals, Leaf[T]]]) -> Leaf[T]:
    joined: Leaf[T] = Leaf()
    for number in numbers:
        joined.entries += leaves[number][1].entries
    return joined
