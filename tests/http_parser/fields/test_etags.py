"""Entity tags."""

import pytest
from support.growth import assert_linear

from weft_http_parser import (
    ETAG_ANY,
    ETag,
    allows_if_match,
    allows_if_none_match,
    format_etag,
    is_strong_match,
    is_weak_match,
    parse_etag,
    parse_etags,
)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('"a"', [ETag("a")]),
        ('W/"a"', [ETag("a", True)]),
        (' "a" , W/"b",, "c,d"', [ETag("a"), ETag("b", True), ETag("c,d")]),
        ('""', [ETag("")]),
        ('"é"', [ETag("é")]),
        ("*", [ETag(ETAG_ANY)]),
        ("", []),
        ("a", []),
        ('w/"a"', []),
        ("W/*", []),
        ('*, "a"', []),
        ('"a" "b"', []),
        ('"a", b', [ETag("a")]),
        ('"a", "b', [ETag("a")]),
        ('"a b"', []),
        ('"\x7f"', []),
    ],
)
def test_tags(text: str, tags: list[ETag]) -> None:
    assert parse_etags(text) == tuple(tags)


def test_tags_over_several_lines() -> None:
    assert parse_etags(['"a"', 'W/"b"']) == (ETag("a"), ETag("b", True))


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ('"a"', ETag("a")),
        ('W/"a" ', ETag("a", True)),
        ('""', ETag("")),
        ("", None),
        ("a", None),
        ('"a", "b"', None),
        ('"a', None),
        ("*", None),
    ],
)
def test_one_tag(text: str, tag: ETag | None) -> None:
    assert parse_etag(text) == tag


STRONG, WEAK, OTHER = ETag("1"), ETag("1", is_weak=True), ETag("2")


@pytest.mark.parametrize(
    ("first", "second", "strongly", "weakly"),
    [  # the table of RFC 9110 8.8.3.2
        (WEAK, WEAK, False, True),
        (WEAK, ETag("2", is_weak=True), False, False),
        (WEAK, STRONG, False, True),
        (STRONG, STRONG, True, True),
        (STRONG, OTHER, False, False),
    ],
)
def test_comparison(first: ETag, second: ETag, strongly: bool, weakly: bool) -> None:
    assert is_strong_match(first, second) == is_strong_match(second, first) == strongly
    assert is_weak_match(first, second) == is_weak_match(second, first) == weakly


@pytest.mark.parametrize(
    ("field", "current", "match", "none_match"),
    [
        ("*", STRONG, True, False),
        ("*", WEAK, True, False),
        ("*", None, False, True),
        ('"1"', None, False, True),
        ('"0", "1"', STRONG, True, False),
        ('W/"1"', STRONG, False, False),
        ('"1"', WEAK, False, False),
        ('"2"', STRONG, False, True),
        ("", STRONG, False, True),
    ],
)
def test_conditions(field: str, current: ETag | None, match: bool, none_match: bool) -> None:
    listed = parse_etags(field)
    assert allows_if_match(listed, current) == match
    assert allows_if_none_match(listed, current) == none_match


@pytest.mark.parametrize("pattern", ['"', ",", " ", '"a",', 'W/"', 'W/"a" ,', "*"])
def test_tags_take_linear_time(pattern: str) -> None:
    for function in (parse_etag, parse_etags):
        assert_linear(function, lambda size: pattern * (size // len(pattern)))


def test_the_number_of_tags_is_bounded() -> None:
    assert len(parse_etags('"a",' * 1000)) == 256


def test_formatting() -> None:
    assert format_etag(ETag("a")) == '"a"'
    assert str(ETag("a", is_weak=True)) == 'W/"a"'
    assert str(ETag(ETAG_ANY)) == "*"


@pytest.mark.parametrize("value", ['a"', "a b", "a\r\n", "\x7f"])
def test_no_tag_breaks_out(value: str) -> None:
    with pytest.raises(ValueError, match="not a valid etag"):
        format_etag(ETag(value))
