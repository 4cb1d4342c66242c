"""From resources to the lines of a pure router: which method and pattern leads where.

Decides which applications can be joined into the table of their parent. A sub-application stands
at its prefix as one candidate among the resources of its parent: what stands further down in the
parent's own paths goes before all of it. Where that makes no difference its lines are joined;
elsewhere the parent has a door to it, and it has a table of its own.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from weft_routing import DuplicateRoute, Parameter, Pattern, Place, Router, parse_pattern

from .domains import Domain, MatchedSubAppResource
from .prefixes import PrefixedSubAppResource, PrefixResource, join_prefix
from .resources import PatternResource, Resource
from .route_objects import ANY_METHOD, AbstractResource, ResourceRoute
from .static import StaticResource

T = TypeVar("T")
Spans: TypeAlias = Mapping[str, tuple[int, int]]

_BELOW = parse_pattern("/{tail:(?s:.+)}")  # a line feed may stand in a path, encoded
ANYWHERE = parse_pattern("")
_SLASH = parse_pattern("/")
_NO_NAME = Pattern("{filename:(?:)}", (Parameter("filename", "(?:)"),))
_OWN_RESOLVES = frozenset(
    {
        Resource.resolve,
        StaticResource.resolve,
        PrefixedSubAppResource.resolve,
        MatchedSubAppResource.resolve,
    }
)


class Line(Generic[T]):
    """One line of a table."""

    __slots__ = ("host", "method", "pattern", "place", "value")

    def __init__(
        self, method: str, pattern: Pattern, value: T, place: Place | None = None
    ) -> None:
        self.method = method
        self.pattern = pattern
        self.value = value
        self.place = place
        self.host: str | None = None

    def at(self, host: str) -> "Line[T]":
        """The same line, for the requests of a domain."""
        line = Line(self.method, self.pattern, self.value, self.place)
        line.host = host
        return line


def _drop(value: object, fault: DuplicateRoute) -> None:
    """Nobody wants to know."""


def make_router(
    lines: Iterable[Line[T]], on_drop: Callable[[T, DuplicateRoute], None] = _drop
) -> Router[T]:
    """A frozen router of lines. One whose method and path are taken is left out, and told of."""
    router: Router[T] = Router()
    for line in lines:
        try:
            router.add(line.method, line.pattern, line.value, host=line.host, place=line.place)
        except DuplicateRoute as exc:
            on_drop(line.value, exc)  # one before it takes all its requests, as in aiohttp
    router.freeze()
    return router


def routes_of(resource: AbstractResource) -> list[Line[ResourceRoute]]:
    """The routes of a resource with their pattern; none of an application."""
    if not isinstance(resource, PatternResource | StaticResource):
        return []
    pattern = resource.pattern
    return [Line(route.method, pattern, route, route.place) for route in resource]


def root_of(resource: StaticResource, value: T) -> list[Line[T]]:
    """The lines of a directory itself, at whose path the name of the file is empty.

    At the root of an application there are none: the path "/" is one of those of files.
    """
    return [Line(route.method, resource.prefix, value, route.place) for route in resource]


def with_empty_name(resource: StaticResource) -> Pattern:
    """The path of a directory itself, with the parameter that paths of files have."""
    return join_prefix(resource.prefix.text, _NO_NAME)


def door_to(prefix: Pattern, value: T) -> list[Line[T]]:
    """The lines for everything at a prefix and below."""
    below = [join_prefix(prefix.text, rest) for rest in (_SLASH, _BELOW)]
    return [Line(ANY_METHOD, pattern, value) for pattern in (prefix, *below)]


def lines_below(prefix: Pattern, lines: Iterable[Line[T]]) -> list[Line[T]]:
    """The lines at a prefix or below it. No path leads to the others of an application there.

    A resource of a user may not move when its application is put below the prefix, or may be moved
    once more: it must not answer for paths of the parent.
    """
    start = prefix.literal
    return [line for line in lines if _lies_below(start, line.pattern)]


def _lies_below(start: str, pattern: Pattern) -> bool:
    first = pattern.pieces[0] if pattern.pieces else ""
    return isinstance(first, str) and (first == start or first.startswith(start + "/"))


def is_own(resource: AbstractResource) -> bool:
    """Whether no code of users decides what a resource takes."""
    if type(resource).resolve not in _OWN_RESOLVES:
        return False
    if isinstance(resource, MatchedSubAppResource):
        rule = type(resource.rule)
        return issubclass(rule, Domain) and (
            rule.match is Domain.match and rule.match_domain is Domain.match_domain
        )
    return isinstance(resource, PatternResource | StaticResource | PrefixedSubAppResource)


def is_own_throughout(resource: AbstractResource) -> bool:
    """The same, for the resources of sub-applications too."""
    if not isinstance(resource, PrefixedSubAppResource):
        return is_own(resource)
    return is_own(resource) and all(map(is_own_throughout, resource.app.router.resources()))


def anchor_of(resource: AbstractResource) -> str:
    """The literal segments of a path at which a resource is looked up."""
    if isinstance(resource, PrefixResource):
        return resource.prefix.anchor
    if isinstance(resource, PatternResource):
        return resource.pattern.anchor
    canonical = resource.canonical
    if "{" in canonical:
        canonical = canonical.partition("{")[0].rpartition("/")[0]
    return canonical.rstrip("/")


def spans_of(resources: Iterable[AbstractResource]) -> Spans:
    """The positions of the first and the last of the resources at each anchor."""
    spans: dict[str, tuple[int, int]] = {}
    for at, resource in enumerate(resources):
        if isinstance(resource, MatchedSubAppResource):
            continue
        anchor = anchor_of(resource)
        first, _ = spans.get(anchor, (at, at))
        spans[anchor] = first, at
    return spans


def count_below(resources: Iterable[AbstractResource]) -> Mapping[str, int]:
    """How many of the resources stand at each beginning of a path, or below it."""
    counts: dict[str, int] = {}
    for resource in resources:
        if isinstance(resource, MatchedSubAppResource):
            continue
        anchor = anchor_of(resource)
        while True:
            counts[anchor] = counts.get(anchor, 0) + 1
            if not anchor:
                break
            anchor = anchor.rpartition("/")[0]
    return counts


def keeps_order(at: int, prefix: str, inner: Iterable[Line[Any]], outer: Spans) -> bool:
    """Whether the lines of the sub-application at position `at` can be joined to its parent's.

    In a joined table the deepest anchor goes first. In truth the parent's resources do that stand
    below the prefix, or at it and before the sub-application. Both is the same unless a line of
    the sub-application has a deeper anchor than one of these, or the same one and comes earlier.
    """
    seen: set[str] = set()
    for line in inner:
        anchor = line.pattern.anchor
        span = outer.get(anchor)
        if span is not None and anchor != prefix and span[1] > at:
            return False
        anchor = anchor.rpartition("/")[0]
        while len(anchor) >= len(prefix) and anchor not in seen:
            seen.add(anchor)
            span = outer.get(anchor)
            if span is not None and (anchor != prefix or span[0] < at):
                return False
            if not anchor:
                break
            anchor = anchor.rpartition("/")[0]
    return True
