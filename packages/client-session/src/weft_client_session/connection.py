"""An open connection of a client: whose it is, and how the task that uses it is woken.

A connection belongs to a request, to the pool, or to nobody, when it is closed. Knows no limits
and opens nothing.
"""

import asyncio
from typing import Protocol

from weft_client_session.probe import Probe, make_probe
from weft_client_session.request import ConnectionKey
from weft_http_parser import LENIENT, Http1Connection, Link, Role, Waiter


class Home(Protocol):
    """What a connection tells the connector that it comes from."""

    def take_back(self, connection: "Connection") -> None:
        """It is free for the next request."""
        ...

    def forget(self, connection: "Connection") -> None:
        """It was in use, and closes."""
        ...

    def lose_idle(self, connection: "Connection") -> None:
        """It was idle, and is of no use any more."""
        ...

    def watch(self, at: float) -> None:
        """Its user has a deadline."""
        ...


class InUse(Protocol):
    """What uses a connection: an exchange."""

    @property
    def deadline(self) -> float: ...

    @property
    def since(self) -> float: ...
    @property
    def doing(self) -> str: ...

    def expire(self) -> None: ...

    def abandon(self) -> None:
        """The connector closes."""
        ...


class Connection:
    """An open link with its HTTP state. Between two uses it receives for itself."""

    __slots__ = (
        "_home",
        "_probe",
        "arrival",
        "clock",
        "core",
        "is_placed",
        "key",
        "link",
        "made_at",
        "peer_keeps_seconds",
        "user",
        "uses",
    )

    link: Link

    def __init__(self, home: Home, key: ConnectionKey, loop: asyncio.AbstractEventLoop) -> None:
        self._home = home
        self.key = key
        # Heads of real servers are sloppy in ways that hurt nobody, and programs depend on them.
        self.core = Http1Connection(Role.CLIENT, key.limits, LENIENT)
        self.arrival = Waiter(loop)
        self.clock = loop.time
        self.made_at = loop.time()
        self.peer_keeps_seconds: float | None = None  # as its last Keep-Alive field said
        self.user: InUse | None = None
        self.uses = 0
        self.is_placed = True  # counted by the pool
        self._probe: Probe | None = None

    def __repr__(self) -> str:
        return f"Connection<{self.key!r}>"

    @property
    def transport(self) -> asyncio.Transport | None:
        return None if self.link.is_lost else self.link.transport

    @property
    def peer(self) -> tuple[str, int] | str | None:
        """The address at the other end: host and port, or the path of a socket."""
        found = self.link.get_extra_info("peername")
        if isinstance(found, tuple):
            return str(found[0]), int(found[1])
        return str(found) if found else None

    @property
    def closed(self) -> bool:
        return not self.is_placed

    def watch(self, at: float) -> None:
        """Have a deadline of the user looked at, in time."""
        self._home.watch(at)

    @property
    def is_quiet(self) -> bool:
        """Nothing has come that the loop has not told of: no end, and no bytes unasked.

        A loop that was busy has not looked for a while, and the server may be gone.
        """
        probe = self._probe
        if probe is None:
            probe = self._probe = make_probe(self.link.transport)
        return not probe(0)

    def recycle(self) -> None:
        """Both messages are over: whoever is next may have the connection, if it is fit."""
        core = self.core
        if core.buffered or not core.can_cycle:
            # RFC 9112 9.2: bytes behind the answer answer nothing that was asked.
            self.discard(aborts=False)
            return
        core.next_cycle()
        self.user = None
        self.link.receiver = self
        self._home.take_back(self)

    def discard(self, *, aborts: bool = True) -> None:
        """Close, and give up the place in the pool."""
        if not self.is_placed:
            return
        self.is_placed = False
        self.user = None
        self._home.forget(self)
        if aborts:
            self.link.abort()
        else:
            self.link.close()

    close = discard

    # The receiver of an idle connection: whatever comes, the connection is no longer good.

    def link_made(self, link: Link) -> None:
        self.link = link

    def data_received(self, data: bytes) -> None:
        self._home.lose_idle(self)

    def eof_received(self) -> bool:
        self._home.lose_idle(self)
        return False

    def link_lost(self, exc: Exception | None) -> None:
        self._home.lose_idle(self)
