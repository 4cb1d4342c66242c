"""From a pattern and values back to a URL. Knows no routes and no host."""

from __future__ import annotations

from collections.abc import Mapping

from yarl import URL

from .errors import BadValue, MissingValue, UnknownValue
from .pattern import Pattern, parse_pattern, quote_literal, quote_value


def build_url(pattern: Pattern | str, values: Mapping[str, str]) -> URL:
    """The relative URL of a pattern with its parameters filled in.

    A slash in the value of a parameter that stays inside its segment is encoded, so the URL leads
    back to the same values.

    >>> str(build_url("/files/{owner}/{tail:.*}", {"owner": "a/b", "tail": "x/y z"}))
    '/files/a%2Fb/x/y%20z'
    """
    if isinstance(pattern, str):
        pattern = parse_pattern(pattern)
    left = dict(values)
    path = ""
    for piece in pattern.pieces:
        if isinstance(piece, str):
            path += quote_literal(piece)
            continue
        try:
            value = left.pop(piece.name)
        except KeyError:
            raise MissingValue(pattern.text, piece.name) from None
        if not isinstance(value, str):
            raise BadValue(pattern.text, piece.name, type(value).__name__)
        path += quote_value(value, keep_slashes=not piece.stays_in_segment)
    for name in left:
        raise UnknownValue(pattern.text, name)
    return URL.build(path=path, encoded=True)
