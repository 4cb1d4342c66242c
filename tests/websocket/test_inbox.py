import asyncio

import pytest

from weft_http_parser import Hold
from weft_websocket import WSMessage, WSMsgType
from weft_websocket.inbox import Inbox, Waiter


class Gate:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def hold(self, reason: Hold) -> None:
        self.calls.append(f"hold {reason.name}")

    def release(self, reason: Hold) -> None:
        self.calls.append(f"release {reason.name}")


def message(data: object) -> WSMessage:
    return WSMessage(WSMsgType.BINARY, data, "")


async def test_the_gate_is_moved_only_when_it_changes() -> None:
    gate = Gate()
    inbox = Inbox(gate, 2)
    inbox.release()
    inbox.hold()
    inbox.hold()
    assert inbox.is_held
    inbox.release()
    inbox.release()
    assert gate.calls == ["hold QUEUE", "release QUEUE"]


async def test_full_by_number_or_by_size() -> None:
    inbox = Inbox(Gate(), 3)
    assert not inbox.is_full
    inbox.messages.extend([message(b""), WSMessage(WSMsgType.CLOSE, 1000, "")])
    assert not inbox.is_full
    inbox.messages.append(message(b""))
    assert inbox.is_full
    inbox.messages.clear()
    inbox.messages.append(message(b"x" * (2**18 - 1)))
    assert not inbox.is_full
    inbox.messages.append(message("x"))
    assert inbox.is_full


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
