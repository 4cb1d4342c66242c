"""Conditional and partial requests: which answer the preconditions and the range ask for.

Pure: fields of a request and facts of a file go in, a verdict comes out (RFC 9110 sections 13
and 14).
"""

import datetime
import enum
from collections.abc import Sequence

import attrs

from weft_http_parser import ETag, allows_if_match, allows_if_none_match

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


@attrs.frozen
class ByteRange:
    """Bytes `start` up to, but not including, `stop` of `size`."""

    start: int
    stop: int
    size: int

    @property
    def content_range(self) -> str:
        """The Content-Range field (RFC 9110 section 14.4)."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


class Unsatisfiable(Exception):
    """The range lies outside the representation, or cannot be read."""


def plan_range(wanted: slice, size: int) -> ByteRange | None:
    """The bytes that a Range field asks for; None means all of them.

    `wanted` is what `Request.http_range` gives: a slice whose negative start counts from the end.

    >>> plan_range(slice(-3, None), 10)
    ByteRange(start=7, stop=10, size=10)
    """
    start, stop = wanted.start, wanted.stop
    if start is None and stop is None:
        return None
    if start is not None and start < 0:
        if size == 0:
            raise Unsatisfiable
        return ByteRange(max(size + start, 0), size, size)
    start = start or 0
    if start >= size:
        raise Unsatisfiable
    return ByteRange(start, size if stop is None else min(stop, size), size)


def is_range_current(
    field: str, etag: ETag | None, moment: Moment, modified: float | None
) -> bool:
    """Whether If-Range lets the range apply (RFC 9110 section 13.1.5).

    `field` is the text of If-Range and `moment` the date in it, if it is one.
    """
    if not field:
        return True
    if moment is not None:
        return modified is not None and int(modified) == int(moment.timestamp())
    # Only a strong tag may join parts of two answers.
    return etag is not None and not etag.is_weak and field.strip() == f'"{etag.value}"'
