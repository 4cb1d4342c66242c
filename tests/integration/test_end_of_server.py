"""How a server ends: in order, at once on a second signal, and with no accepted request lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import pytest
from support.peers import RawPeer, raw_client
from support.programs import Program, python_program
from support.serving import get, status_of

from weft_web_server import (
    Application,
    AppRunner,
    Request,
    Response,
    StreamResponse,
    TCPSite,
    WebSocketResponse,
)

PROGRAM = """
    import asyncio
    from weft_web_server import Application, Response, run_app

    async def hello(request):
        return Response(text="hello")

    async def nap(request):
        await asyncio.sleep(0.02)
        return Response(text="hello")

    async def stay(request):
        print("staying", flush=True)
        await asyncio.sleep(1000)

    async def stubborn(request):
        print("staying", flush=True)
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                pass

    async def context(app):
        yield
        print("cleaned up", flush=True)

    app = Application()
    for handler in (hello, nap, stay, stubborn):
        app.router.add_get(f"/{handler.__name__}", handler)
    app.cleanup_ctx.append(context)
    run_app(app, host="127.0.0.1", port=0, access_log=None, backlog=1024, OPTIONS,
            print=lambda *args: print(*args, flush=True))
    print("returned", flush=True)
"""
LOOPS = ["asyncio", "uvloop"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program.py"


def write_program(path: Path, options: str) -> str:
    path.write_text(dedent(PROGRAM).replace("OPTIONS", options))
    return str(path)


async def port_of(running: Program) -> int:
    line = await running.line_with("Running on")
    await running.line_with("Press CTRL+C")
    return int(line.rsplit(":", 1)[1].split()[0])


# In order.


async def test_the_order() -> None:
    """That of aiohttp: no new clients; idle ones closed; on_shutdown; handlers; the rest; clean-up."""
    told: list[str] = []
    started, go_on = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> StreamResponse:
        started.set()
        await request.shutting_down
        told.append("handler told")
        await go_on.wait()
        told.append("handler done")
        return Response(text="done")

    async def hello(request: Request) -> StreamResponse:
        return Response(text="hello")

    async def shutdown(app: Application) -> None:
        told.append("on_shutdown")
        assert await idle.read_all() == b""  # closed by now
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        go_on.set()

    async def context(app: Application) -> AsyncIterator[None]:
        yield
        told.append("clean-up")

    app = Application()
    app.router.add_get("/wait", wait)
    app.router.add_get("/", hello)
    app.on_shutdown.append(shutdown)
    app.cleanup_ctx.append(context)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site.port
    async with raw_client(port) as idle, raw_client(port) as busy:
        await idle.send(get())
        assert b"Connection" not in (await idle.read_response())[0]
        await busy.send(get("/wait"))
        await started.wait()
        await runner.cleanup()
        head, body = await busy.read_response()
        assert b"\r\nConnection: close\r\n" in head and body == b"done"
    assert told == ["handler told", "on_shutdown", "handler done", "clean-up"]


async def test_a_stream_and_a_websocket_are_told() -> None:
    async def events(request: Request) -> StreamResponse:
        response = StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        assert not request.shutting_down
        await request.shutting_down.wait()
        assert request.shutting_down
        await response.write(b"last")
        return response

    async def talk(request: Request) -> StreamResponse:
        ws = WebSocketResponse()
        await ws.prepare(request)
        async for _ in ws:
            pass
        return ws

    app = Application()
    app.router.add_get("/events", events)
    app.router.add_get("/talk", talk)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with raw_client(site.port) as stream, raw_client(site.port) as ws:
        await stream.send(get("/events"))
        assert (await stream.read_until(b"first\r\n")).startswith(b"HTTP/1.1 200")
        await ws.send(
            get(
                "/talk",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            )
        )
        assert status_of(await ws.read_until()) == 101
        ending = asyncio.create_task(runner.cleanup())
        assert await stream.read_all() == b"4\r\nlast\r\n0\r\n\r\n"
        opcode, size, *code = await ws.read(4)
        assert (opcode, code) == (0x88, [0x03, 0xE9])  # 1001, going away
        await ws.read(size - 2)
        await ws.send(b"\x88\x82\0\0\0\0\x03\xe9")
        assert await ws.read_all() == b""
        await ending


async def test_who_waits_to_be_accepted_is_answered() -> None:
    """A client in the backlog has a connection already; a closed socket would reset it."""

    async def hello(request: Request) -> StreamResponse:
        return Response(text="hello")

    app = Application()
    app.router.add_get("/", hello)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peers = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(3)]
    (listener,) = site._listeners
    listener._look_away()  # the loop is busy with other things
    late = [asyncio.open_connection("127.0.0.1", site.port) for _ in range(5)]
    peers += await asyncio.gather(*late)
    for _, writer in peers:
        writer.write(get())
    await runner.cleanup()
    for reader, writer in peers:
        assert (await RawPeer(reader, writer).read_all()).endswith(b"hello")
        writer.close()
        await writer.wait_closed()


async def test_a_head_that_has_begun_is_a_request_on_its_way() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def hello(request: Request) -> StreamResponse:
        started.set()
        await go_on.wait()
        return Response(text="hello")

    app = Application()
    app.router.add_get("/", hello)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with raw_client(site.port) as slow, raw_client(site.port) as busy:
        await busy.send(get())
        await started.wait()
        await slow.send(get()[:10])
        ending = asyncio.create_task(runner.cleanup())
        async with asyncio.timeout(5):
            while site in runner.sites:  # noqa: ASYNC110  stopping sets no event
                await asyncio.sleep(0)
        await slow.send(get()[10:])
        go_on.set()
        assert (await slow.read_all()).endswith(b"hello")
        await ending


# Signals.


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("path", ["/stay", "/stubborn"])
async def test_a_second_signal_ends_at_once(program: Path, loop: str, path: str) -> None:
    async with python_program(write_program(program, f"loop={loop!r}")) as running:
        port = await port_of(running)
        async with raw_client(port) as peer:
            await peer.send(get(path))
            await running.line_with("staying")
            running.terminate()
            # The listening socket is closed: the first signal is at work.
            async with asyncio.timeout(10):
                while True:
                    try:
                        async with raw_client(port):
                            await asyncio.sleep(0.01)
                    except OSError:
                        break
            since = time.monotonic()
            running.interrupt()
            code, printed = await running.end()
            assert time.monotonic() - since < 10  # not the 60 s of a shutdown, by far
    assert code == 0, printed
    assert "cleaned up" in printed and "returned" in printed


# Under load.


class Load:
    """Clients that ask all the time, and note what became of each request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answered = 0
        self.lost: list[str] = []

    async def ask_on(self, path: str) -> None:
        """Over one connection after another, each as long as the server keeps it."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                return  # it takes in nobody any more, and so has accepted nothing
            peer = RawPeer(reader, writer)
            try:
                await self._ask_over(peer, path)
            except (OSError, asyncio.IncompleteReadError) as exc:
                self.lost.append(f"after {self.answered} answers: {exc!r}")
                return
            finally:
                await peer.close()

    async def _ask_over(self, peer: RawPeer, path: str) -> None:
        while True:
            await peer.send(get(path))
            head, body = await peer.read_response()
            assert body == b"hello"
            self.answered += 1
            if b"connection: close" in head.lower():
                return


async def end_under_load(script: str, clients: int) -> Load:
    """Start a server, put load on it, terminate it."""
    async with python_program(script) as running:
        load = Load(await port_of(running))
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(load.ask_on("/nap" if number % 2 else "/hello"))
            async with asyncio.timeout(10):
                while load.answered < clients * 5:  # noqa: ASYNC110  answers set no event
                    await asyncio.sleep(0.01)
            running.terminate()
        code, printed = await running.end()
    assert code == 0 and "Traceback" not in printed, printed
    return load


@pytest.mark.parametrize("loop", LOOPS)
async def test_no_accepted_request_is_lost(program: Path, loop: str) -> None:
    script = write_program(program, f"loop={loop!r}")
    for _ in range(2):
        load = await end_under_load(script, 30)
        assert not load.lost
