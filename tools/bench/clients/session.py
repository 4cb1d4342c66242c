"""The client case, written once for every library with aiohttp's interface."""

import asyncio
import time
from types import ModuleType

from tools.bench.child import Answer, serve_commands

CONCURRENCY = 64


async def drive(library: ModuleType) -> None:
    """Answer ``PORT SECONDS`` with the requests done and the processor time they took."""

    async def answer(command: str) -> Answer:
        port, seconds = command.split()
        return await measure(library, f"http://127.0.0.1:{port}/", float(seconds))

    await serve_commands({"ready": 1}, answer)


async def measure(library: ModuleType, url: str, seconds: float) -> Answer:
    """Many concurrent GETs on kept connections for a while."""
    count = 0
    end = time.perf_counter() + seconds

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < end:
            async with session.get(url) as response:
                body = await response.read()
            assert body == b"Hello, World!"
            count += 1

    async with library.ClientSession() as session:
        await session.get(url)
        started, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
        used = time.process_time() - cpu
        return {"count": count, "seconds": time.perf_counter() - started, "cpu": used}
