"""One dictionary of whole paths: the least that a table can cost. It knows no parameters."""

from collections.abc import Mapping, Sequence

from tools.bench.routers.contender import Handler, Resolver, method_and_path
from tools.bench.tables import MISS, REFUSED, Answer, Ask, Route


def build(routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver:
    """The paths that will be asked for are put beside the templates, with their parameters."""
    table: dict[str, dict[str, tuple[Handler, Mapping[str, str]]]] = {}
    for route in routes:
        table.setdefault(route.path, {})[route.method] = handlers[route.number], {}
    numbers = {handler: number for number, handler in enumerate(handlers)}

    def prepare(asks: Sequence[Ask]) -> Sequence[tuple[str, str]]:
        for ask in asks:
            if ask.answer.route is not None:
                found = handlers[ask.answer.route], ask.answer.params
                table.setdefault(ask.path, {})[ask.method] = found
            elif ask.answer.status == REFUSED:
                table.setdefault(ask.path, {})
        return method_and_path(asks)

    def resolve(method: str, path: str) -> tuple[Handler, Mapping[str, str]] | int:
        methods = table.get(path)
        if methods is None:
            return MISS
        return methods.get(method, REFUSED)

    def explain(result: tuple[Handler, Mapping[str, str]] | int) -> Answer:
        if isinstance(result, int):
            return Answer(None, {}, result)
        return Answer(numbers[result[0]], result[1])

    return Resolver(resolve, prepare, explain)
