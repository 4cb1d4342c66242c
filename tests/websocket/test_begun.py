"""Coroutines that begin at the call."""

import asyncio

import pytest

from weft_websocket.begun import begin


async def test_it_runs_to_its_first_wait_at_once_and_on_when_it_is_awaited() -> None:
    gate = asyncio.get_running_loop().create_future()
    done: list[str] = []

    async def work() -> None:
        done.append("begun")
        await gate
        await asyncio.sleep(0)
        done.append("ended")

    rest = begin(work())
    assert done == ["begun"]
    gate.set_result(None)
    await rest
    assert done == ["begun", "ended"]


async def test_one_that_never_waits_is_over() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("all")

    rest = begin(work())
    assert done == ["all"]
    await rest


async def test_what_it_raises_at_once_is_raised_at_the_call() -> None:
    async def work() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        begin(work())


async def test_a_cancellation_goes_to_where_it_waits() -> None:
    gate = asyncio.get_running_loop().create_future()
    done: list[str] = []

    async def work() -> None:
        try:
            await gate
        finally:
            done.append("left")

    task = asyncio.ensure_future(begin(work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gate.cancelled()
    assert done == ["left"]


async def test_whoever_drops_it_has_it_closed() -> None:
    gate = asyncio.get_running_loop().create_future()
    done: list[str] = []

    async def work() -> None:
        try:
            await gate
        finally:
            done.append("left")

    rest = begin(work())
    with pytest.warns(RuntimeWarning, match="never awaited"):
        del rest
    assert done == ["left"]
