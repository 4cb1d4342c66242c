"""The grammar of paths: literal text, ``{name}``, ``{name:regex}`` and ``{name!convertor}``.

Decides what a pattern means and in which form paths are compared. Knows no routes and no methods.

Paths are compared in their *comparable* form: percent-encoded UTF-8 is decoded, except ``%2F``
and ``%25``, so that an encoded slash stays inside its segment (RFC 3986 sections 2.2 and 2.4) and
nothing is decoded twice.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import accumulate
from urllib.parse import quote

import attrs
from yarl import URL

from .convertors import (
    BUILT_IN_CONVERTORS,
    CONTINUATIONS,
    NAME,
    REGEX_ERRORS,
    PathConvertor,
    check_convertor,
    find_regex_fault,
    to_fault,
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
_BRACES = re.compile("[{}]")
_FORMS = "write {name}, {name:regex} or {name!convertor}"
_BRACES_IN_TEXT = "braces pair up; as text they are %7B and %7D"
# What re says of (?P=name), \\1 and (?(1)...) where there is no such group yet.
_REFERENCE_FAULT = re.compile("unknown group|invalid group reference")
# What no bytes of a path are decoded to; the other surrogates stand for bytes that are no UTF-8.
_NO_TEXT = re.compile("[\ud800-\udc7f\udd00-\udfff]")
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


@attrs.frozen(weakref_slot=False)
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
        return _stays_in_segment(self.regex)


@lru_cache(256)
def _stays_in_segment(regex: str) -> bool:
    return regex == ANY_SEGMENT or _WITHIN_SEGMENT.fullmatch(regex) is not None


@lru_cache(256)
def _stands_alone(regex: str) -> bool:
    return find_regex_fault(regex) is None and not re.compile(regex).groups


def _has_no_group(parameter: Parameter) -> bool:
    """Whether it is known to be good alone, and to hold no group."""
    return parameter.convertor is not None or _stands_alone(parameter.regex)


Piece = str | Parameter
Segment = tuple[Piece, ...]


@attrs.frozen(weakref_slot=False)
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
        return tuple([piece for piece in self.pieces if isinstance(piece, Parameter)])

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of the values of a match; a regex may add named groups of its own."""
        parameters = self.parameters
        for parameter in parameters:
            if not (parameter.stays_in_segment or _has_no_group(parameter)):
                return tuple(self.regex.groupindex)
        return tuple([parameter.name for parameter in parameters])

    @property
    def is_literal(self) -> bool:
        for piece in self.pieces:  # half the time of all()
            if isinstance(piece, Parameter):
                return False
        return True

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
        for parameter in self.parameters:
            if not parameter.stays_in_segment:
                return None
        first = self.pieces[0] if self.pieces else ""
        if isinstance(first, str) and first.rpartition("/")[0].endswith("/"):
            return None
        return split_pieces(self.pieces)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The whole pattern as one regex over comparable paths."""
        return compile_pieces(self.pieces, self.text)

    def below(self, prefix: Pattern) -> Pattern:
        """The pattern that begins with another one, each with the convertors it was read with.

        >>> parse_pattern("/notes/{id}").below(parse_pattern("/{user!int}")).text
        '/{user!int}/notes/{id}'
        """
        text = prefix.text + self.text
        taken = {parameter.name for parameter in prefix.parameters}
        for parameter, (start, _) in zip(
            self.parameters, _find_parameters(self.text), strict=True
        ):
            if parameter.name in taken:
                raise _name_taken(text, len(prefix.text) + start, parameter.name)
        *before, last = prefix.pieces or ("",)
        first, *behind = self.pieces or ("",)
        between = [last, first]
        if isinstance(last, str) and isinstance(first, str):
            between = [last + first]
        return _checked(Pattern(text, tuple(filter(None, (*before, *between, *behind)))))


def split_pieces(pieces: tuple[Piece, ...]) -> tuple[Segment, ...]:
    """The pieces between slashes of the literal text."""
    segments: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Parameter):
            segments[-1].append(piece)
            continue
        head, *rest = piece.split("/")
        segments[-1].extend([head] if head else [])
        segments.extend([text] if text else [] for text in rest)
    return tuple(map(tuple, segments))


def compile_pieces(pieces: tuple[Piece, ...], text: str) -> re.Pattern[str]:
    """The regex of pieces at the end of `text`, the pattern to quote when one of them is bad."""
    sources = [
        re.escape(piece) if isinstance(piece, str) else f"(?P<{piece.name}>{piece.regex})"
        for piece in pieces
    ]
    try:
        return re.compile("".join(sources))
    except REGEX_ERRORS as exc:
        reason, at = to_fault(exc)
        at = _to_offset(pieces, sources, text, at)
        raise PatternError(text, at, f"bad regex: {reason}") from exc


def _to_offset(pieces: tuple[Piece, ...], sources: list[str], text: str, at: int) -> int:
    """Where in the pattern a place is, given as one in the regex made of its pieces' sources."""
    ends = list(accumulate(map(len, sources)))
    index = bisect_right(ends[:-1], at)
    start, end = _find_spans(pieces, text)[index]
    # "(?P<name>regex)" stands for "{name:regex}".
    at -= ends[index] - len(sources[index]) + 3
    return min(max(start + at, start), end)


def parse_pattern(
    text: str, convertors: Mapping[str, PathConvertor[object]] = BUILT_IN_CONVERTORS
) -> Pattern:
    """Read a pattern, or raise PatternError.

    >>> [piece.name for piece in parse_pattern("/{user}/v{major!int}.{minor}").parameters]
    ['user', 'major', 'minor']
    """
    if text and not text.startswith("/"):
        raise PatternError(text, 0, "a path begins with '/' or is empty")
    if stray := _NO_TEXT.search(text):
        raise PatternError(text, stray.start(), "half a character; write whole ones")
    pieces: list[Piece] = []
    names: set[str] = set()
    at = 0
    for start, end in _find_parameters(text):
        parameter = _parse_parameter(text, start, end, convertors)
        if parameter.name in names:
            raise _name_taken(text, start, parameter.name)
        names.add(parameter.name)
        pieces += (to_comparable(text[at:start]), parameter)
        at = end
    pieces.append(to_comparable(text[at:]))
    return _checked(Pattern(text, tuple(filter(None, pieces))))


def _find_parameters(text: str) -> Iterator[tuple[int, int]]:
    """Where each parameter stands; braces inside must pair up."""
    depth = start = 0
    for brace in _BRACES.finditer(text):
        if brace.group() == "{":
            start = start if depth else brace.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, brace.end()
        else:
            raise PatternError(text, brace.start(), f"'}}' without '{{'; {_BRACES_IN_TEXT}")
    if depth:
        raise PatternError(text, start, f"'{{' without '}}'; {_BRACES_IN_TEXT}")


def _name_taken(text: str, at: int, name: str) -> PatternError:
    return PatternError(text, at, f"the name {name!r} is used twice; name each parameter once")


def _parse_parameter(
    text: str, start: int, end: int, convertors: Mapping[str, PathConvertor[object]]
) -> Parameter:
    inner = text[start + 1 : end - 1]
    match = NAME.match(inner)
    name = "" if match is None else sys.intern(match.group())
    sign, rest = inner[len(name) : len(name) + 1], inner[len(name) + 1 :]
    at = end - 1 - len(rest)
    if not name or sign not in ("", ":", "!"):
        wrong = inner.partition(":")[0].partition("!")[0]
        raise PatternError(text, start + 1, f"{wrong!r} is no parameter name; {_FORMS}")
    if sign == "!":
        return _parse_typed(text, at, (name, rest), convertors)
    if not sign:
        return _plain_parameter(name)
    if not rest:
        raise PatternError(text, at, f"no regex behind ':'; {_FORMS}")
    fault = find_regex_fault(rest)
    # A reference to an earlier parameter stands only in the whole pattern.
    if fault is not None and not _REFERENCE_FAULT.match(fault[0]):
        raise PatternError(text, at + fault[1], f"bad regex: {fault[0]}")
    return Parameter(name, rest)


@lru_cache(1024)
def _plain_parameter(name: str) -> Parameter:
    return Parameter(name)  # most are plain, and tables name them alike


def _parse_typed(
    text: str, at: int, words: tuple[str, str], convertors: Mapping[str, PathConvertor[object]]
) -> Parameter:
    name, kind = words
    convertor = convertors.get(kind)
    if convertor is None:
        known = ", ".join(sorted(convertors)) or "none"
        raise PatternError(text, at, f"{kind!r} is no convertor; known ones are: {known}")
    if convertor is BUILT_IN_CONVERTORS["str"]:
        return _plain_parameter(name)  # text that means itself needs no converting
    if convertor is not BUILT_IN_CONVERTORS.get(kind):
        check_convertor(kind, convertor)
    return Parameter(name, convertor.regex, convertor)


def _checked(pattern: Pattern) -> Pattern:
    """The typed parameters stand well, and the whole regex compiles."""
    parameters = pattern.parameters
    if any(parameter.convertor is not None for parameter in parameters):
        _check_neighbours(pattern)
    # Only regexes with groups, or with references to some, could be good alone and bad together.
    if not all(map(_has_no_group, parameters)):
        _ = pattern.regex
    return pattern


def _check_neighbours(pattern: Pattern) -> None:
    """Refuse what could not be told apart, so that URLs lead back and no text is tried twice."""
    pieces = (*pattern.pieces, "", "")
    spans = _find_spans(pattern.pieces, pattern.text)
    for at, (left, (_, end)) in enumerate(zip(pattern.pieces, spans, strict=True)):
        right, is_last = pieces[at + 1], not pieces[at + 2]
        if isinstance(left, str):
            continue
        if isinstance(right, Parameter):
            if left.convertor or right.convertor:
                reason = "a typed parameter touches another one; put text between them"
                raise PatternError(pattern.text, end, reason)
            continue
        goes_on = CONTINUATIONS.get(left.regex) if left.convertor else None
        # The parameter behind the text may begin with a digit.
        if goes_on is not None and goes_on.match(right + ("" if is_last else "0")):
            reason = (
                f"this text would go on with the number of {left.name!r}; put other text first"
            )
            raise PatternError(pattern.text, end, reason)
    _check_rest(pattern)


def _check_rest(pattern: Pattern) -> None:
    """Only text stands before a `path` in its segment, and between two of them."""
    rest = BUILT_IN_CONVERTORS["path"]
    segment_has_other = has_rest = other_behind_rest = False
    spans = _find_spans(pattern.pieces, pattern.text)
    for piece, (start, _) in zip(pattern.pieces, spans, strict=True):
        if isinstance(piece, str):
            segment_has_other = segment_has_other and "/" not in piece
        elif piece.convertor is not rest:
            segment_has_other = True
            other_behind_rest = has_rest
        elif segment_has_other or other_behind_rest:
            where = "between two of its kind" if other_behind_rest else "before it in its segment"
            raise PatternError(
                pattern.text, start, f"a path takes slashes: only text may stand {where}"
            )
        else:
            has_rest = True


def _find_spans(pieces: tuple[Piece, ...], text: str) -> list[tuple[int, int]]:
    """Where each parameter stands in the pattern; literal text is not found."""
    spans = _find_parameters(text)
    return [next(spans) if isinstance(piece, Parameter) else (0, 0) for piece in pieces]
