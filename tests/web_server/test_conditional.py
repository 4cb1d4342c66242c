import datetime

import pytest

from weft_http_parser import ETag
from weft_web_server.conditional import (
    ETags,
    Preconditions,
    Unsatisfiable,
    Verdict,
    is_range_current,
    judge,
    plan_ranges,
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
    ("field", "parts"),
    [
        ("bytes=0-3", ["bytes 0-3/1000"]),
        ("bytes=3-", ["bytes 3-999/1000"]),
        ("bytes=3-99999", ["bytes 3-999/1000"]),
        ("bytes=-4", ["bytes 996-999/1000"]),
        ("bytes=-4000", ["bytes 0-999/1000"]),
        ("Bytes=0-0,500-500", ["bytes 0-0/1000", "bytes 500-500/1000"]),
        ("bytes=500-500,0-0", ["bytes 500-500/1000", "bytes 0-0/1000"]),
        ("bytes=0-10,5-20,21-30", ["bytes 0-30/1000"]),
        ("bytes=0-0,5000-", ["bytes 0-0/1000"]),
        ("lines=0-3", []),
        (",".join(["bytes=0-0"] + ["0-0"] * 15), ["bytes 0-0/1000"]),
    ],
)
def test_ranges(field: str, parts: list[str]) -> None:
    assert [str(one) for one in plan_ranges(field, 1000)] == parts


@pytest.mark.parametrize(
    ("field", "size"),
    [
        ("bytes=10-", 10),
        ("bytes=-1", 0),
        ("bytes=-0", 10),
        ("bytes=3-1", 10),
        ("bytes", 10),
        ("", 10),
        ("bytes=a-b", 10),
        ("bytes=\u0661-", 10),  # GHSA-mqqc-3gqh-h2x8
        (",".join(["bytes=0-0"] + ["0-0"] * 16), 10),  # CVE-2011-3192
    ],
)
def test_unsatisfiable_ranges(field: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        plan_ranges(field, size)


@pytest.mark.parametrize(
    ("field", "is_current"),
    [
        (None, True),
        ('"a"', True),
        ('"b"', False),
        ('W/"a"', False),
        ("", False),
        ("nonsense", False),
        ("Thu, 01 Jan 1970 00:01:40 GMT", True),
        ("Thu, 01 Jan 1970 00:01:41 GMT", False),
        ("Thu, 01 Jan 1970 00:01:39 GMT", False),
    ],
)
def test_if_range(field: str | None, is_current: bool) -> None:
    assert is_range_current(field, TAG, 100.9) is is_current


def test_if_range_without_anything_to_compare() -> None:
    assert not is_range_current('"a"', WEAK, 100)
    assert not is_range_current('"a"', None, 100)
    assert not is_range_current("Thu, 01 Jan 1970 00:01:40 GMT", TAG, None)
