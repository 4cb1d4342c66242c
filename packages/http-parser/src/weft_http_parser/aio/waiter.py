"""What one task awaits when the bytes that it needs are to step it at once.

Decides how a task is woken from inside a read. Knows nothing of what it is woken for.
"""

import asyncio
import sys
from collections.abc import Callable, Generator
from contextvars import Context

_running_loop = asyncio._get_running_loop
_current_task: Callable[[asyncio.AbstractEventLoop], object] = asyncio.current_task
if sys.version_info < (3, 12):  # a function in Python, around a dictionary
    _current_task = asyncio.tasks._current_tasks.get  # type: ignore[attr-defined]  # not typed


class Waiter:
    """Awaited again and again by one task; `wake()` steps that task in the present loop pass.

    The task takes it for a future, and saves the pass through the loop that a future costs. While
    another task runs, the step goes through the loop all the same, since tasks do not nest; so it
    does outside of the loop and in another thread.
    A waiter belongs to the loop that it is first awaited on, unless it is given one.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_cancelled",
        "_loop",
        "_woken",
        "context",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[[Waiter | asyncio.Future[None]], object] | None = None
        self.context: Context | None = None
        """Of the task that waits, or was woken and has not gone on yet."""
        self._cancelled: asyncio.CancelledError | None = None
        self._loop = loop
        # What a task is given that is woken: it asks a real future for its result without a call.
        self._woken: asyncio.Future[None] | None = None

    def __await__(self) -> Generator["Waiter", None, None]:
        if self.context is not None:
            raise RuntimeError("another task awaits this waiter")
        self._asyncio_future_blocking = True
        self._cancelled = None
        try:
            yield self
        finally:
            # A coroutine that is closed was not woken.
            self._callback = self.context = None

    @property
    def is_awaited(self) -> bool:
        """Whether a task waits and has not been woken."""
        return self._callback is not None

    def wake(self) -> None:
        """Step the task that waits; nothing when none does."""
        callback, self._callback = self._callback, None
        if callback is None:
            return
        context, loop, woken = self.context, self._loop, self._woken
        assert context is not None and loop is not None  # a callback comes with both
        assert woken is not None  # made where the task asked for the loop
        if _running_loop() is not loop:
            loop.call_soon_threadsafe(callback, woken, context=context)
        elif _current_task(loop) is None:
            context.run(callback, woken)
        else:
            loop.call_soon(callback, woken, context=context)

    # What the awaiting task calls.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the task."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        if self._woken is None:
            self._woken = _to_finished(loop)
        return loop

    def add_done_callback(
        self, callback: Callable[["Waiter | asyncio.Future[None]"], object], *, context: Context
    ) -> None:
        """The task tells how it is stepped."""
        self._callback, self.context = callback, context

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled while it waits; False once it has been woken."""
        callback, self._callback = self._callback, None
        if callback is None:
            return False
        self._cancelled = asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg)
        self.get_loop().call_soon(callback, self, context=self.context)
        return True

    def result(self) -> None:
        """What the waiting comes to."""
        if self._cancelled is not None:
            raise self._cancelled


_finished: asyncio.Future[None] | None = None


def _to_finished(loop: asyncio.AbstractEventLoop) -> "asyncio.Future[None]":
    """A future of this loop that is done; one for all waiters, as programs seldom have two loops."""
    global _finished
    finished = _finished
    if finished is None or finished.get_loop() is not loop:
        finished = loop.create_future()
        finished.set_result(None)
        _finished = finished
    return finished
