"""Connections for requests: the pool decides, dialling does, and this brings the two together.

A connector binds to the loop of its first use. Decides nothing about requests.
"""

import asyncio
import warnings
from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

import attrs

from weft_client_session.connection import Connection
from weft_client_session.deadlines import NEVER, Deadlines, Sweeper, Watched, bounded
from weft_client_session.errors import (
    ClientConnectionError,
    ConnectionTimeoutError,
    PoolTimeoutError,
    RequestPhase,
)
from weft_client_session.options import PLAIN_ROUTE, ClientTimeout
from weft_client_session.pool import Grant, Handoff, Pool, PoolStats, Ticket
from weft_client_session.request import (
    HTTP_SCHEMES,
    WS_SCHEMES,
    ClientRequest,
    ConnectionKey,
)
from weft_client_session.starving import STARVING_SECONDS, warn_of_starving
from weft_http_parser import DEFAULT_LIMITS, Limits, Link

if TYPE_CHECKING:  # where nobody traces, tracing is not loaded
    from weft_client_session.tracing import Trace

KEEPALIVE_SECONDS = 15.0
CLOSE_SECONDS = 1.0
KEYS_LIMIT = 1000
SERVER_LEAD_SECONDS = 1.0
"""How long before the server's own time a kept connection is given up."""


@attrs.frozen(kw_only=True)
class Reuse:
    """How long connections are kept for the next request."""

    keep_seconds: float
    max_age_seconds: float | None
    max_uses: int | None

    def until(self, connection: Connection, now: float) -> float:
        """Until when a connection may wait; `now` or before when it is not to be used again."""
        if self.max_uses is not None and connection.uses >= self.max_uses:
            return now
        seconds, peer_seconds = self.keep_seconds, connection.peer_keeps_seconds
        if peer_seconds is not None and peer_seconds < seconds:
            # A request that starts as the server closes is lost: leave before it does.
            seconds = peer_seconds - min(SERVER_LEAD_SECONDS, peer_seconds / 2)
        until = now + seconds
        if self.max_age_seconds is not None:
            until = min(until, connection.made_at + self.max_age_seconds)
        return until


class _Books:
    """What a connector keeps count of on one loop."""

    __slots__ = (
        "connections",
        "expires_at",
        "expiry",
        "keys",
        "loop",
        "pool",
        "starving",
        "sweeper",
        "waiters",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, pool: Pool[ConnectionKey, Connection]
    ) -> None:
        self.loop = loop
        self.pool = pool
        self.connections: set[Connection] = set()
        self.waiters: dict[Ticket[ConnectionKey], asyncio.Future[Grant[Connection]]] = {}
        self.starving: asyncio.TimerHandle | None = None  # while there is a line
        self.expiry: asyncio.TimerHandle | None = None
        self.expires_at = NEVER
        # One object for equal keys, so that no dict has to compare them field by field.
        self.keys: dict[Hashable, ConnectionKey] = {}
        self.sweeper = Sweeper(loop, self._users)

    def expire_at(self, at: float, expire: Callable[[], None]) -> None:
        """Look for idle connections that have waited long enough at `at`, and not later."""
        if self.expiry is not None:
            self.expiry.cancel()
        self.expires_at = at
        self.expiry = self.loop.call_at(at, expire)

    def _users(self) -> list[Watched]:
        return [one.user for one in self.connections if one.user is not None]


class OldKeywords(TypedDict, total=False):
    """Keywords of aiohttp that are taken and change nothing here."""

    enable_cleanup_closed: bool
    loop: asyncio.AbstractEventLoop | None
    ssl_shutdown_timeout: float | None
    timeout_ceil_threshold: float


def warn_of_old(keywords: OldKeywords, stacklevel: int) -> None:
    """Warn of keywords that change nothing; TypeError for those that nobody knows."""
    for name, value in keywords.items():
        if name not in OldKeywords.__annotations__:
            raise TypeError(f"a connector has no option {name!r}")
        if value is not None and value is not False:
            text = f"{name} changes nothing and is deprecated; leave it out"
            warnings.warn(text, DeprecationWarning, stacklevel=stacklevel + 1)


class BaseConnector:
    """A pool of connections under limits; how one is opened is for a subclass to say."""

    allowed_protocol_schema_set: frozenset[str] = HTTP_SCHEMES | WS_SCHEMES

    def __init__(
        self,
        *,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
        connection_max_age: float | None = None,
        connection_max_uses: int | None = None,
        **old: Unpack[OldKeywords],
    ) -> None:
        warn_of_old(old, 3)
        if force_close and keepalive_timeout not in (None, KEEPALIVE_SECONDS):
            raise ValueError("keepalive_timeout cannot be set if force_close is True")
        self._force_close = force_close
        self._reuse = Reuse(
            keep_seconds=NEVER if keepalive_timeout is None else keepalive_timeout,
            max_age_seconds=connection_max_age,
            max_uses=1 if force_close else connection_max_uses,
        )
        self._limit = limit or 0
        self._limit_per_host = limit_per_host
        self._books: _Books | None = None
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def limit(self) -> int:
        """Connections at once; 0 is no limit."""
        return self._limit

    @property
    def limit_per_host(self) -> int:
        """Connections at once with one end point; 0 is no limit."""
        return self._limit_per_host

    @property
    def force_close(self) -> bool:
        """No connection is used twice."""
        return self._force_close

    @property
    def closed(self) -> bool:
        return self._is_closed

    @property
    def stats(self) -> PoolStats:
        """How the pool stands."""
        return PoolStats(0, 0, 0) if self._books is None else self._books.pool.stats

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection, in use or not, and wait until they are gone.

        A peer that does not play along, as TLS would have it, is cut off after a second; with
        `abort_ssl` at once.
        """
        links = self.close_now()
        if abort_ssl:
            for link in links:
                link.abort()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                for link in links:
                    await link.wait_closed()
        except TimeoutError:
            for link in links:
                link.abort()

    def close_now(self) -> list[Link]:
        """As `close`, without waiting: the links that are closing."""
        self._is_closed = True
        books, self._books = self._books, None
        if books is None or books.loop.is_closed():
            return []
        books.sweeper.stop()
        if books.starving is not None:
            books.starving.cancel()
        if books.expiry is not None:
            books.expiry.cancel()
        for waiter in books.waiters.values():
            if not waiter.done():
                waiter.set_exception(ClientConnectionError("Connector is closed."))
        for connection in list(books.connections):
            if connection.user is not None:
                connection.user.abandon()
            connection.is_placed = False
            connection.link.close()
        return [connection.link for connection in books.connections]

    # What requests ask for.

    def running_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that this connector belongs to, which must be the running one."""
        return self._bound().loop

    def take(self, key: ConnectionKey) -> Connection | None:
        """An idle connection for this key that is good for another use, if there is one."""
        pool = self._bound().pool
        while (connection := pool.take(key)) is not None:
            if connection.is_quiet:
                return connection
            connection.discard()
        return None

    def take_for(self, request: ClientRequest, limits: Limits) -> Connection | None:
        """As `take`, for this request."""
        return self.take(self._key_of(request, limits))

    def _key_of(self, request: ClientRequest, limits: Limits) -> ConnectionKey:
        """The key of a request; the same object for equal ones."""
        keys = self._bound().keys
        if len(keys) > KEYS_LIMIT:
            keys.clear()
        if request.route is not PLAIN_ROUTE or limits is not DEFAULT_LIMITS:
            key = request.key_for(limits)
            return keys.setdefault(key, key)
        # The usual case: the place alone makes the key, and a tuple is cheaper to look up.
        url = request.url
        place = (url.scheme, url.raw_host, url.port)
        found = keys.get(place)
        if found is None:
            key = request.key_for(limits)
            found = keys[place] = keys.setdefault(key, key)
        return found

    def watch(self, at: float) -> None:
        """Look at the deadlines of those under way at `at`, or before."""
        assert self._books is not None  # someone is under way
        sweeper = self._books.sweeper
        if at < sweeper.armed_at:
            sweeper.arm(at)

    async def connect(
        self,
        req: ClientRequest,
        traces: "Sequence[Trace]" = (),
        timeout: ClientTimeout | Deadlines | None = None,  # noqa: ASYNC109  aiohttp's
        *,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Connection:
        """A connection for this request, from the pool or new; ConnectionTimeoutError and its
        kind when that takes too long, TotalTimeoutError when the request does.
        """
        key = self._key_of(req, limits)
        connection = self.take(key)
        if connection is not None and (not traces or await self._told(connection, traces)):
            return connection
        now = self.running_loop().time()
        if not isinstance(timeout, Deadlines):
            timeout = Deadlines(timeout or ClientTimeout(), now)
        timeout.phase = RequestPhase.POOL
        at, text = timeout.connect_at(now), f"Connection timeout to host {req.url}"
        async with bounded(at, lambda: timeout.overdue(at, ConnectionTimeoutError, text)):
            return await self._acquire(key, req, traces, timeout)

    async def open(
        self,
        request: ClientRequest,
        connection: Connection,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Link:
        """A new link to where the request goes, for this connection."""
        raise NotImplementedError

    # What connections report.

    def take_back(self, connection: Connection) -> None:
        """The connection is free for the next request."""
        books = self._books
        if books is None:
            connection.discard(aborts=False)
            return
        now = books.loop.time()
        until = self._reuse.until(connection, now)
        if until <= now:
            connection.discard(aborts=False)
            return
        handoffs = books.pool.give_back(connection.key, connection, now, until)
        if handoffs:
            self._carry_out(handoffs)
        if until < books.expires_at:
            books.expire_at(until, self._expire)

    def forget(self, connection: Connection) -> None:
        """The connection was in use, and closes."""
        books = self._books
        if books is None:
            return
        books.connections.discard(connection)
        self._carry_out(books.pool.drop(connection.key))

    def lose_idle(self, connection: Connection) -> None:
        """The connection was idle, and is of no use any more."""
        books = self._books
        if not connection.is_placed or books is None:
            return
        connection.is_placed = False
        books.connections.discard(connection)
        connection.link.abort()
        self._carry_out(books.pool.remove(connection.key, connection))

    # Inside.

    def _bound(self) -> _Books:
        books = self._books
        if books is not None and books.loop is asyncio.get_running_loop():
            return books
        if self._is_closed:
            raise ClientConnectionError("Connector is closed.")
        loop = asyncio.get_running_loop()
        if books is None or books.loop.is_closed():
            # The connections of a closed loop are gone with it.
            self._books = books = _Books(loop, Pool(self._limit, self._limit_per_host))
            return books
        raise RuntimeError(
            f"this connector belongs to {books.loop!r} and cannot be used on {loop!r}; "
            "make one for each loop"
        )

    async def _acquire(
        self,
        key: ConnectionKey,
        request: ClientRequest,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Connection:
        while True:
            grant = self._bound().pool.claim(key)
            if grant is None:
                grant = await self._await_turn(key, request, traces, deadlines)
            else:
                self._close_evicted(grant)
            connection = grant.connection
            if connection is None:
                return await self._open_placed(key, request, traces, deadlines)
            # It may have died on its way here, and then its place is gone as well.
            if connection.is_placed and await self._told(connection, traces):
                return connection

    async def _told(self, connection: Connection, traces: "Sequence[Trace]") -> bool:
        """Whether a connection is still good when everyone has heard of its use."""
        try:
            for trace in traces:
                await trace.connection_reuseconn()
        except BaseException:
            self._return_grant(connection.key, Grant(connection))
            raise
        return connection.is_placed

    async def _open_placed(
        self,
        key: ConnectionKey,
        request: ClientRequest,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Connection:
        """Fill the place that the pool granted."""
        books = self._bound()
        connection = Connection(self, key, books.loop)
        try:
            for trace in traces:
                await trace.connection_create_start()
            connection.link = await self.open(request, connection, traces, deadlines)
            books.connections.add(connection)
            for trace in traces:
                await trace.connection_create_end()
            if self._books is not books:
                raise ClientConnectionError("Connector is closed.")
        except BaseException:
            if connection in books.connections:
                connection.link.abort()
            if connection.is_placed and self._books is books:
                connection.is_placed = False
                self.forget(connection)
            raise
        return connection

    async def _await_turn(
        self,
        key: ConnectionKey,
        request: ClientRequest,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Grant[Connection]:
        deadlines.phase = RequestPhase.POOL
        at = deadlines.after(deadlines.timeout.pool, self.running_loop().time())

        def error() -> Exception:
            stats = self.stats
            text = (
                f"No connection to {request.url.origin()} got free: "
                f"{stats.open} open, {stats.waiting} waiting"
            )
            return deadlines.overdue(at, PoolTimeoutError, text)

        async with bounded(at, error):
            return await self._stand_in_line(key, traces)

    async def _stand_in_line(
        self, key: ConnectionKey, traces: "Sequence[Trace]"
    ) -> Grant[Connection]:
        books = self._bound()
        ticket = books.pool.wait(key)
        waiter: asyncio.Future[Grant[Connection]] = books.loop.create_future()
        books.waiters[ticket] = waiter
        if books.starving is None:
            self._watch_line(books)
        try:
            for trace in traces:
                await trace.connection_queued_start()
            grant = await waiter
            for trace in traces:
                await trace.connection_queued_end()
            return grant
        except BaseException:
            books.waiters.pop(ticket, None)
            books.pool.withdraw(ticket)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # Served and cancelled in the same breath: the grant goes on to the next.
                self._return_grant(key, waiter.result())
            raise

    def _watch_line(self, books: _Books) -> None:
        """Look later whether the first in line still waits."""
        first = next(iter(books.waiters))
        books.starving = books.loop.call_later(STARVING_SECONDS, self._look_at_line, books, first)

    def _look_at_line(self, books: _Books, first: Ticket[ConnectionKey]) -> None:
        books.starving = None
        if first in books.waiters:
            now = books.loop.time()
            warn_of_starving(books.connections, len(books.waiters), now)
        if books.waiters:
            self._watch_line(books)

    def _carry_out(self, handoffs: list[Handoff[ConnectionKey, Connection]]) -> None:
        books = self._books
        if books is None:
            return
        for handoff in handoffs:
            self._close_evicted(handoff.grant)
            waiter = books.waiters.pop(handoff.ticket)
            if waiter.done():  # cancelled, and did not run since
                self._return_grant(handoff.ticket.key, handoff.grant)
            else:
                waiter.set_result(handoff.grant)

    def _return_grant(self, key: ConnectionKey, grant: Grant[Connection]) -> None:
        books = self._books
        if books is None:
            return
        connection = grant.connection
        if connection is None:
            self._carry_out(books.pool.drop(key))
        elif connection.is_placed:
            self.take_back(connection)

    def _close_evicted(self, grant: Grant[Connection]) -> None:
        if grant.evicted is not None:
            self._close_idle(grant.evicted)

    def _close_idle(self, connection: Connection) -> None:
        """Close what the pool has let go."""
        assert self._books is not None
        connection.is_placed = False
        self._books.connections.discard(connection)
        connection.link.close()

    def _expire(self) -> None:
        books = self._books
        if books is None:
            return
        books.expires_at = NEVER
        for connection in books.pool.expire(books.loop.time()):
            self._close_idle(connection)
        at = books.pool.next_expiry()
        if at != NEVER:
            books.expire_at(at, self._expire)
