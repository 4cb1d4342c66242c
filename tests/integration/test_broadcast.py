"""Broadcasts and messages in parts through the shells of both sides; the how-to page as printed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import weft
from weft import web

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/broadcast.md"


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def printed() -> web.Application:
    """The application of the page."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    names: dict[str, Any] = {"__name__": "prices"}
    exec(compile(text, "broadcast.md", "exec"), names)
    app: web.Application = names["app"]
    return app


async def test_the_how_to_page() -> None:
    async with serving(printed()) as base, weft.ClientSession(base) as session:
        async with session.ws_connect("/prices") as first:
            async with session.ws_connect("/prices", compress=15) as second:
                answer = await session.put("/prices/tea", data="17")
                assert await answer.json() == {
                    "sent": 2,
                    "queued": 0,
                    "dropped": 0,
                    "disconnected": 0,
                    "closed": 0,
                }
                assert await first.receive_str() == "tea 17"
                assert await second.receive_str() == "tea 17"


@pytest.mark.parametrize("compress", [0, 15])
async def test_both_shells_send_prepared_messages_and_streams(compress: int) -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        with pytest.raises(RuntimeError, match="prepare"):
            web.broadcast([websocket], "too early")
        await websocket.prepare(request)
        websocket.send_limits = web.SendLimits(messages=3)
        assert websocket.send_limits.messages == 3
        text = await websocket.receive_str()
        await websocket.send_prepared(web.PreparedMessage(text))
        await websocket.send_stream([text, "!"])
        assert (await web.broadcast_wait([websocket], text)).sent == 1
        await websocket.flush()
        assert websocket.send_lag[:2] == (0, 0)
        assert await websocket.receive_bytes() == b"ab"
        async with websocket.receive_stream() as message:
            assert "".join([str(chunk) async for chunk in message]) == "cd"
        await websocket.send_stream(["e", "nd"])
        return websocket

    app = web.Application()
    app.add_routes([web.get("/", echo)])
    async with serving(app) as base, weft.ClientSession() as session:
        async with session.ws_connect(base, compress=compress) as websocket:
            websocket.send_limits = web.SendLimits(messages=3)
            assert websocket.send_limits.messages == 3
            await websocket.send_prepared(web.PreparedMessage("text"))
            assert [await websocket.receive_str() for _ in range(3)] == ["text", "text!", "text"]
            await websocket.flush()
            assert websocket.send_lag.messages == 0
            await websocket.send_stream([b"a", b"b"])
            await websocket.send_stream(["c", "d"])
            async with websocket.receive_stream() as message:
                assert "".join([str(chunk) async for chunk in message]) == "end"
            await websocket.close()
            with pytest.raises(weft.ClientConnectionResetError):
                await websocket.send_stream(["late"])
            with pytest.raises(weft.ClientConnectionResetError):
                await websocket.send_prepared(web.PreparedMessage("late"))
