"""The body of a request on its way out.

Decides how a body is cut and coded, and when it may be sent. Knows no answer.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from weft_client_session.connection import Connection
from weft_client_session.deadlines import Deadlines
from weft_client_session.errors import (
    ClientConnectionError,
    ClientOSError,
    ClientPayloadError,
)
from weft_client_session.request import ClientRequest
from weft_http_parser import (
    BytesPayload,
    ContentEncoder,
    LinkLost,
    Payload,
    ProtocolError,
    make_encoder,
)

if TYPE_CHECKING:  # where nobody traces, tracing is not loaded
    from weft_client_session.tracing import Trace

CONTINUE_SECONDS = 1.0
LOOK_SECONDS = 0.25  # how often it is looked at whether the server takes anything
Buffer = bytes | bytearray | memoryview


SMALL_BYTES = 65_536


def is_small(request: ClientRequest, body: Payload) -> bool:
    """A body that goes out in one write with its head."""
    return (
        isinstance(body, BytesPayload)
        and (body.size or 0) <= SMALL_BYTES
        and request.framing == body.size
        and not request.content.compress
        and not request.expects_continue
    )


def length_error(exc: ProtocolError) -> ClientPayloadError:
    """The caller's Content-Length is not that of his body: a fault of ours, not of the peer."""
    return ClientPayloadError(f"Cannot send the body: {exc.reason.text}")


class Sent:
    """An upload that was over as soon as it began."""

    __slots__ = ("sent_bytes",)

    is_over = True
    is_taken = True

    def __init__(self, sent_bytes: int) -> None:
        self.sent_bytes = sent_bytes

    def allow(self) -> None:
        """Nothing waits."""

    def stop(self) -> None:
        """Nothing is under way."""

    def is_stuck(self, now: float) -> bool:
        """Nothing waits to be taken."""
        return False

    def next_look(self, now: float) -> float:
        """There is nothing to look at."""
        return math.inf

    async def wait(self) -> None:
        """Nothing is left."""


class Uploader(Protocol):
    """The exchange that a body belongs to."""

    connection: Connection
    deadlines: Deadlines

    def touch(self) -> None: ...

    def fail(self, error: Exception, cause: BaseException | None = None) -> None: ...


class Upload:
    """Sends one body. What is in memory goes out at once, what takes time in a task."""

    __slots__ = (
        "_allowed",
        "_encoder",
        "_exchange",
        "_handed",
        "_head",
        "_mark",
        "_request",
        "_task",
        "_traces",
        "is_over",
        "sent_bytes",
    )

    def __init__(
        self, exchange: Uploader, request: ClientRequest, traces: "Sequence[Trace]"
    ) -> None:
        self._exchange = exchange
        self._request = request
        self._traces = traces
        self._head = b""
        self._handed = 0  # bytes given to the transport
        self._mark: tuple[int, float] | None = None  # how many were taken, and since when
        self._encoder = self._make_encoder(request)
        self._allowed: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_over = False
        self.sent_bytes = 0

    @staticmethod
    def _make_encoder(request: ClientRequest) -> ContentEncoder | None:
        compress = request.content.compress
        if not compress:
            return None
        return make_encoder("deflate" if compress is True else str(compress))

    async def start(self, head: bytes, body: Payload) -> None:
        """Send the head, and as much of the body as needs no waiting."""
        self._head = head
        if self._request.expects_continue:
            self._flush_head()
            self._allowed = asyncio.get_running_loop().create_future()
        elif isinstance(body, BytesPayload):
            await body.write(self)
            self._finish()
            return
        self._task = asyncio.create_task(self._run(body))

    @property
    def is_taken(self) -> bool:
        """What was written so far is on its way, or nearly."""
        return self._mark is None

    def is_stuck(self, now: float) -> bool:
        """Whether the server has taken nothing for too long; looks anew at each call."""
        link = self._exchange.connection.link
        if not link.is_full or self._mark is None:
            self._mark = None
            return False
        taken, since = self._handed - link.transport.get_write_buffer_size(), self._mark[1]
        if taken != self._mark[0]:
            self._mark = taken, now
            return False
        return now - since >= (self._exchange.deadlines.timeout.send or math.inf)

    def next_look(self, now: float) -> float:
        """When to ask again whether the server takes anything."""
        seconds = self._exchange.deadlines.timeout.send
        if self._mark is None or not seconds:
            return math.inf
        return now + min(LOOK_SECONDS, seconds / 4)

    def allow(self) -> None:
        """The server wants the body."""
        if self._allowed is not None and not self._allowed.done():
            self._allowed.set_result(None)

    def stop(self) -> None:
        """Nobody wants the rest."""
        if self._task is not None:
            self._task.cancel()

    async def wait(self) -> None:
        """Wait until the body is sent, or given up."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def write(self, data: Buffer) -> None:
        """Send some of the body; what a payload calls."""
        self.sent_bytes += len(data)
        request = self._request
        for trace in self._traces:
            await trace.request_chunk_sent(request.method, request.url, bytes(data))
        if self._encoder is not None:
            data = self._encoder.encode(bytes(data))
        if self._task is None:
            self._send(data)
            return
        connection = self._exchange.connection
        if not connection.is_quiet:
            # What the server says is read first: it may have closed, and then writing ends all.
            await asyncio.sleep(0)
        self._send(data)
        await connection.link.drain()

    # Inside.

    async def _run(self, body: Payload) -> None:
        try:
            if self._allowed is not None:
                # RFC 9110 10.1.1: a client need not wait for ever.
                await asyncio.wait([self._allowed], timeout=CONTINUE_SECONDS)
            await body.write(self)
            self._finish()
            self._exchange.touch()
        except (LinkLost, asyncio.CancelledError) as exc:
            # Whoever receives knows more: an answer may have come before the loss.
            if isinstance(exc, asyncio.CancelledError):
                raise
        except OSError as exc:
            error = ClientOSError(exc.errno, f"Can not write request body for {self._request.url}")
            self._exchange.fail(error, exc)
        except ClientPayloadError as exc:
            self._exchange.fail(exc)
        except Exception as exc:  # of the caller's own body, which may raise anything
            text = f"Failed to send the body of the request: {exc!r}"
            self._exchange.fail(ClientConnectionError(text), exc)

    def _flush_head(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._exchange.connection.link.write(head)

    def _send(self, data: Buffer) -> None:
        connection = self._exchange.connection
        try:
            parts = connection.core.send_data(data)
        except ProtocolError as exc:
            raise length_error(exc) from exc
        if self._head and parts:
            # Head and first bytes in one packet.
            parts = [self._head, *parts]
            self._head = b""
        if parts:
            self._handed += sum(map(len, parts))
            connection.link.write_parts(parts)
            self._note_full()

    def _note_full(self) -> None:
        """From now on it is looked at whether the server takes what it is sent."""
        link = self._exchange.connection.link
        if link.is_full and self._mark is None:
            taken = self._handed - link.transport.get_write_buffer_size()
            self._mark = taken, asyncio.get_running_loop().time()
            self._exchange.touch()

    def _finish(self) -> None:
        if self._encoder is not None:
            self._send(self._encoder.finish())
        connection = self._exchange.connection
        try:
            ending = connection.core.send_end()
        except ProtocolError as exc:
            raise length_error(exc) from exc
        if self._head or ending:
            connection.link.write(self._head + ending)
            self._head = b""
        self.is_over = True
