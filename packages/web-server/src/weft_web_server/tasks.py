"""Work of an application that no request waits for, under its watch.

Decides that such a task is held, told of when it fails, and waited for at the end. Knows no
requests and no responses.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """The background tasks of an application: `app.tasks`.

    They outlive the request that starts them, whatever becomes of its client. What they raise is
    logged. When the server ends it waits for them after the handlers, within the same time, and
    cancels those that are left.
    """

    __slots__ = ("_is_closed", "_logger", "_running")

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    def create_task(
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> asyncio.Task[T]:
        """Run a coroutine. What it raises goes to `on_error`, or else to the log.

        RuntimeError once the server has ended.
        """
        if self._is_closed:
            coro.close()
            raise RuntimeError("the server has ended; start no tasks behind on_cleanup")
        task = asyncio.create_task(coro, name=name, context=context)
        self._running.add(task)

        def done(task: asyncio.Task[T]) -> None:
            self._running.discard(task)
            self._look_at(task, on_error)

        task.add_done_callback(done)
        return task

    def run(self, call: Callable[[], object]) -> asyncio.Task[Any]:
        """Call a function in a task of its own, and await what it returns where it can be."""
        name = getattr(call, "__qualname__", None)
        return self.create_task(_call(call), name=name)

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(tuple(self._running))

    def _look_at(
        self, task: asyncio.Task[Any], on_error: Callable[[Exception], object] | None
    ) -> None:
        if task.cancelled():
            return
        exc = task.exception()
        if exc is None:
            return
        if on_error is not None and isinstance(exc, Exception):
            try:
                on_error(exc)
                return
            except Exception as second:
                exc = second
        self._logger.error("the background task %s failed", task.get_name(), exc_info=exc)

    async def wait(self) -> None:
        """Wait until all have ended, those among them that others start."""
        while others := self._running - {asyncio.current_task()}:
            await asyncio.wait(others)

    def open(self) -> None:
        """Take tasks, as from the beginning."""
        self._is_closed = False

    def cancel(self) -> None:
        """Cancel those that run."""
        for task in self:
            task.cancel()

    async def close(self) -> None:
        """Take no more, and cancel what runs."""
        self._is_closed = True
        self.cancel()
        if self._running:
            # One that will not end is left behind: the end is bounded.
            await asyncio.wait(self._running, timeout=1.0)


async def _call(call: Callable[[], object]) -> object:
    result = call()
    return await result if inspect.isawaitable(result) else result
