"""How one text is cut into the values of its parameters: a segment, or a whole path.

The answers are those of the regex that a pattern stands for: from the left, each parameter takes as
much as leaves something for the others. A regex may need a power of the text's length to see that
nothing fits (``{a}-{b}-{c}`` on many dashes). So where several parameters take any text, cutting
goes from the right: text and typed parameters between two of them, a *block*, stand as far right
as they can. Moving a block to the right only leaves more room for those before it, and shortens
nothing but a value behind it; so the first way that is found is the regex's, and no way is tried
twice. A regex that a user wrote costs what it costs.

All text is in comparable form. Knows no routes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .convertors import BUILT_IN_CONVERTORS
from .pattern import ANY_SEGMENT, Parameter, Pattern, Piece, Segment, compile_pieces, split_pieces

Cutter = Callable[[str], "Sequence[str] | None"]
# Where a block stands, and the values in it.
Span = tuple[int, int, Sequence[str]]

_REST = BUILT_IN_CONVERTORS["path"]
_BUILT_IN = tuple(BUILT_IN_CONVERTORS.values())
_MATCHES_BRACES = re.compile(r"\[\^")
_POSSESSIVE = re.compile(r"[*+?}]\+")
# What looks at other groups, or at the text before, cannot be taken out of the whole regex.
_LOOKS_BACK = re.compile(r"\\[1-9AbB]|\(\?P=|\(\?\(|\(\?<|(?<!\[)\^")


def to_cutter(segment: Segment) -> Cutter:
    """What cuts the text of one segment; it gives the values in order, or None.

    >>> from .pattern import parse_pattern
    >>> to_cutter(parse_pattern("/{a}-{b}").segments[1])("x-y-z")
    ('x-y', 'z')
    """
    if sum(_is_any(piece) for piece in segment) > 1 and all(map(_is_cuttable, segment)):
        return _Cuts(segment).cut
    return _to_regex_cutter(segment)


def to_path_cutter(pattern: Pattern) -> Cutter:
    """What cuts a whole path, when segments cannot be told apart; values as `pattern.names`.

    >>> from .pattern import parse_pattern
    >>> to_path_cutter(parse_pattern("/{project!path}/-/{file!path}"))("/a/b/-/c")
    ('a/b', 'c')
    """
    segments = split_pieces(pattern.pieces)
    wide = [at for at, segment in enumerate(segments) if any(map(_is_wide, segment))]
    if not wide:
        return _Aligned(segments, None, ()).cut
    head, tail = segments[: wide[0]], segments[wide[-1] + 1 :]
    middle = _join(segments[wide[0] : wide[-1] + 1])
    if all(piece.convertor is _REST for piece in pattern.parameters if _is_wide(piece)):
        if all(map(_is_cuttable, middle)):
            return _Aligned(head, _Cuts(middle).cut, tail).cut
    elif any(sum(map(_is_any, segment)) > 1 for segment in head) and _stands_alone(pattern):
        middle = _join(segments[wide[0] :])
        return _Aligned(head, _to_named_cutter(compile_pieces(middle, pattern.text)), ()).cut
    return _to_named_cutter(pattern.regex)


def _is_any(piece: Piece) -> bool:
    """Whether it takes any text, of a segment or of a path."""
    return isinstance(piece, Parameter) and (
        piece.regex == ANY_SEGMENT or piece.convertor is _REST
    )


def _is_wide(piece: Piece) -> bool:
    return isinstance(piece, Parameter) and not piece.stays_in_segment


def _is_cuttable(piece: Piece) -> bool:
    """Whether it may stand in a block.

    What matches braces may take them from a value that refuses them; and what never gives back
    takes less where the text is cut short. The built-in convertors never need to.
    """
    if isinstance(piece, str) or _is_any(piece) or piece.convertor in _BUILT_IN:
        return True
    return piece.stays_in_segment and not (
        _MATCHES_BRACES.search(piece.regex) or _POSSESSIVE.search(piece.regex)
    )


def _stands_alone(pattern: Pattern) -> bool:
    return not any(_LOOKS_BACK.search(piece.regex) for piece in pattern.parameters)


def _join(segments: Iterable[Segment]) -> Segment:
    joined: list[Piece] = []
    for segment in segments:
        joined += ["/", *segment] if joined else segment
    return tuple(joined)


def _to_source(pieces: Iterable[Piece]) -> str:
    # Parameters that stay in a segment hold no group, so the groups are the parameters.
    return "".join(
        re.escape(piece) if isinstance(piece, str) else f"({piece.regex})" for piece in pieces
    )


def _to_regex_cutter(segment: Segment) -> Cutter:
    fullmatch = re.compile(_to_source(segment)).fullmatch

    def cut(text: str) -> Sequence[str] | None:
        match = fullmatch(text)
        return None if match is None else match.groups()

    return cut


def _to_named_cutter(regex: re.Pattern[str]) -> Cutter:
    def cut(text: str) -> Sequence[str] | None:
        match = regex.fullmatch(text)
        return None if match is None else tuple(match.groupdict("").values())

    return cut


class _TextBlock:
    """Literal text between two parameters that take any text; it may be empty."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def at_end(self, text: str, bound: int) -> Span | None:
        at = bound - len(self._text)
        return (at, bound, ()) if text.endswith(self._text) else None

    def before(self, text: str, bound: int) -> Span | None:
        at = text.rfind(self._text, 0, bound)
        return None if at < 0 else (at, at + len(self._text), ())

    def at_start(self, text: str, bound: int) -> Span | None:
        return (0, len(self._text), ()) if text.startswith(self._text, 0, bound) else None


class _RegexBlock:
    """Text and typed parameters between two parameters that take any text."""

    __slots__ = ("_here", "_last")

    def __init__(self, pieces: Sequence[Piece]) -> None:
        source = _to_source(pieces)
        self._here = re.compile(f"({source})")
        self._last = re.compile(f"(?s:.*)({source})")  # as far right as it can

    def at_end(self, text: str, bound: int) -> Span | None:
        return _to_span(self._last.fullmatch(text, 0, bound))

    def before(self, text: str, bound: int) -> Span | None:
        return _to_span(self._last.match(text, 0, bound))

    def at_start(self, text: str, bound: int) -> Span | None:
        return _to_span(self._here.match(text, 0, bound))


def _to_span(match: re.Match[str] | None) -> Span | None:
    return None if match is None else (match.start(1), match.end(1), match.groups()[1:])


class _Cuts:
    """Cuts a text at blocks, from the right."""

    __slots__ = ("_end", "_steps")

    def __init__(self, pieces: Segment) -> None:
        blocks: list[list[Piece]] = [[]]
        takes_slashes: list[bool] = []
        for piece in pieces:
            if isinstance(piece, Parameter) and _is_any(piece):
                blocks.append([])
                takes_slashes.append(piece.convertor is _REST)
            else:
                blocks[-1].append(piece)
        first, *others = map(_to_block, blocks)
        self._end = others.pop().at_end
        finds = [first.at_start, *(block.before for block in others)]
        # From right to left: how to find a block, and whether the value behind it takes slashes.
        self._steps = tuple(zip(finds, takes_slashes, strict=True))[::-1]

    def cut(self, text: str) -> Sequence[str] | None:
        """The values, in order."""
        span = self._end(text, len(text))
        if span is None:
            return None
        start, _, groups = span
        values = list(groups[::-1])
        for find, takes_slashes in self._steps:
            # At least one character stays for the value.
            span = find(text, start - 1) if start else None
            if span is None:
                return None
            value = text[span[1] : start]
            if not takes_slashes and ("{" in value or "}" in value or "/" in value):
                return None
            start, _, groups = span
            values += (value, *groups[::-1])
        values.reverse()
        return tuple(values)


def _to_block(pieces: Sequence[Piece]) -> _TextBlock | _RegexBlock:
    if all(isinstance(piece, str) for piece in pieces):
        return _TextBlock("".join(map(str, pieces)))
    return _RegexBlock(pieces)


class _Aligned:
    """Segments from the left, segments from the right, and what may have slashes in between."""

    __slots__ = ("_cutters", "_from_left", "_from_right")

    def __init__(
        self, head: Sequence[Segment], middle: Cutter | None, tail: Sequence[Segment]
    ) -> None:
        self._from_left = len(head)
        self._from_right = len(tail)
        between = [] if middle is None else [middle]
        self._cutters = (*map(to_cutter, head), *between, *map(to_cutter, tail))

    def cut(self, text: str) -> Sequence[str] | None:
        """The values, in order."""
        texts = text.split("/", self._from_left)
        texts[-1:] = texts[-1].rsplit("/", self._from_right)
        if len(texts) != len(self._cutters):
            return None
        values: list[str] = []
        for cutter, part in zip(self._cutters, texts, strict=True):
            found = cutter(part)
            if found is None:
                return None
            values += found
        return tuple(values)
