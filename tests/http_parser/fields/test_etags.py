"""Entity tags."""

import pytest

from weft_http_parser import ETAG_ANY, ETag, format_etag, parse_etags


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
