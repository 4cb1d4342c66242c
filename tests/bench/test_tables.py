"""The tables are of the size that they say, and their answers are those of a plain search."""

import re

import pytest

from tools.bench.tables import (
    LONG_PATH,
    LONG_PATH_ROW,
    MISS,
    MIXED,
    REFUSED,
    SHAPES,
    SHARED,
    SIZES,
    Answer,
    Ask,
    Route,
    goals_of,
    plan_asks,
    plan_table,
    row_title,
)


def search(routes: list[Route], ask: Ask) -> Answer:
    status = MISS
    for route in routes:
        regex = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        match = re.fullmatch(regex, ask.path)
        if match is not None and route.method == ask.method:
            return Answer(route.number, match.groupdict())
        if match is not None:
            status = REFUSED
    return Answer(None, {}, status)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_size(shape: str, size: int) -> None:
    routes = plan_table(shape, size)
    assert [route.number for route in routes] == list(range(size))
    assert len({(route.method, route.path) for route in routes}) == size


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES[:3])
def test_answers(shape: str, size: int) -> None:
    routes = plan_table(shape, size)
    for row, asks in plan_asks(shape, size).items():
        for ask in asks:
            assert search(routes, ask) == ask.answer, row


@pytest.mark.parametrize("size", SIZES)
def test_rows_are_asked_for_all_over_the_table(size: int) -> None:
    asked = {ask.path for ask in plan_asks(SHARED, size)["shared prefix"]}
    assert len(asked) == 8
    rows = plan_asks(MIXED, size)
    assert len({ask.path for ask in rows["static"]}) == min(8, size // 10)
    assert {ask.answer.route for ask in rows["last in table"]} == {size - 1}


def test_the_same_rows_at_every_size() -> None:
    for shape in SHAPES:
        assert len({tuple(plan_asks(shape, size)) for size in SIZES}) == 1


def test_long_path() -> None:
    (ask,) = plan_asks(MIXED, 10)[LONG_PATH_ROW]
    assert ask.path == LONG_PATH and len(LONG_PATH) == 100 * 1024


def test_goals() -> None:
    rivals = [(goal.contender, goal.rival) for goal in goals_of("static", 10)]
    assert rivals == [("weft", "aiohttp"), ("weft.web", "aiohttp"), ("weft", "matchit")]
    assert ("weft", "falcon") in [(g.contender, g.rival) for g in goals_of("static", 100)]
    assert goals_of(LONG_PATH_ROW, 10) == ()


def test_title() -> None:
    assert row_title("static", 10_000) == "10,000: static"
