"""The limit: a uvloop protocol that answers without looking at what came.

As a server it repeats one answer for each read; the load has one request under way for each
connection. The answer has the size that a real server's would have.
"""

import asyncio
from typing import cast

from tools.bench.cases import FILE_BODY, LARGE_BODY, PIPELINED, POST_BODY, UPLOAD
from tools.bench.child import raise_file_limit, run, serve_commands

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: bare\r\n\r\n"
)
BODIES = {
    b"GET / ": b"Hello, World!",
    b"GET /j": b'{"message": "Hello, World!"}',
    b"GET /u": b"4711",
    b"POST /": POST_BODY,
    b"GET /l": LARGE_BODY,
    b"GET /s": FILE_BODY,
    b"GET /p": b"Hello, World!",
}
ANSWERS = {start: HEAD % len(body) + body for start, body in BODIES.items()}
ANSWERS[b"GET /p"] *= PIPELINED  # which come in one read
PUT = b"PUT /u"
STORED = HEAD % 7 + b"1048576"


class Bare(asyncio.Protocol):
    left = 0  # of a body that is under way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        answer = ANSWERS.get(data[:6]) if not self.left else None
        if answer is not None:
            self.transport.write(answer)
        else:
            self.store(data)

    def store(self, data: bytes) -> None:
        if not self.left and data.startswith(PUT):
            self.left = len(UPLOAD) + data.index(b"\r\n\r\n") + 4
        self.left -= len(data)
        if not self.left:
            self.transport.write(STORED)


async def main() -> None:
    raise_file_limit()
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await serve_commands({"port": port, "busy_port": port})


if __name__ == "__main__":
    run(main)
