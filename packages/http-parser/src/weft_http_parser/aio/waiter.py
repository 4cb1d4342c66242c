"""What one task awaits when the bytes that it needs are to step it at once.

Decides how a task is woken from inside a read. Knows nothing of what it is woken for.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context

_current_task = asyncio.current_task
_running_loop = asyncio._get_running_loop


class Waiter:
    """Awaited again and again by one task; `wake()` steps that task in the present loop pass.

    The task takes it for a future, and saves the pass through the loop that a future costs. While
    another task runs, the step goes through the loop all the same, since tasks do not nest; so it
    does outside of the loop and in another thread.
    A waiter belongs to the loop that it is first awaited on, unless it is given one.
    """

    __slots__ = ("_asyncio_future_blocking", "_callback", "_cancelled", "_loop", "context")

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[[Waiter], object] | None = None
        self.context: Context | None = None
        """Of the task that waits, or was woken and has not gone on yet."""
        self._cancelled: asyncio.CancelledError | None = None
        self._loop = loop

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
        context, loop = self.context, self._loop
        assert context is not None and loop is not None  # a callback comes with both
        if _running_loop() is not loop:
            loop.call_soon_threadsafe(callback, self, context=context)
        elif _current_task(loop) is None:
            context.run(callback, self)
        else:
            loop.call_soon(callback, self, context=context)

    # What the awaiting task calls.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the task."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def add_done_callback(
        self, callback: Callable[["Waiter"], object], *, context: Context
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
