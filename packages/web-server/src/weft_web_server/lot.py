"""Tasks that wait for requests: made beforehand, so that a handler starts in the loop pass in
which its request came, in a task and a context of its own.

Decides how many tasks wait. Waiting costs a step more than starting with a job does, so few wait:
they serve what comes alone or in small numbers. Of a crowd that came in one pass of the loop the
rest gets tasks that start in the next, when the loop is done with reading.

Knows nothing of requests: a job is whatever the coroutine takes.
"""

import asyncio
from asyncio import Task, current_task
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, Final, Generic, TypeVar

J = TypeVar("J")

Wakeup = Callable[[Any], object]

TASK_NAME: Final = "weft-request"


class Parked(Generic[J]):
    """What a waiting task awaits: a small future whose callback may be called at any time.

    It speaks the protocol by which asyncio's tasks wait: `_asyncio_future_blocking`, `get_loop`,
    `add_done_callback`, `result`, `cancel`.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "context",
        "job",
        "lot",
        "task",
        "wakeup",
    )

    task: "asyncio.Task[None]"
    wakeup: Wakeup  # with its context: how the task is woken, once it waits
    context: Context

    def __init__(self, lot: "Lot[J]", job: J | None) -> None:
        self.lot = lot
        self.job = job

    def __await__(self) -> Generator[Any, None, J]:
        if self.job is None:
            self._asyncio_future_blocking = True
            yield self
        return self.job  # type: ignore[return-value]  # nothing else wakes the task

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the task."""
        return self.lot.loop

    def add_done_callback(self, wakeup: Wakeup, *, context: Context | None = None) -> None:
        """The task tells how it is woken; from now on it can be given a job."""
        self.wakeup = wakeup
        self.context = context  # type: ignore[assignment]  # tasks always give one
        lot = self.lot
        idle = lot.idle
        if len(idle) < lot.limit:
            idle.append(self)
        else:
            self._dismiss()  # many ended at once, and their places are taken

    def remove_done_callback(self, wakeup: Wakeup) -> int:
        """Forget how the task is woken."""
        return 0

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled while it waits."""
        if self not in self.lot.idle:
            return False
        self.lot.idle.remove(self)
        self._dismiss()
        return True

    def _dismiss(self) -> None:
        """Wake the task without a job."""
        self.lot.loop.call_soon(self.wakeup, self, context=self.context)

    def result(self) -> None:
        """What the task's waiting comes to."""
        if self.job is None:
            raise asyncio.CancelledError


class Lot(Generic[J]):
    """The waiting tasks of one server. Each takes one job and ends; another takes its place."""

    __slots__ = ("_context", "_has_factory", "_work", "idle", "limit", "loop")

    def __init__(
        self, work: Callable[[Parked[J]], Coroutine[Any, Any, None]], limit: int = 16
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.idle: list[Parked[J]] = []
        self._work = work
        self.limit = limit
        self._context = copy_context()
        self._has_factory = self.loop.get_task_factory() is not None

    def fill(self) -> None:
        """Make the tasks that wait."""
        for _ in range(self.limit - len(self.idle)):
            self._employ(Parked(self, None))

    def start(self, job: J) -> None:
        """Run a job in a waiting task, or in a new one where none waits.

        A waiting task runs at once, until it waits for something else or ends.
        """
        idle = self.idle
        if not idle:
            self._employ(Parked(self, job))
            return
        parked = idle.pop()
        parked.job = job
        if current_task(self.loop) is None:
            parked.context.run(parked.wakeup, parked)
        else:
            # A task is running, so this one cannot be entered before the loop's next pass.
            self.loop.call_soon(parked.wakeup, parked, context=parked.context)

    def refill(self, parked: Parked[J]) -> None:
        """Put a waiting task in the place of one that is about to end."""
        if len(self.idle) < self.limit:
            parked.job = None
            self._employ(parked)

    def close(self) -> None:
        """Cancel the tasks that wait."""
        self.limit = 0
        for parked in list(self.idle):
            parked.task.cancel()

    def _employ(self, parked: Parked[J]) -> None:
        """Make a task that waits, or works at once where there is a job."""
        # Every task has a copy of the context that the server was started in, so that nothing
        # which one request sets is seen by another.
        context = self._context.copy()
        if self._has_factory:
            parked.task = self.loop.create_task(self._work(parked), context=context)
        else:
            # What create_task() does, without making up a name.
            parked.task = Task(self._work(parked), loop=self.loop, name=TASK_NAME, context=context)
