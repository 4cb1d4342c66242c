"""A contender as a process of its own: ``python -m tools.bench.parsers MODULE [--pure]``.

Answers "TITLE<tab>SECONDS" with the calls that it made and what they took, and "memory" with the
bytes that a kept head takes, the bytes that it was read from included.
"""

import gc
import importlib
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable

from tools.bench.messages import REQUESTS

Case = Callable[[], object]
KEPT_HEADS = 1000


def spend(case: Case, seconds: float) -> dict[str, float]:
    """Call for about so long; the calls are counted in batches, so that no clock is read between."""
    batch = _calibrate(case)
    gc.collect()
    count, began, began_cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        for _ in range(batch):
            case()
        count += batch
    cpu = time.process_time() - began_cpu
    return {"count": count, "seconds": time.perf_counter() - began, "cpu": cpu}


def _calibrate(case: Case) -> int:
    """How many calls take about five milliseconds; warms caches up as well."""
    batch = 1
    while True:
        began = time.perf_counter()
        for _ in range(batch):
            case()
        if time.perf_counter() - began > 0.005:
            return batch
        batch *= 2


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
        told = spend(cases[title], float(seconds)) if seconds else weigh(contender.make_reader())
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
