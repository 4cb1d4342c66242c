"""Cookies of a request as browsers send them (RFC 6265bis 5.8.3).

Decides the text of a Cookie field in which quotes mean nothing: a value is any text without a
semicolon, and a cookie may have no name. `cookies` undoes the quotes of Python's writers.
"""

from collections.abc import Iterable

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.cookies import MAX_COOKIES
from weft_http_parser.fields.tokens import WHITESPACE, has_controls


@attrs.frozen
class CookiePairs:
    """The cookies of a request, and how many pieces of it were none or too many: one number, for
    one line in a log (GHSA-fh55-r93g-j68g).

    >>> parse_cookie_pairs("a=b\\x00; c=d")
    CookiePairs(pairs=(('c', 'd'),), ignored=1)
    """

    pairs: tuple[tuple[str, str], ...]
    ignored: int = 0


def parse_cookie_pairs(lines: str | Iterable[str], max_cookies: int = MAX_COOKIES) -> CookiePairs:
    """The cookies of a Cookie field, over all its lines, as browsers send them (RFC 6265bis
    5.8.3): a semicolon always separates, quotes stay, and a cookie without a name has the name "".

    >>> parse_cookie_pairs('a="b"; c={"x": 1}; d').pairs
    (('a', '"b"'), ('c', '{"x": 1}'), ('', 'd'))
    """
    found: list[tuple[str, str]] = []
    ignored = 0
    for line in [lines] if isinstance(lines, str) else lines:
        for piece in line.split(";"):
            piece = piece.strip(WHITESPACE)
            if not piece:
                continue
            if len(found) >= max_cookies or has_controls(piece):
                ignored += 1
                continue
            name, equals, value = piece.partition("=")
            pair = (name.rstrip(WHITESPACE), value.lstrip(WHITESPACE)) if equals else ("", name)
            found.append(pair)
    return CookiePairs(tuple(found), ignored)


def format_cookie_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """A Cookie field as browsers send it, values as they are; HeaderInjection where text would
    break out of its place (RFC 6265bis 5.8.3).

    >>> format_cookie_pairs([("a", 'b "c"'), ("", "d")])
    'a=b "c"; d'
    """
    parts: list[str] = []
    for name, value in pairs:
        if ";" in name or "=" in name or has_controls(name) or name != name.strip(WHITESPACE):
            raise HeaderInjection("cookie name", name)
        is_other = not name and ("=" in value or not value)  # would be read as another cookie
        if is_other or ";" in value or has_controls(value) or value != value.strip(WHITESPACE):
            raise HeaderInjection("cookie value", value)
        parts.append(f"{name}={value}" if name else value)
    return "; ".join(parts)
