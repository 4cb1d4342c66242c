"""One connection: what bytes mean between requests, and how it ends.

Most of it is in `tests/integration/test_server.py`, over real sockets; here is what depends on the
order of loop passes.
"""

import asyncio
import logging

import pytest
from support.serving import answer_to, get, last, status_of, talking

from weft_web_server import Application, Request, Response, StreamResponse


def app_with(handler, client_max_size: int = 1_048_576) -> Application:  # type: ignore[no-untyped-def]  # any handler
    app = Application(client_max_size=client_max_size)
    app.router.add_route("*", "/", handler)
    return app


async def hello(request: Request) -> StreamResponse:
    return Response(text="hello")


async def test_pipelined_answers_go_out_in_one_write() -> None:
    async with talking(app_with(hello)) as peer:
        await peer.send(get())
        await peer.read_response()
        await peer.send(get() * 16)
        first = await peer.reader.read(100_000)
        assert first.count(b"HTTP/1.1 200 OK") == 16


async def test_reading_stops_while_a_request_waits() -> None:
    go_on = asyncio.Event()
    seen: list[bool] = []

    async def slow(request: Request) -> StreamResponse:
        await go_on.wait()
        seen.append(request.transport is not None and request.transport.is_reading())
        return Response()

    async with talking(app_with(slow)) as peer:
        await peer.send(get() * 3)
        await asyncio.sleep(0.01)
        go_on.set()
        for _ in range(3):
            await peer.read_response()
        await peer.send(last())
        assert status_of(await peer.read_all()) == 200
    assert (seen[0], seen[-1]) == (False, True)


async def test_end_of_the_clients_side_while_streaming() -> None:
    go_on = asyncio.Event()

    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        await go_on.wait()
        await response.write(b"end")
        return response

    async with talking(app_with(stream)) as peer:
        await peer.send(get())
        await peer.read_until()
        peer.send_eof()
        await asyncio.sleep(0.01)
        go_on.set()
        assert await peer.read_all() == b"3\r\nend\r\n0\r\n\r\n"


async def test_fault_behind_a_request_that_is_being_answered() -> None:
    go_on = asyncio.Event()

    async def slow(request: Request) -> StreamResponse:
        await go_on.wait()
        return Response(text="good")

    async with talking(app_with(slow)) as peer:
        await peer.send(get() + b"BAD\r\n\r\n")
        go_on.set()
        assert (await peer.read_response())[1] == b"good"
        assert status_of(await peer.read_all()) == 400


async def test_body_that_arrives_while_the_handler_works() -> None:
    started = asyncio.Event()

    async def reader(request: Request) -> StreamResponse:
        started.set()
        return Response(body=await request.read())

    async with talking(app_with(reader)) as peer:
        await peer.send(get("/", "Content-Length: 300000", method="POST"))
        await started.wait()
        await peer.send(b"x" * 300_000)
        assert (await peer.read_response())[1] == b"x" * 300_000
        await peer.send(last())
        assert status_of(await peer.read_all()) == 200


async def test_slow_reader_holds_the_client_back() -> None:
    go_on = asyncio.Event()
    held: list[bool] = []

    async def reader(request: Request) -> StreamResponse:
        await request.content.readany()
        await go_on.wait()
        assert request.transport is not None
        held.append(not request.transport.is_reading())
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
        return Response(text=str(size))

    async with talking(app_with(reader, client_max_size=0)) as peer:
        await peer.send(get("/", "Content-Length: 2000000", method="POST"))
        sending = asyncio.create_task(peer.send(b"x" * 2_000_000))
        await asyncio.sleep(0.05)
        go_on.set()
        await sending
        assert int((await peer.read_response())[1]) > 1_500_000
    assert held == [True]


@pytest.mark.parametrize("answers_before", [False, True])
async def test_cancelled_handler_cuts_the_connection(answers_before: bool) -> None:
    async def give_up(request: Request) -> StreamResponse:
        if answers_before:
            await StreamResponse().prepare(request)
        raise asyncio.CancelledError

    async with talking(app_with(give_up)) as peer:
        await peer.send(get())
        try:
            answer = await peer.read_all()
        except ConnectionResetError:
            answer = b""
        assert not answer.endswith(b"0\r\n\r\n")


async def test_what_is_refused_leaves_a_line_without_its_bytes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "weft.server"):
        assert status_of(await answer_to(app_with(hello), b"SECRET\r\n\r\n")) == 400
    (line,) = (line for line in caplog.messages if "refused" in line)
    assert "127.0.0.1" in line and "400, invalid method" in line and "SECRET" not in line
