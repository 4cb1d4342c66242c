"""What each convertor takes, means and writes; and what a convertor must not be."""

from __future__ import annotations

import datetime
import enum
import math
import re
import uuid
from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_routing import BUILT_IN_CONVERTORS, ConvertorError, PathConvertor, check_convertors
from weft_routing.convertors import find_regex_fault


class Number(enum.IntEnum):
    SEVEN = 7


class Half(float):
    def __repr__(self) -> str:
        return "half"


ID = uuid.UUID("12345678-1234-5678-1234-56789abcdef0")
DAY = datetime.date(2024, 2, 29)

# Convertor, text, value: the text is taken and means the value.
TAKEN = [
    ("str", "a b", "a b"),
    ("int", "0", 0),
    ("int", "007", 7),
    ("int", "9" * 40, 10**40 - 1),
    ("float", "1", 1.0),
    ("float", "-0.5", -0.5),
    ("float", "1.50e-07", 1.5e-7),
    ("float", "1E+16", 1e16),
    ("float", "1e-999", 0.0),
    ("uuid", str(ID), ID),
    ("uuid", str(ID).upper(), ID),
    ("date", "2024-02-29", DAY),
    ("path", "a//b/", "a//b/"),
    ("path", "{a}\n", "{a}\n"),
]


def take(kind: str, text: str) -> object:
    """What a text means, or None when the convertor does not take it."""
    convertor = BUILT_IN_CONVERTORS[kind]
    if re.fullmatch(convertor.regex, text) is None:
        return None
    try:
        return convertor.parse(text)
    except ValueError:
        return None


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN)
def test_taken(kind: str, text: str, value: object) -> None:
    assert take(kind, text) == value
    assert type(take(kind, text)) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[("str", text) for text in ("", "a/b", "{", "}")],
        *[
            ("int", text)
            for text in ("", "-1", "+1", "1_0", " 1", "1\n", "0x1", "٣", "\uff11", "²")
        ],
        ("int", "1" * 41),
        *[("float", text) for text in ("nan", "inf", "-inf", "infinity", ".5", "5.", "+1", "1e")],
        *[("float", text) for text in ("1_0", "٣.٣", "1e999", "--1", "1.2.3", "0x1p3", "1,5")],
        ("float", "1" * 41),
        ("float", "1." + "1" * 41),
        ("uuid", ID.hex),
        ("uuid", f"{{{ID}}}"),
        ("uuid", f"urn:uuid:{ID}"),
        ("uuid", str(ID)[:-1]),
        ("uuid", str(ID).replace("1", "\uff11")),
        *[("date", text) for text in ("2023-02-29", "2024-13-01", "0000-01-01", "20240229")],
        *[
            ("date", text)
            for text in ("2024-2-29", "2024-W09-4", "2024-02-29T00:00", "٢٠٢٤-٠٢-٢٩")
        ],
        ("path", ""),
    ],
)
def test_refused(kind: str, text: str) -> None:
    assert take(kind, text) is None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("str", "a", "a"),
        ("int", 0, "0"),
        ("int", Number.SEVEN, "7"),
        ("float", 1, "1.0"),
        ("float", 1e-7, "1e-07"),
        ("float", Half(0.5), "0.5"),
        ("uuid", ID, str(ID)),
        ("date", datetime.date(1, 1, 1), "0001-01-01"),
        ("path", "a/b", "a/b"),
    ],
)
def test_written(kind: str, value: object, text: str) -> None:
    assert BUILT_IN_CONVERTORS[kind].format(value) == text


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("str", 1, TypeError),
        ("int", "1", TypeError),
        ("int", 1.0, TypeError),
        ("int", True, TypeError),
        ("int", -1, ValueError),
        ("int", 10**40, ValueError),
        ("float", "1", TypeError),
        ("float", False, TypeError),
        ("float", math.nan, ValueError),
        ("float", -math.inf, ValueError),
        ("float", 10**400, ValueError),
        ("uuid", str(ID), TypeError),
        ("date", "2024-02-29", TypeError),
        ("date", datetime.datetime(2024, 2, 29), TypeError),
        ("path", b"a", TypeError),
    ],
)
def test_not_written(kind: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^write "):
        BUILT_IN_CONVERTORS[kind].format(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(-0.0)
@example(5e-324)
@example(1.7976931348623157e308)
def test_every_float_comes_back(value: float) -> None:
    assert take("float", BUILT_IN_CONVERTORS["float"].format(value)) == value


def test_a_number_too_long_to_be_shown() -> None:
    with pytest.raises(ValueError, match="40 digits"):
        BUILT_IN_CONVERTORS["int"].format(10**5000)


@pytest.mark.parametrize("kind", sorted(BUILT_IN_CONVERTORS))
@pytest.mark.parametrize("unit", ["9", "1.", "1e", "-", "a", "2024-01-01", "٣", "/"])
def test_no_text_takes_long(kind: str, unit: str) -> None:
    assert_linear(lambda text: take(kind, text), lambda size: unit * (size // len(unit)))


def test_the_registry_cannot_be_changed() -> None:
    check_convertors(BUILT_IN_CONVERTORS)
    with pytest.raises(TypeError):
        cast(dict[str, object], BUILT_IN_CONVERTORS)["x"] = None


class Letters:
    regex = "[a-z]+"

    def parse(self, text: str) -> str:
        return text

    def format(self, value: object) -> str:
        return str(value)


class NoRegex(Letters):
    regex = cast(str, None)


class NoFormat:
    regex = "a"

    def parse(self, text: str) -> str:
        return text


def with_regex(regex: str) -> PathConvertor[str]:
    made: PathConvertor[str] = type("", (Letters,), {"regex": regex})()
    return made


@pytest.mark.parametrize(
    ("name", "convertor", "reason", "offset"),
    [
        ("a-b", Letters(), "no identifier", None),
        ("", Letters(), "no identifier", None),
        ("é", Letters(), "no identifier", None),
        ("x", NoRegex(), "regex is None", None),
        ("x", NoFormat(), "no method format()", None),
        ("x", with_regex("ab["), "unterminated", 2),
        ("x", with_regex("a)(?:b"), "unbalanced", 1),
        ("x", with_regex("(?i)a"), "global flags", 0),
        ("x", with_regex("(?i:a"), "unterminated", 0),
        ("x", with_regex("(?x:a#)"), "unterminated", 0),
        ("x", with_regex("(?x)a#"), "global flags", 0),
        ("x", with_regex(r"a\1"), "invalid group reference", 2),
        ("x", with_regex("(?P=y)"), "unknown group", 4),
        ("x", with_regex("(?(1)a|b)"), "invalid group reference", 3),
        ("x", with_regex("a{99999999999999}"), "too large", 0),
        ("x", with_regex("(?:" * 9000 + ")" * 9000), "too deep", 0),
        ("x", with_regex("(a|b)"), "group of its own", None),
        ("x", with_regex("(?P<y>a)"), "group of its own", None),
    ],
)
def test_bad_convertors(name: str, convertor: object, reason: str, offset: int | None) -> None:
    registry = {**BUILT_IN_CONVERTORS, name: convertor}
    with pytest.raises(ConvertorError) as caught:
        check_convertors(cast(Mapping[str, PathConvertor[object]], registry))
    error = caught.value
    assert (error.name, error.offset) == (name, offset)
    assert reason in error.reason


def test_a_good_registry() -> None:
    check_convertors({"a": Letters(), "b": with_regex("(?:a/?)*"), "_1": with_regex("")})


# Python warns of "[[" and the like, which another version may read as something else.
@pytest.mark.filterwarnings("ignore::FutureWarning")
@given(st.text("ab()[]{}?:P<>=#\\1*+|^$.-!,ixsm", max_size=12))
def test_a_regex_without_fault_can_stand_in_a_larger_one(regex: str) -> None:
    fault = find_regex_fault(regex)
    if fault is None:
        re.compile(f"x(?P<n>{regex})y")
    else:
        assert 0 <= fault[1] <= len(regex)
