"""Cookies (RFC 6265bis), read with tolerance and written with care.

Decides the text of Cookie and Set-Cookie fields. Knows no jar and no scope.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.tokens import (
    TOKEN_CHARS,
    WHITESPACE,
    check_text,
    end_of_quoted,
    has_controls,
    is_token,
)

if TYPE_CHECKING:
    from http.cookies import Morsel, SimpleCookie

MAX_COOKIES: Final = 256
"""Cookies read from one request; the rest is ignored."""
MAX_COOKIE_BYTES: Final = 4096
"""Name and value of a Set-Cookie together (RFC 6265bis 5.6)."""
MAX_ATTRIBUTE_BYTES: Final = 1024

_NAME_CHARS = TOKEN_CHARS + "()/:<>?@[\\]{}"
"""Wider than a token: names such as a[b] are about. No spaces, quotes, controls, non-ASCII."""
_VALUE_CHARS = TOKEN_CHARS + "()/<=>?@[]{}:"
"""What goes without quotes: cookie-octet of RFC 6265 4.1.1."""
_ATTRIBUTES = frozenset(
    {"expires", "max-age", "domain", "path", "secure", "httponly", "samesite", "partitioned"}
)
_FLAGS = frozenset({"secure", "httponly", "partitioned"})


def parse_cookies(text: str, max_cookies: int = MAX_COOKIES) -> list[tuple[str, str]]:
    """The cookies of a Cookie field; what is no cookie is passed over, one by one.

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
        value = ""
        if equals >= 0:
            end = _end_of_value(text, equals + 1, end)
            value = parse_cookie_value(text[equals + 1 : end].strip(WHITESPACE))
        if _is_name(name) and not has_controls(value):
            found.append((name, value))
        at = end + 1
    return found


def parse_cookie_value(text: str) -> str:
    r"""A value without the quotes that other writers put around it.

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


def parse_set_cookie(text: str) -> "Morsel[str] | None":
    """The cookie of a Set-Cookie field (RFC 6265bis 5.6); None when it has to be ignored.

    Attributes that are not known are ignored. The result is a standard Morsel.

    >>> morsel = parse_set_cookie("a=b; Path=/x; Secure; Color=red")
    >>> morsel.key, morsel.value, morsel["path"], morsel["secure"]
    ('a', 'b', '/x', True)
    """
    pair, *pieces = _split_attributes(text)
    name, equals, coded = pair.partition("=")
    name, coded = name.strip(WHITESPACE), coded.strip(WHITESPACE)
    if not equals or not _is_name(name) or has_controls(text):
        return None
    if len(name.encode("utf-8", "surrogateescape")) + len(coded) > MAX_COOKIE_BYTES:
        return None
    morsel = make_morsel(name, parse_cookie_value(coded), coded)
    for piece in pieces:
        key, _, value = piece.partition("=")
        key, value = key.strip(WHITESPACE).lower(), value.strip(WHITESPACE)
        if key not in _ATTRIBUTES or len(value) > MAX_ATTRIBUTE_BYTES:
            continue
        # Morsel checks keys against its own list, which lacks the newest ones.
        dict.__setitem__(morsel, key, True if key in _FLAGS else parse_cookie_value(value))
    return morsel


def make_morsel(name: str, value: str, coded: str) -> "Morsel[str]":
    """A standard Morsel, also for names that the standard module refuses."""
    # Imported here: only those who look at Set-Cookie need the module.
    from http.cookies import Morsel

    morsel: Morsel[str] = Morsel()
    state = {"key": name, "value": value, "coded_value": coded}
    morsel.__setstate__(state)  # type: ignore[attr-defined]  # what pickle and copy call
    return morsel


def to_simple_cookie(pairs: Iterable[tuple[str, str]]) -> "SimpleCookie":
    """Pairs as a standard SimpleCookie."""
    # Imported here, for the same reason.
    from http.cookies import SimpleCookie

    found = SimpleCookie()
    for name, value in pairs:
        dict.__setitem__(found, name, make_morsel(name, value, format_cookie_value(value)))
    return found


@attrs.frozen(kw_only=True)
class CookieOptions:
    """The attributes of a Set-Cookie."""

    expires: str | None = None
    max_age: int | str | None = None
    domain: str | None = None
    path: str | None = "/"
    secure: bool = False
    httponly: bool = False
    samesite: str | None = None
    partitioned: bool = False


_DEFAULT_OPTIONS = CookieOptions()


def format_set_cookie(name: str, value: str, options: CookieOptions = _DEFAULT_OPTIONS) -> str:
    """A Set-Cookie field; HeaderInjection where text would break out of its place.

    >>> format_set_cookie("a", "b c", CookieOptions(max_age=5, httponly=True))
    'a="b c"; Max-Age=5; Path=/; HttpOnly'
    """
    if not is_token(name):
        raise HeaderInjection("cookie name", name)
    parts = [f"{name}={format_cookie_value(value)}"]
    for label, text in (
        ("Expires", options.expires),
        ("Max-Age", options.max_age),
        ("Domain", options.domain),
        ("Path", options.path),
        ("SameSite", options.samesite),
    ):
        if text is not None and text != "":
            parts.append(f"{label}={_check_attribute(str(text))}")
    for label, is_set in (
        ("HttpOnly", options.httponly),
        ("Secure", options.secure),
        ("Partitioned", options.partitioned),
    ):
        if is_set:
            parts.append(label)
    return "; ".join(parts)


def format_cookie_value(value: str) -> str:
    r"""A value as it is sent: quoted where it has to be, controls and separators escaped.

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
    """A Cookie field; HeaderInjection where text would break out of its place.

    >>> format_cookies([("a", "b"), ("c", "d e")])
    'a=b; c="d e"'
    """
    parts: list[str] = []
    for name, value in pairs:
        if not _is_name(name):
            raise HeaderInjection("cookie name", name)
        parts.append(f"{name}={format_cookie_value(value)}")
    return "; ".join(parts)


def _is_name(name: str) -> bool:
    return bool(name) and not name.strip(_NAME_CHARS)


def _end_of_value(text: str, start: int, end: int) -> int:
    """The end of a value: a quoted one may hold semicolons, when its quotes close."""
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


def _split_attributes(text: str) -> list[str]:
    """A Set-Cookie at its semicolons, of which a quoted value may hold some."""
    end = text.find(";")
    if end < 0:
        return [text]
    equals = text.find("=", 0, end)
    if equals >= 0:
        end = _end_of_value(text, equals + 1, end)
    return [text[:end], *text[end + 1 :].split(";")]


def _check_attribute(text: str) -> str:
    if ";" in text or not text.isascii():
        raise HeaderInjection("cookie attribute", text)
    return check_text("cookie attribute", text)
