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
from collections.abc import Mapping, Sequence
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
    is_straight: bool = False  # at most one way leads on from each node, and nothing is loose
    above: Anchor[T] | None = None  # the next one that has routes; known after seal()
    node: Node[T] | None = None
    loose: list[Route[T]] = attrs.field(factory=list)  # tried on the whole path


Found = list[tuple[Route[T], tuple[str, ...]]]


class Tree(Generic[T]):
    """The routes with parameters. Literal paths need no tree: they are keys of a dict."""

    __slots__ = ("_depth", "_ends", "_root")

    def __init__(self) -> None:
        self._root: Anchor[T] = Anchor(0)
        self._ends: dict[str, list[Route[T]]] = {}  # literal prefix → routes with one segment more
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

    def seal(self) -> None:
        """Prepare the short ways of find(). Nothing is added afterwards."""
        pending: list[tuple[str, Anchor[T]]] = [("", self._root.literals.get("", self._root))]
        while pending:
            prefix, anchor = pending.pop()
            anchor.is_straight = not anchor.loose and _is_straight(anchor.node)
            if anchor.is_straight and anchor.node and anchor.node.plain:
                self._ends[prefix] = anchor.node.plain.routes
            for text, below in anchor.literals.items():
                below.above = anchor if anchor.has_routes else anchor.above
                pending.append((f"{prefix}/{text}", below))

    def find(self, method: str, path: str) -> Match[T] | Miss:
        """The best route for a method and a comparable path."""
        # The shortest way, for the most common pattern: literal text and one last parameter.
        prefix, slash, text = path.rpartition("/")
        for route in self._ends.get(prefix, ()):
            if route.method == method or route.method == ANY_METHOD:
                if slash and text and "{" not in text and "}" not in text:
                    return to_match(route, (text,), path)
                break
        return self._find_straight(method, path)

    def _find_straight(self, method: str, path: str) -> Match[T] | Miss:
        """The short way, for anchors below which at most one way leads on at each segment."""
        # At most one piece more than the tree is deep: a path of many slashes costs nothing.
        segments = path.split("/", self._depth)
        anchor = self._anchor(segments)
        while anchor is not None and anchor.is_straight:
            values: list[str] = []
            routes = _follow(anchor, segments, values)
            if not routes:
                anchor = anchor.above
                continue
            if "" in values or "{" in path or "}" in path:
                break
            for route in routes:
                if route.method == method or route.method == ANY_METHOD:
                    return to_match(route, values, path)
            break
        return NOT_FOUND if anchor is None else self._find_any(method, path)

    def _find_any(self, method: str, path: str) -> Match[T] | Miss:
        """The long way: every candidate of every anchor."""
        candidates = self.candidates(path)
        for route, values in candidates:
            if route.method == method or route.method == ANY_METHOD:
                return to_match(route, values, path)
        allowed = {route.method for route, _ in candidates}
        return Miss(tuple(sorted(allowed))) if allowed else NOT_FOUND

    def candidates(self, path: str) -> Found[T]:
        """Every route that matches the comparable path, best first, with its values."""
        segments = path.split("/", self._depth)
        anchor = self._anchor(segments)
        found: Found[T] = []
        while anchor is not None:
            found += _routes_at(anchor, segments, path)
            anchor = anchor.above
        return found

    def _anchor(self, segments: list[str]) -> Anchor[T] | None:
        """The deepest anchor that the path begins with."""
        anchor = self._root
        for text in segments:
            below = anchor.literals.get(text)
            if below is None:
                break
            anchor = below
        return anchor if anchor.has_routes else anchor.above


def to_match(route: Route[T], values: Sequence[str], path: str) -> Match[T]:
    """The match of a route, with what the comparable form still holds encoded decoded."""
    if "%" in path:
        values = [to_value(value) for value in values]
    if len(values) == 1:  # the most common number, in a quarter of the time
        return Match(route.value, {route.names[0]: values[0]}, route)
    return Match(route.value, dict(zip(route.names, values, strict=True)), route)


def _is_straight(start: Node[T] | None) -> bool:
    pending = [start] if start is not None else []
    while pending:
        node = pending.pop()
        if node.shaped or (node.literals and node.plain is not None):
            return False
        pending.extend(node.literals.values())
        pending.extend([node.plain] if node.plain is not None else [])
    return start is not None


def _follow(anchor: Anchor[T], segments: list[str], values: list[str]) -> list[Route[T]] | None:
    """The routes that the only way below a straight anchor leads to; fills in the values."""
    node = anchor.node
    for text in segments[anchor.depth :]:
        assert node is not None  # a straight anchor has one, and the loop leaves on None
        if node.plain is not None:
            values.append(text)
            node = node.plain
        elif (node := node.literals.get(text)) is None:
            return None
    return node.routes if node is not None else None


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
