"""Whether a socket has something to read, asked without a loop and without waiting."""

import asyncio
import functools
import select
import sys
from collections.abc import Callable

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
