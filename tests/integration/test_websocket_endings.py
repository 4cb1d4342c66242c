"""How a handler ends, and what the peer and the application are told of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from support.serving import get, talking

from weft_web_server import Application, HTTPForbidden, Request, StreamResponse, WebSocketResponse

HANDSHAKE = get(
    "/",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
Act = Callable[[WebSocketResponse], Awaitable[object]]


async def fail(socket: WebSocketResponse) -> None:
    raise ValueError("boom")


async def refuse(socket: WebSocketResponse) -> None:
    raise HTTPForbidden


async def be_cancelled(socket: WebSocketResponse) -> None:
    raise asyncio.CancelledError


async def lose_another(socket: WebSocketResponse) -> None:
    raise ConnectionResetError("of another connection")


async def fail_after_closing(socket: WebSocketResponse) -> None:
    closing = asyncio.create_task(socket.close(code=4000))
    await asyncio.sleep(0)
    try:
        raise ValueError("boom")
    finally:
        await closing


def serve(act: Act, seen: list[WebSocketResponse]) -> Application:
    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse(timeout=0.05)
        await socket.prepare(request)
        seen.append(socket)
        await act(socket)
        return socket

    app = Application()
    app.router.add_get("/", handler)
    return app


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (fail, 1011),
        (refuse, 1011),
        (be_cancelled, 1011),
        (lose_another, 1011),
        (fail_after_closing, 4000),
    ],
)
async def test_a_handler_that_raises_closes(
    act: Act, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    seen: list[WebSocketResponse] = []
    async with talking(serve(act, seen)) as peer:
        await peer.send(HANDSHAKE)
        await peer.read_until()
        assert await peer.read(4) == b"\x88\x02" + code.to_bytes(2, "big")
        await peer.send(b"\x88\x82\0\0\0\0" + code.to_bytes(2, "big"))
        assert await peer.read_all() == b""
    [socket] = seen
    assert (socket.closed, socket.close_code, socket.exception()) == (True, code, None)


async def test_a_peer_that_never_answers_is_dropped() -> None:
    async def leave(socket: WebSocketResponse) -> None:
        return None

    seen: list[WebSocketResponse] = []
    async with talking(serve(leave, seen)) as peer:
        await peer.send(HANDSHAKE)
        await peer.read_until()
        assert await peer.read_all() == b"\x88\x02\x03\xe8"
    [socket] = seen
    assert (socket.closed, socket.close_code) == (True, 1006)
    assert isinstance(socket.exception(), TimeoutError)
