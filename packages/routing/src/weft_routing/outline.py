"""What tables need of a pattern: its segments, which of them have parameters, and their texts.

Read once for each pattern while a table is frozen, and dropped afterwards. Knows no routes.
"""

from __future__ import annotations

from collections.abc import Sequence

from .pattern import Pattern, Piece, Segment

# A segment, or a whole pattern, without the names of its parameters.
Token = tuple["str | tuple[str, int]", ...]


class Outline:
    """One pattern, which is not literal.

    `texts` are the texts of its segments, nothing for one with parameters; `wild`, the indexes of
    those with parameters; `tokens`, these without names. Where `segments` is None, segments cannot
    be told apart and the rest is empty.
    """

    __slots__ = ("pattern", "segments", "texts", "tokens", "wild")

    def __init__(self, pattern: Pattern) -> None:
        segments = pattern.segments
        self.pattern = pattern
        self.segments = segments
        self.wild: tuple[int, ...] = ()
        self.texts: tuple[str, ...] = ()
        self.tokens: tuple[Token, ...] = ()
        if segments is None:
            return
        wild = tuple([at for at, segment in enumerate(segments) if not is_literal(segment)])
        self.wild = wild
        self.texts = tuple(
            ["" if at in wild else "".join(map(str, each)) for at, each in enumerate(segments)]
        )
        self.tokens = tuple([to_token(segments[at]) for at in wild])


class Outlines:
    """Patterns to outlines. The patterns live as long as this."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read: dict[int, Outline] = {}

    def of(self, pattern: Pattern) -> Outline:
        """The outline of a pattern that is not literal."""
        outline = self._read.get(id(pattern))
        if outline is None:
            outline = self._read[id(pattern)] = Outline(pattern)
        return outline


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
