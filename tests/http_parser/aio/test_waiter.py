import asyncio

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
