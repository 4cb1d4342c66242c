"""How long the handler of one route may take.

Decides the answer when it takes longer. Arms a timer for each request of such a route; others pay
nothing.
"""

import asyncio
from functools import wraps

from .http_errors import HTTPServiceUnavailable
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
        try:
            async with asyncio.timeout(seconds) as timer:
                return await handler(request)
        except TimeoutError as exc:
            if not timer.expired():  # the handler's own
                raise
            request.app.logger.warning(
                "%s %s took longer than its %g seconds", request.method, path, seconds
            )
            raise HTTPServiceUnavailable(text="503: this took too long") from exc

    return call
