"""Waking a task: at once from a callback, through the loop from anywhere else."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine

import pytest

from weft_http_parser import Waiter


async def test_waiting_again_and_again() -> None:
    waiter = Waiter()
    waiter.wake()
    for _ in range(3):

        async def wait() -> None:
            await waiter

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert waiter.is_awaited
        waiter.wake()
        waiter.wake()
        await waiting
        assert not waiter.is_awaited
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await waiter
        assert not waiter.is_awaited


def test_the_end_of_the_loop_finds_a_reader() -> None:
    async def main() -> asyncio.Task[None]:
        async def wait() -> None:
            await Waiter()

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        return waiting

    assert asyncio.run(main()).cancelled()


async def test_a_task_is_stepped_by_wake_itself_with_its_context() -> None:
    waiter = Waiter()
    seen: list[object] = []

    async def wait() -> None:
        await waiter
        seen.append(asyncio.current_task())

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    passed = asyncio.get_running_loop().create_future()

    def wake() -> None:
        waiter.wake()
        passed.set_result(list(seen))

    asyncio.get_running_loop().call_soon(wake)
    assert await passed == [task]
    await task


async def test_waking_from_a_task_goes_through_the_loop() -> None:
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiter.wake()
    assert not task.done()
    assert await task == "woken"


async def test_cancelling() -> None:
    waiter = Waiter()

    async def wait() -> None:
        await waiter

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    waiter.wake()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiter.cancel() is False


async def test_a_second_task_is_refused() -> None:
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    first = asyncio.create_task(wait())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await waiter
    waiter.wake()
    assert await first == "woken"


async def test_a_second_task_is_refused_until_the_first_goes_on() -> None:
    """It would take the first one's place, and that would forget it as it goes on."""
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    for stop in (waiter.wake, waiter.cancel):
        first = asyncio.create_task(wait())
        await asyncio.sleep(0)
        stop()
        assert not waiter.is_awaited
        with pytest.raises(RuntimeError, match="another task"):
            await waiter
        await asyncio.wait([first])
        assert waiter.context is None
        assert first.cancelled() is (stop == waiter.cancel)


async def test_a_coroutine_that_is_closed_leaves_the_waiter_free() -> None:
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    dropped = wait()
    assert dropped.send(None) is waiter  # what a task would be given
    waiter.add_done_callback(lambda _: None, context=contextvars.copy_context())
    dropped.close()
    assert not waiter.is_awaited
    second = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiter.wake()
    assert await second == "woken"


async def test_the_message_of_a_cancellation_arrives() -> None:
    async def wait() -> None:
        await Waiter()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task


async def test_woken_and_then_cancelled_before_the_step() -> None:
    """The step comes first where it can; a cancellation after it is not lost."""
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiter.wake()  # from a task: the step is only arranged
    task.cancel()
    assert not waiter.is_awaited
    with pytest.raises(asyncio.CancelledError):
        await task


def run_on(loop_factory: Callable[[], asyncio.AbstractEventLoop], main: Awaitable[None]) -> None:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main)  # type: ignore[arg-type]  # a coroutine


def loop_factories() -> list[object]:
    factories: list[object] = [pytest.param(asyncio.new_event_loop, id="asyncio")]
    try:
        import uvloop
    except ImportError:
        mark = pytest.mark.skip(reason="uvloop is not here")
        return [*factories, pytest.param(None, id="uvloop", marks=mark)]
    return [*factories, pytest.param(uvloop.new_event_loop, id="uvloop")]


@pytest.mark.parametrize("make_loop", loop_factories())
@pytest.mark.parametrize("is_debug", [False, True])
def test_on_every_loop(make_loop: Callable[[], asyncio.AbstractEventLoop], is_debug: bool) -> None:
    """Stepped from a callback, from a task, through gather, wait_for, timeout and a group."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(is_debug)
        waiters = [Waiter() for _ in range(5)]

        async def wait(waiter: Waiter) -> str:
            await waiter
            return "woken"

        async def wait_long(waiter: Waiter) -> str:
            async with asyncio.timeout(60):
                return await asyncio.wait_for(wait(waiter), 60)

        async with asyncio.TaskGroup() as group:
            alone = group.create_task(wait(waiters[0]))
            both = asyncio.gather(wait(waiters[1]), wait(waiters[2]))
            timed = group.create_task(wait_long(waiters[3]))
            shielded = asyncio.shield(wait(waiters[4]))
            for _ in range(3):
                await asyncio.sleep(0)
            for waiter in waiters[:2]:
                loop.call_soon(waiter.wake)
            for waiter in waiters[2:]:
                waiter.wake()
            assert [*await both] == ["woken", "woken"]
            assert [await alone, await timed, await shielded] == ["woken"] * 3

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait(waiters[0]), 0.001)
        again = asyncio.create_task(wait(waiters[0]))
        await asyncio.sleep(0)
        loop.call_soon(waiters[0].wake)
        assert await again == "woken"

    run_on(make_loop, main())


@pytest.mark.parametrize("make_loop", loop_factories())
def test_from_another_thread_and_from_outside_the_loop(
    make_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    async def main() -> "asyncio.Task[str]":
        first = asyncio.create_task(wait())
        await asyncio.sleep(0)
        await asyncio.to_thread(waiter.wake)
        assert await first == "woken"
        second = asyncio.create_task(wait())
        await asyncio.sleep(0)
        return second

    with asyncio.Runner(loop_factory=make_loop) as runner:
        task = runner.run(finish_nothing(main()))
        waiter.wake()
        assert not task.done()
        assert runner.run(finish(task)) == "woken"


async def finish_nothing(
    making: Coroutine[object, object, "asyncio.Task[str]"],
) -> "asyncio.Task[str]":
    return await making


async def finish(task: "asyncio.Task[str]") -> str:
    return await task


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="from Python 3.12 on")
async def test_eager_tasks() -> None:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]  # from 3.12 on
    waiter = Waiter()

    async def wait() -> str:
        await waiter
        return "woken"

    task = asyncio.create_task(wait())
    assert waiter.is_awaited
    waiter.wake()
    assert await task == "woken"
    task = asyncio.create_task(wait())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_result_of_a_wait_that_was_not_cancelled_is_nothing() -> None:
    Waiter(asyncio.get_running_loop()).result()
