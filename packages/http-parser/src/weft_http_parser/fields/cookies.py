"""Cookies of a request (RFC 6265bis), read with tolerance and written with care.

Decides the text of a Cookie field. Knows no jar and no scope; `set_cookies` has Set-Cookie.

Values are read and written as Python's writers do, aiohttp's client among them: one that is more
than a token stands in quotes, with escapes. `cookie_pairs` has the browsers' own way.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.tokens import (
    TOKEN_CHARS,
    WHITESPACE,
    end_of_quoted,
    has_controls,
)

if TYPE_CHECKING:
    from http.cookies import Morsel, SimpleCookie

MAX_COOKIES: Final = 256
"""Cookies read from one request; the rest is ignored (GHSA-fh55-r93g-j68g)."""

_NAME_CHARS = TOKEN_CHARS + "()/:<>?@[\\]{}"
"""Wider than a token: names such as a[b] are about. No spaces, quotes, controls, non-ASCII."""
_VALUE_CHARS = TOKEN_CHARS + "()/<=>?@[]{}:"
"""What goes without quotes: cookie-octet of RFC 6265 4.1.1."""


def parse_cookies(text: str, max_cookies: int = MAX_COOKIES) -> list[tuple[str, str]]:
    """The cookies of a Cookie field, values without the quotes that Python's writers put around
    them; what is no cookie is passed over, one by one, and nothing is logged (RFC 6265bis 4.2).

    >>> parse_cookies('a=b; c="d;e"; f={"x": 1}')
    [('a', 'b'), ('c', 'd;e'), ('f', '{"x": 1}')]
    """
    if '"' in text:
        return _parse_quoted_cookies(text, max_cookies)
    found: list[tuple[str, str]] = []
    for piece in text.split(";"):
        name, _, value = piece.partition("=")
        name, value = name.strip(WHITESPACE), value.strip(WHITESPACE)
        if name and not name.strip(_NAME_CHARS) and not has_controls(value):
            found.append((name, value))
            if len(found) >= max_cookies:
                break
    return found


def _parse_quoted_cookies(text: str, max_cookies: int) -> list[tuple[str, str]]:
    """The same where values may be quoted, and hold semicolons."""
    found: list[tuple[str, str]] = []
    at, length = 0, len(text)
    while at < length and len(found) < max_cookies:
        end = text.find(";", at)
        if end < 0:
            end = length
        equals = text.find("=", at, end)
        name = text[at : end if equals < 0 else equals].strip(WHITESPACE)
        if is_cookie_name(name):  # what is no cookie hides none of those behind it
            value = ""
            if equals >= 0:
                end = end_of_value(text, equals + 1, end)
                value = parse_cookie_value(text[equals + 1 : end].strip(WHITESPACE))
            if not has_controls(value):
                found.append((name, value))
        at = end + 1
    return found


def parse_cookie_value(text: str) -> str:
    r"""A value without the quotes that Python's writers put around it: `\"`, `\\` and three octal
    digits stand for a character there, as in `http.cookies`.

    >>> print(parse_cookie_value('"a\\"\\073"'))
    a";
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    if "\\" not in text:
        return text[1:-1]
    if end_of_quoted(text, 0) != len(text):
        return text
    out: list[str] = []
    inner, at = text[1:-1], 0
    while (escape := inner.find("\\", at)) >= 0:
        out.append(inner[at:escape])
        octal = inner[escape + 1 : escape + 4]
        if len(octal) == 3 and octal[0] in "0123" and not octal.strip("01234567"):
            out.append(chr(int(octal, 8)))
            at = escape + 4
        else:
            out.append(inner[escape + 1 : escape + 2])
            at = escape + 2
    return "".join(out) + inner[at:]


def make_morsel(name: str, value: str, coded: str) -> "Morsel[str]":
    """A standard Morsel, also for names that the standard module refuses.

    >>> make_morsel("a[b]", "c d", '"c d"').OutputString()
    'a[b]="c d"'
    """
    # Imported here: only those who look at Set-Cookie need the module.
    from http.cookies import Morsel

    morsel: Morsel[str] = Morsel()
    state = {"key": name, "value": value, "coded_value": coded}
    morsel.__setstate__(state)  # type: ignore[attr-defined]  # what pickle and copy call
    return morsel


def to_simple_cookie(pairs: Iterable[tuple[str, str]]) -> "SimpleCookie":
    """Pairs as a standard SimpleCookie, which reads nothing.

    >>> to_simple_cookie([("a", "b c")])["a"].coded_value
    '"b c"'
    """
    # Imported here, for the same reason.
    from http.cookies import SimpleCookie

    found = SimpleCookie()
    for name, value in pairs:
        dict.__setitem__(found, name, make_morsel(name, value, format_cookie_value(value)))
    return found


def format_cookie_value(value: str) -> str:
    r"""A value as it is sent: quoted where it has to be, controls and separators escaped, as in
    `http.cookies`.

    >>> print(format_cookie_value("plain"), format_cookie_value('a;"b'))
    plain "a\073\"b"
    """
    if not value.strip(_VALUE_CHARS):
        return value
    out: list[str] = []
    for char in value:
        if char in '"\\':
            out.append("\\" + char)
        elif char in ",;" or char < " " or "\x7f" <= char <= "\xff":
            out.append(f"\\{ord(char):03o}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def format_cookies(pairs: Iterable[tuple[str, str]]) -> str:
    """A Cookie field, values quoted where they have to be; HeaderInjection where a name would
    break out of its place (RFC 6265bis 4.2.1).

    >>> format_cookies([("a", "b"), ("c", "d e")])
    'a=b; c="d e"'
    """
    parts: list[str] = []
    for name, value in pairs:
        if not is_cookie_name(name):
            raise HeaderInjection("cookie name", name)
        parts.append(f"{name}={format_cookie_value(value)}")
    return "; ".join(parts)


def is_cookie_name(name: str) -> bool:
    """Whether a cookie may be called so here: wider than a token, narrower than what browsers
    keep. No spaces, quotes, commas, controls, nothing beyond ASCII.

    >>> is_cookie_name("a[b]"), is_cookie_name("a b"), is_cookie_name("")
    (True, False, False)
    """
    return bool(name) and not name.strip(_NAME_CHARS)


def end_of_value(text: str, start: int, end: int) -> int:
    """The end of a value, which is `end` unless it is quoted and its quotes close behind that.

    >>> end_of_value('a="b;c"; d', 2, 4)
    7
    """
    while start < end and text[start] in WHITESPACE:
        start += 1
    if not text.startswith('"', start):
        return end
    close = end_of_quoted(text, start)
    if close <= end:
        return end
    following = text.find(";", close)
    behind = text[close : len(text) if following < 0 else following]
    if behind.strip(WHITESPACE):
        return end
    return close + len(behind)
