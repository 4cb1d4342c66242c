"""Raw peers: they open websockets, send frames made before, and count what comes back.

Knows frames; knows no contender. A sender that knows the size of its answers only counts bytes, so
that the load costs less than what it measures.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

from tools.bench.child import Answer
from tools.bench.sockets.traffic import (
    CASES,
    CLOSE,
    FINAL,
    PING,
    PONG,
    EchoCase,
    FrameReader,
    format_frame,
    format_messages,
    format_upgrade,
    read_payload,
)

CONNECTIONS = 64
WAIT_SECONDS = 30
PeerT = TypeVar("PeerT", bound="Peer")
GOODBYE = format_frame(FINAL | CLOSE, b"\x03\xe8", is_masked=True)


class Opening(asyncio.Protocol):
    """The opening handshake of a raw client."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.head = b""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        self.head += data
        if self.head.endswith(b"\r\n\r\n"):
            self.opened.set_result(self.head)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionResetError("closed in the handshake"))


class Peer(asyncio.Protocol):
    """A websocket after its handshake; it tells when the connection is gone."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.lost = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)


class Sender(Peer):
    """Sends a frame when the answer to the last one has come; all answers have one size."""

    def __init__(self, frames: Iterator[bytes], answer_size: int) -> None:
        super().__init__()
        self.frames = frames
        self.answer_size = answer_size
        self.pending = self.count = self.bytes = 0
        self.is_running = True
        self.done = asyncio.get_running_loop().create_future()

    def send(self) -> None:
        self.pending += self.answer_size
        self.transport.write(next(self.frames))

    def data_received(self, data: bytes) -> None:
        self.pending -= len(data)
        if self.pending > 0:
            return
        self.count += 1
        if self.is_running:
            self.send()
        elif not self.done.done():  # behind the last answer comes that to our close
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed"))


class ReadingSender(Sender):
    """The same for answers of any size, whose frames are read."""

    def __init__(self, frames: Iterator[bytes]) -> None:
        super().__init__(frames, 1)
        self.reader = FrameReader()

    def data_received(self, data: bytes) -> None:
        for _, payload in self.reader.receive(data):
            self.bytes += len(payload)
            super().data_received(b"1")


class Member(Peer):
    """One of a crowd: counts messages and answers pings."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self.reader = FrameReader()
        self.count = 0

    def data_received(self, data: bytes) -> None:
        for first, payload in self.reader.receive(data):
            if first == FINAL | PING:
                self.transport.write(format_frame(FINAL | PONG, payload, is_masked=True))
            else:
                self.count += 1
                self.frames.put_nowait((first, payload))


async def open_socket(address: str, case: EchoCase, peer: PeerT) -> PeerT:
    """A websocket of this case to a port or a path; from now on the peer gets what comes."""
    opening = Opening(format_upgrade(case.name, is_compressed=case.is_compressed))
    loop = asyncio.get_running_loop()
    transport: asyncio.Transport
    if address.isdigit():
        transport, _ = await loop.create_connection(lambda: opening, "127.0.0.1", int(address))
    else:
        transport, _ = await loop.create_unix_connection(lambda: opening, address)
    head = await asyncio.wait_for(opening.opened, WAIT_SECONDS)
    is_agreed = b"permessage-deflate" in head
    if not head.startswith(b"HTTP/1.1 101 ") or is_agreed != case.is_compressed:
        raise SystemExit(f"bench: {case.name}: unexpected answer {head!r}")
    peer.transport = transport
    transport.set_protocol(peer)
    return peer


async def close_sockets(peers: Sequence[Peer]) -> None:
    """Close in order and wait for the server to end the connections; by force if it does not."""
    for peer in peers:
        peer.transport.write(GOODBYE)
    _, late = await asyncio.wait([peer.lost for peer in peers], timeout=5)
    for peer in peers:
        peer.transport.abort()
    if late:
        await asyncio.wait(late)


async def learn_answer_size(address: str, case: EchoCase) -> int:
    """Exchange the first message and check it; tells the size of its answer on the wire."""
    member = await open_socket(address, case, Member())
    member.transport.write(format_messages(case, is_masked=True)[0])
    first, payload = await asyncio.wait_for(member.frames.get(), WAIT_SECONDS)
    if read_payload(first, payload) != case.messages[0]:
        raise SystemExit(f"bench: {case.name}: unexpected echo {payload[:60]!r}")
    await close_sockets([member])
    return len(format_frame(first, payload))


class Load:
    """Many websockets to one server, opened and closed outside of what is measured."""

    def __init__(self) -> None:
        self.senders: list[Sender] = []

    async def open(self, address: str, name: str) -> Answer:
        case = CASES[name]
        size = await learn_answer_size(address, case)
        frames = format_messages(case, is_masked=True)
        for number in range(CONNECTIONS):
            turns = itertools.cycle(
                frames[number % len(frames) :] + frames[: number % len(frames)]
            )
            sender = ReadingSender(turns) if case.is_compressed else Sender(turns, size)
            self.senders.append(await open_socket(address, case, sender))
        return {"ready": 1}

    async def run(self, seconds: float) -> Answer:
        """Tells messages echoed, seconds taken and bytes of payload that came back."""
        start = time.perf_counter()
        for sender in self.senders:
            sender.send()
        await asyncio.sleep(seconds)
        for sender in self.senders:
            sender.is_running = False
        done = asyncio.gather(*(sender.done for sender in self.senders))
        await asyncio.wait_for(done, WAIT_SECONDS)
        return {
            "count": sum(sender.count for sender in self.senders),
            "seconds": time.perf_counter() - start,
            "bytes": sum(sender.bytes for sender in self.senders),
        }

    async def close(self) -> Answer:
        await close_sockets(self.senders)
        self.senders = []
        return {"closed": 1}
