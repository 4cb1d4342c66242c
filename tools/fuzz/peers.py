"""Where this package and other parsers read the same bytes in different ways.

    python -m tools.fuzz.peers --seconds 60

Good and bad messages are damaged and given to this package, to h11 and to llhttp. Every difference
must fall in a class of `tools.fuzz.differences`; the number in each is printed, and one in none
ends with status 1. Knows nothing of why parsers differ.
"""

import argparse
import importlib
import random
import sys
import time
from collections import Counter
from functools import cache
from random import Random
from typing import Any

import attrs

from tools.fuzz.differences import CLASSES
from tools.fuzz.divergence import Divergence, Kind, find_divergence
from tools.fuzz.mutate import damage
from tools.fuzz.readers import READERS, Stop, read_here
from tools.fuzz.seeds import TESTS

# Input


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


_TAILS = (b"\r\n\r\n", b"0\r\n\r\n", b"\r\n0\r\n\r\n")
"""What makes a peer decide that looks at whole lines only."""


def compare(peer: str, wire: bytes, asked: bytes, has_eof: bool) -> Divergence | None:
    """Where this package and the peer differ."""
    if peer == "llhttp":
        if asked == b"HEAD":
            return None  # there is no way to tell llhttp
        has_eof = False
    read = READERS[peer]
    ours = read_here(wire, asked, has_eof)
    found = find_divergence(wire, asked, ours, read(wire, asked, has_eof))
    if found is None or found.kind is not Kind.ACCEPTS or found.theirs.stop is not Stop.WAITS:
        return found
    if found.there is not None and found.there.is_over:
        return found
    # It has not decided: only what it does not refuse in the end is a difference.
    ends = [read(wire + tail, asked, has_eof) for tail in _TAILS]
    for theirs in ends:
        there = theirs.at(found.index)
        if there is not None and (found.here is None or there.is_over):
            return Divergence(Kind.ACCEPTS, wire, found.index, ours, theirs, asked)
    return None if all(theirs.stop is Stop.REFUSED for theirs in ends) else found


def classify(peer: str, found: Divergence) -> str | None:
    """The name of the class of a difference."""
    for each in CLASSES:
        if peer in each.peers and each.kind is found.kind and each.holds(found):
            return each.name
    return None


# The command


def run(seconds: float, seed: int) -> int:
    """Compare until the time is over; how many differences had no class."""
    deadline = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    unknown = tried = 0
    while time.monotonic() < deadline and unknown < 5:
        wire, asked, has_eof = make_input(Random(seed + tried))
        for peer in READERS:
            found = compare(peer, wire, asked, has_eof)
            if found is None:
                counts[f"{peer}: the same"] += 1
                continue
            name = classify(peer, found)
            counts[f"{peer}: {found.kind.name.lower()}: {name}"] += 1
            if name is None:
                unknown += 1
                print(f"{peer} {seed + tried}: {found}")
        tried += 1
    for name, count in sorted(counts.items()):
        print(f"{count:9}  {name}")
    print(f"{tried} inputs from seed {seed}: {unknown} differences without a class")
    return unknown


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=None)
    given = options.parse_args()
    seed = random.randrange(1 << 48) if given.seed is None else given.seed
    sys.exit(bool(run(given.seconds, seed)))


if __name__ == "__main__":
    main()
