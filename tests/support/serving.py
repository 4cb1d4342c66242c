"""A server of ours on a free port, and raw bytes to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.peers import RawPeer, raw_client

from weft_web_server import Application, TestServer


@asynccontextmanager
async def serving(app: Application, **options: Any) -> AsyncIterator[int]:
    """Serve an application; yields the port."""
    options.setdefault("access_log", None)
    async with TestServer(app, **options) as server:
        yield server.port


@asynccontextmanager
async def talking(app: Application, **options: Any) -> AsyncIterator[RawPeer]:
    """Serve an application and connect to it."""
    async with serving(app, **options) as port, raw_client(port) as peer:
        yield peer


async def answer_to(app: Application, sent: bytes, **options: Any) -> bytes:
    """Everything that the server sends for these bytes, until it closes."""
    async with talking(app, **options) as peer:
        await peer.send(sent)
        return await peer.read_all()


def get(path: str = "/", *fields: str, method: str = "GET") -> bytes:
    """A request without a body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: test", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def last(path: str = "/", *fields: str, method: str = "GET") -> bytes:
    """A request after which the server closes."""
    return get(path, "Connection: close", *fields, method=method)


def post(path: str, body: bytes, *fields: str) -> bytes:
    """A request with a body of known length, after which the server closes."""
    return last(path, f"Content-Length: {len(body)}", *fields, method="POST") + body


def status_of(answer: bytes) -> int:
    """The status of the first response in an answer."""
    return int(answer.split(b" ", 2)[1])


def body_of(answer: bytes) -> bytes:
    """What comes behind the first head."""
    return answer.partition(b"\r\n\r\n")[2]
