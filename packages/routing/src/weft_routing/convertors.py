"""Typed parameters: what text ``{name!int}`` takes, and what it means.

Decides which convertors there are without being made, and what every convertor owes. Knows no
patterns and no routes. A convertor is pure: it may be shared between patterns and threads.
"""

from __future__ import annotations

import datetime
import math
import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from .errors import ConvertorError

V_co = TypeVar("V_co", covariant=True)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# As many digits as an integer of 128 bits has, and a few more: reading them costs next to nothing,
# whatever sys.set_int_max_str_digits() allows.
MAX_DIGITS = 40


class PathConvertor(Protocol[V_co]):
    """A kind of parameter: text of a path to a value, and back.

    `parse(format(value)) == value` should hold, or URLs do not lead back to where they came from.

    >>> class Color:
    ...     regex = "[0-9a-f]{6}"
    ...     def parse(self, text: str) -> int:
    ...         return int(text, 16)
    ...     def format(self, value: object) -> str:
    ...         return f"{value:06x}"
    """

    @property
    def regex(self) -> str:
        """Which text it takes, without groups of its own: write ``(?:...)``.

        As in ``{name:regex}``: it sees decoded text, but ``%2F`` for an encoded slash and ``%25``
        for a percent sign; it may match slashes; what it costs is yours.
        """

    def parse(self, text: str) -> V_co:
        """The value of a text, decoded in full, that the regex has matched.

        ValueError means that the route does not fit the path, and the next one is tried.
        """

    def format(self, value: object) -> str:
        """The text for a value, not encoded; ValueError or TypeError for what is none."""


class StrConvertor:
    """Any text of one segment, as ``{name}`` itself."""

    regex = r"[^{}/]+"

    def parse(self, text: str) -> str:
        return text

    def format(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError("write a str")
        return value


class IntConvertor:
    """A number in decimal ASCII digits, at most 40 of them and without a sign.

    It takes all the digits that stand there, so no text is tried at more than one length.
    """

    regex = rf"[0-9]{{1,{MAX_DIGITS}}}+"

    def parse(self, text: str) -> int:
        return int(text)

    def format(self, value: object) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError("write an int")
        if not 0 <= value < 10**MAX_DIGITS:
            raise ValueError(f"write a number from 0 on, of {MAX_DIGITS} digits at most")
        return str(int(value))  # of a subclass, such as an IntEnum, the number


class FloatConvertor:
    """A decimal number: ``-1``, ``2.5``, ``1e-07``. Neither infinite nor NaN."""

    regex = (
        rf"-?+[0-9]{{1,{MAX_DIGITS}}}+"
        rf"(?:\.[0-9]{{1,{MAX_DIGITS}}}+)?+(?:[eE](?:\+|-)?+[0-9]{{1,3}}+)?+"
    )

    def parse(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            raise ValueError("too large for a float")
        return value

    def format(self, value: object) -> str:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError("write a float")
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise ValueError("write a finite number")
        return repr(value)


class UuidConvertor:
    """A UUID in its usual form (RFC 9562 section 4), with hyphens, in either case."""

    regex = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

    def parse(self, text: str) -> uuid.UUID:
        return uuid.UUID(text)

    def format(self, value: object) -> str:
        if not isinstance(value, uuid.UUID):
            raise TypeError("write a uuid.UUID")
        return str(value)


class DateConvertor:
    """A day as ``2024-02-29`` (RFC 3339 section 5.6, full-date). Only days that there are."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def parse(self, text: str) -> datetime.date:
        return datetime.date.fromisoformat(text)

    def format(self, value: object) -> str:
        # A datetime is a date too, but its hours would be lost.
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise TypeError("write a datetime.date")
        return value.isoformat()


class RestConvertor:
    """One character or more, slashes included: the rest of a path, or a part with segments."""

    regex = "(?s:.+)"

    def parse(self, text: str) -> str:
        return text

    def format(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError("write a str")
        return value


BUILT_IN_CONVERTORS: Mapping[str, PathConvertor[object]] = MappingProxyType(
    {
        "str": StrConvertor(),
        "int": IntConvertor(),
        "float": FloatConvertor(),
        "uuid": UuidConvertor(),
        "date": DateConvertor(),
        "path": RestConvertor(),
    }
)

# Text behind a number, by its regex, that would go on with the number.
CONTINUATIONS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        IntConvertor.regex: re.compile("[0-9]"),
        FloatConvertor.regex: re.compile(r"[0-9]|\.[0-9]|[eE][+-]?[0-9]"),
    }
)


def check_convertors(convertors: Mapping[str, PathConvertor[object]]) -> None:
    """Refuse a registry with a bad name, a bad regex or a method that is not there.

    >>> check_convertors(BUILT_IN_CONVERTORS)
    """
    for name, convertor in convertors.items():
        check_convertor(name, convertor)


def check_convertor(name: str, convertor: PathConvertor[object]) -> None:
    """Raise ConvertorError, unless the convertor can stand in a pattern by this name."""
    regex = getattr(convertor, "regex", None)
    if NAME.fullmatch(name) is None:
        raise ConvertorError(name, "its name is no identifier of ASCII letters and digits")
    if not isinstance(regex, str):
        raise ConvertorError(name, f"its regex is {regex!r}; write a str")
    for method in ("parse", "format"):
        if not callable(getattr(convertor, method, None)):
            raise ConvertorError(name, f"it has no method {method}()")
    fault = find_regex_fault(regex)
    if fault is not None:
        raise ConvertorError(name, fault[0], regex, fault[1])
    if re.compile(regex).groups:
        raise ConvertorError(name, "its regex has a group of its own; write (?:...)", regex)


def find_regex_fault(regex: str) -> tuple[str, int] | None:
    """Why a regex cannot stand within a larger one, and at which of its characters.

    >>> find_regex_fault("[0-9]+"), find_regex_fault("a[")
    (None, ('unterminated character set', 1))
    """
    # Alone, or "a)(b" would pass; within a group, or "(?i)a" would.
    for before, after in (("", ""), ("(?:", ")")):
        try:
            re.compile(f"{before}{regex}{after}")
        except REGEX_ERRORS as exc:
            reason, at = to_fault(exc)
            return reason, min(max(at - len(before), 0), len(regex))
    return None


# What re raises for a bad regex, for a repetition of too many times, for one too deep.
REGEX_ERRORS = (re.error, OverflowError, RecursionError)


def to_fault(exc: Exception) -> tuple[str, int]:
    """What one of REGEX_ERRORS says, and of which character."""
    if isinstance(exc, re.error):
        return exc.msg, exc.pos or 0
    return ("too large a repetition" if isinstance(exc, OverflowError) else "too deep"), 0
