"""Raw servers that answer requests by path, for tests of clients."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from support.peers import WAIT_SECONDS, RawPeer, raw_server


class Asked(NamedTuple):
    """One request as it came."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode()

    @property
    def path(self) -> str:
        return self.line.split(" ")[1].split("?")[0]

    def get(self, name: str) -> str | None:
        """The value of a field, None where there is none."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


Reply = bytes | Callable[[RawPeer, Asked], Awaitable[None]]


def ok(body: bytes = b"ok", *fields: str, status: str = "200 OK") -> bytes:
    """A whole answer of known length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found", *fields: str) -> bytes:
    """A redirect without a body."""
    return ok(b"", f"Location: {location}", *fields, status=status)


class Answers:
    """Serves by path; keeps every request, and counts connections."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = dict(replies)
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0
        self.scheme = "http"
        self._news = asyncio.Condition()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def until_asked(self, count: int = 1) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(WAIT_SECONDS), self._news:
            await self._news.wait_for(lambda: len(self.asked) >= count)

    async def serve(self, peer: RawPeer) -> None:
        self.connections += 1
        while True:
            asked = await read_request(peer)
            async with self._news:
                self.asked.append(asked)
                self._news.notify_all()
            reply = self.replies.get(asked.path, ok())
            if isinstance(reply, bytes):
                await peer.send(reply)
            else:
                await reply(peer, asked)


async def read_request(peer: RawPeer) -> Asked:
    """A head and its body, undone."""
    head = await peer.read_until()
    asked = Asked(head, b"")
    if asked.get("Transfer-Encoding") == "chunked":
        return Asked(head, await peer._read_chunks())
    length = int(asked.get("Content-Length") or 0)
    return Asked(head, await peer.read(length))


@asynccontextmanager
async def answers(
    replies: Mapping[str, Reply] | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Answers]:
    """A running server."""
    server = Answers(replies or {})
    if tls is not None:
        server.scheme = "https"
    async with raw_server(server.serve, tls=tls) as port:
        server.port = port
        yield server


async def hang_up(peer: RawPeer, asked: Asked) -> None:
    """Close without a word."""
    raise ConnectionResetError


def partly(data: bytes) -> Callable[[RawPeer, Asked], Awaitable[None]]:
    """Send this, and close."""

    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(data)
        raise ConnectionResetError

    return reply


async def silence(peer: RawPeer, asked: Asked) -> None:
    """Say nothing until the other side closes."""
    await peer.read_all()
