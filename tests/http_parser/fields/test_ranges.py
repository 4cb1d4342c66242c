"""Byte ranges."""

import pytest

from weft_http_parser import parse_range, parse_ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-499", slice(0, 500, 1)),
        ("bytes=500-", slice(500, None, 1)),
        ("bytes=-500", slice(-500, None, 1)),
        ("Bytes=0-0", slice(0, 1, 1)),
        ("bytes= 7-9\t", slice(7, 10, 1)),
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
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_what_is_malformed(text: str) -> None:
    """Among them digits of other scripts: GHSA-mqqc-3gqh-h2x8."""
    with pytest.raises(ValueError, match=r"range|start"):
        parse_range(text)


def test_several_ranges() -> None:
    assert parse_ranges("bytes=0-0, -1") == [slice(0, 1, 1), slice(-1, None, 1)]
    assert len(parse_ranges("bytes=" + ",".join(["0-0"] * 16))) == 16
    with pytest.raises(ValueError, match="more than 16"):
        parse_ranges("bytes=" + ",".join(["0-0"] * 17))
