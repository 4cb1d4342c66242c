import asyncio
import gc
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any
from weakref import getweakrefcount, ref

import pytest

from weft_web_server.request_task import (
    OWN_WEAKLY,
    LatentTask,
    Rest,
    StartedTask,
    end_first_step,
    make_latent,
    set_context,
    start_task,
)


def latent(*, is_begun: bool = True) -> Any:
    task = make_latent(asyncio.get_running_loop())
    if is_begun:
        set_context(task, copy_context())
    return task


async def test_between_requests_it_is_nobodys() -> None:
    task = latent(is_begun=False)
    assert repr(task) == "<LatentTask between requests>"
    assert task not in asyncio.all_tasks()
    assert type(task) is LatentTask
    del task
    gc.collect()  # it was never started, and nothing complains


async def test_who_has_a_weak_reference_is_told_from_nobody() -> None:
    task = latent(is_begun=False)
    assert getweakrefcount(task) == OWN_WEAKLY
    kept = ref(task, lambda dead: None)
    assert getweakrefcount(task) > OWN_WEAKLY and kept() is task


@pytest.mark.parametrize(
    "look",
    [
        lambda task: task.done(),
        repr,
        lambda task: asyncio.all_tasks(),
        lambda task: task.add_done_callback(print),
        lambda task: task.__await__(),
        lambda task: iter(task),
    ],
    ids=["done", "repr", "all_tasks", "add_done_callback", "await", "iter"],
)
async def test_who_looks_starts_it(look: Any, capsys: pytest.CaptureFixture[str]) -> None:
    task = latent()
    look(task)
    assert type(task) is StartedTask and task in asyncio.all_tasks()
    end_first_step(task, None)
    assert await task is None
    await asyncio.sleep(0)


def test_who_lists_the_tasks_of_another_loop_starts_nothing() -> None:
    kept: list[Any] = []

    async def make() -> None:
        kept.append(latent())

    loop = asyncio.new_event_loop()
    loop.run_until_complete(make())
    loop.close()

    async def look() -> None:
        assert kept[0] not in asyncio.all_tasks()

    asyncio.run(look())
    assert type(kept[0]) is LatentTask


async def test_methods_called_unbound_find_something() -> None:
    task = latent()
    assert asyncio.Task.get_name(task) == "weft-request"
    assert not asyncio.Task.done(task)
    assert asyncio.iscoroutine(asyncio.Task.get_coro(task))
    assert type(task) is LatentTask


async def test_an_end_with_an_error() -> None:
    task = latent()
    end_first_step(task, KeyError("x"))
    with pytest.raises(KeyError):
        await task


async def test_closing_a_rest_closes_what_is_left() -> None:
    closed: list[bool] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    coroutine: Any = wait()
    rest: Any = Rest(asyncio.get_running_loop())
    rest.close()  # nothing is left yet
    rest.wait(coroutine, coroutine.send(None), copy_context())
    assert rest.cr_frame is coroutine.cr_frame and rest.__qualname__ == coroutine.__qualname__
    assert isinstance(rest, Coroutine)
    assert rest.__await__() is rest
    with pytest.raises(AttributeError):
        getattr(rest, "_other")  # noqa: B009  a check of types would know
    rest.close()
    assert closed == [True]


async def test_a_step_that_was_never_made_ends_with_what_is_thrown() -> None:
    rest = Rest(asyncio.get_running_loop())
    with pytest.raises(KeyError):
        rest.throw(KeyError, KeyError("x"), None)
    with pytest.raises(asyncio.CancelledError):
        rest.throw(asyncio.CancelledError)


async def test_one_that_was_woken_goes_on_where_it_is_cancelled() -> None:
    """What it waited for has come, so that cannot be cancelled: the coroutine is told itself."""
    other: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    told: list[str] = []

    async def wait() -> None:
        try:
            await other
        except asyncio.CancelledError:
            told.append("cancelled")

    started = start_task(latent())
    coroutine = wait()
    started.rest.wait(coroutine, coroutine.send(None), copy_context())
    other.set_result(None)
    started.cancel()
    await started
    assert told == ["cancelled"]


class Ready:
    """What wakes at once whoever waits for it."""

    def __init__(self, result: Any) -> None:
        self._asyncio_future_blocking = False
        self._result = result

    def __await__(self) -> Generator[Any, None, Any]:
        self._asyncio_future_blocking = True
        yield self
        return self.result()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def add_done_callback(self, callback: Any, *, context: Any) -> None:
        callback(self)

    def result(self) -> Any:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


@pytest.mark.parametrize("result", ["came", KeyError("went")], ids=["result", "error"])
async def test_woken_before_the_task_has_made_a_step(result: Any) -> None:
    told: list[Any] = []

    async def wait() -> None:
        try:
            told.append(await Ready(result))
        except KeyError as exc:
            told.append(exc)

    started = start_task(latent())
    coroutine = wait()
    started.rest.wait(coroutine, coroutine.send(None), copy_context())
    await started
    assert told == [result]


async def test_what_belongs_nowhere_is_the_tasks_affair() -> None:
    class Homeless:
        _asyncio_future_blocking = True

        def __await__(self) -> Generator[Any, None, None]:
            yield self

        def get_loop(self) -> object:
            return object()

    async def wait() -> None:
        await Homeless()

    started = start_task(latent())
    coroutine = wait()
    started.rest.wait(coroutine, coroutine.send(None), copy_context())
    with pytest.raises(RuntimeError, match="loop"):
        await started
