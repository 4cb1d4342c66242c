"""Raw peers of a server: one that asks on as fast as it is answered, one in time, an idle crowd."""

import asyncio
import time
from typing import cast

import attrs

from tools.bench.cases import ServerCase
from tools.bench.child import Answer

AT_ONCE = 50  # less than the shortest backlog of the contenders


class Sender(asyncio.Protocol):
    """One connection: the next request goes out when the last answer is complete."""

    def __init__(self, request: bytes, answer_size: int) -> None:
        self.request = request
        self.answer_size = answer_size
        self.pending = 0
        self.count = 0
        self.is_running = True
        self.transport: asyncio.Transport | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def start(self) -> None:
        assert self.transport is not None
        self.pending = self.answer_size
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.pending -= len(data)
        if self.pending > 0:
            return
        self.count += 1
        if self.is_running:
            self.start()
        else:
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed"))


async def learn_answer_size(port: int, case: ServerCase) -> int:
    """Send the request once, check the answer and tell its length in bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_048_576)
    writer.write(case.request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"bench: {case.name}: unexpected answer {head[:60]!r}")
    if b"chunked" in head.lower():
        body = await reader.readuntil(b"\r\n0\r\n\r\n")
    else:
        body = await reader.readexactly(len(case.expects))
    writer.close()
    if case.expects not in body:
        raise SystemExit(f"bench: {case.name}: unexpected body {body[:60]!r}")
    return (len(head) + len(body)) * case.count


@attrs.frozen
class Pace:
    """Requests a second, over so many connections, for so long."""

    rate: float
    connections: int
    seconds: float


class Timed(Sender):
    """A connection that asks when it is told, and notes how long each answer took."""

    def __init__(self, request: bytes, answer_size: int) -> None:
        super().__init__(request, answer_size)
        self.began = 0.0
        self.times: list[float] = []
        self.missed = 0

    def start(self) -> None:
        if self.pending > 0:
            self.missed += 1  # the last answer is not there yet
            return
        self.began = time.perf_counter()
        super().start()

    def data_received(self, data: bytes) -> None:
        self.pending -= len(data)
        if self.pending <= 0:
            self.times.append(time.perf_counter() - self.began)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for this one."""


async def send_paced(port: int, case: ServerCase, pace: Pace) -> Answer:
    """Ask at a steady rate; how long the answers took, in microseconds."""
    loop = asyncio.get_running_loop()
    size = await learn_answer_size(port, case)
    senders = []
    for _ in range(pace.connections):
        _, sender = await loop.create_connection(
            lambda: Timed(case.request, size), "127.0.0.1", port
        )
        senders.append(sender)
    begin, count = loop.time(), int(pace.rate * pace.seconds)
    for number in range(count):
        at = begin + number / pace.rate
        if at > loop.time():
            await asyncio.sleep(at - loop.time())
        senders[number % len(senders)].start()
    await asyncio.sleep(0.1)
    for sender in senders:
        assert sender.transport is not None
        sender.transport.close()
    times = sorted(took for sender in senders for took in sender.times)
    return {
        "p50": times[len(times) // 2] * 1e6,
        "p99": times[len(times) * 99 // 100] * 1e6,
        "missed": sum(sender.missed for sender in senders),
    }


class Crowd:
    """Connections that have asked once and stay open."""

    def __init__(self, case: ServerCase) -> None:
        self.case = case
        self.members: list[asyncio.StreamWriter] = []

    async def open(self, port: int, count: int) -> Answer:
        for start in range(0, count, AT_ONCE):
            part = range(start, min(start + AT_ONCE, count))
            self.members += await asyncio.gather(*(self._join(port) for _ in part))
        return {"opened": len(self.members)}

    async def _join(self, port: int) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(self.case.request)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(self.case.expects))
        return writer

    async def close(self) -> Answer:
        members, self.members = self.members, []
        for writer in members:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in members))
        return {"closed": len(members)}
