"""Url-encoded fields (WHATWG URL 5).

Decides what pairs a text holds. Knows no form and no query.
"""

from typing import Final
from urllib.parse import unquote_to_bytes

from weft_http_parser.errors import MultipartError
from weft_http_parser.fields.charsets import find_codec

MAX_FIELDS: Final = 1000
URLENCODED: Final = "application/x-www-form-urlencoded"


def parse_urlencoded(
    text: str, max_fields: int = MAX_FIELDS, charset: str = "utf-8"
) -> list[tuple[str, str]]:
    """The fields of a url-encoded form; MultipartError beyond `max_fields`.

    LookupError for a charset that a peer may not choose (`find_codec`).

    >>> parse_urlencoded("a=b+c&d=%26&e")
    [('a', 'b c'), ('d', '&'), ('e', '')]
    """
    if not text:
        return []
    if text.count("&") >= max_fields and len([p for p in text.split("&") if p]) > max_fields:
        raise MultipartError(f"more than {max_fields} fields in a form", status=413)
    codec = find_codec(charset)
    if codec is None:
        raise LookupError(f"unknown charset: {charset[:100]!r}")
    pairs: list[tuple[str, str]] = []
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((_decode(name, codec), _decode(value, codec)))
    return pairs


def _decode(text: str, charset: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode(charset, "replace")
