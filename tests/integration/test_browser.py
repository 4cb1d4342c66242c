"""The demo's page in a real browser: two tabs of one board."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.browser import Browser, browser, missing
from support.programs import Program, python_program

import app as board

BOARD = str(Path(board.__file__).parent)
LIVE = "document.getElementById('status').dataset.state === 'live'"
TEXTS = "[...document.querySelectorAll('#notes .text')].map((node) => node.textContent)"

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncIterator[Browser]:
    async with browser(tmp_path / "profile") as started:
        yield started


async def start(program: Program) -> str:
    """Wait until the board serves; its address."""
    url = (await program.line_with("Board on")).removeprefix("Board on ")
    await program.line_with("Ctrl-C stops")
    return url


async def test_a_note_posted_in_one_tab_appears_in_the_other(
    chromium: Browser, tmp_path: Path
) -> None:
    store = f"--store={tmp_path / 'notes.sqlite3'}"
    async with python_program(BOARD, "--port=0", store) as program:
        url = await start(program)
        one, two = await chromium.first_tab(), await chromium.new_tab()
        for tab in (one, two):
            await tab.open(url)
            await tab.wait_for(LIVE)
        text = "<b>Milk</b> & bread"
        await one.type("#text", text)
        await one.click("#write button")
        await two.wait_for("document.querySelectorAll('#notes li').length === 1")
        assert await two.run(f"return {TEXTS}") == [text]
        assert await two.run("return document.querySelectorAll('#notes b').length") == 0
        await one.wait_for("document.getElementById('text').value === ''")
        if folder := os.environ.get("WEFT_SCREENSHOTS"):
            Path(folder, "board.png").write_bytes(await two.screenshot())  # noqa: ASYNC240
        await two.click("#notes .remove")
        await one.wait_for("document.querySelectorAll('#notes li').length === 0")


async def test_the_page_shows_what_went_wrong(chromium: Browser, tmp_path: Path) -> None:
    store = f"--store={tmp_path / 'notes.sqlite3'}"
    async with python_program(BOARD, "--port=0", store) as program:
        tab = await chromium.first_tab()
        await tab.open(await start(program))
        await tab.wait_for(LIVE)
        await tab.type("#text", " ")
        await tab.click("#write button")
        await tab.wait_for("!document.getElementById('problem').hidden")
        said = await tab.run("return document.getElementById('problem').textContent")
        assert said == "a note needs some text"


async def test_the_page_connects_again_after_a_restart(chromium: Browser, tmp_path: Path) -> None:
    store = f"--store={tmp_path / 'notes.sqlite3'}"
    tab = await chromium.first_tab()
    async with python_program(BOARD, "--port=0", store) as program:
        url = await start(program)
        await tab.open(url)
        await tab.wait_for(LIVE)
        program.interrupt()
        assert (await program.end())[0] == 0
    await tab.wait_for("document.getElementById('status').dataset.state === 'lost'")
    port = url.rpartition(":")[2]
    async with python_program(BOARD, f"--port={port}", store) as program:
        await start(program)
        await tab.wait_for(LIVE)
