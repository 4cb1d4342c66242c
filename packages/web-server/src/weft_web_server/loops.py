"""The event loop that a program of ours runs on, from making it to closing it.

Decides which kind it is: uvloop where that is installed, unless the program says otherwise.
"""

import asyncio
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final, Literal, TypeAlias

from .errors import ConfigurationError

LoopName: TypeAlias = Literal["auto", "asyncio", "uvloop"]
LOOP_NAMES: Final = ("auto", "asyncio", "uvloop")
ENDING_SECONDS: Final = 1.0  # for tasks that were cancelled because the program ends


def make_loop(name: LoopName = "auto") -> asyncio.AbstractEventLoop:
    """A new loop. "auto" is uvloop where it is installed and no other policy was set."""
    if name not in LOOP_NAMES:
        raise ConfigurationError(f"there is no loop {name!r}; choose one of {LOOP_NAMES}")
    if name == "asyncio" or (name == "auto" and _is_policy_set()):
        return asyncio.new_event_loop()
    try:
        made: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    except ImportError:
        if name == "auto":
            return asyncio.new_event_loop()
        raise ConfigurationError("uvloop is not installed: pip install uvloop") from None
    return made


def _is_policy_set() -> bool:
    """Whether the program has chosen the kind of its loops itself."""
    if sys.version_info >= (3, 14):  # there policies are on their way out, and asking warns
        return False
    current = asyncio.get_event_loop_policy()  # type: ignore[deprecated]  # not yet in these versions
    return type(current) is not asyncio.DefaultEventLoopPolicy


def describe_loop(loop: asyncio.AbstractEventLoop) -> str:
    """What a loop is, for people."""
    package = type(loop).__module__.partition(".")[0]
    return "asyncio" if package == "asyncio" else f"{package} {_version_of(package)}".strip()


def _version_of(package: str) -> str:
    from importlib.metadata import version  # late: it loads more than most modules of ours

    try:
        return version(package)
    except Exception:  # a loop of the program's own
        return ""


def close_loop(loop: asyncio.AbstractEventLoop, *, is_hurried: bool) -> None:
    """Cancel what still runs, wait a moment for it, and close the loop.

    In a hurry nobody waits for threads. A task that will not end does not keep the program.
    """
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(_wait(tasks))
        loop.run_until_complete(loop.shutdown_asyncgens())
        if not is_hurried:
            loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def _wait(tasks: Iterable[asyncio.Task[Any]]) -> None:
    await asyncio.wait(tasks, timeout=ENDING_SECONDS)
