"""Tasks that wait for requests: made beforehand, so that a handler starts in the loop pass in
which its request came, in a task and a context of its own.

Decides how many tasks wait. Knows nothing of requests: a job is whatever the coroutine takes.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

J = TypeVar("J")

Wakeup = Callable[[Any], object]


class Parked(Generic[J]):
    """What a waiting task awaits: a small future whose callback may be called at any time.

    It speaks the protocol by which asyncio's tasks wait: `_asyncio_future_blocking`, `get_loop`,
    `add_done_callback`, `result`, `cancel`.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_context",
        "_is_cancelled",
        "_wakeup",
        "job",
        "lot",
        "task",
    )

    task: "asyncio.Task[None]"

    def __init__(self, lot: "Lot[J]", job: J | None) -> None:
        self.lot = lot
        self._asyncio_future_blocking = False
        self._is_cancelled = False
        self._wakeup: Wakeup | None = None
        self._context: Context | None = None
        self.job = job

    def __await__(self) -> Generator[Any, None, J]:
        if self.job is None:
            self._asyncio_future_blocking = True
            yield self
        assert self.job is not None  # nothing else wakes the task
        return self.job

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the task."""
        return self.lot.loop

    def add_done_callback(self, wakeup: Wakeup, *, context: Context | None = None) -> None:
        """The task tells how it is woken; from now on it can be given a job."""
        self._wakeup = wakeup
        self._context = context
        self.lot.idle.append(self)

    def remove_done_callback(self, wakeup: Wakeup) -> int:
        """Forget how the task is woken."""
        return 0

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled while it waits."""
        if self._wakeup is None or self._is_cancelled:
            return False
        self._is_cancelled = True
        if self in self.lot.idle:
            self.lot.idle.remove(self)
        self.lot.loop.call_soon(self._wakeup, self, context=self._context)
        return True

    def result(self) -> None:
        """What the task's waiting comes to."""
        if self._is_cancelled:
            raise asyncio.CancelledError

    def wake(self, job: J) -> None:
        """Give the task its job, and run it until it waits for something or ends."""
        self.job = job
        wakeup, context = self._wakeup, self._context
        assert wakeup is not None and context is not None  # idle tasks have both
        if asyncio.current_task(self.lot.loop) is None:
            context.run(wakeup, self)
        else:
            # A task is running, so this one cannot be entered before the loop's next pass.
            self.lot.loop.call_soon(wakeup, self, context=context)


class Lot(Generic[J]):
    """The waiting tasks of one server. Each takes one job and ends; another takes its place."""

    __slots__ = ("_context", "_limit", "_work", "idle", "is_closed", "loop")

    def __init__(
        self, work: Callable[[Parked[J]], Coroutine[Any, Any, None]], limit: int = 128
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.idle: list[Parked[J]] = []
        self.is_closed = False
        self._work = work
        self._limit = limit
        self._context = copy_context()

    def start(self, job: J) -> None:
        """Run a job in a waiting task, or in a new one where none waits."""
        idle = self.idle
        if idle:
            idle.pop().wake(job)
        else:
            self._make(job)

    def refill(self) -> None:
        """Put a waiting task in the place of one that is about to end."""
        if len(self.idle) < self._limit and not self.is_closed:
            self._make(None)

    def close(self) -> None:
        """Cancel the tasks that wait."""
        self.is_closed = True
        for parked in list(self.idle):
            parked.task.cancel()

    def _make(self, job: J | None) -> None:
        parked = Parked(self, job)
        # Every task has a copy of the context that the server was started in, so that nothing
        # which one request sets is seen by another.
        parked.task = self.loop.create_task(self._work(parked), context=self._context.copy())
