"""Which routes can never be reached, because an earlier one takes all that they would take.

Decides by segments, never by trying paths. What it reports is so; it does not find everything: a
route that several others take away together, or one whose regex says less than another's, it
leaves alone. The work grows with the number of routes, not with that of pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import attrs

from .answers import ANY_METHOD, Route
from .convertors import BUILT_IN_CONVERTORS
from .cutting import to_cutter
from .hosts import HostPattern, HostTable
from .outline import Outline, Outlines, Token, is_literal, to_token
from .pattern import Parameter, Pattern, Piece, Segment
from .shapes import is_plain, to_tail

T = TypeVar("T")

# How many masks, and how many routes with regexes in one place, a route is compared with.
MOST_MASKS = 64
MOST_OTHERS = 16

_REST = BUILT_IN_CONVERTORS["path"]
# What these regexes match is never empty, and has no brace, slash or line feed in it.
_SOLID = re.compile(
    r"(?:\\[dw]|\[(?:\\[dw]|[A-Za-z0-9_])(?:\\[dw]|[A-Za-z0-9_-])*\]|[A-Za-z0-9_])"
    r"(?:\+|\{[1-9]\d*(?:,\d*)?\})?"
)
_PLAIN = to_token([Parameter("_")])
_LOOKS_AT_GROUPS = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")


@attrs.frozen(eq=False)
class Unreachable(Generic[T]):
    """A route that is never the answer, and one that always is before it.

    With `except_line_feeds`, paths with an encoded line feed may still reach it: the dot of the
    other route's ``.*`` matches any character but that.
    """

    route: Route[T]
    shadowed_by: Route[T]
    except_line_feeds: bool = False

    def __str__(self) -> str:
        return (
            f"{_describe(self.route)} is never reached: {_describe(self.shadowed_by)} takes "
            "every request for it; change their order, or remove one of the two"
        )


def _describe(route: Route[T]) -> str:
    at = "" if route.place is None else f" ({route.place})"
    return f"{route.method} {route.host or ''}{route.path}{at}"


def find_unreachable(routes: Iterable[Route[T]], outlines: Outlines) -> Iterator[Unreachable[T]]:
    """The unreachable routes among those of one host that have parameters, in their order."""
    seen: _Seen[T] = _Seen()
    for route in routes:
        if route.pattern.is_literal:
            continue
        found = seen.check_and_add(route, outlines.of(route.pattern))
        if found is not None:
            yield found


def find_unreachable_hosts(
    rules: Sequence[tuple[HostPattern, Sequence[Route[T]]]],
) -> Iterator[Unreachable[T]]:
    """The routes of hosts that an earlier host pattern takes altogether."""
    table = HostTable([(pattern, at) for at, (pattern, _) in enumerate(rules)])
    for at, (pattern, routes) in enumerate(rules):
        # What takes a mask as it is written takes all that the mask stands for.
        first = table.find(pattern.canonical)
        if first is not None and first < at:
            yield from (Unreachable(route, rules[first][1][0]) for route in routes)


# The first route for each method.
ByMethod = dict[str, Route[T]]


class _Slot(Generic[T]):
    """The routes of one mask that have the same literal segments."""

    __slots__ = ("others", "plain", "same")

    def __init__(self) -> None:
        self.plain: ByMethod[T] = {}
        self.same: dict[tuple[Token, ...], ByMethod[T]] = {}
        self.others: list[tuple[Route[T], tuple[Segment, ...]]] = []


class _Tails(Generic[T]):
    """The routes of one anchor that are literal text and the rest of the path."""

    __slots__ = ("by_prefix", "lengths")

    def __init__(self) -> None:
        self.by_prefix: dict[str, ByMethod[T]] = {}
        self.lengths: set[int] = set()


class _Seen(Generic[T]):
    """Routes, to look up those that take what another one takes."""

    def __init__(self) -> None:
        # By the number of segments and the first with a parameter; then by all that have one.
        self._masks: dict[
            tuple[int, int], dict[tuple[int, ...], dict[tuple[str, ...], _Slot[T]]]
        ] = {}
        self._tails: dict[str, _Tails[T]] = {}
        self._loose: dict[Token, ByMethod[T]] = {}

    def check_and_add(self, route: Route[T], outline: Outline) -> Unreachable[T] | None:
        """Tell whether an earlier route takes all that this one would."""
        segments = outline.segments
        if segments is None:
            by = self._check_loose(route)
        else:
            by = self._check_segments(route, outline, segments)
        if by is not None:
            return Unreachable(route, by)
        return self._check_tails(route)

    def _check_segments(
        self, route: Route[T], outline: Outline, segments: tuple[Segment, ...]
    ) -> Route[T] | None:
        wild, tokens = outline.wild, outline.tokens
        masks = self._masks.setdefault((len(segments), wild[0]), {})
        for number, (other, slots) in enumerate(masks.items()):
            if number == MOST_MASKS:
                break
            if not set(wild) <= set(other):
                continue
            slot = slots.get(_literals(outline, other))
            by = None if slot is None else _look_up(slot, route, segments, other, tokens)
            if by is not None:
                return by
        slot = masks.setdefault(wild, {}).setdefault(_literals(outline, wild), _Slot())
        if all(token == _PLAIN for token in tokens):
            slot.plain.setdefault(route.method, route)
            return None
        slot.same.setdefault(tokens, {}).setdefault(route.method, route)
        if len(slot.others) < MOST_OTHERS:
            slot.others.append((route, segments))
        return None

    def _check_loose(self, route: Route[T]) -> Route[T] | None:
        if not _is_nameless(route.pattern):
            return None
        same = self._loose.setdefault(to_token(route.pattern.pieces), {})
        by = _first(same, route.method)
        if by is None:
            same[route.method] = route
        return by

    def _check_tails(self, route: Route[T]) -> Unreachable[T] | None:
        pattern = route.pattern
        start = pattern.pieces[0]
        assert isinstance(start, str)  # a pattern with parameters begins with "/"
        tails = self._tails.setdefault(pattern.anchor, _Tails())
        for length in tails.lengths:
            other = _first(tails.by_prefix.get(start[:length], {}), route.method)
            if other is None:
                continue
            tail = to_tail(other.pattern)
            assert tail is not None  # or it would not be there
            rest = (start[length:], *pattern.pieces[1:])
            if tail[1] == ".*" or _is_some(rest):
                leaves_some = other.pattern.parameters[0].convertor is None and _has_feeds(rest)
                return Unreachable(route, other, leaves_some)
        tail = to_tail(pattern)
        if tail is not None and _never_refuses(pattern.parameters[0]):
            tails.by_prefix.setdefault(tail[0], {}).setdefault(route.method, route)
            tails.lengths.add(len(tail[0]))
        return None


def _look_up(
    slot: _Slot[T],
    route: Route[T],
    segments: tuple[Segment, ...],
    wild: tuple[int, ...],
    tokens: tuple[Token, ...],
) -> Route[T] | None:
    """A route of the slot that takes all paths of another, which has these segments."""
    by = _first(slot.plain, route.method)
    if by is not None and all(_is_solid(segments[at]) for at in wild):
        return by
    by = _first(slot.same.get(tokens, {}), route.method)
    if by is not None:
        return by
    for other, others in slot.others:
        if other.takes(route.method) and all(_covers(others[at], segments[at]) for at in wild):
            return other
    return None


def _first(routes: ByMethod[T], method: str) -> Route[T] | None:
    return routes.get(method) or routes.get(ANY_METHOD)


def _literals(outline: Outline, wild: tuple[int, ...]) -> tuple[str, ...]:
    """The text of all other segments."""
    return tuple([text for at, text in enumerate(outline.texts) if at not in wild])


def _covers(one: Segment, two: Segment) -> bool:
    """Whether a segment with parameters takes all that another takes."""
    if to_token(one) == to_token(two):
        return True
    if _converts(one):  # which may refuse a text
        return False
    if is_plain(one):
        return _is_solid(two)
    return is_literal(two) and to_cutter(one)("".join(map(str, two))) is not None


def _converts(segment: Segment) -> bool:
    return any(isinstance(piece, Parameter) and piece.convertor is not None for piece in segment)


def _never_refuses(parameter: Parameter) -> bool:
    return parameter.convertor is None or parameter.convertor is _REST


def _is_nameless(pattern: Pattern) -> bool:
    """Whether the names of the parameters do not matter to what the pattern matches."""
    return pattern.regex.groups == len(pattern.parameters) and not any(
        _LOOKS_AT_GROUPS.search(parameter.regex) for parameter in pattern.parameters
    )


def _is_solid(segment: Segment) -> bool:
    """Whether ``{name}`` takes all that a segment takes: some text, without braces."""
    return _is_some(segment) and all(
        ("{" not in piece and "}" not in piece)
        if isinstance(piece, str)
        else Parameter("_", piece.regex).is_plain or _is_solid_regex(piece)
        for piece in segment
    )


def _is_some(pieces: Sequence[Piece]) -> bool:
    """Whether what the pieces match is never empty."""
    return any(
        piece != ""
        if isinstance(piece, str)
        else Parameter("_", piece.regex).is_plain
        or piece.regex in (".+", _REST.regex)
        or _is_solid_regex(piece)
        for piece in pieces
    )


def _has_feeds(pieces: Sequence[Piece]) -> bool:
    """Whether there may be a line feed in what the pieces match."""
    return not all(
        "\n" not in piece
        if isinstance(piece, str)
        else piece.regex in (".*", ".+") or _is_solid_regex(piece)
        for piece in pieces
    )


def _is_solid_regex(parameter: Parameter) -> bool:
    if any(parameter.convertor is known for known in BUILT_IN_CONVERTORS.values()):
        return parameter.convertor is not _REST
    return _SOLID.fullmatch(parameter.regex) is not None
