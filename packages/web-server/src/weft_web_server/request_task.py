"""The task of a request, which becomes a whole one where somebody needs it.

Decides what a handler sees of its task. Most handlers end in the step in which they began, and look
at no task: theirs is an `asyncio.Task` that was never started, and serves the next request. One that
is looked at, or whose handler waits for something, is started then, and stands for the rest.

Knows nothing of requests.
"""

import asyncio
import functools
import sys
from asyncio import Task
from collections.abc import Callable, Coroutine
from contextvars import Context
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

TASK_NAME: Final = "weft-request"

# From there on only tasks that were started can be among all tasks.
_IS_REGISTERED: Final = sys.version_info < (3, 14)
OWN_WEAKLY: Final = 1 if _IS_REGISTERED else 0
"""How many weak references there are to a latent task of which nobody knows: asyncio's registry."""

Wakeup: TypeAlias = Callable[[Any], object]


class Future(Protocol):
    """What a coroutine may wait for."""

    _asyncio_future_blocking: bool

    def result(self) -> object: ...
    def cancel(self, msg: object = None) -> bool: ...
    def add_done_callback(self, callback: Wakeup, *, context: Context) -> object: ...


class _State(Enum):
    BEGUN = "in its first step"
    WAITING = "waits for what it met in its first step"
    GOING = "the task steps it"
    ENDED = "has ended in its first step"


_GOING: Final = _State.GOING  # a global is half the price of two attribute loads


class Rest(Coroutine[Any, Any, None]):
    """What is left of a coroutine behind its first step, as the coroutine of a task.

    What the coroutine waits for is asked at once to wake this; the task comes a pass later, and then
    waits for this in its place. So nothing is missed in between.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_coroutine",
        "_error",
        "_loop",
        "_state",
        "_waited",
        "_wakeup",
        "_woken",
    )

    _coroutine: Coroutine[Any, Any, None]

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        self._state = _State.BEGUN
        self._error: BaseException | None = None
        self._waited: Any = None
        self._wakeup: tuple[Wakeup, Context] | None = None
        self._woken: Future | None = None

    # What the first step has come to.

    def end(self, error: BaseException | None) -> None:
        """The coroutine has ended."""
        self._state = _State.ENDED
        self._error = error

    def wait(self, coroutine: Coroutine[Any, Any, None], waited: Any, context: Context) -> None:
        """The coroutine waits for what it has yielded."""
        self._coroutine = coroutine
        self._waited = waited
        self._state = _GOING
        if waited is not None and _is_awaitable_in(waited, self._loop):
            self._state = _State.WAITING
            waited._asyncio_future_blocking = False
            waited.add_done_callback(self._wake, context=context)
        # Anything else is the task's affair: to go on in its first step, or to complain.

    def _wake(self, woken: Future) -> None:
        if self._state is not _State.WAITING:
            return  # it was cancelled in between
        self._woken = woken
        wakeup = self._wakeup
        if wakeup is not None:
            self._go_on()
            wakeup[0](woken)

    def _go_on(self) -> None:
        self._state = _GOING
        self._waited = self._wakeup = None

    # A coroutine, for the task.

    def send(self, value: Any) -> Any:
        """Of the task: the next step."""
        if self._state is _GOING:
            waited, self._waited = self._waited, None
            return self._coroutine.send(value) if waited is None else waited
        if self._state is _State.ENDED:
            if self._error is not None:
                raise self._error
            raise StopIteration
        if self._woken is None:
            self._asyncio_future_blocking = True
            return self
        self._go_on()
        try:
            self._woken.result()
        except BaseException as exc:
            return self._coroutine.throw(exc)
        return self._coroutine.send(None)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """Of the task: the next step, which begins with an exception."""
        exc: BaseException = kind if isinstance(kind, BaseException) else value or kind()
        if self._state is _State.ENDED or self._state is _State.BEGUN:
            raise exc
        if self._state is _State.WAITING:
            # The task was cancelled before its first step, so it could not cancel what it waits for.
            if self._woken is None and self._waited.cancel():
                self._asyncio_future_blocking = True
                return self
            self._go_on()
        self._waited = None
        return self._coroutine.throw(exc)

    def close(self) -> None:
        """Of the task: it will make no step any more."""
        if self._state is _GOING or self._state is _State.WAITING:
            self._go_on()
            self._coroutine.close()

    def __await__(self) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        # cr_frame and the like, for those who print tasks.
        if name.startswith("_") and name not in {"__name__", "__qualname__"}:
            raise AttributeError(name)
        return getattr(self._coroutine, name)

    # A future, while the task waits for this in place of what the coroutine waits for.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Of the task: whether this belongs to its loop."""
        return self._loop

    def add_done_callback(self, wakeup: Wakeup, *, context: Context) -> None:
        """Of the task: how it is woken."""
        self._wakeup = wakeup, context

    def cancel(self, msg: object = None) -> bool:
        """Of the task: it is cancelled."""
        return self._woken is None and bool(self._waited.cancel(msg=msg))


def _is_awaitable_in(waited: Any, loop: asyncio.AbstractEventLoop) -> bool:
    if getattr(waited, "_asyncio_future_blocking", None) is not True:
        return False
    get_loop = getattr(waited, "get_loop", None)
    if get_loop is None or isinstance(waited, _RequestTask):
        return False
    return get_loop() is loop


class _RequestTask(Task[Any]):
    """What both kinds have."""

    __slots__ = ("first_context", "first_loop", "rest")

    first_loop: asyncio.AbstractEventLoop
    first_context: Context | None
    """Of the request whose first step is under way; None between requests."""
    rest: Rest


class StartedTask(_RequestTask):
    """A request's task as any other."""

    __slots__ = ()


class LatentTask(_RequestTask):
    """A request's task that nobody has looked at: who does so starts it."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if _get_context(self) is None:
            # Between two requests; nobody has it but a list of all tasks.
            return _no_loop if name == "get_loop" else Task.__getattribute__(self, name)
        if name == "get_loop":  # of whoever lists the tasks of any loop, perhaps another one
            return functools.partial(_get_loop, self)
        start_task(self)
        return getattr(self, name)

    def __repr__(self) -> str:
        if _get_context(self) is not None:
            start_task(self)
            return repr(self)
        return f"<{type(self).__name__} between requests>"

    def __await__(self) -> Any:
        start_task(self)
        return self.__await__()

    __iter__ = __await__


# Slots are read past `__getattribute__`.
_slots: Any = _RequestTask
_get_context: Callable[[_RequestTask], Context | None] = _slots.first_context.__get__
set_context: Callable[[_RequestTask, Context | None], None] = _slots.first_context.__set__
_get_loop: Callable[[_RequestTask], asyncio.AbstractEventLoop] = _slots.first_loop.__get__
_set_loop: Callable[[_RequestTask, asyncio.AbstractEventLoop], None] = _slots.first_loop.__set__
_complaint: Any = Task.__dict__["_log_destroy_pending"]
_set_complaint: Callable[[_RequestTask, bool], None] = _complaint.__set__


def _no_loop() -> None:
    return None


class _StillLoop:
    """In place of a loop, for a task that makes no step."""

    def get_debug(self) -> bool:
        return False

    def call_soon(self, *args: object, **keywords: object) -> None: ...


_STILL: Final[Any] = _StillLoop()


def make_latent(loop: asyncio.AbstractEventLoop) -> LatentTask:
    """A task that was not started, for request after request.

    It has a coroutine and makes no step of it, for methods of `Task` that are called unbound would
    look for one.
    """
    task = LatentTask.__new__(LatentTask)
    Task.__init__(task, Rest(loop), loop=_STILL, name=TASK_NAME)
    _set_complaint(task, False)  # that it was never stepped
    _set_loop(task, loop)
    set_context(task, None)
    return task


def start_task(task: LatentTask) -> StartedTask:
    """Make a whole task of one whose request is in its first step. It steps on in the next pass."""
    loop, context = _get_loop(task), _get_context(task)
    assert context is not None  # of a request
    rest = Rest(loop)
    task.__class__ = StartedTask  # type: ignore[assignment]  # alike but for its methods
    started: StartedTask = task  # type: ignore[assignment]  # which it is now
    started.rest = rest
    Task.__init__(started, rest, loop=loop, name=TASK_NAME, context=context)
    return started


def end_first_step(task: LatentTask | StartedTask, error: BaseException | None) -> None:
    """The request has ended in its first step, and its task has to say so."""
    started = start_task(task) if type(task) is LatentTask else task
    started.rest.end(error)


def leave_first_step(
    task: LatentTask | StartedTask, coroutine: Coroutine[Any, Any, None], waited: object
) -> None:
    """The request waits for something: its task does the rest."""
    context = _get_context(task)
    assert context is not None  # of the request
    started = start_task(task) if type(task) is LatentTask else task
    started.rest.wait(coroutine, waited, context)
