"""The two programs of the how-to pages, run as printed: their size, and what peers get from them."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.peers import RawPeer, raw_client, raw_server
from support.programs import PATIENCE_SECONDS, python_program

PAGES = Path(__file__).resolve().parents[2] / "docs/how-to"
CURL = shutil.which("curl")

needs_curl = pytest.mark.skipif(CURL is None, reason="curl is not installed")


def printed(page: str) -> str:
    """The program of a page."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", (PAGES / page).read_text(), re.M | re.S)
    return str(text)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def running(page: str, folder: Path, behind: int = 0) -> AsyncIterator[int]:
    """The program of a page on a free port; it ends well when it is interrupted."""
    port = free_port()
    script = folder / f"{page}.py"
    script.write_text(printed(page).replace("8080", str(port)).replace("8081", str(behind)))
    async with python_program("-X", "dev", "-W", "error", "-u", str(script)) as program:
        await program.line_with(str(port))
        yield port
        program.interrupt()
        code, output = await program.end()
        assert (code, output) == (0, f"http://127.0.0.1:{port}")


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[int]:
    """The proxy in front of the server."""
    async with running("plain-socket.md", folder) as behind:
        async with running("proxy.md", folder, behind) as port:
            yield port


async def curl(port: int, *arguments: str) -> tuple[str, str]:
    """The heads and the body that curl gets."""
    assert CURL is not None  # see needs_curl
    process = await asyncio.create_subprocess_exec(
        CURL,
        "--silent",
        "--max-time",
        str(PATIENCE_SECONDS),
        "--noproxy",
        "*",
        "--dump-header",
        "/dev/stderr",
        *arguments,
        f"http://127.0.0.1:{port}/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # With libasan in it, curl waits for ever for a lock of glibc before it reads its options.
        env={name: text for name, text in os.environ.items() if name != "LD_PRELOAD"},
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            body, heads = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, heads
    return heads.decode(), body.decode()


async def exchange(port: int, data: bytes) -> bytes:
    """What comes for these bytes until the other side closes."""
    async with raw_client(port) as peer:
        await peer.send(data)
        peer.send_eof()
        return await peer.read_all()


@pytest.mark.parametrize("page", ["plain-socket.md", "proxy.md"])
def test_the_programs_are_small_and_use_this_package_alone(page: str) -> None:
    text = printed(page)
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) <= 100
    assert set(re.findall(r"weft\w*", text)) == {"weft_http_parser"}


# The server.


@needs_curl
async def test_the_server_answers_curl(tmp_path: Path) -> None:
    async with running("plain-socket.md", tmp_path) as port:
        heads, body = await curl(port)
        assert heads.startswith("HTTP/1.1 200 OK\r\nDate: ") and body == "hello\n"
        assert (await curl(port, "-d", "text"))[1] == "text"
        heads, body = await curl(port, "--head")
        assert "Content-Length: 6\r\n" in heads and body == heads  # curl shows the head for it
        heads, body = await curl(port, "-d", "text", "-H", "Expect: 100-continue")
        assert heads.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert heads.count("100 Continue") == 1 and body == "text"
        chunked = ("-H", "Transfer-Encoding: chunked")
        large = tmp_path / "large"
        large.write_text("x" * 300_000)
        assert (await curl(port, *chunked, "-d", f"@{large}"))[1] == "x" * 300_000
        large.write_bytes(bytes(2_000_000))
        for more in ((), chunked):
            heads, _ = await curl(port, *more, "--data-binary", f"@{large}")
            assert "HTTP/1.1 413 " in heads
        assert (await curl(port, "-X", "BREW"))[0].startswith("HTTP/1.1 501 Not Implemented")
        assert "Connection: close" in (await curl(port, "--http1.0"))[0]


async def test_the_server_answers_http_client(tmp_path: Path) -> None:
    def talk(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/")
        first = connection.sock
        assert connection.getresponse().read() == b"hello\n"
        connection.request("POST", "/", body=iter([b"in ", b"chunks"]), encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"in chunks")
        connection.request("HEAD", "/")
        assert connection.getresponse().read() == b""
        assert connection.sock is first  # all on one connection
        connection.close()

    async with running("plain-socket.md", tmp_path) as port:
        await asyncio.to_thread(talk, port)


async def test_the_server_answers_what_is_sent_ahead_and_stops_at_a_fault(tmp_path: Path) -> None:
    get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    async with running("plain-socket.md", tmp_path) as port:
        answer = await exchange(port, get + post + get)
        assert re.findall(rb"\r\n\r\n(hello|abc)", answer) == [b"hello", b"abc", b"hello"]
        answer = await exchange(port, get + b"GET / HTTP/1.1\nHost: a\n\n" + get)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"400"]
        assert answer.endswith(b"Connection: close\r\n\r\nLF without CR\n")
        smuggled = (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
        )
        answer = await exchange(port, smuggled + b"\r\n0\r\n\r\n" + get)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"]
        assert b" 400 " in await exchange(port, post[:-1])  # the end comes too early
        assert await exchange(port, b"") == b""
        async with raw_client(port) as peer:
            await peer.send_split(get + post)
            assert (await peer.read_response())[1] == b"hello\n"
            assert (await peer.read_response())[1] == b"abc"


async def test_the_server_says_continue_once(tmp_path: Path) -> None:
    head = (
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with running("plain-socket.md", tmp_path) as port, raw_client(port) as peer:
        await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + head)
        assert (await peer.read_response())[1] == b"hello\n"
        assert await peer.read_until() == b"HTTP/1.1 100 Continue\r\n\r\n"
        for byte in b"3\r\nabc\r\n0\r\n\r\n":
            await peer.send(bytes([byte]))
        head_of_answer, body = await peer.read_response()
        assert head_of_answer.startswith(b"HTTP/1.1 200 OK\r\n") and body == b"abc"


# The proxy.


@needs_curl
async def test_the_proxy_between_curl_and_the_server(tmp_path: Path) -> None:
    async with proxied(tmp_path) as port:
        heads, body = await curl(port)
        assert heads.startswith("HTTP/1.1 200 OK\r\n") and body == "hello\n"
        assert "Via: 1.1 small-proxy\r\n" in heads and heads.count("Connection: close\r\n") == 1
        assert (await curl(port, "-d", "text"))[1] == "text"
        heads, body = await curl(port, "--head")
        assert "Content-Length: 6\r\n" in heads and body == heads  # curl shows the head for it
        large = "x" * 500_000
        file = tmp_path / "large"
        file.write_text(large)
        send = ("--data-binary", f"@{file}")
        assert (await curl(port, *send))[1] == large
        assert (await curl(port, "-H", "Transfer-Encoding: chunked", *send))[1] == large
        heads, body = await curl(port, "-d", "text", "-H", "Expect: 100-continue")
        assert heads.count("HTTP/1.1 100 Continue\r\n") == 1 and body == "text"
        assert "HTTP/1.1 505 " in (await curl(port, "--http1.0"))[0]


class Behind:
    """A server behind the proxy that keeps the request and answers with these bytes."""

    def __init__(self, answer: bytes, *, end: bytes = b"\r\n\r\n") -> None:
        self.answer = answer
        self.end = end
        self.asked = b""

    async def __call__(self, peer: RawPeer) -> None:
        self.asked = await peer.read_until(self.end)
        await peer.send(self.answer)


async def through(behind: Behind, folder: Path, request: bytes) -> bytes:
    """What a client of the proxy gets."""
    async with raw_server(behind) as upstream, running("proxy.md", folder, upstream) as port:
        async with raw_client(port) as peer:
            await peer.send(request)
            return await peer.read_all()


GET = b"GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_fields_of_one_connection_do_not_pass(tmp_path: Path) -> None:
    behind = Behind(
        b"HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nKeep-Alive: timeout=5\r\n"
        b"X-Hop: 1\r\nX-End: 2\r\nVia: 1.0 other\r\nContent-Length: 2, 2\r\n\r\nok"
    )
    request = (
        b"GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: close , X-Mine\r\nX-Mine: 1\r\n"
        b"TE: trailers\r\nX-Else: 2\r\nCookie: c\r\nUpgrade: h2c\r\n\r\n"
    )
    answer = await through(behind, tmp_path, request)
    assert behind.asked == (
        b"GET /a?b HTTP/1.1\r\nHost: a\r\nX-Else: 2\r\nCookie: c\r\nVia: 1.1 small-proxy\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert answer == (
        b"HTTP/1.1 200 OK\r\nX-End: 2\r\nVia: 1.0 other\r\nVia: 1.1 small-proxy\r\n"
        b"Connection: close\r\nContent-Length: 2\r\n\r\nok"
    )


async def test_interim_responses_and_trailers_pass(tmp_path: Path) -> None:
    behind = Behind(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
        end=b"X-Sent: 2\r\n\r\n",
    )
    request = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1;a=b\r\na\r\n2\r\nbc\r\n0\r\nX-Sent: 2\r\n\r\n"
    )
    answer = await through(behind, tmp_path, request)
    assert behind.asked.endswith(
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sent: 2\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n")
    assert answer.endswith(b"chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")


async def test_a_body_until_the_end_gets_chunks(tmp_path: Path) -> None:
    behind = Behind(b"HTTP/1.0 200 OK\r\n\r\nall of it")
    answer = await through(behind, tmp_path, GET)
    assert b"Via: 1.0 small-proxy\r\n" in answer
    assert answer.endswith(b"Transfer-Encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        b"SSH-2.0-x\r\n",
    ],
)
async def test_a_bad_answer_from_behind_is_a_bad_gateway(bad: bytes, tmp_path: Path) -> None:
    answer = await through(Behind(bad), tmp_path, GET)
    assert answer == b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"


async def test_nothing_behind_is_a_bad_gateway(tmp_path: Path) -> None:
    async with running("proxy.md", tmp_path, free_port()) as port:
        assert (await exchange(port, GET)).startswith(b"HTTP/1.1 502 ")


async def test_an_answer_that_breaks_off_is_cut_short(tmp_path: Path) -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
    answer = await through(Behind(chunks), tmp_path, GET)
    assert answer.endswith(b"\r\n\r\n2\r\nok\r\n")


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(fields: bytes, tmp_path: Path) -> None:
    behind = Behind(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", end=b"GET /smuggled")
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    request = b"POST / HTTP/1.1\r\nHost: a\r\n" + fields + smuggled
    answer = await through(behind, tmp_path, request)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) in ([b"400"], [b"501"])
    assert behind.asked == b""


async def test_a_trailer_that_would_frame_a_message_does_not_pass(tmp_path: Path) -> None:
    behind = Behind(b"HTTP/1.1 204 No Content\r\n\r\n", end=b"Content-Length: 30")
    request = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\nContent-Length: 30\r\n\r\n"
    )
    answer = await through(behind, tmp_path, request)
    assert answer.startswith(b"HTTP/1.1 500 ") and behind.asked == b""


async def test_a_length_that_the_connection_field_names_is_made_anew(tmp_path: Path) -> None:
    behind = Behind(b"HTTP/1.1 204 No Content\r\n\r\n", end=b"\r\n\r\nabc")
    request = (
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 3\r\n\r\nabc"
    )
    assert b"HTTP/1.1 204 " in await through(behind, tmp_path, request + GET)
    assert behind.asked.count(b"Content-Length: 3\r\n") == 1
    assert b"/a?b" not in behind.asked


async def test_a_host_that_the_connection_field_names_passes(tmp_path: Path) -> None:
    behind = Behind(b"HTTP/1.1 204 No Content\r\n\r\n")
    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n"
    assert b"HTTP/1.1 204 " in await through(behind, tmp_path, request)
    assert behind.asked.count(b"Host: a\r\n") == 1
