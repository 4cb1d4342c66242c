import datetime

import pytest

from weft_http_parser import ETag
from weft_web_server.conditional import (
    ByteRange,
    ETags,
    Preconditions,
    Unsatisfiable,
    Verdict,
    is_range_current,
    judge,
    plan_range,
)

TAG = ETag(value="a", is_weak=False)
WEAK = ETag(value="a", is_weak=True)
OTHER = ETag(value="b", is_weak=False)
ANY = ETag(value="*", is_weak=False)


def at(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


@pytest.mark.parametrize(
    ("conditions", "verdict"),
    [
        (Preconditions(), Verdict.GO_ON),
        (Preconditions(if_match=(TAG,)), Verdict.GO_ON),
        (Preconditions(if_match=(ANY,)), Verdict.GO_ON),
        (Preconditions(if_match=(OTHER,)), Verdict.FAILED),
        (Preconditions(if_match=(WEAK,)), Verdict.FAILED),
        (Preconditions(if_match=()), Verdict.FAILED),
        (Preconditions(if_none_match=(TAG,)), Verdict.NOT_MODIFIED),
        (Preconditions(if_none_match=(WEAK,)), Verdict.NOT_MODIFIED),
        (Preconditions(if_none_match=(ANY,)), Verdict.NOT_MODIFIED),
        (Preconditions(if_none_match=(OTHER,)), Verdict.GO_ON),
        (Preconditions(if_modified_since=at(100)), Verdict.NOT_MODIFIED),
        (Preconditions(if_modified_since=at(99)), Verdict.GO_ON),
        (Preconditions(if_unmodified_since=at(100)), Verdict.GO_ON),
        (Preconditions(if_unmodified_since=at(99)), Verdict.FAILED),
        # RFC 9110 section 13.2.2: tags count before dates.
        (Preconditions(if_match=(TAG,), if_unmodified_since=at(99)), Verdict.GO_ON),
        (Preconditions(if_none_match=(OTHER,), if_modified_since=at(100)), Verdict.GO_ON),
    ],
)
def test_judge(conditions: Preconditions, verdict: Verdict) -> None:
    assert judge(conditions, "GET", TAG, 100.7) is verdict


def test_none_match_of_a_write_fails() -> None:
    conditions = Preconditions(if_none_match=(ANY,), if_modified_since=at(200))
    assert judge(conditions, "PUT", TAG, 100) is Verdict.FAILED
    assert judge(Preconditions(if_modified_since=at(200)), "PUT", TAG, 100) is Verdict.GO_ON


def test_without_a_tag_nothing_matches() -> None:
    tags: ETags = (ANY,)
    assert judge(Preconditions(if_match=tags), "GET", None, None) is Verdict.FAILED


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        (slice(None, None, 1), None),
        (slice(0, 4, 1), ByteRange(0, 4, 10)),
        (slice(3, None, 1), ByteRange(3, 10, 10)),
        (slice(3, 99, 1), ByteRange(3, 10, 10)),
        (slice(-4, None, 1), ByteRange(6, 10, 10)),
        (slice(-40, None, 1), ByteRange(0, 10, 10)),
    ],
)
def test_range(wanted: slice, part: ByteRange | None) -> None:
    assert plan_range(wanted, 10) == part


@pytest.mark.parametrize(("wanted", "size"), [(slice(10, None), 10), (slice(-1, None), 0)])
def test_unsatisfiable_range(wanted: slice, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        plan_range(wanted, size)


def test_content_range() -> None:
    assert ByteRange(2, 5, 10).content_range == "bytes 2-4/10"


@pytest.mark.parametrize(
    ("field", "moment", "is_current"),
    [
        ("", None, True),
        ('"a"', None, True),
        ('"b"', None, False),
        ('W/"a"', None, False),
        ("date", at(100), True),
        ("date", at(101), False),
    ],
)
def test_if_range(field: str, moment: datetime.datetime | None, is_current: bool) -> None:
    assert is_range_current(field, TAG, moment, 100.9) is is_current
    assert not is_range_current('"a"', WEAK, None, 100)
