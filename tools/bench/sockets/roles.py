"""What every contender does in a role, whatever its library: commands, time, memory.

A contender's module is started with the name of its role, and a server with a path where it is to
listen on a socket of the Unix kind. A server says its address and answers `cpu`, `memory` and
`broadcast TIMES`; a client answers `PORT CASE SECONDS`.
"""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path

from tools.bench.child import Answer, processor_time, run, serve_commands
from tools.bench.sockets.traffic import CASES, EchoCase


def start(**roles: Callable[[], Awaitable[None]]) -> None:
    """Run the role that is named on the command line."""
    run(roles[sys.argv[1]])


def resident_bytes() -> int:
    """What this process holds in memory after a collection, or 0 where the system does not tell."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGESIZE")


def unix_path() -> str | None:
    """Where to listen, if not on a port."""
    return sys.argv[2] if len(sys.argv) > 2 else None


async def answer_as_server(address: object, broadcast: Callable[[], Awaitable[object]]) -> None:
    """Answer the run's commands from the server that listens on this address or path."""

    async def answer(command: str) -> Answer:
        word, _, times = command.partition(" ")
        if word == "memory":
            return {"bytes": resident_bytes()}
        if word == "broadcast":
            for _ in range(int(times)):
                await broadcast()
                await asyncio.sleep(0)  # what was queued is written before the next one
        return processor_time()

    told = address[1] if isinstance(address, tuple) else address  # of host and port, or a path
    await serve_commands({"address": str(told)}, answer)


class Turn:
    """What the echoing tasks or callbacks of one turn share."""

    def __init__(self, case: EchoCase) -> None:
        self.case = case
        self.count = 0
        self.is_running = True

    async def measure(
        self, echoes: Iterable[Coroutine[object, object, object]], seconds: float
    ) -> Answer:
        """Let all of them echo on open websockets for a while; connecting is not measured."""
        started, cpu = time.perf_counter(), time.process_time()
        tasks = [asyncio.ensure_future(echo) for echo in echoes]
        await asyncio.sleep(seconds)
        self.is_running = False
        await asyncio.gather(*tasks)
        used = time.process_time() - cpu
        return {"count": self.count, "seconds": time.perf_counter() - started, "cpu": used}


async def answer_as_client(
    measure: Callable[[Turn, str, float], Awaitable[Answer]],
) -> None:
    """Answer each command with one turn against the websocket's URL."""

    async def answer(command: str) -> Answer:
        port, name, seconds = command.split()
        return await measure(Turn(CASES[name]), f"ws://127.0.0.1:{port}/{name}", float(seconds))

    await serve_commands({"ready": 1}, answer)
