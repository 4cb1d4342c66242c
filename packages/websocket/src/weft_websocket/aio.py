"""WebSocketStream: a WsProtocol on a Link, with aiohttp's rules for receive(), send and close().

Decides what is asked of whom: messages come from an inbox and go through an outbox, all else is the
conversation's. Knows no frames and no handshake.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine
from typing import Any

from weft_http_parser import Link
from weft_websocket.backlog import SendLag, SendLimits
from weft_websocket.codes import (
    Message,
    WSCloseCode,
    WSMsgType,
)
from weft_websocket.conversation import Conversation
from weft_websocket.deflate import DeflateParams
from weft_websocket.frames import Buffer
from weft_websocket.incoming import IncomingMessage, Source
from weft_websocket.options import DEFAULT_OPTIONS, StreamOptions
from weft_websocket.outgoing import Chunks, OutgoingMessage, check_chunks
from weft_websocket.pings import Ping
from weft_websocket.prepared import PreparedMessage
from weft_websocket.protocol import WsProtocol


class WebSocketStream:
    """A websocket over a link: many senders, one reader."""

    __slots__ = ("_inbox", "_talk", "options", "outbox", "protocol")

    def __init__(
        self, link: Link, protocol: WsProtocol, options: StreamOptions = DEFAULT_OPTIONS
    ) -> None:
        self._talk = Conversation(link, protocol, options)
        # Without a detour for each message.
        self._inbox = self._talk.inbox
        self.outbox = self._talk.outbox
        self.protocol = protocol
        self.options = options

    def start(self, leftover: bytes = b"") -> None:
        """Take the link over, with the bytes that came behind the handshake."""
        self._talk.start(leftover)

    @property
    def closed(self) -> bool:
        """Whether the application has closed it, or has been told of its end."""
        return self._talk.is_closed

    @property
    def close_code(self) -> int | None:
        """The peer's close code, 1006 when it left without one, None while open."""
        return None if self._talk.ending.close is None else self._talk.ending.close.code

    @property
    def close_reason(self) -> str | None:
        """The text that came with the code, empty when none did, None while open."""
        return None if self._talk.ending.close is None else self._talk.ending.close.reason

    @property
    def deflate(self) -> DeflateParams | None:
        """What was agreed on compression."""
        return self.protocol.deflate

    @property
    def stream(self) -> "WebSocketStream":
        """Itself: what broadcast() asks of every websocket."""
        return self

    @property
    def send_limits(self) -> SendLimits:
        """How much broadcast() may queue here, and what happens beyond; may be replaced."""
        return self.outbox.limits

    @send_limits.setter
    def send_limits(self, limits: SendLimits) -> None:
        self.outbox.limits = limits

    @property
    def send_lag(self) -> SendLag:
        """How far the peer is behind."""
        return self.outbox.lag

    def exception(self) -> BaseException | None:
        """What ended the connection, unless a closing handshake did."""
        return self._talk.ending.exception

    # Reading.

    def __aiter__(self) -> AsyncIterator[Message]:
        # The inbox has the next message where no time limits it.
        return self if self.options.receive_timeout_seconds is not None else self._inbox

    def __anext__(self) -> Coroutine[Any, Any, Message]:
        seconds = self.options.receive_timeout_seconds
        if seconds is None:
            return self._inbox.__anext__()
        return _read_within(self._inbox.__anext__(), seconds)

    def receive(self, timeout: float | None = None) -> Coroutine[Any, Any, Message]:
        """The next message; CLOSE, CLOSING, CLOSED or ERROR when there will be none.

        TimeoutError after `timeout` seconds, which harms nothing. RuntimeError for a second
        reader, and for a server's handler that goes on reading what is closed.
        """
        if timeout is None:
            timeout = self.options.receive_timeout_seconds
            if timeout is None:
                return self._inbox.read()
        return _read_within(self._inbox.read(), timeout)

    def receive_stream(
        self, timeout: float | None = None, *, max_size: int | None = None
    ) -> IncomingMessage:
        """The next message in chunks, while it comes: ``async with`` it, then ``async for``.

        What comes of a frame is a chunk, of 64 KiB at most, so no more is kept than receive()
        would queue. Whoever leaves early has the rest dropped. Until then nobody else may read.

        `timeout`: for each chunk. `max_size`: the limit for this one message instead of that of
        the connection, 0 for none; it must be asked for before the message's first frame comes.
        """
        talk = self._talk
        receive, pong = self._inbox.read, self.pong
        source = Source(receive, pong, talk.begin_parts, talk.refill_parts, talk.end_parts)
        return IncomingMessage(source, timeout, max_size)

    # Sending.

    # No coroutines: what can be written at once is written at the call.

    def send_text(self, data: str | Buffer, compress: int | None = None) -> Awaitable[None]:
        """Send a text message; bytes must be UTF-8.

        Waits only while the peer is slow. `compress`: a level for this message, 0 for none.
        Raises ConnectionResetError when nothing can be sent any more.
        """
        return self.outbox.send_text(data, compress)

    def send_binary(self, data: Buffer, compress: int | None = None) -> Awaitable[None]:
        """Send a binary message, as send_text() does."""
        return self.outbox.send_binary(data, compress)

    def send_prepared(self, message: PreparedMessage) -> Awaitable[None]:
        """Send a message that is encoded once for many connections, as send_text() does."""
        return self.outbox.send_prepared(message)

    async def send_stream(
        self, chunks: Chunks, *, text: bool | None = None, compress: int | None = None
    ) -> None:
        """Send one message in fragments while it is made, from str or bytes, async or not.

        Waits for the peer after each chunk. Other messages wait for the end of it; pings, pongs
        and a close frame go between. Text or binary as the first chunk is, unless `text` says
        (bytes of text must be UTF-8, and may be cut anywhere).

        An error or a cancellation amid the message closes the connection with 1011, since the
        peer would take the next message for the rest of this one.
        """
        check_chunks(chunks)
        await self.outbox.take_turn()
        message = OutgoingMessage(self.outbox, self.protocol, text, compress)
        try:
            await message.send(chunks)
        finally:
            if message.is_half:
                self.fail(WSCloseCode.INTERNAL_ERROR, "a message was broken off")
            self.outbox.give_turn()

    async def flush(self) -> None:
        """Wait until all that is queued is written; close() would drop it."""
        await self.outbox.flush()

    def send_frame(
        self, data: bytes, opcode: WSMsgType, compress: int | None = None
    ) -> Awaitable[object]:
        """Send a message or a control frame by its type; a close frame only by close()."""
        if opcode is WSMsgType.TEXT:
            return self.outbox.send_text(data, compress)
        if opcode is WSMsgType.BINARY:
            return self.outbox.send_binary(data, compress)
        if opcode is WSMsgType.PING:
            return self.ping(data)
        if opcode is WSMsgType.PONG:
            return self.pong(data)
        raise ValueError(f"send_frame() takes TEXT, BINARY, PING or PONG, not {opcode!r}")

    async def ping(self, data: str | Buffer = b"") -> Ping:
        """Send a ping of at most 125 bytes; await what this returns for the seconds to its pong.

        An empty one gets four bytes by which its pong is known.
        """
        return await self._talk.ping(data)

    def pong(self, data: str | Buffer = b"") -> Awaitable[None]:
        """Send a pong of at most 125 bytes, asked for or not."""
        return self.outbox.send_rendered(self.protocol.send_pong(data))

    # Closing.

    async def close(self, code: int = WSCloseCode.OK, message: Buffer | str = b"") -> bool:
        """Send a close frame and wait for the peer's; False when that was done before.

        A waiting receive() gets CLOSING, and messages not read yet are dropped. ValueError for a
        code that must not be sent or a reason over 123 bytes.
        """
        return await self._talk.close(code, message)

    def abandon(self, code: int = WSCloseCode.INTERNAL_ERROR, message: Buffer | str = b"") -> None:
        """Send a close frame for an application that failed, and wait for nothing.

        The link is closed once the peer has ended its side, 10 seconds later at most. Nothing
        happens where the websocket was closed before.
        """
        self._talk.abandon(code, message)

    def fail(self, code: int, reason: str) -> None:
        """Close without waiting, for a fault of ours or a peer too slow; the reader is told.

        Nothing when the closing has begun.
        """
        self._talk.fail(code, reason)


async def _read_within(reading: Awaitable[Message], seconds: float) -> Message:
    async with asyncio.timeout(seconds):
        return await reading
