"""What weft-web-server deprecates: each warning, its replacement, the version that removes it."""

from __future__ import annotations

from support.deprecations import Row, check_rows

ROWS: list[Row] = []


def test_rows() -> None:
    check_rows("weft-web-server", ROWS)
