"""What a table holds and what it answers: Route, Match and Miss. Finds nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import attrs

from .errors import Place
from .pattern import Pattern

T = TypeVar("T")

ANY_METHOD = "*"


@attrs.frozen(eq=False, weakref_slot=False)
class Route(Generic[T]):
    """One line of the table. Equal only to itself."""

    method: str
    pattern: Pattern
    value: T
    name: str | None
    order: int
    names: tuple[str, ...]
    host: str | None = None
    place: Place | None = None

    @property
    def path(self) -> str:
        """The pattern as it was written."""
        return self.pattern.text

    @property
    def canonical(self) -> str:
        """The path with bare parameter names: a label of low cardinality for logs and metrics."""
        return self.pattern.canonical

    def takes(self, method: str) -> bool:
        """Whether requests with this method are its own."""
        return self.method == method or self.method == ANY_METHOD


@attrs.define(init=False, weakref_slot=False)
class Match(Generic[T]):
    """The value for a request, and the parameters of its path, decoded.

    `params` is text. `values` has what the convertors made of it, and is `params` itself where no
    parameter has one. Do not change a match: that of a literal path is made once and shared.
    """

    # Made without arguments and then filled: that is the fastest way, and there is one per request.
    value: T
    params: Mapping[str, str]
    route: Route[T]
    values: Mapping[str, object]


def make_match(
    route: Route[T], params: Mapping[str, str], values: Mapping[str, object] | None = None
) -> Match[T]:
    """A match of a route."""
    match: Match[T] = Match()
    match.value = route.value
    match.params = params
    match.route = route
    match.values = params if values is None else values
    return match


@attrs.frozen
class Miss:
    """No value. `allowed` are the methods that the path has; none means that no route has it.

    >>> Miss(("GET", "HEAD"))
    Miss(allowed=('GET', 'HEAD'))
    """

    allowed: tuple[str, ...] = ()


NOT_FOUND = Miss()
