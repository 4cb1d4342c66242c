"""What weft-http-parser deprecates: each warning, its replacement, the version that removes it."""

from __future__ import annotations

from support.deprecations import Row, check_rows

from weft_http_parser import StreamReader

ROWS: list[Row] = [
    Row(
        "StreamReader.unread_data()",
        since="0.1",
        gone="1.0",
        use="keep what was read instead",
        call=lambda: StreamReader().unread_data(b""),
    ),
]


def test_rows() -> None:
    check_rows("weft-http-parser", ROWS)
