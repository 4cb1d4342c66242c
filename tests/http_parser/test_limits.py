import attrs
import pytest

from weft_http_parser import DEFAULT_LIMITS, Limits


def test_defaults() -> None:
    assert attrs.asdict(DEFAULT_LIMITS) == {
        "line": 8190,
        "field": 8190,
        "fields": 128,
        "head": 65_536,
        "empty_lines": 4,
        "chunk_line": 4096,
        "chunk_extensions": 16_384,
        "trailer_fields": 32,
        "trailers": 16_384,
        "body": 2**63 - 1,
        "ahead": 1_048_576,
    }


def test_limits_are_values() -> None:
    assert Limits(line=1) == Limits(line=1) != DEFAULT_LIMITS
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        DEFAULT_LIMITS.line = 1  # type: ignore[misc]  # that it cannot be set is what is tested
