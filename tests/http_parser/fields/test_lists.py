"""Lists and weights."""

import pytest

from weft_http_parser import parse_quality_list, parse_tokens


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", []),
        (" , ,\t", []),
        ("close", ["close"]),
        ("keep-alive , Upgrade,,x", ["keep-alive", "Upgrade", "x"]),
        ("a\u00a0,b", ["a\u00a0", "b"]),
    ],
)
def test_tokens(text: str, members: list[str]) -> None:
    assert parse_tokens(text) == members


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", []),
        ("gzip", [("gzip", 1.0)]),
        ("gzip;q=0", [("gzip", 0.0)]),
        ("a;q=0.1, B ; Q=0.900, c;q=1.000", [("c", 1.0), ("b", 0.9), ("a", 0.1)]),
        ("text/html;level=1;q=0.5, */*", [("*/*", 1.0), ("text/html;level=1", 0.5)]),
        ("a;q=0., b;q=1", [("b", 1.0), ("a", 0.0)]),
        ("b, a", [("b", 1.0), ("a", 1.0)]),
    ],
)
def test_weights(text: str, members: list[tuple[str, float]]) -> None:
    assert parse_quality_list(text) == members


@pytest.mark.parametrize(
    "weight", ["", "2", "1.001", "0.1234", "-1", ".5", "0.a", "nan", "0.\u0665", "1e0", "00"]
)
def test_members_of_malformed_weight_are_left_out(weight: str) -> None:
    assert parse_quality_list(f"a;q={weight}, b") == [("b", 1.0)]
