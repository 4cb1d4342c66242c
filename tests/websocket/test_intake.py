"""A websocket over real sockets reads past its link, on each loop's own transports."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from support.memory import Recorder

from weft_http_parser import Link, Role
from weft_websocket import WebSocketStream, WSMsgType, WsProtocol

LARGE = bytes(range(256)) * 4000


async def open_streams() -> tuple[WebSocketStream, WebSocketStream]:
    """A server and a client over the two ends of a socket pair."""
    loop = asyncio.get_running_loop()
    streams = []
    for end, role in zip(socket.socketpair(), (Role.SERVER, Role.CLIENT), strict=True):
        _, link = await loop.create_connection(lambda: Link(Recorder()), sock=end)
        stream = WebSocketStream(link, WsProtocol(role))
        stream.start()
        streams.append(stream)
    return streams[0], streams[1]


async def talk() -> None:
    server, client = await open_streams()
    echoing = asyncio.create_task(echo(server))
    for payload in (b"", b"small", LARGE, b"x" * 100_000):
        await client.send_binary(payload)
        assert (await client.receive()).data == payload
    await client.send_text("é" * 70_000)
    assert (await client.receive()).data == "é" * 70_000
    assert await (await client.ping()) >= 0
    await client.close(code=4000, message=b"enough")
    await echoing
    assert server.close_code == 4000


async def echo(stream: WebSocketStream) -> None:
    async for message in stream:
        if message.type is WSMsgType.TEXT:
            await stream.send_text(message.data)
        else:
            await stream.send_binary(message.data)


async def wait_for_a_slow_peer() -> None:
    """The transport tells the link that its buffer is full, and that it is not."""
    server, client = await open_streams()

    async def send() -> None:
        for _ in range(8):
            await server.send_binary(LARGE)

    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sending.done()
    for _ in range(8):
        assert (await client.receive()).data == LARGE
    await sending
    await asyncio.gather(server.close(), client.close())


async def be_left_without_a_word() -> None:
    server, client = await open_streams()
    client.protocol.receive_eof()
    client._talk._link.abort()
    assert (await server.receive()).type is WSMsgType.CLOSED
    assert server.close_code == 1006


async def hear_the_end_of_a_half_closed_peer() -> None:
    server, client = await open_streams()
    client._talk._link.write_eof()
    assert (await server.receive()).type is WSMsgType.CLOSED
    await server._talk._link.wait_closed()
    client._talk._link.abort()


async def break_a_rule() -> None:
    server, client = await open_streams()
    client._talk._link.write(b"\xff\xff" + b"more" * 1000)
    assert (await server.receive()).type is WSMsgType.ERROR
    assert (await client.receive()).data == 1002


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
@pytest.mark.parametrize(
    "scene",
    [
        talk,
        wait_for_a_slow_peer,
        be_left_without_a_word,
        hear_the_end_of_a_half_closed_peer,
        break_a_rule,
    ],
)
def test_on_real_sockets(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    scene: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    async def check() -> None:
        async with asyncio.timeout(10):
            await scene()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(check())
