"""How the values of a pattern are read out of a path, once its literal segments have met.

Decides what the parameters of one pattern take. Knows no routes, no methods and no order. All
text is in comparable form, and stays so. One shape serves every route that is made alike.

Nothing here costs more than the path is long, but for the regexes that users write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Protocol

from .pattern import ANY_SEGMENT, Parameter, Pattern, Segment

Texts = Sequence[str]
# Beginning and end that a text must have: of a segment, or (index WHOLE) of the path.
Fringe = tuple[int, str, str]
WHOLE = -1

_EMPTY_TAIL = r".*"
_TAIL = r".+"
_ANY_TAIL = r"(?s:.+)"


class Shape(Protocol):
    """Reads the values of a path, in the order of the pattern's names; None where it differs."""

    def read(self, segments: list[str], path: str) -> Texts | None: ...

    @property
    def fringe(self) -> Fringe | None: ...


class PlainShape:
    """Whole segments that are any text: ``/notes/{id}/by/{user}``."""

    __slots__ = ("arity", "at", "get")

    fringe: Fringe | None = None

    def __init__(self, at: tuple[int, ...]) -> None:
        self.arity = len(at)
        self.at = at[0]
        # A text, where there is one index; else a tuple of texts.
        self.get: Callable[[list[str]], Any] = itemgetter(*at)

    def read(self, segments: list[str], path: str) -> Texts | None:
        texts: Texts = (segments[self.at],) if self.arity == 1 else self.get(segments)
        for text in texts:
            if not is_plain_text(text):
                return None
        return texts


def is_plain_text(text: str) -> bool:
    """Whether ``{name}`` takes a text, which has no slash."""
    return bool(text) and "{" not in text and "}" not in text


class SegmentShape:
    """Segments of which some are more than any text: ``/v{major}.{minor}/{id:[0-9]+}``."""

    __slots__ = ("_parts", "fringe")

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self.fringe = next((part.fringe for part in parts if part.fringe is not None), None)

    def read(self, segments: list[str], path: str) -> Texts | None:
        if len(self._parts) == 1:
            return self._parts[0].read(segments)
        texts: list[str] = []
        for part in self._parts:
            found = part.read(segments)
            if found is None:
                return None
            texts += found
        return texts


class TailShape:
    """Literal text and then the whole rest: ``/files/{tail:.*}``."""

    __slots__ = ("_is_dotall", "_least", "_prefix", "fringe")

    def __init__(self, prefix: str, regex: str) -> None:
        self._prefix = prefix
        self._least = len(prefix) + (regex != _EMPTY_TAIL)
        self._is_dotall = regex == _ANY_TAIL
        self.fringe: Fringe | None = (WHOLE, prefix, "")

    def read(self, segments: list[str], path: str) -> Texts | None:
        if len(path) < self._least or not path.startswith(self._prefix):
            return None
        text = path[len(self._prefix) :]
        if "\n" in text and not self._is_dotall:  # a dot takes any character but this
            return None
        return (text,)


class WholeShape:
    """A regex over the whole path: a parameter may match slashes, or has groups of its own."""

    __slots__ = ("_fullmatch", "fringe")

    def __init__(self, pattern: Pattern) -> None:
        self._fullmatch = pattern.regex.fullmatch
        first, last = pattern.pieces[0], pattern.pieces[-1]
        assert isinstance(first, str)  # a pattern with parameters begins with "/"
        self.fringe: Fringe | None = (WHOLE, first, last if isinstance(last, str) else "")

    def read(self, segments: list[str], path: str) -> Texts | None:
        match = self._fullmatch(path)
        return None if match is None else tuple(match.groupdict("").values())


class Part(Protocol):
    """Reads the values of one segment."""

    def read(self, segments: list[str]) -> Texts | None: ...

    @property
    def fringe(self) -> Fringe | None: ...


class PlainPart:
    """``{name}`` alone, beside segments of other kinds."""

    __slots__ = ("_at",)

    fringe: Fringe | None = None

    def __init__(self, at: int) -> None:
        self._at = at

    def read(self, segments: list[str]) -> Texts | None:
        text = segments[self._at]
        return (text,) if is_plain_text(text) else None


class RegexPart:
    """Text and parameters, some of which have a regex of their own."""

    __slots__ = ("_at", "_fullmatch", "_is_alone", "fringe")

    def __init__(self, at: int, segment: Segment) -> None:
        self._at = at
        self._fullmatch = re.compile(_to_source(segment)).fullmatch
        self._is_alone = len(segment) == 1
        self.fringe = _to_fringe(at, segment)

    def read(self, segments: list[str]) -> Texts | None:
        text = segments[self._at]
        match = self._fullmatch(text)
        if match is None:
            return None
        return (text,) if self._is_alone else match.groups()


class CutPart:
    """Plain parameters with text between them: ``v{major}.{minor}``.

    As a regex would, the first takes as much as it can. So each separator stands as far right as
    leaves something behind it, which is found from the right without trying twice: a regex could
    need a power of the segment's length to see that nothing fits.
    """

    __slots__ = ("_at", "_prefix", "_separators", "_suffix", "fringe")

    def __init__(self, at: int, segment: Segment) -> None:
        self._at = at
        first, last = segment[0], segment[-1]
        self._prefix = first if isinstance(first, str) else ""
        self._suffix = last if isinstance(last, str) else ""
        self._separators = tuple(reversed(_separators(segment)))
        self.fringe = _to_fringe(at, segment)

    def read(self, segments: list[str]) -> Texts | None:
        text = segments[self._at]
        start, end = len(self._prefix), len(text) - len(self._suffix)
        if not (text.startswith(self._prefix) and text.endswith(self._suffix)):
            return None
        if "{" in text or "}" in text:  # not in the literal text either
            return None
        texts: list[str] = []
        for separator in self._separators:
            at = text.rfind(separator, start + 1, end - 1) if end - 1 > start else -1
            if at < 0:
                return None
            texts.append(text[at + len(separator) : end])
            end = at
        if end <= start:
            return None
        texts.append(text[start:end])
        texts.reverse()
        return texts


def _separators(segment: Segment) -> list[str]:
    found: list[str] = []
    for left, right in pairwise(segment):
        if isinstance(left, Parameter):
            found.append("" if isinstance(right, Parameter) else right)
    # A text behind the last parameter is no separator.
    return found[:-1] if isinstance(segment[-1], str) else found


def _to_fringe(at: int, segment: Segment) -> Fringe | None:
    first, last = segment[0], segment[-1]
    prefix = first if isinstance(first, str) else ""
    suffix = last if isinstance(last, str) else ""
    return (at, prefix, suffix) if prefix or suffix else None


def _to_source(segment: Segment) -> str:
    # Parameters that stay in a segment hold no group, so the groups are the parameters.
    return "".join(
        re.escape(piece) if isinstance(piece, str) else f"({piece.regex})" for piece in segment
    )


class ShapeFactory:
    """Makes shapes, each of them once."""

    def __init__(self) -> None:
        self._made: dict[object, Shape] = {}

    def make(self, pattern: Pattern, segments: tuple[Segment, ...] | None) -> Shape:
        """The shape of a pattern that is not literal; `segments` are its own."""
        if segments is None:
            return self._make_whole(pattern)
        wild = {at: segment for at, segment in enumerate(segments) if not is_literal(segment)}
        if all(is_plain(segment) for segment in wild.values()):
            at = tuple(wild)
            return self._made.get(at) or self._made.setdefault(at, PlainShape(at))
        key = tuple((at, _nameless(segment)) for at, segment in wild.items())
        shape = self._made.get(key)
        if shape is None:
            shape = SegmentShape([_make_part(at, segment) for at, segment in wild.items()])
            self._made[key] = shape
        return shape

    def _make_whole(self, pattern: Pattern) -> Shape:
        tail = to_tail(pattern)
        key = pattern.regex.pattern if tail is None else tail
        shape = self._made.get(key)
        if shape is None:
            shape = WholeShape(pattern) if tail is None else TailShape(*tail)
            self._made[key] = shape
        return shape


def to_tail(pattern: Pattern) -> tuple[str, str] | None:
    """The text and the regex of a pattern that is one text and then any rest; None of others."""
    if len(pattern.pieces) != 2:
        return None
    prefix, last = pattern.pieces
    if not isinstance(prefix, str) or not isinstance(last, Parameter):
        return None
    return (prefix, last.regex) if last.regex in (_EMPTY_TAIL, _TAIL, _ANY_TAIL) else None


def is_literal(segment: Segment) -> bool:
    """Whether a segment has no parameter."""
    return all(isinstance(piece, str) for piece in segment)


def is_plain(segment: Segment) -> bool:
    """Whether a segment is ``{name}`` and nothing else."""
    return len(segment) == 1 and _is_any(segment[0])


def _is_any(piece: str | Parameter) -> bool:
    # A convertor over any text reads like a plain parameter; it is called afterwards.
    return isinstance(piece, Parameter) and piece.regex == ANY_SEGMENT


def _nameless(segment: Segment) -> tuple[str | tuple[str], ...]:
    return tuple(piece if isinstance(piece, str) else (piece.regex,) for piece in segment)


def _make_part(at: int, segment: Segment) -> Part:
    if is_plain(segment):
        return PlainPart(at)
    can_cut = all(
        "{" not in piece and "}" not in piece if isinstance(piece, str) else _is_any(piece)
        for piece in segment
    )
    return CutPart(at, segment) if can_cut else RegexPart(at, segment)
