"""Byte ranges."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    ContentRange,
    ETag,
    coalesce_ranges,
    format_content_range,
    parse_content_range,
    parse_if_range,
    parse_range,
    parse_ranges,
    resolve_ranges,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-499", slice(0, 500, 1)),
        ("bytes=500-", slice(500, None, 1)),
        ("bytes=-500", slice(-500, None, 1)),
        ("Bytes=0-0", slice(0, 1, 1)),
        ("bytes= 7-9\t", slice(7, 10, 1)),
        ("bytes=, 7-9,,", slice(7, 10, 1)),
        ("bytes=0-18446744073709551615", slice(0, 2**64, 1)),
    ],
)
def test_one_range(text: str, expected: slice) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-1",
        "bytes=-0",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=1-2-3",
        "bytes=--1",
        "items=0-1",
        "bytes=0-1,3-4",
        "bytes=,",
        "bytes =0-1",
        "bytes=0 - 1",
        "bytes=0-1;x",
        "bytes=-\u0665",
        "bytes=\uff11-2",
        "bytes=-" + "9" * 21,
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_what_is_malformed(text: str) -> None:
    """Among them digits of other scripts: GHSA-mqqc-3gqh-h2x8."""
    with pytest.raises(ValueError, match=r"range|start|Range"):
        parse_range(text)


def test_several_ranges() -> None:
    assert parse_ranges("bytes=0-0, -1") == [slice(0, 1, 1), slice(-1, None, 1)]
    assert len(parse_ranges("bytes=" + ",".join(["0-0"] * 16))) == 16
    with pytest.raises(ValueError, match="more than 16"):
        parse_ranges("bytes=" + ",".join(["0-0"] * 17))


@pytest.mark.parametrize("separator", [",", ",,,", " , "])
def test_a_set_of_many_ranges_is_refused(separator: str) -> None:
    """CVE-2011-3192: the number is known before anything is read."""
    with pytest.raises(ValueError, match="more than 16"):
        parse_ranges("bytes=" + separator.join(["0-"] * 17))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 0-499/1234", ContentRange(0, 500, 1234)),
        ("Bytes 0-0/1", ContentRange(0, 1, 1)),
        ("bytes 42-1233/*", ContentRange(42, 1234, None)),
        ("bytes */1234", ContentRange(None, None, 1234)),
        ("items 0-4/5", ContentRange(0, 5, 5, "items")),
        (" bytes 0-4/5 ", ContentRange(0, 5, 5)),
    ],
)
def test_content_ranges(text: str, expected: ContentRange) -> None:
    assert parse_content_range(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes 0-4",
        "bytes 0-4/",
        "bytes */*",
        "bytes 4-0/5",
        "bytes 0-5/5",
        "bytes -4/5",
        "bytes 0-/5",
        "bytes 0-4/+5",
        "bytes=0-4/5",
        "by,tes 0-4/5",
        "bytes \u0660-4/5",
        "bytes 0-4/5/6",
    ],
)
def test_content_ranges_that_are_malformed(text: str) -> None:
    assert parse_content_range(text) is None


@pytest.mark.parametrize(
    "value",
    [
        ContentRange(None, None, None),
        ContentRange(None, 1, 5),
        ContentRange(1, None, 5),
        ContentRange(-1, 1, 5),
        ContentRange(2, 2, 5),
        ContentRange(0, 6, 5),
    ],
)
def test_content_ranges_that_no_field_can_say(value: ContentRange) -> None:
    with pytest.raises(ValueError, match="range"):
        format_content_range(value)


@given(st.integers(0, 2**63), st.integers(1, 2**40), st.integers(0, 2**40) | st.none())
def test_content_ranges_come_back(start: int, length: int, behind: int | None) -> None:
    stop = start + length
    value = ContentRange(start, stop, None if behind is None else stop + behind)
    assert parse_content_range(str(value)) == value
    assert value.length == length


def test_the_length_of_an_unsatisfied_range() -> None:
    assert ContentRange(None, None, 5).length == 0


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("bytes=0-499", 10000, ["0-499"]),  # the examples of RFC 9110 14.1.2
        ("bytes=-500", 10000, ["9500-9999"]),
        ("bytes=9500-", 10000, ["9500-9999"]),
        ("bytes=0-0,-1", 10000, ["0-0", "9999-9999"]),
        ("bytes=500-600,601-999", 10000, ["500-600", "601-999"]),
        ("bytes=-20000", 10000, ["0-9999"]),
        ("bytes=9000-20000", 10000, ["9000-9999"]),
        ("bytes=10000-", 10000, []),
        ("bytes=10000-,0-0", 10000, ["0-0"]),
        ("bytes=0-", 0, []),
        ("bytes=-5", 0, []),
    ],
)
def test_resolving(text: str, size: int, expected: list[str]) -> None:
    found = resolve_ranges(parse_ranges(text), size)
    assert [str(one) for one in found] == [f"bytes {one}/{size}" for one in expected]


@pytest.mark.parametrize(
    ("text", "gap", "expected"),
    [
        ("bytes=0-9,5-19", 0, ["0-19"]),
        ("bytes=0-9,10-19", 0, ["0-19"]),
        ("bytes=0-9,11-19", 0, ["0-9", "11-19"]),
        ("bytes=0-9,90-99", 80, ["0-9", "90-99"]),
        ("bytes=0-9,89-99", 80, ["0-99"]),
        ("bytes=500-,0-9", 80, ["500-999", "0-9"]),
        ("bytes=500-509,0-9,505-600,900-", 80, ["500-600", "0-9", "900-999"]),
        ("bytes=0-,0-,0-,-1000", 80, ["0-999"]),
        ("bytes=100-200,0-", 80, ["0-999"]),
        ("bytes=0-99,10-20", 80, ["0-99"]),
    ],
)
def test_coalescing(text: str, gap: int, expected: list[str]) -> None:
    found = coalesce_ranges(resolve_ranges(parse_ranges(text), 1000), gap)
    assert [str(one) for one in found] == [f"bytes {one}/1000" for one in expected]


def test_an_unsatisfied_range_is_no_range_to_coalesce() -> None:
    assert coalesce_ranges([ContentRange(None, None, 5), ContentRange(0, 1, 5)]) == [
        ContentRange(0, 1, 5)
    ]


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), max_size=16),
    st.integers(0, 100),
)
def test_coalesced_ranges_hold_the_same_bytes_once(spans: list[tuple[int, int]], gap: int) -> None:
    asked = [ContentRange(start, start + length, 1000) for start, length in spans]
    wanted = {at for start, length in spans for at in range(start, start + length)}
    sent = [
        at for one in coalesce_ranges(asked, gap) for at in range(one.start or 0, one.stop or 0)
    ]
    assert len(sent) == len(set(sent))
    assert wanted <= set(sent)
    if gap < 2:
        assert wanted == set(sent)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a"', ETag("a")),
        (' W/"a" ', ETag("a", is_weak=True)),
        (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.UTC),
        ),
        ("a", None),
        ("", None),
        ('"a", "b"', None),
    ],
)
def test_if_range(text: str, expected: ETag | datetime.datetime | None) -> None:
    assert parse_if_range(text) == expected


@pytest.mark.parametrize("pattern", [",", "0-1,", "-", "9", " ", "/", "*"])
def test_ranges_take_linear_time(pattern: str) -> None:
    def parse(text: str) -> object:
        try:
            return parse_ranges(text)
        except ValueError:
            return parse_content_range(text)

    assert_linear(parse, lambda size: "bytes=" + pattern * (size // len(pattern)))
    assert_linear(parse_content_range, lambda size: "bytes " + pattern * (size // len(pattern)))
