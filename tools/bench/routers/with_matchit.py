"""matchit, a radix tree in Rust, by its bindings; the methods of a path are a dictionary."""

from collections.abc import Mapping, Sequence
from typing import Any

import matchit

from tools.bench.routers.contender import Handler, Resolver, method_and_path
from tools.bench.tables import MISS, REFUSED, Answer, Route

_Found = tuple[Any, Mapping[str, str]] | int


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A tree of the paths."""
    paths: dict[str, dict[str, Handler]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = handlers[route.number]
    tree: Any = matchit.Router()
    for path, methods in paths.items():
        tree.insert(path, methods)
    numbers: dict[Any, int] = {handler: number for number, handler in enumerate(handlers)}
    find = tree.at

    def resolve(method: str, path: str) -> _Found:
        try:
            found = find(path)
        except LookupError:
            return MISS
        handler = found.value.get(method)
        return REFUSED if handler is None else (handler, found.params)

    def explain(found: _Found) -> Answer:
        if isinstance(found, int):
            return Answer(None, {}, found)
        return Answer(numbers[found[0]], found[1])

    return Resolver(resolve, method_and_path, explain)
