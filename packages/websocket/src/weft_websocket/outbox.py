"""The sending side of a stream: many senders, one order, a bounded buffer.

Decides when a sender waits for the peer and when compression leaves the loop. Knows no reader
and no closing.
"""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Final, Literal

from weft_http_parser import Link
from weft_websocket.codes import WSMsgType
from weft_websocket.frames import Buffer
from weft_websocket.protocol import WsProtocol

# Compressing more than this is left to a thread: it would stop the loop for half a millisecond.
_INLINE_SIZE: Final = 16384

Opcode = Literal[WSMsgType.TEXT, WSMsgType.BINARY]


class _Done:
    """What a sender awaits when there is nothing to wait for: a fifth of a coroutine's price."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return iter(())  # type: ignore[return-value]  # any iterator can be awaited


_DONE: Final = _Done()


class Outbox:
    """Turns messages into frames on the link, in the order in which they are sent.

    Without compression a message is rendered and written in one step, so senders need no lock.
    With it, one that is compressed in a thread holds the lock until its frame is written.
    """

    __slots__ = ("_link", "_lock", "_protocol", "_unsent", "_write_limit")

    def __init__(self, link: Link, protocol: WsProtocol, write_limit: int) -> None:
        self._link = link
        self._protocol = protocol
        self._write_limit = write_limit
        self._unsent = 0  # bytes written since a sender last made sure that they go
        self._lock: asyncio.Lock | None = None

    def send_text(self, data: str | Buffer, compress: int | None) -> Awaitable[None]:
        if self._protocol.deflate is not None and compress != 0:
            return self._send_packed(WSMsgType.TEXT, data, compress)
        return self.send_rendered(self._protocol.send_text(data, compress))

    def send_binary(self, data: Buffer, compress: int | None) -> Awaitable[None]:
        if self._protocol.deflate is not None and compress != 0:
            return self._send_packed(WSMsgType.BINARY, data, compress)
        parts = self._protocol.send_binary(data, compress)
        if len(parts) == 1:
            self._link.write(parts[0])
        else:
            self._link.write_parts(parts)
        self._unsent += len(data)
        return _DONE if self._unsent <= self._write_limit else self.drain()

    def send_rendered(self, frame: bytes) -> Awaitable[None]:
        """Write a frame that is ready."""
        self._link.write(frame)
        self._unsent += len(frame)
        return _DONE if self._unsent <= self._write_limit else self.drain()

    async def drain(self) -> None:
        """Wait until the peer has taken enough."""
        self._unsent = 0
        await self._link.drain()

    async def _send_packed(self, opcode: Opcode, data: str | Buffer, level: int | None) -> None:
        if self._lock is None:
            self._lock = asyncio.Lock()
        payload = data.encode() if isinstance(data, str) else data
        if len(payload) <= _INLINE_SIZE and not self._lock.locked():
            packing = self._protocol.begin_packing(payload, level)
            packing.run()
            await self.send_rendered(self._protocol.send_packed(opcode, packing))
            return
        async with self._lock:
            packing = self._protocol.begin_packing(payload, level)
            if len(payload) <= _INLINE_SIZE:
                packing.run()
            else:
                await asyncio.to_thread(packing.run)
            written = self.send_rendered(self._protocol.send_packed(opcode, packing))
        await written
