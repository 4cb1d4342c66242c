"""Websockets of the library `websockets`, as its page on performance asks: uvloop, its extension in
C, `broadcast()`. Compression is its default; the raw peers offer it where it is measured. Its pings
would come between the answers that are counted.
"""

import asyncio

from websockets import speedups  # noqa: F401  # measured with it or not at all
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, broadcast, unix_serve
from websockets.asyncio.server import serve as listen

from tools.bench.child import Answer
from tools.bench.sockets.raw import CONNECTIONS
from tools.bench.sockets.roles import Turn, answer_as_client, answer_as_server, start, unix_path
from tools.bench.sockets.traffic import NOTICE


async def serve() -> None:
    sockets: set[ServerConnection] = set()

    async def echo(ws: ServerConnection) -> None:
        sockets.add(ws)
        async for message in ws:
            await ws.send(message)
        sockets.discard(ws)

    async def tell() -> None:
        broadcast(sockets, NOTICE)

    path = unix_path()
    async with (
        unix_serve(echo, path, ping_interval=None)
        if path
        else listen(echo, "127.0.0.1", 0, ping_interval=None)
    ) as server:
        await answer_as_server(next(iter(server.sockets)).getsockname(), tell)


async def drive() -> None:
    async def measure(turn: Turn, url: str, seconds: float) -> Answer:
        sockets = [
            await connect(url, compression=None, ping_interval=None) for _ in range(CONNECTIONS)
        ]
        told = await turn.measure((echo(turn, ws) for ws in sockets), seconds)
        await asyncio.gather(*(ws.close() for ws in sockets))
        return told

    async def echo(turn: Turn, ws: ClientConnection) -> None:
        await ws.send(turn.case.messages[0])
        async for message in ws:
            turn.count += 1
            if not turn.is_running:
                return
            await ws.send(message)

    await answer_as_client(measure)


if __name__ == "__main__":
    start(server=serve, client=drive)
