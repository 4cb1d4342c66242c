"""Warnings of routes that no request can ever reach.

Decides how they are told of. Which routes they are, the tables find.
"""

import warnings

import attrs

from weft_routing import DuplicateRoute, Place, Route, Unreachable

from .errors import UnreachableRouteWarning
from .match import Endpoint


@attrs.frozen
class _Other:
    """What takes the requests of a route."""

    what: str
    place: Place | None
    rest: str = ""


class UnreachableRoutes:
    """Those of all tables of one application. A route that is in several is told of once."""

    __slots__ = ("_found", "_known")

    def __init__(self) -> None:
        self._known: set[Endpoint] = set()
        # HEAD and GET of one registration are told of together, with the methods of both.
        self._found: dict[tuple[object, str, _Other], list[tuple[Endpoint, str]]] = {}

    def note(self, found: Unreachable[Endpoint]) -> None:
        """Take in what a table has found."""
        rest = ", but for paths with a line feed" if found.except_line_feeds else ""
        by = found.shadowed_by
        other = _Other(_name(by), by.value.route.place, rest)
        self._note(found.route.value, found.route.path, other, by.method)

    def note_duplicate(self, endpoint: Endpoint, fault: DuplicateRoute) -> None:
        """Take in what a table refused, because it has the same method and path."""
        self._note(endpoint, fault.path, _Other(fault.path, fault.taken_at), fault.taken_by)

    def _note(self, endpoint: Endpoint, path: str, other: _Other, method: str) -> None:
        if endpoint.inside is not None or endpoint in self._known:
            return  # the refusal of an application is no route that somebody misses
        self._known.add(endpoint)
        key = (endpoint.route.resource, path, other)
        self._found.setdefault(key, []).append((endpoint, method))

    def warn(self) -> None:
        """One warning for each route, at the line where it was registered."""
        for (_, path, other), same in self._found.items():
            route = same[0][0].route
            methods = _join({endpoint.route.method for endpoint, _ in same})
            theirs = _join({method for _, method in same})
            text = (
                f"no request can reach {methods} {path}{_at(route.place)}:"
                f" {theirs} {other.what}{_at(other.place)} takes everything before it{other.rest};"
                " register it first, give it another path, or remove it"
            )
            if route.place is None:
                warnings.warn(text, UnreachableRouteWarning, stacklevel=2)
            else:
                place = route.place
                warnings.warn_explicit(text, UnreachableRouteWarning, place.file, place.line)


def _name(route: Route[Endpoint]) -> str:
    if route.value.inside is None:
        return f"{route.host or ''}{route.path}"
    return f"of the application below {route.pattern.anchor}"


def _join(methods: set[str]) -> str:
    return " and ".join(sorted(methods))


def _at(place: Place | None) -> str:
    return "" if place is None else f" ({place})"
