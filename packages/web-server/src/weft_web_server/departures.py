"""Clients that go away while nothing is read from them.

Decides who is asked about: those at work whose bytes wait, be it a body that its handler does not
read or requests behind the present one. A loop watches the sockets that it reads, so the others
would be held, with their handlers, for as long as somebody cares to leave them behind. Where the
system cannot be asked (Windows) nobody is found.
"""

import select
from collections.abc import Iterable
from typing import Final, Protocol

from weft_http_parser import Link

_CAN_ASK: Final = hasattr(select, "poll")
_ENDED: Final = getattr(select, "POLLRDHUP", 0)  # of Linux: the peer has ended its side


class Connection(Protocol):
    """What is asked of a connection."""

    @property
    def exchange(self) -> object: ...
    @property
    def link(self) -> Link: ...

    def client_ended(self) -> None: ...


def look_for_departed(connections: Iterable[Connection]) -> None:
    """Cut off those whose clients have reset them, and tell those whose clients have ended."""
    held = {
        number: each
        for each in connections
        if each.exchange is not None and each.link.holds
        if (number := _find_descriptor(each.link)) >= 0
    }
    if not held or not _CAN_ASK:
        return
    poll = select.poll()
    for number, each in held.items():
        poll.register(number, 0 if each.link.has_peer_ended else _ENDED)
    for number, events in poll.poll(0):
        link = held[number].link
        if events & select.POLLERR:
            link.abort()
        elif not link.has_peer_ended:
            held[number].client_ended()


def _find_descriptor(link: Link) -> int:
    sock = None if link.is_closing else link.get_extra_info("socket")
    number: int = -1 if sock is None else sock.fileno()  # type: ignore[attr-defined]  # a socket, or uvloop's stand-in
    return number
