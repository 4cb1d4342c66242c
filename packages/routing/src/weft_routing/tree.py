"""The segment tree: which routes match a path, best first. Knows no HTTP beyond method names.

Rank: the route with the longest anchor (literal segments before its first parameter) wins, then
the one that was added first. So literal comes before pattern, and a table reads from top to bottom.

Routes whose segments can be told apart lie in a tree, keyed by segment: literal text, any text
(``{name}``), or a regex over one segment. The others (``{tail:.*}``) hang at the node of their
anchor and are tried on the whole path. One walk down the literal prefix finds every anchor of a
path; each of them is then searched, the deepest first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

import attrs

from .pattern import Parameter, Pattern, Segment, compile_pieces, to_value

T = TypeVar("T")

ANY_METHOD = "*"


@attrs.frozen(eq=False)
class Route(Generic[T]):
    """One line of the table. Equal only to itself."""

    method: str
    pattern: Pattern
    value: T
    name: str | None
    order: int
    names: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.pattern.text

    @property
    def canonical(self) -> str:
        return self.pattern.canonical


@attrs.define
class Match(Generic[T]):
    """The value for a request, and the parameters of its path, decoded.

    Do not change it: the match of a literal path is made once and shared.
    """

    value: T
    params: Mapping[str, str]
    route: Route[T]


@attrs.frozen
class Miss:
    """No value. `allowed` are the methods that the path has; none means that no route has it."""

    allowed: tuple[str, ...] = ()


NOT_FOUND = Miss()


@attrs.define(eq=False)
class Node(Generic[T]):
    """Behind the first parameter: all routes that agree on the segments so far."""

    depth: int  # pieces of path.split("/") up to here
    literals: dict[str, Node[T]] = attrs.field(factory=dict)
    plain: Node[T] | None = None
    shaped: list[tuple[re.Pattern[str], Node[T]]] = attrs.field(factory=list)
    routes: list[Route[T]] = attrs.field(factory=list)  # that end here


@attrs.define(eq=False)
class Anchor(Generic[T]):
    """Before the first parameter: one literal prefix, and what hangs at it."""

    depth: int
    literals: dict[str, Anchor[T]] = attrs.field(factory=dict)
    has_routes: bool = False
    node: Node[T] | None = None
    loose: list[Route[T]] = attrs.field(factory=list)  # tried on the whole path


Found = list[tuple[Route[T], tuple[str, ...]]]


class Tree(Generic[T]):
    """The routes with parameters. Literal paths need no tree: they are keys of a dict."""

    __slots__ = ("_depth", "_root")

    def __init__(self) -> None:
        self._root: Anchor[T] = Anchor(0)
        self._depth = 0  # of the deepest node: no longer path can end in the tree

    def add(self, route: Route[T]) -> None:
        """Put a route at its place. The pattern is not literal."""
        anchor = self._root
        for text in route.pattern.anchor.split("/"):
            below = anchor.literals.get(text)
            if below is None:
                below = anchor.literals[text] = Anchor(anchor.depth + 1)
            anchor = below
        anchor.has_routes = True
        self._depth = max(self._depth, anchor.depth)
        segments = route.pattern.segments
        if segments is None:
            anchor.loose.append(route)
            return
        if anchor.node is None:
            anchor.node = Node(anchor.depth)
        node = anchor.node
        for segment in segments[anchor.depth :]:
            node = _child(node, segment, route)
        node.routes.append(route)
        self._depth = max(self._depth, node.depth)

    def find(self, method: str, path: str) -> Match[T] | Miss:
        """The best route for a method and a comparable path."""
        # At most one piece more than the tree is deep: a path of many slashes costs nothing.
        segments = path.split("/", self._depth)
        missed: Found[T] = []
        for anchor in self._anchors(segments):
            found = _routes_at(anchor, segments, path)
            for route, values in found:
                if route.method == method or route.method == ANY_METHOD:
                    return to_match(route, values, path)
            missed += found
        return Miss(tuple(sorted({route.method for route, _ in missed}))) if missed else NOT_FOUND

    def candidates(self, path: str) -> Found[T]:
        """Every route that matches the comparable path, best first, with its values."""
        segments = path.split("/", self._depth)
        anchors = self._anchors(segments)
        return [pair for anchor in anchors for pair in _routes_at(anchor, segments, path)]

    def _anchors(self, segments: list[str]) -> list[Anchor[T]]:
        """The anchors that the path begins with, the deepest first."""
        anchor, anchors = self._root, []
        for text in segments:
            below = anchor.literals.get(text)
            if below is None:
                break
            anchor = below
            if anchor.has_routes:
                anchors.append(anchor)
        anchors.reverse()
        return anchors


def to_match(route: Route[T], values: tuple[str, ...], path: str) -> Match[T]:
    """The match of a route, with what the comparable form still holds encoded decoded."""
    if "%" in path:
        values = tuple(map(to_value, values))
    return Match(route.value, dict(zip(route.names, values, strict=True)), route)


def _routes_at(anchor: Anchor[T], segments: list[str], path: str) -> Found[T]:
    """The routes of one anchor that match, in the order in which they were added."""
    found: Found[T] = []
    if anchor.node is not None:
        _collect(anchor.node, segments, (), found)
    if not anchor.loose and len(found) < 2:
        return found
    for route in anchor.loose:
        match = route.pattern.regex.fullmatch(path)
        if match is not None:
            found.append((route, tuple(match.groupdict("").values())))
    found.sort(key=_order)
    return found


def _child(node: Node[T], segment: Segment, route: Route[T]) -> Node[T]:
    """The node below for one segment of a pattern, made when it is new."""
    if all(isinstance(piece, str) for piece in segment):
        text = "".join(map(str, segment))
        return node.literals.setdefault(text, Node(node.depth + 1))
    if len(segment) == 1 and isinstance(segment[0], Parameter) and segment[0].is_plain:
        node.plain = node.plain or Node(node.depth + 1)
        return node.plain
    regex = compile_pieces(segment, route.path)
    for known, child in node.shaped:
        if known.pattern == regex.pattern:
            return child
    made: Node[T] = Node(node.depth + 1)
    node.shaped.append((regex, made))
    return made


def _collect(node: Node[T], segments: list[str], values: tuple[str, ...], found: Found[T]) -> None:
    """Find every route below the node that the rest of the path reaches."""
    for at in range(node.depth, len(segments)):
        text = segments[at]
        if node.shaped:
            _collect_shaped(node, text, segments, values, found)
        literal, plain = node.literals.get(text), node.plain
        if plain is not None and text and "{" not in text and "}" not in text:
            if literal is not None:
                _collect(literal, segments, values, found)
            node, values = plain, (*values, text)
        elif literal is not None:
            node = literal
        else:
            return
    for route in node.routes:
        found.append((route, values))


def _collect_shaped(
    node: Node[T], text: str, segments: list[str], values: tuple[str, ...], found: Found[T]
) -> None:
    for regex, child in node.shaped:
        match = regex.fullmatch(text)
        if match is not None:
            _collect(child, segments, values + match.groups(), found)


def _order(candidate: tuple[Route[T], tuple[str, ...]]) -> int:
    return candidate[0].order
