"""The stream alone against the library `websockets`, over real sockets, in both roles.

The server and the session against other libraries: test_websocket_libraries.py.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets
from support.websockets import Handler, connected, serving
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

from weft_websocket import WebSocketStream, WSMsgType

WAIT_SECONDS = 10
MESSAGES: list[str | bytes] = [
    "",
    "plain",
    "wörter 𝄞 " * 50,
    b"",
    bytes(range(256)) * 300,
    os.urandom(70_000),
    "x" * 1_000_000,
]


async def echo(stream: WebSocketStream) -> None:
    async for message in stream:
        if message.type is WSMsgType.TEXT:
            await stream.send_text(message.data)
        else:
            await stream.send_binary(message.data)


async def foreign_echo(connection: ServerConnection) -> None:
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in connection:
            await connection.send(message)


@contextlib.asynccontextmanager
async def our_server(handler: Handler, **options: Any) -> AsyncIterator[int]:
    async with asyncio.timeout(WAIT_SECONDS), serving(handler, **options) as port:
        yield port


@contextlib.asynccontextmanager
async def foreign_server(**options: Any) -> AsyncIterator[int]:
    async with (
        asyncio.timeout(WAIT_SECONDS),
        serve(foreign_echo, "127.0.0.1", 0, **options) as server,
    ):
        port: int = next(iter(server.sockets)).getsockname()[1]
        yield port


SERVER_WINDOWS = [(None, None), (9, 10), (15, 9), (12, True)]


@pytest.mark.parametrize("windows", SERVER_WINDOWS)
@pytest.mark.parametrize("forgets", [(False, False), (True, False), (False, True), (True, True)])
async def test_our_server_compresses(
    windows: tuple[int | None, int | bool | None], forgets: tuple[bool, bool]
) -> None:
    offer = ClientPerMessageDeflateFactory(*forgets, *windows)
    async with (
        our_server(echo) as port,
        connect(
            f"ws://127.0.0.1:{port}", extensions=[offer], compression=None, max_size=None
        ) as peer,
    ):
        assert [extension.name for extension in peer.protocol.extensions] == ["permessage-deflate"]
        for message in MESSAGES:
            await peer.send(message)
            assert await peer.recv() == message


@pytest.mark.parametrize("bits", [9, 12, 15])
@pytest.mark.parametrize("forgets", [(False, False), (True, True)])
async def test_our_client_compresses(bits: int, forgets: tuple[bool, bool]) -> None:
    answer = ServerPerMessageDeflateFactory(*forgets, None, 10)
    async with foreign_server(extensions=[answer], compression=None, max_size=None) as port:
        async with connected(port, deflate_bits=bits) as stream:
            assert stream.deflate is not None
            assert stream.deflate.client_max_window_bits == 10
            await exchange(stream)


async def test_our_client_without_compression() -> None:
    async with foreign_server(max_size=None) as port, connected(port) as stream:
        assert stream.deflate is None
        await exchange(stream)
        assert await stream.close(code=3000, message=b"enough") is True
        assert stream.close_code == 3000


async def exchange(stream: WebSocketStream) -> None:
    for message in MESSAGES:
        if isinstance(message, str):
            await stream.send_text(message)
        else:
            await stream.send_binary(message)
        assert (await stream.receive()).data == message


async def test_our_server_without_compression() -> None:
    async with (
        our_server(echo) as port,
        connect(f"ws://127.0.0.1:{port}", compression=None, max_size=None) as peer,
    ):
        for message in MESSAGES:
            await peer.send(message)
            assert await peer.recv() == message
        pong = await peer.ping(b"there?")
        await pong
        await peer.close(code=3001, reason="enough")
        assert (peer.close_code, peer.close_reason) == (3001, "")


async def test_fragments() -> None:
    async with our_server(echo) as port, connect(f"ws://127.0.0.1:{port}") as peer:
        await peer.send(["frag", "", "ment", "s" * 3000])
        assert await peer.recv() == "fragment" + "s" * 3000
        await peer.send([b"\xff", b"\x00" * 70_000])
        assert await peer.recv() == b"\xff" + b"\x00" * 70_000


async def test_subprotocols() -> None:
    async with our_server(echo, protocols=("b", "a")) as port:
        async with connect(f"ws://127.0.0.1:{port}", subprotocols=["a", "b"]) as peer:  # type: ignore[list-item]  # names
            assert peer.subprotocol == "a"
    async with foreign_server(subprotocols=["b"]) as port:
        async with connected(port, protocols=("a", "b")) as stream:
            await stream.send_text("x")
            assert (await stream.receive()).data == "x"


async def test_the_peer_learns_why() -> None:
    async def refuse(stream: WebSocketStream) -> None:
        assert (await stream.receive()).type is WSMsgType.ERROR

    async with our_server(refuse) as port, connect(f"ws://127.0.0.1:{port}") as peer:
        with pytest.raises(websockets.ConnectionClosed):
            await peer.send(b"x" * 5_000_000)
            await peer.recv()
        assert (peer.close_code, peer.close_reason) == (1009, "message too big")


async def test_our_server_closes() -> None:
    async def leave(stream: WebSocketStream) -> None:
        assert await stream.close(code=1001, message=b"moving") is True
        assert stream.close_code == 1001

    async with our_server(leave) as port, connect(f"ws://127.0.0.1:{port}") as peer:
        with pytest.raises(websockets.ConnectionClosed):
            await peer.recv()
        assert (peer.close_code, peer.close_reason) == (1001, "moving")


async def test_both_directions_at_once() -> None:
    """Neither side may stop reading for good while it writes more than buffers hold."""
    chance = random.Random(7)
    sizes = [chance.choice([1, 100, 70_000, 300_000]) for _ in range(60)]
    async with foreign_server(max_size=None) as port, connected(port, deflate_bits=15) as stream:

        async def send_all() -> None:
            for index, size in enumerate(sizes):
                await stream.send_binary(bytes([index]) * size)

        sender = asyncio.create_task(send_all())
        for index, size in enumerate(sizes):
            assert (await stream.receive()).data == bytes([index]) * size
        await sender
