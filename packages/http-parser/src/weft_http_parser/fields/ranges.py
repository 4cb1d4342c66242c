"""Byte ranges: Range, Content-Range, If-Range (RFC 9110 13.1.5, 14).

Decides which bytes a Range asks for, and which of them there are. Knows no file.
"""

import datetime
from collections.abc import Iterable, Sequence

import attrs

from weft_http_parser.fields.dates import parse_http_date
from weft_http_parser.fields.etags import ETag, parse_etag
from weft_http_parser.fields.tokens import WHITESPACE, is_token, parse_digits

MAX_RANGES = 16
"""Ranges of one request; a server need not serve more (RFC 9110 14.2, CVE-2011-3192)."""
COALESCE_GAP = 80
"""Bytes between two ranges that cost less than the head of a part (RFC 9110 15.3.7.2)."""
_MOST_DIGITS = 20
"""Some ask for all up to 2**64 - 1."""


def parse_ranges(text: str) -> list[slice]:
    """The ranges of a Range field as slices (RFC 9110 14.1.2); ValueError when it is malformed,
    has another unit, or more than 16.

    A server ignores a field that it cannot read (RFC 9110 14.2), or answers 416. Empty members
    are left out (RFC 9110 5.6.1.2); digits are those of ASCII (GHSA-mqqc-3gqh-h2x8).

    >>> parse_ranges("bytes=0-499, -5")
    [slice(0, 500, 1), slice(-5, None, 1)]
    """
    unit, equals, rest = text.partition("=")
    if not equals or unit.lower() != "bytes":
        raise ValueError("range not in acceptable format")
    if rest.count(",") >= 2 * MAX_RANGES:
        raise ValueError(f"more than {MAX_RANGES} ranges")
    items = [item for piece in rest.split(",") if (item := piece.strip(WHITESPACE))]
    if not items:
        raise ValueError("range not in acceptable format")
    if len(items) > MAX_RANGES:
        raise ValueError(f"more than {MAX_RANGES} ranges")
    return [_parse_item(item) for item in items]


def parse_range(text: str) -> slice:
    """The one range of a Range field as a slice (RFC 9110 14.1.2); ValueError when there are more.

    >>> parse_range("bytes=500-")
    slice(500, None, 1)
    """
    ranges = parse_ranges(text)
    if len(ranges) > 1:
        raise ValueError("range not in acceptable format")
    return ranges[0]


def _parse_item(item: str) -> slice:
    first, dash, last = item.partition("-")
    start, stop = parse_digits(first, _MOST_DIGITS), parse_digits(last, _MOST_DIGITS)
    if not dash or (first and start is None) or (last and stop is None):
        raise ValueError("range not in acceptable format")
    if start is None and stop is None:
        raise ValueError("No start or end of range specified")
    if start is None:
        if not stop:
            raise ValueError("a range of no bytes")
        return slice(-stop, None, 1)
    if stop is None:
        return slice(start, None, 1)
    if stop < start:
        raise ValueError("start cannot be after end")
    return slice(start, stop + 1, 1)


@attrs.frozen
class ContentRange:
    """Bytes `start` up to, but not including, `stop`, of `size` (RFC 9110 14.4).

    `size` is None where it is not known; `start` and `stop` are None in a 416, which says the
    size alone.

    >>> str(ContentRange(0, 500, 1234)), str(ContentRange(None, None, 1234))
    ('bytes 0-499/1234', 'bytes */1234')
    """

    start: int | None
    stop: int | None
    size: int | None
    unit: str = "bytes"

    @property
    def length(self) -> int:
        """The number of bytes in the range.

        >>> ContentRange(5, 10, None).length
        5
        """
        return 0 if self.start is None or self.stop is None else self.stop - self.start

    def __str__(self) -> str:
        return format_content_range(self)


def parse_content_range(text: str) -> ContentRange | None:
    """What a Content-Range says; None when it is malformed or contradicts itself, and then the
    part must not be put together with others (RFC 9110 14.4).

    >>> parse_content_range("bytes 0-499/1234")
    ContentRange(start=0, stop=500, size=1234, unit='bytes')
    >>> parse_content_range("bytes 5-1/10"), parse_content_range("bytes 0-10/10")
    (None, None)
    """
    unit, _, rest = text.strip(WHITESPACE).partition(" ")
    span, slash, whole = rest.partition("/")
    size = parse_digits(whole, _MOST_DIGITS)
    if not slash or not is_token(unit) or (size is None and whole != "*"):
        return None
    unit = unit.lower()
    if span == "*":
        return None if size is None else ContentRange(None, None, size, unit)
    first, _, last = span.partition("-")
    start, stop = parse_digits(first, _MOST_DIGITS), parse_digits(last, _MOST_DIGITS)
    if start is None or stop is None or stop < start or (size is not None and stop >= size):
        return None
    return ContentRange(start, stop + 1, size, unit)


def format_content_range(value: ContentRange) -> str:
    """A Content-Range field; ValueError for a range that no field can say (RFC 9110 14.4).

    >>> format_content_range(ContentRange(0, 1, None))
    'bytes 0-0/*'
    """
    size = "*" if value.size is None else str(value.size)
    if value.start is None or value.stop is None:
        if value.start is not value.stop or value.size is None:
            raise ValueError("a range without a start and a stop has a size")
        return f"{value.unit} */{size}"
    if not 0 <= value.start < value.stop or (value.size is not None and value.stop > value.size):
        raise ValueError(f"no range: {value.start} up to {value.stop} of {size}")
    return f"{value.unit} {value.start}-{value.stop - 1}/{size}"


def resolve_ranges(ranges: Iterable[slice], size: int) -> list[ContentRange]:
    """The bytes there are of what was asked for, in that order, of a representation of `size`
    bytes. What lies outside is left out; when nothing is left the answer is 416 (RFC 9110 14.1.2,
    15.5.17).

    >>> [str(one) for one in resolve_ranges(parse_ranges("bytes=0-1,90-,-5"), 10)]
    ['bytes 0-1/10', 'bytes 5-9/10']
    """
    found: list[ContentRange] = []
    for asked in ranges:
        start, stop, _ = asked.indices(size)
        if start < stop:
            found.append(ContentRange(start, stop, size))
    return found


def coalesce_ranges(ranges: Sequence[ContentRange], gap: int = COALESCE_GAP) -> list[ContentRange]:
    """Ranges of one representation, those joined that overlap or have less than `gap` bytes
    between them, each where the first of its pieces was asked for (RFC 9110 15.3.7.2). No byte is
    sent twice then, whatever was asked for (CVE-2011-3192).

    >>> [str(one) for one in coalesce_ranges(
    ...     resolve_ranges(parse_ranges("bytes=500-599,0-9,5-19"), 1000))]
    ['bytes 500-599/1000', 'bytes 0-19/1000']
    """
    spans = sorted(
        (one.start, one.stop, at)
        for at, one in enumerate(ranges)
        if one.start is not None and one.stop is not None
    )
    joined: list[tuple[int, int, int]] = []  # where it was asked for, start, stop
    for start, stop, at in spans:
        place, first, last = joined[-1] if joined else (at, start, -1)
        if start <= last + max(gap - 1, 0) and joined:
            joined[-1] = min(place, at), first, max(last, stop)
        else:
            joined.append((at, start, stop))
    return [attrs.evolve(ranges[at], start=start, stop=stop) for at, start, stop in sorted(joined)]


def parse_if_range(text: str) -> ETag | datetime.datetime | None:
    """The tag or the date of an If-Range; None when it is malformed, and then the range does not
    apply (RFC 9110 13.1.5).

    >>> parse_if_range('"a"')
    ETag(value='a', is_weak=False)
    """
    text = text.strip(WHITESPACE)
    return parse_etag(text) if '"' in text else parse_http_date(text)
