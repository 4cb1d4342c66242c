"""One byte pipe between a transport and whoever reads it.

Decides when the transport reads (a set of reasons to hold), when a writer waits, and how long a
peer may leave our bytes unread. Knows no HTTP and no roles.
"""

import asyncio
import enum
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, overload

from weft_http_parser.errors import LinkLost
from weft_http_parser.heads import Buffer

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")

WRITE_TIMEOUT_SECONDS = 60.0
WRITE_HIGH_WATER = 65536  # plain transports have this mark already, TLS ones eight times as much


class Hold(enum.IntFlag):
    """A reason not to read from the peer.

    `BODY`: a body waits for its reader. `QUEUE`: messages wait for theirs. `PIPELINE`: a request
    behind the present one waits. `SWITCH`: the protocol is about to change.
    """

    BODY = 1
    QUEUE = 2
    PIPELINE = 4
    SWITCH = 8


class Receiver(Protocol):
    """What a link hands bytes to. What a method raises goes to the event loop, which logs it."""

    def link_made(self, link: "Link") -> None:
        """The link is open; comes first, and once."""

    def data_received(self, data: bytes) -> None:
        """The peer's next bytes, at least one; as few or as many as the transport read."""

    def eof_received(self) -> bool:
        """The peer has ended its side. Return True to keep ours open; with TLS it closes anyway."""
        ...

    def link_lost(self, exc: Exception | None) -> None:
        """The link is gone, by `exc` or in order; comes last, and once."""


class PeerWatch(Protocol):
    """Who wants to know of the peer's end."""

    def give(self) -> None:
        """The peer has ended its side, or the link is gone; may come twice."""


class Phase(enum.Enum):
    """Where a link is in its life. It moves down only, but for OPEN and FULL."""

    NEW = "not connected"
    OPEN = "open"
    FULL = "open, and the peer is slow"
    CLOSING = "closing"
    LOST = "lost"


# CVE-2024-12254: in these versions writelines() of asyncio never says that the buffer is full, so
# a writer that waits for a slow peer would fill the memory.
_JOINS_PARTS = (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2)

# The modules of transports whose sockets may be sent on past them.
_KNOWN_TRANSPORTS = ("asyncio.selector_events", "uvloop.loop")

_OPEN = Phase.OPEN  # a global is half the price of two attribute loads, on every write
_FULL = Phase.FULL
_CONNECTED = (Phase.OPEN, Phase.FULL)


class Link(asyncio.Protocol):
    """A byte pipe of asyncio's: server, client and websocket plug their receivers into it.

    Give it to `loop.create_connection` or `create_server` as their protocol. `receiver` may be
    replaced at any time; an upgrade does so. A peer that takes none of our bytes for
    `write_timeout_seconds` is cut off, unless that is None.
    """

    __slots__ = (
        "_closers",
        "_drainers",
        "_holds",
        "_phase",
        "_pushed",
        "_watch",
        "bypass",
        "has_peer_ended",
        "peer_watch",
        "receiver",
        "transport",
        "write_timeout_seconds",
    )

    transport: asyncio.Transport

    def __init__(
        self,
        receiver: Receiver,
        *,
        write_timeout_seconds: float | None = WRITE_TIMEOUT_SECONDS,
    ) -> None:
        self.receiver = receiver
        self.bypass = -1
        """The socket's descriptor, for who finds the transport's buffer empty and sends past it.

        -1 where that must not be done; see `open_bypass`.
        """
        self.write_timeout_seconds = write_timeout_seconds
        self._phase = Phase.NEW
        self.has_peer_ended = False
        self.peer_watch: PeerWatch | None = None
        self._holds = 0
        self._pushed = 0  # bytes written behind a full buffer since the watch began
        self._watch: asyncio.TimerHandle | None = None
        self._drainers: list[asyncio.Future[None]] = []
        self._closers: list[asyncio.Future[None]] = []

    def __repr__(self) -> str:
        peer = self.get_extra_info("peername")
        return f"<{type(self).__name__} {self._phase.value} peer={peer!r}>"

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of the transport: it is open."""
        self._adopt(transport)
        self._phase = Phase.OPEN
        self.receiver.link_made(self)

    def data_received(self, data: bytes) -> None:
        """Of the transport: the peer's next bytes."""
        self.receiver.data_received(data)

    def eof_received(self) -> bool:
        """Of the transport: the peer has ended its side. True keeps ours open."""
        self._tell_of_end()
        session = self.transport.get_extra_info("ssl_object")
        # RFC 9112 9.8: an end that TLS did not announce is a loss, of which the receiver is told.
        stays_open = _is_announced(session) and self.receiver.eof_received()
        # TLS has no half close: asyncio shuts the session down whatever we answer.
        if stays_open and session is None:
            return True
        if self._phase in _CONNECTED:
            self._phase, self.bypass = Phase.CLOSING, -1
            self._watch_progress()
        return False

    def pause_writing(self) -> None:
        """Of the transport: its buffer is over the mark."""
        if self._phase is _OPEN:
            self._phase = Phase.FULL
            self._watch_progress()

    def resume_writing(self) -> None:
        """Of the transport: its buffer is below the mark again."""
        if self._phase is Phase.FULL:
            self._phase = Phase.OPEN
            self._stop_watch()
        self._wake_drainers(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Of the transport: it is gone, by `exc` or in order."""
        if self._phase is Phase.LOST:
            return
        self._phase, self.bypass = Phase.LOST, -1
        self._tell_of_end()
        self._stop_watch()
        self._wake_drainers(exc)
        closers, self._closers = self._closers, []
        for closer in closers:
            if not closer.done():
                closer.set_result(None)
        self.receiver.link_lost(exc)

    # Writing.

    def write(self, data: Buffer) -> None:
        """Hand `data` to the transport; raises LinkLost on a link that is not open."""
        if self._phase is not _OPEN:
            self._write_behind((data,))
            return
        self.transport.write(data)

    def write_parts(self, parts: Sequence[Buffer]) -> None:
        """Hand several buffers over at once, without joining them where the loop can.

        Raises LinkLost on a link that is not open.
        """
        if self._phase is not _OPEN:
            self._write_behind(parts)
            return
        self._hand_over(parts)

    def open_bypass(self) -> None:
        """Set `bypass` where bytes may be sent on the socket itself, past the transport.

        That is a plain socket of a transport that is known to keep it open until connection_lost(),
        and to have nothing to send while its buffer is empty.
        """
        if self._phase in _CONNECTED and _is_plain(self.transport):
            self.bypass = self.transport.get_extra_info("socket").fileno()

    def write_eof(self) -> None:
        """End our side and go on reading, where the transport can do that."""
        if self._phase not in _CONNECTED or not self.transport.can_write_eof():
            return
        self.bypass = -1
        try:
            self.transport.write_eof()
        except OSError:  # the peer has cut the link off, and the transport does not know yet
            self.abort()

    @property
    def is_full(self) -> bool:
        """More than the mark is written and not taken: `drain` would wait."""
        return self._phase is _FULL

    async def drain(self) -> None:
        """Wait until the write buffer is below its mark; at once when it is.

        Raises LinkLost when the link is lost, and TimeoutError when the peer took nothing for
        `write_timeout_seconds`.
        """
        if self._phase is _OPEN:
            if not self.transport.is_closing():
                return
            # A failed write closes the transport at once, and tells us in the next pass only: a
            # writer that never suspends would write on for ever.
            await asyncio.sleep(0)
            if self._phase is _OPEN:
                return
        if self._phase is not Phase.FULL:
            raise _refusal(self._phase)
        waiter = asyncio.get_running_loop().create_future()
        self._drainers.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._drainers:
                self._drainers.remove(waiter)

    # Reading.

    def read_into(self, protocol: asyncio.BufferedProtocol) -> None:
        """Have an open link's transport read into the memory of `protocol`.

        It stands in for this link there, and must pass on everything but bytes.
        """
        if self._phase not in _CONNECTED:
            return
        # uvloop looks at the kind of protocol where reading begins.
        if not self._holds:
            self.transport.pause_reading()
        self.transport.set_protocol(protocol)
        if not self._holds:
            self.transport.resume_reading()

    def hold(self, reason: Hold) -> None:
        """Add a reason not to read; the first one pauses the transport."""
        held = self._holds
        self._holds = held | int(reason)
        if not held and self._phase in _CONNECTED:
            self.transport.pause_reading()

    def release(self, reason: Hold) -> None:
        """Take a reason away; the last one lets the transport read again."""
        held = self._holds
        self._holds = left = held & ~int(reason)
        if held and not left and self._phase in _CONNECTED:
            self.transport.resume_reading()

    @property
    def holds(self) -> Hold:
        """The reasons in force."""
        return Hold(self._holds)

    # Closing.

    @property
    def is_closing(self) -> bool:
        """Closing or lost: nothing more can be written."""
        return self._phase in (Phase.CLOSING, Phase.LOST)

    @property
    def is_lost(self) -> bool:
        """The transport is gone."""
        return self._phase is Phase.LOST

    def close(self) -> None:
        """Flush what was written, then close.

        A peer that takes nothing for `write_timeout_seconds` is cut off.
        """
        if self.is_closing:
            return
        if self._phase is Phase.NEW:
            self._phase = Phase.LOST
            return
        self._phase, self.bypass = Phase.CLOSING, -1
        self.transport.close()
        self._watch_progress()

    def abort(self) -> None:
        """Close now and drop what is not sent."""
        if self._phase is Phase.NEW:
            self._phase = Phase.LOST
        if self._phase is Phase.LOST:
            return
        self._phase, self.bypass = Phase.CLOSING, -1
        self.transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the transport is gone."""
        if self._phase is Phase.LOST:
            return
        closer = asyncio.get_running_loop().create_future()
        self._closers.append(closer)
        await closer

    # The transport's facts.

    @overload
    def get_extra_info(self, name: str) -> object: ...
    @overload
    def get_extra_info(self, name: str, default: T) -> object | T: ...
    def get_extra_info(self, name: str, default: object = None) -> object:
        """What the transport knows: "peername", "sockname", "socket", "ssl_object"…"""
        if self._phase is Phase.NEW:
            return default
        return self.transport.get_extra_info(name, default)

    async def start_tls(
        self,
        context: "ssl.SSLContext",
        *,
        server_hostname: str | None = None,
        server_side: bool = False,
        handshake_timeout_seconds: float = 10.0,
        shutdown_timeout_seconds: float = 1.0,
    ) -> None:
        """Put TLS on an open link; the receiver stays and sees plain bytes as before.

        Raises LinkLost on a link that is not open or is lost meanwhile, and what the handshake
        raises: ssl.SSLError, ConnectionError, TimeoutError. The link is lost then.
        """
        if self._phase not in _CONNECTED:
            raise _refusal(self._phase)
        loop = asyncio.get_running_loop()
        if self._holds:
            # The handshake has to read; what it reads never comes to the receiver.
            self.transport.resume_reading()
        try:
            transport = await loop.start_tls(
                self.transport,
                self,
                context,
                server_side=server_side,
                server_hostname=None if server_side else server_hostname,
                ssl_handshake_timeout=handshake_timeout_seconds,
                ssl_shutdown_timeout=shutdown_timeout_seconds,
            )
        except BaseException as exc:
            # A failed handshake closes the transport without telling this protocol.
            self.transport.abort()
            self.connection_lost(exc if isinstance(exc, Exception) else None)
            raise
        if transport is None:
            raise LinkLost("the link was lost during the TLS handshake")
        if self._holds:
            # uvloop sends the end of the handshake one pass later, and never while not reading.
            await asyncio.sleep(0)
        self._adopt(transport)

    # Inside.

    def _hand_over(self, parts: Sequence[Buffer]) -> None:
        if _JOINS_PARTS:
            self.transport.write(b"".join(parts))
        else:
            self.transport.writelines(parts)

    def _write_behind(self, parts: Sequence[Buffer]) -> None:
        """Write while the buffer is full: counted, so that the watch can tell progress."""
        if self._phase is not Phase.FULL:
            raise _refusal(self._phase)
        size = self.transport.get_write_buffer_size()
        self._hand_over(parts)
        self._pushed += self.transport.get_write_buffer_size() - size

    def _adopt(self, transport: asyncio.BaseTransport) -> None:
        # Protocols get BaseTransport by type and a full duplex transport in fact.
        self.transport = transport  # type: ignore[assignment]
        self.bypass = -1
        if self.transport.get_extra_info("ssl_object") is not None:
            self.transport.set_write_buffer_limits(WRITE_HIGH_WATER)
        if self._holds:
            self.transport.pause_reading()

    def _tell_of_end(self) -> None:
        self.has_peer_ended = True
        if self.peer_watch is not None:
            self.peer_watch.give()

    def _wake_drainers(self, exc: Exception | None) -> None:
        drainers, self._drainers = self._drainers, []
        for waiter in drainers:
            if waiter.done():
                continue
            if self._phase is Phase.LOST:
                waiter.set_exception(_lost(exc))
            else:
                waiter.set_result(None)

    def _watch_progress(self) -> None:
        """Start the clock that cuts off a peer which takes nothing, unless it runs."""
        if self._watch is not None or self.write_timeout_seconds is None:
            return
        size = self.transport.get_write_buffer_size()
        if not size:
            return
        self._pushed = 0
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self.write_timeout_seconds, self._check_progress, size)

    def _check_progress(self, size_before: int) -> None:
        self._watch = None
        size = self.transport.get_write_buffer_size()
        if size < size_before + self._pushed:
            self._watch_progress()
            return
        drainers, self._drainers = self._drainers, []
        for waiter in drainers:
            if not waiter.done():
                waiter.set_exception(TimeoutError("the peer reads nothing"))
        self.abort()

    def _stop_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


def _is_plain(transport: asyncio.Transport) -> bool:
    """Whether a transport writes to a socket as it is, and by means that are known."""
    return (
        type(transport).__module__ in _KNOWN_TRANSPORTS
        and sys.platform != "win32"
        and transport.get_extra_info("ssl_object") is None
    )


def _is_announced(session: "ssl.SSLObject | None") -> bool:
    """Whether the peer ended its side itself: with TLS, by a close_notify (RFC 8446 6.1)."""
    if session is None:
        return True
    try:
        return not session.read(1)  # nothing is left to read, so this only asks for the reason
    except OSError:  # ssl's errors are such
        return False


def _refusal(phase: Phase) -> LinkLost:
    return LinkLost(f"cannot write: the link is {phase.value}")


def _lost(cause: Exception | None) -> LinkLost:
    error = LinkLost("the link is lost")
    error.__cause__ = cause
    return error
