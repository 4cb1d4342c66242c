"""Tokens, quoted strings and parameters (RFC 9110 5.6).

Decides what is a token and how text is quoted. Knows no field by name.
"""

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
    """Whether `text` holds what no field value may: CTL but HTAB (RFC 9110 5.5)."""
    return not text.isprintable() and not _CONTROLS.isdisjoint(text)


def check_text(place: str, text: str) -> str:
    """Return `text`; HeaderInjection, which names `place`, when it holds a control character."""
    if has_controls(text):
        raise HeaderInjection(place, text)
    return text


def format_quoted(text: str) -> str:
    r"""Text as a quoted-string (RFC 9110 5.6.4).

    >>> print(format_quoted('a "b"'))
    "a \"b\""
    """
    check_text("quoted string", text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def format_value(text: str) -> str:
    """Text as a token where it is one, else as a quoted-string."""
    return text if is_token(text) else format_quoted(text)


def parse_value(text: str) -> str:
    r"""A token or a quoted-string as text; what is neither stays as it is.

    >>> print(parse_value('"a\\"b"'), parse_value("c"), parse_value('"d'))
    a"b c "d
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    parts = inner.split("\\")
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
    while at < len(text):
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
    """The index behind the quoted-string that begins at `quote`; 0 when it is never closed."""
    at = quote + 1
    while True:
        close = text.find('"', at)
        if close < 0:
            return 0
        escape = text.find("\\", at, close)
        if escape < 0:
            return close + 1
        at = escape + 2


def parse_parameters(pieces: list[str]) -> dict[str, str]:
    """`name=value` pieces as a dict, names in lower case; the first of a name counts.

    >>> parse_parameters(['Charset="utf-8"', "a"])
    {'charset': 'utf-8', 'a': ''}
    """
    found: dict[str, str] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        name = name.strip(WHITESPACE).lower()
        if is_token(name):
            found.setdefault(name, parse_value(value.strip(WHITESPACE)))
    return found
