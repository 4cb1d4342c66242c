import asyncio

import pytest

from weft_http_parser import Hold, Role
from weft_websocket import WebSocketError, WSMsgType, WsProtocol
from weft_websocket.stall import StallWatch

from .test_aio import Raw, passes
from .test_twin import frame


class Owner:
    """A peer whose frame is under way, as a script of what is seen of it in turn."""

    half_message: tuple[int, int] | None = None

    def __init__(self, *halves: tuple[int, int] | None) -> None:
        self.halves = list(halves)
        self.failed = asyncio.Event()
        self.reason: tuple[int, str] | None = None
        self.is_over = asyncio.Event()

    @property
    def half_frame(self) -> tuple[int, int] | None:
        half = self.halves.pop(0)
        if not self.halves:
            self.is_over.set()
            self.halves.append(None)
        return half

    def fail(self, code: int, reason: str) -> None:
        self.reason = code, reason


SLOW = (1008, "frame not finished within 0.001 seconds")


@pytest.mark.parametrize(
    ("halves", "is_slow"),
    [
        ([(0, 5), (0, 5)], True),
        ([None, (3, 14), (3, 14)], True),
        ([(0, 5), (1, 5), (2, 5)], False),
        ([(0, 5), None, (0, 5)], False),
        ([(0, 5), (0, 505), (0, 1005)], False),
        ([(0, 5), (0, 505), (0, 505)], True),
    ],
)
async def test_a_frame_must_go_on(
    halves: list[tuple[int, int] | None], is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Owner(*halves)
    watch = StallWatch(owner, 0.001, None)
    async with asyncio.timeout(5):
        await owner.is_over.wait()
    await passes(2)
    watch.stop()
    assert owner.reason == (SLOW if is_slow else None)


@pytest.mark.parametrize(
    "half",
    [b"\x81", b"\x81\xfe\x01", frame(0x82, b"x" * 100)[:-1]],
    ids=["first", "length", "last"],
)
@pytest.mark.parametrize("heartbeat", [None, 60.0])
async def test_half_a_frame_has_a_deadline(half: bytes, heartbeat: float | None) -> None:
    raw = Raw(frame_timeout_seconds=0.01, heartbeat_seconds=heartbeat)
    raw.send(frame(0x89, b"whole"), half)
    message = await raw.stream.receive()
    error = message.data
    assert message.type is WSMsgType.ERROR
    assert isinstance(error, WebSocketError)
    assert (error.code, str(error)) == (1008, "frame not finished within 0.01 seconds")
    assert (raw.stream.close_code, raw.stream.exception()) == (1008, error)
    await raw.peer.until_event("eof")
    assert bytes(raw.peer.received) == b"\x8a\x05whole" + frame(
        0x88, b"\x03\xf0" + str(error).encode(), None
    )


class MessageOwner:
    """A peer whose message is under way; its frames are whole."""

    half_frame = None

    def __init__(self, *halves: tuple[int, int] | None) -> None:
        self.halves = list(halves)
        self.looks = 0
        self.end: asyncio.Future[tuple[int, str] | None] = asyncio.Future()

    @property
    def half_message(self) -> tuple[int, int] | None:
        self.looks += 1
        if not self.halves:
            if not self.end.done():
                self.end.set_result(None)
            return None
        return self.halves.pop(0)

    def fail(self, code: int, reason: str) -> None:
        self.end.set_result((code, reason))


SLOW_MESSAGE = (1008, "message not finished within 0.003 seconds")


@pytest.mark.parametrize(
    ("halves", "is_slow"),
    [
        ([(0, 5)] * 4, True),
        ([(0, 5)] * 3, False),
        ([(0, 5), None, (0, 5), (0, 5), (0, 5)], False),
        ([(0, 5), (0, 5), (1, 5), (1, 5), (1, 5)], False),
        ([(0, 5), (0, 5), (0, 5), (0, 6), (0, 7), (0, 7), (0, 7)], False),
        ([(0, 5), (0, 5), (0, 5), (0, 6), (0, 7), (0, 6), (0, 6)], True),
    ],
)
async def test_a_message_must_go_on(halves: list[tuple[int, int] | None], is_slow: bool) -> None:
    owner = MessageOwner(*halves)
    watch = StallWatch(owner, 0.001, 0.003)
    async with asyncio.timeout(5):
        assert await owner.end == (SLOW_MESSAGE if is_slow else None)
    watch.stop()


@pytest.mark.parametrize("frame_seconds", [None, 0.005])
async def test_half_a_message_has_a_deadline(frame_seconds: float | None) -> None:
    raw = Raw(frame_timeout_seconds=frame_seconds, message_timeout_seconds=0.01)
    raw.send(frame(0x01, b"begun "), frame(0x89))
    error = (await raw.stream.receive()).data
    assert isinstance(error, WebSocketError)
    assert (error.code, str(error)) == (1008, "message not finished within 0.01 seconds")
    await raw.peer.until_event("eof")


async def test_a_message_that_is_read_while_it_comes_has_none() -> None:
    raw = Raw(message_timeout_seconds=0.001)
    raw.send(frame(0x01, b"begun "))
    await passes()
    async with raw.stream.receive_stream(0.02) as message:
        chunks = aiter(message)
        assert await anext(chunks) == "begun "
        with pytest.raises(TimeoutError):
            await anext(chunks)
    assert raw.stream.close_code is None


async def test_without_deadlines_half_a_message_waits() -> None:
    raw = Raw(frame_timeout_seconds=None, message_timeout_seconds=None)
    raw.send(frame(0x01, b"begun "))
    with pytest.raises(TimeoutError):
        await raw.stream.receive(0.02)
    raw.send(frame(0x80, b"and ended"))
    assert (await raw.stream.receive()).data == "begun and ended"


@pytest.mark.parametrize("half", [frame(0x81, b"y")[:-1], frame(0x01, b"y")])
async def test_a_peer_that_is_not_read_is_not_slow(half: bytes) -> None:
    raw = Raw(frame_timeout_seconds=0.001, message_timeout_seconds=0.001, queue_limit=1)
    raw.send(frame(0x81, b"x"), half)
    await passes()
    assert raw.link.holds & Hold.QUEUE
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await raw.link.wait_closed()
    assert (await raw.stream.receive()).data == "x"


async def test_without_a_deadline_half_a_frame_waits() -> None:
    raw = Raw(frame_timeout_seconds=None)
    raw.send(b"\x81")
    with pytest.raises(TimeoutError):
        await raw.stream.receive(0.01)
    assert WsProtocol(Role.SERVER).scanner.half is None
