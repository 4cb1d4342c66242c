"""Which request gets which connection. Decides, and leaves opening and closing to others.

A pool counts every open connection: those in use, those being opened and those idle. A request
takes an idle connection of its key, or a place for a new one, or a ticket in the line. Whatever
becomes free goes to the first ticket in line that can use it: a connection of its own key, or a
place, for which the longest idle connection of another key is given up. So while anyone who could
be served waits, nothing lies idle, and a newcomer cannot overtake.

Knows no sockets, no clock and no loop: time is an argument, keys and connections are anything.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

import attrs

K = TypeVar("K", bound=Hashable)
C = TypeVar("C")


class Grant(NamedTuple, Generic[C]):
    """A place in the pool: with a connection to reuse, or to be filled by opening one.

    `evicted` has to be closed first.
    """

    connection: C | None = None
    evicted: C | None = None


@attrs.frozen(eq=False, repr=False)
class Ticket(Generic[K]):
    """A place in the line."""

    key: K
    number: int


class Handoff(NamedTuple, Generic[K, C]):
    """What the holder of a ticket gets."""

    ticket: Ticket[K]
    grant: Grant[C]


class Idle(NamedTuple, Generic[C]):
    """A connection that nobody uses: since when, and until when it may wait."""

    connection: C
    since: float
    until: float


class PoolStats(NamedTuple):
    """How a pool stands."""

    open: int
    idle: int
    waiting: int


class Pool(Generic[K, C]):
    """Connections by key, under a limit for all and one per key; 0 is no limit."""

    __slots__ = ("_counts", "_idle", "_lines", "_number", "_total", "limit", "limit_per_key")

    def __init__(self, limit: int = 100, limit_per_key: int = 0) -> None:
        self.limit = limit
        self.limit_per_key = limit_per_key
        self._total = 0
        self._counts: dict[K, int] = {}
        self._idle: dict[K, list[Idle[C]]] = {}
        self._lines: dict[K, OrderedDict[Ticket[K], None]] = {}
        self._number = 0

    @property
    def stats(self) -> PoolStats:
        return PoolStats(
            open=self._total,
            idle=sum(map(len, self._idle.values())),
            waiting=sum(map(len, self._lines.values())),
        )

    # Getting a connection.

    def take(self, key: K) -> C | None:
        """The idle connection of this key that was used last, now in use."""
        idle = self._idle.get(key)
        return idle.pop().connection if idle else None

    def claim(self, key: K) -> Grant[C] | None:
        """A place for a new connection, or None while there is no room."""
        if not self._has_room(key):
            return None
        return self._grant_place(key)

    def wait(self, key: K) -> Ticket[K]:
        """Stand in line."""
        self._number += 1
        ticket = Ticket(key, self._number)
        self._lines.setdefault(key, OrderedDict())[ticket] = None
        return ticket

    def withdraw(self, ticket: Ticket[K]) -> None:
        """Leave the line; a ticket that was served is no longer in it."""
        line = self._lines.get(ticket.key)
        if line is None or ticket not in line:
            return
        del line[ticket]
        if not line:
            del self._lines[ticket.key]

    # Giving it back.

    def give_back(
        self, key: K, connection: C, now: float, until: float = math.inf
    ) -> list[Handoff[K, C]]:
        """A connection in use may serve again, and may wait for that `until`."""
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle[key] = []
        idle.append(Idle(connection, now, until))
        return self._serve() if self._lines else []

    def drop(self, key: K) -> list[Handoff[K, C]]:
        """A connection in use is gone, or a place was not filled."""
        self._uncount(key)
        return self._serve() if self._lines else []

    def remove(self, key: K, connection: C) -> list[Handoff[K, C]]:
        """A connection is gone that was idle, or granted and not used yet."""
        idle = self._idle.get(key, [])
        idle[:] = [one for one in idle if one.connection is not connection]
        return self.drop(key)

    def expire(self, now: float) -> list[C]:
        """The connections that have waited as long as they may; they leave the pool."""
        old: list[C] = []
        for key, idle in list(self._idle.items()):
            expired = [one.connection for one in idle if one.until <= now]
            idle[:] = [one for one in idle if one.until > now]
            for _ in expired:
                self._uncount(key)
            old += expired
        return old

    def next_expiry(self) -> float:
        """When the next idle connection has waited long enough; infinite where none is."""
        return min((one.until for idle in self._idle.values() for one in idle), default=math.inf)

    # Inside.

    def _has_room(self, key: K) -> bool:
        if self.limit_per_key and self._counts.get(key, 0) >= self.limit_per_key:
            return False
        return not self.limit or self._total < self.limit or any(self._idle.values())

    def _grant_place(self, key: K) -> Grant[C]:
        evicted = None
        if self.limit and self._total >= self.limit:
            evicted = self._evict()
        self._counts[key] = self._counts.get(key, 0) + 1
        self._total += 1
        return Grant(evicted=evicted)

    def _evict(self) -> C:
        key = min((key for key, idle in self._idle.items() if idle), key=self._idle_since)
        evicted = self._idle[key].pop(0)
        self._uncount(key)
        return evicted.connection

    def _idle_since(self, key: K) -> float:
        return self._idle[key][0].since

    def _uncount(self, key: K) -> None:
        self._total -= 1
        left = self._counts[key] - 1
        if left:
            self._counts[key] = left
            return
        # The last one of its key: forget the key, or the tables grow with every host.
        del self._counts[key]
        self._idle.pop(key, None)

    def _serve(self) -> list[Handoff[K, C]]:
        handoffs = []
        while (ticket := self._next_ticket()) is not None:
            self.withdraw(ticket)
            connection = self.take(ticket.key)
            if connection is not None:
                grant = Grant(connection)
            else:
                grant = self._grant_place(ticket.key)
            handoffs.append(Handoff(ticket, grant))
        return handoffs

    def _next_ticket(self) -> Ticket[K] | None:
        """The first in line who can be served now."""
        first: Ticket[K] | None = None
        for key, line in self._lines.items():
            ticket = next(iter(line))
            if first is not None and first.number < ticket.number:
                continue
            if self._idle.get(key) or self._has_room(key):
                first = ticket
        return first
