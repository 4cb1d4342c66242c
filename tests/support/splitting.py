"""Ways of feeding the same bytes: whole, byte by byte, at random places."""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

WAYS = ("whole", "bytes", "random")


def split(data: bytes, way: str, seed: int = 0) -> Iterator[bytes]:
    """The pieces of some bytes, in order, none of them empty."""
    if way == "whole":
        cuts: list[int] = []
    elif way == "bytes":
        cuts = list(range(1, len(data)))
    else:
        chance = random.Random(f"{seed}{len(data)}")
        cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 9)))
    return split_at(data, cuts)


def split_at(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """The pieces between those indexes."""
    last = 0
    for cut in sorted({*cuts, len(data)}):
        if last < cut <= len(data):
            yield data[last:cut]
            last = cut


def feed(receive: Callable[[bytes], list[T]], pieces: Iterable[bytes]) -> list[T]:
    """All events of all pieces."""
    return [event for piece in pieces for event in receive(piece)]
