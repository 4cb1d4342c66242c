"""weft_routing.Router, as one uses it alone."""

from collections.abc import Sequence

from tools.bench.routers.contender import Handler, Resolver, method_and_path
from tools.bench.tables import MISS, REFUSED, Answer, Route
from weft_routing import Match, Miss, Router


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """A frozen router of the handlers."""
    router: Router[Handler] = Router()
    for route in routes:
        router.add(route.method, route.path, handlers[route.number])
    router.freeze()
    numbers = {handler: number for number, handler in enumerate(handlers)}

    def explain(found: Match[Handler] | Miss) -> Answer:
        if isinstance(found, Match):
            return Answer(numbers[found.value], dict(found.params))
        return Answer(None, {}, REFUSED if found.allowed else MISS)

    return Resolver(router.match, method_and_path, explain)
