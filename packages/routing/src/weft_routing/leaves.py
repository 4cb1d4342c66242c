"""The routes that one look-up leads to: entries, in order, and which of them to try for a path.

Decides what becomes of the texts that a shape has read. Knows no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from .answers import ANY_METHOD, NOT_FOUND, Match, Miss, Route, make_match
from .pattern import to_value
from .shapes import WHOLE, PlainShape, Shape, Texts

T = TypeVar("T")

# From so many entries on, an index by the text around their parameters pays.
CROWD = 16

Parser = tuple[int, Callable[[str], object]]


class Entry(Generic[T]):
    """A route, and how to read its values."""

    __slots__ = ("is_plain", "names", "parsers", "route", "shape")

    def __init__(self, route: Route[T], shape: Shape) -> None:
        self.route = route
        self.shape = shape
        self.names = route.names
        self.parsers = _to_parsers(route)
        # Whether it takes texts as they are, so that the short way needs no shape.
        self.is_plain = isinstance(shape, PlainShape) and not self.parsers

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
        if len(texts) == 1:  # the most common numbers, in a quarter of the time
            params = {self.names[0]: texts[0]}
        elif len(texts) == 2:
            params = {self.names[0]: texts[0], self.names[1]: texts[1]}
        else:
            params = dict(zip(self.names, texts, strict=True))
        if not self.parsers:
            return make_match(self.route, params)
        values: dict[str, object] = dict(params)
        try:
            for index, parse in self.parsers:
                values[self.names[index]] = parse(texts[index])
        except ValueError:
            return None
        return make_match(self.route, params, values)


def _to_parsers(route: Route[T]) -> tuple[Parser, ...]:
    return tuple(
        (route.names.index(parameter.name), parameter.convertor.parse)
        for parameter in route.pattern.parameters
        if parameter.convertor is not None
    )


class Leaf(Generic[T]):
    """Entries that agree on their literal segments, in the order in which they were added.

    `quick` and `star` are the short way: the first entry for a method, for any other method. They
    are empty where a rival, which is looked up later, may come before an entry. `miss` has all
    methods; with `is_plain`, every path without empty segments and braces fits every entry.
    """

    __slots__ = ("crowd", "entries", "is_plain", "miss", "quick", "star")

    def __init__(self) -> None:
        self.entries: list[Entry[T]] = []
        self.quick: dict[str, Entry[T]] = {}
        self.star: Entry[T] | None = None
        self.miss = NOT_FOUND
        self.is_plain = False
        self.crowd: Crowd[T] | None = None

    def seal(self, barrier: float, misses: dict[tuple[str, ...], Miss]) -> None:
        """Prepare the short ways. `barrier` is the order of the first rival that comes later."""
        self.entries.sort(key=to_order)
        if self.entries[-1].order < barrier:
            for entry in self.entries:
                self.quick.setdefault(entry.route.method, entry)
                if entry.route.method == ANY_METHOD:
                    break  # which comes before all that follow
            self.star = self.quick.get(ANY_METHOD)
        allowed = tuple(sorted({entry.route.method for entry in self.entries}))
        self.miss = misses.setdefault(allowed, Miss(allowed))
        self.is_plain = all(entry.is_plain for entry in self.entries)
        if len(self.entries) > CROWD and not self.is_plain:
            self.crowd = Crowd(self.entries)

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
