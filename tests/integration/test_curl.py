"""curl, a client nobody here wrote, and raw bytes against the running demo."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.programs import python_program

BOARD = str(Path(__file__).parents[2] / "docs" / "examples" / "board")
JSON = "Content-Type: application/json"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[str]:
    """The address of the demo, started as a user starts it."""
    store = f"--store={tmp_path / 'notes.sqlite3'}"
    async with python_program(BOARD, "--port=0", store) as program:
        line = await program.line_with("Board on ")
        await program.line_with("All well")
        yield line.split()[-1]
        program.interrupt()
        code, printed = await program.end()
        assert code == 0, printed
        assert "Traceback" not in printed


async def curl(*arguments: str, sends: bytes = b"") -> str:
    """Run curl and return what it prints; fails with curl's own message."""
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--max-time", "20", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(sends)
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def talk(address: str, sent: bytes) -> bytes:
    """Send raw bytes on a connection of its own and read until the server closes."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(sent)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_get(board: str) -> None:
    page = await curl("--include", f"{board}/")
    assert page.startswith("HTTP/1.1 200 OK\r\n")
    assert "<!doctype html>" in page.lower()
    assert await curl(f"{board}/api/notes") == "[]"


async def test_post(board: str) -> None:
    answer = await curl(
        "--include", "--header", JSON, "--data", '{"text": "from curl"}', f"{board}/api/notes"
    )
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 201 Created\r\n")
    note = json.loads(body)
    assert note["text"] == "from curl"
    assert json.loads(await curl(f"{board}/api/notes/{note['id']}")) == note


async def test_head_has_the_fields_of_get_and_no_body(board: str) -> None:
    head = await curl("--head", f"{board}/api/notes")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "content-length: 2\r\n" in head.lower()
    assert head.endswith("\r\n\r\n")


async def test_not_found(board: str) -> None:
    assert (await curl("--include", f"{board}/nowhere")).startswith("HTTP/1.1 404 Not Found\r\n")


async def test_method_not_allowed_names_the_allowed(board: str) -> None:
    answer = await curl("--include", "--request", "PUT", f"{board}/api/notes")
    assert answer.startswith("HTTP/1.1 405 Method Not Allowed\r\n")
    assert "\r\nallow: get,head,post\r\n" in answer.lower()


async def test_chunked_upload(board: str) -> None:
    answer = await curl(
        *("--header", JSON, "--header", "Transfer-Encoding: chunked", "--data-binary", "@-"),
        f"{board}/api/notes",
        sends=b'{"text": "in chunks"}',
    )
    assert json.loads(answer)["text"] == "in chunks"


async def test_keep_alive_serves_several_requests_on_one_connection(board: str) -> None:
    answer = await curl("--write-out", "%{num_connects} ", *[f"{board}/api/notes"] * 3)
    assert answer == "[]1 []0 []0 "


async def test_expect_100_continue(board: str) -> None:
    answer = await curl(
        *("--include", "--header", JSON, "--header", "Expect: 100-continue"),
        *("--expect100-timeout", "15", "--data", '{"text": "after 100"}'),
        f"{board}/api/notes",
    )
    assert answer.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")


async def test_body_over_the_limit(board: str) -> None:
    answer = await curl(
        *("--include", "--header", JSON, "--data-binary", "@-", f"{board}/api/notes"),
        sends=b'{"text": "' + b"x" * 40_000 + b'"}',
    )
    assert answer.startswith(("HTTP/1.1 413 ", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 "))


async def test_pipelined_requests_are_answered_in_order(board: str) -> None:
    get = b"GET %b HTTP/1.1\r\nHost: board\r\n%b\r\n"
    answer = await talk(
        board,
        get % (b"/api/notes", b"")
        + get % (b"/nowhere", b"")
        + get % (b"/api/notes", b"Connection: close\r\n"),
    )
    starts = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert starts == [b"200", b"404", b"200"]


async def test_malformed_request_is_refused_and_the_connection_closed(board: str) -> None:
    answer = await talk(board, b"GET / HTTP/1.1\r\nHost : board\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nconnection: close\r\n" in answer.lower()


async def test_over_long_request_line_and_head_are_refused(board: str) -> None:
    line = await talk(board, b"GET /" + b"a" * 9000)
    assert line.startswith(b"HTTP/1.1 414 ")
    fields = b"".join(b"X-%d: 1\r\n" % number for number in range(200))
    head = await talk(board, b"GET / HTTP/1.1\r\nHost: board\r\n" + fields + b"\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
