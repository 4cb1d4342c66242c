"""How long the handler of one route may take, and how long its client may take nothing.

Decides the answer when it takes longer. Arms a timer for each request of such a route; others pay
nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any, Protocol, cast

from weft_http_parser import Link

from .http_errors import HTTPServiceUnavailable, in_own_words
from .middleware import Handler
from .request import Request
from .streaming import StreamResponse


def limit_time(handler: Handler, seconds: float, path: str) -> Handler:
    """Cancel a handler that takes longer, log that, and raise 503.

    503 and not 504: it is this server that was too slow for its own rule, and 504 is what a
    handler's own TimeoutError becomes, which often tells of a server behind. Where the answer is
    under way already, the connection is cut off, as for any error that comes so late.

    `path` is what the log shows: the pattern, as a log repeats nothing of a request.
    """

    @wraps(handler)
    async def call(request: Request) -> StreamResponse:
        label = f"{request.method} {path}"
        answer: StreamResponse = await run_limited(
            handler, request, seconds, (request.app.logger, label)
        )
        return answer

    return call


async def run_limited(
    handler: Callable[[Any], Awaitable[Any]],
    request: Any,
    seconds: float,
    told: tuple[logging.Logger, str],
) -> Any:
    """What a handler returns, if it does so in time; `told` is the logger and what it names."""
    try:
        async with asyncio.timeout(seconds) as timer:
            return await handler(request)
    except TimeoutError as exc:
        if not timer.expired():  # the handler's own
            raise
        logger, label = told
        logger.warning("%s took longer than its %g seconds", label, seconds)
        raise in_own_words(HTTPServiceUnavailable, "503: this took too long") from exc


def limit_stall(handler: Handler, seconds: float) -> Handler:
    """Cut a client off that takes nothing of this handler's answer for so long; 0 is never."""
    limit = seconds or None

    @wraps(handler)
    async def call(request: Request) -> StreamResponse:
        # The answer is sent behind the handler, in its task.
        request.task.add_done_callback(
            partial(_set_back, cast(_Exchange, request.exchange).carrier)
        )
        request.protocol.write_timeout_seconds = limit
        return await handler(request)

    return call


class _Carrier(Protocol):
    """What is asked of a connection."""

    @property
    def exchange(self) -> Any: ...
    @property
    def host(self) -> Any: ...
    @property
    def link(self) -> Link: ...


class _Exchange(Protocol):
    """What is asked of an exchange."""

    @property
    def carrier(self) -> _Carrier: ...


def _set_back(carrier: _Carrier, task: object) -> None:
    """What holds is the server's again, unless the next request has begun and has its own."""
    exchange = carrier.exchange
    endpoint = None if exchange is None else exchange.endpoint
    if endpoint is None or endpoint.route.options.write_timeout is None:
        carrier.link.write_timeout_seconds = carrier.host.options.deadlines.write
