"""Automatic answers to OPTIONS: 204 with the methods that a path has (RFC 9110 section 9.3.7).

Decides what such an answer says. Who gets one is decided where no route fits: a route for OPTIONS
or for every method is found before.
"""

from collections.abc import Iterable

from .http_errors import HTTPMethodNotAllowed
from .middleware import Handler
from .request import Request
from .response import Response
from .route_objects import AbstractRoute, Info
from .streaming import StreamResponse
from .views import VIEW_METHODS, View

OPTIONS = "OPTIONS"


class AutoOptionsRoute(AbstractRoute):
    """The route of a request that is answered with the methods of its path."""

    __slots__ = ("_allowed",)

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__(OPTIONS, self._answer)
        self._allowed = frozenset(allowed)

    async def _answer(self, request: Request) -> StreamResponse:
        return _to_response(self._allowed)

    @property
    def allowed_methods(self) -> frozenset[str]:
        """The methods of the path, OPTIONS among them."""
        return self._allowed

    def get_info(self) -> Info:
        return {"allowed_methods": self._allowed}

    def __repr__(self) -> str:
        return f"<AutoOptionsRoute {','.join(sorted(self._allowed))}>"


async def answer_options(request: Request) -> StreamResponse:
    """Answer as the route says that was made for the request."""
    response: StreamResponse = await request.match_info.route.handler(request)
    return response


def complete_view(view: type[View]) -> Handler:
    """A view that answers OPTIONS too, unless it has a method for that itself."""
    methods = {name for name in VIEW_METHODS if hasattr(view, name.lower())}
    allowed = methods | {OPTIONS}

    async def answer(request: Request) -> StreamResponse:
        method = request.method
        if method in methods:
            return await view(request)
        if method == OPTIONS:
            return _to_response(allowed)
        raise HTTPMethodNotAllowed(method, allowed)

    return answer


def _to_response(allowed: Iterable[str]) -> StreamResponse:
    return Response(status=204, headers={"Allow": ",".join(sorted(allowed))})
