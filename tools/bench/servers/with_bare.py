"""The limit: a uvloop protocol that answers without looking at what came.

As a server it repeats one answer for each read; the load has one request under way for each
connection. The answer has the size that a real server's would have.
"""

import asyncio
from typing import cast

from tools.bench.cases import POST_BODY
from tools.bench.child import run, serve_commands

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: bare\r\n\r\n"
)
BODIES = {
    b"GET / ": b"Hello, World!",
    b"GET /j": b'{"message": "Hello, World!"}',
    b"GET /u": b"4711",
    b"POST /": POST_BODY,
}
ANSWERS = {start: HEAD % len(body) + body for start, body in BODIES.items()}


class Bare(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWERS[data[:6]])


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    await serve_commands({"port": server.sockets[0].getsockname()[1]})


if __name__ == "__main__":
    run(main)
