"""Entity tags (RFC 9110 8.8.3), and the conditions that compare them (RFC 9110 13.1).

Decides what tags a field names and whether two are the same. Knows no resource and no method.
"""

from collections.abc import Iterable, Sequence

import attrs

from weft_http_parser.fields.lists import join_lines
from weft_http_parser.fields.tokens import WHITESPACE

ETAG_ANY = "*"
MAX_ETAGS = 256


@attrs.frozen
class ETag:
    """An entity tag, without its quotes (RFC 9110 8.8.3).

    >>> str(ETag("v1", is_weak=True))
    'W/"v1"'
    """

    value: str
    is_weak: bool = False

    def __str__(self) -> str:
        return ETAG_ANY if self.value == ETAG_ANY else format_etag(self)


def format_etag(etag: ETag) -> str:
    """A tag as it is sent; ValueError when it holds what a tag cannot (RFC 9110 8.8.3).

    >>> format_etag(ETag("v1"))
    '"v1"'
    """
    if not is_etag_text(etag.value):
        raise ValueError(
            f"{etag.value!r} is not a valid etag; it has a quote, a space or a control"
        )
    return f'W/"{etag.value}"' if etag.is_weak else f'"{etag.value}"'


def is_etag_text(text: str) -> bool:
    """Whether a tag may hold it: 0x21, 0x23 to 0x7E and beyond ASCII (RFC 9110 8.8.3).

    >>> is_etag_text("a,b"), is_etag_text("a b")
    (True, False)
    """
    return '"' not in text and all(char > " " and char != "\x7f" for char in text)


def parse_etag(text: str) -> ETag | None:
    """The tag of an ETag field; None when it is malformed, or more than one (RFC 9110 8.8.3).

    >>> parse_etag('W/"a"'), parse_etag("a")
    (ETag(value='a', is_weak=True), None)
    """
    tag, end = _parse_at(text, 0)
    return tag if end == len(text) else None


def parse_etags(text: str | Iterable[str]) -> tuple[ETag, ...]:
    """The tags of an If-Match or If-None-Match, up to the first that is malformed, at most 256;
    `*` is a tag of that value (RFC 9110 13.1.1).

    >>> parse_etags('"a", W/"b"')
    (ETag(value='a', is_weak=False), ETag(value='b', is_weak=True))
    """
    text = join_lines(text)
    if text.strip(WHITESPACE) == ETAG_ANY:
        return (ETag(ETAG_ANY),)
    found: list[ETag] = []
    at = 0
    while len(found) < MAX_ETAGS:
        while at < len(text) and text[at] in " \t,":
            at += 1
        tag, at = _parse_at(text, at)
        if tag is None or (at < len(text) and text[at] != ","):
            break
        found.append(tag)
    return tuple(found)


def _parse_at(text: str, at: int) -> tuple[ETag | None, int]:
    """The tag at an index, and the index behind it and the spaces that follow."""
    is_weak = text.startswith("W/", at)
    start = at + 2 if is_weak else at
    end = text.find('"', start + 1)
    if not text.startswith('"', start) or end < 0 or not is_etag_text(text[start + 1 : end]):
        return None, at
    tag = ETag(text[start + 1 : end], is_weak)
    at = end + 1
    while at < len(text) and text[at] in WHITESPACE:
        at += 1
    return tag, at


def is_strong_match(first: ETag, second: ETag) -> bool:
    """Whether two tags stand for the same bytes: neither is weak (RFC 9110 8.8.3.2).

    >>> is_strong_match(ETag("1"), ETag("1")), is_strong_match(ETag("1", True), ETag("1", True))
    (True, False)
    """
    return first.value == second.value and not first.is_weak and not second.is_weak


def is_weak_match(first: ETag, second: ETag) -> bool:
    """Whether two tags stand for the same meaning, weak or not (RFC 9110 8.8.3.2).

    >>> is_weak_match(ETag("1"), ETag("1", is_weak=True))
    True
    """
    return first.value == second.value


def allows_if_match(listed: Sequence[ETag], current: ETag | None) -> bool:
    """Whether If-Match holds: `*` and there is a representation, or a tag that matches strongly.
    `current` is None where there is none (RFC 9110 13.1.1).

    >>> allows_if_match([ETag("1")], ETag("1")), allows_if_match([ETag("*")], None)
    (True, False)
    """
    if current is None:
        return False
    return _is_any(listed) or any(is_strong_match(one, current) for one in listed)


def allows_if_none_match(listed: Sequence[ETag], current: ETag | None) -> bool:
    """Whether If-None-Match holds: no tag matches weakly, and for `*` there is no representation
    (RFC 9110 13.1.2). Where it does not hold a GET is answered with 304.

    >>> allows_if_none_match([ETag("1", True)], ETag("1")), allows_if_none_match([], ETag("1"))
    (False, True)
    """
    if current is None:
        return True
    return not _is_any(listed) and not any(is_weak_match(one, current) for one in listed)


def _is_any(listed: Sequence[ETag]) -> bool:
    return len(listed) == 1 and listed[0].value == ETAG_ANY
