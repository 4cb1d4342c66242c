"""Composing at freeze: one table of endpoints from an application and those below it.

Decides which middlewares a route passes and who answers where no route fits. Runs no request.
"""

import inspect
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeGuard

import attrs

from .auto_options import answer_options, complete_view
from .compression import Compression
from .domains import Domain, MatchedSubAppResource
from .grafting import (
    ANYWHERE,
    Line,
    count_below,
    door_to,
    is_own_throughout,
    keeps_order,
    lines_below,
    make_router,
    root_of,
    routes_of,
    spans_of,
    with_empty_name,
)
from .http_errors import HTTPMethodNotAllowed
from .match import AbstractApplication, Endpoint, Inside, UrlMappingMatchInfo
from .middleware import Handler, Middleware, fold, to_layers, warn_of_factories
from .prefixes import PrefixedSubAppResource
from .request import Request
from .resolving import (
    Resolve,
    make_404,
    make_asking_resolve,
    make_host_resolve,
    make_resolve,
    to_miss,
)
from .route_objects import AbstractResource, AbstractRoute
from .signals import Signal
from .static import StaticResource
from .streaming import StreamResponse
from .time_limit import limit_stall, limit_time
from .unreachable import UnreachableRoutes
from .views import AnyHandler, View


class Part(Protocol):
    """What composing needs of an application."""

    @property
    def auto_options(self) -> bool | None: ...
    @property
    def compression(self) -> Compression | bool | None: ...
    @property
    def middlewares(self) -> Sequence[Middleware]: ...
    @property
    def on_response_prepare(self) -> Signal[Any]: ...

    def resources(self) -> Iterable[AbstractResource]: ...


Chain = tuple[Any, ...]  # applications, outermost first


@attrs.frozen(eq=False)
class Table:
    """The routes of all applications, and what answers where none fits."""

    miss: Endpoint
    """What leads to everything else."""
    resolve: Resolve
    asks_users: bool
    """Whether resources of users decide what fits, which the miss does not know of."""


def build_table(root: Part) -> Table:
    """Compose an application with its sub-applications."""
    for app in _with_those_below(root):
        warn_of_factories(app.middlewares)
    chain: Chain = (root,)
    if not all(map(is_own_throughout, root.resources())):
        miss = _make_miss(chain, Inside())
        return Table(miss, make_asking_resolve(chain[0], miss, _compose_found), asks_users=True)
    unreachable = UnreachableRoutes()
    miss = _collect(chain, unreachable).to_miss(unreachable)
    unreachable.warn()
    assert miss.inside is not None  # of every miss
    if miss.inside.has_hosts:
        return Table(miss, make_host_resolve(miss), asks_users=False)
    assert miss.inside.routes is not None  # its own, as nothing leads to it
    return Table(miss, make_resolve(miss.inside.routes, miss), asks_users=False)


def _with_those_below(app: Any) -> Iterator[Part]:
    yield app
    for resource in app.resources():
        if isinstance(resource, MatchedSubAppResource | PrefixedSubAppResource):
            yield from _with_those_below(resource.app)


@attrs.frozen(eq=False)
class _Collected:
    """An application: its lines with those below it."""

    chain: Chain
    lines: Sequence[Line[Endpoint]]
    has_hosts: bool

    def to_miss(self, unreachable: UnreachableRoutes) -> Endpoint:
        """What answers where none of the lines fits, by a table of its own."""
        router = make_router(self.lines, unreachable.note_duplicate)
        for each in router.unreachable:
            unreachable.note(each)
        return _make_miss(self.chain, Inside(router, self.has_hosts))

    def to_joined_miss(self) -> Endpoint:
        """The same, where nothing else in the table of the lines could be taken for its own."""
        return _make_miss(self.chain, Inside())


def _collect(chain: Chain, unreachable: UnreachableRoutes) -> _Collected:
    resources = list(chain[-1].resources())
    if any(isinstance(resource, PrefixedSubAppResource) for resource in resources):
        spans, counts = spans_of(resources), count_below(resources)
    else:  # nobody asks for them
        spans, counts = {}, {}
    lines: list[Line[Endpoint]] = []
    hosts: set[str] = set()
    for at, resource in enumerate(resources):
        if isinstance(resource, MatchedSubAppResource):
            lines += _collect_domain(resource, chain, hosts, unreachable)
        elif isinstance(resource, PrefixedSubAppResource):
            below, prefix = _collect((*chain, resource.app), unreachable), resource.prefix
            inner = lines_below(prefix, below.lines)
            if not below.has_hosts and counts[prefix.anchor] == 1:
                lines += [*inner, *door_to(prefix, below.to_joined_miss())]
                continue
            if not below.has_hosts and keeps_order(at, prefix.anchor, inner, spans):
                lines += inner
            lines += door_to(prefix, below.to_miss(unreachable))
        else:
            lines += _compose_lines(resource, chain)
    return _Collected(chain, lines, bool(hosts))


def _collect_domain(
    resource: MatchedSubAppResource,
    chain: Chain,
    hosts: set[str],
    unreachable: UnreachableRoutes,
) -> list[Line[Endpoint]]:
    assert isinstance(resource.rule, Domain)  # other rules are asked
    if resource.rule.domain in hosts:
        return []  # the first application of a host has all its requests
    hosts.add(resource.rule.domain)
    below = _collect((*chain, resource.app), unreachable)
    if below.has_hosts:
        lines = door_to(ANYWHERE, below.to_miss(unreachable))
    else:
        lines = [*below.lines, *door_to(ANYWHERE, below.to_joined_miss())]
    return [line.at(resource.rule.domain) for line in lines]


def _compose_lines(resource: AbstractResource, chain: Chain) -> list[Line[Endpoint]]:
    lines = [
        Line(line.method, line.pattern, _make_endpoint(line.value, chain), line.place)
        for line in routes_of(resource)
    ]
    if isinstance(resource, StaticResource) and resource.prefix.text:
        # The directory itself: a door behind which the name is known to be empty.
        path = with_empty_name(resource)
        inner = [Line(line.method, path, line.value, line.place) for line in lines]
        lines += root_of(resource, _make_miss(chain, Inside(make_router(inner))))
    return lines


def _compose_found(info: UrlMappingMatchInfo) -> Endpoint:
    """The endpoint of what resources of users have found."""
    route: Any = info.route  # a route of this model, whoever made it
    error = info.http_exception
    if error is None:
        return _make_endpoint(route, info.apps)
    miss = _make_miss(info.apps, Inside())
    if isinstance(error, HTTPMethodNotAllowed):
        return to_miss(miss, error.method, tuple(error.allowed_methods))
    return attrs.evolve(miss, route=route, inside=None)


def _make_endpoint(route: AbstractRoute, chain: Chain) -> Endpoint:
    handler = to_callable(route.handler)
    if route.method == "*" and is_view(route.handler) and _answers_options(chain):
        handler = complete_view(route.handler)
    handler = fold(route.middlewares, handler)
    if route.options.timeout:
        label = "" if route.resource is None else route.resource.canonical
        handler = limit_time(handler, route.options.timeout, label)
    if route.options.write_timeout is not None:
        handler = limit_stall(handler, route.options.write_timeout)
    handler, first = _wrap(handler, chain)
    return Endpoint(
        handler=handler,
        route=route,
        apps=chain,
        app=first,
        hooks=_hooks(chain),
        expect_handler=route.expect_handler,
        compression=_find_compression(chain),
    )


def _make_miss(chain: Chain, inside: Inside) -> Endpoint:
    handler, first = _wrap(_raise_miss, chain)
    if _answers_options(chain):
        inside = attrs.evolve(inside, options_handler=_wrap(answer_options, chain)[0])
    return Endpoint(
        handler=handler,
        route=make_404(),
        apps=chain,
        app=first,
        hooks=_hooks(chain),
        compression=_find_compression(chain),
        inside=attrs.evolve(inside, make_route=make_404),
    )


async def _raise_miss(request: Request) -> StreamResponse:
    error = request.match_info.http_exception
    assert error is not None  # to_miss() set it
    raise error


def _answers_options(chain: Chain) -> bool:
    """Whether OPTIONS is answered: as the application says, or the next one outside that does."""
    return next((app.auto_options for app in chain[::-1] if app.auto_options is not None), False)


def _find_compression(chain: Chain) -> Compression | None:
    """What is compressed: as the application says, or the next one outside that does."""
    found = next((app.compression for app in chain[::-1] if app.compression is not None), None)
    return found if isinstance(found, Compression) else None


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
        handler = fold(to_layers(chain[index].middlewares, chain[index]), handler)
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
