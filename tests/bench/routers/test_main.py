"""Every contender that is installed gives the answers that it will be timed with."""

import importlib
from typing import Any

import attrs
import pytest

from tools.bench.routers.__main__ import UNABLE, check, make_loop, weigh
from tools.bench.routers.contender import Resolver, make_handlers, method_and_path
from tools.bench.routing import CONTENDERS
from tools.bench.tables import SHAPES, Answer, Ask, plan_asks, plan_table

ASK = Ask("GET", "/a", Answer(1, {}))


def load(module: str) -> Any:
    pytest.importorskip(module.removeprefix("with_").partition("_")[0])
    return importlib.import_module(f"tools.bench.routers.{module}")


@pytest.mark.parametrize("module", [m for m in CONTENDERS.values() if m != "with_dict"])
@pytest.mark.parametrize("shape", SHAPES)
def test_contender(module: str, shape: str) -> None:
    resolver = load(module).build(plan_table(shape, 100), make_handlers(100))
    for row, asks in plan_asks(shape, 100).items():
        if row not in UNABLE.get(module, ()):
            calls = resolver.prepare(asks)
            check(resolver, row, asks, calls)
            make_loop(resolver, calls)(2)


@pytest.mark.parametrize("shape", SHAPES)
def test_limit(shape: str) -> None:
    contender = importlib.import_module("tools.bench.routers.with_dict")
    resolver = contender.build(plan_table(shape, 100), make_handlers(100))
    for row, asks in plan_asks(shape, 100).items():
        check(resolver, row, asks, resolver.prepare(asks))


def answer_with(answer: Answer) -> Resolver:
    return Resolver(lambda method, path: answer, method_and_path, lambda result: result)


@pytest.mark.parametrize(
    "wrong", [Answer(2, {}), Answer(1, {"id": "7"}), Answer(None, {}, 404), Answer(1, {}, 405)]
)
def test_a_wrong_answer_is_not_timed(wrong: Answer) -> None:
    check(answer_with(ASK.answer), "row", [ASK], [("GET", "/a")])
    with pytest.raises(SystemExit, match=r"^row: GET /a gave Answer.*, not Answer\(route=1"):
        check(answer_with(wrong), "row", [ASK], [("GET", "/a")])


@pytest.mark.parametrize(("size", "is_async"), [(1, False), (2, False), (1, True)])
def test_loop(size: int, is_async: bool) -> None:
    made: list[tuple[str, ...]] = []

    async def wait(*arguments: str) -> None:
        made.append(arguments)

    def call(*arguments: str) -> None:
        made.append(arguments)

    resolver = attrs.evolve(
        answer_with(ASK.answer), call=wait if is_async else call, is_async=is_async
    )
    calls = [("a", "b")[:size], ("c", "d")[:size]]
    make_loop(resolver, calls)(3)
    assert made == calls * 3


def test_weight_is_of_the_table_alone() -> None:
    class Contender:
        def build(self, routes: Any, handlers: Any) -> Any:
            return [bytes(1000) for _ in routes]

    assert 1000 <= weigh(Contender(), "mixed", 1000) < 1100
