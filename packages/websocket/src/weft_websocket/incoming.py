"""A message that is read while it comes.

Decides what a reader gets who enters late, leaves early or finds the connection ended. Knows no
frames.
"""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from weft_websocket.codes import CLOSED, Message, WSMsgType
from weft_websocket.frames import Buffer

_PLAIN = (WSMsgType.TEXT, WSMsgType.BINARY)


class Source(Protocol):
    """Where messages come from; a WebSocketStream is one."""

    def receive(self, timeout: float | None = None) -> Awaitable[Message]: ...

    def pong(self, data: str | Buffer = b"") -> Awaitable[None]:
        """Answer a ping."""
        ...

    def begin_parts(self) -> None:
        """Give the next message in parts, unless one is there already."""

    def skip_parts(self) -> None:
        """Give no more parts of the message."""


class IncomingMessage:
    """The next message in chunks: enter it, then iterate.

    ``type`` is TEXT with chunks of str, BINARY with chunks of bytes, or what receive() would say
    of the end of the connection, without chunks. ``message`` is then what it would return.
    """

    __slots__ = ("_source", "_timeout", "is_complete", "message", "type")

    def __init__(self, source: Source, timeout: float | None) -> None:
        self._source = source
        self._timeout = timeout
        self.message: Message = CLOSED
        self.type: WSMsgType = WSMsgType.CLOSED
        self.is_complete = True
        """All of it was read."""

    async def __aenter__(self) -> Self:
        self._source.begin_parts()
        self.is_complete = False
        try:
            self.message = await self._receive()
        except BaseException:
            self._leave()
            raise
        self.type = self.message.type
        if self.type is WSMsgType.CONTINUATION:
            self.type = WSMsgType[self.message.extra or ""]
            self.is_complete = self.message.data is None
        elif self.type not in _PLAIN:
            self._leave()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.is_complete:
            self._leave()

    async def __aiter__(self) -> AsyncGenerator[str | bytes, None]:
        message = self.message
        while not self.is_complete:
            if message.type in _PLAIN:
                self.is_complete = True
                yield message.data
                return
            yield message.data
            message = await self._next()

    async def _next(self) -> Message:
        """The next part; ConnectionResetError when the connection ends before the message."""
        message = await self._receive()
        if message.type is not WSMsgType.CONTINUATION:
            self.message = message
            self._leave()
            raise ConnectionResetError("the connection ended amid a message")
        self.is_complete = message.data is None
        return message

    async def _receive(self) -> Message:
        """A part, or a message; pings are answered though `autoping` is off: nobody else sees them."""
        while True:
            message = await self._source.receive(self._timeout)
            if message.type is WSMsgType.PING:
                with suppress(
                    ConnectionResetError
                ):  # it ends, and the reader is told of that next
                    await self._source.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return message

    def _leave(self) -> None:
        self.is_complete = True
        self._source.skip_parts()
