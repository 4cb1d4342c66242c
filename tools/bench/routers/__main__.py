"""A contender as a process of its own: ``python -m tools.bench.routers MODULE SHAPE SIZE``.

Every answer is checked before it is timed. Then "ROW<tab>SECONDS" is answered with the calls that
were made and what they took.
"""

import importlib
import json
import sys
import tracemalloc
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import repeat
from typing import Any

from tools.bench.routers.contender import Contender, Resolver, make_handlers
from tools.bench.spending import spend
from tools.bench.tables import LONG_PATH_ROW, Ask, plan_asks, plan_table

UNABLE: Mapping[str, Sequence[str]] = {
    "with_aiohttp": (LONG_PATH_ROW,),  # more than a second for each
    "with_weft_web": (LONG_PATH_ROW,),  # no server takes a request line so long
}
Calls = Sequence[tuple[Any, ...]]


def check(resolver: Resolver, row: str, asks: Sequence[Ask], calls: Calls) -> None:
    """Stop at the first answer that is wrong."""
    for ask, arguments in zip(asks, calls, strict=True):
        result = resolver.call(*arguments)
        told = resolver.explain(_finish(result) if resolver.is_async else result)
        if told != ask.answer:
            path = ask.path[:50]
            raise SystemExit(f"{row}: {ask.method} {path} gave {told}, not {ask.answer}")


def make_loop(resolver: Resolver, calls: Calls) -> Callable[[int], None]:
    """All calls in turn, so many times as asked."""
    if resolver.is_async:
        return lambda batch: _finish(_await_with(batch, resolver.call, [one for (one,) in calls]))
    if len(calls[0]) == 1:
        return lambda batch: _call_with(batch, resolver.call, [one for (one,) in calls])
    return lambda batch: _call_with_both(batch, resolver.call, calls)


def _call_with(batch: int, call: Callable[[object], object], calls: Sequence[object]) -> None:
    for _ in repeat(None, batch):
        for one in calls:
            call(one)


def _call_with_both(batch: int, call: Callable[[object, object], object], calls: Calls) -> None:
    for _ in repeat(None, batch):
        for one, two in calls:
            call(one, two)


async def _await_with(batch: int, call: Callable[..., Any], calls: Sequence[object]) -> None:
    for _ in repeat(None, batch):
        for one in calls:
            await call(one)


def _finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise SystemExit("resolving waits for something")


def weigh(contender: Contender, shape: str, size: int) -> float:
    """Bytes for each route by tracemalloc: the table alone, without handlers and texts of paths."""
    contender.build(plan_table(shape, 10), make_handlers(10))  # what is made once is no part of it
    routes, handlers = plan_table(shape, size), make_handlers(size)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = contender.build(routes, handlers)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return (after - before) / size


def main() -> None:
    """Build and check, say which rows there are, then answer until standard input ends."""
    name, shape, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    contender: Any = importlib.import_module(f"tools.bench.routers.{name}")
    if "--weigh" in sys.argv:
        print(json.dumps({"bytes": weigh(contender, shape, size)}), flush=True)
        return
    resolver: Resolver = contender.build(plan_table(shape, size), make_handlers(size))
    loops: dict[str, tuple[Callable[[int], None], int]] = {}
    for row, asks in plan_asks(shape, size).items():
        if row not in UNABLE.get(name, ()):
            calls = resolver.prepare(asks)
            check(resolver, row, asks, calls)
            loops[row] = make_loop(resolver, calls), len(calls)
    print(json.dumps({"rows": "\t".join(loops)}), flush=True)
    for line in sys.stdin:
        row, _, seconds = line.rstrip("\n").partition("\t")
        loop, count = loops[row]
        print(json.dumps(spend(loop, float(seconds), count)), flush=True)


if __name__ == "__main__":
    main()
