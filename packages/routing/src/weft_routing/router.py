"""Router[T]: a table from (method, path) to any value. Pure: no server, no clock, no asyncio.

Decides what may be added, and which table answers for a host. Knows nothing about the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import WRAPPER_ASSIGNMENTS
from keyword import iskeyword
from sys import intern
from types import MappingProxyType
from typing import Generic, TypeVar

from .answers import ANY_METHOD, Match, Miss, Route
from .convertors import BUILT_IN_CONVERTORS, PathConvertor, check_convertors
from .errors import DuplicateName, DuplicateRoute, MethodError, Place, RouteNameError, WrongPhase
from .finders import Matcher
from .hosts import HostTable, parse_host
from .outline import Outlines
from .pattern import Pattern, parse_pattern
from .reach import Unreachable, find_unreachable, find_unreachable_hosts
from .tree import Tree

T = TypeVar("T")

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Router(Generic[T]):
    """Add routes, freeze once, then match as often as you like, from any thread.

    `convertors` are those that ``{name!convertor}`` may name.

    >>> router = Router[str]()
    >>> _ = router.add("GET", "/notes/{id!int}", "one note")
    >>> router.freeze()
    >>> match = router.match("GET", "/notes/7")
    >>> match.value, match.params, match.values
    ('one note', {'id': '7'}, {'id': 7})
    >>> router.match("PUT", "/notes/7")
    Miss(allowed=('GET',))
    """

    __slots__ = (
        "__dict__",
        "_convertors",
        "_hosts",
        "_is_frozen",
        "_match",
        "_named",
        "_names",
        "_routes",
        "_taken",
        "_tree",
        "_unreachable",
    )

    def __init__(
        self, *, convertors: Mapping[str, PathConvertor[object]] = BUILT_IN_CONVERTORS
    ) -> None:
        if convertors is not BUILT_IN_CONVERTORS:
            check_convertors(convertors)
        self._convertors = convertors
        self._routes: list[Route[T]] = []
        self._taken: dict[tuple[str | None, str], dict[str, Route[T]]] = {}  # by host and path
        self._named: dict[str, Route[T]] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._hosts: HostTable[Tree[T]] = HostTable()
        self._tree: Tree[T] | None = None  # until it is frozen
        self._match: Matcher[T] = _match_nothing_yet
        self._unreachable: tuple[Unreachable[T], ...] = ()
        self._is_frozen = False

    def add(
        self,
        method: str,
        path: str | Pattern,
        value: T,
        *,
        name: str | None = None,
        host: str | None = None,
        place: Place | None = None,
    ) -> Route[T]:
        """Add a route. The method is compared as written; ``*`` takes any method.

        `path` is a pattern, as text or parsed. `host` is a host, or a mask such as
        ``*.example.com``. `place` tells errors where the route was added.
        """
        if self._is_frozen:
            raise WrongPhase(is_frozen=True)
        if _METHOD.fullmatch(method) is None:
            raise MethodError(method)
        pattern = parse_pattern(path, self._convertors) if isinstance(path, str) else path
        host = None if host is None else parse_host(host).canonical
        names = pattern.names
        names = self._names.setdefault(names, names)  # equal ones become one
        method = intern(method)  # so that most comparisons end with the first look
        route = Route(method, pattern, value, name, len(self._routes), names, host, place)
        if name is not None:
            self._check_name(name, route)
        taken = self._taken.get((host, route.path), {})
        other = taken.get(method) or taken.get(ANY_METHOD)
        if other is not None:
            raise DuplicateRoute(method, route.path, other.method, place, other.place)
        self._taken.setdefault((host, route.path), taken)[method] = route
        self._routes.append(route)
        if name is not None:
            self._named.setdefault(name, route)
        return route

    def freeze(self) -> None:
        """Build the tables for matching. Nothing can be added afterwards."""
        if self._is_frozen:
            return
        self._is_frozen = True
        self._taken.clear()
        self._names.clear()
        found: dict[Route[T], Unreachable[T]] = {}
        by_host: dict[str | None, list[Route[T]]] = {None: []}
        for route in self._routes:
            by_host.setdefault(route.host, []).append(route)
        tree = self._tree = _to_tree(by_host.pop(None), found)
        rules = [(parse_host(host), routes) for host, routes in by_host.items() if host]
        self._hosts = HostTable([(host, _to_tree(routes, found)) for host, routes in rules])
        found.update((each.route, each) for each in find_unreachable_hosts(rules))
        self._unreachable = tuple(sorted(found.values(), key=lambda each: each.route.order))
        self._match = _match_by_host(self._hosts, tree.match) if rules else tree.match
        if type(self).match is Router.match:
            # A match is asked for per request: the function itself stands before the method.
            for name in WRAPPER_ASSIGNMENTS:
                setattr(self._match, name, getattr(Router.match, name))
            self.__dict__["match"] = self._match

    def match(self, method: str, path: str, host: str | None = None) -> Match[T] | Miss:
        """Find the route for a method and a raw path: percent-encoded, without query.

        `host` is that of the request, with its port. The first host pattern that takes it decides
        alone: routes without a host are for requests that none takes.
        """
        return self._match(method, path, host)

    def match_each(self, path: str, host: str | None = None) -> Mapping[str, Match[T]]:
        """What each method of a raw path leads to; ``*`` stands for all methods not named.

        >>> router = Router[str]()
        >>> _ = router.add("GET", "/{page}", "a page"), router.add("PUT", "/{name}", "a name")
        >>> router.freeze()
        >>> {method: match.value for method, match in router.match_each("/x").items()}
        {'GET': 'a page', 'PUT': 'a name'}
        """
        if self._tree is None:
            raise WrongPhase(is_frozen=False)
        tree = self._tree if host is None else self._hosts.find(host) or self._tree
        return tree.find_each(path)

    @property
    def is_frozen(self) -> bool:
        """Whether freeze() was called."""
        return self._is_frozen

    @property
    def routes(self) -> tuple[Route[T], ...]:
        """Every route, in the order of adding."""
        return tuple(self._routes)

    @property
    def unreachable(self) -> tuple[Unreachable[T], ...]:
        """Routes that can never be the answer, with those that always are before them.

        Known after freeze(), empty before. All that is told is so; not everything is found.

        >>> router = Router[int]()
        >>> _ = router.add("GET", "/{page}", 1), router.add("GET", "/{name}", 2)
        >>> router.freeze()
        >>> [(each.route.path, each.shadowed_by.path) for each in router.unreachable]
        [('/{name}', '/{page}')]
        """
        return self._unreachable

    @property
    def named(self) -> Mapping[str, Pattern]:
        """The patterns of named routes, for building URLs."""
        return MappingProxyType({name: route.pattern for name, route in self._named.items()})

    def _check_name(self, name: str, route: Route[T]) -> None:
        for part in re.split(r"[-.:]", name):
            if not part.isidentifier() or iskeyword(part):
                raise RouteNameError(name)
        taken = self._named.get(name)
        if taken is not None and taken.pattern != route.pattern:
            raise DuplicateName(name, route.path, taken.path, route.place, taken.place)


def _match_nothing_yet(method: str, path: str, host: str | None = None) -> Match[T] | Miss:
    raise WrongPhase(is_frozen=False)


def _match_by_host(hosts: HostTable[Tree[T]], match_others: Matcher[T]) -> Matcher[T]:
    def match(method: str, path: str, host: str | None = None) -> Match[T] | Miss:
        if host is None:
            return match_others(method, path)
        tree = hosts.find(host)
        return match_others(method, path) if tree is None else tree.match(method, path)

    return match


def _to_tree(routes: Sequence[Route[T]], found: dict[Route[T], Unreachable[T]]) -> Tree[T]:
    """The tree of one host; notes in `found` which of its routes are unreachable."""
    outlines = Outlines()
    found.update((each.route, each) for each in find_unreachable(routes, outlines))
    useless = {route for route, each in found.items() if not each.except_line_feeds}
    tree = Tree((route for route in routes if route not in useless), outlines)
    found.update((route, Unreachable(route, by)) for route, by in tree.shadowed)
    return tree
