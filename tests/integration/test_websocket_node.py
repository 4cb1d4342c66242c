"""Node against our server, by raw frames on its `http` and by the WebSocket that it brings; and our
client against a server on Node's `http`."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.echoing import LEAVING, End, echoing

from weft import ClientSession, WSMsgType, WSServerHandshakeError

NODE = shutil.which("node") or shutil.which("nodejs")
SCRIPTS = Path(__file__).parent.parent / "support" / "scripts"
FLAG = "--experimental-websocket"  # before 22, where it became the default

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def flags_of_websocket() -> list[str] | None:
    """What gives this Node a WebSocket of its own, or None."""
    for flags in ([], [FLAG]):
        told = subprocess.run(
            [str(NODE), *flags, "--print", "typeof WebSocket"], capture_output=True, text=True
        )
        if told.stdout.strip() == "function":
            return flags
    return None


async def run_node(*arguments: str) -> str:
    """What the script printed; fails with what it complained of."""
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return printed.decode()


async def test_raw_frames() -> None:
    async with echoing() as server:
        printed = await run_node(str(SCRIPTS / "raw_websocket.mjs"), server.url("")[:-1])
        assert printed == "good\n"
        assert {await server.end() for _ in range(8)} == {
            End(WSMsgType.CLOSE, "", 1000),
            End(WSMsgType.CLOSE, "", 0),
            End(WSMsgType.CLOSE, "genug 𝄞", 4999),
            End(WSMsgType.CLOSED, "", LEAVING[0]),
            End(WSMsgType.CLOSE, "leaving", 1001),
            End(WSMsgType.ERROR, "message too big", 1009),
            End(WSMsgType.ERROR, "client frame not masked (RFC 6455 5.1)", 1002),
            End(WSMsgType.ERROR, "text is not UTF-8 (RFC 6455 8.1)", 1007),
        }


async def test_its_own_websocket() -> None:
    flags = flags_of_websocket()
    if flags is None:
        pytest.skip("this node has no WebSocket")
    script = str(SCRIPTS / "own_websocket.mjs")
    async with echoing() as server:
        printed = await run_node(*flags, "--no-warnings", script, server.url("")[:-1])
        assert printed.endswith("good\n")
        is_offered = "permessage-deflate" in server.offers[0]  # by newer ones
        assert ("extensions: permessage-deflate" in printed) is is_offered
        assert bool(server.compressions[0]) is is_offered
        assert {await server.end() for _ in range(4)} == {
            End(WSMsgType.CLOSE, "genug 𝄞", 3001),
            End(WSMsgType.CLOSED, "", LEAVING[0]),
            End(WSMsgType.CLOSE, "", 0),
            End(WSMsgType.ERROR, "message too big", 1009),
        }


@asynccontextmanager
async def node_server() -> AsyncIterator[int]:
    """The port of a server on Node's `http`, which must not have complained at the end."""
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(SCRIPTS / "raw_server.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # made with a pipe
    try:
        async with asyncio.timeout(20):
            yield int(await process.stdout.readline())
            _, complaint = await process.communicate(b"")  # the end of its input ends it
            assert process.returncode == 0, complaint.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.parametrize("compress", [0, 15])
async def test_a_client_of_a_server_on_node(compress: int) -> None:
    async with node_server() as port, ClientSession() as session:
        url = f"ws://127.0.0.1:{port}/"
        async with session.ws_connect(url, compress=compress) as ws:
            assert bool(ws.compress) is bool(compress)
            for size in (0, 5, 125, 126, 65_535, 65_536, 1_000_000):
                await ws.send_str("ä" * size)
                assert await ws.receive_str() == "ä" * size
                await ws.send_bytes(b"\x00\xff" * size)
                assert await ws.receive_bytes() == b"\x00\xff" * size
            await ws.send_stream(["in ", "three ", "parts"])
            async with ws.receive_stream() as message:
                text = "".join([str(chunk) async for chunk in message])
            assert text == "in three parts"
            assert await (await ws.ping()) >= 0
            await ws.send_str("close 4321 genug𝄞")
            message_of_end = await ws.receive()
            assert message_of_end == (WSMsgType.CLOSE, 4321, "genug𝄞")
            assert ws.closed
        ws = await session.ws_connect(url)
        assert await ws.close(code=3000, message=b"bye") is True
        assert (ws.close_code, ws.close_reason) == (3000, "bye")
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(url + "refused")
        assert (caught.value.status, caught.value.body) == (403, b"because")
