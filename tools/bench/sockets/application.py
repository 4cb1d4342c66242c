"""Both roles, written once for every library with aiohttp's interface."""

import asyncio
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from tools.bench.child import Answer
from tools.bench.sockets.raw import CONNECTIONS
from tools.bench.sockets.roles import Turn, answer_as_client, answer_as_server, unix_path
from tools.bench.sockets.traffic import NOTICE

Sockets = set[Any]


async def send_one_by_one(sockets: Sockets, message: str) -> None:
    """A broadcast where the library has none."""
    for ws in sockets:
        await ws.send_str(message)


async def serve(
    web: ModuleType, broadcast: Callable[[Sockets, str], Awaitable[object]] = send_one_by_one
) -> None:
    """Serve with `weft.web` or `aiohttp.web`."""
    text = web.WSMsgType.TEXT
    sockets: Sockets = set()

    async def echo(request: Any) -> Any:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        sockets.add(ws)
        async for message in ws:
            if message.type is text:
                await ws.send_str(message.data)
            else:
                await ws.send_bytes(message.data)
        sockets.discard(ws)
        return ws

    app = web.Application()
    app.router.add_get("/{case}", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    path = unix_path()
    site = web.UnixSite(runner, path) if path else web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await answer_as_server(runner.addresses[0], lambda: broadcast(sockets, NOTICE))
    await runner.cleanup()


async def drive(library: ModuleType) -> None:
    """Echo with a `ClientSession` of `weft` or `aiohttp`."""

    async def measure(turn: Turn, url: str, seconds: float) -> Answer:
        async with library.ClientSession() as session:
            sockets = [await session.ws_connect(url) for _ in range(CONNECTIONS)]
            told = await turn.measure((echo(turn, ws) for ws in sockets), seconds)
            await asyncio.gather(*(ws.close() for ws in sockets))
        return told

    async def echo(turn: Turn, ws: Any) -> None:
        await ws.send_bytes(turn.case.messages[0])
        async for message in ws:
            turn.count += 1
            if not turn.is_running:
                return
            await ws.send_bytes(message.data)

    await answer_as_client(measure)
