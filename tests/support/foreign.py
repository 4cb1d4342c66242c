"""Websockets of `websockets` and of picows behind one interface: peers that know nothing of ours."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import picows
import websockets
from picows import WSFrame, WSListener, WSMsgType, WSTransport
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websockets
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets

Message = str | bytes


class Peer(Protocol):
    """One websocket, of either role."""

    async def send(self, message: Message) -> None:
        """Send a message in one frame."""

    async def send_parts(self, parts: Sequence[str] | Sequence[bytes]) -> None:
        """Send one message in fragments."""

    async def receive(self) -> Message:
        """The next message."""

    async def ping(self, data: bytes) -> None:
        """Send a ping and wait for the pong that answers it."""

    async def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""

    async def wait_closed(self) -> tuple[int, str]:
        """Wait for the end; the code and reason that our side sent."""


Handler = Callable[[Peer], Awaitable[None]]


class WebsocketsPeer:
    """A connection of `websockets`."""

    def __init__(self, connection: ClientConnection | ServerConnection) -> None:
        self._connection = connection

    async def send(self, message: Message) -> None:
        await self._connection.send(message)

    async def send_parts(self, parts: Sequence[str] | Sequence[bytes]) -> None:
        await self._connection.send(parts)

    async def receive(self) -> Message:
        return await self._connection.recv()

    async def ping(self, data: bytes) -> None:
        await (await self._connection.ping(data))

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)

    async def wait_closed(self) -> tuple[int, str]:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:  # nothing is seen behind messages that nobody reads
                await self._connection.recv()
        received = self._connection.protocol.close_rcvd
        assert received is not None
        return received.code, received.reason


class PicowsPeer(WSListener):
    """A connection of picows, whose frames are put together here."""

    transport: WSTransport

    def __init__(self, handler: Handler | None = None) -> None:
        self._handler = handler
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._pongs: asyncio.Queue[bytes] = asyncio.Queue()
        self._parts: list[bytes] = []
        self._is_text = False
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self._handler is not None:
            self.task = asyncio.ensure_future(self._serve(self._handler))

    async def _serve(self, handler: Handler) -> None:
        await handler(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            self.closed.set_result((frame.get_close_code().value, frame.get_close_reason() or ""))
            if not transport.is_close_frame_sent:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif frame.msg_type == WSMsgType.PONG:
            self._pongs.put_nowait(frame.get_payload_as_bytes())
        else:
            self._take(frame)

    def _take(self, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.CONTINUATION:
            self._is_text = frame.msg_type == WSMsgType.TEXT
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            data = b"".join(self._parts)
            self._parts.clear()
            self._messages.put_nowait(data.decode() if self._is_text else data)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.closed.done():
            self.closed.set_result((1006, ""))

    async def send(self, message: Message) -> None:
        if isinstance(message, str):
            await self.send_parts([message])
        else:
            await self.send_parts([message])

    async def send_parts(self, parts: Sequence[str] | Sequence[bytes]) -> None:
        kind = WSMsgType.TEXT if isinstance(parts[0], str) else WSMsgType.BINARY
        payloads = [part.encode() if isinstance(part, str) else part for part in parts]
        for number, payload in enumerate(payloads, 1):
            self.transport.send(kind, payload, fin=number == len(payloads))
            kind = WSMsgType.CONTINUATION

    async def receive(self) -> Message:
        return await self._messages.get()

    async def ping(self, data: bytes) -> None:
        self.transport.send_ping(data)
        while await self._pongs.get() != data:
            pass

    async def close(self, code: int, reason: str) -> None:
        self.transport.send_close(picows.WSCloseCode(code), reason.encode())

    async def wait_closed(self) -> tuple[int, str]:
        return await self.closed


class Library(Protocol):
    """What makes peers."""

    def connect(self, url: str) -> contextlib.AbstractAsyncContextManager[Peer]:
        """A client's websocket."""

    def serve(self, handler: Handler) -> contextlib.AbstractAsyncContextManager[int]:
        """A server's port; what a handler raises is raised at the end."""


class Websockets:
    """The library `websockets`."""

    def __init__(self, compression: str | None) -> None:
        self._compression = compression

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[Peer]:
        async with connect_websockets(
            url, compression=self._compression, max_size=None, proxy=None
        ) as connection:
            yield WebsocketsPeer(connection)

    @asynccontextmanager
    async def serve(self, handler: Handler) -> AsyncIterator[int]:
        failures: list[BaseException] = []

        async def run(connection: ServerConnection) -> None:
            try:
                await handler(WebsocketsPeer(connection))
            except websockets.ConnectionClosedOK:
                pass
            except BaseException as exc:
                failures.append(exc)
                raise

        async with serve_websockets(
            run, "127.0.0.1", 0, compression=self._compression, max_size=None
        ) as server:
            yield next(iter(server.sockets)).getsockname()[1]
        if failures:
            raise failures[0]


class Picows:
    """The library picows, which knows no compression."""

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[Peer]:
        peer = PicowsPeer()
        transport, _ = await picows.ws_connect(lambda: peer, url)
        try:
            yield peer
        finally:
            transport.disconnect()
            await transport.wait_disconnected()

    @asynccontextmanager
    async def serve(self, handler: Handler) -> AsyncIterator[int]:
        peers: list[PicowsPeer] = []

        def make(request: picows.WSUpgradeRequest) -> PicowsPeer:
            peers.append(PicowsPeer(handler))
            return peers[-1]

        server = await picows.ws_create_server(make, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for peer in peers:
                peer.transport.disconnect()
            await server.wait_closed()
        await asyncio.gather(*(peer.task for peer in peers if peer.task is not None))
