"""What tables need of a pattern: its segments, which of them have parameters, and their texts.

Read once for each pattern while a table is frozen, and dropped afterwards. Knows no routes.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from .pattern import Pattern, Piece, Segment

# A segment, or a whole pattern, without the names of its parameters.
Token = tuple["str | tuple[str, int]", ...]


@attrs.frozen(eq=False)
class Outline:
    """One pattern. Where `segments` is None, segments cannot be told apart and the rest is empty."""

    pattern: Pattern
    segments: tuple[Segment, ...] | None
    texts: tuple[str, ...]
    """The text of each segment; nothing for one with parameters."""
    wild: tuple[int, ...]
    """The indexes of the segments with parameters."""
    tokens: tuple[Token, ...]
    """Those segments without names."""


class Outlines:
    """Patterns to outlines. The patterns live as long as this."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read: dict[int, Outline] = {}

    def of(self, pattern: Pattern) -> Outline:
        """The outline of a pattern that is not literal."""
        outline = self._read.get(id(pattern))
        if outline is None:
            outline = self._read[id(pattern)] = _outline(pattern)
        return outline


def _outline(pattern: Pattern) -> Outline:
    segments = pattern.segments
    if segments is None:
        return Outline(pattern, None, (), (), ())
    wild = tuple([at for at, segment in enumerate(segments) if not is_literal(segment)])
    texts = [
        "" if at in wild else "".join(map(str, segment)) for at, segment in enumerate(segments)
    ]
    tokens = tuple([to_token(segments[at]) for at in wild])
    return Outline(pattern, segments, tuple(texts), wild, tokens)


def is_literal(segment: Segment) -> bool:
    """Whether a segment has no parameter."""
    for piece in segment:  # half the time of all()
        if not isinstance(piece, str):
            return False
    return True


def to_token(pieces: Sequence[Piece]) -> Token:
    """The pieces without the names. A convertor is the same only where it is the same object."""
    return tuple(
        [
            piece if isinstance(piece, str) else (piece.regex, id(piece.convertor))
            for piece in pieces
        ]
    )
