"""Entity tags (RFC 9110 8.8.3).

Decides what tags a field names. Knows no conditions.
"""

import attrs

from weft_http_parser.fields.tokens import WHITESPACE

ETAG_ANY = "*"
MAX_ETAGS = 256


@attrs.frozen
class ETag:
    """An entity tag, without its quotes.

    >>> str(ETag("v1", is_weak=True))
    'W/"v1"'
    """

    value: str
    is_weak: bool = False

    def __str__(self) -> str:
        return ETAG_ANY if self.value == ETAG_ANY else format_etag(self)


def format_etag(etag: ETag) -> str:
    """A tag as it is sent; ValueError when it holds what a tag cannot."""
    if not is_etag_text(etag.value):
        raise ValueError(
            f"{etag.value!r} is not a valid etag; it has a quote, a space or a control"
        )
    return f'W/"{etag.value}"' if etag.is_weak else f'"{etag.value}"'


def is_etag_text(text: str) -> bool:
    """RFC 9110 8.8.3: 0x21, 0x23 to 0x7E and beyond ASCII."""
    return '"' not in text and all(char > " " and char != "\x7f" for char in text)


def parse_etags(text: str) -> tuple[ETag, ...]:
    """The tags of a list, up to the first that is malformed; `*` is a tag of that value.

    >>> parse_etags('"a", W/"b"')
    (ETag(value='a', is_weak=False), ETag(value='b', is_weak=True))
    """
    if text.strip(WHITESPACE) == ETAG_ANY:
        return (ETag(ETAG_ANY),)
    found: list[ETag] = []
    at = 0
    while len(found) < MAX_ETAGS:
        while at < len(text) and text[at] in " \t,":
            at += 1
        is_weak = text.startswith("W/", at)
        start = at + 2 if is_weak else at
        end = text.find('"', start + 1)
        if not text.startswith('"', start) or end < 0:
            break
        value = text[start + 1 : end]
        at = end + 1
        while at < len(text) and text[at] in WHITESPACE:
            at += 1
        if not is_etag_text(value) or (at < len(text) and text[at] != ","):
            break
        found.append(ETag(value, is_weak))
    return tuple(found)
