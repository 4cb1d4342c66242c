import asyncio
from collections.abc import Callable

import pytest

from weft_http_parser import Hold
from weft_websocket import WSMsgType
from weft_websocket.heartbeat import Heartbeat

from .test_aio import Raw, passes, streams
from .test_twin import frame


class Owner:
    """What a heartbeat does to its owner, as a list."""

    def __init__(self) -> None:
        self.is_listening = True
        self.events: list[str] = []
        self.pinged = asyncio.Event()
        self.gone = asyncio.Event()

    def send_heartbeat(self) -> None:
        self.events.append("ping")
        self.pinged.set()

    def give_up(self, text: str) -> None:
        self.events.append(text)
        self.gone.set()


async def test_a_silent_peer_is_given_up() -> None:
    owner = Owner()
    Heartbeat(owner, 0.02)
    async with asyncio.timeout(5):
        await owner.gone.wait()
    assert owner.events == ["ping", "No PONG received after 0.01 seconds"]


async def test_any_bytes_are_a_sign_of_life() -> None:
    owner = Owner()
    beat = Heartbeat(owner, 0.02)
    async with asyncio.timeout(5):
        for _ in range(3):
            await owner.pinged.wait()
            beat.hear()
            owner.pinged.clear()
    beat.stop()
    assert owner.events == ["ping"] * 3


async def test_who_does_not_listen_does_not_judge() -> None:
    owner = Owner()
    Heartbeat(owner, 0.01)
    await owner.pinged.wait()
    owner.is_listening = False
    owner.pinged.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await owner.gone.wait()


async def test_a_stopped_heartbeat_is_silent() -> None:
    owner = Owner()
    Heartbeat(owner, 0.001).stop()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await owner.pinged.wait()


async def test_a_stream_gives_its_dead_peer_up() -> None:
    raw = Raw(heartbeat_seconds=0.02)
    message = await raw.stream.receive()
    assert message.type is WSMsgType.ERROR
    assert isinstance(message.data, TimeoutError)
    assert str(message.data) == "No PONG received after 0.01 seconds"
    assert (raw.stream.closed, raw.stream.close_code) == (True, 1006)
    assert raw.stream.exception() is message.data
    assert bytes(raw.peer.received) == b"\x89\x00"
    await raw.peer.until_event("lost")


async def test_a_stream_keeps_a_peer_that_answers() -> None:
    client, server = streams(heartbeat_seconds=0.01)
    with pytest.raises(TimeoutError):
        await client.receive(timeout=0.06)
    assert not client.closed
    reader = asyncio.create_task(server.receive())
    await client.close()
    assert (await reader).type is WSMsgType.CLOSE


async def test_a_stream_whose_reader_is_slow_keeps_its_peer() -> None:
    raw = Raw(heartbeat_seconds=0.01, queue_limit=1)
    raw.send(frame(0x81, b"x"))
    await passes()
    assert raw.link.holds & Hold.QUEUE
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await raw.link.wait_closed()
    assert (await raw.stream.receive()).data == "x"


async def test_a_closed_stream_has_no_heartbeat() -> None:
    raw = Raw(heartbeat_seconds=0.01)
    raw.send(frame(0x88))
    assert (await raw.stream.receive()).type is WSMsgType.CLOSE
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await asyncio.Event().wait()
    assert bytes(raw.peer.received) == b"\x88\x00"


async def test_a_peer_is_pinged_before_it_was_silent_for_the_whole_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a clock of the test: a proxy in front may cut a silent connection at that time."""
    loop = asyncio.get_running_loop()
    timers: list[tuple[float, Callable[[], object]]] = []

    class Timer:
        def cancel(self) -> None: ...

    def call_later(delay: float, look: Callable[[], object]) -> Timer:
        timers.append((delay, look))
        return Timer()

    monkeypatch.setattr(loop, "call_later", call_later)
    owner = Owner()
    beat = Heartbeat(owner, 40.0)
    now, heard_at, pinged_at = 0.0, 1.0, 0.0
    beat.hear()
    while len(owner.events) < 2:
        delay, look = timers.pop()
        now += delay
        look()
        if owner.events and not pinged_at:
            pinged_at = now
    assert 30 <= pinged_at - heard_at < 40
    assert (now - pinged_at, len(owner.events)) == (20.0, 2)


async def test_a_peer_that_has_closed_is_not_given_up() -> None:
    raw = Raw(heartbeat_seconds=0.004, autoclose=False)
    raw.send(frame(0x88, b"\x0b\xb8"))
    assert (await raw.stream.receive()).data == 3000
    with pytest.raises(TimeoutError):  # it would be closed long before
        async with asyncio.timeout(0.05):
            await raw.link.wait_closed()
    assert raw.stream.exception() is None
