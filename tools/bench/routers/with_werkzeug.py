"""werkzeug's map, bound to a host once."""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from tools.bench.routers.contender import Handler, Resolver
from tools.bench.tables import MISS, REFUSED, Answer, Ask, Route

_Found = tuple[Any, Mapping[str, str]] | int


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A map that is sorted already."""
    rules = [
        Rule(
            route.path.replace("{", "<").replace("}", ">"),
            methods=[route.method],
            endpoint=handlers[route.number],
        )
        for route in routes
    ]
    table = Map(rules)
    table.update()
    numbers: dict[Any, int] = {handler: number for number, handler in enumerate(handlers)}
    find = table.bind("localhost").match

    def resolve(path: str, method: str) -> _Found:
        try:
            return find(path, method)
        except NotFound:
            return MISS
        except MethodNotAllowed:
            return REFUSED

    def explain(found: _Found) -> Answer:
        if isinstance(found, int):
            return Answer(None, {}, found)
        return Answer(numbers[found[0]], found[1])

    return Resolver(resolve, _prepare, explain)


def _prepare(asks: Sequence[Ask]) -> Sequence[tuple[str, str]]:
    return [(ask.path, ask.method) for ask in asks]
