"""Sockets that nothing is read from, and what is found out about them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from weft_http_parser import Hold, Link
from weft_web_server.departures import look_for_departed


class Connection:
    """One at work, as far as it is asked for."""

    exchange: object = "a request"

    def __init__(self) -> None:
        self.link = Link(self)
        self.ends = 0

    def client_ended(self) -> None:
        self.link.has_peer_ended = True
        self.ends += 1

    def link_made(self, link: Link) -> None:
        pass

    def data_received(self, data: bytes) -> None:
        raise AssertionError("it is held")

    def eof_received(self) -> bool:
        raise AssertionError("it is held")

    def link_lost(self, exc: Exception | None) -> None:
        pass


@asynccontextmanager
async def held() -> AsyncIterator[tuple[Connection, socket.socket]]:
    connection, (ours, theirs) = Connection(), socket.socketpair()
    connection.link.hold(Hold.BODY)
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: connection.link, ours)
    try:
        with theirs:
            yield connection, theirs
    finally:
        connection.link.abort()
        await connection.link.wait_closed()


async def test_an_end_behind_unread_bytes_is_told_once() -> None:
    async with held() as (connection, theirs):
        theirs.sendall(b"unread")
        look_for_departed([connection])
        assert connection.ends == 0
        theirs.close()
        look_for_departed([connection])
        look_for_departed([connection])
        assert connection.ends == 1


@pytest.mark.parametrize("state", ["idle", "read from", "closing"])
async def test_who_is_not_asked_about(state: str) -> None:
    async with held() as (connection, theirs):
        if state == "idle":
            connection.exchange = None
        elif state == "closing":
            connection.link.close()
        else:
            connection.link.release(Hold.BODY)
        theirs.close()
        look_for_departed([connection])
        assert connection.ends == 0
        connection.link.hold(Hold.BODY)  # till the end of the test
