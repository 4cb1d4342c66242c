"""Which of several representations a client likes best (RFC 9110 12).

Decides by the four Accept fields and by what is offered; among equals the order of the offer
decides, for the server knows what is cheap. Each function takes the field as text, as its lines,
or None where the request has none. Knows no resource and no response.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import attrs

from weft_http_parser.fields.lists import parse_weighted
from weft_http_parser.fields.media import MediaType, parse_media_type
from weft_http_parser.fields.tokens import is_token, parse_parameters

IDENTITY = "identity"
_ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}
_LANGUAGE = re.compile(r"\*|[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,15}")
"""RFC 4647 2.1, with a bound on the subtags: looking up is done once for each of them."""

Field = str | Iterable[str] | None


def choose_coding(accept_encoding: Field, offered: Sequence[str]) -> str | None:
    """The content coding to send: one of `offered`, `"identity"`, or None when the client
    refuses all of them (RFC 9110 12.5.3).

    `offered` stands in the server's order of preference. `identity` need not be there: it is the
    last resort until the client refuses it by name or with `*;q=0`, and is weighed like the rest
    where the client names it. A client without the field, or with an empty one, gets `identity`.

    >>> choose_coding("gzip, br", ["br", "gzip"]), choose_coding("gzip;q=0, *", ["gzip", "br"])
    ('br', 'br')
    >>> choose_coding("gzip;q=0", ["gzip"]), choose_coding("identity;q=0", ["gzip"])
    ('identity', None)
    """
    if accept_encoding is None:
        return IDENTITY
    weights: dict[str, float] = {}
    for value, _, weight in parse_weighted(accept_encoding):
        name = value.lower()
        weights.setdefault(_ALIASES.get(name, name), weight)
    others = weights.get("*", 0.0)
    best, best_weight = _best(
        (coding, weights.get(coding, 0.0 if coding == IDENTITY else others))
        for coding in (*offered, IDENTITY)
    )
    if best is not None and best_weight > 0:
        return best
    is_refused = weights.get(IDENTITY, weights.get("*", 1.0)) == 0
    return None if is_refused else IDENTITY


@attrs.frozen
class MediaRange:
    """A member of Accept (RFC 9110 12.5.1): `*` stands for any type or subtype.

    >>> MediaRange("text", "*").matches(parse_media_type("text/html"))
    True
    """

    type: str
    subtype: str
    parameters: Mapping[str, str] = MappingProxyType({})
    weight: float = 1.0

    @property
    def specificity(self) -> int:
        """The more of a type it names, the higher: `*/*` has 0."""
        if self.type == "*":
            return 0
        return 1 if self.subtype == "*" else 2 + len(self.parameters)

    def matches(self, media: MediaType) -> bool:
        """Whether a media type lies in the range; each parameter must be the same."""
        if self.type not in ("*", media.type) or self.subtype not in ("*", media.subtype):
            return False
        return all(
            media.parameters.get(name, "").lower() == value.lower()
            for name, value in self.parameters.items()
        )


def parse_accept(text: str | Iterable[str]) -> tuple[MediaRange, ...]:
    """The media ranges of an Accept as they are written; malformed ones are left out
    (RFC 9110 12.5.1).

    >>> [(one.subtype, one.weight) for one in parse_accept("text/html, */*;q=0.1, */x")]
    [('html', 1.0), ('*', 0.1)]
    """
    found: list[MediaRange] = []
    for value, pieces, weight in parse_weighted(text):
        kind, _, subtype = value.lower().partition("/")
        if kind == "*" and subtype in ("", "*"):  # Java's old clients send a lone `*`
            kind = subtype = "*"
        if is_token(kind) and is_token(subtype) and (kind != "*" or subtype == "*"):
            found.append(MediaRange(kind, subtype, parse_parameters(pieces), weight))
    return tuple(found)


def choose_media(accept: Field, offered: Sequence[str]) -> str | None:
    """The media type to send, one of `offered`, or None when the client takes none of them
    (RFC 9110 12.5.1): the most specific range that matches a type gives its weight.

    >>> choose_media("text/*;q=0.5, application/json", ["text/html", "application/json"])
    'application/json'
    >>> choose_media(None, ["text/html"]), choose_media("image/*", ["text/html"])
    ('text/html', None)
    """
    if accept is None:
        return offered[0] if offered else None
    ranges = sorted(parse_accept(accept), key=lambda one: -one.specificity)
    if not ranges:
        return offered[0] if offered else None
    return _acceptable((text, _weight_of(parse_media_type(text), ranges)) for text in offered)


def _weight_of(media: MediaType, ranges: Iterable[MediaRange]) -> float:
    """The weight of the first range that matches."""
    return next((one.weight for one in ranges if one.matches(media)), 0.0)


def choose_charset(accept_charset: Field, offered: Sequence[str]) -> str | None:
    """The charset to send, one of `offered`, or None when the client takes none of them
    (RFC 9110 12.5.2, which deprecates the field).

    >>> choose_charset("iso-8859-1, *;q=0.1", ["utf-8", "ISO-8859-1"])
    'ISO-8859-1'
    """
    weights: dict[str, float] = {}
    for value, _, weight in parse_weighted(accept_charset or ()):
        weights.setdefault(value.lower(), weight)
    others = weights.get("*", 0.0) if weights else 1.0
    return _acceptable((name, weights.get(name.lower(), others)) for name in offered)


def choose_language(accept_language: Field, offered: Sequence[str]) -> str | None:
    """The language to send, one of `offered`, by lookup (RFC 4647 3.4); None when there is none,
    and the server sends what it holds best.

    A range is cut from its end, subtag by subtag, until a language of that name is offered. `*`
    takes the first one. A range of weight 0 takes the languages that begin with it out of the
    offer (RFC 9110 12.5.4).

    >>> choose_language("de-CH-1996, en;q=0.8", ["en", "de"])
    'de'
    >>> choose_language("fr", ["en"]), choose_language("fr, *;q=0.1", ["en"])
    (None, 'en')
    """
    ranges = [
        (name, weight)
        for value, _, weight in parse_weighted(accept_language or "*")
        if _LANGUAGE.fullmatch(name := value.lower())
    ]
    refused = tuple(f"{name}-" for name, weight in ranges if not weight)
    wanted = [(name, weight) for name, weight in ranges if weight]
    wanted.sort(key=lambda one: -one[1])
    named = {name for name, _ in wanted}
    left: dict[str, str] = {}
    for tag in offered:
        name = tag.lower()
        if name in named or not f"{name}-".startswith(refused):
            left.setdefault(name, tag)
    for name, _ in wanted:
        found = _look_up(name, left)
        if found is not None:
            return found
    return None


def _look_up(name: str, offered: Mapping[str, str]) -> str | None:
    if name == "*":
        return next(iter(offered.values()), None)
    while name:
        if name in offered:
            return offered[name]
        name = name.rpartition("-")[0]
        # RFC 4647 3.4: a single letter or digit at the end goes together with what it introduces.
        if len(name) > 1 and name[-2] == "-":
            name = name[:-2]
    return None


def _acceptable(weighted: Iterable[tuple[str, float]]) -> str | None:
    best, weight = _best(weighted)
    return best if weight > 0 else None


def _best(weighted: Iterable[tuple[str, float]]) -> tuple[str | None, float]:
    """The first of the highest weight."""
    return max(weighted, key=lambda one: one[1], default=(None, 0.0))
