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

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from .answers import Match, Miss, Route
from .finders import Finder, Probe, make_finder
from .leaves import Entry, Leaf
from .merging import merge
from .outline import Outline, Outlines
from .shapes import ShapeFactory

T = TypeVar("T")

# More probes than this for one number of segments are narrowed down first.
FEW_PROBES = 4
# More masks than this behind one anchor are merged.
FEW_MASKS = 8


# The classes here are plain ones: making them with attrs costs every start of a program more.


class Mask(Generic[T]):
    """Routes with parameters in the same segments.

    `depth` is the anchor's number of segments, the empty one before the first slash included;
    `literals`, the indexes of the literal segments that the anchor leaves.
    """

    __slots__ = ("depth", "is_loose", "leaves", "literals")

    def __init__(self, depth: int, literals: tuple[int, ...], *, is_loose: bool) -> None:
        self.depth = depth
        self.literals = literals
        self.is_loose = is_loose
        self.leaves: dict[tuple[str, ...], Leaf[T]] = {}

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Its place among the masks of a plan: loose ones last, which need the longest."""
        first = min(entry.order for leaf in self.leaves.values() for entry in leaf.entries)
        return -self.depth, self.is_loose, first

    def to_probe(self) -> Probe[T]:
        """A look-up for all of it."""
        literals = self.literals
        if not literals:  # nothing but the empty text before the first slash
            return self._to_probe({"": self.leaves[()]}, (0,), ())
        # Where one segment tells all leaves apart, looking it up and comparing the others takes a
        # third of the time that it takes to look up a tuple.
        for at, index in enumerate(literals):
            leaves = {key[at]: leaf for key, leaf in self.leaves.items()}
            if len(leaves) == len(self.leaves):
                for key, leaf in self.leaves.items():
                    leaf.texts = (*key[:at], *key[at + 1 :])
                return self._to_probe(leaves, (index,), (*literals[:at], *literals[at + 1 :]))
        return self._to_probe(self.leaves, literals, ())

    def _to_probe(
        self, leaves: Mapping[Any, Leaf[T]], keys: tuple[int, ...], others: tuple[int, ...]
    ) -> Probe[T]:
        pick = itemgetter(*keys)
        return Probe(leaves, self.depth, pick, keys, others, is_shaped=self.is_loose)


class Way(Generic[T]):
    """Probes, one after the other.

    `find` is their short way where a fork leads here. That of any other way is written into the
    whole match (see finders.py), and `find` is the long one.
    """

    __slots__ = ("find", "probes")

    def __init__(self, probes: tuple[Probe[T], ...], find: Finder[T]) -> None:
        self.probes = probes
        self.find = find


class Fork(Generic[T]):
    """Narrows down the probes by one literal segment."""

    __slots__ = ("at", "rest", "ways")

    def __init__(self, at: int, rest: Way[T]) -> None:
        self.at = at
        self.rest = rest  # where a path differs from all anchors
        self.ways: dict[str, Fork[T] | Way[T]] = {}

    def narrow(self, segments: list[str]) -> Way[T]:
        """The way for a path."""
        way: Fork[T] | Way[T] = self
        while type(way) is Fork:  # half the time of isinstance()
            way = way.ways.get(segments[way.at], way.rest)
        assert type(way) is Way  # there is nothing else
        return way

    def find(self, method: str, path: str, segments: list[str]) -> Match[T] | Miss:
        """The short way, once the fork is passed."""
        return self.narrow(segments).find(method, path, segments)


Plan = Fork[T] | Way[T]


class Planner(Generic[T]):
    """Takes routes with parameters, and makes the plans. `search` is the long way of a match."""

    def __init__(self, search: Finder[T], outlines: Outlines) -> None:
        self._search = search
        self._outlines = outlines
        self._shapes = ShapeFactory()
        self._texts: dict[str, str] = {}  # equal texts become one
        self._masks: dict[tuple[int, ...], Mask[T]] = {}  # number of segments, and the wild ones
        self._loose: dict[int, Mask[T]] = {}  # by depth
        self.depth = 0  # no segment behind this one has to be told apart

    def add(self, route: Route[T]) -> None:
        """Put a route into its leaf. The pattern is not literal."""
        outline = self._outlines.of(route.pattern)
        shape = self._shapes.make(outline)
        if outline.segments is None:
            texts = route.pattern.anchor.split("/")
            mask = self._loose.get(len(texts))
            if mask is None:
                mask = Mask(len(texts), tuple(range(1, len(texts))), is_loose=True)
                self._loose[len(texts)] = mask
            key = tuple(texts[1:])
        else:
            mask, key = self._to_mask(outline)
        self.depth = max(self.depth, mask.depth, len(outline.texts))
        key = tuple([self._texts.setdefault(text, text) for text in key])
        leaf = mask.leaves.get(key)
        if leaf is None:
            leaf = mask.leaves[key] = Leaf()
        leaf.entries.append(Entry(route, shape))

    def _to_mask(self, outline: Outline) -> tuple[Mask[T], tuple[str, ...]]:
        count, wild = len(outline.texts), outline.wild
        mask = self._masks.get((count, *wild))
        if mask is None:
            literals = tuple(at for at in range(1, count) if at not in wild)
            mask = self._masks[count, *wild] = Mask(wild[0], literals, is_loose=False)
        return mask, tuple([outline.texts[at] for at in mask.literals])

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
        planning = _Planning(misses, self._search)
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

    def __init__(self, misses: dict[tuple[str, ...], Miss], search: Finder[T]) -> None:
        self._misses = misses
        self._search = search
        self._probes: dict[int, Probe[T]] = {}  # by the identity of a mask
        self._ways: dict[tuple[int, ...], Way[T]] = {}  # equal ones become one

    def plan(self, count: int, masks: Sequence[Mask[T]]) -> Plan[T]:
        """The plan for paths with this number of segments. The masks are in order."""
        if len(masks) <= FEW_PROBES:
            return Way(self._to_probes(masks), self._search)
        top: Fork[T] = Fork(0, self._to_way(count, ()))
        pending: list[tuple[Fork[T], str, Live[T]]] = [
            (top, "", [(mask, list(mask.leaves)) for mask in masks])
        ]
        while pending:
            above, text, live = pending.pop()
            at = above.at + 1
            done = self._end_here(count, at, [pair for pair in live if pair[0].depth == at])
            done += above.rest.probes
            live = [pair for pair in live if pair[0].depth > at]
            if len(live) + len(done) <= FEW_PROBES or not live:
                probes = self._to_probes(mask for mask, _ in live) + done
                above.ways[text] = self._to_way(count, probes)
                continue
            fork = above.ways[text] = Fork(at, self._to_way(count, done))
            pending += [(fork, text, below) for text, below in _divide(at, live).items()]
        return top.ways[""]

    def _to_way(self, count: int, probes: tuple[Probe[T], ...]) -> Way[T]:
        key = (count, *map(id, probes))
        if key not in self._ways:
            self._ways[key] = Way(probes, make_finder(count, probes, self._search))
        return self._ways[key]

    def _to_probes(self, masks: Iterable[Mask[T]]) -> tuple[Probe[T], ...]:
        masks = tuple(masks)
        for mask in masks:
            if id(mask) not in self._probes:
                self._probes[id(mask)] = mask.to_probe()
        return tuple(self._probes[id(mask)] for mask in masks)

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
            leaf.seal(barrier, self._misses, by_shape=True)
        probe = Probe(merged.leaves, at, merged.pick, (), (), is_shaped=True)
        return (probe, *self._to_probes(loose))


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
