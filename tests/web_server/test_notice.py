import asyncio

import pytest

from weft_web_server import Notice


async def test_whoever_waits_is_woken() -> None:
    notice = Notice()

    async def wait() -> str:
        await notice
        return "told"

    waiting = [asyncio.create_task(wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not notice and not any(task.done() for task in waiting)
    notice.give()
    assert notice
    assert await asyncio.gather(*waiting) == ["told"] * 3
    notice.give()
    await notice  # at once
    await notice.wait()


async def test_who_no_longer_waits_is_forgotten() -> None:
    notice = Notice()
    waiting = asyncio.create_task(notice.wait())
    other = asyncio.create_task(notice.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(notice._waiters) == 1
    other.cancel()
    notice.give()  # its waiter is done, and it has not run yet
    with pytest.raises(asyncio.CancelledError):
        await other
