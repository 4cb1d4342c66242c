"""What docs/how-to/migrate.md says of names, the server and tests: where weft is not aiohttp."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

import weft
from weft import test_utils, web
from weft.test_utils import TestClient, TestServer


async def raw_answer(server: TestServer, request: bytes) -> bytes:
    """What the server sends for these bytes until it closes."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(request)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_response_serves_many_requests() -> None:
    shared = web.Response(text="again", headers={"X-Kept": "yes"})

    async def handler(request: web.Request) -> web.Response:
        return shared

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        for _ in range(3):
            async with client.get("/") as response:
                assert (await response.text(), response.headers["X-Kept"]) == ("again", "yes")
    assert "Date" not in shared.headers


async def test_an_http_error_is_an_exception_that_describes_a_response() -> None:
    error = web.HTTPNotFound(text="not here", headers={"X-Why": "gone"})
    assert not isinstance(error, web.StreamResponse)
    assert (error.status, error.text, error.headers["X-Why"]) == (404, "not here", "gone")


async def test_returning_an_http_error_works_and_warns() -> None:
    async def handler(request: web.Request) -> web.HTTPNotFound:
        return web.HTTPNotFound(text="not here")

    app = web.Application()
    app.router.add_get("/", handler)  # type: ignore[arg-type]  # what the test is about
    async with TestClient(TestServer(app)) as client:
        with pytest.warns(DeprecationWarning, match="raise it"):
            async with client.get("/") as response:
                assert (response.status, await response.text()) == (404, "not here")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: secret\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/2.0\r\nHost: secret\r\n\r\n", b"505"),
        (b"GET / HTTP/1.1\r\nHost: secret\r\nsecret : secret\r\n\r\n", b"400"),
    ],
    ids=["line", "field", "fields", "version", "field name"],
)
async def test_a_bad_request_gets_a_status_that_fits_and_no_echo(
    request_bytes: bytes, status: bytes
) -> None:
    async with TestServer(web.Application()) as server:
        answer = await raw_answer(server, request_bytes)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"secret" not in answer and b"aaaa" not in answer


async def test_every_answer_says_the_version_of_the_server() -> None:
    async with TestServer(web.Application()) as server:
        answer = await raw_answer(server, b"GET / HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("body", [b"ab", b"abcd"])
async def test_a_body_of_another_length_ends_the_connection(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "3"})
        await response.prepare(request)
        await response.write(body)
        return response

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(TestServer(app)) as client:
        with pytest.raises(weft.ClientError):
            async with client.get("/") as response:
                await response.read()
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert record.exc_info and record.exc_info[0] is RuntimeError


async def test_the_access_log_counts_the_body(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="12345")

    app = web.Application()
    app.router.add_get("/", handler)
    with caplog.at_level(logging.INFO, "weft.access"):
        async with TestClient(TestServer(app, access_log_format="%s %b")) as client:
            await client.get("/")
    assert caplog.messages == ["200 5"]


@pytest.mark.parametrize("make", [web.Application, web.Response])
def test_values_go_under_keys(make: type[web.Application | web.Response]) -> None:
    with pytest.raises(AttributeError):
        make().mine = 1  # type: ignore[union-attr]  # what the test is about


async def test_a_file_is_closed_with_the_answer_that_it_was_sent_in(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    answered: list[BinaryIO] = []
    kept = web.Response(body=path.open("rb"))

    async def handler(request: web.Request) -> web.Response:
        if await request.read() != b"12345":
            return kept
        answered.append(path.open("rb"))
        return web.Response(body=answered[-1])

    app = web.Application()
    app.router.add_route("*", "/", handler)
    async with TestClient(TestServer(app)) as client:
        sent = path.open("rb")
        async with client.post("/", data=sent) as response:
            assert await response.read() == b"12345"
        del response
        for _ in range(2):
            async with client.get("/") as response:
                assert await response.read() == b"12345"  # aiohttp sends a Response once
    gc.collect()
    assert answered[0].closed and sent.closed
    await kept.body.close()  # type: ignore[union-attr]  # a file's payload


async def test_any_method_can_be_routed() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.method)

    app = web.Application()
    app.router.add_route("BREW", "/", handler)
    async with TestClient(TestServer(app)) as client:
        assert await (await client.request("BREW", "/")).text() == "BREW"
        response = await client.request("STIR", "/")
        assert (response.status, response.headers["Allow"]) == (405, "BREW")


async def test_the_server_does_not_tell_versions() -> None:
    async with TestClient(TestServer(web.Application())) as client:
        assert (await client.get("/")).headers["Server"] == "weft"


def test_an_address_in_use_ends_run_app_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = (
            f"from weft import web; web.run_app(web.Application(), host='127.0.0.1', port={port})"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert str(port) in line and "in use" in line


@pytest.mark.parametrize("name", ["message", "loop", "writer"])
def test_a_request_has_no_inner_parts(name: str) -> None:
    assert not hasattr(web.Request, name)


def test_deprecated_names_are_not_there() -> None:
    assert not hasattr(weft, "streamer")
    assert not hasattr(web.Application, "make_handler")
    assert not hasattr(test_utils, "make_mocked_request")
    with pytest.raises(TypeError):
        weft.ClientSession(request_class=object)  # type: ignore[call-arg]  # what the test is about
