"""What a handler learns of a client that goes away, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop
from support.peers import RawPeer, raw_client
from support.serving import get, serving, status_of, talking

from weft_web_server import (
    Application,
    DisconnectPolicy,
    Handler,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    group,
    post,
)
from weft_web_server import get as get_route


def app_with(handler: Handler, options: RouteOptions | None = None) -> Application:
    app = Application()
    app.router.add_route("*", "/", handler, options=options)
    return app


async def leave(peer: RawPeer) -> None:
    await peer.close()


async def reset(peer: RawPeer) -> None:
    peer.reset()


async def half_close(peer: RawPeer) -> None:
    peer.send_eof()


@pytest.mark.parametrize("go", [leave, reset, half_close])
async def test_disconnected_ends_when_the_client_goes(
    go: Callable[[RawPeer], Awaitable[None]],
) -> None:
    is_waiting, is_over = asyncio.Event(), asyncio.Event()
    seen: list[object] = []

    async def handler(request: Request) -> StreamResponse:
        assert not request.disconnected
        others = [asyncio.create_task(request.disconnected.wait()) for _ in range(3)]
        others[0].cancel()
        is_waiting.set()
        await request.disconnected
        await request.disconnected  # as often as anyone likes
        seen.append(bool(request.disconnected))
        seen.append(await asyncio.gather(*others[1:]))
        is_over.set()
        return Response(text="late")

    async with serving(app_with(handler)) as port, raw_client(port) as peer:
        await peer.send(get("/"))
        await is_waiting.wait()
        await go(peer)
        await is_over.wait()
        if go is half_close:
            assert (await peer.read_response())[1] == b"late"
    assert seen == [True, [None, None]]


async def test_a_task_may_wait_for_it_beyond_the_answer() -> None:
    is_told = asyncio.Event()

    async def watch(request: Request) -> None:
        await request.disconnected
        is_told.set()

    async def handler(request: Request) -> StreamResponse:
        request.app.tasks.create_task(watch(request))
        return Response(text="x")

    async with talking(app_with(handler)) as peer:
        for _ in range(2):
            await peer.send(get("/"))
            await peer.read_response()
        assert not is_told.is_set()
        await peer.close()
        await is_told.wait()


async def test_it_is_known_at_once_of_one_who_went_before() -> None:
    is_over = asyncio.Event()

    async def handler(request: Request) -> StreamResponse:
        await request.protocol.wait_closed()
        await request.disconnected  # asked for only now
        is_over.set()
        return Response()

    async with talking(app_with(handler)) as peer:
        await peer.send(get("/"))
        peer.reset()
        await is_over.wait()


class Watched:
    """A handler that waits, then writes, and tells what it saw."""

    def __init__(self) -> None:
        self.is_waiting = asyncio.Event()
        self.is_over = asyncio.Event()
        self.seen: list[str] = []

    async def __call__(self, request: Request) -> StreamResponse:
        self.is_waiting.set()
        try:
            await request.protocol.wait_closed()
            response = StreamResponse()
            await response.prepare(request)
            for _ in range(3):
                await response.write(b"x" * 100_000)
                await response.drain()
            await response.write_eof()
            self.seen.append("went on")
            return response
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise
        except ConnectionResetError:
            self.seen.append("told")
            raise
        finally:
            self.is_over.set()


@pytest.mark.parametrize(
    ("options", "server", "seen"),
    [
        (None, False, "told"),
        (None, True, "cancelled"),
        (RouteOptions(disconnect="cancel"), False, "cancelled"),
        (RouteOptions(disconnect=DisconnectPolicy.NOTIFY), True, "told"),
        (RouteOptions(disconnect="shield"), True, "went on"),
        (RouteOptions(disconnect="shield"), False, "went on"),
        (RouteOptions(handler_cancellation=True), False, "cancelled"),
        (RouteOptions(handler_cancellation=False), True, "told"),
    ],
)
async def test_policies(
    options: RouteOptions | None, server: bool, seen: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched()
    app = app_with(watched, options)
    async with serving(app, handler_cancellation=server) as port, raw_client(port) as peer:
        await peer.send(get("/"))
        await watched.is_waiting.wait()
        peer.reset()
        await watched.is_over.wait()
    assert watched.seen == [seen]
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


@pytest.mark.parametrize("is_coded", [True, False])
async def test_a_shield_while_the_answer_is_under_way(is_coded: bool) -> None:
    is_started, is_over = asyncio.Event(), asyncio.Event()
    seen: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        response = StreamResponse()
        if is_coded:
            response.enable_compression(True)
        await response.prepare(request)
        await response.write(b"first")
        is_started.set()
        # The buffers fill, and the client goes away while this waits.
        for _ in range(300):
            await response.write(b"x" * 100_000)
        await response.write_eof()
        seen.append("went on")
        is_over.set()
        return response

    app = app_with(handler, RouteOptions(disconnect="shield"))
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get("/"))
        await is_started.wait()
        peer.reset()
        await is_over.wait()
    assert seen == ["went on"]


async def test_a_shield_drops_whole_answers_and_payloads(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def produce() -> Any:
        yield b"piece"

    for body in ("text", None):
        is_waiting, is_over = asyncio.Event(), asyncio.Event()

        async def handler(
            request: Request,
            body: str | None = body,
            is_waiting: asyncio.Event = is_waiting,
            is_over: asyncio.Event = is_over,
        ) -> StreamResponse:
            is_waiting.set()
            await request.protocol.wait_closed()
            is_over.set()
            return Response(text=body) if body else Response(body=produce())

        app = app_with(handler, RouteOptions(disconnect="shield"))
        async with serving(app) as port, raw_client(port) as peer:
            await peer.send(get("/"))
            await is_waiting.wait()
            peer.reset()
            await is_over.wait()
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


def test_options() -> None:
    assert RouteOptions().policy is None
    with pytest.raises(ValueError, match="'cancel', 'notify', 'shield'"):
        RouteOptions(disconnect="ignore")
    with pytest.raises(ValueError, match="give one of them"):
        RouteOptions(disconnect="cancel", handler_cancellation=True)
    outer = RouteOptions(handler_cancellation=True)
    assert RouteOptions(disconnect="shield").over(outer).policy is DisconnectPolicy.SHIELD
    assert RouteOptions(timeout=1).over(outer).policy is DisconnectPolicy.CANCEL
    inner = RouteOptions(handler_cancellation=False)
    assert inner.over(RouteOptions(disconnect="shield")).policy is DisconnectPolicy.NOTIFY


async def test_a_group_has_a_policy() -> None:
    watched = Watched()
    app = Application()
    routes = [get_route("/", watched), post("/", watched)]
    app.add_routes([group("", routes, options=RouteOptions(disconnect="cancel"))])
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get("/"))
        await watched.is_waiting.wait()
        peer.reset()
        await watched.is_over.wait()
    assert watched.seen == ["cancelled"]


async def test_a_client_that_half_closes_has_its_answer() -> None:
    async def handler(request: Request) -> StreamResponse:
        return Response(text="whole")

    async with talking(app_with(handler)) as peer:
        await peer.send(get("/"))
        peer.send_eof()
        head, body = await peer.read_response()
        assert status_of(head) == 200 and body == b"whole"


def test_on_uvloop() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for go in (leave, reset, half_close):
            runner.run(test_disconnected_ends_when_the_client_goes(go))
        runner.run(test_a_task_may_wait_for_it_beyond_the_answer())
        runner.run(test_it_is_known_at_once_of_one_who_went_before())
        for is_coded in (True, False):
            runner.run(test_a_shield_while_the_answer_is_under_way(is_coded))


async def leave_behind(port: int, sent: bytes, go: Callable[[RawPeer], Awaitable[None]]) -> None:
    """Have a handler begin, leave bytes that it does not read, go, and wait for what it learns."""
    has_begun, has_ended = asyncio.Event(), asyncio.Event()
    key = str(len(BEHIND))
    BEHIND[key] = has_begun, has_ended
    async with raw_client(port) as peer, asyncio.timeout(10):
        await peer.send(sent.replace(b"KEY", key.encode(), 1))
        await has_begun.wait()
        await go(peer)
        await has_ended.wait()


BEHIND: dict[str, tuple[asyncio.Event, asyncio.Event]] = {}


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_a_client_that_goes_while_its_bytes_wait(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def watch(request: Request) -> StreamResponse:
        has_begun, has_ended = BEHIND[request.query_string]
        has_begun.set()
        await request.disconnected
        has_ended.set()
        return Response()

    async def stay(request: Request) -> StreamResponse:
        has_begun, has_ended = BEHIND[request.query_string]
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            has_ended.set()
        return Response()

    async def scenario() -> None:
        app = Application()
        app.router.add_route("*", "/watch", watch)
        app.router.add_route("*", "/stay", stay, options=RouteOptions(disconnect="cancel"))
        body = b"x" * 400_000  # more than is taken in for a handler that reads nothing
        async with serving(app) as port, asyncio.TaskGroup() as clients:
            for path in ("/watch?KEY", "/stay?KEY"):
                with_body = get(path, "Content-Length: 500000", method="POST") + body
                for sent in (get(path) + get("/"), with_body):
                    for go in (leave, reset, half_close):
                        clients.create_task(leave_behind(port, sent, go))

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(scenario())
