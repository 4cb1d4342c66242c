"""Composing at freeze: one table of endpoints from an application and those below it.

Decides which middlewares a route passes and who answers where no route fits. Runs no request.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeGuard

import attrs

from weft_http_parser import MARK_OTHER_TARGET
from weft_routing import DuplicateRoute, Match, Miss, Router

from .auto_options import OPTIONS, AutoOptionsRoute, answer_options, complete_view
from .http_errors import HTTPException, HTTPMethodNotAllowed, HTTPNotFound
from .match import AbstractApplication, Endpoint
from .middleware import Handler, Middleware, fold
from .request import Request
from .resources import (
    AbstractResource,
    AnyHandler,
    PrefixedSubAppResource,
    ResourceRoute,
    SystemRoute,
    View,
)
from .signals import Signal
from .streaming import StreamResponse
from .targets import routed_path
from .time_limit import limit_time


class Part(Protocol):
    """What composing needs of an application."""

    @property
    def auto_options(self) -> bool | None: ...
    @property
    def middlewares(self) -> Sequence[Middleware]: ...
    @property
    def on_response_prepare(self) -> Signal[Any]: ...

    def resources(self) -> Sequence[AbstractResource]: ...


Chain = tuple[Any, ...]  # applications, outermost first
Resolve: TypeAlias = Callable[[Request], Handler]
"""Finds the handler for a request, and notes the match in the request's exchange."""


@attrs.frozen(eq=False)
class Table:
    """The routes of all applications, and what answers where none fits."""

    router: Router[Endpoint]
    miss: Endpoint
    resolve: Resolve


def build_table(root: Part) -> Table:
    """Compose an application with its sub-applications."""
    router: Router[Endpoint] = Router()
    miss = _collect((root,), "", (router,))
    router.freeze()
    return Table(router, miss, _make_resolve(router, miss))


def _make_resolve(router: Router[Endpoint], outer_miss: Endpoint) -> Resolve:
    find = router.match

    def resolve(request: Request) -> Handler:
        exchange, head = request.exchange, request._head
        path = head.target
        if head.marks & MARK_OTHER_TARGET or "?" in path or "#" in path:
            path = routed_path(head)
        match = find(head.method, path)
        if type(match) is Match:
            endpoint = match.value
            if endpoint.error is None:
                exchange.endpoint = endpoint
                exchange.match = match
                return endpoint.handler
        else:
            endpoint = outer_miss
        exchange.endpoint = endpoint = to_miss(endpoint, head.method, path)
        return endpoint.handler

    return resolve


def _collect(chain: Chain, prefix: str, outer: tuple[Router[Endpoint], ...]) -> Endpoint:
    """Add the routes of an application to its own table and to those of its parents."""
    own: Router[Endpoint] = Router()
    routers = (*outer, own)
    for resource in chain[-1].resources():
        if isinstance(resource, PrefixedSubAppResource):
            _collect((*chain, resource.app), prefix + resource.own_prefix, routers)
            continue
        for path, route in resource.routes():
            endpoint = _make_endpoint(route, chain)
            for router in routers:
                router.add(route.method, prefix + path, endpoint)
    own.freeze()
    miss = _make_miss(chain, own)
    if prefix:
        _add_miss(outer[0], prefix, miss)
    return miss


def _add_miss(router: Router[Endpoint], prefix: str, miss: Endpoint) -> None:
    """What no route of a sub-application takes is still its own, to refuse."""
    for path in (prefix, prefix + "/{tail:.*}"):
        try:
            router.add("*", path, miss)
        except DuplicateRoute:
            pass  # a route of the sub-application takes everything


def _make_endpoint(route: ResourceRoute, chain: Chain) -> Endpoint:
    handler = to_callable(route.handler)
    if route.method == "*" and is_view(route.handler) and _answers_options(chain):
        handler = complete_view(route.handler)
    handler = fold(route.middlewares, handler)
    if route.options.timeout:
        handler = limit_time(handler, route.options.timeout, route.resource.canonical)
    handler, first = _wrap(handler, chain)
    return Endpoint(
        handler=handler,
        route=route,
        apps=chain,
        app=first,
        hooks=_hooks(chain),
        expect_handler=route.expect_handler,
    )


def _make_miss(chain: Chain, own_routes: Router[Endpoint]) -> Endpoint:
    handler, first = _wrap(_raise_miss, chain)
    options_handler = _wrap(answer_options, chain)[0] if _answers_options(chain) else None
    error = HTTPNotFound()
    return Endpoint(
        handler=handler,
        route=SystemRoute(error),
        apps=chain,
        app=first,
        hooks=_hooks(chain),
        error=error,
        own_routes=own_routes,
        options_handler=options_handler,
    )


def to_miss(miss: Endpoint, method: str, path: str) -> Endpoint:
    """The endpoint of one request that no route fits: 405 where the path has other methods, or
    an automatic answer to OPTIONS.
    """
    assert miss.own_routes is not None  # every miss has them
    found = miss.own_routes.match(method, path)
    error: HTTPException
    if not (isinstance(found, Miss) and found.allowed):
        error = HTTPNotFound()
    elif miss.options_handler is None:
        error = HTTPMethodNotAllowed(method, found.allowed)
    elif method == OPTIONS:
        route = AutoOptionsRoute({*found.allowed, OPTIONS})
        return attrs.evolve(miss, handler=miss.options_handler, route=route, error=None)
    else:
        error = HTTPMethodNotAllowed(method, {*found.allowed, OPTIONS})
    # An error is made for each request: raising one leaves a traceback in it.
    return attrs.evolve(miss, route=SystemRoute(error), error=error)


async def _raise_miss(request: Request) -> StreamResponse:
    error = request.match_info.http_exception
    assert error is not None  # to_miss() set it
    raise error


def _answers_options(chain: Chain) -> bool:
    """Whether OPTIONS is answered: as the application says, or the next one outside that does."""
    return next((app.auto_options for app in chain[::-1] if app.auto_options is not None), False)


def _hooks(chain: Chain) -> tuple[Signal[Any], ...]:
    return tuple(app.on_response_prepare for app in chain if len(app.on_response_prepare))


def _wrap(handler: Handler, chain: Chain) -> tuple[Handler, AbstractApplication]:
    """Put the middlewares of all applications around a handler.

    `request.app` is the application whose middleware is at work. Where the outer ones have no
    middleware nobody can see the difference, and the request begins further in.
    """
    first = 0
    while first < len(chain) - 1 and not chain[first].middlewares:
        first += 1
    for index in range(len(chain) - 1, -1, -1):
        handler = fold(chain[index].middlewares, handler)
        if index > first:
            handler = _enter(chain[index], chain[index - 1], handler)
    return handler, chain[first]


def _enter(app: AbstractApplication, outer: AbstractApplication, handler: Handler) -> Handler:
    async def enter(request: Request) -> StreamResponse:
        request.enter(app)
        try:
            return await handler(request)
        finally:
            request.enter(outer)

    return enter


def to_callable(handler: AnyHandler) -> Handler:
    """The coroutine function to call for a handler."""
    if is_view(handler):
        return _from_view(handler)
    call = getattr(handler, "__call__", None)  # noqa: B004  an object may have an async one
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call):
        return handler
    return _from_function(handler)


def is_view(handler: AnyHandler) -> TypeGuard[type[View]]:
    """Whether a handler is a class of handlers."""
    return isinstance(handler, type)


def _from_view(view: type[View]) -> Handler:
    async def answer(request: Request) -> StreamResponse:
        return await view(request)

    return answer


def _from_function(handler: Any) -> Handler:
    """A function that gives a coroutine, or the response itself."""

    async def answer(request: Request) -> Any:
        result: Awaitable[StreamResponse] | StreamResponse = handler(request)
        return await result if inspect.isawaitable(result) else result

    return answer
