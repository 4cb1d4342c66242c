"""The body of a request on its way out.

Decides how a body is cut and coded, and when it may be sent. Knows no answer.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from weft_client_session.connection import Connection
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

    def __init__(self, sent_bytes: int) -> None:
        self.sent_bytes = sent_bytes

    def allow(self) -> None:
        """Nothing waits."""

    def stop(self) -> None:
        """Nothing is under way."""

    async def wait(self) -> None:
        """Nothing is left."""


class Uploader(Protocol):
    """The exchange that a body belongs to."""

    connection: Connection

    def fail(self, error: Exception, cause: BaseException | None = None) -> None: ...


class Upload:
    """Sends one body. What is in memory goes out at once, what takes time in a task."""

    __slots__ = (
        "_allowed",
        "_encoder",
        "_exchange",
        "_head",
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
        self._send(data)
        if self._task is not None:
            await self._exchange.connection.link.drain()

    # Inside.

    async def _run(self, body: Payload) -> None:
        try:
            if self._allowed is not None:
                # RFC 9110 10.1.1: a client need not wait for ever.
                await asyncio.wait([self._allowed], timeout=CONTINUE_SECONDS)
            await body.write(self)
            self._finish()
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
            connection.link.write_parts(parts)

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
