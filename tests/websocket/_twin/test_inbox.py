"""The inbox and what its reader awaits, on both twins: no link, no protocol, a real loop."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import pytest
from support.twins import Twin

KEY = b"\x11\xa2\x33\xc4"


class Owner:
    """Notes what it is asked."""

    def __init__(self, twin: Twin, limit: int = 4) -> None:
        self.twin = twin
        made = twin.module("_twin")
        self.scanner = made.FrameScanner(True, False, True, 1 << 20, 100, 16)
        self.inbox = made.Inbox(self, self.scanner, limit)
        self.calls: list[Any] = []

    def frame(self, payload: str | bytes) -> bytes:
        first = 0x81 if isinstance(payload, str) else 0x82
        made: bytes = self.twin.module("_twin").render_frame(first, payload, KEY)
        return made

    def give(self, payload: str | bytes) -> None:
        self.inbox.data_received(self.frame(payload))

    def end(self) -> None:
        self.inbox.is_ended = True
        self.inbox.wake()

    def take_frames(self, frames: list[Any]) -> None:
        self.calls.append(("frames", frames, self.scanner.fault))

    def take_bytes(self, data: bytes) -> None:
        self.calls.append(("bytes", data))

    def read_end(self, is_iteration: bool) -> str:
        if is_iteration:
            raise StopAsyncIteration
        return "the end"

    def finish_read(self, message: Any, is_iteration: bool) -> Any:
        self.calls.append(("finish", message, is_iteration))
        return message

    def refuse_reader(self, callback: object) -> NoReturn:
        raise RuntimeError("a task waits already")

    def hold_peer(self) -> None:
        self.inbox.is_held = True
        self.calls.append("hold")

    def refill(self) -> None:
        self.calls.append("refill")

    def eof_received(self) -> bool:
        return True

    def link_lost(self, exc: Exception | None) -> None:
        self.calls.append(("lost", exc))


@pytest.fixture
def owner(twin: Twin) -> Owner:
    return Owner(twin)


async def passes(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def next_data(owner: Owner) -> Any:
    return (await owner.inbox.read()).data


async def test_what_is_queued_is_read_at_once_and_in_order(owner: Owner) -> None:
    for text in ("a", "b"):
        owner.give(text)
    assert [await next_data(owner), await next_data(owner)] == ["a", "b"]


async def test_iteration_ends_where_the_owner_says(owner: Owner) -> None:
    owner.give("a")
    owner.give(b"b")
    owner.inbox.is_ended = True
    assert [message.data async for message in owner.inbox] == ["a", b"b"]
    assert await owner.inbox.read() == "the end"


async def test_a_reader_is_stepped_within_the_read(owner: Owner) -> None:
    seen: list[Any] = []

    async def read() -> None:
        seen.extend([await next_data(owner), await next_data(owner)])

    def give(text: str) -> None:
        owner.give(text)
        seen.append(f"behind {text}")

    task = asyncio.create_task(read())
    await passes()
    loop = asyncio.get_running_loop()
    loop.call_soon(give, "x")
    await passes()
    assert seen == [] or seen == ["behind x"]  # extend() waits for both
    assert owner.inbox.is_awaited
    loop.call_soon(give, "y")
    await task
    assert seen == ["behind x", "x", "y", "behind y"]


async def test_within_another_task_the_step_goes_through_the_loop(owner: Owner) -> None:
    task = asyncio.create_task(next_data(owner))
    await passes()
    owner.give("x")  # by this task
    assert not task.done()
    assert [message.data for message in owner.inbox.messages] == ["x"]
    assert await task == "x"


async def test_from_another_thread_the_step_goes_through_the_loop(owner: Owner) -> None:
    task = asyncio.create_task(next_data(owner))
    await passes()
    await asyncio.to_thread(owner.give, "x")
    assert await task == "x"


async def test_a_second_reader_is_refused_and_the_first_goes_on(owner: Owner) -> None:
    first = asyncio.create_task(next_data(owner))
    await passes()
    second = owner.inbox.read()
    with pytest.raises(RuntimeError, match="waits already"):
        await second
    with pytest.raises(RuntimeError, match="already awaited"):
        await second
    owner.give("x")
    assert await first == "x"


async def test_a_reader_that_another_was_quicker_than_waits_on(owner: Owner) -> None:
    first = asyncio.create_task(next_data(owner))
    await passes()
    owner.give("x")
    assert await next_data(owner) == "x"
    await passes()
    assert not first.done()
    owner.give("y")
    assert await first == "y"


@pytest.mark.parametrize("message", [None, "because"])
async def test_a_cancelled_reader_loses_nothing(owner: Owner, message: str | None) -> None:
    task = asyncio.create_task(next_data(owner))
    await passes()
    task.cancel(message)
    owner.give("kept")
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert caught.value.args == (() if message is None else (message,))
    assert not owner.inbox.is_awaited
    assert await next_data(owner) == "kept"


async def test_a_reader_that_is_cancelled_once_it_was_woken_loses_nothing(owner: Owner) -> None:
    task = asyncio.create_task(next_data(owner))
    await passes()
    owner.give("kept")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not owner.inbox.cancel()
    assert await next_data(owner) == "kept"


WAYS: list[Callable[[Coroutine[Any, Any, Any]], Any]] = [
    asyncio.create_task,
    asyncio.ensure_future,
    asyncio.gather,
    lambda it: asyncio.wait_for(it, 5),
    asyncio.shield,
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_reading_is_good_for_all_that_takes_coroutines(owner: Owner, way: Any) -> None:
    waiting = asyncio.ensure_future(way(owner.inbox.read()))
    await passes(5)
    owner.give("x")
    result = await waiting
    assert (result[0] if isinstance(result, list) else result).data == "x"


async def test_a_timeout_loses_nothing(owner: Owner) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(owner.inbox.read(), 0.001)
    owner.give("x")
    assert await next_data(owner) == "x"


def test_a_reading_by_hand(owner: Owner) -> None:
    reading = owner.inbox.read()
    assert iter(reading) is reading
    assert next(reading) is owner.inbox
    assert reading.send(None) is owner.inbox  # nobody has woken it
    owner.give("x")
    with pytest.raises(StopIteration) as stop:
        next(reading)
    assert stop.value.value.data == "x"
    with pytest.raises(RuntimeError, match="already awaited"):
        reading.send(None)
    reading.close()


@pytest.mark.parametrize(
    "thrown", [(KeyError("k"),), (KeyError,), (KeyError, KeyError("k"), None), (KeyError, None)]
)
def test_what_is_thrown_into_a_reading_comes_out(owner: Owner, thrown: Any) -> None:
    reading = owner.inbox.read()
    with pytest.raises(KeyError):
        reading.throw(*thrown)
    with pytest.raises(RuntimeError, match="already awaited"):
        next(reading)


def test_only_exceptions_are_thrown(owner: Owner) -> None:
    with pytest.raises(TypeError):
        owner.inbox.read().throw("text")


async def test_a_full_queue_holds_the_peer_and_a_read_asks_for_more(owner: Owner) -> None:
    for number in range(4):
        assert not owner.inbox.is_full
        owner.give(str(number))
    assert owner.inbox.is_full
    assert owner.calls == ["hold"]
    assert await next_data(owner) == "0"
    assert owner.calls == ["hold", "refill"]
    owner.inbox.clear()
    assert not owner.inbox.messages
    assert not owner.inbox.is_full


def test_a_queue_is_full_by_its_bytes_too(owner: Owner) -> None:
    owner.give(bytes(2**18 - 1))
    assert not owner.inbox.is_full
    owner.give("é")
    assert owner.calls == ["hold"]


async def test_what_is_not_plain_is_the_owners(owner: Owner) -> None:
    ping = b"\x89\x80" + KEY
    owner.inbox.data_received(owner.frame("x") + ping)
    owner.inbox.data_received(b"\xff")
    text, control = owner.calls[0][1]
    assert (text.data, control) == ("x", (0x89, b""))
    assert owner.calls[1][0] == "frames"
    assert owner.calls[1][2] == owner.scanner.fault != 0
    owner.inbox.put(owner.twin.WSMessage(owner.twin.WSMsgType.CLOSE, 1000, ""))
    await owner.inbox.read()
    assert owner.calls[-1] == ("finish", (8, 1000, ""), False)


@pytest.mark.parametrize(
    "payload", ["", "e", "é", b"", b"x" * 125, b"x" * 126, "e" * 65536], ids=range(7)
)
@pytest.mark.parametrize("size", [1, 3, 7, 1 << 20])
async def test_any_message_in_any_pieces(owner: Owner, payload: str | bytes, size: int) -> None:
    if len(payload) > 1000 and size < 7:
        size = 4099
    task = asyncio.create_task(next_data(owner))
    await passes()
    wire = owner.frame(payload)
    for at in range(0, len(wire), size):
        owner.inbox.data_received(wire[at : at + size])
    assert await task == payload


@pytest.mark.parametrize(
    "wire",
    [
        b"\x81\x81" + KEY + b"\xff",  # text that is none
        b"\x81\x01x",  # not masked
        b"\x82\xfe",
        b"\x82\xfe\x00",
        b"\x82\xfe\x00\x01" + KEY + b"x",
        b"\x82\xff" + bytes(8) + KEY,
        b"\x82",
    ],
)
async def test_a_waiting_reader_and_bytes_that_are_no_message(owner: Owner, wire: bytes) -> None:
    task = asyncio.create_task(next_data(owner))
    await passes()
    owner.inbox.data_received(wire)
    assert owner.inbox.is_awaited
    owner.end()
    with pytest.raises(AttributeError):
        await task  # "the end" has no data


async def test_bytes_are_the_owners_while_the_inbox_is_not_direct(owner: Owner) -> None:
    heard: list[int] = []
    owner.inbox.hear = lambda: heard.append(1)
    owner.inbox.is_direct = False
    owner.give("x")
    assert owner.calls == [("bytes", owner.frame("x"))]
    assert heard == [1]


def test_the_rest_of_a_link_is_the_owners(owner: Owner) -> None:
    owner.inbox.link_made(None)
    assert owner.inbox.eof_received()
    owner.inbox.link_lost(None)
    assert owner.calls == [("lost", None)]


async def test_the_loop_is_that_of_the_reader(owner: Owner) -> None:
    assert owner.inbox.get_loop() is asyncio.get_running_loop()
    owner.inbox.wake()  # nobody waits
    assert owner.inbox.result() is None


@pytest.mark.parametrize("error", [ValueError("x")])
async def test_errors_of_the_owner_come_out(owner: Owner, error: Exception) -> None:
    def fail(*args: object) -> NoReturn:
        raise error

    owner.inbox.hear = fail
    with pytest.raises(ValueError, match="x"):
        owner.give("x")
    owner.inbox.hear = None
    for name, wire in (("take_frames", b"\x89\x80" + KEY), ("hold_peer", owner.frame("x") * 4)):
        setattr(owner, name, fail)
        with pytest.raises(ValueError, match="x"):
            owner.inbox.data_received(wire)
    owner.inbox.is_held = True
    owner.refill = fail  # type: ignore[method-assign]  # on purpose
    with pytest.raises(ValueError, match="x"):
        await owner.inbox.read()


async def test_circles_are_found(twin: Twin) -> None:
    made = Owner(twin)
    task = asyncio.create_task(next_data(made))
    await passes()
    made.give("x")
    await task
    gone = weakref.ref(made)
    del made, task
    gc.collect()
    assert gone() is None


async def test_done_is_a_coroutine_that_is_over(twin: Twin) -> None:
    done = twin.module("_twin").Done()
    assert await done is None
    assert await asyncio.create_task(done) is None
    assert list(done) == []
    with pytest.raises(StopIteration):
        done.send(None)
    with pytest.raises(StopIteration):
        next(done)
    with pytest.raises(KeyError):
        done.throw(KeyError("k"))
    with pytest.raises(KeyError):
        done.throw(KeyError, None)
    done.close()
