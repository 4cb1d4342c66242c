"""Sending past the transport, on both twins: a real socket pair, and a link that only notes."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from support.twins import Twin

LARGE = bytes(range(256)) * 4096  # more than a socket takes


class Wrong:
    """Neither true nor false."""

    def __bool__(self) -> bool:
        raise ZeroDivisionError


class Pair:
    """A link with a socket under it, and the peer's end; `waiting` is the transport's buffer."""

    def __init__(self, ours: socket.socket, peer: socket.socket) -> None:
        self.phase = "open"
        self.is_full: Any = False
        self.error: Exception | None = None
        self.socket, self.peer = ours, peer
        self.bypass = ours.fileno()
        self.transport = self
        self.waiting: Any = 0
        self.written: list[bytes] = []

    def get_write_buffer_size(self) -> Any:
        return self.waiting

    def write(self, data: bytes) -> None:
        if self.error:
            raise self.error
        self.written.append(bytes(data))

    def send_prepared(self, message: str) -> bytes:
        return b"for us: %b" % message.encode()

    def received(self) -> bytes:
        """What went past the transport."""
        came = bytearray()
        with contextlib.suppress(BlockingIOError):
            while piece := self.peer.recv(1 << 20):
                came += piece
        return bytes(came)


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.setblocking(False)
    with ours, peer:
        yield Pair(ours, peer)


def make_sender(twin: Twin, link: Pair, limit: int = 1 << 30, *, is_masked: bool = False) -> Any:
    class Waiting(twin.module("_twin").Sender):  # type: ignore[misc]  # a class of either twin
        def drain(self) -> str:
            return "drained"

        def write_binary(self, data: Any, compress: int | None) -> str:
            return "later"

    made = Waiting(link, link, limit, "open", True, is_masked)
    made._answers_now = True
    return made


def test_one_answer_goes_past_the_transport(twin: Twin, pair: Pair) -> None:
    sender = make_sender(twin, pair, 3)
    assert sender.send_text("a", None) != "drained"
    assert sender._unsent == 0
    assert sender.send_text("b", None) != "drained"
    assert sender.send_text("c", None) == "drained"
    assert pair.received() == b"\x81\x01a"
    assert pair.written == [b"\x81\x01b", b"\x81\x01c"]


def test_large_binary_goes_past_it_whole(twin: Twin, pair: Pair) -> None:
    sender = make_sender(twin, pair)
    assert sender.send_binary(LARGE[:65_536], None) != "later"
    assert pair.received() == b"\x82\x7f" + (65_536).to_bytes(8, "big") + LARGE[:65_536]
    assert not pair.written


@pytest.mark.parametrize("is_masked", [False, True])
def test_what_the_socket_does_not_take_is_the_transports(
    twin: Twin, pair: Pair, is_masked: bool
) -> None:
    sender = make_sender(twin, pair, 10, is_masked=is_masked)
    assert sender.send_binary(LARGE, None) == "drained"
    past, (rest,) = pair.received(), pair.written
    assert past
    assert sender._unsent == len(rest)
    frame = past + rest
    assert frame[:2] == (b"\x82\xff" if is_masked else b"\x82\x7f")
    assert frame[2:10] == len(LARGE).to_bytes(8, "big")
    key, payload = (frame[10:14], frame[14:]) if is_masked else (None, frame[10:])
    assert (twin.module("_twin").mask(payload, key) if key else payload) == LARGE


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_nothing_goes_past_what_waits(twin: Twin, pair: Pair, data: bytes) -> None:
    pair.waiting = 1
    later = make_sender(twin, pair).send_binary(data, None) == "later"
    assert later or b"".join(pair.written).endswith(data)
    assert not pair.received()


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_nothing_goes_past_where_it_must_not(twin: Twin, pair: Pair, data: bytes) -> None:
    pair.bypass = -1
    later = make_sender(twin, pair).send_binary(data, None) == "later"
    assert later or b"".join(pair.written).endswith(data)
    assert not pair.received()


def test_a_broken_socket_is_left_to_the_transport(twin: Twin, pair: Pair) -> None:
    pair.peer.close()
    make_sender(twin, pair).send_binary(b"x", None)
    assert pair.written == [b"\x82\x01x"]


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_errors_of_the_link_come_out(twin: Twin, pair: Pair, data: bytes) -> None:
    pair.waiting = Wrong()
    with pytest.raises(ZeroDivisionError):
        make_sender(twin, pair).send_binary(data, None)
    del pair.transport
    with pytest.raises(AttributeError):
        make_sender(twin, pair).send_binary(data, None)
    del pair.bypass
    with pytest.raises(AttributeError):
        make_sender(twin, pair).send_binary(data, None)


def test_a_frame_that_is_ready(twin: Twin, pair: Pair) -> None:
    sender = make_sender(twin, pair)
    sender.write_frame(b"one")
    sender.write_frame(b"two")
    assert (pair.received(), pair.written) == (b"one", [b"two"])
    with pytest.raises(TypeError):
        sender.write_frame(5)


async def test_only_the_answer_to_a_message_that_came_alone(twin: Twin, pair: Pair) -> None:
    made = twin.module("_twin")
    sender = make_sender(twin, pair)
    sender._answers_now = False
    inbox = made.Inbox(None, made.FrameScanner(False, False, True, 1 << 20, 9, 9), 9, sender)

    async def echo() -> None:
        async for message in inbox:
            sender.send_binary(message.data, None)
            sender.send_binary(message.data[:1], None)

    task = asyncio.create_task(echo())
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    alone = made.render_frame(0x82, LARGE[:40_000], None)
    for data, past in (
        (b"\x82\x02ab", b"\x82\x02ab"),
        (alone, alone),
        (b"\x82\x01a\x82\x01b", b""),
    ):
        loop.call_soon(inbox.data_received, data)  # in no task, as loops call it
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert pair.received() == past
        assert not sender._answers_now
    assert pair.written == [b"\x82\x01a", b"\x82\x01\0", *[b"\x82\x01a"] * 2, *[b"\x82\x01b"] * 2]
    task.cancel()


class Crowd:
    """What a message is offered to, each over a pair of its own."""

    def __init__(self, twin: Twin, pair: Pair, **options: bool) -> None:
        self.offer_all = twin.module("_twin").offer_all
        kinds = {"is_plain": True, "is_masked": False} | options
        self.sender = twin.module("_twin").Sender(pair, pair, 9, "open", *kinds.values())

    def offer(self, now: float = 0.0) -> list[int]:
        places: list[int] = self.offer_all((self.sender,), "message", b"frame", now, 0.5)
        return places


def test_an_offer_goes_past_the_transport_unless_one_just_did(twin: Twin, pair: Pair) -> None:
    crowd = Crowd(twin, pair)
    assert crowd.offer(3.0) == crowd.offer(3.4) == crowd.offer(3.6) == []
    assert pair.received() == b"frame" * 2
    assert pair.written == [b"frame"]


@pytest.mark.parametrize("options", [{"is_plain": False}, {"is_masked": True}])
def test_an_offer_is_rendered_where_it_is_not_plain(
    twin: Twin, pair: Pair, options: dict[str, bool]
) -> None:
    crowd = Crowd(twin, pair, **options)
    assert crowd.offer() == []
    assert pair.received() == b"for us: message"
    pair.send_prepared = lambda message: 5  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(TypeError):
        crowd.offer(9.0)
    del pair.phase
    with pytest.raises(AttributeError):
        crowd.offer()


def test_who_cannot_take_an_offer_is_left(twin: Twin, pair: Pair) -> None:
    crowd = Crowd(twin, pair)
    pair.waiting = 1
    assert crowd.offer() == []
    pair.is_full = True
    assert crowd.offer() == [0]
    pair.is_full = False
    pair.error = ConnectionResetError()
    assert crowd.offer() == [0]
    pair.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        crowd.offer()
    crowd.sender._is_free = False
    assert crowd.offer() == [0]
    crowd.sender._is_free, pair.phase = True, "closed"
    assert crowd.offer() == [0]
    assert pair.written == [b"frame"]
    assert not pair.received()


def test_the_rest_of_an_offer_is_the_transports(twin: Twin, pair: Pair) -> None:
    crowd = Crowd(twin, pair)
    assert crowd.offer_all((crowd.sender,), "message", LARGE, 0.0, 0.5) == []
    assert pair.received() + b"".join(pair.written) == LARGE
    assert pair.written


def test_errors_of_an_offers_link_come_out(twin: Twin, pair: Pair) -> None:
    crowd = Crowd(twin, pair)
    pair.waiting, pair.is_full = 1, Wrong()
    with pytest.raises(ZeroDivisionError):
        crowd.offer()
    del pair.bypass
    with pytest.raises(AttributeError):
        crowd.offer()
