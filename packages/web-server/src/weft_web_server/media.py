"""The Content-Type field as requests and responses show it: type, charset, and both together.

Knows the text of one field; knows no message.
"""

from functools import lru_cache

from weft_http_parser import parse_media_type

OCTET_STREAM = "application/octet-stream"


@lru_cache(maxsize=256)
def split_media(field: str) -> tuple[str, str | None]:
    """The media type in lower case and the charset.

    >>> split_media("Text/HTML; charset=latin-1")
    ('text/html', 'latin-1')
    >>> split_media("nonsense")
    ('application/octet-stream', None)
    """
    kind = field.partition(";")[0].strip().lower()
    if kind.count("/") != 1 or kind.startswith("/") or kind.endswith("/"):
        # RFC 2045 section 5.2 and RFC 9110 section 8.3: what cannot be read is taken as bytes.
        return OCTET_STREAM, None
    if ";" not in field:
        return kind, None
    charset = parse_media_type(field).parameters.get("charset")
    return kind, charset


def join_media(kind: str, charset: str | None) -> str:
    """The text of the field.

    >>> join_media("text/plain", "utf-8")
    'text/plain; charset=utf-8'
    """
    return kind if charset is None else f"{kind}; charset={charset}"
