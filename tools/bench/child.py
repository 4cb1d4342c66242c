"""The processes of a run, seen from inside and from outside.

A child prints one line when it is ready, then answers each line on its standard input with one
line of JSON. It ends when its standard input ends, so nothing outlives the run.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import uvloop

Answer = dict[str, float | int | str]
READY_SECONDS = 30.0


class Child:
    """A process of this benchmark, pinned to one core."""

    def __init__(self, module: str, *args: str, core: int) -> None:
        command = [sys.executable, "-m", module, *args]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(self._process.pid, {cores[core % len(cores)]})
        self.hello = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def ask(self, command: str) -> Answer:
        """Send one command and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        return self._read()

    def stop(self) -> None:
        """End the process by ending its input; by force if it does not listen."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> Answer:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            command = " ".join(str(part) for part in self._process.args)  # type: ignore[union-attr]
            raise SystemExit(f"bench: {command} ended with code {self._process.wait()}")
        answer: Answer = json.loads(line)
        return answer


async def serve_commands(
    hello: Answer, answer: Callable[[str], Awaitable[Answer]] | None = None
) -> None:
    """The inside of a child: say hello, answer commands until standard input ends.

    Without ``answer`` every command is answered with the processor time used so far.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say(hello)
    while line := await reader.readline():
        _say(await answer(line.decode().strip()) if answer else processor_time())


def serve_commands_deaf(hello: Answer, answer: Callable[[str], Awaitable[Answer]]) -> None:
    """The same for a child whose loop runs only while it answers: between commands nothing wakes it.

    So what it receives meanwhile costs its sender no waking.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _say(hello)
        for line in sys.stdin:
            runner.run(_await(answer(line.strip())))


async def _await(answer: Awaitable[Answer]) -> None:
    _say(await answer)


def processor_time() -> Answer:
    """User and system time of this process in seconds, and its resident bytes (0: unknown)."""
    return {"cpu": time.process_time(), "bytes": _resident_bytes()}


def _resident_bytes() -> int:
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def raise_file_limit() -> int:
    """As many open files as this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _say(answer: Answer) -> None:
    print(json.dumps(answer), flush=True)


def run(main: Callable[[], Any]) -> None:
    """Run a child's main coroutine on uvloop, as every contender here does."""
    uvloop.run(main())
