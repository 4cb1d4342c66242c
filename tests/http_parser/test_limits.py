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


NAMES = [field.name for field in attrs.fields(Limits)]


@pytest.mark.parametrize("name", NAMES)
def test_what_can_be_no_limit(name: str) -> None:
    with pytest.raises(ValueError, match=f"the limit {name} is at least 0, not -1"):
        Limits(**{name: -1})
    for other in ("10", 1.0, None, True):
        kind = type(other).__name__
        with pytest.raises(TypeError, match=f"the limit {name} is an int, not {kind}"):
            Limits(**{name: other})  # type: ignore[arg-type]  # what is refused at run time
    assert getattr(Limits(**{name: 0}), name) == 0


def test_the_largest_body_is_the_largest_that_can_be_said() -> None:
    assert Limits(body=2**63 - 1) == DEFAULT_LIMITS
    with pytest.raises(ValueError, match="at most 2"):
        Limits(body=2**63)
    assert Limits(ahead=2**64).ahead == 2**64


def test_limits_are_values() -> None:
    assert Limits(line=1) == Limits(line=1) != DEFAULT_LIMITS
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        DEFAULT_LIMITS.line = 1  # type: ignore[misc]  # that it cannot be set is what is tested
