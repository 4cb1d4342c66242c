"""What peers send in the targets about whole connections: conformance cases, damaged or not.

Knows where the cases lie; knows nothing of who reads them.
"""

import importlib
import sys
from functools import cache
from random import Random
from typing import Any

import attrs

from tools.fuzz.mutate import damage
from tools.fuzz.seeds import TESTS


@attrs.frozen
class Seed:
    """Bytes to begin from."""

    wire: bytes
    asked: bytes = b""


@cache
def read_seeds() -> tuple[Seed, ...]:
    """The conformance cases that are short."""
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    cases: Any = importlib.import_module("conformance.catalogue").CASES
    return tuple(
        Seed(case.wire, b"" if not case.request else case.request.partition(b" ")[0])
        for case in cases
        if len(case.wire) < 1500 and not case.request.startswith(b"CONNECT")
    )


def make_input(random: Random) -> tuple[bytes, bytes, bool]:
    """Bytes, the method that was asked, and whether the bytes end there."""
    seed = random.choice(read_seeds())
    wire = damage(random, seed.wire)
    if random.random() < 0.2:
        more = random.choice(read_seeds())
        wire += damage(random, more.wire) if bool(more.asked) == bool(seed.asked) else b""
    return wire, seed.asked, random.random() < 0.2
