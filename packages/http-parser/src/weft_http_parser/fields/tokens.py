"""Tokens, quoted strings and parameters (RFC 9110 5.6).

Decides what is a token and how text is quoted. Knows no field by name.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from weft_http_parser.errors import HeaderInjection

TOKEN_CHARS: Final = (
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
WHITESPACE: Final = " \t"
_CONTROLS: Final = frozenset(map(chr, (*range(9), *range(10, 32), 127)))


def is_token(text: str) -> bool:
    """Whether `text` is a token (RFC 9110 5.6.2).

    >>> is_token("text"), is_token("a b"), is_token("")
    (True, False, False)
    """
    return bool(text) and not text.strip(TOKEN_CHARS)


def has_controls(text: str) -> bool:
    r"""Whether `text` holds what no field value may: CTL but HTAB (RFC 9110 5.5).

    >>> has_controls("a\r\n"), has_controls("a\tb")
    (True, False)
    """
    return not text.isprintable() and not _CONTROLS.isdisjoint(text)


def check_text(place: str, text: str) -> str:
    r"""Return `text`; HeaderInjection, which names `place`, when it holds a control character
    (RFC 9110 5.5).

    >>> check_text("reason", "OK")
    'OK'
    """
    if has_controls(text):
        raise HeaderInjection(place, text)
    return text


def parse_digits(text: str, most: int = 18) -> int | None:
    """A number of 1 to `most` ASCII digits (1*DIGIT); None for anything else.

    `int()` takes signs, underscores, spaces and the digits of other scripts, and a number without
    a bound; nothing on the wire may (RFC 5234 B.1, GHSA-mqqc-3gqh-h2x8).

    >>> parse_digits("42"), parse_digits("+4_2"), parse_digits("\u0664")
    (42, None, None)
    """
    if not text or len(text) > most or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def format_quoted(text: str) -> str:
    r"""Text as a quoted-string (RFC 9110 5.6.4); HeaderInjection where it holds controls.

    >>> print(format_quoted('a "b"'))
    "a \"b\""
    """
    check_text("quoted string", text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_quoted(text: str) -> str | None:
    r"""The text of a quoted-string (RFC 9110 5.6.4); None when it is not one, whole and alone.

    >>> parse_quoted('"a b"'), parse_quoted('"a" b'), parse_quoted("a"), parse_quoted('"a')
    ('a b', None, None, None)
    """
    if not text.startswith('"') or end_of_quoted(text, 0) != len(text) or has_controls(text):
        return None
    return unescape(text[1:-1])


def format_value(text: str) -> str:
    """Text as a token where it is one, else as a quoted-string.

    >>> format_value("utf-8"), format_value("a b")
    ('utf-8', '"a b"')
    """
    return text if is_token(text) else format_quoted(text)


def parse_value(text: str) -> str:
    r"""A token or a quoted-string as text; what is neither stays as it is.

    >>> print(parse_value('"a\\"b"'), parse_value("c"), parse_value('"d'))
    a"b c "d
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return unescape(text[1:-1])


def unescape(text: str) -> str:
    r"""The inside of a quoted-string without the backslashes of its quoted-pairs.

    >>> print(unescape(r"a\"b"))
    a"b
    """
    if "\\" not in text:
        return text
    parts = text.split("\\")
    out = [parts[0]]
    index = 1
    while index < len(parts):
        if parts[index] or index + 1 == len(parts):
            out.append(parts[index])
            index += 1
        else:  # two in a row: one of them is text
            out.append("\\" + parts[index + 1])
            index += 2
    return "".join(out)


def split_unquoted(text: str, separator: str) -> list[str]:
    """Split at `separator` where it is not inside a quoted-string; pieces are trimmed.

    >>> split_unquoted('a; b="c;d" ;e', ";")
    ['a', 'b="c;d"', 'e']
    """
    if '"' not in text:
        return [piece.strip(WHITESPACE) for piece in text.split(separator)]
    pieces: list[str] = []
    start = at = 0
    cut = -1
    while at < len(text):
        if cut < at:  # looked for once, not once for each quote before it
            cut = text.find(separator, at)
        if cut < 0:
            break
        quote = text.find('"', at, cut)
        if quote >= 0:
            at = end_of_quoted(text, quote) or len(text)
            continue
        pieces.append(text[start:cut].strip(WHITESPACE))
        start = at = cut + 1
    pieces.append(text[start:].strip(WHITESPACE))
    return pieces


def end_of_quoted(text: str, quote: int) -> int:
    """The index behind the quoted-string that begins at `quote`; 0 when it is never closed.

    >>> end_of_quoted('a="b" c', 2), end_of_quoted('"a', 0)
    (5, 0)
    """
    at = quote + 1
    close = quote
    while True:
        if close < at:  # looked for once, not once for each backslash before it
            close = text.find('"', at)
        if close < 0:
            return 0
        escape = text.find("\\", at, close)
        if escape < 0:
            return close + 1
        at = escape + 2


def parse_parameters(pieces: Iterable[str]) -> dict[str, str]:
    """`name=value` pieces as a dict, names in lower case; the first of a name counts.

    What browsers bear is borne (WHATWG MIME sniffing 4.4): spaces around `=`, a value that is
    missing, a quoted-string that is not closed or that text follows. What has no name is left out.
    RFC 9110 5.6.6.

    >>> parse_parameters(['Charset="utf-8"', "a"])
    {'charset': 'utf-8', 'a': ''}
    """
    found: dict[str, str] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        name = name.strip(WHITESPACE).lower()
        if is_token(name):
            found.setdefault(name, _parse_tolerant(value.strip(WHITESPACE)))
    return found


def _parse_tolerant(text: str) -> str:
    if not text.startswith('"'):
        return text
    end = end_of_quoted(text, 0)
    return unescape(text[1 : end - 1] if end else text[1:])


def format_parameters(parameters: Mapping[str, str]) -> str:
    """Parameters as they are written behind a value; HeaderInjection where one breaks out
    (RFC 9110 5.6.6).

    >>> format_parameters({"charset": "utf-8", "title": "a b"})
    '; charset=utf-8; title="a b"'
    """
    parts: list[str] = []
    for name, value in parameters.items():
        if not is_token(name):
            raise HeaderInjection("parameter name", name)
        parts.append(f"; {name}={format_value(value)}")
    return "".join(parts)
