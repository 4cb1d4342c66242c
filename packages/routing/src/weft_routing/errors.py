"""What can go wrong with a table of routes. Each error carries fields; its text is made from them."""

from __future__ import annotations

import attrs


@attrs.frozen(weakref_slot=False)
class Place:
    """A line of a program: where a route was added.

    >>> str(Place("app.py", 7))
    'app.py:7'
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class RoutingError(Exception):
    """The root of everything this package raises."""


class PatternError(RoutingError, ValueError):
    """A path pattern that cannot be read: which one, at which character, and why.

    >>> print(PatternError("/{a", 1, "'{' without '}'"))
    bad path pattern '/{a' at character 1: '{' without '}'
      /{a
       ^
    """

    def __init__(self, pattern: str, offset: int, reason: str) -> None:
        super().__init__(pattern, offset, reason)
        self.pattern = pattern
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        shown, column = _cut_out(self.pattern, self.offset)
        return (
            f"bad path pattern {shown!r} at character {self.offset}: {self.reason}\n"
            f"  {_to_printable(shown)}\n"
            f"  {' ' * len(_to_printable(shown[:column]))}^"
        )


# A pattern may be of any length; so much of it before and behind the place is shown.
_SHOWN = 60


def _cut_out(text: str, at: int) -> tuple[str, int]:
    """The text around a place, and where the place is in it."""
    start, end = max(at - _SHOWN, 0), at + _SHOWN
    before, behind = "…" if start else "", "…" if end < len(text) else ""
    return before + text[start:end] + behind, len(before) + at - start


def _to_printable(text: str) -> str:
    """The text on one line, each character of it visible."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


class ConvertorError(RoutingError, ValueError):
    """A convertor that cannot stand in a pattern: which one, why, and where in its regex."""

    def __init__(
        self, name: str, reason: str, regex: str | None = None, offset: int | None = None
    ) -> None:
        super().__init__(name, reason, regex, offset)
        self.name = name
        self.reason = reason
        self.regex = regex
        self.offset = offset

    def __str__(self) -> str:
        where = "" if self.regex is None else f" in {self.regex!r}"
        where += "" if self.offset is None else f" at character {self.offset}"
        return f"bad convertor {self.name!r}: {self.reason}{where}"


class MethodError(RoutingError, ValueError):
    """A route was added for something that is no HTTP method (RFC 9110 section 9.1: a token)."""

    def __init__(self, method: str) -> None:
        super().__init__(method)
        self.method = method

    def __str__(self) -> str:
        return f"{self.method!r} is no method; write a token such as GET, or * for any method"


class HostError(RoutingError, ValueError):
    """A host, or a mask for hosts, that no request can have."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host, reason)
        self.host = host
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"bad host {self.host!r}: {self.reason}; "
            "write a name such as api.example.com or *.example.com"
        )


class RouteNameError(RoutingError, ValueError):
    """The name of a route is not made of identifiers joined by dash, dot or colon."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return (
            f"bad route name {self.name!r}; write identifiers that are no keywords, "
            "joined by '-', '.' or ':'"
        )


class DuplicateRoute(RoutingError, RuntimeError):
    """A second route for the same method and path, which could never be reached."""

    def __init__(
        self,
        method: str,
        path: str,
        taken_by: str,
        place: Place | None = None,
        taken_at: Place | None = None,
    ) -> None:
        super().__init__(method, path, taken_by, place, taken_at)
        self.method = method
        self.path = path
        self.taken_by = taken_by
        self.place = place
        self.taken_at = taken_at

    def __str__(self) -> str:
        return (
            f"{self.method} {self.path}{_at(self.place)} is already routed by "
            f"{self.taken_by} {self.path}{_at(self.taken_at)}; "
            "remove one of the two, or give one another path or method"
        )


class DuplicateName(RoutingError, ValueError):
    """One name for two different paths, so that no URL could be built from it."""

    def __init__(
        self,
        name: str,
        path: str,
        taken_by: str,
        place: Place | None = None,
        taken_at: Place | None = None,
    ) -> None:
        super().__init__(name, path, taken_by, place, taken_at)
        self.name = name
        self.path = path
        self.taken_by = taken_by
        self.place = place
        self.taken_at = taken_at

    def __str__(self) -> str:
        return (
            f"the name {self.name!r} of {self.path}{_at(self.place)} already belongs to "
            f"{self.taken_by}{_at(self.taken_at)}; give one of the two another name"
        )


def _at(place: Place | None) -> str:
    return "" if place is None else f" ({place})"


class WrongPhase(RoutingError, RuntimeError):
    """A route was added after freeze(), or a path was matched before it."""

    def __init__(self, is_frozen: bool) -> None:
        super().__init__(is_frozen)
        self.is_frozen = is_frozen

    def __str__(self) -> str:
        if self.is_frozen:
            return "the router is frozen; add every route before freeze()"
        return "the router is not frozen yet; call freeze() once after the last add()"


class MissingValue(RoutingError, KeyError):
    """A URL was asked for without a value for one of the pattern's parameters."""

    def __init__(self, pattern: str, name: str) -> None:
        super().__init__(pattern, name)
        self.pattern = pattern
        self.name = name

    def __str__(self) -> str:
        return f"no value for {self.name!r} of {self.pattern}; every parameter needs one"


class UnknownValue(RoutingError, ValueError):
    """A URL was asked for with a value that the pattern has no parameter for."""

    def __init__(self, pattern: str, name: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(pattern, name, known)
        self.pattern = pattern
        self.name = name
        self.known = known

    def __str__(self) -> str:
        known = f"it has {', '.join(self.known)}" if self.known else "it has none"
        return f"{self.pattern} has no parameter {self.name!r}; {known}"


class BadValue(RoutingError, TypeError, ValueError):
    """A value for a URL is of the wrong type, or nothing that the parameter could match."""

    def __init__(self, pattern: str, name: str, given: str, reason: str = "write a str") -> None:
        super().__init__(pattern, name, given, reason)
        self.pattern = pattern
        self.name = name
        self.given = given
        self.reason = reason

    def __str__(self) -> str:
        return f"bad value for {self.name!r} of {self.pattern}: {self.reason}, not {self.given}"
