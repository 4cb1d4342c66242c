"""The mechanism of rows: it fails when a version arrives, a warning is missing or has no row."""

from __future__ import annotations

import warnings

import pytest
from support.deprecations import Row, check_rows, warnings_in


def warn() -> None:
    text = "weft_routing.old is deprecated since weft-routing 0.0.1; use new"
    warnings.warn(text, DeprecationWarning, stacklevel=2)


def row(*, gone: str = "99.0", use: str = "use new") -> Row:
    return Row("old", since="0.0.1", gone=gone, use=use, call=warn)


def test_a_row_that_is_due() -> None:
    with pytest.raises(AssertionError, match=r"old goes in 0\.1, and this is"):
        check_rows("weft-routing", [row(gone="0.1")])


def test_a_row_without_its_warning() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT WARN"):
        check_rows("weft-routing", [Row("old", "0.0.1", "99.0", "use new", call=str)])
    with pytest.raises(pytest.fail.Exception, match="newer"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytest issues what it did not match once more
        check_rows("weft-routing", [row(use="use newer")])


def test_a_row_that_the_source_does_not_have() -> None:
    with pytest.raises(AssertionError):
        check_rows("weft-routing", [row()])


def test_warnings_in_the_source_are_found() -> None:
    source = '@deprecated("weft_routing.Router.add(x) is deprecated since weft-routing 1.1; no")'
    assert warnings_in([source]) == {"Router.add(x)"}
