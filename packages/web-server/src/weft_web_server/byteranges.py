"""The body of an answer with several ranges: multipart/byteranges (RFC 9110 section 14.6).

Decides what stands between the ranges and how long the whole is. Knows no file.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from weft_http_parser import ContentRange


class Part(NamedTuple):
    """One range: what stands before its bytes, and which they are."""

    head: bytes
    start: int
    size: int


class MultipartPlan(NamedTuple):
    """All parts, what ends them, and the length of it all."""

    parts: tuple[Part, ...]
    closing: bytes
    size: int


def plan_parts(ranges: "Sequence[ContentRange]", media_type: str, boundary: str) -> MultipartPlan:
    """The parts for ranges that were resolved, each with the type of the whole.

    >>> from weft_http_parser import ContentRange
    >>> plan = plan_parts([ContentRange(0, 2, 9), ContentRange(5, 6, 9)], "text/plain", "b")
    >>> print(plan.parts[0].head.decode().replace(chr(13), ""), end="")
    --b
    Content-Type: text/plain
    Content-Range: bytes 0-1/9
    <BLANKLINE>
    >>> plan.size == sum(len(part.head) + part.size for part in plan.parts) + len(plan.closing)
    True
    """
    parts: list[Part] = []
    for one in ranges:
        assert one.start is not None  # resolve_ranges() gives no other
        lead = "\r\n" if parts else ""
        head = (
            f"{lead}--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {one}\r\n\r\n"
        ).encode("utf-8", "surrogateescape")
        parts.append(Part(head, one.start, one.length))
    closing = f"\r\n--{boundary}--\r\n".encode()
    size = sum(len(part.head) + part.size for part in parts) + len(closing)
    return MultipartPlan(tuple(parts), closing, size)
