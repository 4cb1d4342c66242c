"""The grammar of paths: literal text, ``{name}``, ``{name:regex}`` and ``{name!convertor}``.

Decides what a pattern means and in which form paths are compared. Knows no routes and no methods.

Paths are compared in their *comparable* form: percent-encoded UTF-8 is decoded, except ``%2F``
and ``%25``, so that an encoded slash stays inside its segment (RFC 3986 sections 2.2 and 2.4) and
nothing is decoded twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import quote

import attrs
from yarl import URL

from .convertors import (
    BUILT_IN_CONVERTORS,
    NAME,
    PathConvertor,
    check_convertor,
    find_regex_fault,
)
from .errors import PatternError

ANY_SEGMENT = r"[^{}/]+"

# Regexes made only of these parts can be seen, at a glance, never to match a slash and to hold
# no group: escapes such as \d, classes of plain characters, classes of all but a slash, plain
# characters, non-capturing groups, alternatives, repetition. As re has compiled the regex, the
# parts need not be checked for their order. Any other regex is tried on the whole path.
_WITHIN_SEGMENT = re.compile(
    r"(?:\\[dw.+-]"
    r"|\[-?(?:[A-Za-z0-9_]-[A-Za-z0-9_]|(?:\\[dw.+-]|[A-Za-z0-9_.,+])(?!-(?!\])))+-?\]"
    r"|\[\^[{}.,]*/[{}.,]*\]"
    r"|[A-Za-z0-9_\-@~!,;=&%]"
    r"|\(\?:|\)|\||[*+?]|\{\d+(?:,\d*)?\})+"
)
# What may stand in a path unencoded (RFC 3986 section 3.3, pchar).
_PCHAR = "@!$&'()*+,;=:"


def to_comparable(path: str) -> str:
    """Decode a raw path as far as comparing allows.

    >>> to_comparable("/caf%C3%A9/a%2fb")
    '/café/a%2Fb'
    """
    if "%" not in path:
        return path
    return URL.build(path="/" + path, encoded=True).path_safe[1:]


def to_value(comparable: str) -> str:
    """Decode what the comparable form still holds encoded.

    >>> to_value("a%2Fb%252F")
    'a/b%2F'
    """
    if "%" not in comparable:
        return comparable
    return comparable.replace("%2F", "/").replace("%25", "%")


def quote_literal(comparable: str) -> str:
    """Encode literal text of a pattern as it stands in a URL."""
    return quote(comparable, safe=_PCHAR + "/%", errors="surrogateescape")


def quote_value(value: str, *, keep_slashes: bool) -> str:
    """Encode the value of a parameter as it stands in a URL."""
    safe = _PCHAR + "/" if keep_slashes else _PCHAR
    return quote(value, safe=safe, errors="surrogateescape")


@attrs.frozen
class Parameter:
    """``{name}``, ``{name:regex}`` or ``{name!convertor}`` inside a pattern."""

    name: str
    regex: str = ANY_SEGMENT
    convertor: PathConvertor[object] | None = None
    """What its text means; None where it means itself."""

    @property
    def is_plain(self) -> bool:
        """Whether it takes any non-empty text without slashes and braces, and leaves it text."""
        return self.regex == ANY_SEGMENT and self.convertor is None

    @property
    def stays_in_segment(self) -> bool:
        """Whether it is known never to match a slash."""
        return self.regex == ANY_SEGMENT or _WITHIN_SEGMENT.fullmatch(self.regex) is not None


Piece = str | Parameter
Segment = tuple[Piece, ...]


@attrs.frozen
class Pattern:
    """One path pattern, read once.

    ``text`` is what was given, ``pieces`` the literal texts (comparable form) and parameters.

    >>> parse_pattern("/notes/{id:[0-9]+}").canonical
    '/notes/{id}'
    """

    text: str
    pieces: tuple[Piece, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Parameter))

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of the values of a match; a regex may add named groups of its own."""
        if self.segments is None:
            return tuple(self.regex.groupindex)
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def is_literal(self) -> bool:
        return not self.parameters

    @property
    def literal(self) -> str:
        """The whole path in comparable form; only literal patterns have one."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    @property
    def canonical(self) -> str:
        """The path with bare parameter names: a label of low cardinality for logs and metrics."""
        if self.is_literal:
            return self.text
        return "".join(
            quote_literal(piece) if isinstance(piece, str) else f"{{{piece.name}}}"
            for piece in self.pieces
        )

    @property
    def anchor(self) -> str:
        """The literal segments before the first parameter; deeper anchors match first."""
        if self.is_literal:
            return self.literal.rstrip("/")
        first = self.pieces[0]
        assert isinstance(first, str)  # a pattern with parameters begins with "/"
        return first.rpartition("/")[0].rstrip("/")

    @property
    def segments(self) -> tuple[Segment, ...] | None:
        """The pieces of each segment, the empty one before the first slash included.

        None when segments alone cannot decide: a parameter may match slashes or has groups of its
        own, or empty segments lie before the first parameter (they do not count for the anchor).
        """
        if not all(parameter.stays_in_segment for parameter in self.parameters):
            return None
        first = self.pieces[0] if self.pieces else ""
        if isinstance(first, str) and first.rpartition("/")[0].endswith("/"):
            return None
        segments: list[list[Piece]] = [[]]
        for piece in self.pieces:
            if isinstance(piece, Parameter):
                segments[-1].append(piece)
                continue
            head, *rest = piece.split("/")
            segments[-1].extend([head] if head else [])
            segments.extend([text] if text else [] for text in rest)
        return tuple(map(tuple, segments))

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The whole pattern as one regex over comparable paths."""
        return compile_pieces(self.pieces, self.text)


def compile_pieces(pieces: tuple[Piece, ...], text: str) -> re.Pattern[str]:
    """The regex of some pieces; `text` is the pattern to quote when one of them is bad."""
    source = "".join(
        re.escape(piece) if isinstance(piece, str) else f"(?P<{piece.name}>{piece.regex})"
        for piece in pieces
    )
    try:
        return re.compile(source)
    except re.error as exc:
        raise PatternError(text, 0, f"{exc.msg} in the regex {source!r}") from exc


def parse_pattern(
    text: str, convertors: Mapping[str, PathConvertor[object]] = BUILT_IN_CONVERTORS
) -> Pattern:
    """Read a pattern, or raise PatternError.

    >>> [piece.name for piece in parse_pattern("/{user}/v{major!int}.{minor}").parameters]
    ['user', 'major', 'minor']
    """
    if text and not text.startswith("/"):
        raise PatternError(text, 0, "a path begins with '/' or is empty")
    pieces: list[Piece] = []
    names: set[str] = set()
    at = 0
    while at < len(text):
        if text[at] == "{":
            end = _find_close(text, at)
            parameter = _parse_parameter(text, at, end, convertors)
            if parameter.name in names:
                raise PatternError(text, at, f"the name {parameter.name!r} is used twice")
            names.add(parameter.name)
            pieces.append(parameter)
        else:
            end = text.find("{", at)
            end = len(text) if end < 0 else end
            stray = text.find("}", at, end)
            if stray >= 0:
                raise PatternError(text, stray, "'}' without '{'")
            pieces.append(to_comparable(text[at:end]))
        at = end
    return _checked(Pattern(text, tuple(pieces)))


def _find_close(text: str, start: int) -> int:
    """The index behind the brace that closes the one at `start`; braces inside must pair up."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at + 1
    raise PatternError(text, start, "'{' without '}'")


_FORMS = "write {name}, {name:regex} or {name!convertor}"


def _parse_parameter(
    text: str, start: int, end: int, convertors: Mapping[str, PathConvertor[object]]
) -> Parameter:
    inner = text[start + 1 : end - 1]
    match = NAME.match(inner)
    name = "" if match is None else match.group()
    sign, rest = inner[len(name) : len(name) + 1], inner[len(name) + 1 :]
    if not name or sign not in ("", ":", "!"):
        raise PatternError(text, start + 1, f"{inner!r} is no parameter name; {_FORMS}")
    if sign == "!":
        return _parse_typed(text, end - 1 - len(rest), name, rest, convertors)
    if not sign:
        return Parameter(name)
    if not rest:
        raise PatternError(text, end - 1, f"no regex behind ':'; {_FORMS}")
    fault = find_regex_fault(rest)
    # A backreference to an earlier parameter stands only in the whole pattern.
    if fault is not None and "unknown group" not in fault[0]:
        at = end - 1 - len(rest) + fault[1]
        raise PatternError(text, at, f"{fault[0]} in the regex {rest!r}")
    return Parameter(name, rest)


def _parse_typed(
    text: str, at: int, name: str, kind: str, convertors: Mapping[str, PathConvertor[object]]
) -> Parameter:
    convertor = convertors.get(kind)
    if convertor is None:
        known = ", ".join(sorted(convertors))
        raise PatternError(text, at, f"{kind!r} is no convertor; there are {known or 'none'}")
    if convertor is BUILT_IN_CONVERTORS["str"]:
        return Parameter(name)  # text that means itself needs no converting
    check_convertor(kind, convertor)
    return Parameter(name, convertor.regex, convertor)


def _checked(pattern: Pattern) -> Pattern:
    """The whole regex compiles, where any parameter has a regex of its own."""
    if not all(parameter.is_plain for parameter in pattern.parameters):
        _ = pattern.regex
    return pattern
