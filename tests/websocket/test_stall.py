import asyncio

import pytest

from weft_http_parser import Hold, Role
from weft_websocket import WebSocketError, WSMsgType, WsProtocol
from weft_websocket.stall import StallWatch

from .test_aio import Raw, passes
from .test_twin import frame


class Owner:
    """A peer whose frame is under way, as a script of what is seen of it in turn."""

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
    watch = StallWatch(owner, 0.001)
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


async def test_half_a_message_may_wait_for_its_rest() -> None:
    raw = Raw(frame_timeout_seconds=0.001)
    raw.send(frame(0x01, b"begun "))
    with pytest.raises(TimeoutError):
        await raw.stream.receive(0.02)
    raw.send(frame(0x80, b"and ended"))
    assert (await raw.stream.receive()).data == "begun and ended"


async def test_a_peer_that_is_not_read_is_not_slow() -> None:
    raw = Raw(frame_timeout_seconds=0.001, queue_limit=1)
    raw.send(frame(0x81, b"x"), frame(0x81, b"y")[:-1])
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
