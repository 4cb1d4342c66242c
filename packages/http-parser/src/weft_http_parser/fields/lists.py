"""Comma-separated lists (RFC 9110 5.6.1) and quality values (RFC 9110 12.4.2).

Decides members, order and weight. Knows no field by name.
"""

from collections.abc import Iterable

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.tokens import WHITESPACE, is_token, split_unquoted


def join_lines(lines: str | Iterable[str]) -> str:
    """The lines of one field as one value (RFC 9110 5.3).

    >>> join_lines(["a", "b, c"])
    'a, b, c'
    """
    return lines if isinstance(lines, str) else ", ".join(lines)


def parse_tokens(text: str) -> list[str]:
    """The members of a list as they are written; empty ones are left out (RFC 9110 5.6.1.2).

    Commas in quotes separate too: this is for lists of tokens. `parse_list` knows quotes.

    >>> parse_tokens("keep-alive, , Upgrade")
    ['keep-alive', 'Upgrade']
    """
    return [stripped for item in text.split(",") if (stripped := item.strip(WHITESPACE))]


def parse_list(text: str | Iterable[str]) -> list[str]:
    """The members of a list, which may hold quoted strings, as they are written.

    Several lines of one field are one list (RFC 9110 5.3); empty members are left out
    (RFC 9110 5.6.1.2).

    >>> parse_list('a;b="c, d", , e')
    ['a;b="c, d"', 'e']
    """
    return [item for item in split_unquoted(join_lines(text), ",") if item]


def parse_names(text: str | Iterable[str]) -> frozenset[str]:
    """The members of a list of names whose case does not matter, in lower case: Connection
    (RFC 9110 7.6.1), Vary (12.5.5), Trailer (6.6.2), Expect (10.1.1), Allow-Headers.

    >>> sorted(parse_names(["Keep-Alive, TE", "close"]))
    ['close', 'keep-alive', 'te']
    """
    return frozenset(item.lower() for item in parse_list(text))


def add_name(field: str | None, name: str) -> str:
    """A list of names with one more, unless it is there or `*` stands for all: for Vary
    (RFC 9110 12.5.5); HeaderInjection when `name` is no token.

    >>> add_name(None, "Accept-Encoding"), add_name("Origin", "accept"), add_name("*", "Origin")
    ('Accept-Encoding', 'Origin, accept', '*')
    """
    if not is_token(name):
        raise HeaderInjection("name in a list", name)
    names = parse_names(field or "")
    if field and (name.lower() in names or "*" in names):
        return field
    return f"{field}, {name}" if names else name


def parse_weighted(text: str | Iterable[str]) -> list[tuple[str, list[str], float]]:
    """Each member as its value, its parameters and its weight, as they are written.

    What stands behind the weight (accept-ext of RFC 7231) is left out, and so is a member without
    a value or with a malformed weight (RFC 9110 12.4.2).

    >>> parse_weighted("text/html;level=1;q=0.5;x=y, a;q=7")
    [('text/html', ['level=1'], 0.5)]
    """
    found: list[tuple[str, list[str], float]] = []
    for item in parse_list(text):
        value, *pieces = split_unquoted(item, ";")
        weight: float | None = 1.0
        kept: list[str] = []
        for piece in pieces:
            name, _, number = piece.partition("=")
            if name.strip(WHITESPACE).lower() == "q":
                weight = parse_weight(number.strip(WHITESPACE))
                break
            kept.append(piece)
        if value and weight is not None:
            found.append((value, kept, weight))
    return found


def parse_quality_list(text: str | Iterable[str]) -> list[tuple[str, float]]:
    """The members in lower case with their weights, best first, equal ones as they are written
    (RFC 9110 12.4.2).

    A weight of 0 means "not acceptable" and stays in the list. A member with a malformed weight
    is left out.

    >>> parse_quality_list("gzip;q=0.5, br, *;q=0")
    [('br', 1.0), ('gzip', 0.5), ('*', 0.0)]
    """
    found = [
        (";".join([value.lower(), *pieces]), weight)
        for value, pieces, weight in parse_weighted(text)
    ]
    found.sort(key=lambda member: -member[1])
    return found


def parse_weight(text: str) -> float | None:
    """A weight: 0 to 1 with up to three decimals (RFC 9110 12.4.2); None for anything else.

    >>> parse_weight("0.25"), parse_weight("1.1"), parse_weight("1e0")
    (0.25, None, None)
    """
    whole, point, decimals = text.partition(".")
    if whole not in ("0", "1") or len(decimals) > 3:
        return None
    if decimals and not (decimals.isascii() and decimals.isdigit()):
        return None
    if whole == "1" and decimals.strip("0"):
        return None
    return float(f"{whole}{point}{decimals}0") if point else float(whole)
