"""Servers that attack a client over real sockets, and what its user is told."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme
import uvloop
from support.peers import RawPeer, raw_server

from weft_client_session import (
    ClientPayloadError,
    ClientSession,
    ClientTimeout,
    SocketTimeoutError,
    TCPConnector,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


# Waiting.


@pytest.mark.parametrize("keywords", [{}, {"headers": {"X": "y"}}], ids=["short", "long"])
async def test_a_slow_server_is_not_asked_again(keywords: dict[str, Any]) -> None:
    asked = 0

    async def serve(peer: RawPeer) -> None:
        nonlocal asked
        while await peer.read_until():
            asked += 1
            if asked == 1:
                await peer.send(OK)

    timeout = ClientTimeout(total=10, sock_read=0.05)
    async with raw_server(serve) as port, ClientSession(timeout=timeout) as session:
        async with session.get(url(port), **keywords) as response:
            assert await response.read() == b"ok"
        with pytest.raises(SocketTimeoutError):
            await session.get(url(port), **keywords)
    assert asked == 2


class Clock:
    """The clock of the running loop, which can be put forward."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self.ahead_seconds = 0.0
        loop.time = self.time  # type: ignore[method-assign]  # the loop of this test alone

    def time(self) -> float:
        return self._time() + self.ahead_seconds


async def test_a_second_attempt_has_the_time_that_is_left() -> None:
    clock, asked = Clock(), 0

    async def serve(peer: RawPeer) -> None:
        nonlocal asked
        while await peer.read_until():
            asked += 1
            if asked == 1:
                await peer.send(OK)
            elif asked == 2:
                clock.ahead_seconds += 59
                return
            else:
                clock.ahead_seconds += 2

    timeout = ClientTimeout(total=60)
    async with raw_server(serve) as port, ClientSession(timeout=timeout) as session:
        async with session.get(url(port)) as response:
            assert await response.read() == b"ok"
        with pytest.raises(TimeoutError, match="longer than 60"):
            async with asyncio.timeout(75):
                await session.get(url(port))
    assert asked == 3


async def test_a_redirect_of_a_known_request_has_the_time_that_is_left() -> None:
    clock, asked = Clock(), 0
    moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"

    async def serve(peer: RawPeer) -> None:
        nonlocal asked
        while await peer.read_until():
            asked += 1
            if asked == 1:
                await peer.send(OK)
            elif asked == 2:
                clock.ahead_seconds += 59
                await peer.send(moved)
            else:
                clock.ahead_seconds += 2

    timeout = ClientTimeout(total=60)
    async with raw_server(serve) as port, ClientSession(timeout=timeout) as session:
        async with session.get(url(port)) as response:
            assert await response.read() == b"ok"
        with pytest.raises(TimeoutError, match="longer than 60"):
            async with asyncio.timeout(75):
                await session.get(url(port))
    assert asked == 3


# Cutting answers off.


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_a_body_until_the_end_is_whole_only_when_tls_says_so(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)

    async def cut(peer: RawPeer) -> None:
        await peer.read_until()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\npay 1")
        peer.writer.transport.abort()

    async def end(peer: RawPeer) -> None:
        await peer.read_until()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\npay 100")

    async def main() -> None:
        async with ClientSession(connector=TCPConnector(ssl=ours)) as session:
            async with raw_server(end, tls=theirs) as port:
                async with session.get(f"https://localhost:{port}/") as response:
                    assert await response.read() == b"pay 100"
            async with raw_server(cut, tls=theirs) as port:
                async with session.get(f"https://localhost:{port}/") as response:
                    with pytest.raises(ClientPayloadError):
                        await response.read()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


# What an answer says of itself.


@pytest.mark.parametrize("charset", ["hex", "zlib", "rot13", "bogus"])
async def test_a_charset_that_is_none_is_not_believed(charset: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset={charset}\r\n"

    async def serve(peer: RawPeer) -> None:
        await peer.read_until()
        await peer.send(head.encode() + b"Content-Length: 2\r\n\r\nok")

    async with raw_server(serve) as port, ClientSession() as session:
        async with session.get(url(port)) as response:
            assert await response.text() == "ok"
