"""How the values of a pattern are read out of a path, once its literal segments have met.

Decides what the parameters of one pattern take. Knows no routes, no methods and no order. All
text is in comparable form, and stays so. One shape serves every route that is made alike.

Nothing here costs more than the path is long, but for the regexes that users write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from .cutting import to_cutter, to_path_cutter
from .outline import Outline
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

    __slots__ = ("_at",)

    fringe: Fringe | None = None

    def __init__(self, at: tuple[int, ...]) -> None:
        self._at = at

    def read(self, segments: list[str], path: str) -> Texts | None:
        texts = [segments[at] for at in self._at]
        for text in texts:
            if not is_plain_text(text):
                return None
        return texts


def is_plain_text(text: str) -> bool:
    """Whether ``{name}`` takes a text, which has no slash."""
    return bool(text) and "{" not in text and "}" not in text


class SegmentShape:
    """Several segments, each with a shape of its own: ``/v{major}.{minor}/{id:[0-9]+}``."""

    __slots__ = ("_parts", "fringe")

    def __init__(self, parts: Sequence[Shape]) -> None:
        self._parts = tuple(parts)
        self.fringe = next((part.fringe for part in parts if part.fringe is not None), None)

    def read(self, segments: list[str], path: str) -> Texts | None:
        texts: list[str] = []
        for part in self._parts:
            found = part.read(segments, path)
            if found is None:
                return None
            texts += found
        return texts


class RegexShape:
    """One segment that is ``{name:regex}``."""

    __slots__ = ("_at", "_fullmatch")

    fringe: Fringe | None = None

    def __init__(self, at: int, regex: str) -> None:
        self._at = at
        self._fullmatch = re.compile(regex).fullmatch

    def read(self, segments: list[str], path: str) -> Texts | None:
        text = segments[self._at]
        return None if self._fullmatch(text) is None else (text,)


class AffixShape:
    """One segment of a plain parameter and text: ``{name}.json``."""

    __slots__ = ("_at", "_prefix", "_suffix", "fringe")

    def __init__(self, at: int, texts: tuple[str, str]) -> None:
        self._at = at
        self._prefix, self._suffix = texts
        self.fringe = _to_fringe(at, *texts)

    def read(self, segments: list[str], path: str) -> Texts | None:
        text = segments[self._at]
        if not (text.startswith(self._prefix) and text.endswith(self._suffix)):
            return None
        # Nothing is left where the two overlap, either.
        value = text[len(self._prefix) : len(text) - len(self._suffix)]
        return (value,) if is_plain_text(value) else None


class PairShape:
    """One segment of two plain parameters and text: ``v{major}.{minor}``.

    As `CutShape` would do it, the separator as far right as leaves something behind it, and faster.
    """

    __slots__ = ("_at", "_prefix", "_separator", "_suffix", "fringe")

    def __init__(self, at: int, texts: tuple[str, str, str]) -> None:
        self._at = at
        self._prefix, self._separator, self._suffix = texts
        self.fringe = _to_fringe(at, self._prefix, self._suffix)

    def read(self, segments: list[str], path: str) -> Texts | None:
        text = segments[self._at]
        start, end = len(self._prefix), len(text) - len(self._suffix)
        at = text.rfind(self._separator, start + 1, max(end - 1, 0))
        if at < 0 or not (text.startswith(self._prefix) and text.endswith(self._suffix)):
            return None
        one, two = text[start:at], text[at + len(self._separator) : end]
        for value in (one, two):
            if "{" in value or "}" in value:
                return None
        return one, two


class CutShape:
    """One segment of any parameters and text: ``{name}-{from!date}-{to!date}``."""

    __slots__ = ("_at", "_cut", "fringe")

    def __init__(self, at: int, segment: Segment) -> None:
        self._at = at
        self._cut = to_cutter(segment)
        first, last = segment[0], segment[-1]
        prefix = first if isinstance(first, str) else ""
        self.fringe = _to_fringe(at, prefix, last if isinstance(last, str) else "")

    def read(self, segments: list[str], path: str) -> Texts | None:
        return self._cut(segments[self._at])


def _to_fringe(at: int, prefix: str, suffix: str) -> Fringe | None:
    return (at, prefix, suffix) if prefix or suffix else None


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
    """Any other pattern: a parameter may match slashes, or has groups of its own."""

    __slots__ = ("_cut", "_prefix", "_suffix", "fringe")

    def __init__(self, pattern: Pattern) -> None:
        self._cut = to_path_cutter(pattern)
        first, last = pattern.pieces[0], pattern.pieces[-1]
        assert isinstance(first, str)  # a pattern with parameters begins with "/"
        self._prefix, self._suffix = first, last if isinstance(last, str) else ""
        self.fringe = _to_fringe(WHOLE, self._prefix, self._suffix)

    def read(self, segments: list[str], path: str) -> Texts | None:
        # A regex might look at all of a long path before it sees that.
        if not (path.startswith(self._prefix) and path.endswith(self._suffix)):
            return None
        return self._cut(path)


class ShapeFactory:
    """Makes shapes, each of them once."""

    def __init__(self) -> None:
        self._made: dict[object, Shape] = {}

    def make(self, outline: Outline) -> Shape:
        """The shape of a pattern that is not literal."""
        segments = outline.segments
        if segments is None:
            return self._make_whole(outline.pattern)
        key = outline.wild, outline.tokens
        shape = self._made.get(key)
        if shape is None:
            shape = self._made[key] = _make_shape({at: segments[at] for at in outline.wild})
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
    # A pattern with parameters begins with "/", and this one has two pieces.
    assert isinstance(prefix, str)
    assert isinstance(last, Parameter)
    return (prefix, last.regex) if last.regex in (_EMPTY_TAIL, _TAIL, _ANY_TAIL) else None


def is_plain(segment: Segment) -> bool:
    """Whether a segment is ``{name}`` and nothing else."""
    return len(segment) == 1 and _is_any(segment[0])


def _is_any(piece: str | Parameter) -> bool:
    # A convertor over any text reads like a plain parameter; it is called afterwards.
    return isinstance(piece, Parameter) and piece.regex == ANY_SEGMENT


def _make_shape(wild: dict[int, Segment]) -> Shape:
    if all(is_plain(segment) for segment in wild.values()):
        return PlainShape(tuple(wild))
    shapes = [_make_one(at, segment) for at, segment in wild.items()]
    return shapes[0] if len(shapes) == 1 else SegmentShape(shapes)


def _make_one(at: int, segment: Segment) -> Shape:
    if is_plain(segment):
        return PlainShape((at,))
    first = segment[0]
    if len(segment) == 1 and isinstance(first, Parameter):
        return RegexShape(at, first.regex)
    texts = _to_texts(segment)
    if len(texts) == 2:
        return AffixShape(at, (texts[0], texts[1]))
    if len(texts) == 3:
        return PairShape(at, (texts[0], texts[1], texts[2]))
    return CutShape(at, segment)


def _to_texts(segment: Segment) -> Sequence[str]:
    """The texts around plain parameters; nothing where there is anything else."""
    texts = [""]
    for piece in segment:
        if isinstance(piece, str):
            texts[-1] = piece
        elif _is_any(piece):
            texts.append("")
        else:
            return ()
    # Braces in the text could be taken for those that no value may have.
    return () if any("{" in text or "}" in text for text in texts) else texts
