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
from collections.abc import Iterable, Iterator
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


@attrs.frozen(eq=False)
class Hit(Generic[T]):
    """A route that matches a path, whatever its method, with the values of its parameters."""

    route: Route[T]
    params: dict[str, str]


@attrs.define(eq=False)
class Node(Generic[T]):
    """All routes that agree on the segments so far."""

    depth: int
    literals: dict[str, Node[T]] = attrs.field(factory=dict)
    plain: Node[T] | None = None
    shaped: list[tuple[re.Pattern[str], Node[T]]] = attrs.field(factory=list)
    routes: list[Route[T]] = attrs.field(factory=list)  # that end here
    loose: list[Route[T]] = attrs.field(factory=list)  # anchored here, tried on the whole path

    @property
    def is_anchor(self) -> bool:
        return self.plain is not None or bool(self.shaped) or bool(self.loose)


Found = list[tuple[Node[T], tuple[str, ...]]]


class Tree(Generic[T]):
    """The routes with parameters. Literal paths need no tree: they are keys of a dict."""

    __slots__ = ("_depth", "_root")

    def __init__(self) -> None:
        self._root: Node[T] = Node(0)
        self._depth = 0  # of the deepest node: no longer path can end in the tree

    def add(self, route: Route[T]) -> None:
        segments = route.pattern.segments
        if segments is None:
            self._anchor(route).loose.append(route)
            return
        node = self._root
        for segment in segments:
            node = _child(node, segment, route)
        node.routes.append(route)
        self._depth = max(self._depth, node.depth)

    def hits(self, path: str) -> Iterator[Hit[T]]:
        """Every route that matches the comparable path, best first."""
        if not path.startswith("/"):
            return
        # At most one piece more than the tree is deep: a path of many slashes costs nothing.
        segments = path[1:].split("/", self._depth)
        for node in reversed(self._anchors(segments)):
            yield from _hits_at(node, path, segments)

    def _anchor(self, route: Route[T]) -> Node[T]:
        node = self._root
        anchor = route.pattern.anchor
        for text in anchor.split("/")[1:]:
            node = _literal_child(node, text)
        self._depth = max(self._depth, node.depth)
        return node

    def _anchors(self, segments: list[str]) -> list[Node[T]]:
        node = self._root
        anchors = [node]
        for text in segments:
            child = node.literals.get(text)
            if child is None:
                break
            node = child
            if node.is_anchor:
                anchors.append(node)
        return anchors


def _child(node: Node[T], segment: Segment, route: Route[T]) -> Node[T]:
    """The node below for one segment of a pattern, made when it is new."""
    if not segment or (len(segment) == 1 and isinstance(segment[0], str)):
        return _literal_child(node, "".join(map(str, segment)))
    if len(segment) == 1 and isinstance(segment[0], Parameter) and segment[0].is_plain:
        if node.plain is None:
            node.plain = Node(node.depth + 1)
        return node.plain
    regex = compile_pieces(segment, route.path)
    for known, child in node.shaped:
        if known.pattern == regex.pattern:
            return child
    made: Node[T] = Node(node.depth + 1)
    node.shaped.append((regex, made))
    return made


def _literal_child(node: Node[T], text: str) -> Node[T]:
    child = node.literals.get(text)
    if child is None:
        child = node.literals[text] = Node(node.depth + 1)
    return child


def _hits_at(anchor: Node[T], path: str, segments: list[str]) -> Iterable[Hit[T]]:
    """The routes with this anchor that match, in the order in which they were added."""
    found: Found[T] = []
    if anchor.depth < len(segments):
        _enter(anchor, segments, anchor.depth, (), found)
    hits = [
        Hit(route, dict(zip(route.names, map(to_value, values), strict=True)))
        for node, values in found
        for route in node.routes
    ]
    for route in anchor.loose:
        match = route.pattern.regex.fullmatch(path)
        if match is not None:
            hits.append(Hit(route, {k: to_value(v or "") for k, v in match.groupdict().items()}))
    if len(hits) > 1:
        hits.sort(key=_order)
    return hits


def _order(hit: Hit[T]) -> int:
    return hit.route.order


def _enter(
    node: Node[T], segments: list[str], index: int, values: tuple[str, ...], found: Found[T]
) -> None:
    """Take the segment at `index` as a parameter."""
    text = segments[index]
    if node.plain is not None and text and "{" not in text and "}" not in text:
        _descend(node.plain, segments, index + 1, (*values, text), found)
    for regex, child in node.shaped:
        match = regex.fullmatch(text)
        if match is not None:
            _descend(child, segments, index + 1, values + match.groups(), found)


def _descend(
    node: Node[T], segments: list[str], index: int, values: tuple[str, ...], found: Found[T]
) -> None:
    """Collect every node below that the rest of the path reaches."""
    if index == len(segments):
        if node.routes:
            found.append((node, values))
        return
    child = node.literals.get(segments[index])
    if child is not None:
        _descend(child, segments, index + 1, values, found)
    _enter(node, segments, index, values, found)
