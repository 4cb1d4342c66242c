"""Two websockets that talk to each other in memory, and time for the loop."""

import asyncio
from typing import Any

from support.memory import memory_links

from weft_http_parser import Role
from weft_websocket import DeflateParams, StreamOptions, WebSocketStream, WsProtocol


class Pair:
    """A client's and a server's stream with their links."""

    def __init__(self, *, deflate: DeflateParams | None = None, **options: Any) -> None:
        self.client_link, self.server_link = memory_links()
        chosen = StreamOptions(**options)
        client = WsProtocol(Role.CLIENT, deflate=deflate)
        server = WsProtocol(Role.SERVER, deflate=deflate)
        self.client = WebSocketStream(self.client_link, client, chosen)
        self.server = WebSocketStream(self.server_link, server, chosen)
        self.client.start()
        self.server.start()


async def passes(count: int = 10) -> None:
    """Let the loop deliver what is under way."""
    for _ in range(count):
        await asyncio.sleep(0)
