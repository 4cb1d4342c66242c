"""A server of ours for peers that nobody here wrote: it echoes, and notes how each websocket ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from support.serving import serving

from weft import web
from weft_websocket import WebSocketError

WAIT_SECONDS = 20
LEAVING = (3002, "zurück 𝄞")
"""The code and reason with which `/leave` closes."""
SMALL = 1000
"""The largest message that `/small` takes."""


class End(NamedTuple):
    """The last thing that a handler got, and the code that its websocket ended with."""

    type: web.WSMsgType
    reason: str
    close_code: int | None


class Echoes:
    """What the server saw."""

    def __init__(self) -> None:
        self.port = 0
        self.offers: list[str] = []
        self.compressions: list[int | bool] = []
        self._ends: asyncio.Queue[End] = asyncio.Queue()

    def url(self, path: str = "echo", scheme: str = "ws") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/{path}"

    async def end(self) -> End:
        """How the next websocket ended; waits for it."""
        return await self._ends.get()

    async def page(self, request: web.Request) -> web.Response:
        """Nothing to see: an origin for scripts."""
        return web.Response(text="<!doctype html><title>echoes</title>", content_type="text/html")

    async def echo(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await self._run(ws, request)
        return ws

    async def small(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=SMALL)
        await self._run(ws, request)
        return ws

    async def leave(self, request: web.Request) -> web.WebSocketResponse:
        """Close behind one message that is echoed."""
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str((await ws.receive()).data)
        code, reason = LEAVING
        await ws.close(code=code, message=reason.encode())
        self._ends.put_nowait(End((await ws.receive()).type, "", ws.close_code))
        return ws

    async def ask(self, request: web.Request) -> web.WebSocketResponse:
        """Ping, and tell the peer what its pong says."""
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        await ws.ping(b"there?")
        pong = await ws.receive()
        await ws.send_str(f"{pong.type.name} {pong.data!r}")
        await self._echo(ws)
        return ws

    async def _run(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.offers.append(request.headers.get("Sec-WebSocket-Extensions", ""))
        await ws.prepare(request)
        self.compressions.append(ws.compress)
        await self._echo(ws)

    async def _echo(self, ws: web.WebSocketResponse) -> None:
        while True:
            message = await ws.receive()
            if message.type is web.WSMsgType.TEXT:
                await ws.send_str(message.data)
            elif message.type is web.WSMsgType.BINARY:
                await ws.send_bytes(message.data)
            else:
                break
        is_error = isinstance(message.data, WebSocketError)
        reason = str(message.data) if is_error else str(message.extra or "")
        self._ends.put_nowait(End(message.type, reason, ws.close_code))


@asynccontextmanager
async def echoing() -> AsyncIterator[Echoes]:
    """The server, and everything around it, within a time that is more than enough."""
    echoes = Echoes()
    app = web.Application()
    for name in ("page", "echo", "small", "leave", "ask"):
        app.router.add_get(f"/{name}", getattr(echoes, name))
    async with asyncio.timeout(WAIT_SECONDS), serving(app) as echoes.port:
        yield echoes
