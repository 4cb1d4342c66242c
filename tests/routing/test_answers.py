"""Routes, matches and misses as values."""

from __future__ import annotations

import pytest

from weft_routing import Match, Miss, Route, parse_pattern
from weft_routing.answers import NOT_FOUND, make_match


def route_of(method: str, path: str) -> Route[int]:
    pattern = parse_pattern(path)
    return Route(method, pattern, 7, None, 0, pattern.names)


def test_a_route() -> None:
    route = route_of("GET", "/notes/{id:[0-9]+}")
    assert (route.path, route.canonical) == ("/notes/{id:[0-9]+}", "/notes/{id}")
    assert (route.host, route.place) == (None, None)
    assert route != route_of("GET", "/notes/{id:[0-9]+}")
    assert [route.takes(method) for method in ("GET", "HEAD", "get")] == [True, False, False]
    assert route_of("*", "/").takes("ANY")


def test_a_match() -> None:
    route = route_of("GET", "/{a}")
    match = make_match(route, {"a": "1"})
    assert (match.value, match.route, match.params) == (7, route, {"a": "1"})
    assert match.values is match.params
    assert make_match(route, {"a": "1"}, {"a": 1}).values == {"a": 1}
    assert match == make_match(route, {"a": "1"})
    assert "params={'a': '1'}" in repr(match)
    with pytest.raises(TypeError):
        Match(7, {}, route)  # type: ignore[call-arg]  # that is the point


def test_a_miss() -> None:
    assert NOT_FOUND == Miss()
    assert Miss(("GET",)) != Miss(("PUT",))
    with pytest.raises(AttributeError):
        NOT_FOUND.allowed = ("GET",)  # type: ignore[misc]  # that is the point
