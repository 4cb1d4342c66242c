"""Dates."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser import format_http_date, parse_http_date

WHEN = datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37",
        "06 nov 1994 08:49:37 GMT",
        "Mon, 6-November-1994 8:49:37 gmt",
    ],
)
def test_dates(text: str) -> None:
    assert parse_http_date(text) == WHEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "xx",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1600 08:49:37 GMT",
        "Sun, 06 Abc 1994 08:49:37 GMT",
        "Sun, 0\u0666 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT" + " " * 100,
        "a:b",
        "1:2:3:4 6 Nov 1994",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_http_date(text) is None


@pytest.mark.parametrize(
    ("short", "year"), [("69", 2069), ("70", 1970), ("99", 1999), ("00", 2000)]
)
def test_short_years(short: str, year: int) -> None:
    found = parse_http_date(f"06-Nov-{short} 08:49:37")
    assert found is not None
    assert found.year == year


def test_formatting() -> None:
    assert format_http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_http_date(784111777.9) == "Sun, 06 Nov 1994 08:49:37 GMT"
    east = WHEN.astimezone(datetime.timezone(datetime.timedelta(hours=3)))
    assert format_http_date(east) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.integers(-11_000_000_000, 250_000_000_000))
def test_dates_come_back(seconds: int) -> None:
    found = parse_http_date(format_http_date(seconds))
    assert found is not None
    assert found.timestamp() == seconds
