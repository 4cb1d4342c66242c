"""Client middlewares, folded into one call. Knows nothing of connections.

A middleware is `async def middleware(request, handler) -> response`; it calls `await
handler(request)` as often as it likes.
"""

from collections.abc import Awaitable, Callable, Sequence

from weft_client_session.request import ClientRequest
from weft_client_session.response import ClientResponse

ClientHandlerType = Callable[[ClientRequest], Awaitable[ClientResponse]]
ClientMiddlewareType = Callable[[ClientRequest, ClientHandlerType], Awaitable[ClientResponse]]


def fold(
    middlewares: Sequence[ClientMiddlewareType], handler: ClientHandlerType
) -> ClientHandlerType:
    """The handler with the middlewares around it; the first one is outermost."""
    for middleware in reversed(middlewares):
        handler = _wrap(middleware, handler)
    return handler


def _wrap(middleware: ClientMiddlewareType, handler: ClientHandlerType) -> ClientHandlerType:
    async def wrapped(request: ClientRequest) -> ClientResponse:
        return await middleware(request, handler)

    return wrapped
