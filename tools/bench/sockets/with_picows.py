"""Websockets of picows, a library of callbacks: an echo sends the frame's memory as it lies there,
without a message or a task. It has no compression and no broadcast.
"""

import asyncio

from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
    ws_create_server,
)

from tools.bench.child import Answer
from tools.bench.sockets.raw import CONNECTIONS
from tools.bench.sockets.roles import Turn, answer_as_client, answer_as_server, start
from tools.bench.sockets.traffic import NOTICE

CLOSE = WSMsgType.CLOSE


class Echo(WSListener):
    def __init__(self, sockets: set[WSTransport]) -> None:
        self.sockets = sockets

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.sockets.add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        else:
            transport.send(frame.msg_type, frame.get_payload_as_memoryview())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.sockets.discard(transport)


async def serve() -> None:
    sockets: set[WSTransport] = set()

    async def tell() -> None:
        message = NOTICE.encode()
        for transport in sockets:
            transport.send(WSMsgType.TEXT, message)

    server = await ws_create_server(lambda request: Echo(sockets), "127.0.0.1", 0)
    await answer_as_server(server.sockets[0].getsockname(), tell)


class Client(WSListener):
    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.done = asyncio.get_running_loop().create_future()
        self.transport: WSTransport

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    async def echo(self) -> None:
        self.transport.send(WSMsgType.BINARY, self.turn.case.messages[0])
        await self.done

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == CLOSE:
            transport.disconnect()
            return
        self.turn.count += 1
        if self.turn.is_running:
            transport.send(frame.msg_type, frame.get_payload_as_memoryview())
        else:
            self.done.set_result(None)


async def drive() -> None:
    async def measure(turn: Turn, url: str, seconds: float) -> Answer:
        clients = [Client(turn) for _ in range(CONNECTIONS)]
        for client in clients:
            await ws_connect(lambda client=client: client, url)
        told = await turn.measure((client.echo() for client in clients), seconds)
        for client in clients:
            client.transport.send_close(WSCloseCode.OK)
        await asyncio.gather(*(client.transport.wait_disconnected() for client in clients))
        return told

    await answer_as_client(measure)


if __name__ == "__main__":
    start(server=serve, client=drive)
