"""Byte ranges (RFC 9110 14.1, 14.2).

Decides which bytes a Range asks for. Knows no resource and no length.
"""

from weft_http_parser.fields.tokens import WHITESPACE

MAX_RANGES = 16


def parse_ranges(text: str) -> list[slice]:
    """The ranges of a Range field as slices; ValueError when it is malformed or has too many.

    >>> parse_ranges("bytes=0-499, -5")
    [slice(0, 500, 1), slice(-5, None, 1)]
    """
    unit, equals, rest = text.partition("=")
    if not equals or unit.lower() != "bytes":
        raise ValueError("range not in acceptable format")
    items = rest.split(",")
    if len(items) > MAX_RANGES:
        raise ValueError(f"more than {MAX_RANGES} ranges")
    return [_parse_item(item.strip(WHITESPACE)) for item in items]


def parse_range(text: str) -> slice:
    """The one range of a Range field as a slice; ValueError when there are more.

    >>> parse_range("bytes=500-")
    slice(500, None, 1)
    """
    ranges = parse_ranges(text)
    if len(ranges) > 1:
        raise ValueError("range not in acceptable format")
    return ranges[0]


def _parse_item(item: str) -> slice:
    first, dash, last = item.partition("-")
    # Digits of other scripts pass isdigit(), and int() takes them (GHSA-mqqc-3gqh-h2x8).
    if not dash or not item.isascii() or len(item) > 40:
        raise ValueError("range not in acceptable format")
    if not (first or last) or not (first + last).isdigit():
        raise ValueError("range not in acceptable format")
    if not first:
        if not int(last):
            raise ValueError("a range of no bytes")
        return slice(-int(last), None, 1)
    if not last:
        return slice(int(first), None, 1)
    if int(last) < int(first):
        raise ValueError("start cannot be after end")
    return slice(int(first), int(last) + 1, 1)
