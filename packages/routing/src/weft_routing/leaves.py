"""The routes that one look-up leads to: entries, in order, and which of them to try for a path.

Decides what becomes of the texts that a shape has read. Knows no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeAlias, TypeVar

from .answers import ANY_METHOD, NOT_FOUND, Match, Miss, Route
from .pattern import to_value
from .shapes import WHOLE, PlainShape, Shape, Texts

T = TypeVar("T")

# From so many entries on, an index by the text around their parameters pays.
CROWD = 16

Parser = tuple[int, Callable[[str], object]]

# What the short way needs of an entry, unpacked in one step: the route, its value and the names of
# its parameters where it takes texts as they are; None and the entry where a shape reads them.
Quick: TypeAlias = tuple[Any, ...]
_NOTHING: Mapping[str, Quick] = MappingProxyType({})


class Entry(Generic[T]):
    """A route, and how to read its values."""

    __slots__ = ("parsers", "route", "shape")

    def __init__(self, route: Route[T], shape: Shape) -> None:
        self.route = route
        self.shape = shape
        self.parsers = _to_parsers(route)

    @property
    def is_plain(self) -> bool:
        """Whether it takes texts as they are, so that the short way needs no shape."""
        return isinstance(self.shape, PlainShape) and not self.parsers

    @property
    def order(self) -> int:
        """When its route was added."""
        return self.route.order

    def match(self, segments: list[str], path: str) -> Match[T] | None:
        """The match of a comparable path, or None."""
        texts = self.shape.read(segments, path)
        return None if texts is None else self.to_match(texts, path)

    def to_match(self, texts: Texts, path: str) -> Match[T] | None:
        """The match for texts that the shape has read; None when a convertor refuses one."""
        if "%" in path:
            texts = [to_value(text) for text in texts]
        route = self.route
        names = route.names
        match: Match[T] = Match()
        match.route = route
        match.value = route.value
        if len(texts) == 1:  # the most common numbers, in a quarter of the time
            params = {names[0]: texts[0]}
        elif len(texts) == 2:
            params = {names[0]: texts[0], names[1]: texts[1]}
        else:
            params = dict(zip(names, texts, strict=True))
        match.params = match.values = params
        if self.parsers:
            values: dict[str, object] = {**params}
            try:
                for index, parse in self.parsers:
                    values[names[index]] = parse(texts[index])
            except ValueError:
                return None
            match.values = values
        return match


def _to_parsers(route: Route[T]) -> tuple[Parser, ...]:
    return tuple(
        (route.names.index(parameter.name), parameter.convertor.parse)
        for parameter in route.pattern.parameters
        if parameter.convertor is not None
    )


class Leaf(Generic[T]):
    """Entries that agree on their literal segments, in the order in which they were added.

    `first` is the short way for `method`, `others` have it for more methods, `star` for any other
    one, and `refusal` is the answer where there is none. They are empty where a rival, which is
    looked up later, may come before an entry. `miss` has all methods; with `is_plain`, every path
    without empty segments and braces fits every entry.

    `texts` are those that a path must have besides the one by which the leaf was looked up.
    """

    __slots__ = (
        "crowd",
        "entries",
        "first",
        "is_plain",
        "method",
        "miss",
        "others",
        "refusal",
        "star",
        "texts",
    )

    def __init__(self) -> None:
        self.entries: list[Entry[T]] = []
        self.texts: tuple[str, ...] = ()
        self.method: str | None = None
        self.first: Quick | None = None
        self.others = _NOTHING  # most leaves have one method, and a dict takes more than a leaf
        self.star: Quick | None = None
        self.refusal: Miss | None = None
        self.miss = NOT_FOUND
        self.is_plain = False
        self.crowd: Crowd[T] | None = None

    def seal(
        self, barrier: float, misses: dict[tuple[str, ...], Miss], *, by_shape: bool = False
    ) -> None:
        """Prepare the short ways. `barrier` is the order of the first rival that comes later.

        With `by_shape`, no entry takes texts as they are: parameters stand in different segments.
        """
        self.entries = sorted(self.entries, key=to_order)  # without room for more
        allowed = tuple(sorted({entry.route.method for entry in self.entries}))
        self.miss = misses.setdefault(allowed, Miss(allowed))
        self.is_plain = all(entry.is_plain for entry in self.entries)
        if self.entries[-1].order < barrier:
            self._prepare(by_shape=by_shape)
        if len(self.entries) > CROWD and not self.is_plain:
            self.crowd = Crowd(self.entries)

    def _prepare(self, *, by_shape: bool) -> None:
        quick: dict[str, Quick] = {}
        for entry in self.entries:
            route = entry.route
            if route.method not in quick:
                is_plain = entry.is_plain and not by_shape
                plain = (route, route.value, *route.names)
                quick[route.method] = plain if is_plain else (None, entry)
            if route.method == ANY_METHOD:
                break  # which comes before all that follow
        self.star = quick.get(ANY_METHOD)
        self.refusal = self.miss if self.is_plain else None
        (self.method, self.first), *others = quick.items()
        if others:
            self.others = dict(others)

    def candidates(self, segments: list[str], path: str) -> list[Entry[T]]:
        """The entries to try for a path, in order."""
        return self.entries if self.crowd is None else self.crowd.find(segments, path)


# Where a text stands, how long it is, whether it is the beginning; and the entries of each text.
Key = tuple[int, int, bool]


class Crowd(Generic[T]):
    """Many entries that differ in how a segment, or the path, begins or ends.

    Looking up costs one slice per length of beginning or end, not one regex per entry.
    """

    __slots__ = ("_loose", "_texts")

    def __init__(self, entries: Iterable[Entry[T]]) -> None:
        self._loose: list[Entry[T]] = []  # nothing can be said about them
        self._texts: dict[Key, dict[str, list[Entry[T]]]] = {}
        for entry in entries:
            at, prefix, suffix = entry.shape.fringe or (WHOLE, "", "")
            text = prefix if len(prefix) >= len(suffix) else suffix
            if text:
                by_text = self._texts.setdefault((at, len(text), text is prefix), {})
                by_text.setdefault(text, []).append(entry)
            else:
                self._loose.append(entry)

    def find(self, segments: list[str], path: str) -> list[Entry[T]]:
        """The entries whose beginning or end a path has, in order."""
        found = list(self._loose)
        for (at, length, is_prefix), by_text in self._texts.items():
            text = path if at == WHOLE else segments[at]
            found += by_text.get(text[:length] if is_prefix else text[-length:], ())
        found.sort(key=to_order)
        return found


def to_order(entry: Entry[T]) -> int:
    """The key to sort entries by."""
    return entry.route.order
