"""Dates (RFC 9110 5.6.7, RFC 6265bis 5.1.1).

Decides what time a text means. Knows no clock.
"""

import datetime
import time

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_OF = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_MAX_TEXT = 100
_DELIMITERS = str.maketrans(dict.fromkeys("\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~", " "))


def parse_http_date(text: str) -> datetime.datetime | None:
    """A date in any of the three forms of HTTP, or as cookies write them; None when it is none.

    >>> parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").isoformat()
    '1994-11-06T08:49:37+00:00'
    >>> parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT").isoformat()
    '1994-11-06T08:49:37+00:00'
    """
    if len(text) > _MAX_TEXT or not text.isascii():
        return None
    clock: tuple[int, int, int] | None = None
    day = month = year = -1
    # RFC 6265bis 5.1.1: the first token that looks like a time, a day, a month, a year.
    for token in text.translate(_DELIMITERS).split():
        if clock is None and (clock := _parse_clock(token)) is not None:
            continue
        if day < 0 and 1 <= len(token) <= 2 and token.isdigit():
            day = int(token)
        elif month < 0 and token[:3].lower() in _MONTH_OF:
            month = _MONTH_OF[token[:3].lower()]
        elif year < 0 and 2 <= len(token) <= 4 and token.isdigit():
            year = _whole_year(int(token), len(token))
    if clock is None or year < 1601:
        return None
    try:
        return datetime.datetime(year, month, day, *clock, tzinfo=datetime.UTC)
    except ValueError:
        return None


def format_http_date(when: float | datetime.datetime) -> str:
    """A time in the form that HTTP sends (IMF-fixdate).

    >>> format_http_date(784111777)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    if isinstance(when, datetime.datetime):
        at = when.utctimetuple()
    else:
        at = time.gmtime(when)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
        f" {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def _parse_clock(token: str) -> tuple[int, int, int] | None:
    parts = token.split(":")
    if len(parts) not in (2, 3):
        return None
    if not all(1 <= len(part) <= 2 and part.isdigit() for part in parts):
        return None
    hour, minute, *rest = map(int, parts)
    return hour, minute, rest[0] if rest else 0


def _whole_year(year: int, digits: int) -> int:
    if digits == 2:
        return year + (1900 if year >= 70 else 2000)
    return year
