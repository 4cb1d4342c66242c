"""A contender as a process of its own: ``python -m tools.bench.parsers MODULE [--pure]``.

Answers "TITLE<tab>SECONDS" with the calls that it made and what they took, and "memory" with the
bytes that a kept head takes, the bytes that it was read from included.
"""

import importlib
import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from itertools import repeat

from tools.bench.messages import REQUESTS
from tools.bench.parsers.case import Case
from tools.bench.spending import spend

KEPT_HEADS = 1000


def run(case: Case, seconds: float) -> dict[str, float]:
    """Call for about so long."""
    loop = _LOOPS[len(case) - 1]
    return spend(lambda batch: loop(batch, *case), seconds)


# Plain calls, as a program makes them: an argument list put together anew would cost as much as a
# small head.
def _call(batch: int, function: Callable[[], object]) -> None:
    for _ in repeat(None, batch):
        function()


def _call_with(batch: int, function: Callable[[object], object], one: object) -> None:
    for _ in repeat(None, batch):
        function(one)


def _call_with_both(
    batch: int, function: Callable[[object, object], object], one: object, two: object
) -> None:
    for _ in repeat(None, batch):
        function(one, two)


_LOOPS: tuple[Callable[..., None], ...] = (_call, _call_with, _call_with_both)


def weigh(read: Callable[[bytes], object]) -> dict[str, float]:
    """What tracemalloc says of heads that are kept, each read from bytes of its own."""
    data = bytearray(REQUESTS["12 fields"])
    read(bytes(data))  # what is made once is no part of it
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [read(bytes(data)) for _ in range(KEPT_HEADS)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"bytes": (after - before) / len(kept)}


def main() -> None:
    """Say which cases there are, then answer until standard input ends."""
    if "--pure" in sys.argv:
        os.environ["WEFT_NO_EXTENSIONS"] = "1"
    contender = importlib.import_module(f"tools.bench.parsers.{sys.argv[1]}")
    cases = contender.cases()
    print(json.dumps({"cases": "\t".join(cases)}), flush=True)
    for line in sys.stdin:
        title, _, seconds = line.rstrip("\n").partition("\t")
        told = run(cases[title], float(seconds)) if seconds else weigh(contender.make_reader())
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
