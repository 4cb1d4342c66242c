"""weft_routing.Router, as one uses it alone."""

from collections.abc import Mapping, Sequence

from tools.bench.routers.contender import Handler, Resolver, method_and_path
from tools.bench.tables import MISS, REFUSED, Answer, Route
from weft_routing import Match, Router

_Found = tuple[Handler, Mapping[str, str]] | tuple[str, ...]


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A frozen router of the handlers."""
    router: Router[Handler] = Router()
    for route in routes:
        router.add(route.method, route.path, handlers[route.number])
    router.freeze()
    numbers = {handler: number for number, handler in enumerate(handlers)}
    find = router.match

    def resolve(method: str, path: str) -> _Found:
        match = find(method, path)
        if type(match) is Match:
            return match.value, match.params
        return match.allowed  # type: ignore[union-attr]  # mypy: `type() is` narrows one way

    def explain(found: _Found) -> Answer:
        if len(found) == 2 and not isinstance(found[0], str):
            return Answer(numbers[found[0]], dict(found[1]))
        return Answer(None, {}, REFUSED if found else MISS)

    return Resolver(resolve, method_and_path, explain)
