"""Plans: which look-ups find the routes of a path, made once when the table is frozen.

A route whose segments can be told apart has a *mask*: how many segments there are, and which of
them are literal. All routes with one mask lie in one dict, keyed by their literal texts, so one
look-up finds those that a path fits, however many there are. A *probe* is such a look-up; the plan
for a number of segments is its probes, the longest anchor first. Routes that segments cannot tell
apart (``{tail:.*}``) lie behind probes for their anchors.

Where a number of segments has many masks, a Fork narrows them down by the literal segments that a
path begins with; and many masks behind one anchor are merged into one probe (see merging.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

import attrs

from .answers import Miss, Route
from .leaves import Entry, Leaf
from .merging import merge
from .pattern import Segment
from .shapes import ShapeFactory, is_literal

T = TypeVar("T")

# More probes than this for one number of segments are narrowed down first.
FEW_PROBES = 4
# More masks than this behind one anchor are merged.
FEW_MASKS = 8

Picker = Callable[[list[str]], Any]  # literal texts of a path, as keys of `leaves`
# How to pick a key, the leaves, and the number of literal segments before the first parameter.
Probe = tuple[Picker, dict[Any, Leaf[T]], int]


@attrs.define(eq=False)
class Mask(Generic[T]):
    """Routes with parameters in the same segments."""

    depth: int  # the anchor's number of segments, the empty one before the first slash included
    literals: tuple[int, ...]  # indexes of the literal segments that the anchor leaves
    is_loose: bool
    leaves: dict[tuple[str, ...], Leaf[T]] = attrs.field(factory=dict)

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Its place among the masks of a plan: loose ones last, which need the longest."""
        first = min(entry.order for leaf in self.leaves.values() for entry in leaf.entries)
        return -self.depth, self.is_loose, first

    def to_probe(self) -> Probe[T]:
        """A look-up for all of it."""
        if not self.literals:  # nothing but the empty text before the first slash
            return itemgetter(0), {"": self.leaves[()]}, self.depth
        if len(self.literals) == 1:  # a getter for one index gives no tuple
            return (
                itemgetter(*self.literals),
                {k: v for (k,), v in self.leaves.items()},
                self.depth,
            )
        return itemgetter(*self.literals), dict(self.leaves), self.depth


@attrs.define(eq=False)
class Fork(Generic[T]):
    """Narrows down the probes by one literal segment."""

    at: int
    rest: tuple[Probe[T], ...]  # where a path differs from all anchors
    ways: dict[str, Fork[T] | tuple[Probe[T], ...]] = attrs.field(factory=dict)

    def narrow(self, segments: list[str]) -> tuple[Probe[T], ...]:
        """The probes for a path."""
        way: Fork[T] | tuple[Probe[T], ...] = self
        while isinstance(way, Fork):
            way = way.ways.get(segments[way.at], way.rest)
        return way


Plan = Fork[T] | tuple[Probe[T], ...]


class Planner(Generic[T]):
    """Takes routes with parameters, and makes the plans."""

    def __init__(self) -> None:
        self._shapes = ShapeFactory()
        self._texts: dict[str, str] = {}  # equal texts become one
        self._masks: dict[tuple[int, ...], Mask[T]] = {}  # number of segments, literal indexes
        self._loose: dict[int, Mask[T]] = {}  # by depth
        self.depth = 0  # no segment behind this one has to be told apart

    def add(self, route: Route[T]) -> None:
        """Put a route into its leaf. The pattern is not literal."""
        segments = route.pattern.segments
        shape = self._shapes.make(route.pattern, segments)
        if segments is None:
            texts = route.pattern.anchor.split("/")
            mask = self._loose.get(len(texts))
            if mask is None:
                mask = Mask(len(texts), tuple(range(1, len(texts))), is_loose=True)
                self._loose[len(texts)] = mask
            key = tuple(texts[1:])
        else:
            mask, key = self._to_mask(segments)
        self.depth = max(self.depth, mask.depth, len(segments or ()))
        key = tuple(self._texts.setdefault(text, text) for text in key)
        leaf = mask.leaves.get(key)
        if leaf is None:
            leaf = mask.leaves[key] = Leaf()
        leaf.entries.append(Entry(route, shape))

    def _to_mask(self, segments: tuple[Segment, ...]) -> tuple[Mask[T], tuple[str, ...]]:
        literals = tuple(at for at, segment in enumerate(segments) if at and is_literal(segment))
        mask = self._masks.get((len(segments), *literals))
        if mask is None:
            depth = next(at for at, segment in enumerate(segments) if not is_literal(segment))
            mask = self._masks[len(segments), *literals] = Mask(depth, literals, is_loose=False)
        return mask, tuple("".join(map(str, segments[at])) for at in literals)

    def finish(self) -> list[Plan[T]]:
        """The plan for each number of segments; the last is for paths with more than any route."""
        misses: dict[tuple[str, ...], Miss] = {}
        for mask in self._loose.values():
            for leaf in mask.leaves.values():
                leaf.seal(float("inf"), misses)  # nothing is looked up later
        by_count: list[list[Mask[T]]] = [[] for _ in range(self.depth + 2)]
        for (count, *_), mask in self._masks.items():
            by_count[count].append(mask)
        for depth, mask in self._loose.items():
            for masks in by_count[depth + 1 :]:
                masks.append(mask)
        planning = _Planning[T](misses)
        plans: list[Plan[T]] = []
        for count, masks in enumerate(by_count):
            masks.sort(key=lambda mask: mask.rank)
            _seal(masks, misses)
            plans.append(planning.plan(count, masks))
        return plans


def _seal(masks: Sequence[Mask[T]], misses: dict[tuple[str, ...], Miss]) -> None:
    """Tell each leaf about its rivals: leaves with the same anchor that are looked up later."""
    first: dict[tuple[str, ...], float] = {}  # anchor → the lowest order of those
    for mask in reversed(masks):
        orders: dict[tuple[str, ...], float] = {}
        for key, leaf in mask.leaves.items():
            anchor = key[: mask.depth - 1]
            if not mask.is_loose:
                leaf.seal(first.get(anchor, float("inf")), misses)
            orders[anchor] = min(orders.get(anchor, float("inf")), leaf.entries[0].order)
        # Only now: the leaves of one mask are no rivals, a path leads to one of them.
        for anchor, order in orders.items():
            first[anchor] = min(first.get(anchor, order), order)


# Masks, each with those of its keys that begin with some anchor.
Live = list[tuple[Mask[T], list[tuple[str, ...]]]]


class _Planning(Generic[T]):
    """Makes plans of masks."""

    def __init__(self, misses: dict[tuple[str, ...], Miss]) -> None:
        self._misses = misses
        self._probes: dict[int, Probe[T]] = {}
        self._plans: dict[tuple[int, ...], tuple[Probe[T], ...]] = {}  # equal ones become one

    def plan(self, count: int, masks: Sequence[Mask[T]]) -> Plan[T]:
        """The plan for paths with this number of segments. The masks are in order."""
        if len(masks) <= FEW_PROBES:
            return self._to_probes(masks)
        top: Fork[T] = Fork(0, ())
        pending: list[tuple[Fork[T], str, Live[T]]] = [
            (top, "", [(mask, list(mask.leaves)) for mask in masks])
        ]
        while pending:
            above, text, live = pending.pop()
            at = above.at + 1
            done = self._end_here(count, at, [pair for pair in live if pair[0].depth == at])
            done += above.rest
            live = [pair for pair in live if pair[0].depth > at]
            if len(live) + len(done) <= FEW_PROBES or not live:
                above.ways[text] = self._to_probes(mask for mask, _ in live) + done
                continue
            fork = above.ways[text] = Fork(at, done)
            pending += [(fork, text, below) for text, below in _divide(at, live).items()]
        return top.ways[""]

    def _to_probes(self, masks: Iterable[Mask[T]]) -> tuple[Probe[T], ...]:
        masks = tuple(masks)
        key = tuple(map(id, masks))
        if key not in self._plans:
            for mask in masks:
                if id(mask) not in self._probes:
                    self._probes[id(mask)] = mask.to_probe()
            self._plans[key] = tuple(self._probes[id(mask)] for mask in masks)
        return self._plans[key]

    def _end_here(self, count: int, at: int, here: Live[T]) -> tuple[Probe[T], ...]:
        """The probes of masks whose anchor is the same for all their keys."""
        if len(here) <= FEW_MASKS:
            return self._to_probes(mask for mask, _ in here)
        loose = [mask for mask, _ in here if mask.is_loose]
        merged = merge(
            count,
            at,
            [
                (dict(zip(mask.literals, key, strict=True)), mask.leaves[key])
                for mask, keys in here
                for key in keys
                if not mask.is_loose
            ],
        )
        if merged is None:
            return self._to_probes(mask for mask, _ in here)
        barrier = min((mask.rank[-1] for mask in loose), default=float("inf"))
        for leaf in merged.leaves.values():
            leaf.seal(barrier, self._misses)
        return ((merged.pick, merged.leaves, at), *self._to_probes(loose))


def _divide(at: int, live: Live[T]) -> dict[str, Live[T]]:
    """The masks by the text of one segment, which is literal in all of them."""
    ways: dict[str, Live[T]] = {}
    for mask, keys in live:
        texts: dict[str, list[tuple[str, ...]]] = {}
        for key in keys:
            texts.setdefault(key[at - 1], []).append(key)
        for text, below in texts.items():
            ways.setdefault(text, []).append((mask, below))
    return ways
