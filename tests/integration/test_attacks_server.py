"""Clients that attack a server over real sockets, and what the server owes everyone else."""

import asyncio
import gc
import logging
import socket
import ssl
import struct
from json import JSONDecodeError

import pytest
import trustme
from support.clocks import MovedClock
from support.peers import raw_client
from support.programs import python_program
from support.serving import answer_to, get, last, post, serving, status_of, talking

from weft_web_server import (
    Application,
    AppRunner,
    Request,
    Response,
    StreamResponse,
    TCPSite,
    TestServer,
)
from weft_web_server.connection import Phase


def app_with(**handlers: object) -> Application:
    app = Application()
    for name, handler in handlers.items():
        app.router.add_route("*", f"/{name}", handler)  # type: ignore[arg-type]  # handlers
    return app


async def hello(request: Request) -> StreamResponse:
    return Response(text="hello")


async def echo(request: Request) -> StreamResponse:
    return Response(body=await request.read())


def trouble(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


# Pipelining.


async def test_answers_do_not_pile_up_for_a_client_that_only_asks() -> None:
    waiting: list[int] = []

    async def large(request: Request) -> StreamResponse:
        assert request.transport is not None
        waiting.append(request.transport.get_write_buffer_size())
        return Response(body=b"x" * 30_000)

    count = 400
    async with talking(app_with(large=large)) as peer:
        await peer.send(get("/large") * count)  # few enough bytes for one read
        for _ in range(count):
            _, body = await peer.read_response()
            assert len(body) == 30_000
    assert len(waiting) == count
    assert max(waiting) < 300_000


async def test_a_reset_between_two_pipelined_requests_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    has_begun, may_end, asked = asyncio.Event(), asyncio.Event(), 0

    async def slow(request: Request) -> StreamResponse:
        has_begun.set()
        await may_end.wait()
        return Response(text="slow")

    async def counted(request: Request) -> StreamResponse:
        nonlocal asked
        asked += 1
        return Response(text="counted")

    app = app_with(slow=slow, counted=counted)
    async with serving(app) as port:
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(get("/counted") * 3 + get("/slow") + get("/counted"))
        async with asyncio.timeout(10):
            await has_begun.wait()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        may_end.set()
        async with talking(app_with(hello=hello)) as other:  # some loop passes, and an answer
            await other.send(last("/hello"))
            await other.read_all()
    assert asked == 3
    assert trouble(caplog) == []


async def test_the_rest_of_a_pipelined_body_over_tls() -> None:
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> StreamResponse:
        has_begun.set()
        await may_end.wait()
        return Response(text="slow")

    runner = AppRunner(app_with(slow=slow, echo=echo), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await TCPSite(runner, "127.0.0.1", 0, ssl_context=ours).start()
        port = runner.addresses[0][1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=theirs, server_hostname="localhost"
        )
        head = get("/echo", "Content-Length: 3000", method="POST")
        writer.write(get("/slow") + head + b"a" * 1000)
        async with asyncio.timeout(10):
            await has_begun.wait()
            # A record of its own, which waits decrypted while the first answer does.
            writer.write(b"b" * 2000 + last("/slow"))
            await writer.drain()
            for _ in range(20):
                await asyncio.sleep(0)
            may_end.set()
            answers = await reader.read()
        writer.close()
    finally:
        await runner.cleanup()
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert b"a" * 1000 + b"b" * 2000 in answers


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_answers_before_one_that_is_cut_off_still_go_out(is_cancelled: bool) -> None:
    async def broken(request: Request) -> StreamResponse:
        if is_cancelled:
            raise asyncio.CancelledError
        response = StreamResponse()
        await response.prepare(request)
        raise RuntimeError("the handler has a fault")

    app = app_with(hello=hello, broken=broken)
    async with serving(app) as port:
        for _ in range(2):  # the second time, waiting tasks answer in the read itself
            async with raw_client(port) as peer:
                await peer.send(get("/hello") * 3 + get("/broken"))
                answer = await peer.read_all()
            assert answer.count(b"\r\n\r\nhello") == 3


async def test_a_client_that_is_gone_when_its_last_answer_goes_out_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> StreamResponse:
        has_begun.set()
        await may_end.wait()
        return Response(text="slow")

    async with serving(app_with(slow=slow, hello=hello)) as port:
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(last("/slow") + b"what is behind, so that the server stops reading")
        async with asyncio.timeout(10):
            await has_begun.wait()
        sock.close()
        may_end.set()
        async with raw_client(port) as other:  # some loop passes
            await other.send(last("/hello"))
            await other.read_all()
        gc.collect()
    assert trouble(caplog) == []


async def test_what_comes_in_place_of_a_body_that_was_not_asked_for_is_no_body() -> None:
    asked: list[str] = []

    async def unread(request: Request) -> StreamResponse:
        asked.append(request.path)
        return Response(text="unread")

    fields = ("Expect: 100-continue", "Content-Length: 1000")
    async with talking(app_with(unread=unread, other=unread)) as peer:
        await peer.send(get("/unread", *fields, method="POST"))
        head, _ = await peer.read_response()
        assert b"\r\nConnection: close\r\n" in head
        await peer.send(get("/other"))
        peer.send_eof()
        assert await peer.read_all() == b""
    assert asked == ["/unread"]


# A full server.


async def test_heads_that_never_end_keep_nobody_out() -> None:
    async with TestServer(app_with(hello=hello), access_log=None, max_connections=3) as server:
        async with (
            raw_client(server.port) as first,
            raw_client(server.port) as second,
            raw_client(server.port) as third,
        ):
            for peer in (first, second, third):
                await peer.send(get("/hello"))
                await peer.read_response()
            clock = MovedClock(server)
            for peer in (first, second, third):
                await peer.send(b"G")
            assert server.handler is not None
            async with asyncio.timeout(10):
                while {each.phase for each in server.handler.connections} != {Phase.HEAD}:  # noqa: ASYNC110  bytes set no event
                    await asyncio.sleep(0)
            async with raw_client(server.port) as late:
                await late.send(last("/hello"))
                clock.move(4)
                clock.move(2)
                assert (await late.read_all()).endswith(b"hello")
            assert await first.read_all() == b""
            await second.send(b"ET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
            assert (await second.read_response())[1] == b"hello"


# What a client says of itself.


@pytest.mark.parametrize(
    "sent",
    [
        get("http://[x]/url"),
        get("http://[::1/url"),
        get("http://a:99999/url"),
        b"GET /url HTTP/1.1\r\nHost: a:99999\r\n\r\n",
    ],
)
async def test_an_address_that_is_none(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def url(request: Request) -> StreamResponse:
        return Response(text=str(request.url))

    answer = await answer_to(app_with(url=url), sent)
    assert status_of(answer) == 400
    assert b"99999" not in answer and b"[" not in answer
    assert trouble(caplog) == []


TEXT = "Content-Type: text/plain"
JSON = "Content-Type: application/json"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"
NAMED = b'--b\r\nContent-Disposition: form-data; name="n"\r\n'


@pytest.mark.parametrize(
    ("path", "field", "body", "status"),
    [
        ("/text", TEXT, b"\xff", 400),
        ("/text", TEXT + "; charset=bogus", b"x", 415),
        ("/json", JSON, b"{", 400),
        ("/json", JSON, b"\xff", 400),
        ("/json", JSON, b"[" * 100_000, 400),
        ("/json", JSON, b"1" * 5_000, 400),
        ("/form", URLENCODED + "; charset=bogus", b"a=%ff", 415),
        ("/form", MULTIPART, b"--b\r\n\r\nno name\r\n--b--\r\n", 400),
        ("/form", MULTIPART, NAMED + b"\r\n\xff\r\n--b--\r\n", 400),
        (
            "/form",
            MULTIPART,
            NAMED + b"Content-Type: text/plain; charset=bogus\r\n\r\nx\r\n--b--\r\n",
            415,
        ),
    ],
)
async def test_content_that_cannot_be_read_is_the_clients_fault(
    path: str, field: str, body: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def text(request: Request) -> StreamResponse:
        return Response(text=await request.text())

    async def json(request: Request) -> StreamResponse:
        return Response(text=repr(await request.json()))

    async def form(request: Request) -> StreamResponse:
        return Response(text=repr(await request.post()))

    app = app_with(text=text, json=json, form=form)
    assert status_of(await answer_to(app, post(path, body, field))) == status
    assert trouble(caplog) == []


async def test_json_that_cannot_be_read_is_raised_as_ever() -> None:
    async def json(request: Request) -> StreamResponse:
        with pytest.raises(JSONDecodeError) as caught:
            await request.json()
        return Response(text=str(caught.value.pos))

    answer = await answer_to(app_with(json=json), post("/json", b"[1,", JSON))
    assert answer.endswith(b"\r\n\r\n3")


# The end.


async def test_a_request_on_its_way_when_the_server_ends_is_answered() -> None:
    runner = AppRunner(app_with(hello=hello), access_log=None)
    await runner.setup()
    await TCPSite(runner, "127.0.0.1", 0).start()
    async with raw_client(runner.addresses[0][1]) as peer:
        await peer.send(get("/hello"))
        assert (await peer.read_response())[1] == b"hello"
        ending = asyncio.create_task(runner.cleanup())
        await asyncio.sleep(0)  # the server has begun to end, and nobody knows it yet
        await peer.send(get("/hello"))
        answer = await peer.read_all()
        await ending
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nhello")


HANGING = """
import asyncio
from weft_web_server import Application, Response, run_app

async def hang(request):
    print("asked", flush=True)
    await asyncio.sleep(60)

async def ending(app):
    print("ending", flush=True)

app = Application()
app.router.add_get("/", hang)
app.on_shutdown.append(ending)
run_app(app, host="127.0.0.1", port=0, access_log=None)
"""


async def test_a_second_interrupt_ends_at_once_and_says_nothing() -> None:
    async with python_program("-c", HANGING) as program:
        line = await program.line_with("Running on")
        port = int(line.split(":")[2].split()[0])
        async with raw_client(port) as peer:
            await program.line_with("quit")
            await peer.send(get("/"))
            await program.line_with("asked")
            program.interrupt()
            await program.line_with("ending")
            program.interrupt()
            code, printed = await program.end()
    assert code == 0
    assert printed.endswith("ending")
