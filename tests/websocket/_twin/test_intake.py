"""Reading into memory of the inbox, on both twins: as a transport does, by a buffer and a size."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.twins import Twin, load_twin

KEY = b"\x11\xa2\x33\xc4"
LARGE = bytes(range(256)) * 200


class Owner:
    """Notes what it is asked; its memory is what a transport sees."""

    def __init__(
        self, twin: Twin, *, expects_mask: bool = True, decodes_text: bool = True
    ) -> None:
        made = twin.module("_twin")
        self.scanner = made.FrameScanner(expects_mask, False, decodes_text, 1 << 20, 100, 4)
        self.inbox = made.Inbox(self, self.scanner, 4)
        self.calls: list[Any] = []
        self.buffers: list[int] = []

    def read(self, data: bytes) -> None:
        """Give bytes as a transport does that reads as much as there is room for."""
        while data:
            memory = self.inbox.get_buffer(65536)
            self.buffers.append(len(memory))
            size = min(len(memory), len(data))
            memory[:size] = data[:size]
            self.inbox.buffer_updated(size)
            data = data[size:]

    def take_frames(self, frames: list[Any]) -> None:
        self.calls.append((frames, self.scanner.fault, self.scanner.has_more))

    def take_bytes(self, data: bytes) -> None:
        self.calls.append(data)

    def hold_peer(self) -> None:
        self.inbox.is_held = True


def frame(twin: Twin, payload: str | bytes, first: int = 0) -> bytes:
    first = first or (0x81 if isinstance(payload, str) else 0x82)
    made: bytes = twin.module("_twin").render_frame(first, payload, KEY)
    return made


def test_messages_come_whole_and_in_order(twin: Twin) -> None:
    owner = Owner(twin)
    owner.read(frame(twin, "one") + frame(twin, b"two"))
    owner.read(frame(twin, "three")[:4])
    owner.read(frame(twin, "three")[4:])
    assert [it[1] for it in owner.inbox.messages] == ["one", b"two", "three"]


@pytest.mark.parametrize("decodes_text", [True, False])
@pytest.mark.parametrize("payload", ["é" * 30_000, LARGE])
def test_large_messages_in_pieces(twin: Twin, payload: str | bytes, decodes_text: bool) -> None:
    owner = Owner(twin, decodes_text=decodes_text)
    data = frame(twin, payload)
    for size in (9, 20_001, 20_000, 1_000, len(data)):
        owner.read(data[:size])
        data = data[size:]
    owner.read(frame(twin, "next"))
    got, after = (it[1] for it in owner.inbox.messages)
    assert got == (payload.encode() if isinstance(payload, str) and not decodes_text else payload)
    assert after in ("next", b"next")


def test_the_rest_of_a_large_message_is_read_in_place() -> None:
    twin = load_twin("weft_websocket", "c")
    owner = Owner(twin)
    data = frame(twin, LARGE)
    owner.read(data[:20_000])
    owner.read(data[20_000:])
    header = len(data) - len(LARGE)
    came = 20_000 - header
    assert owner.buffers[1] == came  # as much again as there is
    assert owner.buffers[2] == len(LARGE) - 2 * came
    assert owner.inbox.messages[0][1] == LARGE


def test_the_reader_is_stepped_by_a_read(twin: Twin) -> None:
    async def check() -> None:
        owner = Owner(twin)
        got = []

        async def listen() -> None:
            async for message in owner.inbox:
                got.append(message[1])

        task = asyncio.create_task(listen())
        await asyncio.sleep(0)
        data = frame(twin, LARGE)
        read = asyncio.get_running_loop().call_soon  # in no task, as loops call
        read(owner.read, frame(twin, "small"))
        read(owner.read, data[:15_000])
        read(owner.read, data[15_000:])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        assert got == ["small", LARGE]

    asyncio.run(check())


def test_what_is_not_plain_is_the_owners(twin: Twin) -> None:
    owner = Owner(twin)
    owner.read(frame(twin, b"ping", 0x89))
    owner.read(frame(twin, "a") * 6)
    assert owner.calls[0] == ([(0x89, b"ping")], 0, False)
    assert (len(owner.calls[1][0]), owner.calls[1][2]) == (4, True)
    assert len(owner.scanner.feed(b"")) == 2
    owner.inbox.is_direct = False
    owner.read(b"anything")
    assert owner.calls[2] == b"anything"
    owner.inbox.is_direct = True
    owner.read(frame(twin, b"\xff" * 30_000, 0x81)[:20_000])
    assert owner.calls[3] == ([], 13, False)


def test_a_fault_in_what_is_read_in_place(twin: Twin) -> None:
    owner = Owner(twin)
    data = frame(twin, b"x" * 30_000 + b"\xff" * 30_000, 0x81)
    owner.read(data[:29_000])
    assert not owner.calls
    owner.read(data[29_000:50_000])
    assert owner.calls[0] == ([], 13, False)
    owner.read(data[50_000:])
    assert not owner.inbox.messages


def test_each_thread_has_memory_of_its_own(twin: Twin) -> None:
    owners = [Owner(twin), Owner(twin)]
    ours = owners[0].inbox.get_buffer(0)

    def read() -> None:
        theirs = owners[1].inbox.get_buffer(0)
        theirs[:9] = frame(twin, "you")
        ours[:9] = frame(twin, "who")
        owners[1].inbox.buffer_updated(9)
        owners[1].read(frame(twin, "two"))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    owners[0].inbox.buffer_updated(9)
    assert [it[1] for it in owners[1].inbox.messages] == ["you", "two"]
    assert [it[1] for it in owners[0].inbox.messages] == ["who"]


@pytest.mark.parametrize("size", [-1, 1 << 30])
def test_more_than_there_was_room_for(twin: Twin, size: int) -> None:
    owner = Owner(twin)
    owner.inbox.get_buffer(0)
    with pytest.raises(ValueError, match="room"):
        owner.inbox.buffer_updated(size)
    with pytest.raises(TypeError):
        owner.inbox.buffer_updated("1")


def test_a_buffer_that_was_not_asked_for_or_is_stale() -> None:
    twin = load_twin("weft_websocket", "c")
    owner = Owner(twin)
    with pytest.raises(ValueError, match="room"):
        owner.inbox.buffer_updated(1)
    data = frame(twin, LARGE)
    owner.read(data[:20_000])
    owner.inbox.get_buffer(0)
    owner.inbox.data_received(data[20_000:])
    with pytest.raises(RuntimeError, match="at once"):
        owner.inbox.buffer_updated(1)


def test_errors_of_what_hears_come_out(twin: Twin) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    owner = Owner(twin)
    data = frame(twin, LARGE)
    owner.read(data[:20_000])
    owner.inbox.hear = fail
    for piece in (data[20_000:], b"small"):
        with pytest.raises(ZeroDivisionError):
            owner.read(piece)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=40), st.integers(1, 60_000)), max_size=4),
    st.lists(st.integers(1, 50_000), min_size=1, max_size=9),
)
def test_any_split_gives_what_bytes_give(parts: list[bytes | int], sizes: list[int]) -> None:
    twin = load_twin("weft_websocket", "c")
    payloads = [part if isinstance(part, bytes) else LARGE * 2 for part in parts]
    lengths = [part if isinstance(part, int) else len(part) for part in parts]
    data = b"".join(
        frame(twin, payload[:length]) for payload, length in zip(payloads, lengths, strict=True)
    )
    given_bytes, read = Owner(twin), Owner(twin)
    at = 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        given_bytes.inbox.data_received(data[at : at + size])
        read.read(data[at : at + size])
        at += size
    assert read.inbox.messages == given_bytes.inbox.messages
    assert len(read.inbox.messages) == len(parts)
