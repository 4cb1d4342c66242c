"""Random damage to good input. Knows bytes; knows nothing of what they mean."""

from itertools import pairwise
from random import Random

# Bytes that decide something in HTTP or in websocket frames.
TELLING = b"\r\n\t :;,/.\x00\x7f\x80\xff\x1f~^_-0129aAfFgGxX%[]\"'*\x7e\xed\xa0\xf0\x8f\x89\x81"
SNIPPETS = (
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" \r\n", b"0\r\n\r\n", b"HTTP/1.1", b"HTTP/2.0",
    b"Host: a\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"x" * 40,
    b"a:b\r\n" * 5, b"7fffffffffffffff\r\n", b"00000000000000001\r\n", b";a=b",
)  # fmt: skip


def damage(random: Random, data: bytes) -> bytes:
    """The data with up to three small changes, or none."""
    changed = bytearray(data)
    for _ in range(random.randrange(4)):
        _change(random, changed)
    return bytes(changed)


def _change(random: Random, data: bytearray) -> None:
    at = random.randrange(len(data) + 1)
    kind = random.randrange(6)
    if kind == 0:
        data[at:at] = bytes((random.choice(TELLING),))
    elif kind == 1:
        data[at : at + 1] = bytes((random.choice(TELLING),))
    elif kind == 2:
        del data[at : at + random.randrange(1, 4)]
    elif kind == 3:
        data[at:at] = random.choice(SNIPPETS)
    elif kind == 4:
        begin = random.randrange(len(data) + 1)
        data[at:at] = data[begin : begin + random.randrange(1, 30)]
    elif at < len(data):
        data[at] ^= 1 << random.randrange(8)


def cut(random: Random, size: int) -> list[int]:
    """Places to split input of that size, in order; often none, sometimes between all bytes."""
    kind = random.randrange(4)
    if kind == 0:
        return []
    if kind == 1 and size < 400:
        return list(range(1, size))
    return sorted(random.randrange(size + 1) for _ in range(random.randrange(1, 6)))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data between the cuts."""
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in pairwise(edges)]
