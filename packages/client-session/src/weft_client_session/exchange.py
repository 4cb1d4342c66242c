"""One request and its answer on a connection.

Sends, takes what comes, and gives the connection back or closes it. Translates what goes wrong on
the wire. Decides nothing about retries or redirects, and keeps no reference to the response.
"""

import asyncio
import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from multidict import CIMultiDictProxy

from weft_client_session.connection import Connection
from weft_client_session.deadlines import NEVER, Deadlines, describe, total_error
from weft_client_session.errors import (
    ClientConnectionError,
    FirstByteTimeoutError,
    ReadTimeoutError,
    RequestPhase,
    SendTimeoutError,
    ServerDisconnectedError,
    body_error,
    lost_error,
)
from weft_client_session.probe import read_left
from weft_client_session.reading import BodyReading, join_whole, make_stream
from weft_client_session.request import ClientRequest
from weft_client_session.upload import Sent, Upload, is_small
from weft_http_parser import (
    CHUNKED,
    END,
    UNTIL_CLOSE,
    End,
    Event,
    Hold,
    Link,
    LinkLost,
    ProtocolError,
    Reason,
    ResponseHead,
    StreamReader,
    hdrs,
)

if TYPE_CHECKING:  # where nobody traces, tracing is not loaded
    from weft_client_session.tracing import Trace

DRAIN_BYTES = 65_536
DRAIN_SECONDS = 5.0
# A transport that closes while it is first written to could not send a byte.
UNWRITTEN = "the socket took nothing"


class Phase(enum.Enum):
    """Where an exchange is; it moves down only."""

    WAITING = "the answer has not begun"
    BODY = "the body is under way"
    DRAINING = "a small rest of the body is dropped"
    SWITCHED = "another protocol has the connection"
    OVER = "all has come"
    FAILED = "failed, or closed before the end"


_ENDED = (Phase.OVER, Phase.FAILED)


class Extras:
    """What few answers have: interim heads before them, chunks, and fields behind the body."""

    __slots__ = ("chunk_ends", "interim", "trailers")

    def __init__(self) -> None:
        self.chunk_ends: Sequence[int] = ()  # of a body that came in one piece with its head
        self.interim: list[ResponseHead] = []
        self.trailers: CIMultiDictProxy[str] = END.trailers


class ClientExchange:
    """The receiver of a link from the first byte of a request to the last of its answer."""

    __slots__ = (
        "_stream",
        "_upload",
        "chunks",
        "connection",
        "deadline",
        "deadlines",
        "error",
        "extras",
        "has_received",
        "head",
        "phase",
        "reading",
    )

    def __init__(self, connection: Connection, deadlines: Deadlines, reading: BodyReading) -> None:
        self.connection = connection
        self.deadlines = deadlines
        self.reading = reading
        self.deadline = deadlines.total_at
        self.phase = Phase.WAITING
        self.head: ResponseHead | None = None
        self.error: Exception | None = None
        self.has_received = False  # a byte of the answer: the request was seen
        self.extras: Extras | None = None  # most answers have none
        self.chunks: list[bytes] | None = None  # of a body that came in one piece with its head
        self._stream: StreamReader | None = None
        self._upload: Upload | Sent | None = None

    # Sending.

    def ask(self, raw: bytes, method: str) -> None:
        """Send a rendered head without a body. Raises LinkLost when nothing could be sent."""
        connection = self.connection
        link = connection.link
        connection.user = self
        connection.uses += 1
        link.receiver = self
        link.write(connection.core.send_whole(raw, b"", method=method))
        if link.transport.is_closing():
            raise LinkLost(UNWRITTEN)

    async def send(
        self, raw: bytes, request: ClientRequest, traces: "Sequence[Trace]" = ()
    ) -> None:
        """Send a rendered head and its body; what takes time is sent while the answer comes.

        Raises LinkLost when nothing could be sent.
        """
        body, connection = request.body, self.connection
        wish = request.headers.get(hdrs.CONNECTION)
        persistent = wish is None or "close" not in wish.lower()
        connection.user = self
        connection.uses += 1
        connection.link.receiver = self
        if body is None:
            data = connection.core.send_whole(
                raw, b"", persistent=persistent, method=request.method
            )
            connection.link.write(data)
        elif not traces and is_small(request, body):
            whole = await body.as_bytes()
            data = connection.core.send_whole(
                raw, whole, persistent=persistent, method=request.method
            )
            connection.link.write(data)
            self._upload = Sent(len(whole))
        else:
            head = connection.core.send_rendered(
                raw, request.framing, persistent=persistent, method=request.method
            )
            self._upload = upload = Upload(self, request, traces)
            await upload.start(head, body)
        if connection.link.transport.is_closing() and not self.has_received:
            raise LinkLost(UNWRITTEN)
        for trace in traces:
            await trace.request_headers_sent(request.method, request.url, request.headers)

    async def answer(self) -> ResponseHead:
        """Wait for the head of the answer."""
        if self.head is None and self.error is None:
            await self.connection.arrival
        head = self.head
        if head is not None:
            return head
        error = self.error
        assert error is not None  # the arrival tells of one or the other
        raise error

    # What the link calls.

    def link_made(self, link: Link) -> None:
        """The link is older than any exchange on it."""

    def data_received(self, data: bytes) -> None:
        self.has_received = True
        try:
            events = self.connection.core.receive(data)
        except ProtocolError as exc:
            if exc.events:
                # As if the fault had come in a read of its own.
                self._take(cast(list[Event], [*exc.events]))
            self._break(exc)
            return
        if self.deadlines.is_paced:
            self.touch()
        if events:
            self._take(events)

    def eof_received(self) -> bool:
        try:
            events = self.connection.core.receive_eof()
        except ProtocolError as exc:
            self._break(exc)
            return False
        if events:
            self._take_body(events)
        else:
            self.fail(ServerDisconnectedError())
        return False

    def link_lost(self, exc: Exception | None) -> None:
        if self.phase in _ENDED:
            return
        if exc is not None and self._upload is not None:
            # A server that has answered and closed lets our writing fail: read what it said first.
            for data in read_left(self.connection.link.transport):
                self.data_received(data)
            if self.phase in _ENDED:
                return
        if self.head is None:
            self.fail(lost_error(exc), exc)
        else:
            cause = exc or ServerDisconnectedError()
            self.fail(body_error(cause), cause)

    # The answer.

    def _take(self, events: list[Event]) -> None:
        if self.phase is Phase.WAITING:
            self._take_head(events)
        else:
            self._take_body(events)

    def _take_head(self, events: list[Event]) -> None:
        head = events[0]
        assert isinstance(head, ResponseHead)
        while head.status < 200 and head.status != 101:
            self._take_interim(head)
            del events[0]
            if not events:
                return
            head = cast(ResponseHead, events[0])
        self.head = head
        if head.status >= 400 and self._upload is not None:
            # RFC 9112 9.5: the rest of the request would be sent for nothing.
            self._upload.stop()
        if type(events[-1]) is End:
            self.chunks = events[1:-1]  # type: ignore[assignment]  # only bytes are between
            if head.framing == CHUNKED:
                self._make_extras().chunk_ends = self.connection.core.chunk_ends
                self._keep_trailers(events[-1])
            self._finish()
        elif head.framing == UNTIL_CLOSE and not self.reading.reads_until_eof:
            self.chunks = []
            self.phase = Phase.OVER
            self.connection.discard()
        elif head.status == 101 or head.framing == 0:
            self.phase = Phase.SWITCHED
            self.deadline = NEVER
            self.connection.link.hold(Hold.SWITCH)
        else:
            self.phase = Phase.BODY
            self._stream = make_stream(head, self.reading, BodyGate(self))
            pieces = cast(list[bytes], events[1:])
            self._stream.feed_pieces(pieces, self.connection.core.chunk_ends)
        self.connection.arrival.wake()

    def _take_interim(self, head: ResponseHead) -> None:
        if self._upload is not None and head.status == 100:
            self._upload.allow()
        self._make_extras().interim.append(head)

    def _keep_trailers(self, end: End) -> None:
        if end.trailers:
            self._make_extras().trailers = end.trailers

    def _make_extras(self) -> Extras:
        if self.extras is None:
            self.extras = Extras()
        return self.extras

    def _take_body(self, events: list[Event]) -> None:
        stream = self._stream
        if self.phase is Phase.DRAINING or stream is None:
            if type(events[-1]) is End and self.phase not in _ENDED:
                self._finish()
            return
        last = events[-1]
        is_end = type(last) is End
        ends = self.connection.core.chunk_ends
        if is_end:
            self._keep_trailers(cast(End, last))
            # First the connection goes back, so that a full stream cannot hold it any more.
            events = events[:-1]
            self._finish()
        # The last step: whoever waits for these bytes goes on within it.
        stream.feed_pieces(cast(list[bytes], events), ends, is_last=is_end)

    def _finish(self) -> None:
        """The answer has come to its end."""
        self.phase = Phase.OVER
        connection = self.connection
        is_full = connection.link.is_full
        if self._upload is not None and (is_full or not self._upload.is_over):
            # The rest of the request is not wanted; RFC 9112 9.5: then the connection closes, at
            # once where a peer that does not read would keep the socket for nothing.
            self._upload.stop()
            connection.discard(aborts=is_full)
            return
        if self._stream is not None:
            connection.link.release(Hold.BODY)
        head = self.head
        assert head is not None  # an answer ends behind its head
        field = head.get("Keep-Alive")
        if field is not None:
            from weft_http_parser import parse_keep_alive  # late: few servers say it

            connection.peer_keeps_seconds = parse_keep_alive(field).timeout
        connection.recycle()

    # What a response asks for.

    @property
    def is_over(self) -> bool:
        """Nothing more comes to whoever reads."""
        return self.phase in _ENDED or self.phase is Phase.DRAINING

    @property
    def used_connection(self) -> Connection | None:
        return None if self.is_over else self.connection

    @property
    def sent_bytes(self) -> int:
        return 0 if self._upload is None else self._upload.sent_bytes

    @property
    def is_sent(self) -> bool:
        return self._upload is None or self._upload.is_over

    @property
    def since(self) -> float:
        """When the request began."""
        return self.deadlines.started_at

    @property
    def doing(self) -> str:
        """What it is about, in words."""
        return self.phase.value

    def take_whole(self) -> bytes | None:
        """The whole body, when it has come and needs no decoding."""
        chunks, head = self.chunks, self.head
        if chunks is None or self._stream is not None or head is None:
            return None
        return join_whole(head, self.reading, chunks)

    def open_stream(self) -> StreamReader:
        """The body as a stream."""
        stream = self._stream
        if stream is None:
            assert self.head is not None  # only an answer has a body
            stream = self._stream = make_stream(self.head, self.reading, None)
            ends = () if self.extras is None else self.extras.chunk_ends
            stream.feed_pieces(self.chunks or (), ends, is_last=True)
        return stream

    def release(self) -> None:
        """Nobody reads on: drop a small rest, or close."""
        if self.phase is not Phase.BODY:
            self.close()
            return
        assert self.head is not None and self._stream is not None
        left = self.head.framing - self._stream.total_raw_bytes
        if not 0 <= left <= DRAIN_BYTES:
            self.close()
            return
        self.phase = Phase.DRAINING
        self._stream.set_exception(ClientConnectionError("Connection closed"))
        self._stream = None
        loop = asyncio.get_running_loop()
        self.deadline = min(self.deadline, loop.time() + DRAIN_SECONDS)
        self.connection.watch(self.deadline)
        self.connection.link.release(Hold.BODY)

    def close(self) -> None:
        """Close the connection, unless the answer is complete."""
        self.fail(ClientConnectionError("Connection closed"))

    def switch(self) -> tuple[Link, bytes]:
        """Hand the link over to another protocol, with the bytes that came for it."""
        return self.connection.link, self.connection.core.switch()

    async def wait_sent(self) -> None:
        """Wait until the request is sent, or given up."""
        if self._upload is not None:
            await self._upload.wait()

    # What goes wrong.

    def expire(self) -> None:
        """The deadline has passed."""
        now = asyncio.get_running_loop().time()
        if now >= self.deadlines.total_at:
            self.fail(total_error(self.deadlines))
            return
        upload, timeout = self._upload, self.deadlines.timeout
        if upload is not None and not upload.is_taken:
            if upload.is_stuck(now):
                text = f"The server took nothing of the request for {timeout.send} s"
                self.fail(SendTimeoutError(text))
            else:
                self.touch()
        elif self.has_received or not timeout.first_byte:
            self.fail(ReadTimeoutError("Timeout on reading data from socket"))
        else:
            self.fail(FirstByteTimeoutError(f"No answer within {timeout.first_byte} s"))

    def abandon(self) -> None:
        """The connector closes."""
        self.fail(ClientConnectionError("Connector is closed."))

    def fail(self, error: Exception, cause: BaseException | None = None) -> None:
        """End with an error, for the task that waits or for whoever reads the body."""
        if self.phase in _ENDED:
            return
        self.phase = Phase.FAILED
        self.error = error
        if cause is not None:
            error.__cause__ = cause
        self.describe(error)
        if self._upload is not None:
            self._upload.stop()
        self.connection.discard()
        if self._stream is not None:
            self._stream.set_exception(error)
        self.connection.arrival.wake()

    def _break(self, exc: ProtocolError) -> None:
        """The peer broke the rules, or stopped in the middle."""
        if self.head is not None:
            self.fail(body_error(exc), exc)
        elif exc.reason is Reason.INCOMPLETE:
            self.fail(ServerDisconnectedError(), exc)
        else:
            self.fail(exc)

    def describe(self, error: Exception) -> None:
        """Let an error say where the request stood."""
        connection = self.connection
        if not self.is_sent or connection.link.is_full:
            phase = RequestPhase.SEND
        elif self.has_received:
            phase = RequestPhase.READ
        else:
            phase = RequestPhase.FIRST_BYTE
        describe(error, self.deadlines, phase, connection.clock(), connection.peer)

    def touch(self) -> None:
        """Something went on: count the time to the next step from now."""
        now = asyncio.get_running_loop().time()
        upload = self._upload
        if upload is not None and not (upload.is_over and upload.is_taken):
            self.deadline = min(self.deadlines.total_at, upload.next_look(now))
        elif self.has_received:
            self.deadline = self.deadlines.read_at(now)
        else:
            self.deadline = self.deadlines.first_byte_at(now)
        self.connection.watch(self.deadline)


class BodyGate:
    """Holds the link back for a full stream, as long as the link is this exchange's."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: ClientExchange) -> None:
        self._exchange = exchange

    def hold(self, reason: Hold) -> None:
        exchange = self._exchange
        if exchange.phase is Phase.BODY:
            exchange.connection.link.hold(reason)
            exchange.deadline = exchange.deadlines.total_at  # now it is the reader who is slow

    def release(self, reason: Hold) -> None:
        exchange = self._exchange
        if exchange.phase is Phase.BODY:
            exchange.connection.link.release(reason)
            if exchange.deadlines.is_paced:
                exchange.touch()
