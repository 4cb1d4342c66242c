"""Looks for input on which the twins differ, or which breaks the C one under a sanitizer.

    python -m tools.fuzz --seconds 20
    python tools/preloaded.py libasan.so -m tools.fuzz --seconds 20

Good input is damaged, cut at random places and given to both twins; what they return, raise and
keep must be equal. A difference prints the seed that finds it again, and ends with status 1.
"""

import argparse
import importlib
import random
import sys
import time
from types import ModuleType
from typing import Protocol

from tools.fuzz import parser, websocket


class Target(Protocol):
    """One random case, which says what a twin makes of it."""

    def __init__(self, random: random.Random) -> None: ...
    def run(self, twin: ModuleType) -> list[object]: ...


class Subject(Protocol):
    """A module of targets and the specification they are about."""

    TARGETS: dict[str, type[Target]]
    PYTHON: ModuleType


TARGETS: dict[str, tuple[type[Target], ModuleType]] = {
    name: (target, subject.PYTHON)
    for subject in (parser, websocket)
    for name, target in subject.TARGETS.items()
}


def find_difference(name: str, seed: int) -> str | None:
    """What the two twins make of the case with this seed, when it is not the same."""
    target, python = TARGETS[name]
    compiled = importlib.import_module(python.__name__.removesuffix("_py") + "_c")
    case = target(random.Random(seed))
    expected, found = case.run(python), case.run(compiled)
    if expected == found:
        return None
    step = next(
        (i for i, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]), -1
    )
    lines = [f"{name} {seed}, step {step}"]
    lines += [f"  {key} = {value!r}"[:600] for key, value in vars(case).items()]
    lines += [
        f"  {twin}: {seen[step : step + 1]}"[:600]
        for twin, seen in (("py", expected), ("c", found))
    ]
    return "\n".join(lines)


def run(names: list[str], seconds: float, seed: int) -> int:
    """Cases of each target in turn until the time is over; how many differed."""
    deadline = time.monotonic() + seconds
    count = differences = 0
    while time.monotonic() < deadline and differences < 5:
        for name in names:
            difference = find_difference(name, seed + count)
            if difference is not None:
                print(difference)
                differences += 1
        count += 1
    print(f"{count} cases of {', '.join(names)} from seed {seed}: {differences} differences")
    return differences


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--target", choices=TARGETS, action="append")
    given = options.parse_args()
    seed = random.randrange(1 << 48) if given.seed is None else given.seed
    sys.exit(bool(run(given.target or list(TARGETS), given.seconds, seed)))


if __name__ == "__main__":
    main()
