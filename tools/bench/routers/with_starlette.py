"""starlette's routes, asked one after the other as its router does it.

No more of the router is measured than that: what it does with a match would not be fair to count.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.routing import Match, Route, Router

from tools.bench import tables
from tools.bench.routers.contender import Handler, Resolver
from tools.bench.tables import MISS, REFUSED, Answer, Ask

_Found = tuple[Any, Mapping[str, str]] | int


def build(routes: Sequence[tables.Route], handlers: Sequence[Handler]) -> Resolver:
    """A router with a route for each line."""
    router = Router(
        [Route(route.path, handlers[route.number], methods=[route.method]) for route in routes]
    )
    numbers: dict[Any, int] = {handler: number for number, handler in enumerate(handlers)}
    lines = router.routes

    def resolve(scope: dict[str, Any]) -> _Found:
        status = MISS
        for line in lines:
            match, child = line.matches(scope)
            if match is Match.FULL:
                return child["endpoint"], child["path_params"]
            if match is Match.PARTIAL:
                status = REFUSED
        return status

    def explain(found: _Found) -> Answer:
        if isinstance(found, int):
            return Answer(None, {}, found)
        return Answer(numbers[found[0]], found[1])

    return Resolver(resolve, _prepare, explain)


def _prepare(asks: Sequence[Ask]) -> Sequence[tuple[dict[str, Any]]]:
    return [
        ({"type": "http", "method": ask.method, "path": ask.path, "root_path": ""},)
        for ask in asks
    ]
