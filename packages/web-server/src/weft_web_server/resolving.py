"""From a request to its endpoint: by a table made at freeze, or by asking resources of users.

Decides what a request gets that no route fits. Folds nothing: endpoints come from composing.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeAlias

import attrs

from weft_http_parser import MARK_OTHER_TARGET
from weft_routing import Match, Miss, Router

from .auto_options import OPTIONS, AutoOptionsRoute
from .http_errors import HTTPMethodNotAllowed, HTTPNotFound
from .match import (
    NOTHING_FOUND,
    AbstractApplication,
    Endpoint,
    Found,
    Inside,
    UrlMappingMatchInfo,
)
from .middleware import Handler
from .request import Request
from .route_objects import ANY_METHOD, SystemRoute
from .streaming import StreamResponse
from .targets import named_host, routed_path

Resolve: TypeAlias = Callable[[Request], Handler]
"""Finds the handler for a request, and notes the match in the request's exchange."""

_USUAL_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
# A table has few combinations of methods; only hundreds of routes that overlap have more.
_MOST_REFUSALS = 256


class TableResolve:
    """The way of every request through a table.

    `find` is what it asks, for who need not call this where that finds an endpoint at once.
    """

    __slots__ = ("_outer_miss", "find")

    def __init__(self, router: Router[Endpoint], outer_miss: Endpoint) -> None:
        self.find = router.match
        self._outer_miss = outer_miss

    def __call__(self, request: Request) -> Handler:
        exchange, head = request.exchange, request._head
        path = head.target
        if head.marks & MARK_OTHER_TARGET or "?" in path or "#" in path:
            path = routed_path(head)
        match = self.find(head.method, path)
        if type(match) is Match:
            endpoint = match.value
            if endpoint.inside is None:
                exchange.endpoint = endpoint
                exchange.match = match
                return endpoint.handler
            ask = head.method, path, named_host(head) or ""
            endpoint, exchange.match = _find_behind(endpoint, self._outer_miss.inside, ask)
        else:
            assert isinstance(match, Miss)
            endpoint = to_miss(self._outer_miss, head.method, match.allowed)
        exchange.endpoint = endpoint
        return endpoint.handler


def make_resolve(router: Router[Endpoint], outer_miss: Endpoint) -> Resolve:
    """The way of every request through a table; `outer_miss` is for what is not in it."""
    return TableResolve(router, outer_miss)


def make_host_resolve(outer_miss: Endpoint) -> Resolve:
    """The way of every request to an application that has others by host."""

    def resolve(request: Request) -> Handler:
        exchange, head = request.exchange, request._head
        path, host = routed_path(head), named_host(head) or ""
        endpoint, exchange.match = find_inside(outer_miss, head.method, path, host)
        exchange.endpoint = endpoint
        return endpoint.handler

    return resolve


def find_inside(miss: Endpoint, method: str, path: str, host: str = "") -> tuple[Endpoint, Found]:
    """The endpoint for a request that came to an application, and the parameters of its path."""
    return _find_behind(miss, None, (method, path, host))


def _find_behind(
    miss: Endpoint, outer: Inside | None, ask: tuple[str, str, str]
) -> tuple[Endpoint, Found]:
    """The same for a miss that the table of `outer` has led to; `ask` is method, path and host."""
    method, path, host = ask
    while True:
        inside = miss.inside
        assert inside is not None  # of every miss
        if inside.routes is None:
            assert outer is not None  # which led here
            assert outer.routes is not None
            # What is for any method is the way to here. Only its own routes come before that.
            each = outer.routes.match_each(path, host if outer.has_hosts else None)
            allowed = tuple(sorted(each.keys() - {ANY_METHOD}))
            return to_miss(miss, method, allowed), NOTHING_FOUND
        found = inside.routes.match(method, path, host if inside.has_hosts else None)
        if not isinstance(found, Match):
            return to_miss(miss, method, found.allowed), NOTHING_FOUND
        if found.value.inside is None:
            return found.value, found
        miss, outer = found.value, inside


def to_miss(miss: Endpoint, method: str, allowed: tuple[str, ...]) -> Endpoint:
    """The endpoint of one request that no route fits: 405 where the path has other methods, or
    an automatic answer to OPTIONS.
    """
    if not allowed:
        return miss  # which answers 404
    assert miss.inside is not None  # of every miss
    refusals = miss.inside.refusals
    endpoint = refusals.get((method, allowed))
    if endpoint is None:
        endpoint = _refuse(miss, miss.inside, method, allowed)
        # Clients choose the method, and paths decide what is allowed: not everything is kept.
        if method in _USUAL_METHODS and len(refusals) < _MOST_REFUSALS:
            refusals[method, allowed] = endpoint
    return endpoint


def _refuse(miss: Endpoint, inside: Inside, method: str, allowed: tuple[str, ...]) -> Endpoint:
    if inside.options_handler is not None:
        allowed = tuple(sorted({*allowed, OPTIONS}))
        if method == OPTIONS:
            route = AutoOptionsRoute(allowed)
            return attrs.evolve(miss, handler=inside.options_handler, route=route, inside=None)
    make_route = partial(_make_405, method, allowed)
    inside = attrs.evolve(inside, make_route=make_route)
    return attrs.evolve(miss, route=make_route(), inside=inside)


def make_404() -> SystemRoute:
    """The route of a request to a path that nothing has."""
    return SystemRoute(HTTPNotFound())


def _make_405(method: str, allowed: tuple[str, ...]) -> SystemRoute:
    return SystemRoute(HTTPMethodNotAllowed(method, allowed))


class AskingRouter(Protocol):
    """A router that asks its resources."""

    async def resolve(self, request: Request) -> UrlMappingMatchInfo: ...


def make_asking_resolve(
    root: AbstractApplication,
    pending: Endpoint,
    compose: Callable[[UrlMappingMatchInfo], Endpoint],
) -> Resolve:
    """The way of every request to an application where code of users decides what fits.

    Until the resources have answered `pending` is the endpoint. Middlewares are folded for each
    request, since any route may come.
    """
    router: AskingRouter = root.router  # type: ignore[assignment]  # to requests it is names only

    async def answer(request: Request) -> StreamResponse:
        info = await router.resolve(request)
        info.add_app(root)
        info.freeze()
        endpoint = compose(info)
        request.found(endpoint, info)
        if "Expect" in request.headers:
            response: StreamResponse | None = await info.expect_handler(request)
            if response is not None:
                return response
        found: StreamResponse = await endpoint.handler(request)
        return found

    async def go_on(request: Request) -> None:
        """The Expect field is answered when the route is known."""

    pending = attrs.evolve(pending, handler=answer, expect_handler=go_on)

    def resolve(request: Request) -> Handler:
        request.exchange.endpoint = pending
        return answer

    return resolve
