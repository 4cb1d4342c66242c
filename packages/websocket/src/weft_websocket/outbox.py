"""The sending side of a stream: many senders, one order, a bounded queue for slow peers.

Decides whose turn it is, when a sender waits for the peer and when compression leaves the loop.
Knows no reader and no closing.
"""

import asyncio
import enum
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Literal, NamedTuple

from weft_http_parser import Link, Role
from weft_websocket._twin import Done, Sender
from weft_websocket.backlog import (
    DEFAULT_LIMITS,
    Backlog,
    Entry,
    SendLag,
    SendLimits,
    SlowPolicy,
)
from weft_websocket.begun import begin
from weft_websocket.codes import WSMsgType
from weft_websocket.frames import Buffer
from weft_websocket.prepared import PreparedMessage
from weft_websocket.protocol import Phase, WsProtocol

# Compressing more than this is left to a thread: it would stop the loop for half a millisecond.
_INLINE_SIZE: Final = 16384

Opcode = Literal[WSMsgType.TEXT, WSMsgType.BINARY]
_Place = asyncio.Future[None]


class Fate(enum.Enum):
    """What became of a message that nobody waits for."""

    SENT = "written"
    QUEUED = "queued"
    DROPPED = "larger than the whole queue may be"
    REFUSED = "the queue is full, and its policy is to disconnect"
    CLOSED = "nothing can be sent any more"


class Offer(NamedTuple):
    """The fate of a message, and how many were given up for it, or were it."""

    fate: Fate
    dropped: int


SENT: Final = Offer(Fate.SENT, 0)
_CLOSED: Final = Offer(Fate.CLOSED, 0)


# What a sender awaits when there is nothing to wait for: a tenth of a coroutine's price.
_DONE: Final = Done()


class Outbox(Sender):
    """Turns messages into frames on the link, in the order in which they are sent.

    The order is that of the calls, wherever their results are awaited. While it is free a message
    is rendered and written in one step, so senders need no lock. It is
    not while someone holds the turn, for a message that is compressed in a thread or goes out in
    fragments, and while others stand in line. Control frames need no turn (RFC 6455 5.4).
    """

    _link: Link
    _protocol: WsProtocol

    __slots__ = (
        "_backlog",
        "_is_held",
        "_limits",
        "_pump",
    )

    def __init__(
        self,
        link: Link,
        protocol: WsProtocol,
        write_limit: int,
        limits: SendLimits = DEFAULT_LIMITS,
    ) -> None:
        # Plain messages are the sender's: it looks at _is_free, which is neither held nor a line,
        # and counts in _unsent what was written since someone made sure that it goes.
        is_masked = protocol.role is Role.CLIENT
        super().__init__(
            link, protocol, write_limit, Phase.OPEN, protocol.deflate is None, is_masked
        )
        self._limits = limits
        self._is_held = False
        self._backlog: Backlog[PreparedMessage, _Place] | None = None  # most have no need of it
        self._pump: asyncio.Task[None] | None = None

    # Sending.

    def write_text(self, data: str | Buffer, compress: int | None) -> Awaitable[None]:
        """Send a text that is not plainly written."""
        if self._protocol.deflate is not None and compress != 0:
            return self._send_packed(WSMsgType.TEXT, data, compress)
        if not self._is_free:
            return begin(self._send_later(lambda: self._write_text(data)))
        return self._write_text(data)

    def write_binary(self, data: Buffer, compress: int | None) -> Awaitable[None]:
        """Send a message that is not plainly written."""
        if self._protocol.deflate is not None and compress != 0:
            return self._send_packed(WSMsgType.BINARY, data, compress)
        if not self._is_free:
            return begin(self._send_later(lambda: self._write_binary(data)))
        return self._write_binary(data)

    def send_prepared(self, message: PreparedMessage) -> Awaitable[None]:
        if not self._is_free:
            return begin(self._send_later(lambda: self._write_prepared(message)))
        return self._write_prepared(message)

    def send_rendered(self, frame: bytes) -> Awaitable[None]:
        """Write a frame that is ready: a control frame, or one of whoever has the turn."""
        return self.write_frame(frame)

    async def drain(self) -> None:
        """Wait until the peer has taken enough."""
        self._unsent = 0
        await self._link.drain()

    async def flush(self) -> None:
        """Wait until all that stands in line is written."""
        if not self._is_free:
            await self.take_turn()
            self.give_turn()
        await self.drain()

    def offer(self, message: PreparedMessage, policy: SlowPolicy | None, key: Hashable) -> Offer:
        """Write a message, or queue it when the peer is slow; never waits.

        Without a policy that of the limits holds.
        """
        try:
            if self._is_free and not self._link.is_full:  # has_room, without its call
                self._link.write(self._protocol.send_prepared(message))
                return SENT
        except ConnectionError:
            return _CLOSED
        if self._is_over:
            return _CLOSED
        backlog = self._to_backlog()
        now = asyncio.get_running_loop().time()
        policy = policy or self._limits.policy
        outcome = backlog.put(message, policy, key, now)
        self._is_free = False
        self._advance()
        if outcome.is_queued:
            return Offer(Fate.QUEUED, outcome.dropped)
        fate = Fate.REFUSED if policy is SlowPolicy.DISCONNECT else Fate.DROPPED
        return Offer(fate, outcome.dropped)

    @property
    def has_room(self) -> bool:
        """Whether a message that is offered would be written at once, or find all closed."""
        return self._is_free and not self._link.is_full

    async def send_when_free(self, message: PreparedMessage) -> None:
        """Write a message behind all that stands in line, once the peer has room."""
        await self.take_turn()
        try:
            await self._link.drain()
            self._link.write(self._protocol.send_prepared(message))
        finally:
            self.give_turn()

    # The figures.

    @property
    def limits(self) -> SendLimits:
        """What may wait here."""
        return self._limits

    @limits.setter
    def limits(self, limits: SendLimits) -> None:
        self._limits = limits
        if self._backlog is not None:
            self._backlog.limits = limits

    @property
    def lag(self) -> SendLag:
        """How far the peer is behind."""
        buffered = 0 if self._link.is_lost else self._link.transport.get_write_buffer_size()
        if self._backlog is None:
            return SendLag(0, 0, 0.0, buffered, 0)
        return self._backlog.to_lag(asyncio.get_running_loop().time(), buffered)

    # Turns.

    async def take_turn(self) -> None:
        """Wait until nobody else sends data; then give_turn() must follow."""
        if self._is_free:
            self._is_free, self._is_held = False, True
            return
        backlog = self._to_backlog()
        place: _Place = asyncio.get_running_loop().create_future()
        entry = backlog.join(place)
        self._advance()
        try:
            await place
        except BaseException:  # cancelled, or nobody has ever awaited it
            if place.done() and not place.cancelled():  # the turn came in the very pass
                self.give_turn()
            else:
                backlog.leave(entry)
                self._advance()
            raise

    def give_turn(self) -> None:
        """The next in line goes on."""
        self._is_held = False
        self._advance()

    def shut(self) -> None:
        """Nothing more can be sent: what is queued is dropped, and counted."""
        if self._backlog is not None:
            self._backlog.drop_messages()
            self._advance()

    # Inside.

    def _write_text(self, data: str | Buffer) -> Awaitable[None]:
        return self.send_rendered(self._protocol.send_text(data, 0))

    def _write_binary(self, data: Buffer) -> Awaitable[None]:
        parts = self._protocol.send_binary(data, 0)
        if len(parts) == 1:
            self._link.write(parts[0])
        else:
            self._link.write_parts(parts)
        self._unsent += len(data)
        return _DONE if self._unsent <= self._write_limit else self.drain()

    def _write_prepared(self, message: PreparedMessage) -> Awaitable[None]:
        return self.send_rendered(self._protocol.send_prepared(message))

    async def _send_later(self, write: Callable[[], Awaitable[None]]) -> None:
        await self.take_turn()
        try:
            written = write()
        finally:
            self.give_turn()
        await written

    def _send_packed(
        self, opcode: Opcode, data: str | Buffer, level: int | None
    ) -> Awaitable[None]:
        payload = data.encode() if isinstance(data, str) else data
        if self._is_free and len(payload) <= _INLINE_SIZE:
            return self.send_rendered(self._protocol.send_compressed(opcode, payload, level))
        return begin(self._send_in_turn(opcode, payload, level))

    async def _send_in_turn(self, opcode: Opcode, payload: Buffer, level: int | None) -> None:
        await self.take_turn()
        try:
            packing = self._protocol.begin_packing(payload, level)
            await run_packer(packing.run, len(payload))
            written = self.send_rendered(self._protocol.send_packed(opcode, packing))
        finally:
            self.give_turn()
        await written

    @property
    def _is_over(self) -> bool:
        return self._link.is_closing or not self._protocol.can_send

    def _to_backlog(self) -> Backlog[PreparedMessage, _Place]:
        if self._backlog is None:
            self._backlog = Backlog(self._limits)
        return self._backlog

    def _advance(self) -> None:
        """Write what is queued, as far as the peer takes it, up to the next sender's turn."""
        backlog = self._backlog
        while backlog and not self._is_held:
            if self._link.is_full and not self._is_over:
                if self._pump is None:
                    self._pump = asyncio.create_task(self._run_pump())
                return
            self._let(backlog.pop())
        self._is_free = not self._is_held

    def _let(self, entry: Entry[PreparedMessage, _Place]) -> None:
        """Let one go on."""
        if entry.place is None:
            assert entry.message is not None  # it is one of the two
            try:
                self._link.write(self._protocol.send_prepared(entry.message))
            except ConnectionError:
                assert self._backlog is not None  # the entry was in it
                self._backlog.dropped += 1
        elif not entry.place.done():
            self._is_held = True
            entry.place.set_result(None)

    async def _run_pump(self) -> None:
        """Go on whenever the link has room, until nobody waits for that."""
        try:
            while self._backlog and not self._is_held:
                await self._link.drain()
                self._advance()
        except (ConnectionError, TimeoutError):
            self.shut()
        finally:
            self._pump = None


async def run_packer(run: Callable[[], None], size: int) -> None:
    """Compress at once what is small, the rest in a thread."""
    if size <= _INLINE_SIZE:
        run()
    else:
        await asyncio.to_thread(run)
