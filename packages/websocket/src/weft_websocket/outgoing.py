"""A message sent in fragments while it is made.

Decides what a chunk may be and when a message was broken off. Knows no closing.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from typing import TypeAlias

from weft_websocket.codes import WSMsgType
from weft_websocket.fragments import Fragments
from weft_websocket.frames import Buffer
from weft_websocket.outbox import Outbox, run_packer
from weft_websocket.protocol import WsProtocol

Chunk: TypeAlias = str | Buffer
Chunks: TypeAlias = AsyncIterable[Chunk] | Iterable[Chunk]


class OutgoingMessage:
    """One message on its way; whoever sends it has the outbox's turn."""

    __slots__ = ("_compress", "_fragments", "_is_text", "_outbox", "_protocol", "is_half")

    def __init__(
        self, outbox: Outbox, protocol: WsProtocol, text: bool | None, compress: int | None
    ) -> None:
        self._outbox = outbox
        self._protocol = protocol
        self._is_text = text
        self._compress = compress
        self._fragments: Fragments | None = None
        self.is_half = False
        """A part was written, and the end was not."""

    async def send(self, chunks: Chunks) -> None:
        """Send every chunk as it comes, each after the peer has room for it."""
        async with aclosing(to_async(chunks)) as source:
            async for chunk in source:
                data = self._to_bytes(chunk)
                if data:
                    await self._send_fragment(data)
        fragments = self._begin()
        payload = fragments.pack_end()
        frame = self._protocol.send_fragment(fragments, payload, is_last=True)
        written = self._outbox.send_rendered(frame)
        self.is_half = False
        await written

    async def _send_fragment(self, data: Buffer) -> None:
        fragments = self._begin()
        payload: list[Buffer] = []
        if fragments.packing is None:
            payload.append(data)
        else:
            await run_packer(lambda: payload.append(fragments.pack(data)), len(data))
        written = self._outbox.send_rendered(self._protocol.send_fragment(fragments, payload[0]))
        self.is_half = True
        await written

    def _begin(self) -> Fragments:
        if self._fragments is None:
            opcode = WSMsgType.TEXT if self._is_text else WSMsgType.BINARY
            self._fragments = self._protocol.begin_fragments(opcode, self._compress)
        return self._fragments

    def _to_bytes(self, chunk: Chunk) -> Buffer:
        """The first chunk decides whether the message is text, unless the caller has."""
        if self._is_text is None:
            self._is_text = isinstance(chunk, str)
        if isinstance(chunk, str):
            if not self._is_text:
                raise TypeError("a chunk of a binary message is bytes, not str")
            return chunk.encode()
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise TypeError(f"a chunk is str or bytes, not {type(chunk).__name__}")
        return chunk


def check_chunks(chunks: Chunks) -> None:
    """TypeError for what would be taken apart by mistake."""
    if isinstance(chunks, str | bytes | bytearray | memoryview):
        raise TypeError("send_stream() takes an iterable of chunks; send_str() sends one message")


async def to_async(chunks: Chunks) -> AsyncGenerator[Chunk, None]:
    """Either kind of iterable as the one kind."""
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in chunks:
            yield chunk
