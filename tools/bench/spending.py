"""The inside of a contender that waits for nobody: calls for a while, and the time they took."""

import gc
import time
from collections.abc import Callable

BATCH_SECONDS = 0.005


def spend(loop: Callable[[int], None], seconds: float, calls: int = 1) -> dict[str, float]:
    """Run a loop for about so long, which makes `calls` calls in each of the turns it is told.

    Turns are counted in batches, so that no clock is read between calls.
    """
    batch = 1
    while _time(loop, batch) < BATCH_SECONDS:  # warms caches up as well
        batch *= 2
    gc.collect()
    turns, began, began_cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        loop(batch)
        turns += batch
    cpu = time.process_time() - began_cpu
    return {"count": turns * calls, "seconds": time.perf_counter() - began, "cpu": cpu}


def _time(loop: Callable[[int], None], batch: int) -> float:
    began = time.perf_counter()
    loop(batch)
    return time.perf_counter() - began
