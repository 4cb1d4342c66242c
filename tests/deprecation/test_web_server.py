"""What weft-web-server deprecates: each warning, its replacement, the version that removes it."""

from __future__ import annotations

from support.deprecations import Row, check_rows

from weft_web_server import Application, Handler


def freeze_with_factory() -> None:
    async def factory(app: Application, handler: Handler) -> Handler:
        return handler

    Application(middlewares=[factory]).freeze()  # type: ignore[list-item]  # the old style has no type


ROWS = [
    Row(
        "Application(middlewares=[factory])",
        since="0.1.0",
        gone="0.4.0",
        use="write a middleware as async def middleware(request, handler)",
        call=freeze_with_factory,
    ),
]


def test_rows() -> None:
    check_rows("weft-web-server", ROWS)
