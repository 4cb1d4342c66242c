"""Router[T]: a table from (method, path) to any value. Pure: no server, no clock, no asyncio.

Decides what happens when several routes match, or none. Knows nothing about the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from keyword import iskeyword
from types import MappingProxyType
from typing import Generic, TypeVar

from .errors import DuplicateName, DuplicateRoute, MethodError, RouteNameError, WrongPhase
from .pattern import Pattern, parse_pattern, to_comparable
from .tree import ANY_METHOD, Found, Match, Miss, Route, Tree, to_match

T = TypeVar("T")

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


# What each method of one literal path leads to; the key "*" is always there.
Row = dict[str, Match[T] | Miss]


class Router(Generic[T]):
    """Add routes, freeze once, then match as often as you like, from any thread.

    >>> router = Router[str]()
    >>> _ = router.add("GET", "/notes/{id}", "one note")
    >>> router.freeze()
    >>> match = router.match("GET", "/notes/7")
    >>> match.value, match.params
    ('one note', {'id': '7'})
    >>> router.match("PUT", "/notes/7")
    Miss(allowed=('GET',))
    """

    __slots__ = ("_is_frozen", "_named", "_routes", "_rows", "_taken", "_tree")

    def __init__(self) -> None:
        self._routes: list[Route[T]] = []
        self._taken: dict[str, list[str]] = {}  # path → its methods
        self._named: dict[str, Pattern] = {}
        self._rows: dict[str, Row[T]] = {}  # comparable literal path → its row
        self._tree: Tree[T] = Tree()
        self._is_frozen = False

    def add(self, method: str, path: str, value: T, *, name: str | None = None) -> Route[T]:
        """Add a route. The method is compared as written; ``*`` takes any method."""
        if self._is_frozen:
            raise WrongPhase(is_frozen=True)
        if _METHOD.fullmatch(method) is None:
            raise MethodError(method)
        pattern = parse_pattern(path)
        if name is not None:
            self._check_name(name, pattern)
        taken = self._taken.setdefault(path, [])
        for other in (method, ANY_METHOD):
            if other in taken:
                raise DuplicateRoute(method, path, other)
        route = Route(method, pattern, value, name, len(self._routes), pattern.names)
        self._routes.append(route)
        taken.append(method)
        if name is not None:
            self._named[name] = pattern
        return route

    def freeze(self) -> None:
        """Build the tables for matching. Nothing can be added afterwards."""
        if self._is_frozen:
            return
        self._is_frozen = True
        literal: dict[str, list[Route[T]]] = {}
        for route in self._routes:
            if route.pattern.is_literal:
                literal.setdefault(route.pattern.literal, []).append(route)
            else:
                self._tree.add(route)
        self._tree.seal()
        for path, routes in literal.items():
            self._rows[path] = self._to_row(path, routes)

    def match(self, method: str, path: str) -> Match[T] | Miss:
        """Find the route for a method and a raw path: percent-encoded, without query."""
        row = self._rows.get(path)
        if row is None:
            return self._match_encoded(method, path) if "%" in path else self._find(method, path)
        return row.get(method) or row[ANY_METHOD]

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen

    @property
    def routes(self) -> tuple[Route[T], ...]:
        """Every route, in the order of adding."""
        return tuple(self._routes)

    @property
    def named(self) -> Mapping[str, Pattern]:
        """The patterns of named routes, for building URLs."""
        return MappingProxyType(self._named)

    def _match_encoded(self, method: str, path: str) -> Match[T] | Miss:
        path = to_comparable(path)
        row = self._rows.get(path)
        if row is None:
            return self._find(method, path)
        return row.get(method) or row[ANY_METHOD]

    def _find(self, method: str, path: str) -> Match[T] | Miss:
        if not self._is_frozen:
            raise WrongPhase(is_frozen=False)
        return self._tree.find(method, path)

    def _to_row(self, path: str, routes: list[Route[T]]) -> Row[T]:
        """All that a literal path can lead to: patterns may match it too, with other methods."""
        candidates: Found[T] = [(route, ()) for route in routes]
        candidates.extend(self._tree.candidates(path))
        candidates.sort(key=_rank)
        row: Row[T] = {}
        for route, values in candidates:
            match = to_match(route, values, path)
            match.params = MappingProxyType(match.params)  # it will be shared
            row.setdefault(route.method, match)
            if route.method == ANY_METHOD:
                return row
        row[ANY_METHOD] = Miss(tuple(sorted(row)))
        return row

    def _check_name(self, name: str, pattern: Pattern) -> None:
        for part in re.split(r"[-.:]", name):
            if not part.isidentifier() or iskeyword(part):
                raise RouteNameError(name)
        taken = self._named.get(name)
        if taken is not None and taken != pattern:
            raise DuplicateName(name, pattern.text, taken.text)


def _rank(candidate: tuple[Route[T], tuple[str, ...]]) -> tuple[int, int]:
    route = candidate[0]
    return -len(route.pattern.anchor), route.order
