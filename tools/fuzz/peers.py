"""Where this package and other parsers read the same bytes in different ways.

    python -m tools.fuzz.peers --seconds 60

Good and bad messages are damaged and given to this package, to h11 and to llhttp. Every difference
must fall in a class of `tools.fuzz.differences`; the number in each is printed, and one in none
ends with status 1. So does any difference between this package's twins, or between two ways of
cutting the same bytes. Knows nothing of why parsers differ.
"""

import argparse
import random
import sys
import time
from collections import Counter
from random import Random

from tools.fuzz import connections
from tools.fuzz.courses import make_input
from tools.fuzz.differences import CLASSES
from tools.fuzz.divergence import Divergence, Kind, find_divergence
from tools.fuzz.readers import READERS, Stop, read_here

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
        found = [*_try_peers(seed + tried, counts), *_try_twins(seed + tried, counts)]
        for text in found:
            print(seed + tried, text)
        unknown += len(found)
        tried += 1
    for name, count in sorted(counts.items()):
        print(f"{count:9}  {name}")
    print(f"{tried} inputs from seed {seed}: {unknown} differences without a class")
    return unknown


def _try_peers(seed: int, counts: Counter[str]) -> list[str]:
    """Count the classes of one input's differences; those without one."""
    unknown = []
    wire, asked, has_eof = make_input(Random(seed))
    for peer in READERS:
        found = compare(peer, wire, asked, has_eof)
        name = None if found is None else classify(peer, found)
        counts[f"{peer}: {found.kind.name.lower()}: {name}" if found else f"{peer}: the same"] += 1
        if found is not None and name is None:
            unknown.append(f"{peer}: {found}")
    return unknown


def _try_twins(seed: int, counts: Counter[str]) -> list[str]:
    found = connections.find_difference(connections.make_course(Random(seed)))
    counts["twins and cuts: the same" if found is None else "twins and cuts: different"] += 1
    return [] if found is None else [found]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=None)
    given = options.parse_args()
    seed = random.randrange(1 << 48) if given.seed is None else given.seed
    sys.exit(bool(run(given.seconds, seed)))


if __name__ == "__main__":
    main()
