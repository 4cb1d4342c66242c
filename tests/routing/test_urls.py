"""URLs from patterns, and back."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_routing import BadValue, Match, MissingValue, Router, UnknownValue, build_url


@pytest.mark.parametrize(
    ("pattern", "values", "url"),
    [
        ("/a", {}, "/a"),
        ("", {}, ""),
        ("/lit é", {}, "/lit%20%C3%A9"),
        ("/a b/%2F/{x}/k", {"x": "é "}, "/a%20b/%2F/%C3%A9%20/k"),
        ("/{x}", {"x": "a/b"}, "/a%2Fb"),
        ("/{x:.*}", {"x": "a/b"}, "/a/b"),
        ("/{x}", {"x": "%2F"}, "/%252F"),
        ("/{x}", {"x": "?#[]@!$&'()*+,;=:"}, "/%3F%23%5B%5D@!$&'()*+,;=:"),
        (r"/{a}-{b:\d+}", {"a": "p", "b": "1"}, "/p-1"),
    ],
)
def test_build(pattern: str, values: dict[str, str], url: str) -> None:
    assert str(build_url(pattern, values)) == url


def test_values_are_checked() -> None:
    with pytest.raises(MissingValue, match="'y'"):
        build_url("/{x}/{y}", {"x": "1"})
    with pytest.raises(UnknownValue, match="'z'"):
        build_url("/{x}", {"x": "1", "z": "2"})
    with pytest.raises(BadValue, match="int"):
        build_url("/{x}", {"x": cast(str, 5)})


texts = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), min_size=1)


@given(texts, texts)
def test_round_trip(first: str, second: str) -> None:
    router = Router[str]()
    route = router.add("GET", "/r/{x}/{y:(?s:.*)}", "value")
    router.freeze()
    url = build_url(route.pattern, {"x": first, "y": second})
    match = router.match("GET", url.raw_path)
    assert isinstance(match, Match)
    assert match.params["x"] == first
    assert match.params["y"] == second
