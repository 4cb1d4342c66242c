"""Mixed load for a long time, a part of it abuse: `python -m tools.soak --minutes 30`.

A server in a process of its own is asked by many clients at once; every answer is compared. Prints
how much was asked, what was wrong, and how memory and descriptors of the server went. Fails when
an answer was wrong, when memory grew by more than 5 MiB after the warm-up (`--drift`; a run of less
than a few minutes is all warm-up), or when descriptors are left behind. `--minutes` may be a
fraction.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import weft

from .abuse import RUDENESSES
from .server import MOST_BODY, PIECE, PIECES

MIB = 1 << 20
MOST_DRIFT_MIB = 5.0
WARM_SHARE = 0.3
SETTLING_SECONDS = 20.0

Ask = Callable[[weft.ClientSession, str], Awaitable[bool]]


async def ask_hello(session: weft.ClientSession, base: str) -> bool:
    async with session.get(f"{base}/hello") as response:
        return response.status == 200 and await response.text() == "hello"


async def ask_echo(session: weft.ClientSession, base: str) -> bool:
    body = os.urandom(random.randint(0, 20_000))
    async with session.post(f"{base}/echo", data=body) as response:
        return response.status == 200 and await response.read() == body


async def ask_count(session: weft.ClientSession, base: str) -> bool:
    pieces = random.randint(1, 30)

    async def body() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield PIECE

    async with session.post(f"{base}/count", data=body()) as response:
        return bool(await response.json() == {"size": pieces * len(PIECE)})


async def ask_stream(session: weft.ClientSession, base: str) -> bool:
    async with session.get(f"{base}/stream") as response:
        return await response.read() == PIECE * PIECES


async def ask_large(session: weft.ClientSession, base: str) -> bool:
    async with session.get(f"{base}/large") as response:
        return len(await response.read()) == len(PIECE) * 256


async def ask_nap(session: weft.ClientSession, base: str) -> bool:
    async with session.get(f"{base}/nap") as response:
        return await response.text() == "rested"


async def ask_nothing(session: weft.ClientSession, base: str) -> bool:
    async with session.get(f"{base}/nothing") as response:
        return response.status == 404


async def ask_too_much(session: weft.ClientSession, base: str) -> bool:
    async with session.post(f"{base}/echo", data=b"x" * (MOST_BODY + 1)) as response:
        return response.status == 413


async def talk(session: weft.ClientSession, base: str) -> bool:
    async with session.ws_connect(f"{base}/talk") as ws:
        for number in range(5):
            await ws.send_str(str(number))
            if await ws.receive_str() != str(number):
                return False
    return True


ASKED: list[tuple[Ask, int]] = [
    (ask_hello, 50),
    (ask_echo, 15),
    (ask_count, 5),
    (ask_stream, 8),
    (ask_large, 2),
    (ask_nap, 10),
    (ask_nothing, 5),
    (ask_too_much, 1),
    (talk, 4),
]


class Soak:
    """One run."""

    def __init__(self, port: int, pid: int, options: argparse.Namespace) -> None:
        self.port = port
        self.pid = pid
        self.options = options
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.ends_at = time.monotonic() + options.minutes * 60
        self.memory: list[int] = []

    async def run(self) -> bool:
        """Whether all was as it should be."""
        before = self.count_descriptors()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.watch())
            for _ in range(self.options.clients):
                group.create_task(self.be_client())
        drift, left = self.memory_drift(), await self.settle(before)
        figures = {
            "asked": dict(self.counts),
            "wrong": self.wrong[:20],
            "memory_mib": [
                round(size / MIB, 1) for size in self.memory[:: len(self.memory) // 20 or 1]
            ],
            "drift_mib": round(drift / MIB, 2),
            "descriptors_left": left,
        }
        print(json.dumps(figures, indent=2))
        return not self.wrong and drift < self.options.drift * MIB and left <= 0

    async def be_client(self) -> None:
        """Ask one thing after another, over connections that are kept and that are not."""
        tasks: set[asyncio.Task[None]] = set()
        while time.monotonic() < self.ends_at:
            async with weft.ClientSession() as session:
                for _ in range(50):
                    await self.ask_any(session, tasks)
        if tasks:
            await asyncio.wait(tasks)

    async def ask_any(self, session: weft.ClientSession, tasks: set[asyncio.Task[None]]) -> None:
        if random.random() < self.options.abuse:
            # Some of it takes its time; the client goes on meanwhile.
            task = asyncio.create_task(self.be_rude())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        asks, weights = zip(*ASKED, strict=True)
        base = f"http://127.0.0.1:{self.port}"
        await self.ask(random.choices(asks, weights)[0], session, base)

    async def ask(self, ask: Ask, session: weft.ClientSession, base: str) -> None:
        self.counts[ask.__name__] += 1
        try:
            is_right = await ask(session, base)
        except (weft.ClientError, TimeoutError, OSError) as exc:
            self.wrong.append(f"{ask.__name__}: {exc!r}")
            return
        if not is_right:
            self.wrong.append(f"{ask.__name__}: another answer")

    async def be_rude(self) -> None:
        rudeness = random.choice(RUDENESSES)
        self.counts["rude"] += 1
        with contextlib.suppress(OSError):
            await rudeness(self.port)

    async def watch(self) -> None:
        while time.monotonic() < self.ends_at:
            self.memory.append(self.measure_memory())
            await asyncio.sleep(max(0.2, self.options.minutes * 60 / 500))

    def measure_memory(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def memory_drift(self) -> int:
        """How much more there was at the end than behind the warm-up: medians of stretches."""
        warm = self.memory[int(len(self.memory) * WARM_SHARE) :]
        stretch = max(1, len(warm) // 5)
        first, last = sorted(warm[:stretch]), sorted(warm[-stretch:])
        return last[len(last) // 2] - first[len(first) // 2]

    def count_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    async def settle(self, before: int) -> int:
        """How many descriptors are left behind, once the server has had time to close."""
        for _ in itertools.takewhile(lambda _: self.count_descriptors() > before, range(200)):
            await asyncio.sleep(SETTLING_SECONDS / 200)
        return self.count_descriptors() - before


async def soak(options: argparse.Namespace) -> bool:
    """Start the server, put the load on it, end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.soak.server", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # made with a pipe
    line = (await process.stdout.readline()).decode()
    port = int(line.rsplit(":", 1)[1].split()[0])
    drain = asyncio.create_task(process.stdout.read())
    try:
        is_right = await Soak(port, process.pid, options).run()
    finally:
        process.send_signal(signal.SIGTERM)
        code = await process.wait()
        await drain
    return is_right and code == 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--drift", type=float, default=MOST_DRIFT_MIB, help="MiB (5)")
    parser.add_argument("--abuse", type=float, default=0.01, help="share of all (0.01)")
    sys.exit(0 if asyncio.run(soak(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
