"""Dates (RFC 9110 5.6.7, RFC 6265bis 5.1.1).

Decides what time a text means. Knows no clock: where one matters it is an argument.
"""

import datetime
import time
from functools import lru_cache

from weft_http_parser.fields.tokens import WHITESPACE, parse_digits

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_OF = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_MAX_TEXT = 100
_MAX_COOKIE_DATE = 1024
_DIGITS = "0123456789"
_DELIMITERS = str.maketrans(dict.fromkeys("\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~", " "))
_LEAP = datetime.timedelta(seconds=1)
_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC) - _LEAP


def parse_http_date(text: str, now: float | None = None) -> datetime.datetime | None:
    """A date in any of the three forms of HTTP (RFC 9110 5.6.7), or in another order or with
    other separators, as cookies write them (RFC 6265bis 5.1.1); None when it is none.

    The time zone is taken for GMT, whatever it says, and the day of the week is not looked at. A
    year of two digits is 1970 to 2069; with `now`, seconds since 1970, it is the one that is at
    most 50 years ahead. The second 60 of a leap second is the one after 59.

    >>> parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").isoformat()
    '1994-11-06T08:49:37+00:00'
    >>> parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT").isoformat()
    '1994-11-06T08:49:37+00:00'
    >>> parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now=2_500_000_000).year
    2094
    """
    if len(text) > _MAX_TEXT or not text.isascii():
        return None
    found = parse_cookie_date(text)
    if found is None and ":59:60" in text:
        found = parse_cookie_date(text.replace(":59:60", ":59:59", 1))
        if found is None or found > _LAST:
            return None
        return found + _LEAP
    if found is None or now is None or not _has_short_year(text):
        return found
    try:
        return _nearest_century(found, datetime.datetime.fromtimestamp(now, datetime.UTC))
    except ValueError:  # 29 February of a year that has none
        return None


def parse_cookie_date(text: str) -> datetime.datetime | None:
    """A date as browsers read it in the Expires of a cookie (RFC 6265bis 5.1.1): the first token
    that looks like a time, like a day, like a month, like a year, in any order, is it.

    >>> parse_cookie_date("Wed, 21-Oct-15 07:28:00").isoformat()
    '2015-10-21T07:28:00+00:00'
    >>> parse_cookie_date("next week") is None
    True
    """
    return _parse_tokens(text[:_MAX_COOKIE_DATE])


@lru_cache(maxsize=64)
def _parse_tokens(text: str) -> datetime.datetime | None:
    # A date is looked at when a cookie is read, and again when a jar keeps it.
    clock: tuple[int, int, int] | None = None
    day = month = year = -1
    for token in text.translate(_DELIMITERS).split(" "):
        if not token:
            continue
        leading = _leading_digits(token)
        if clock is None and (clock := _parse_clock(token)) is not None:
            continue
        if day < 0 and 1 <= len(leading) <= 2:
            day = int(leading)
        elif month < 0 and token[:3].lower() in _MONTH_OF:
            month = _MONTH_OF[token[:3].lower()]
        elif year < 0 and 2 <= len(leading) <= 4:
            year = int(leading)
    if 0 <= year < 100:
        year += 1900 if year >= 70 else 2000
    if clock is None or year < 1601:
        return None
    try:
        return datetime.datetime(year, month, day, *clock, tzinfo=datetime.UTC)
    except ValueError:
        return None


def _leading_digits(token: str) -> str:
    return token[: len(token) - len(token.lstrip(_DIGITS))]


def _parse_clock(token: str) -> tuple[int, int, int] | None:
    """`1*2DIGIT ":" 1*2DIGIT ":" 1*2DIGIT [ non-digit *OCTET ]`."""
    hour, _, rest = token.partition(":")
    minute, _, rest = rest.partition(":")
    parts = [parse_digits(part, 2) for part in (hour, minute, _leading_digits(rest))]
    if None in parts:
        return None
    return parts[0] or 0, parts[1] or 0, parts[2] or 0


def _has_short_year(text: str) -> bool:
    """Whether the year has two digits: it stands behind the month, or behind the time (asctime)."""
    tokens = text.translate(_DELIMITERS).split()
    numbers = [token for token in tokens if ":" not in token and token[0] in _DIGITS]
    return len(numbers) > 1 and len(_leading_digits(numbers[1])) == 2


def _nearest_century(found: datetime.datetime, now: datetime.datetime) -> datetime.datetime:
    """RFC 9110 5.6.7: not more than 50 years ahead, else the past year with the same digits."""
    year = now.year - now.year % 100 + found.year % 100
    if year > now.year + 50:
        year -= 100
    elif year <= now.year - 50:
        year += 100
    return found.replace(year=year)


def format_http_date(when: float | datetime.datetime) -> str:
    """A time in the form that HTTP sends (IMF-fixdate, RFC 9110 5.6.7).

    The last seconds that were asked for are kept, so that a Date is made once a second.

    >>> format_http_date(784111777)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    if isinstance(when, datetime.datetime):
        return _format(when.utctimetuple())
    return _format_second(int(when // 1))


@lru_cache(maxsize=64)
def _format_second(second: int) -> str:
    return _format(time.gmtime(second))


def _format(at: time.struct_time) -> str:
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
        f" {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def parse_retry_after(text: str, now: float) -> float | None:
    """The seconds that a Retry-After asks to wait, from `now`, seconds since 1970; 0 when that
    time has passed, None when it is malformed (RFC 9110 10.2.3).

    >>> parse_retry_after("120", now=0)
    120.0
    >>> parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now=784111770)
    7.0
    """
    text = text.strip(WHITESPACE)
    seconds = parse_digits(text, 10)
    if seconds is not None:
        return float(seconds)
    when = parse_http_date(text, now)
    return None if when is None else max(when.timestamp() - now, 0.0)
