"""The door of a server: how many connections come in, who goes to make room, when it shuts.

Decides which connection is closed for the sake of a new one: the one that has been idle for the
longest, or else one whose head comes slowly, never one at work. Opens no socket; listeners ask here before they accept.
"""

import asyncio
import heapq
import logging
from collections.abc import Collection
from typing import Final, Protocol

from .notice import Notice
from .peer_log import PeerLog

SPARED_SECONDS: Final = 1.0
SPARED_HEAD_SECONDS: Final = (
    5.0  # one that has not come by then is of a poor link, or of an attack
)
CLOSED_AT_ONCE: Final = 64  # the part of all connections that goes when one has to


class Guest(Protocol):
    """What the door knows of a connection."""

    deadline: float

    @property
    def idle_seconds(self) -> float: ...
    @property
    def head_seconds(self) -> float: ...
    def make_way(self) -> None: ...


class Listener(Protocol):
    """What accepts connections."""

    def watch(self) -> None:
        """Accept, as far as there is room."""


class Door:
    """Counts connections, and those who are not through the TLS handshake yet."""

    __slots__ = (
        "_arriving",
        "_guests",
        "_is_full",
        "_listeners",
        "_waiters",
        "most",
        "peer_log",
        "shutting_down",
    )

    def __init__(self, guests: Collection[Guest], most: float, peer_log: PeerLog) -> None:
        self._guests = guests
        self.most = most
        self.peer_log = peer_log
        self.shutting_down = Notice()
        self._listeners: list[Listener] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._arriving = 0
        self._is_full = False  # somebody waits outside

    def add_listener(self, listener: Listener) -> None:
        """Tell this one when there is room."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Tell it no longer."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def count_arriving(self, count: int) -> None:
        """So many more are on their way in, or are through or gone."""
        self._arriving += count
        if count < 0 and self._is_full:
            self.someone_left()

    def has_room(self) -> bool:
        """Whether one more may come in."""
        return len(self._guests) + self._arriving < self.most

    def someone_came(self) -> None:
        """A connection is there; the last that may be, so that listeners have to ask."""
        if not self.has_room():
            for listener in self._listeners:
                listener.watch()

    def make_room(self) -> None:
        """Close who has been idle; the listeners are told when somebody is gone.

        Whose time would end first goes first. Nobody goes who came or was answered just now: he is
        about to ask, and those who wait outside can wait. Where nobody is idle, a byte of a head
        must not keep a place: those go whose heads have been on their way for long.
        """
        self._is_full = True
        self.peer_log.remind(
            logging.WARNING,
            "no room for more connections than %d: idle ones are closed, new clients wait",
            len(self._guests) + self._arriving,
        )
        idle = [guest for guest in self._guests if guest.idle_seconds >= SPARED_SECONDS]
        if not idle:
            idle = [each for each in self._guests if each.head_seconds >= SPARED_HEAD_SECONDS]
        # Some more than one, as each search looks at all.
        count = max(1, len(self._guests) // CLOSED_AT_ONCE)
        for guest in heapq.nsmallest(count, idle, key=lambda guest: guest.deadline):
            guest.make_way()

    def someone_left(self) -> None:
        """A connection is gone."""
        if self._waiters and not self._guests:
            self.someone_ended()
        if self._is_full and self.has_room():
            self._is_full = False
            for listener in self._listeners:
                listener.watch()

    async def wait_for_end(self) -> None:
        """Wait until a handler has ended, or the last connection is gone."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def someone_ended(self) -> None:
        """Wake those who wait for an end."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def look(self) -> None:
        """While somebody waits outside: close who has become idle meanwhile."""
        self.peer_log.flush()
        if self._is_full:
            self.make_room()
