"""Fields that are lists of directives: Cache-Control (RFC 9111 5.2), Keep-Alive (RFC 2068
19.7.1.1), TE (RFC 9110 10.1.4).

Decides what is said. Knows no cache and no connection.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.lists import parse_list, parse_names, parse_weighted
from weft_http_parser.fields.tokens import (
    WHITESPACE,
    format_value,
    is_token,
    parse_digits,
    parse_value,
)

LONGEST_SECONDS = 2**31
"""What a number stands for that is larger (RFC 9111 1.2.2)."""
_MOST_DIGITS = 100


def parse_directives(text: str | Iterable[str]) -> dict[str, str | None]:
    """A list of `name` and `name=value` as a dict, names in lower case; the first of a name
    counts, what has no name is left out (RFC 9111 5.2).

    >>> parse_directives('no-cache="a, b", Max-Age=5, private')
    {'no-cache': 'a, b', 'max-age': '5', 'private': None}
    """
    found: dict[str, str | None] = {}
    for item in parse_list(text):
        name, equals, value = item.partition("=")
        name = name.rstrip(WHITESPACE).lower()
        if is_token(name):
            found.setdefault(name, parse_value(value.strip(WHITESPACE)) if equals else None)
    return found


def format_directives(directives: Mapping[str, str | int | None]) -> str:
    """Directives as they are sent; HeaderInjection where text would break out of its place
    (RFC 9111 5.2).

    >>> format_directives({"max-age": 60, "private": None, "no-cache": "a, b"})
    'max-age=60, private, no-cache="a, b"'
    """
    parts: list[str] = []
    for name, value in directives.items():
        if not is_token(name):
            raise HeaderInjection("directive", name)
        parts.append(name if value is None else f"{name}={format_value(str(value))}")
    return ", ".join(parts)


def _parse_seconds(text: str | None) -> int | None:
    number = parse_digits(text or "", _MOST_DIGITS)
    return None if number is None else min(number, LONGEST_SECONDS)


@attrs.frozen
class CacheControl:
    """The directives of a Cache-Control (RFC 9111 5.2), which have names in lower case.

    Seconds are None where the directive is absent, 0 where it is no number, for such an answer
    is stale (RFC 9111 4.2.1), and at most 2**31. `no_cache` and `private` with field names are in
    `directives`.

    >>> control = parse_cache_control("public, max-age=60")
    >>> control.max_age, control.public, control.no_store, control.seconds("stale-if-error")
    (60, True, False, None)
    """

    directives: Mapping[str, str | None]

    def seconds(self, name: str) -> int | None:
        """The seconds of any directive."""
        if name not in self.directives:
            return None
        return _parse_seconds(self.directives[name]) or 0

    @property
    def max_age(self) -> int | None:
        """Seconds that an answer is fresh (RFC 9111 5.2.1.1, 5.2.2.1)."""
        return self.seconds("max-age")

    @property
    def s_maxage(self) -> int | None:
        """The same for shared caches (RFC 9111 5.2.2.10)."""
        return self.seconds("s-maxage")

    @property
    def no_store(self) -> bool:
        """Nothing may be kept (RFC 9111 5.2.1.5, 5.2.2.5)."""
        return "no-store" in self.directives

    @property
    def no_cache(self) -> bool:
        """It must be validated before each use (RFC 9111 5.2.1.4, 5.2.2.4)."""
        return "no-cache" in self.directives

    @property
    def public(self) -> bool:
        """Any cache may keep it (RFC 9111 5.2.2.9)."""
        return "public" in self.directives

    @property
    def private(self) -> bool:
        """Only the user's own cache may keep it (RFC 9111 5.2.2.7)."""
        return "private" in self.directives

    @property
    def must_revalidate(self) -> bool:
        """It must not be used when it is stale (RFC 9111 5.2.2.2)."""
        return "must-revalidate" in self.directives

    @property
    def immutable(self) -> bool:
        """It does not change while it is fresh (RFC 8246 2)."""
        return "immutable" in self.directives


def parse_cache_control(lines: str | Iterable[str]) -> CacheControl:
    """What a Cache-Control says, over all its lines (RFC 9111 5.2).

    >>> parse_cache_control(["no-store", "max-age=5"]).no_store
    True
    """
    return CacheControl(MappingProxyType(parse_directives(lines)))


@attrs.frozen
class KeepAlive:
    """A Keep-Alive field: seconds that an idle connection stays open, and messages that it still
    takes; None for what is not said, or is no number (RFC 2068 19.7.1.1).

    >>> parse_keep_alive("timeout=5, max=100")
    KeepAlive(timeout=5, max=100)
    """

    timeout: int | None = None
    max: int | None = None


def parse_keep_alive(lines: str | Iterable[str]) -> KeepAlive:
    """What a Keep-Alive says, over all its lines (RFC 2068 19.7.1.1).

    >>> parse_keep_alive("timeout=x, max=1000")
    KeepAlive(timeout=None, max=1000)
    """
    directives = parse_directives(lines)
    timeout, most = (_parse_seconds(directives.get(name)) for name in ("timeout", "max"))
    return KeepAlive(timeout, most)


def accepts_trailers(te: str | Iterable[str] | None) -> bool:
    """Whether TE says that trailer fields are not thrown away (RFC 9110 10.1.4, 6.5.1).

    >>> accepts_trailers("gzip;q=0.5, Trailers"), accepts_trailers(None)
    (True, False)
    """
    return any(value.lower() == "trailers" for value, _, weight in parse_weighted(te or ()))


def expects_continue(expect: str | Iterable[str] | None) -> bool | None:
    """Whether Expect asks for a 100 (RFC 9110 10.1.1); None when it asks for something else,
    which a server may answer with 417.

    >>> expects_continue("100-Continue"), expects_continue(None), expects_continue("200-ok")
    (True, False, None)
    """
    names = parse_names(expect or ())
    return None if names - {"100-continue"} else bool(names)
