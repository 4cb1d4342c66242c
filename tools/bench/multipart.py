"""Uploads read part by part, beside aiohttp: how fast, how evenly, in how much memory.

    python -m tools.bench.multipart

Both get the same pieces through a stream of theirs whose sender is held back at its marks, as a
server's is, and are read as their documentation shows: `while chunk := await part.read_chunk()`.
The pieces of a body are a few objects fed again and again, so they are in the processor's cache,
as bytes are that a socket just delivered. Seconds are those of this process on its processor.
"""

import asyncio
import random
import resource
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from itertools import chain, repeat
from typing import NamedTuple, Protocol, TypeAlias

import aiohttp
from aiohttp.base_protocol import BaseProtocol

import weft_http_parser

MIB = 1 << 20
UPLOAD_MIB = 100
WORST_MIB = 16
ROUNDS = 7
UPLOAD_GOAL, SPREAD_GOAL = 5, 3
BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"
DELIMITER = b"\r\n--" + BOUNDARY
HEADERS = {"Content-Type": "multipart/form-data; boundary=" + BOUNDARY.decode()}
HEAD = (
    DELIMITER + b'\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
LAST = DELIMITER + b"--\r\n"
RANDOM = random.Random(0).randbytes(MIB)

Read: TypeAlias = Callable[[Iterable[bytes]], Awaitable[int]]


class Row(NamedTuple):
    """What was measured, and the median seconds of both, on the processor."""

    name: str
    weft: float
    aiohttp: float


class Stream(Protocol):
    """What a feeder fills."""

    def feed_data(self, data: bytes, /) -> object: ...

    def feed_eof(self) -> None: ...


class Feeder:
    """Feeds a stream until it is held back, and on when it is released."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._is_held = False
        self._loop = asyncio.get_running_loop()
        self.stream: Stream | None = None

    def hold(self, reason: object = None) -> None:
        self._is_held = True

    def release(self, reason: object = None) -> None:
        if self._is_held:
            self._is_held = False
            self._loop.call_soon(self.run)

    def run(self) -> None:
        assert self.stream is not None  # the reader is made before the loop gets here
        while not self._is_held:
            piece = next(self._pieces, None)
            if piece is None:
                self.stream.feed_eof()
                return
            self.stream.feed_data(piece)


class _Sender(BaseProtocol):
    """The peer of aiohttp's stream."""

    def __init__(self, feeder: Feeder) -> None:
        super().__init__(asyncio.get_running_loop())
        self._feeder = feeder
        self.connection_made(asyncio.Transport())

    def pause_reading(self) -> None:
        self._reading_paused = True
        self._feeder.hold()

    def resume_reading(self, *_: object, **__: object) -> None:
        self._reading_paused = False
        self._feeder.release()


def _open_with_weft(pieces: Iterable[bytes]) -> weft_http_parser.MultipartReader:
    feeder = Feeder(pieces)
    stream = weft_http_parser.StreamReader(feeder)
    feeder.stream = stream
    asyncio.get_running_loop().call_soon(feeder.run)
    return weft_http_parser.MultipartReader(HEADERS, stream)


def _open_with_aiohttp(pieces: Iterable[bytes]) -> aiohttp.MultipartReader:
    loop = asyncio.get_running_loop()
    feeder = Feeder(pieces)
    stream = aiohttp.StreamReader(_Sender(feeder), 65_536, loop=loop)
    feeder.stream = stream
    loop.call_soon(feeder.run)
    return aiohttp.MultipartReader(HEADERS, stream)


async def read_with_weft(pieces: Iterable[bytes]) -> int:
    """Read all parts; how many bytes they held."""
    size = 0
    reader = _open_with_weft(pieces)
    while (part := await reader.next()) is not None:
        assert isinstance(part, weft_http_parser.BodyPartReader)  # no part here is nested
        while chunk := await part.read_chunk():
            size += len(chunk)
    return size


async def read_with_aiohttp(pieces: Iterable[bytes]) -> int:
    """Read all parts; how many bytes they held."""
    size = 0
    reader = _open_with_aiohttp(pieces)
    while (part := await reader.next()) is not None:
        assert isinstance(part, aiohttp.BodyPartReader)  # as above
        while chunk := await part.read_chunk():
            size += len(chunk)
    return size


async def read_form_with_weft(pieces: Iterable[bytes]) -> int:
    """Read all fields and their names; how many bytes they held."""
    size = 0
    reader = _open_with_weft(pieces)
    while (part := await reader.next()) is not None:
        assert isinstance(part, weft_http_parser.BodyPartReader)
        assert part.name and part.filename is None
        size += len(await part.read())
    return size


async def read_form_with_aiohttp(pieces: Iterable[bytes]) -> int:
    """Read all fields and their names; how many bytes they held."""
    size = 0
    reader = _open_with_aiohttp(pieces)
    while (part := await reader.next()) is not None:
        assert isinstance(part, aiohttp.BodyPartReader)
        assert part.name and part.filename is None
        size += len(await part.read())
    return size


def cut(data: bytes, width: int) -> list[bytes]:
    """Data in the pieces of reads of that width."""
    return [data[at : at + width] for at in range(0, len(data), width)]


def one_part(data: bytes, count: int, width: int) -> Iterator[bytes]:
    """A body of one part, which holds the data so many times."""
    return chain([HEAD[2:]], chain.from_iterable(repeat(cut(data, width), count)), [LAST])


def many_parts(data: bytes, count: int, width: int) -> Iterator[bytes]:
    """A body of so many parts, each of which holds the data."""
    parts = chain.from_iterable(repeat(cut(HEAD + data, width), count))
    return chain(parts, [LAST])


def form(count: int, width: int) -> Iterator[bytes]:
    """A form of so many fields of eight bytes."""
    disposition = b'\r\nContent-Disposition: form-data; name="field%d"\r\n\r\n%8d'
    fields = b"".join(DELIMITER + disposition % (at, at) for at in range(count))
    return iter(cut(fields[2:] + LAST, width))


def forms() -> list[Row]:
    """Forms of many small fields."""
    pair = (read_form_with_weft, read_form_with_aiohttp)
    return [
        _compare(
            f"1,000 fields, reads of {width // 1024} KiB", partial(form, 1000, width), 8000, pair
        )
        for width in (4096, 65_536)
    ]


def uploads() -> list[Row]:
    """Uploads of 100 MiB of random bytes."""
    rows = []
    for width in (65_536, 262_144):
        for name, make in (("one part", one_part), ("100 parts", many_parts)):
            row = f"100 MiB, {name}, reads of {width // 1024} KiB"
            upload = partial(make, RANDOM, UPLOAD_MIB, width)
            rows.append(_compare(row, upload, UPLOAD_MIB * MIB))
    return rows


def worst_cases() -> list[Row]:
    """16 MiB of the easiest data, and of data that look like the boundary."""
    cases = {
        "zeros": b"\0",
        "random": RANDOM,
        "dashes": b"-",
        "CRs": b"\r",
        "CRLF and dashes": b"\r\n--",
        "half of the boundary": DELIMITER[: len(DELIMITER) // 2],
        "the boundary but its last byte": DELIMITER[:-1],
        "CRs and its last byte": b"\r" + DELIMITER[-1:],
    }
    rows = []
    for name, pattern in cases.items():
        data = (pattern * (MIB // len(pattern) + 1))[:MIB]
        upload = partial(one_part, data, WORST_MIB, 65_536)
        rows.append(_compare(f"{WORST_MIB} MiB of {name}", upload, WORST_MIB * MIB))
    return rows


def growth() -> dict[str, float]:
    """How much longer four times the worst data take; 4 is linear."""
    found = {}
    for name, pattern in {
        "CRLF and dashes": b"\r\n--",
        "but its last byte": DELIMITER[:-1],
    }.items():
        data = (pattern * (MIB // len(pattern) + 1))[:MIB]
        small, large = (_median(data, count) for count in (WORST_MIB, 4 * WORST_MIB))
        found[name] = large / small
    return found


def memory() -> dict[str, int]:
    """Bytes beyond what was there before: the peak that tracemalloc saw, and growth of the peak
    of the resident set, while 100 MiB in one part were read."""
    asyncio.run(read_with_weft(one_part(RANDOM, 1, 65_536)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asyncio.run(read_with_weft(one_part(RANDOM, UPLOAD_MIB, 65_536)))
    resident = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    tracemalloc.start()
    asyncio.run(read_with_weft(_fresh(one_part(RANDOM, UPLOAD_MIB, 65_536))))
    traced = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"tracemalloc peak": traced, "resident growth": resident}


def _median(data: bytes, count: int) -> float:
    return statistics.median(
        _seconds(read_with_weft, one_part(data, count, 65_536), count * MIB) for _ in range(ROUNDS)
    )


def _fresh(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each piece as an object of its own, as a socket makes them."""
    return (bytes(bytearray(piece)) for piece in pieces)


def _compare(
    name: str,
    make: Callable[[], Iterator[bytes]],
    size: int,
    pair: tuple[Read, Read] = (read_with_weft, read_with_aiohttp),
) -> Row:
    weft, theirs = [], []
    for _ in range(ROUNDS):
        weft.append(_seconds(pair[0], make(), size))
        theirs.append(_seconds(pair[1], make(), size))
    return Row(name, statistics.median(weft), statistics.median(theirs))


def _seconds(read: Read, pieces: Iterable[bytes], size: int) -> float:
    async def timed() -> float:
        start = time.process_time()
        found = await read(pieces)
        assert found == size  # or what was measured was no upload
        return time.process_time() - start

    return asyncio.run(timed())


def report() -> str:
    """All of it as a table, with what was to be reached."""
    rows = uploads()
    small = forms()
    worst = worst_cases()
    lines = [f"{'multipart, ms of CPU':<48}{'weft':>9}{'aiohttp':>9}"]
    for row in rows + small + worst:
        ratio = row.aiohttp / row.weft
        goal = f" (goal {UPLOAD_GOAL})" if row in rows else ""
        mark = " MISSED" if goal and ratio < UPLOAD_GOAL else ""
        lines.append(
            f"{row.name:<48}{row.weft * 1e3:>9.1f}{row.aiohttp * 1e3:>9.1f}"
            f"  aiohttp / weft {ratio:.1f}{goal}{mark}"
        )
    spread = max(row.weft for row in worst) / min(row.weft for row in worst)
    mark = " MISSED" if spread > SPREAD_GOAL else ""
    lines.append(f"slowest data / fastest data: {spread:.1f} (goal: at most {SPREAD_GOAL}){mark}")
    lines += [f"four times of {name}: {ratio:.1f} times" for name, ratio in growth().items()]
    lines += [f"{name}: {size / MIB:.2f} MiB" for name, size in memory().items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
