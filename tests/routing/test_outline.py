"""Outlines: what tables need of a pattern."""

from __future__ import annotations

import pytest

from weft_routing import BUILT_IN_CONVERTORS, parse_pattern
from weft_routing.outline import Outlines, is_literal, to_token
from weft_routing.pattern import ANY_SEGMENT

PLAIN = ((ANY_SEGMENT, id(None)),)


@pytest.mark.parametrize(
    ("text", "texts", "wild", "tokens"),
    [
        ("/a/{b}", ("", "a", ""), (2,), (PLAIN,)),
        ("/{a}/b/{c}/", ("", "", "b", "", ""), (1, 3), (PLAIN, PLAIN)),
        ("/x/v{a}", ("", "x", ""), (2,), (("v", *PLAIN),)),
        ("/{a!int}", ("", ""), (1,), None),
    ],
)
def test_segments(text: str, texts: object, wild: object, tokens: object) -> None:
    outline = Outlines().of(parse_pattern(text))
    if tokens is None:
        convertor = BUILT_IN_CONVERTORS["int"]
        tokens = (((convertor.regex, id(convertor)),),)
    assert (outline.texts, outline.wild, outline.tokens) == (texts, wild, tokens)
    assert outline.segments == parse_pattern(text).segments


def test_segments_that_cannot_be_told_apart() -> None:
    outline = Outlines().of(parse_pattern("/a/{b:.*}"))
    assert (outline.segments, outline.texts, outline.wild, outline.tokens) == (None, (), (), ())


def test_a_pattern_is_read_once() -> None:
    outlines, pattern = Outlines(), parse_pattern("/{a}")
    assert outlines.of(pattern) is outlines.of(pattern)
    assert outlines.of(pattern) is not outlines.of(parse_pattern("/{a}"))


def test_names_do_not_count() -> None:
    one, two = (parse_pattern(text).segments or () for text in ("/v{a}", "/v{b}"))
    assert to_token(one[1]) == to_token(two[1])
    assert [is_literal(segment) for segment in one] == [True, False]
