"""Middlewares folded into one call."""

from typing import Any, cast

from weft_client_session import ClientRequest, ClientResponse
from weft_client_session.middleware import ClientHandlerType, ClientMiddlewareType, fold


async def test_the_first_is_outermost() -> None:
    order: list[str] = []

    def named(name: str) -> ClientMiddlewareType:
        async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            order.append(f"{name} in")
            response = await handler(request)
            order.append(f"{name} out")
            return response

        return middleware

    async def handler(request: ClientRequest) -> ClientResponse:
        order.append("handler")
        return cast(Any, request)  # type: ignore[no-any-return]  # only passed through

    folded = fold([named("a"), named("b")], handler)
    request = cast(ClientRequest, object())
    assert await folded(request) is cast(Any, request)
    assert order == ["a in", "b in", "handler", "b out", "a out"]
    assert fold([], handler) is handler
