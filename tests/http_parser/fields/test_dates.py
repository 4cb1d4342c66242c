"""Dates."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    format_http_date,
    parse_cookie_date,
    parse_http_date,
    parse_retry_after,
)

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
        "1:2 6 Nov 1994",
        "Sun, 06 Nov 1994 08:58:60 GMT",
        "Sun, 31 Feb 1994 08:59:60 GMT",
        "Fri, 31 Dec 9999 23:59:60 GMT",  # there is no second after it
        "\u0660\u0666 Nov 1994 08:49:37 GMT",
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


def seconds(text: str) -> float:
    found = parse_http_date(text)
    assert found is not None
    return found.timestamp()


@pytest.mark.parametrize(
    ("short", "now", "year"),
    [
        ("94", "01 Jan 2026 00:00:00", 1994),
        ("26", "01 Jan 2026 00:00:00", 2026),
        ("76", "01 Jan 2026 00:00:00", 2076),
        ("77", "01 Jan 2026 00:00:00", 1977),
        ("10", "01 Jan 2095 00:00:00", 2110),
        ("60", "01 Jan 2010 00:00:00", 2060),
        ("61", "01 Jan 2010 00:00:00", 1961),
    ],
)
def test_short_years_lie_at_most_50_years_ahead(short: str, now: str, year: int) -> None:
    """RFC 9110 5.6.7."""
    found = parse_http_date(f"Sunday, 06-Nov-{short} 08:49:37 GMT", now=seconds(now))
    assert found is not None
    assert found.year == year


def test_whole_years_do_not_depend_on_the_clock() -> None:
    for text in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"):
        assert parse_http_date(text, now=4e9) == WHEN
    assert parse_http_date("nothing", now=4e9) is None


def test_a_leap_day_of_a_century_that_has_none() -> None:
    assert (
        parse_http_date("Monday, 29-Feb-00 00:00:00 GMT", now=seconds("01 Jan 2090 0:0:0")) is None
    )


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("Sat, 31 Dec 2016 23:59:60 GMT", "Sun, 01 Jan 2017 00:00:00 GMT"),
        ("31-Dec-16 23:59:60", "Sun, 01 Jan 2017 00:00:00 GMT"),
    ],
)
def test_leap_seconds(text: str, second: str) -> None:
    assert parse_http_date(text) == parse_http_date(second)
    assert parse_cookie_date(text) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1445412480),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 1445412480),
        ("Wed Oct 21 07:28:00 2015", 1445412480),
        ("2015 October 21th 07:28:00z", 1445412480),
        ("21st 07:28:00 Octember 15", 1445412480),
        ("21/Oct/2015;7:28:0junk", 1445412480),
        ("7:28:0:9 21 Oct 2015", 1445412480),
        ("21 Oct 0015 07:28:00", 1445412480),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("21 Oct 2015", None),
        ("21 Oct 2015 25:00:00", None),
        ("21 Oct 2015 07:28", None),
        ("21 Oct 2015 007:28:00", None),
        ("021 Oct 2015 07:28:00", None),
        ("21 Oct 20150 07:28:00", None),
        ("\u0662\u0661 Oct 2015 07:28:00", None),
        ("21\xa0Oct 2015 07:28:00", None),
        ("nonsense", None),
        (" " * 2000 + "21 Oct 2015 07:28:00", None),
    ],
)
def test_cookie_dates(text: str, wanted: int | None) -> None:
    """RFC 6265bis 5.1.1."""
    found = parse_cookie_date(text)
    assert (None if found is None else found.timestamp()) == wanted


def test_one_second_is_formatted_once() -> None:
    assert format_http_date(784111777.1) is format_http_date(784111777.9)
    assert format_http_date(-0.5) == "Wed, 31 Dec 1969 23:59:59 GMT"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 10.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", 0.0),
        ("-1", None),
        ("1.5", None),
        ("\u0661", None),
        ("9" * 11, None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(text: str, wait: float | None) -> None:
    assert parse_retry_after(text, now=WHEN.timestamp() - 10) == wait


@pytest.mark.parametrize("pattern", [" ", ":", "1", "1 ", "a ", "1:1:1 ", "-"])
def test_dates_take_linear_time(pattern: str) -> None:
    for function in (parse_http_date, parse_cookie_date, lambda text: parse_retry_after(text, 0)):
        assert_linear(function, lambda size: pattern * (size // len(pattern)))
