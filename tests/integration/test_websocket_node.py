"""Node against our server: a websocket of raw frames on its `http`, and the one that it brings."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from support.echoing import LEAVING, End, echoing

from weft import WSMsgType

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
