"""Chromium's WebSocket against our server; it offers compression always."""

from pathlib import Path

import pytest
from support.browser import browser, missing
from support.echoing import LEAVING, End, echoing

from weft import WSMsgType

SCRIPT = Path(__file__).parent.parent / "support" / "scripts" / "page_websocket.js"
ENDS = {
    "echo": End(WSMsgType.CLOSE, "genug 𝄞", 3001),
    "leave": End(WSMsgType.CLOSED, "", LEAVING[0]),
    "ask": End(WSMsgType.CLOSE, "", 0),
    "small": End(WSMsgType.ERROR, "message too big", 1009),
}

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


async def test_page(tmp_path: Path) -> None:
    """One browser for all: starting it takes longer than everything that follows."""
    async with echoing() as server, browser(tmp_path / "profile") as chromium:
        tab = await chromium.first_tab()
        await tab.open(server.url("page", scheme="http"))

        async def run(name: str) -> object:
            script = SCRIPT.read_text()  # small
            return await tab.run(f"{script}\nreturn run({server.url('')[:-1]!r}, {name!r});")

        for name, end in ENDS.items():
            assert await run(name) == "good"
            assert await server.end() == end
        assert server.offers == ["permessage-deflate; client_max_window_bits"] * 2
        assert all(server.compressions)
        assert await run("stranger") == "good"
