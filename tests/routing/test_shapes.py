"""Shapes: the values of a path, as the regex of the pattern would have them."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_routing import Pattern, parse_pattern
from weft_routing.outline import Outlines
from weft_routing.shapes import ShapeFactory, Texts


def read(pattern: Pattern, path: str) -> Texts | None:
    """As the tree does it: the shape is asked only where the literal segments are the same."""
    segments = pattern.segments
    texts = path.split("/")
    if segments is not None and len(segments) != len(texts):
        return None
    for segment, text in zip(segments or (), texts, strict=False):
        literal = "".join(piece for piece in segment if isinstance(piece, str))
        if len(literal) == sum(map(len, map(str, segment))) and literal != text:
            return None
    found = ShapeFactory().make(Outlines().of(pattern)).read(texts, path)
    return None if found is None else tuple(found)


PATTERNS = [
    *["/{a}", "/{a}/x/{b}", "/{a}/{b}/{c}", "/x{a}", "/{a}x", "/x{a}x", "/{a}.{b}", "/{a}{b}"],
    *["/x{a}.{b}x", "/xx{a}xx{b}xx", "/{a}.{b}.{c}", r"/{a:\w*}", "/{a:x|xx}/{b}", "/{a}%7B"],
    *["/{a}%7B{b}", "/x{a:x*}", "/{a:.*}", "/{a:.+}", "/x/{a:.*}", "/x{a:.+}", "/{a!path}"],
    *["/{a:.*}x", "/{a:.*}/x", "/{a:(x)+}", "/{a:[^x]+}/{b}", "/x/{a!path}/x", "//{a}"],
]


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(PATTERNS), st.text("x./{}\n", max_size=8).map(lambda text: "/" + text))
@example("/x{a}x", "/x")
@example("/x{a}x", "/xx")
@example("/xx{a}xx{b}xx", "/xxxxxxxx")
@example("/xx{a}xx{b}xx", "/xx.xx")
@example("/{a}.{b}", "/..")
@example("/{a}.{b}", "/x.{")
@example("/{a}.{b}", "/}.x")
@example("/{a:.*}", "/\n")
def test_the_same_values_as_the_regex(text: str, path: str) -> None:
    pattern = parse_pattern(text)
    match = pattern.regex.fullmatch(path)
    expected = None if match is None else tuple(match.groupdict("").values())
    assert read(pattern, path) == expected


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("/{a}", "/{b}"),
        ("/x/{a}", "/y/{b}"),
        ("/v{a}.{b}", "/v{c}.{d}"),
        (r"/x/{a:\d+}", r"/y/{b:\d+}"),
        ("/x/{a:.*}", "/x/{b:.*}"),
    ],
)
def test_one_shape_is_made_once(one: str, two: str) -> None:
    shapes = ShapeFactory()
    made = [shapes.make(Outlines().of(parse_pattern(text))) for text in (one, two)]
    assert made[0] is made[1]
    assert shapes.make(Outlines().of(parse_pattern("/{a}/{b}"))) is not made[0]


@pytest.mark.parametrize(
    ("text", "fringe"),
    [
        ("/{a}", None),
        ("/{a:x+}", None),
        ("/x/v{a}", (2, "v", "")),
        ("/{a}/v{b}.{c}!", (2, "v", "!")),
        ("/{a:x+}.json", (1, "", ".json")),
        ("/x/y{a:.*}", (-1, "/x/y", "")),
        ("/{a:.*}x/y", (-1, "/", "x/y")),
    ],
)
def test_what_a_path_must_begin_and_end_with(text: str, fringe: object) -> None:
    pattern = parse_pattern(text)
    assert ShapeFactory().make(Outlines().of(pattern)).fringe == fringe


@pytest.mark.parametrize("text", ["/{a}.{b}", "/{a}.{b}x", "/{a}.{b}.{c}", "/x{a}x", "/{a:.*}"])
@pytest.mark.parametrize("unit", [".", "{", "x", "\n", "x."])
def test_no_text_is_tried_twice(text: str, unit: str) -> None:
    pattern = parse_pattern(text)
    shape = ShapeFactory().make(Outlines().of(pattern))
    assert_linear(
        lambda path: shape.read(["", path], "/" + path), lambda size: unit * (size // len(unit))
    )
