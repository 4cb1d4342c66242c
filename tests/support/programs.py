"""Programs started by tests as a user starts them, with their output read line by line."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE_SECONDS = 20


class Program:
    """A running Python program and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.printed: list[str] = []

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def line_with(self, words: str) -> str:
        """Read lines until one holds these words; fails when the output ends before."""
        assert self._process.stdout is not None  # made with a pipe
        async with asyncio.timeout(PATIENCE_SECONDS):
            while raw := await self._process.stdout.readline():
                self.printed.append(raw.decode().rstrip())
                if words in self.printed[-1]:
                    return self.printed[-1]
        raise AssertionError(f"never printed {words!r}:\n" + "\n".join(self.printed))

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        self._process.terminate()

    async def end(self) -> tuple[int, str]:
        """Wait for the end: the exit code and all that was printed on both outputs."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest, _ = await self._process.communicate()
        self.printed += rest.decode().splitlines()
        assert self._process.returncode is not None  # it has ended
        return self._process.returncode, "\n".join(self.printed)

    async def kill_alone(self) -> None:
        """End this process without telling those it has started; their output is still read."""
        self._process.kill()
        await self._process.wait()

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()


@asynccontextmanager
async def python_program(*arguments: str) -> AsyncIterator[Program]:
    """Start `python <arguments>`; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    program = Program(process)
    try:
        yield program
    finally:
        await program.kill()
