"""The frozen table of one host: which route a method and a path lead to.

Rank: the route with the longest anchor (literal segments before its first parameter) wins, then
the one that was added first. So literal comes before pattern, and a table reads from top to bottom.

A literal path is one look-up. Any other is split at its slashes; the plan for that number of
segments says which look-ups find its routes (see plans.py). Nothing is written while matching, so
any number of threads may do it at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from types import MappingProxyType
from typing import Generic, TypeVar

from .answers import ANY_METHOD, NOT_FOUND, Match, Miss, Route, make_match
from .finders import Matcher, Row, Table, make_matcher
from .leaves import Entry, Leaf, to_order
from .outline import Outlines
from .pattern import to_comparable
from .plans import Plan, Planner, Way
from .shapes import Shape, Texts

T = TypeVar("T")

Hits = list[tuple[int, Leaf[T]]]  # the depth of the anchor, and a leaf that the path leads to


class Tree(Generic[T]):
    """Routes, made ready for matching.

    `rows` has what literal paths lead to, by their comparable form; `plans`, how to find the leaf of
    any other path, by its number of segments. `depth` is how often to split a path: at most one
    piece more than the tree is deep, so a path of many slashes costs nothing. `match` is the short
    way to what `find` gives, as one function.
    """

    __slots__ = ("depth", "match", "plans", "rows", "shadowed")

    def __init__(self, routes: Iterable[Route[T]], outlines: Outlines) -> None:
        planner = Planner(self._search, outlines)
        literal: dict[str, list[Route[T]]] = {}
        for route in routes:
            if route.pattern.is_literal:
                literal.setdefault(route.pattern.literal, []).append(route)
            else:
                planner.add(route)
        self.plans: Sequence[Plan[T]] = planner.finish()
        self.depth = planner.depth
        self.rows: dict[str, Row[T]] = {}
        # Routes of literal paths that other routes take away, with those.
        self.shadowed: list[tuple[Route[T], Route[T]]] = []
        for path, same in literal.items():
            self.rows[path] = self._to_row(path, same)
        self.match: Matcher[T] = make_matcher(self._to_table(), self._search)

    def _to_table(self) -> Table[T]:
        by_count = dict(enumerate(self.plans))
        ways = {count: plan.probes for count, plan in by_count.items() if isinstance(plan, Way)}
        forks = {count: plan.find for count, plan in by_count.items() if count not in ways}
        return Table(self.rows, self.depth, ways, forks)

    def find(self, method: str, path: str) -> Match[T] | Miss:
        """The best route for a method and a raw path, of whatever characters."""
        path = to_comparable(path)
        row = self.rows.get(path)
        if row is not None:
            return row.get(method) or row[ANY_METHOD]
        return self.search(method, path, path.split("/", self.depth))

    def find_each(self, path: str) -> dict[str, Match[T]]:
        """The best match of a raw path for each method, best first."""
        path = to_comparable(path)
        row = self.rows.get(path)
        if row is not None:
            return {method: match for method, match in row.items() if isinstance(match, Match)}
        each: dict[str, Match[T]] = {}
        for match in self.candidates(path):
            each.setdefault(match.route.method, match)
            if match.route.method == ANY_METHOD:
                break  # it comes before all that follow
        return each

    def _search(self, method: str, path: str, segments: list[str]) -> Match[T] | Miss:
        """What a finder leaves to the long way, of whatever characters."""
        return self.find(method, path) if "%" in path else self.search(method, path, segments)

    def search(self, method: str, path: str, segments: list[str]) -> Match[T] | Miss:
        """The long way: every leaf, and the allowed methods where no route fits."""
        hits = self._hits(segments)
        allowed: set[str] = set()
        for _, leaf in hits:
            if method in leaf.miss.allowed or ANY_METHOD in leaf.miss.allowed:
                break
        else:
            # No route fits. Where nothing has to be read, only the methods are put together.
            if _is_ordinary(segments, path):
                if len(hits) == 1 and hits[0][1].is_plain:
                    return hits[0][1].miss
                allowed.update(*(leaf.miss.allowed for _, leaf in hits if leaf.is_plain))
                hits = [hit for hit in hits if not hit[1].is_plain]
        known: dict[Shape, Texts | None] = {}  # what each shape has read: once is enough
        for entry in _in_order(hits, segments, path):
            route = entry.route
            is_wanted = route.method == method or route.method == ANY_METHOD
            if not is_wanted and route.method in allowed:
                continue
            if entry.shape not in known:
                known[entry.shape] = entry.shape.read(segments, path)
            texts = known[entry.shape]
            match = None if texts is None else entry.to_match(texts, path)
            if match is None:
                continue
            if is_wanted:
                return match
            allowed.add(route.method)
        return Miss(tuple(sorted(allowed))) if allowed else NOT_FOUND

    def candidates(self, path: str) -> Iterator[Match[T]]:
        """The match of every route that a comparable path fits, best first."""
        segments = path.split("/", self.depth)
        for entry in _in_order(self._hits(segments), segments, path):
            match = entry.match(segments, path)
            if match is not None:
                yield match

    def _hits(self, segments: list[str]) -> Hits[T]:
        plan = self.plans[len(segments)]
        probes = (plan if isinstance(plan, Way) else plan.narrow(segments)).probes
        if segments[0]:
            return []
        hits: Hits[T] = []
        for probe in probes:
            leaf = probe.find(segments)
            if leaf is not None:
                hits.append((probe.depth, leaf))
        return hits

    def _to_row(self, path: str, routes: list[Route[T]]) -> Row[T]:
        """All that a literal path can lead to: patterns may match it too, with other methods."""
        matches = [make_match(route, {}) for route in routes]
        matches.extend(self.candidates(path))
        matches.sort(key=_rank)
        row: Row[T] = {}
        for match in matches:
            route = match.route
            taken = row.get(route.method) or row.get(ANY_METHOD)
            if taken is None:
                row[route.method] = _to_shared(match)
            elif route.pattern.is_literal:
                assert isinstance(taken, Match)  # the miss comes last
                self.shadowed.append((route, taken.route))
        if ANY_METHOD not in row:
            row[ANY_METHOD] = Miss(tuple(sorted(row)))
        return row


def _is_ordinary(segments: list[str], path: str) -> bool:
    """Whether every segment is text that a plain parameter takes."""
    return "" not in segments[1:] and "{" not in path and "}" not in path


def _in_order(hits: Hits[T], segments: list[str], path: str) -> Iterator[Entry[T]]:
    """The entries of some leaves: the deepest anchor first, then the one that was added first."""
    for _, group in groupby(hits, key=_depth):
        lists = [leaf.candidates(segments, path) for _, leaf in group]
        yield from lists[0] if len(lists) == 1 else sorted(chain(*lists), key=to_order)


def _depth(hit: tuple[int, object]) -> int:
    return hit[0]


def _rank(match: Match[T]) -> tuple[int, int]:
    return -len(match.route.pattern.anchor), match.route.order


def _to_shared(match: Match[T]) -> Match[T]:
    params = MappingProxyType(match.params)
    values = params if match.values is match.params else MappingProxyType(match.values)
    return make_match(match.route, params, values)
