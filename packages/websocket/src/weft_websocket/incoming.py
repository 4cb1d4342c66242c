"""A message that is read while it comes.

Decides what a reader gets who enters late, leaves early or finds the connection ended, and keeps
others from reading meanwhile. Knows no frames.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from weft_websocket.codes import CLOSED, Message, WSMsgType
from weft_websocket.parts import PIECE_SIZE

_PLAIN: Final = (WSMsgType.TEXT, WSMsgType.BINARY)
# Parts that wait for the reader; with as much the peer is not read.
_MAX_QUEUED: Final = 2**18


class Place(Protocol):
    """Where readers wait, one at a time; an inbox is one."""

    @property
    def messages(self) -> list[Message]: ...

    @property
    def is_ended(self) -> bool: ...

    @property
    def is_awaited(self) -> bool: ...

    def add_done_callback(
        self, callback: Callable[[object], object], /, *, context: contextvars.Context
    ) -> None: ...

    def wake(self) -> None: ...


class PartsQueue:
    """The parts of one message, and who reads them, who has the place of a reader until the end."""

    __slots__ = ("_place", "_waiter", "is_open", "is_whole", "parts", "reader", "size")

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiter: asyncio.Future[None] | None = None
        self.reader = asyncio.current_task()
        self.parts: deque[Message] = deque()
        self.size = 0
        self.is_open = True
        self.is_whole = False
        """All parts were put in. Until then pings are not for the reader."""
        self.keep_place()

    @property
    def is_full(self) -> bool:
        """The reader must take something before more is put in."""
        return self.size >= _MAX_QUEUED

    @property
    def is_awaited(self) -> bool:
        """The reader waits."""
        return self._waiter is not None

    def put(self, part: Message) -> None:
        """Queue a part; wakes nobody."""
        self.parts.append(part)
        self.is_whole = part.data is None
        self.size += len(part.data or b"")

    def clear(self) -> None:
        """Drop what is queued."""
        self.parts.clear()
        self.size = 0

    def settle(self) -> None:
        """Wake the reader, if there is something for it."""
        is_due = self.parts or self._place.messages or self._place.is_ended
        if is_due and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def leave(self) -> None:
        """Make room for another reader."""
        self.is_open = False
        self._place.wake()

    async def next(self) -> Message | None:
        """The next part. None when there is none: the place has something else, or has ended."""
        while not self.parts:
            if self._place.messages or self._place.is_ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        part = self.parts.popleft()
        self.size -= len(part.data or b"")
        return part

    def keep_place(self) -> None:
        """Take the place of a reader again, which is left when it is woken."""
        if self.is_open and not self._place.is_awaited:
            self._place.add_done_callback(self._step, context=contextvars.copy_context())

    def _step(self, woken: object) -> None:
        """What the place calls instead of stepping a task."""
        self.settle()


class Source(NamedTuple):
    """Where messages come from: what a stream does for the reader of one."""

    receive: Callable[[], Awaitable[Message]]
    """A whole message, or the end."""
    pong: Callable[[bytes], Awaitable[None]]
    begin: Callable[[int | None], PartsQueue | None]
    """Give the next message in parts; None where something whole is there. Of such a size at most."""
    refill: Callable[[], None]
    """A part was taken."""
    end: Callable[[PartsQueue], None]
    """No more parts are wanted."""


class IncomingMessage:
    """The next message in chunks: enter it, then iterate.

    ``type`` is TEXT with chunks of str, BINARY with chunks of bytes, or what receive() would say
    of the end of the connection, without chunks. ``message`` is then what it would return.
    """

    __slots__ = (
        "_max_size",
        "_part",
        "_queue",
        "_source",
        "_timeout",
        "is_complete",
        "message",
        "type",
    )

    def __init__(self, source: Source, timeout: float | None, max_size: int | None) -> None:
        self._source = source
        self._timeout = timeout
        self._max_size = max_size
        self._queue: PartsQueue | None = None
        self._part: Message | None = None
        self.message: Message = CLOSED
        self.type: WSMsgType = WSMsgType.CLOSED
        self.is_complete = True
        """All of it was read."""

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout):
                part = await self._begin()
        except BaseException:
            self._leave()
            raise
        self.is_complete = False
        self._part = part
        if part is not None:
            self.type = WSMsgType[part.extra or ""]
            self._note_end(part)
        else:
            self.type = self.message.type
            self.is_complete = self.type not in _PLAIN
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    async def __aiter__(self) -> AsyncGenerator[str | bytes, None]:
        if self._part is None and not self.is_complete:
            self.is_complete = True
            data = self.message.data
            for at in range(0, len(data), PIECE_SIZE):
                yield data[at : at + PIECE_SIZE]
            return
        while not self.is_complete:
            assert self._part is not None  # the first one came before, or the end
            yield self._part.data
            if not self.is_complete:  # who iterates may have left meanwhile
                await self._go_on()

    async def _begin(self) -> Message | None:
        """The first part; None where ``message`` is whole, or the end."""
        while True:
            self._queue = self._source.begin(self._max_size)
            if self._queue is not None:
                part = await self._queue.next()
                if part is not None:
                    return part
                self._leave()
            message = await self._source.receive()
            if not await self._is_control(message):
                self.message = message
                return None

    async def _is_control(self, message: Message) -> bool:
        """Answers pings, though `autoping` is off: nobody else sees them."""
        if message.type is WSMsgType.PING:
            with suppress(ConnectionResetError):  # the reader is told of the end next
                await self._source.pong(message.data)
        return message.type in (WSMsgType.PING, WSMsgType.PONG)

    async def _go_on(self) -> None:
        """Take the next part; ConnectionResetError when the connection ends before the message."""
        assert self._queue is not None  # parts came out of it
        self._source.refill()
        async with asyncio.timeout(self._timeout):
            part = await self._queue.next()
            if part is None:
                self._leave()
                self.message = await self._source.receive()
                raise ConnectionResetError("the connection ended amid a message")
        self._part = part
        self._note_end(part)

    def _note_end(self, part: Message) -> None:
        if part.data is None:
            self._leave()

    def _leave(self) -> None:
        self.is_complete = True
        queue, self._queue = self._queue, None
        if queue is not None:
            self._source.end(queue)
