"""Media types (RFC 9110 8.3.1).

Decides what a Content-Type says. Knows nothing of bodies.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.tokens import (
    format_parameters,
    is_token,
    parse_parameters,
    split_unquoted,
)

_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class MediaType:
    """A media type with its parameters (RFC 9110 8.3.1); names are in lower case.

    >>> MediaType("text", "html", {"charset": "utf-8"}).essence
    'text/html'
    """

    type: str
    subtype: str
    parameters: Mapping[str, str] = _NO_PARAMETERS

    @property
    def essence(self) -> str:
        """`type/subtype` without parameters."""
        return f"{self.type}/{self.subtype}"

    @property
    def suffix(self) -> str | None:
        """The structured syntax that the subtype names behind its last `+` (RFC 6838 4.2.8).

        >>> MediaType("application", "problem+json").suffix
        'json'
        """
        name, plus, suffix = self.subtype.rpartition("+")
        return suffix if name and plus and suffix else None

    @property
    def charset(self) -> str | None:
        """The charset parameter (RFC 9110 8.3.2)."""
        return self.parameters.get("charset")

    def __str__(self) -> str:
        if not is_token(self.type) or not is_token(self.subtype):
            raise HeaderInjection("media type", self.essence)
        return self.essence + format_parameters(self.parameters)


OCTET_STREAM = MediaType("application", "octet-stream")


@lru_cache(maxsize=256)
def parse_media_type(text: str) -> MediaType:
    """What a Content-Type says; `application/octet-stream` when it is malformed (RFC 9110 8.3).

    >>> str(parse_media_type('Text/HTML;Charset="utf-8"'))
    'text/html; charset=utf-8'
    """
    pieces = split_unquoted(text, ";")
    kind, _, subtype = pieces[0].lower().partition("/")
    if not is_token(kind) or not is_token(subtype):
        return OCTET_STREAM
    parameters = MappingProxyType(parse_parameters(pieces[1:])) if pieces[1:] else _NO_PARAMETERS
    return MediaType(kind, subtype, parameters)
