"""Sockets asked whether there is something to read."""

import asyncio
import socket
import sys

import pytest

from weft_client_session.probe import make_probe


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
