"""Bounds that stand before an application: requests at once, requests of a connection, time.

Decides which request is refused before its handler is looked for. Each bound wraps the function
that finds handlers, and only where it is set: a server without bounds runs none of this.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, cast

from weft_http_parser import RequestHead

from .http_errors import HTTPServiceUnavailable, in_own_words
from .request import BaseRequest
from .serve import Resolve
from .settings import ServerOptions
from .time_limit import run_limited

Answer = Callable[[Any], Awaitable[Any]]
RETRY_AFTER_SECONDS: Final = 1


def admit(resolve: Resolve, options: ServerOptions) -> Resolve:
    """What finds a handler, behind the bounds that are set."""
    if options.deadlines.handler:
        resolve = _limit_time(resolve, options.deadlines.handler, options.logger)
    if options.bounds.max_concurrent_requests:
        resolve = _limit_requests(resolve, options.bounds.max_concurrent_requests)
    if options.bounds.max_requests_per_connection:
        resolve = _limit_connection(resolve, options.bounds.max_requests_per_connection)
    return resolve


def count_requests(resolve: Resolve, on_request: Callable[[], object]) -> Resolve:
    """The same, which calls `on_request` for each."""

    def count(request: BaseRequest) -> Answer:
        on_request()
        return resolve(request)

    return count


def _limit_time(resolve: Resolve, seconds: float, logger: logging.Logger) -> Resolve:
    """A bound for every handler whose route sets none; a route's own, 0 too, goes before."""

    def find(request: BaseRequest) -> Answer:
        handler = resolve(request)
        endpoint = request.exchange.endpoint
        if endpoint is not None and endpoint.route.options.timeout is not None:
            return handler

        async def limited(request: BaseRequest) -> Any:
            return await run_limited(handler, request, seconds, (logger, "a handler"))

        return limited

    return find


async def _refuse(request: BaseRequest) -> Any:
    raise in_own_words(
        HTTPServiceUnavailable,
        "503: too many requests at once",
        {"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _limit_requests(resolve: Resolve, most: int) -> Resolve:
    at_work = 0

    def find(request: BaseRequest) -> Answer:
        if at_work >= most:
            return _refuse
        handler = resolve(request)

        async def counted(request: BaseRequest) -> Any:
            nonlocal at_work
            at_work += 1
            try:
                return await handler(request)
            finally:
                at_work -= 1

        return counted

    return find


class _Carrier(Protocol):
    """A connection that counts its requests."""

    requests: int


class _Exchange(Protocol):
    """What a bound needs of an exchange."""

    carrier: _Carrier
    head: RequestHead


def _limit_connection(resolve: Resolve, most: int) -> Resolve:
    def find(request: BaseRequest) -> Answer:
        exchange = cast(_Exchange, request.exchange)
        exchange.carrier.requests += 1
        if exchange.carrier.requests >= most:
            exchange.head.persistent = False  # the answer says `Connection: close`
        return resolve(request)

    return find
