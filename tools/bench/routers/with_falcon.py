"""falcon's compiled router; it compiles when it is asked for the first time.

A resource of falcon has all methods of a path; what it does not have is answered by a responder
of falcon's own.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from falcon.routing import CompiledRouter

from tools.bench.routers.contender import Handler, Resolver, method_and_path
from tools.bench.tables import MISS, REFUSED, Answer, Route

_Found = tuple[Any, Mapping[str, str]] | None


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A compiled router of one resource for each path."""
    numbers: dict[Any, int] = {}
    resources: dict[str, SimpleNamespace] = {}
    for route in routes:
        responder = _make_responder()
        numbers[responder] = route.number
        resource = resources.setdefault(route.path, SimpleNamespace())
        setattr(resource, f"on_{route.method.lower()}", responder)
    router = CompiledRouter()
    for path, resource in resources.items():
        router.add_route(path, resource)
    find = router.find
    find("/")

    def resolve(method: str, path: str) -> _Found:
        found = find(path)
        if found is None:
            return None
        _, methods, params, _ = found
        return methods[method], params

    def explain(found: _Found) -> Answer:
        if found is None:
            return Answer(None, {}, MISS)
        number = numbers.get(found[0])
        if number is None:
            return Answer(None, {}, REFUSED)
        return Answer(number, found[1])

    return Resolver(resolve, method_and_path, explain)


def _make_responder() -> Any:
    def respond(request: object, response: object, **params: str) -> None:
        raise AssertionError("resolving calls no responder")

    return respond
