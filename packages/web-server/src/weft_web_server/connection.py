"""ServerConnection: the requests of one connection, one after another.

Decides what bytes mean at each point between two requests, and how a connection ends: after an
answer, after a fault, after silence. Runs no handler itself; it starts exchanges.
"""

import asyncio
import enum
import logging
import math
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from weft_http_parser import (
    END,
    MARK_CONTENT_ENCODING,
    Buffer,
    ContentCodingError,
    ContentDecoder,
    End,
    Event,
    Hold,
    Http1Connection,
    Link,
    LinkLost,
    ProtocolError,
    RequestHead,
    Role,
    StreamReader,
    make_decoder,
)
from weft_routing import Match

from ._twin import Starter
from ._twin.api import Kinds
from .errors import RequestPayloadError, RequestTimeout
from .exchange import Exchange, RequestLimits
from .exchange import Phase as Sent
from .freed_memory import keep_freed_memory
from .http_errors import HTTPUnsupportedMediaType, in_own_words
from .match import Endpoint
from .media import OCTET_STREAM
from .metering import BodyMeter
from .notice import Notice
from .peer_log import PeerLog
from .plan import PREFIXES, Stamp, plan_response
from .request import BaseRequest
from .request_body import RequestBody
from .response import Response
from .route_options import DisconnectPolicy
from .serve import Host as ServingHost
from .serve import make_log_access, render_fault
from .settings import ServerOptions

NEVER: Final = math.inf
GATHERED_SIZE: Final = 65_536
_NO_HEAD: Final = RequestHead("GET", "/")  # in place of one that could not be read


class Phase(enum.Enum):
    """What a connection waits for."""

    IDLE = "the first byte of a request"
    HEAD = "the rest of a head"
    BUSY = "the answer"
    READY = "the answer is out, and so may be the next request"
    OVER = "the answer is out; what comes next is to be decided"
    DRAINING = "the rest of a body that nobody reads"
    CLOSING = "the client to close"
    SWITCHED = "nothing: another protocol has the link"
    LOST = "nothing: the link is gone"


_BUSY: Final = Phase.BUSY  # a global is half the price of two attribute loads
_OVER: Final = Phase.OVER
_READY: Final = Phase.READY
_IDLE: Final = Phase.IDLE
_CLOSING: Final = Phase.CLOSING
_DRAINING: Final = Phase.DRAINING
_PIPELINE: Final = Hold.PIPELINE


class Host(ServingHost, Protocol):
    """What a connection needs of its server."""

    @property
    def starter(self) -> Starter: ...
    @property
    def options(self) -> ServerOptions: ...
    @property
    def limits(self) -> RequestLimits: ...
    @property
    def stamp(self) -> Stamp: ...
    @property
    def now(self) -> float: ...
    @property
    def is_draining(self) -> bool: ...
    @property
    def peer_log(self) -> PeerLog: ...
    @property
    def shutting_down(self) -> Notice: ...
    @property
    def resolve(self) -> Callable[[Any], Callable[[Any], Awaitable[Any]]]: ...
    @property
    def request_class(self) -> type[BaseRequest]: ...

    def connection_made(self, connection: "ServerConnection") -> None: ...
    def connection_lost(self, connection: "ServerConnection") -> None: ...


class ServerConnection:
    """Receives the bytes of one link."""

    __slots__ = (
        "_is_clogged",
        "_is_receiving",
        "_left",
        "_meter",
        "_out",
        "core",
        "deadline",
        "exchange",
        "host",
        "link",
        "phase",
        "requests",
    )

    link: Link

    def __init__(self, host: Host) -> None:
        self.host = host
        self.requests = 0  # counted only where there is a bound on it
        self.core = Http1Connection(Role.SERVER, host.options.limits)
        self.exchange: Exchange | None = None
        self.phase = Phase.IDLE
        self.deadline = NEVER
        self._is_clogged = False  # the transport had to take bytes, and may be full
        self._is_receiving = False
        self._meter: BodyMeter | None = None
        self._left = 0  # bytes still read for a client whose answer is out
        self._out = b""  # answers to requests that came in one read

    # What the link calls.

    def link_made(self, link: Link) -> None:
        self.link = link
        link.open_bypass()
        self.host.connection_made(self)
        # A silent connection has as long as one that sends its head slowly.
        self.deadline = self.host.now + self.host.options.deadlines.head
        if self.host.options.tcp_keepalive:
            _set_keepalive(link)

    def data_received(self, data: bytes) -> None:
        if self.phase is _CLOSING:
            self._discard(len(data))
            return
        try:
            events = self.host.starter.receive(self, data)
        except ProtocolError as exc:
            self._is_receiving = False
            self._refuse(exc)
            return
        if events is None:
            return  # all that came is answered
        if events or self._is_receiving:
            self.take(events)
        elif self.phase is _IDLE:
            self.phase = Phase.HEAD
            self.deadline = self.host.now + self.host.options.deadlines.head
        elif self.core.buffered:
            self._hold()

    def eof_received(self) -> bool:
        exchange = self.exchange
        if self.phase is not Phase.BUSY or exchange is None:
            return False
        try:
            events = self.core.receive_eof()
        except ProtocolError as exc:
            self._break_body(exchange, RequestPayloadError("the body was cut short"), exc)
            return True
        if events:
            self._feed(exchange, events)
        if self._is_cancelling(exchange):
            exchange.task.cancel()
            return False
        exchange.head.persistent = exchange.persistent = False  # nothing more will come
        # A client may end its side and still wait for the answer (RFC 9112 section 9.6).
        return True

    def link_lost(self, exc: Exception | None) -> None:
        self.phase = Phase.LOST
        self.deadline = NEVER
        exchange = self.exchange
        if exchange is not None:
            self._break_body(exchange, LinkLost("the client went away"), exc)
            if self._is_cancelling(exchange):
                exchange.task.cancel()
        self.host.connection_lost(self)

    def client_ended(self) -> None:
        """The client has ended its side, behind bytes that nobody has read yet."""
        link = self.link
        link.has_peer_ended = True
        if link.peer_watch is not None:
            link.peer_watch.give()
        exchange = self.exchange
        if self.phase is _BUSY and exchange is not None and self._is_cancelling(exchange):
            exchange.task.cancel()

    def _is_cancelling(self, exchange: Exchange) -> bool:
        """Whether a handler ends with its client: as its route says, else as the server."""
        own = exchange.disconnect_policy
        if own is None:
            return self.host.options.handler_cancellation
        return own is DisconnectPolicy.CANCEL

    # What an exchange needs.

    def write(self, data: bytes) -> None:
        """Send bytes; those of pipelined answers are gathered."""
        if self._is_receiving and len(self._out) < GATHERED_SIZE:
            self._out = self._out + data if self._out else data
        else:
            self._flush()
            self.link.write(data)

    def write_parts(self, parts: Sequence[Buffer]) -> None:
        """Send several buffers."""
        self._flush()
        self.link.write_parts(parts)

    def abort(self) -> None:
        """Cut the connection off; answers that were gathered before still go out."""
        if self._out and not self.link.is_closing:
            self._flush()
        self._out = b""
        self.link.abort()

    def _flush(self) -> None:
        if self._out:
            data, self._out = self._out, b""
            self.link.write(data)

    # One exchange after another.

    def take(self, events: list[Event]) -> None:
        """Act on events, and on those of the requests behind, as far as answers are ready."""
        self._is_receiving = True
        while events:
            if self.exchange is not None:
                self._feed(self.exchange, events)
            elif self.phase is _DRAINING:
                self._drain(events)
            else:
                self._begin(events)
            events = self.next_events()
        self._is_receiving = False
        if self._out:
            # Answers to requests that came in one read go out in one write.
            data, self._out = self._out, b""
            self.link.write(data)
        phase = self.phase
        if phase is _BUSY:
            if self.core.buffered:
                self._hold()
        elif phase is _IDLE and self.core.has_received:
            # Behind the last answer is a part of a head, which has as long as any head.
            self.phase = Phase.HEAD
            self.deadline = self.host.now + self.host.options.deadlines.head

    def next_events(self) -> list[Event]:
        """The events behind a request that is answered; none behind any other."""
        if self.phase is _READY:
            return self._go_on()
        return self._advance() if self.phase is _OVER else []

    def _begin(self, events: list[Event]) -> None:
        head: RequestHead = events[0]  # type: ignore[assignment]  # a message begins with its head
        host = self.host
        self.exchange = Exchange(self, head)
        self.phase = _BUSY
        self.deadline = NEVER
        if head.framing:
            self._open_body(self.exchange, events)
        host.starter.start(self)

    def _hold(self) -> None:
        """Read no more while a request waits for the one before it."""
        self.link.hold(Hold.PIPELINE)

    def _open_body(self, exchange: Exchange, events: list[Event]) -> None:
        head = exchange.head
        is_whole = exchange.is_whole = type(events[-1]) is End
        if is_whole and not head.marks & MARK_CONTENT_ENCODING:
            pieces = events[1:-1]
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)  # type: ignore[arg-type]  # between head and end there is nothing but bytes
            exchange.body = RequestBody(data)  # type: ignore[arg-type]  # the same
            self._take_trailers(exchange.body, events[-1])
            return
        decoder, refusal = None, None
        if head.marks & MARK_CONTENT_ENCODING and self.host.options.auto_decompress:
            decoder, refusal = _find_decoder(head)
        on_first_read = exchange.send_continue if head.expects_continue else None
        stream = StreamReader(self.link, decoder=decoder, on_first_read=on_first_read)
        exchange.body = RequestBody(stream=stream)
        exchange.body.awaits_continue = head.expects_continue
        if refusal is not None:
            stream.set_exception(refusal)
        if not is_whole:
            keep_freed_memory()
            self._meter = BodyMeter(self.host.now)
            self.deadline = 0.0  # looked at in every sweep
        self._feed(exchange, events[1:])

    def _feed(self, exchange: Exchange, events: Sequence[Event]) -> None:
        if exchange.body is None:
            return
        is_last = bool(events) and type(events[-1]) is End
        pieces: Sequence[bytes] = events[:-1] if is_last else events  # type: ignore[assignment]  # behind the head there is nothing but bytes
        if is_last:
            self._stop_meter()
            self._take_trailers(exchange.body, events[-1])
        elif self._meter is not None:
            self._meter.received += sum(map(len, pieces))
        # The last step: the handler that waits for these bytes may come to its end in it.
        exchange.body.stream.feed_pieces(pieces, self.core.chunk_ends, is_last=is_last)

    @staticmethod
    def _take_trailers(body: RequestBody, end: Event) -> None:
        if end is not END:
            assert type(end) is End  # the callers looked
            body.trailers = end.trailers

    def over(self, exchange: Exchange) -> None:
        """The handler has ended, and so has the answer."""
        self.exchange = None
        if self._meter is not None:
            self._stop_meter()
        if self.phase is not _BUSY:
            self._let_go()
            return
        if exchange.persistent and exchange.is_whole:
            self.phase = _READY  # both messages are complete
        else:
            self.phase = _OVER
            self._left = self.host.options.bounds.linger_size if exchange.persistent else 0
        if self._is_receiving:
            return
        if self.core.buffered:
            # Outside of this task, so that the next one can be entered; the link is held till then.
            asyncio.get_running_loop().call_soon(self._resume)
        elif self.phase is _READY:
            self._go_on()
        else:
            self._advance()

    def _resume(self) -> None:
        """Take the requests behind the one that was answered, if the link still stands."""
        if self.phase in (_READY, _OVER):
            events = self._advance()
            if events:
                self.take(events)

    def _let_go(self) -> None:
        # The other protocol has closed the link, or waits a while for the peer to do so.
        if self.phase in (Phase.SWITCHED, Phase.LOST):
            self.host.connection_lost(self)

    def _go_on(self) -> list[Event]:
        """Begin the next request; its events, if it is here already."""
        host = self.host
        self.phase = _IDLE
        self.deadline = host.now + host.options.deadlines.keep_alive
        try:
            events = self.core.next_cycle()
        except ProtocolError as exc:
            self._refuse(exc)
            return []
        self.link.release(_PIPELINE)  # the bytes behind the request are taken in
        if not events and self.core.has_received:
            self.phase = Phase.HEAD
            self.deadline = host.now + host.options.deadlines.head
        return events

    def _advance(self) -> list[Event]:
        """Go on behind an answer: to the next request, to the rest of the body, or to the end."""
        core, host = self.core, self.host
        if core.can_cycle:
            return self._go_on()
        if self._left and not core.is_peer_done and not self.link.is_closing:
            self.phase = Phase.DRAINING
            self.deadline = host.now + host.options.deadlines.linger
            self.link.release(Hold.BODY)
            return []
        self._close()
        return []

    def _drain(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, bytes):
                self._left -= len(event)
            else:
                self.phase = Phase.OVER
        if self._left <= 0 and self.phase is Phase.DRAINING:
            self._close()

    # Faults and ends.

    def _refuse(self, exc: ProtocolError) -> None:
        """The client broke the protocol: nothing of what follows can be understood."""
        if self.exchange is not None:
            error = RequestPayloadError(exc.reason.text)
            self._break_body(self.exchange, error, exc)
            return
        self._answer_fault(exc.status, exc.reason.text)

    def _answer_fault(self, status: int, text: str) -> None:
        """Answer a request that never became one; none of its bytes are repeated."""
        if self.phase in (Phase.IDLE, Phase.HEAD) and not self.link.is_closing:
            peer = self.link.get_extra_info("peername")
            told = self.host.peer_log.tell
            told(logging.DEBUG, "refused what %s sent: %d, %s", peer, status, text)
            response = render_fault(self.host, status, text)
            body = bytes(response._body or b"")  # type: ignore[arg-type]  # bytes, as was checked
            stamp = self.host.stamp
            plan = plan_response(_NO_HEAD, response, len(body), stamp, may_persist=False)
            self._flush()
            self.link.write(self.core.send_whole(plan.head, body, persistent=False))
        self._close()

    def _break_body(self, exchange: Exchange, error: Exception, cause: Exception | None) -> None:
        self._stop_meter()
        if exchange.body is None:
            return
        stream = exchange.body.stream
        if not stream.is_eof():
            stream.set_exception(error, cause)

    def _close(self) -> None:
        """End our side, and read on for a while: a reset could destroy the answer on its way."""
        if self.phase in (Phase.LOST, Phase.CLOSING, Phase.SWITCHED):
            return
        self._flush()
        is_done = self.core.is_peer_done and not self.core.buffered
        self.phase = Phase.CLOSING
        if is_done or self.link.is_closing:
            self.link.close()
            return
        self._left = self.host.options.bounds.linger_size
        self.deadline = self.host.now + self.host.options.deadlines.linger
        self.link.release(Hold.BODY | Hold.PIPELINE)
        self.link.write_eof()

    def _discard(self, size: int) -> None:
        self._left -= size
        if self._left <= 0:
            self.link.close()

    def switch(self) -> None:
        """Another protocol takes the link over, and writes to it itself."""
        self._flush()
        self.phase = Phase.SWITCHED
        self.deadline = NEVER
        self.link.release(Hold.PIPELINE)  # what is behind the request is the other protocol's

    @property
    def idle_seconds(self) -> float:
        """How long it is at least that nothing is begun; below 0 where something is."""
        if self.phase is not _IDLE:
            return -1.0
        # Only the deadline is kept: that of the first request, or that between two.
        left = self.deadline - self.host.now
        waits = self.host.options.deadlines
        return min(
            (each - left for each in (waits.head, waits.keep_alive) if each >= left), default=0.0
        )

    @property
    def head_seconds(self) -> float:
        """How long a head has been on its way; below 0 where none is."""
        if self.phase is not Phase.HEAD:
            return -1.0
        return self.host.options.deadlines.head - (self.deadline - self.host.now)

    def make_way(self) -> None:
        """Close before a request is whole, as others wait for the place."""
        if self.phase in (Phase.IDLE, Phase.HEAD):
            self.phase = Phase.CLOSING
            self.link.close()

    def close_if_idle(self) -> None:
        """Close between requests; otherwise the present answer is the last.

        A head that has begun is a request on its way.
        """
        if self.phase in (Phase.IDLE, Phase.DRAINING):
            self.phase = Phase.CLOSING
            self.link.close()

    def make_farewell(self) -> Coroutine[Any, Any, bool] | None:
        """What tells a client that has left HTTP that the server goes; None for the others."""
        exchange = self.exchange
        if self.phase is not Phase.SWITCHED or exchange is None or exchange.response is None:
            return None
        return exchange.response._make_farewell()

    def _stop_meter(self) -> None:
        if self._meter is not None:
            self._meter = None
            self.deadline = NEVER

    def expire(self, now: float) -> None:
        """The deadline has passed."""
        if self.phase is Phase.HEAD:
            self._answer_fault(408, "the head came too slowly")
        elif self.phase is Phase.BUSY:
            self._check_body(now)
        else:
            self.deadline = NEVER
            self.phase = Phase.CLOSING
            self.link.close()

    def _check_body(self, now: float) -> None:
        meter, exchange = self._meter, self.exchange
        if meter is None or exchange is None:
            self.deadline = NEVER
            return
        is_waiting = not self.link.holds and not (exchange.body and exchange.body.awaits_continue)
        pace = self.host.options.deadlines
        if exchange.endpoint is not None:
            pace = pace.of_route(exchange.endpoint.route.options)
        if meter.is_too_slow(now, pace, is_waiting=is_waiting):
            self._break_body(exchange, RequestTimeout("the body came too slowly"), None)


def make_kinds(host: Host) -> Kinds:
    """What the requests of a server are made of."""
    head = RequestHead("GET", "/")
    kind = host.request_class
    return Kinds(
        exchange=Exchange(None, head),  # type: ignore[arg-type]  # which each gets
        body=RequestBody(b""),
        request=kind(head, None) if kind.__init__ is BaseRequest.__init__ else None,  # type: ignore[arg-type]  # the same
        request_class=kind,
        carrier=ServerConnection,
        response=Response,
        prefixes=PREFIXES,
        octets=OCTET_STREAM,
        idle=_IDLE,
        busy=_BUSY,
        ready=_READY,
        open=Sent.OPEN,
        ended=Sent.ENDED,
        never=NEVER,
        keep_alive=host.options.deadlines.keep_alive,
        resolve=host.resolve,
        find=getattr(host.resolve, "find", None),
        match=Match,
        destination=Endpoint,
        log_access=make_log_access(host),
    )


def _find_decoder(head: RequestHead) -> tuple[ContentDecoder | None, Exception | None]:
    coding = (head.get("Content-Encoding") or "").strip().lower()
    if coding in ("", "identity"):
        return None, None
    try:
        return make_decoder(coding), None
    except ContentCodingError:
        text = "415: content coding not supported"
        return None, in_own_words(HTTPUnsupportedMediaType, text)


def _set_keepalive(link: Link) -> None:
    sock = link.get_extra_info("socket")
    if sock is not None and getattr(sock, "family", None) in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # type: ignore[attr-defined]  # a socket, or uvloop's stand-in
