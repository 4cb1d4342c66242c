import asyncio
import contextvars

import pytest

from weft_web_server.lot import Lot, Parked

variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)


class Workshop:
    """Jobs that note when they ran, and where."""

    def __init__(self, limit: int = 1) -> None:
        self.done: list[str] = []
        self.lot: Lot[str] = Lot(self.work, limit=limit)

    async def work(self, parked: Parked[str]) -> None:
        job = await parked
        assert parked.task is asyncio.current_task()
        self.done.append(f"{job} {variable.get()}")
        variable.set(5)
        if job == "wait":
            await asyncio.sleep(0)
            self.done.append("waited")
        self.lot.refill(parked)

    async def fill(self) -> None:
        self.lot.fill()
        await asyncio.sleep(0)


async def test_a_waiting_task_runs_at_once() -> None:
    shop = Workshop()
    await shop.fill()
    assert len(shop.lot.idle) == 1
    done: list[str] = []

    def arrive() -> None:
        shop.lot.start("job")
        done.extend(shop.done)

    asyncio.get_running_loop().call_soon(arrive)
    await asyncio.sleep(0)
    assert done == ["job 0"]
    shop.lot.close()


async def test_inside_a_task_it_runs_in_the_next_pass() -> None:
    shop = Workshop()
    await shop.fill()
    shop.lot.start("job")
    assert shop.done == []
    await asyncio.sleep(0)
    assert shop.done == ["job 0"]
    shop.lot.close()


async def test_without_a_waiting_task_one_is_made() -> None:
    shop = Workshop()
    shop.lot.start("wait")
    for _ in range(3):
        await asyncio.sleep(0)
    assert shop.done == ["wait 0", "waited"]
    shop.lot.close()


async def test_contexts_are_fresh_and_the_lot_is_bounded() -> None:
    shop = Workshop(limit=2)
    for number in range(5):
        shop.lot.start(str(number))
    for _ in range(3):
        await asyncio.sleep(0)
    assert shop.done == [f"{number} 0" for number in range(5)]
    assert len(shop.lot.idle) == 2
    shop.lot.close()


async def test_closing_cancels_those_that_wait() -> None:
    shop = Workshop()
    await shop.fill()
    (parked,) = shop.lot.idle
    assert parked.get_loop() is asyncio.get_running_loop()
    assert parked.remove_done_callback(print) == 0
    shop.lot.close()
    with pytest.raises(asyncio.CancelledError):
        await parked.task
    assert shop.lot.idle == [] and not parked.cancel()
    shop.lot.refill(parked)
    await asyncio.sleep(0)
    assert shop.lot.idle == []


async def test_a_task_factory_is_asked() -> None:
    loop = asyncio.get_running_loop()
    made: list[object] = []

    def factory(loop, coro, **kwargs):  # type: ignore[no-untyped-def]  # asyncio's interface
        made.append(coro)
        return asyncio.Task(coro, loop=loop, **kwargs)

    loop.set_task_factory(factory)
    try:
        shop = Workshop()
        await shop.fill()
        assert len(made) == 1
        shop.lot.close()
    finally:
        loop.set_task_factory(None)
