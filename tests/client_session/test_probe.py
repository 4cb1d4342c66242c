"""Sockets asked whether there is something to read."""

import asyncio
import socket
import sys

import pytest
from support.peers import RawPeer, raw_server

from weft_client_session.probe import make_probe, read_left


class OverSocket(asyncio.BaseTransport):
    def __init__(self, sock: socket.socket | None) -> None:
        super().__init__({"socket": sock})


@pytest.mark.parametrize("is_poll_missing", [False, True])
def test_bytes_and_an_end_are_seen_and_stay(
    is_poll_missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_poll_missing:
        monkeypatch.setattr(sys, "platform", "win32")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ask = make_probe(OverSocket(ours))
        assert not ask(0)
        theirs.send(b"x")
        assert ask(0)
        assert ours.recv(9) == b"x"
        assert not ask(0)
        theirs.close()
        assert ask(0)
        assert ours.recv(9) == b""


def test_what_has_no_socket_is_never_readable() -> None:
    assert not make_probe(OverSocket(None))(0)
    gone, other = socket.socketpair()
    gone.close()
    other.close()
    assert not make_probe(OverSocket(gone))(0)


class Blind(asyncio.Protocol):
    """Reads nothing before it is lost, and then what is left."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(list(read_left(self.transport)))


async def test_what_came_before_a_write_failed_can_still_be_read() -> None:
    async def serve(peer: RawPeer) -> None:
        await peer.read(1)
        await peer.send(b"answer")  # and closes over what it has not read: a reset

    async with raw_server(serve) as port:
        _, blind = await asyncio.get_running_loop().create_connection(Blind, "127.0.0.1", port)
        async with asyncio.timeout(5):
            while not blind.lost.done():
                blind.transport.write(b"xx")
                await asyncio.sleep(0)
        assert b"".join(await blind.lost) == b"answer"


def test_of_other_transports_nothing_is_left() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        assert list(read_left(OverSocket(ours))) == []
