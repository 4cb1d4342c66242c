"""Servers that attack a client over real sockets, and what its user is told."""

import asyncio
from typing import Any

import pytest
from support.peers import RawPeer, raw_server

from weft_client_session import ClientSession, ClientTimeout, SocketTimeoutError

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
