"""What weft's server does between a request and its handler, and the match info beside it.

The requests are real ones: a server of ours on a free port was asked for each. aiohttp's resolving
makes a match info always; here it is made on first use, which is why it is asked for.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from tools.bench.routers.contender import Handler, Resolver
from tools.bench.tables import Answer, Ask, Route
from weft.test_utils import TestServer
from weft.web import Application, HTTPException, Request, Response, UrlMappingMatchInfo


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A frozen application."""
    app = Application()
    for route in routes:
        handler: Any = handlers[route.number]
        app.router.add_route(route.method, route.path, handler)
    app.freeze()
    numbers: dict[Any, int] = {handler: number for number, handler in enumerate(handlers)}
    resolve_handler = app.resolve

    def resolve(request: Request) -> UrlMappingMatchInfo:
        request._match_info = None  # a request is resolved once; these are asked again and again
        resolve_handler(request)
        return request.match_info

    def explain(info: UrlMappingMatchInfo) -> Answer:
        error = info.http_exception
        if isinstance(error, HTTPException):
            return Answer(None, {}, error.status)
        return Answer(numbers[info.handler], dict(info))

    return Resolver(resolve, _prepare, explain)


def _prepare(asks: Sequence[Ask]) -> Sequence[tuple[Request]]:
    return asyncio.run(_collect(asks))


async def _collect(asks: Sequence[Ask]) -> Sequence[tuple[Request]]:
    kept: list[tuple[Request]] = []

    async def keep(request: Request) -> Response:
        kept.append((request,))
        return Response()

    app = Application()
    app.router.add_route("*", "/{path:.*}", keep)
    async with TestServer(app, access_log=None) as server:
        for ask in asks:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = f"{ask.method} {ask.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            writer.write(head.encode() + b"\r\n")
            await reader.read()
            writer.close()
            await writer.wait_closed()
    return kept
