"""Text beyond ASCII in a parameter: ext-value (RFC 8187).

Decides how octets are written and in which charset. Knows no field by name.
"""

from urllib.parse import quote, unquote_to_bytes

_CHARSETS = frozenset({"utf-8", "iso-8859-1"})
_ATTRIBUTE_CHARS = "!#$&+-.^_`|~"


def parse_extended(text: str) -> str | None:
    """The text of a `name*` parameter; None when it is malformed or in another charset than the
    two that RFC 8187 3.2.1 names: a peer does not choose among all codecs there are.

    >>> parse_extended("UTF-8'en'%e2%82%ac%20rates"), parse_extended("x")
    ('€ rates', None)
    """
    charset, _, rest = text.partition("'")
    _, tick, octets = rest.partition("'")
    if not tick or charset.lower() not in _CHARSETS:
        return None
    try:
        return unquote_to_bytes(octets).decode(charset)
    except UnicodeDecodeError:
        return None


def format_extended(text: str, language: str = "") -> str:
    """Text as the value of a `name*` parameter, in UTF-8 (RFC 8187 3.2.1).

    >>> format_extended("€ rates", "en")
    "UTF-8'en'%E2%82%AC%20rates"
    """
    if not language.replace("-", "").isalnum() and language:
        raise ValueError(f"{language!r} is no language tag")
    return f"UTF-8'{language}'{quote(text, _ATTRIBUTE_CHARS)}"
