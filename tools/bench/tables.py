"""What routers are measured on: tables of routes, what is asked of them, and what must come out.

Knows paths and numbers only. Templates have their parameters in braces; a contender that writes
them in another way translates. A path is asked for in several places of a table, so that nothing
is gained by keeping the last answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from tools.bench.goals import Goal

SIZES: Final = (10, 100, 1_000, 10_000)
MIXED, SHARED = "mixed", "shared"
SHAPES: Final = (MIXED, SHARED)
MISS, REFUSED = 404, 405
LONG_PATH_ROW: Final = "100 KiB of slashes"
LONG_PATH: Final = "/" * 102_400
LONGEST_MICROSECONDS: Final = 1_000.0
GREATEST_GROWTH: Final = 1.3
GROWN: Final = ("static", "one parameter", "three parameters", "last in table", "miss")
OURS: Final = ("weft", "weft.web")
_BLOCK: Final = 10  # the routes of one repetition of the mixed table
_PLACES: Final = 8


@attrs.frozen
class Route:
    """One line of a table; its number is its place."""

    number: int
    method: str
    path: str


@attrs.frozen
class Answer:
    """What a table says of a request: the route's number, or the status of a refusal."""

    route: int | None
    params: Mapping[str, str]
    status: int = 200


@attrs.frozen
class Ask:
    """One request to a table, and the answer that is right."""

    method: str
    path: str
    answer: Answer


def plan_table(shape: str, size: int) -> list[Route]:
    """The routes of a table, in the order in which they are added."""
    lines = _mixed_lines(size) if shape == MIXED else _shared_lines(size)
    return [Route(number, method, path) for number, (method, path) in enumerate(lines)]


def plan_asks(shape: str, size: int) -> Mapping[str, Sequence[Ask]]:
    """The rows that are measured on a table."""
    places = _PLACES if shape == SHARED else min(_PLACES, size // _BLOCK)
    span = size if shape == SHARED else size // _BLOCK
    chosen = [(place * span + span // 2) // places for place in range(places)]
    if shape == SHARED:
        return {"shared prefix": [_ask_shared(number) for number in chosen]}
    rows: dict[str, Sequence[Ask]] = {}
    for title in _ask_mixed(0, size):
        rows[title] = [_ask_mixed(block, size)[title] for block in chosen]
    rows[LONG_PATH_ROW] = [Ask("GET", LONG_PATH, Answer(None, {}, MISS))]
    return rows


def goals_of(row: str, size: int) -> Sequence[Goal]:
    """What is to be reached on one row of a table of one size."""
    if row == LONG_PATH_ROW:
        return ()
    goals = [Goal(name, "aiohttp", 4) for name in OURS]
    if size >= 100:
        goals.append(Goal("weft", "falcon", 1))
    goals.append(Goal("weft", "matchit", 1 / 1.5))
    return goals


def row_title(row: str, size: int) -> str:
    """How a row of a table is called in the results."""
    return f"{size:,}: {row}"


def _mixed_lines(size: int) -> Iterator[tuple[str, str]]:
    for block in range(size // _BLOCK):
        yield "GET", f"/static{block}"
        yield "GET", f"/static{block}/list"
        yield "GET", f"/static{block}/list/all"
        for method in ("GET", "POST", "DELETE"):
            yield method, f"/one{block}/{{id}}"
        yield "GET", f"/two{block}/{{id}}/of/{{name}}"
        for method in ("GET", "PUT"):
            yield method, f"/three{block}/{{owner}}/x/{{project}}/y/{{number}}"
        yield "GET", f"/last{block}/{{id}}"


def _shared_lines(size: int) -> Iterator[tuple[str, str]]:
    for number in range(size):
        yield "GET", f"/shared/{{tenant}}/kind{number}/{{id}}"


def _ask_mixed(block: int, size: int) -> Mapping[str, Ask]:
    first = block * _BLOCK
    key, last = f"k{block}", size // _BLOCK - 1
    three = {"owner": "someone", "project": "a-project", "number": key}
    three_path = f"/three{block}/someone/x/a-project/y"
    return {
        "static": Ask("GET", f"/static{block}/list", Answer(first + 1, {})),
        "one parameter": Ask("GET", f"/one{block}/{key}", Answer(first + 3, {"id": key})),
        "three parameters": Ask("GET", f"{three_path}/{key}", Answer(first + 7, three)),
        "last in table": Ask("GET", f"/last{last}/{key}", Answer(size - 1, {"id": key})),
        "third method": Ask("DELETE", f"/one{block}/{key}", Answer(first + 5, {"id": key})),
        "405": Ask("PATCH", f"/one{block}/{key}", Answer(None, {}, REFUSED)),
        "miss": Ask("GET", f"/nothing{block}/is/here", Answer(None, {}, MISS)),
        "miss in the end": Ask("GET", three_path, Answer(None, {}, MISS)),
    }


def _ask_shared(number: int) -> Ask:
    params = {"tenant": "someone", "id": f"k{number}"}
    return Ask("GET", f"/shared/someone/kind{number}/k{number}", Answer(number, params))
