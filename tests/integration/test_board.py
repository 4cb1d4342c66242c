"""The demo, docs/examples/board: as a program, and its API over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.programs import python_program

import app as board
from weft import ClientSession, ClientWebSocketResponse, WSCloseCode, WSMsgType, web

BOARD = str(Path(board.__file__).parent)

STEPS = ["page", "script", "listen", "post", "live", "read", "not found", "bad input", "delete"]


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[ClientSession]:
    """A client of a board served in this process."""
    runner = web.AppRunner(board.create_app(tmp_path / "notes.sqlite3"))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


async def post(session: ClientSession, text: object) -> tuple[int, dict[str, object]]:
    async with session.post("/api/notes", json={"text": text}) as response:
        return response.status, await response.json()


async def hear(page: ClientWebSocketResponse) -> dict[str, object]:
    message: dict[str, object] = await page.receive_json(timeout=10)
    return message


# As a program


async def test_the_selfcheck_passes_and_ends_the_program_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "new" / "notes.sqlite3"
    async with python_program(BOARD, "--once", "--port=0", f"--store={path}") as program:
        code, printed = await program.end()
    assert code == 0, printed
    lines = printed.splitlines()
    assert [line[4:15].strip() for line in lines if line.startswith("  ✓ ")] == STEPS
    assert lines[0].startswith("Board on http://127.0.0.1:")
    assert lines[1] == f"Notes in {path}"
    assert lines[-1] == "Store closed."
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("way", ["interrupt", "terminate"])
async def test_a_signal_shuts_down_in_order(tmp_path: Path, way: str) -> None:
    arguments = (BOARD, "--port=0", f"--store={tmp_path / 'notes.sqlite3'}")
    async with python_program(*arguments) as program, ClientSession() as session:
        url = (await program.line_with("Board on")).removeprefix("Board on ")
        await program.line_with("Ctrl-C stops")
        async with session.ws_connect(f"{url}/ws") as page:
            assert (await hear(page))["type"] == "board"
            getattr(program, way)()
            goodbye = await page.receive(timeout=10)
            assert (goodbye.type, goodbye.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
        code, printed = await program.end()
    assert code == 0, printed
    assert printed.splitlines()[-3:] == [
        "Stopping.",
        "Live connections closed: 1.",
        "Store closed.",
    ]


async def test_notes_survive_a_restart(tmp_path: Path) -> None:
    arguments = (BOARD, "--port=0", f"--store={tmp_path / 'notes.sqlite3'}")
    async with ClientSession() as session:
        async with python_program(*arguments) as program:
            url = (await program.line_with("Board on")).removeprefix("Board on ")
            await program.line_with("Ctrl-C stops")
            async with session.post(f"{url}/api/notes", json={"text": "stay"}) as response:
                number = (await response.json())["id"]
        async with python_program(*arguments) as program:  # the first was killed, not stopped
            url = (await program.line_with("Board on")).removeprefix("Board on ")
            await program.line_with("Ctrl-C stops")
            async with session.get(f"{url}/api/notes/{number}") as response:
                assert (await response.json())["text"] == "stay"


async def test_a_port_in_use_gives_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        store = tmp_path / "notes.sqlite3"
        async with python_program(BOARD, f"--port={port}", f"--store={store}") as program:
            code, printed = await program.end()
    assert (code, printed) == (
        1,
        f"board: port {port} is in use; choose another with --port, or 0 for any free one",
    )


async def test_a_file_that_is_no_store_gives_one_line_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear SQLite, " * 100)
    async with python_program(BOARD, "--once", "--port=0", f"--store={path}") as program:
        code, printed = await program.end()
    assert code == 1
    assert printed == (
        f"board: cannot keep notes in {path}: file is not a database; "
        "choose another file with --store"
    )
    assert path.read_text() == "Dear SQLite, " * 100


async def test_a_failed_step_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    program_text = (
        "import sys; sys.argv[0] = 'board'\n"
        f"sys.path.insert(0, {BOARD!r})\n"
        "import app, runpy\n"
        "app.MAX_TEXT = 3\n"  # the self-check's note is longer
        f"runpy.run_path({BOARD!r}, run_name='__main__')\n"
    )
    store = tmp_path / "notes.sqlite3"
    async with python_program("-c", program_text, "--port=0", f"--store={store}") as program:
        code, printed = await program.end()
    assert code == 1
    assert "  ✗ post       StepFailed: status: saw 400, wanted 201" in printed.splitlines()
    assert "The self-check failed, stopping." in printed


# The API


async def test_a_note_is_posted_read_listed_and_removed(session: ClientSession) -> None:
    async with session.post("/api/notes", json={"text": "  one\n"}) as response:
        assert response.status == 201
        note = await response.json()
        assert response.headers["Location"] == f"/api/notes/{note['id']}"
    assert note["text"] == "one"
    async with session.get(f"/api/notes/{note['id']}") as response:
        assert await response.json() == note
    await post(session, "two")
    async with session.get("/api/notes") as response:
        assert [each["text"] for each in await response.json()] == ["two", "one"]
    async with session.delete(f"/api/notes/{note['id']}") as response:
        assert (response.status, await response.read()) == (204, b"")
    async with session.get(f"/api/notes/{note['id']}") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 10_000,
        b"[]",
        b"null",
        b'{"text": 5}',
        b'{"text": " \\n"}',
        b'{"text": "\\ud800"}',
        json.dumps({"text": "x" * 501}).encode(),
    ],
    ids=lambda body: repr(body[:16]),
)
async def test_a_bad_note_is_answered_400_in_json(session: ClientSession, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with session.post("/api/notes", data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_a_form_of_another_site_cannot_post(session: ClientSession) -> None:
    async with session.post("/api/notes", data={"text": "spam"}) as response:
        assert response.status == 415


async def test_a_body_that_is_too_large_is_refused(session: ClientSession) -> None:
    status, answer = await post(session, "x" * 20_000)
    assert status == 413 and answer["error"]


@pytest.mark.parametrize("number", ["0", "99", "9" * 18, "9" * 19, "9" * 5000])
async def test_a_number_without_a_note_is_404_in_json(session: ClientSession, number: str) -> None:
    for method in ("GET", "DELETE"):
        async with session.request(method, f"/api/notes/{number}") as response:
            assert response.status == 404
            assert (await response.json())["error"].startswith("there is no note")


async def test_a_wrong_method_names_the_right_ones(session: ClientSession) -> None:
    async with session.put("/api/notes", json={}) as response:
        assert response.status == 405
        assert set(response.headers["Allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
        assert response.content_type == "application/json"


async def test_the_page_runs_only_its_own_scripts(session: ClientSession) -> None:
    async with session.get("/") as response:
        assert response.content_type == "text/html"
        assert response.headers["Content-Security-Policy"] == "default-src 'self'"
        assert "http://" not in (await response.text())
    async with session.get("/static/../app.py") as response:
        assert response.status == 404


# Live updates


async def test_every_page_hears_of_a_change(session: ClientSession) -> None:
    await post(session, "before")
    async with session.ws_connect("/ws") as one, session.ws_connect("/ws") as two:
        for page in (one, two):
            board_now = await hear(page)
            assert board_now["type"] == "board"
            assert [note["text"] for note in board_now["notes"]] == ["before"]  # type: ignore[attr-defined]  # JSON
        _, note = await post(session, "after")
        for page in (one, two):
            assert await hear(page) == {"type": "added", "id": note["id"], "note": note}
        await session.delete(f"/api/notes/{note['id']}")
        for page in (one, two):
            assert await hear(page) == {"type": "removed", "id": note["id"]}


async def test_a_page_of_another_site_cannot_listen(session: ClientSession) -> None:
    async with session.get("/ws", headers={"Origin": "https://elsewhere.example"}) as response:
        assert response.status == 403


async def test_a_page_that_fell_behind_gets_the_whole_board(tmp_path: Path) -> None:
    from live import EVERYTHING, OUTBOX_SIZE, LiveFeed

    async def everything() -> dict[str, object]:
        return {"type": "board"}

    feed = LiveFeed(everything)
    outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX_SIZE)
    feed._outboxes[web.WebSocketResponse()] = outbox
    for number in range(OUTBOX_SIZE):
        feed.publish({"id": number})
    assert outbox.full()
    feed.publish({"id": "one too many"})
    assert [outbox.get_nowait() for _ in range(outbox.qsize())] == [EVERYTHING]
