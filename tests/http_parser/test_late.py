"""Names that load with their first use."""

import pytest

from weft_http_parser.late import late_names


def test_a_name_is_loaded_once_and_kept() -> None:
    namespace: dict[str, object] = {"__name__": "package"}
    load, list_names = late_names(namespace, {"math": ["pi", "tau"], "string": ["digits"]})
    assert list_names() == ["__name__", "digits", "pi", "tau"]
    assert "digits" not in namespace
    assert load("digits") == "0123456789"
    assert namespace == {"__name__": "package", "digits": "0123456789"}


def test_another_name_is_no_attribute() -> None:
    load, _ = late_names({"__name__": "package"}, {"math": ["pi"]})
    with pytest.raises(AttributeError, match=r"^module 'package' has no attribute 'digits'$"):
        load("digits")
