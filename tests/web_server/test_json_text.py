import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_web_server import json_text
from weft_web_server.json_text import format_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(values)
def test_text_is_that_of_the_standard_library(value: Any) -> None:
    assert format_json(value) == json.dumps(value)


@pytest.mark.parametrize("value", [object(), {"a": [set()]}, {(1,): 1}])
def test_what_has_no_json(value: Any) -> None:
    with pytest.raises(TypeError) as expected:
        json.dumps(value)
    with pytest.raises(TypeError) as caught:
        format_json(value)
    assert str(caught.value) == str(expected.value)


def test_circles_are_told_and_leave_nothing() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        format_json(circle)
    circle.clear()
    assert format_json([circle, circle]) == "[[], []]"


def test_deep_nests_are_no_circles() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError):
        format_json(deep)


def test_without_the_encoder_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "_encode", None)
    assert format_json({"a": 1}) == '{"a": 1}'
    monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    assert json_text._make_encode() is None
    monkeypatch.setattr(
        json.encoder, "c_make_encoder", lambda *settings: lambda data, level: ("other",)
    )
    assert json_text._make_encode() is None
