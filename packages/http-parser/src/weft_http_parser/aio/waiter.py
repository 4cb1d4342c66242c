"""What one task awaits when the bytes that it needs are to step it at once.

Decides how a task is woken from inside a read. Knows nothing of what it is woken for.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context

_current_task = asyncio.current_task


class Waiter:
    """Awaited again and again by one task; `wake()` steps that task in the present loop pass.

    The task takes it for a future, and saves the pass through the loop that a future costs. While
    another task runs, the step goes through the loop all the same, since tasks do not nest.
    A waiter belongs to the loop that it is first awaited on, unless it is given one.
    """

    __slots__ = ("_asyncio_future_blocking", "_callback", "_context", "_is_cancelled", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[[Waiter], object] | None = None
        self._context: Context | None = None
        self._is_cancelled = False
        self._loop = loop

    def __await__(self) -> Generator["Waiter", None, None]:
        self._asyncio_future_blocking = True
        self._is_cancelled = False
        yield self

    @property
    def is_awaited(self) -> bool:
        """Whether a task waits and has not been woken."""
        return self._callback is not None

    def wake(self) -> None:
        """Step the task that waits; nothing when none does."""
        callback, self._callback = self._callback, None
        if callback is None:
            return
        assert self._context is not None  # a callback comes with one
        if _current_task(self._loop) is None:
            self._context.run(callback, self)
        else:
            self.get_loop().call_soon(callback, self, context=self._context)

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
        self._callback, self._context = callback, context

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled while it waits; False once it has been woken."""
        callback, self._callback = self._callback, None
        if callback is None:
            return False
        self._is_cancelled = True
        self.get_loop().call_soon(callback, self, context=self._context)
        return True

    def result(self) -> None:
        """What the waiting comes to."""
        if self._is_cancelled:
            raise asyncio.CancelledError
