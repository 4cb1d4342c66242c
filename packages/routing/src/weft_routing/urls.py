"""From a pattern and values back to a URL. Knows no routes and no host."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from yarl import URL

from .errors import BadValue, MissingValue, UnknownValue
from .pattern import Parameter, Pattern, parse_pattern, quote_literal, quote_value

QueryValue: TypeAlias = str | int | float

# As much of a value as an error shows.
_SHOWN = 80


def build_url(
    pattern: Pattern | str,
    values: Mapping[str, object],
    *,
    query: Mapping[str, QueryValue | Sequence[QueryValue]] | None = None,
) -> URL:
    """The relative URL of a pattern with its parameters filled in.

    A parameter with a convertor takes a value of the convertor's type, any other one a str. A
    slash in the value of a parameter that stays inside its segment is encoded, so the URL leads
    back to the same values. So is one that would begin the name of a host.

    >>> str(build_url("/files/{owner!int}/{tail!path}", {"owner": 7, "tail": "x/y z"}))
    '/files/7/x/y%20z'
    >>> str(build_url("/notes", {}, query={"page": 2, "tag": ["a", "b"]}))
    '/notes?page=2&tag=a&tag=b'
    """
    if isinstance(pattern, str):
        pattern = parse_pattern(pattern)
    left = dict(values)
    path = ""
    for piece in pattern.pieces:
        if isinstance(piece, str):
            path += quote_literal(piece)
            continue
        if piece.name not in left:
            raise MissingValue(pattern.text, piece.name)
        path += _to_path(pattern, piece, left.pop(piece.name))
    for name in left:
        raise UnknownValue(pattern.text, name, tuple(piece.name for piece in pattern.parameters))
    if path.startswith("//") and not pattern.text.startswith("//"):
        # Two slashes at the start lead to another host (RFC 3986 section 4.2), and the second one
        # is of a value, which may be anybody's: a redirect must not go there.
        path = "/%2F" + path[2:]
    url = URL.build(path=path, encoded=True)
    return _with_query(url, pattern, query) if query else url


def _to_path(pattern: Pattern, parameter: Parameter, value: object) -> str:
    """A value as it stands in the URL."""
    convertor = parameter.convertor
    try:
        if convertor is not None:
            text = convertor.format(value)
        elif isinstance(value, str):
            text = value
        else:
            raise TypeError("write a str")
        quoted = quote_value(text, keep_slashes=not parameter.stays_in_segment)
    except UnicodeEncodeError:
        raise _bad_value(pattern, parameter.name, value, "write text that UTF-8 has") from None
    except (TypeError, ValueError) as exc:
        raise _bad_value(pattern, parameter.name, value, str(exc)) from exc
    if convertor is not None and not _is_taken(parameter, text):
        reason = f"write what {parameter.regex} matches"
        raise _bad_value(pattern, parameter.name, value, reason)
    return quoted


def _is_taken(parameter: Parameter, text: str) -> bool:
    """Whether the parameter would match the text, in the form in which paths are compared."""
    text = text.replace("%", "%25")
    if parameter.stays_in_segment:
        text = text.replace("/", "%2F")
    return re.fullmatch(parameter.regex, text) is not None


def _with_query(
    url: URL, pattern: Pattern, query: Mapping[str, QueryValue | Sequence[QueryValue]]
) -> URL:
    for name, value in query.items():
        try:
            URL().with_query({name: value})
        except (TypeError, ValueError) as exc:
            reason = "write a str, an int, a finite float, or a list of them"
            raise _bad_value(pattern, f"?{name}", value, reason) from exc
    return url.with_query(query)


def _bad_value(pattern: Pattern, name: str, value: object, reason: str) -> BadValue:
    try:
        shown = repr(value)
    except ValueError:  # an int with too many digits has no text
        shown = "one"
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    given = f"{shown} of type {type(value).__name__}"
    return BadValue(pattern.text, name, given, reason or "write another one")
