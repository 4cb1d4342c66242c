"""aiohttp's UrlDispatcher, as its server asks it: one coroutine for each request."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from tools.bench.routers.contender import Handler, Resolver
from tools.bench.tables import Answer, Ask, Route


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A frozen application."""
    app = web.Application()
    for route in routes:
        handler: Any = handlers[route.number]
        app.router.add_route(route.method, route.path, handler)
    app.freeze()
    numbers: dict[Any, int] = {handler: number for number, handler in enumerate(handlers)}

    def explain(info: web.UrlMappingMatchInfo) -> Answer:
        if info.http_exception is not None:
            return Answer(None, {}, info.http_exception.status)
        return Answer(numbers[info.handler], dict(info))

    return Resolver(app.router.resolve, _prepare, explain, is_async=True)


def _prepare(asks: Sequence[Ask]) -> Sequence[tuple[web.Request]]:
    requests = [(make_mocked_request(ask.method, ask.path),) for ask in asks]
    for (request,) in requests:
        request.rel_url.raw_path  # noqa: B018  a server's request has made its URL already
    return requests
