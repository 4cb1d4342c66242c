"""Websockets over real sockets, made of nothing but a Link, an Http1Connection and a handshake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from weft_http_parser import HTTP_11, Hold, Http1Connection, Link, RequestHead, ResponseHead, Role
from weft_websocket import (
    StreamOptions,
    WebSocketStream,
    WsProtocol,
    accept,
    check_response,
    make_key,
    upgrade_headers,
)

Handler = Callable[[WebSocketStream], Awaitable[None]]


class Upgrader:
    """A receiver that waits for one head and then leaves HTTP."""

    def __init__(self, role: Role, made: Callable[["Upgrader"], None] | None = None) -> None:
        self.http = Http1Connection(role)
        self.link: Link
        self.head: asyncio.Future[RequestHead | ResponseHead]
        self._made = made

    def link_made(self, link: Link) -> None:
        self.link = link
        self.head = asyncio.get_running_loop().create_future()
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        for event in self.http.receive(data):
            if isinstance(event, RequestHead | ResponseHead):
                self.link.hold(Hold.SWITCH)
                self.head.set_result(event)

    def eof_received(self) -> bool:
        return False

    def link_lost(self, exc: Exception | None) -> None:
        if not self.head.done():
            self.head.set_exception(exc or ConnectionResetError("no head came"))


async def serve_one(upgrader: Upgrader, handler: Handler, protocols: tuple[str, ...]) -> None:
    head = await upgrader.head
    assert isinstance(head, RequestHead)
    accepted = accept(head, protocols=protocols)
    answer = ResponseHead(101, "Switching Protocols", HTTP_11, accepted.headers)
    upgrader.link.write(upgrader.http.send_head(answer))
    protocol = WsProtocol(Role.SERVER, deflate=accepted.deflate)
    stream = WebSocketStream(upgrader.link, protocol)
    stream.start(upgrader.http.switch())
    await handler(stream)
    await stream.close()


@asynccontextmanager
async def serving(handler: Handler, *, protocols: tuple[str, ...] = ()) -> AsyncIterator[int]:
    """The port on which `handler` gets every websocket; what it raises is raised at the end."""
    tasks: list[asyncio.Task[None]] = []

    def made(upgrader: Upgrader) -> None:
        tasks.append(asyncio.create_task(serve_one(upgrader, handler, protocols)))

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Link(Upgrader(Role.SERVER, made)), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks)
    finally:
        server.close()
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def connected(
    port: int,
    *,
    protocols: tuple[str, ...] = (),
    deflate_bits: int = 0,
    options: StreamOptions | None = None,
) -> AsyncIterator[WebSocketStream]:
    """A client's stream to that port."""
    upgrader = Upgrader(Role.CLIENT)
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: Link(upgrader), "127.0.0.1", port)
    key = make_key()
    offer = upgrade_headers(key, protocols=protocols, deflate_bits=deflate_bits)
    head = RequestHead("GET", "/", HTTP_11, [("Host", "127.0.0.1"), *offer])
    upgrader.link.write(upgrader.http.send_head(head) + upgrader.http.send_end())
    answer = await upgrader.head
    assert isinstance(answer, ResponseHead)
    agreed = check_response(answer, key, protocols=protocols, deflate_bits=deflate_bits)
    protocol = WsProtocol(Role.CLIENT, deflate=agreed.deflate)
    stream = WebSocketStream(upgrader.link, protocol, options or StreamOptions())
    stream.start(upgrader.http.switch())
    try:
        yield stream
    finally:
        await stream.close()
        upgrader.link.close()
        await upgrader.link.wait_closed()
