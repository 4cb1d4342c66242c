import asyncio
import gzip
import logging
import math
import resource
import socket
from typing import Any

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, post, serving, status_of, talking

from weft_web_server import (
    Application,
    Bounds,
    Deadlines,
    Handler,
    Request,
    Response,
    RouteOptions,
    ServerOptions,
    StreamResponse,
    settings,
)
from weft_web_server.settings import count_allowed, to_options


def test_defaults() -> None:
    deadlines = Deadlines()
    assert (deadlines.head, deadlines.keep_alive, deadlines.body) == (30, 75, 30)
    assert (deadlines.body_grace, deadlines.body_rate) == (10, 240)
    assert (deadlines.linger, deadlines.write, deadlines.handler) == (5, 60, 0)
    assert (deadlines.tls_handshake, deadlines.tls_shutdown) == (10, 1)
    bounds = Bounds()
    assert bounds.max_connections is None  # four fifths of what the system allows
    assert (bounds.max_concurrent_requests, bounds.max_requests_per_connection) == (0, 0)
    assert bounds.fault_lines_per_second == 10
    assert to_options() == ServerOptions()
    assert ServerOptions().bounds.linger_size == 256 * 1024
    assert ServerOptions().request_limits.body_size == 1024 * 1024


def test_keywords_of_aiohttp() -> None:
    options = to_options(
        keepalive_timeout=1,
        lingering_time=2,
        max_line_size=3,
        max_field_size=4,
        max_headers=5,
        auto_decompress=False,
        read_bufsize=1,
    )
    assert (options.deadlines.keep_alive, options.deadlines.linger) == (1, 2)
    assert (options.limits.line, options.limits.field, options.limits.fields) == (3, 4, 5)
    assert not options.auto_decompress


def test_unknown_keyword() -> None:
    with pytest.raises(TypeError, match="no option 'nonsense'"):
        to_options(nonsense=1)


def test_a_keyword_goes_before_a_group() -> None:
    options = to_options(
        deadlines=Deadlines(head=1, keep_alive=2),
        bounds=Bounds(linger_size=3, max_connections=4),
        keepalive_timeout=5,
        max_connections=6,
    )
    assert (options.deadlines.head, options.deadlines.keep_alive) == (1, 5)
    assert (options.bounds.linger_size, options.bounds.max_connections) == (3, 6)


def test_a_group_stays_where_no_keyword_says_otherwise() -> None:
    deadlines = Deadlines(keep_alive=2)
    assert to_options(deadlines=deadlines).deadlines is deadlines


@pytest.mark.parametrize("value", [-1, math.nan])
def test_deadlines_are_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match=r"Deadlines\.head is .*not negative"):
        Deadlines(head=value)


def test_deadlines_are_numbers() -> None:
    with pytest.raises(TypeError, match=r"give seconds, math\.inf for never"):
        Deadlines(body=None)  # type: ignore[arg-type]  # the mistake under test
    assert Deadlines(body=math.inf).body == math.inf


@pytest.mark.parametrize("value", [-1, 1.5, "many"])
def test_bounds_are_whole_numbers(value: Any) -> None:
    with pytest.raises(ValueError, match=r"max_connections is .*whole number"):
        to_options(max_connections=value)


def test_deadlines_of_a_route() -> None:
    deadlines = Deadlines(body=1, body_rate=2)
    assert deadlines.of_route(RouteOptions(timeout=5)) is deadlines
    own = deadlines.of_route(RouteOptions(body_timeout=3))
    assert (own.body, own.body_rate) == (3, 2)
    own = deadlines.of_route(RouteOptions(body_timeout=0, body_rate=0))
    assert (own.body, own.body_rate) == (math.inf, 0)


@pytest.mark.parametrize(
    ("soft", "allowed"), [(1, 1), (100, 80), (1024, 819), (resource.RLIM_INFINITY, math.inf)]
)
def test_four_fifths_of_the_descriptors(
    monkeypatch: pytest.MonkeyPatch, soft: int, allowed: float
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, soft))
    assert count_allowed(None) == allowed
    assert (count_allowed(0), count_allowed(7)) == (math.inf, 7)


def test_a_system_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "resource", None)
    assert count_allowed(None) == math.inf


def test_what_only_aiohttp_has_is_named() -> None:
    with pytest.raises(TypeError, match="no option 'request_factory'"):
        to_options(request_factory=print)


# Settings at work that no other file is about.


def app_with(handler: Handler) -> Application:
    app = Application()
    app.router.add_route("*", "/", handler)
    return app


async def ignore(request: Request) -> StreamResponse:
    return Response(text="not read")


@pytest.mark.parametrize("wanted", [True, False])
async def test_tcp_keepalive(wanted: bool) -> None:
    async def tell(request: Request) -> StreamResponse:
        sock = request.get_extra_info("socket")
        is_on = bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        return Response(text=str(is_on))

    answer = await answer_to(app_with(tell), last(), tcp_keepalive=wanted)
    assert body_of(answer) == str(wanted).encode()


@pytest.mark.parametrize("wanted", [True, False])
async def test_auto_decompress(wanted: bool) -> None:
    async def echo(request: Request) -> StreamResponse:
        return Response(body=await request.read())

    sent = gzip.compress(b"packed")
    answer = await answer_to(
        app_with(echo), post("/", sent, "Content-Encoding: gzip"), auto_decompress=wanted
    )
    assert body_of(answer) == (b"packed" if wanted else sent)


@pytest.mark.parametrize(("linger_size", "goes_on"), [(6_000, True), (4_999, False)])
async def test_linger_size_bounds_what_is_read_for_nobody(linger_size: int, goes_on: bool) -> None:
    bounds, deadlines = Bounds(linger_size=linger_size), Deadlines(linger=math.inf)
    async with talking(app_with(ignore), bounds=bounds, deadlines=deadlines) as peer:
        await peer.send(get("/", "Content-Length: 6000", method="POST"))
        assert (await peer.read_response())[1] == b"not read"
        await peer.send(b"x" * 5000)
        if goes_on:
            await peer.send(b"x" * 1000 + last())
            assert body_of(await peer.read_all()) == b"not read"
        else:
            assert await peer.read_all() == b""


async def test_linger_size_bounds_what_is_read_behind_the_last_answer() -> None:
    transports: list[asyncio.BaseTransport] = []

    async def note(request: Request) -> StreamResponse:
        assert request.transport is not None
        transports.append(request.transport)
        return Response(text="not read")

    bounds, deadlines = Bounds(linger_size=5_000), Deadlines(linger=math.inf)
    async with talking(app_with(note), bounds=bounds, deadlines=deadlines) as peer:
        await peer.send(last("/", "Content-Length: 9000", method="POST"))
        assert body_of(await peer.read_all()) == b"not read"
        assert not transports[0].is_closing()  # a reset could destroy the answer
        await peer.send(b"x" * 5000)
        async with asyncio.timeout(10):
            while not transports[0].is_closing():  # noqa: ASYNC110  no event tells it
                await asyncio.sleep(0)


@pytest.mark.parametrize(("told", "lines"), [(0, 0), (1000, 3)])
async def test_fault_lines(told: int, lines: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "weft.server"):
        async with serving(Application(), bounds=Bounds(fault_lines_per_second=told)) as port:
            for _ in range(3):
                async with raw_client(port) as peer:
                    await peer.send(b"no request\r\n\r\n")
                    assert status_of(await peer.read_all()) == 400
    faults = [each for each in caplog.records if each.levelno == logging.DEBUG]
    assert len([each for each in faults if each.name == "weft.server"]) == lines
