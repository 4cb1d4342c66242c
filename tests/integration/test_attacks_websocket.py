"""Peers that attack a websocket over real sockets, in both roles."""

import asyncio
import logging

import pytest
from support.serving import get, talking

from weft_web_server import Application, Request, StreamResponse, WebSocketResponse

HANDSHAKE = get(
    "/",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
HELLO = b"\x81\x85\0\0\0\0hello"
CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"


async def late_echo(request: Request) -> StreamResponse:
    await asyncio.sleep(0)  # a look into a store, say
    socket = WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def test_frames_that_come_with_the_handshake_do_not_stop_those_that_come_later() -> None:
    app = Application()
    app.router.add_get("/", late_echo)
    async with talking(app) as peer:
        await peer.send(HANDSHAKE + HELLO)
        await peer.read_until()
        assert await peer.read(7) == b"\x81\x05hello"
        await peer.send(HELLO)
        assert await peer.read(7) == b"\x81\x05hello"
        await peer.send(CLOSE)
        assert await peer.read_all() == b"\x88\x02\x03\xe8"


@pytest.mark.parametrize("has_left", [True, False], ids=["left", "wrong"])
async def test_a_message_for_a_peer_that_left_or_is_wrong_is_no_error(
    has_left: bool, caplog: pytest.LogCaptureFixture
) -> None:
    has_tried = asyncio.Event()

    async def told_too_late(request: Request) -> StreamResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        try:
            await socket.send_str("hello?")
        finally:
            has_tried.set()
        return socket

    app = Application()
    app.router.add_get("/", told_too_late)
    async with talking(app) as peer:
        await peer.send(HANDSHAKE)
        await peer.read_until()
        if has_left:
            peer.reset()
        else:
            await peer.send(HELLO + b"\xff\xff what is this?")
            # The message before the broken rule may still be answered.
            assert (await peer.read_all()).startswith(b"\x81\x06hello?\x88\x22\x03\xea")
        async with asyncio.timeout(10):
            await has_tried.wait()
        await asyncio.sleep(0)  # the end of the handler
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1000\r\n\r\na part",
        b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ],
    ids=["half", "expected", "chunked"],
)
async def test_a_handshake_that_announces_a_body_is_refused_and_takes_no_connection(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application()
    app.router.add_get("/", late_echo)
    async with talking(app) as peer:
        await peer.send(HANDSHAKE[:-2] + body)
        head, _ = await peer.read_response()
        assert head.startswith(b"HTTP/1.1 400 ")
        peer.send_eof()
        await peer.read_all()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
