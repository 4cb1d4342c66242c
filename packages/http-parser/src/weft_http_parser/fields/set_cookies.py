"""Cookies of a response (RFC 6265bis): what a Set-Cookie says, and how one is written.

Decides the text of a Set-Cookie field. Knows no jar and no origin: whether a cookie may be kept is
asked of its value, with the clock as an argument. `cookies` has the requests' side.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.cookies import (
    end_of_value,
    format_cookie_value,
    is_cookie_name,
    make_morsel,
    parse_cookie_value,
)
from weft_http_parser.fields.tokens import (
    WHITESPACE,
    check_text,
    has_controls,
    is_token,
    parse_digits,
)

if TYPE_CHECKING:
    from http.cookies import Morsel

MAX_COOKIE_BYTES: Final = 4096
"""Name and value of a Set-Cookie together (RFC 6265bis 5.6)."""
MAX_ATTRIBUTE_BYTES: Final = 1024
"""The value of an attribute; a longer one is ignored (RFC 6265bis 5.6)."""
LONGEST_COOKIE_SECONDS: Final = 400 * 24 * 3600
"""No cookie lives longer (RFC 6265bis 5.5)."""

_FLAGS = frozenset({"secure", "httponly", "partitioned"})
_READ = frozenset({"expires", "max-age"})
_ATTRIBUTES = _FLAGS | _READ | {"domain", "path", "samesite"}
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
_PREFIXES = ("__secure-", "__host-")


@attrs.frozen
class SetCookie:
    """A cookie as a response sets it (RFC 6265bis 5.6).

    `attributes` has those that are known and can be read, names in lower case, as they are
    written, the last of a name; the properties say what they mean.

    >>> cookie = parse_set_cookie("a=b; Path=/x; Max-Age=60; secure; SameSite=lax; Color=red")
    >>> cookie.path, cookie.max_age, cookie.secure, cookie.same_site, len(cookie.attributes)
    ('/x', 60, True, 'Lax', 4)
    """

    name: str
    value: str
    attributes: Mapping[str, str] = MappingProxyType({})

    @property
    def domain(self) -> str | None:
        """The Domain in lower case without its first dot; None for the host alone
        (RFC 6265bis 5.6.3)."""
        return self.attributes.get("domain", "").removeprefix(".").lower() or None

    @property
    def path(self) -> str | None:
        """The Path; None for the directory of the request (RFC 6265bis 5.6.4)."""
        path = self.attributes.get("path", "")
        return path if path.startswith("/") else None

    @property
    def max_age(self) -> int | None:
        """The Max-Age; 0 or less for a cookie that goes at once (RFC 6265bis 5.6.2)."""
        return parse_max_age(self.attributes.get("max-age", ""))

    @property
    def secure(self) -> bool:
        """Only over TLS (RFC 6265bis 5.6.5)."""
        return "secure" in self.attributes

    @property
    def http_only(self) -> bool:
        """Not for scripts (RFC 6265bis 5.6.6)."""
        return "httponly" in self.attributes

    @property
    def same_site(self) -> str | None:
        """`"Strict"`, `"Lax"` or `"None"`; None where nothing known is said (RFC 6265bis
        5.6.7)."""
        return _SAME_SITE.get(self.attributes.get("samesite", "").lower())

    @property
    def partitioned(self) -> bool:
        """Kept apart for each site on top (CHIPS, draft-cutler-httpbis-partitioned-cookies)."""
        return "partitioned" in self.attributes

    @property
    def is_prefix_kept(self) -> bool:
        """Whether the cookie is what its name promises: `__Secure-` is Secure, `__Host-` is Secure
        for one host and all of its paths; case does not matter (RFC 6265bis 5.7 steps 20, 21).

        >>> parse_set_cookie("__host-a=b; Secure; Path=/").is_prefix_kept
        True
        >>> parse_set_cookie("__Host-a=b; Secure").is_prefix_kept
        False
        """
        name = self.name.lower()
        if not name.startswith(_PREFIXES):
            return True
        if name.startswith("__secure-"):
            return self.secure
        return self.secure and self.domain is None and self.attributes.get("path") == "/"

    def expires_at(self, now: float) -> float | None:
        """When the cookie goes, in seconds since 1970 like `now`, by Max-Age or else by Expires,
        at most 400 days ahead; None when with the session (RFC 6265bis 5.5, 5.7 step 7).

        >>> parse_set_cookie("a=b; Max-Age=60").expires_at(now=1000.0)
        1060.0
        """
        latest = now + LONGEST_COOKIE_SECONDS
        max_age = self.max_age
        if max_age is not None:
            return min(now + min(max_age, LONGEST_COOKIE_SECONDS), latest) if max_age > 0 else 0.0
        if "expires" not in self.attributes:
            return None
        # Imported here: only cookies with a date need to know of dates.
        from weft_http_parser.fields.dates import parse_cookie_date

        at = parse_cookie_date(self.attributes["expires"])
        return None if at is None else min(at.timestamp(), latest)


def parse_set_cookie(text: str, *, quoted: bool = False) -> SetCookie | None:
    """The cookie of a Set-Cookie field as browsers read it (RFC 6265bis 5.6); None when it is to
    be ignored: controls, more than 4,096 bytes, neither name nor value, or a value without a name
    that looks like a prefix.

    With `quoted`, semicolons between the quotes of a value are part of it: Python's servers have
    sent such.

    >>> parse_set_cookie("a=b=c; Secure; Color=red").value, parse_set_cookie("nameless").name
    ('b=c', '')
    >>> parse_set_cookie("a=b\\x00") is None
    True
    """
    parts = _parse(text, quoted=quoted)
    if parts is None:
        return None
    name, value, attributes = parts
    return SetCookie(name, value, MappingProxyType(attributes))


def _parse(text: str, *, quoted: bool) -> tuple[str, str, dict[str, str]] | None:
    if has_controls(text):
        return None
    pair, pieces = _split(text, quoted=quoted)
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(WHITESPACE), value.strip(WHITESPACE)
    if not (name or value) or _is_longer(name + value, MAX_COOKIE_BYTES):
        return None
    if not name and value.lower().startswith(_PREFIXES):
        return None
    attributes: dict[str, str] = {}
    for piece in pieces:
        key, _, setting = piece.partition("=")
        key, setting = key.strip(WHITESPACE).lower(), setting.strip(WHITESPACE)
        if key in _ATTRIBUTES and not _is_longer(setting, MAX_ATTRIBUTE_BYTES):
            if key not in _READ or _is_readable(key, setting):
                attributes[key] = setting
    return name, value, attributes


def _split(text: str, *, quoted: bool) -> tuple[str, list[str]]:
    """The pair and the attributes."""
    end = text.find(";")
    if end < 0:
        return text, []
    equals = text.find("=", 0, end)
    if quoted and equals >= 0:
        end = end_of_value(text, equals + 1, end)
    return text[:end], text[end + 1 :].split(";")


def _is_readable(key: str, setting: str) -> bool:
    if key == "max-age":
        return parse_max_age(setting) is not None
    # Imported here, for the same reason.
    from weft_http_parser.fields.dates import parse_cookie_date

    return parse_cookie_date(setting) is not None


def _is_longer(text: str, most: int) -> bool:
    """Whether a text has more than `most` bytes."""
    if len(text) * 4 <= most or text.isascii():
        return len(text) > most
    # Bytes that were not UTF-8 came as one surrogate each, and one "?" is one byte.
    return len(text.encode("utf-8", "replace")) > most


def parse_max_age(text: str) -> int | None:
    """The seconds of a Max-Age: digits, with or without a minus; None for anything else, which is
    as if it were not there (RFC 6265bis 5.6.2).

    >>> parse_max_age("-1"), parse_max_age("+1"), parse_max_age("5x"), parse_max_age("")
    (-1, None, None, None)
    """
    seconds = parse_digits(text.removeprefix("-"), MAX_ATTRIBUTE_BYTES)
    return -seconds if seconds is not None and text.startswith("-") else seconds


def parse_morsel(text: str) -> "Morsel[str] | None":
    """The cookie of a Set-Cookie as aiohttp shows it: a standard Morsel, values without the quotes
    that Python's writers put around them; None also for names that would not go into a Cookie.

    >>> morsel = parse_morsel('a="b;c"; Path=/x; Secure; Color=red')
    >>> morsel.key, morsel.value, morsel["path"], morsel["secure"]
    ('a', 'b;c', '/x', True)
    """
    parts = _parse(text, quoted=True)
    if parts is None or not is_cookie_name(parts[0]):
        return None
    name, coded, attributes = parts
    morsel = make_morsel(name, parse_cookie_value(coded), coded)
    for key, setting in attributes.items():
        # Morsel checks keys against its own list, which lacks the newest ones.
        dict.__setitem__(morsel, key, True if key in _FLAGS else parse_cookie_value(setting))
    return morsel


@attrs.frozen(kw_only=True)
class CookieOptions:
    """The attributes of a Set-Cookie (RFC 6265bis 4.1.2).

    >>> CookieOptions(secure=True).path
    '/'
    """

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
    """A Set-Cookie field (RFC 6265bis 4.1); HeaderInjection where text would break out of its
    place, ValueError where a prefix promises what the options do not give, for browsers drop that.

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
    field = "; ".join(parts)
    if name.lower().startswith(_PREFIXES):
        _check_prefix(name, field)
    return field


def _check_prefix(name: str, field: str) -> None:
    cookie = parse_set_cookie(field)
    if cookie is None or not cookie.is_prefix_kept:
        raise ValueError(
            f"cookie {name}: __Secure- needs Secure; __Host- needs Secure, Path=/ and no Domain"
        )


def _check_attribute(text: str) -> str:
    if ";" in text or not text.isascii():
        raise HeaderInjection("cookie attribute", text)
    return check_text("cookie attribute", text)
