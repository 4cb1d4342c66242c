"""Two links joined in memory: real links, real back-pressure, no socket.

`client, server = memory_links(receiver, other)` for shells that make their own protocol from a
link, `join(first, second)` for protocols made elsewhere. Bytes arrive in a later pass of the loop,
as they would from a socket.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from weft_http_parser import Link, Receiver

READ_BYTES = 65_536


class MemoryTransport(asyncio.Transport):
    """One end of a pipe. What the other end does not read stays in our write buffer."""

    def __init__(self, protocol: asyncio.Protocol, name: str) -> None:
        super().__init__({"peername": (f"{name}-peer", 0), "sockname": (name, 0)})
        self.protocol = protocol
        self.peer: MemoryTransport
        self.written = bytearray()
        """Everything that was ever written here."""
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._high, self._low = 65_536, 16_384
        self._is_paused = False
        self._is_reading = True
        self._is_closing = False
        self._is_ended = False
        self._is_lost = False
        self._is_scheduled = False

    # The transport interface.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._is_closing or self._is_ended:
            return
        block = bytes(data)
        self.written += block
        self._buffer.append(block)
        self._buffered += len(block)
        if self._buffered > self._high and not self._is_paused:
            self._is_paused = True
            self.protocol.pause_writing()
        self._schedule()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._is_ended = True
        self._schedule()

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        self._is_reading = True
        self.peer._schedule()

    def is_reading(self) -> bool:
        return self._is_reading and not self._is_closing

    def is_closing(self) -> bool:
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        return self._buffered

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = 65_536 if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.protocol = protocol

    def close(self) -> None:
        self._is_closing = True
        self._schedule()

    def abort(self) -> None:
        self.lose(None)

    # What a test does to a connection.

    def lose(self, exc: Exception | None) -> None:
        """Break the connection: `exc` for this end, a reset for the other."""
        self._buffer.clear()
        self._buffered = 0
        self._is_closing = True
        self._finish(exc)
        self.peer._finish(ConnectionResetError("the peer aborted"))

    # Inside.

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        self._is_scheduled = False
        peer = self.peer
        if self._buffer and not peer._is_lost:
            if not peer.is_reading():
                return
            block = self._next_block()
            peer.protocol.data_received(block)
            if self._is_paused and self._buffered <= self._low:
                self._is_paused = False
                self.protocol.resume_writing()
            self._schedule()
            return
        if self._is_closing:
            self._finish(None)
        if (self._is_closing or self._is_ended) and not peer._is_closing:
            self._is_ended = False
            if not peer.protocol.eof_received():
                peer.close()

    def _next_block(self) -> bytes:
        block = self._buffer.popleft()
        if len(block) > READ_BYTES:
            self._buffer.appendleft(block[READ_BYTES:])
            block = block[:READ_BYTES]
        self._buffered -= len(block)
        return block

    def _finish(self, exc: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = self._is_closing = True
        asyncio.get_running_loop().call_soon(self.protocol.connection_lost, exc)


class Recorder:
    """A receiver that keeps what it is told; `at_eof` is its answer to the end of input."""

    def __init__(self, *, at_eof: bool = False) -> None:
        self.link: Link | None = None
        self.received = bytearray()
        self.events: list[str] = []
        self.lost_with: Exception | None = None
        self.at_eof = at_eof
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def link_made(self, link: Link) -> None:
        self.link = link
        self._note("made")

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._note("data")

    def eof_received(self) -> bool:
        self._note("eof")
        return self.at_eof

    def link_lost(self, exc: Exception | None) -> None:
        self.lost_with = exc
        self._note("lost")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; it is asked after every event."""
        if condition():
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, waiter))
        await asyncio.wait_for(waiter, 5)

    async def until_bytes(self, count: int) -> bytes:
        """Wait until `count` bytes have come and return all there are."""
        await self.until(lambda: len(self.received) >= count)
        return bytes(self.received)

    async def until_event(self, name: str) -> None:
        """Wait for "made", "data", "eof" or "lost"."""
        await self.until(lambda: name in self.events)

    def _note(self, event: str) -> None:
        self.events.append(event)
        for condition, waiter in self._waiters:
            if not waiter.done() and condition():
                waiter.set_result(None)


def join(first: asyncio.Protocol, second: asyncio.Protocol) -> None:
    """Connect two protocols with each other."""
    one, two = MemoryTransport(first, "client"), MemoryTransport(second, "server")
    one.peer, two.peer = two, one
    second.connection_made(two)
    first.connection_made(one)


def memory_links(
    client: Receiver | None = None,
    server: Receiver | None = None,
    *,
    write_timeout_seconds: float | None = 60.0,
) -> tuple[Link, Link]:
    """Two links joined with each other, with recorders where no receiver is given."""
    links = (
        Link(client or Recorder(), write_timeout_seconds=write_timeout_seconds),
        Link(server or Recorder(), write_timeout_seconds=write_timeout_seconds),
    )
    join(*links)
    return links


def transport_of(link: Link) -> MemoryTransport:
    """The in-memory transport below a link."""
    assert isinstance(link.transport, MemoryTransport)
    return link.transport
