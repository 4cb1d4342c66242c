"""Whether a socket has something to read, asked without a loop and without waiting; and the rest of it."""

import asyncio
import functools
import os
import select
import sys
from collections.abc import Callable, Iterator

Probe = Callable[[int], object]
"""Called with 0, gives something true where there are bytes, an end or a fault to read."""


def make_probe(transport: asyncio.BaseTransport) -> Probe:
    """What asks the socket of this transport; one that has none is never found readable."""
    sock = transport.get_extra_info("socket")
    number = -1 if sock is None else sock.fileno()
    if number < 0:
        return _nothing
    if sys.platform == "win32":
        return functools.partial(_select, number)
    poll = select.poll()
    poll.register(number, select.POLLIN | select.POLLPRI)
    return poll.poll


def _nothing(timeout: int) -> object:
    return None


def _select(number: int, timeout: int) -> object:
    """As poll(), which Windows has not."""
    return select.select([number], [], [], timeout)[0]


BLOCK_BYTES = 65_536


def read_left(transport: asyncio.BaseTransport) -> Iterator[bytes]:
    """What the kernel holds for a transport that is just being lost, where it can be had.

    That is on the plain sockets of asyncio's selector loops, which are closed only after the
    protocol has heard of the loss; others are closed already.
    """
    if type(transport).__module__ != "asyncio.selector_events" or sys.platform == "win32":
        return
    sock = transport.get_extra_info("socket")
    while sock.fileno() >= 0:
        try:
            data = os.read(sock.fileno(), BLOCK_BYTES)
        except OSError:
            return
        if not data:
            return
        yield data
