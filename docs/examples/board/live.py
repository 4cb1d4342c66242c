"""Live updates: every open page holds a websocket, and hears of each change to the board.

A page that reads slowly never delays the others. What it has not been told yet waits in an
outbox of its own; when that is full, the outbox is emptied and the page gets the whole board.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from weft import WSCloseCode, web

OUTBOX_SIZE = 64

#: Stands in an outbox for "tell the whole board": the first message, and after an overflow.
EVERYTHING = ""

Outbox = asyncio.Queue[str]


class LiveFeed:
    """The open pages. `everything` gives the board as it is now, as a message."""

    def __init__(self, everything: Callable[[], Awaitable[dict[str, object]]]) -> None:
        self._everything = everything
        self._outboxes: dict[web.WebSocketResponse, Outbox] = {}

    def __len__(self) -> int:
        return len(self._outboxes)

    def publish(self, change: dict[str, object]) -> None:
        """Tell every open page about a change; returns at once."""
        text = json.dumps(change)
        for outbox in self._outboxes.values():
            if outbox.full():
                while not outbox.empty():
                    outbox.get_nowait()
                outbox.put_nowait(EVERYTHING)
            else:
                outbox.put_nowait(text)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak to one page until it goes away or the feed is closed."""
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=4096)
        await socket.prepare(request)
        outbox: Outbox = asyncio.Queue(OUTBOX_SIZE)
        outbox.put_nowait(EVERYTHING)
        self._outboxes[socket] = outbox
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send(socket, outbox))
                async for _ in socket:
                    pass  # pages only listen; reading also answers pings and the closing
                sender.cancel()
        finally:
            del self._outboxes[socket]
        return socket

    async def close(self) -> int:
        """Tell every page that the server goes away (1001); returns how many there were."""
        sockets = list(self._outboxes)
        goodbyes = (
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the board is closing")
            for socket in sockets
        )
        await asyncio.gather(*goodbyes)
        return len(sockets)

    async def _send(self, socket: web.WebSocketResponse, outbox: Outbox) -> None:
        try:
            while True:
                text = await outbox.get()
                await socket.send_str(text or json.dumps(await self._everything()))
        except ConnectionResetError:
            return  # the page has gone, and the reading side sees that too
