"""Conditional and partial requests: which answer the preconditions and the range ask for.

Pure: fields of a request and facts of a representation go in, a verdict comes out (RFC 9110
sections 13 and 14).
"""

import datetime
import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from weft_http_parser import ETag, allows_if_match, allows_if_none_match

if TYPE_CHECKING:
    from weft_http_parser import ContentRange

ETags = Sequence[ETag] | None
Moment = datetime.datetime | None


class Verdict(enum.Enum):
    """What the preconditions come to."""

    GO_ON = "send the representation"
    NOT_MODIFIED = "the client has it"
    FAILED = "the client expected another one"


@attrs.frozen(kw_only=True)
class Preconditions:
    """The If-* fields of a request."""

    if_match: ETags = None
    if_none_match: ETags = None
    if_modified_since: Moment = None
    if_unmodified_since: Moment = None


def judge(
    conditions: Preconditions, method: str, etag: ETag | None, modified_seconds: float | None
) -> Verdict:
    """Apply the preconditions in the order of RFC 9110 section 13.2.2."""
    if conditions.if_match is not None:
        if not allows_if_match(conditions.if_match, etag):
            return Verdict.FAILED
    elif _is_newer(modified_seconds, conditions.if_unmodified_since):
        return Verdict.FAILED
    is_read = method in ("GET", "HEAD")
    if conditions.if_none_match is not None:
        if not allows_if_none_match(conditions.if_none_match, etag):
            return Verdict.NOT_MODIFIED if is_read else Verdict.FAILED
        return Verdict.GO_ON
    since = conditions.if_modified_since
    if is_read and since is not None and modified_seconds is not None:
        if not _is_newer(modified_seconds, since):
            return Verdict.NOT_MODIFIED
    return Verdict.GO_ON


def _is_newer(modified_seconds: float | None, moment: Moment) -> bool:
    # HTTP dates have whole seconds.
    if moment is None or modified_seconds is None:
        return False
    return int(modified_seconds) > moment.timestamp()


class Unsatisfiable(Exception):
    """The range lies outside of the representation, or cannot be read."""


def plan_ranges(field: str, size: int) -> "list[ContentRange]":
    """The bytes that a Range asks for, those joined that overlap or lie side by side.

    None of them where the field has another unit, which is as good as no field (RFC 9110
    section 14.2). Raises Unsatisfiable where it is malformed, has more than 16 ranges, or none
    that there are bytes for.

    >>> [str(one) for one in plan_ranges("bytes=0-1, 2-3, -2", 1000)]
    ['bytes 0-3/1000', 'bytes 998-999/1000']
    >>> plan_ranges("lines=1-2", 1000)
    []
    """
    from weft_http_parser import coalesce_ranges, parse_ranges, resolve_ranges  # late: seldom used

    unit, equals, _ = field.partition("=")
    if equals and unit.strip().lower() != "bytes":
        return []
    try:
        found = resolve_ranges(parse_ranges(field), size)
    except ValueError:
        raise Unsatisfiable from None
    if not found:
        raise Unsatisfiable
    return coalesce_ranges(found)


def is_range_current(field: str | None, etag: ETag | None, modified_seconds: float | None) -> bool:
    """Whether an If-Range lets the range apply (RFC 9110 section 13.1.5).

    A tag has to match strongly, a date exactly: only then do the parts of two answers fit.

    >>> is_range_current('"1"', ETag("1"), None), is_range_current('W/"1"', ETag("1"), None)
    (True, False)
    """
    if field is None:
        return True
    from weft_http_parser import is_strong_match, parse_if_range  # late: seldom used

    wanted = parse_if_range(field)
    if isinstance(wanted, ETag):
        return etag is not None and is_strong_match(wanted, etag)
    if wanted is None or modified_seconds is None:
        return False
    return int(modified_seconds) == wanted.timestamp()
