"""The load: a child that sends one request over and over on 64 connections.

It counts answers by their length, which it learns from the first one, so that it costs less than
any server under test.
"""

import asyncio
import time
from typing import cast

from tools.bench.cases import SERVER_CASES, ServerCase
from tools.bench.child import Answer, run, serve_commands

CONNECTIONS = 64


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
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(case.request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"bench: {case.name}: unexpected answer {head[:60]!r}")
    body = await reader.readexactly(len(case.expects))
    writer.close()
    if body != case.expects:
        raise SystemExit(f"bench: {case.name}: unexpected body {body[:60]!r}")
    return len(head) + len(body)


async def send(port: int, case: ServerCase, seconds: float) -> Answer:
    """Load the server for a while; tells requests answered and seconds taken."""
    loop = asyncio.get_running_loop()
    size = await learn_answer_size(port, case)
    senders = []
    for _ in range(CONNECTIONS):
        _, sender = await loop.create_connection(
            lambda: Sender(case.request, size), "127.0.0.1", port
        )
        senders.append(sender)
    start = time.perf_counter()
    for sender in senders:
        sender.start()
    await asyncio.sleep(seconds)
    for sender in senders:
        sender.is_running = False
    await asyncio.wait_for(asyncio.gather(*(sender.done for sender in senders)), 30)
    elapsed = time.perf_counter() - start
    for sender in senders:
        assert sender.transport is not None
        sender.transport.close()
    return {"count": sum(sender.count for sender in senders), "seconds": elapsed}


async def main() -> None:
    cases = {case.name: case for case in SERVER_CASES}

    async def answer(command: str) -> Answer:
        port, name, seconds = command.split()
        return await send(int(port), cases[name], float(seconds))

    await serve_commands({"ready": 1}, answer)


if __name__ == "__main__":
    run(main)
