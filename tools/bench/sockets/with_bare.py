"""The limit: uvloop protocols that shake hands and then move bytes that were made before.

The server answers when as many bytes have come as the case's frame has; the client is the load. As
a server it is the peer of all clients as well.
"""

import asyncio
import time
from typing import cast

from tools.bench.child import Answer
from tools.bench.sockets.raw import Load
from tools.bench.sockets.roles import Turn, answer_as_client, answer_as_server, start, unix_path
from tools.bench.sockets.traffic import (
    CASES,
    CLOSE,
    FINAL,
    NOTICE,
    TEXT,
    format_frame,
    format_messages,
)
from weft_websocket import make_accept

ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %b\r\n\r\n"
)
GOODBYE = format_frame(FINAL | CLOSE, b"\x03\xe8")


class Bare(asyncio.Protocol):
    """Echoes by size alone."""

    def __init__(self, transports: set[asyncio.Transport]) -> None:
        self.transports = transports
        self.head = b""
        self.answer = b""
        self.frame_size = self.pending = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        if not self.answer:
            self.shake_hands(data)
            return
        self.pending -= len(data)
        if self.pending <= 0:
            self.pending += self.frame_size
            self.transport.write(self.answer)
        elif data[0] == FINAL | CLOSE and self.pending == self.frame_size - len(data):
            self.transport.write(GOODBYE)
            self.transport.close()

    def shake_hands(self, data: bytes) -> None:
        self.head += data
        if not self.head.endswith(b"\r\n\r\n"):
            return
        line, *fields = self.head.decode().split("\r\n")[:-2]
        case = CASES[line.split(" ")[1].removeprefix("/")]
        (key,) = (
            f.partition(": ")[2] for f in fields if f.lower().startswith("sec-websocket-key")
        )
        self.answer = format_messages(case, is_masked=False)[0]
        self.frame_size = self.pending = len(format_messages(case, is_masked=True)[0])
        self.transport.write(ANSWER % make_accept(key).encode())
        self.transports.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transports.discard(self.transport)


async def serve() -> None:
    transports: set[asyncio.Transport] = set()
    frame = format_frame(FINAL | TEXT, NOTICE.encode())

    async def tell() -> None:
        for transport in transports:
            transport.write(frame)

    loop = asyncio.get_running_loop()
    path = unix_path()
    server = await (
        loop.create_unix_server(lambda: Bare(transports), path)
        if path
        else loop.create_server(lambda: Bare(transports), "127.0.0.1", 0)
    )
    await answer_as_server(server.sockets[0].getsockname(), tell)


async def drive() -> None:
    async def measure(turn: Turn, url: str, seconds: float) -> Answer:
        load = Load()
        await load.open(url.split("/")[2].partition(":")[2], turn.case.name)
        cpu = time.process_time()
        told = await load.run(seconds)
        used = time.process_time() - cpu
        await load.close()
        return {**told, "cpu": used}

    await answer_as_client(measure)


if __name__ == "__main__":
    start(server=serve, client=drive)
