"""What a type checker knows about websocket messages. Checked, never run."""

from typing import assert_type

from weft_websocket import WebSocketStream, WSMsgType


async def talk(stream: WebSocketStream) -> None:
    message = await stream.receive(timeout=1.0)
    assert_type(message.type, WSMsgType)
    assert_type(message.extra, str | None)
    await stream.send_text("text")
    await stream.send_binary("text")  # type: ignore[arg-type]  # bytes, not text
    assert_type(await stream.close(), bool)
    assert_type(stream.close_code, int | None)
    async for one in stream:
        assert_type(one.type, WSMsgType)
