"""Large files over real sockets, on both loops, with and without TLS."""

import asyncio
import contextlib
import hashlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Coroutine
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop
from support.peers import RawPeer, raw_client
from support.serving import get, last, serving

from weft_http_parser import Link, LinkLost
from weft_web_server import (
    Application,
    AppRunner,
    Deadlines,
    FileResponse,
    Request,
    RouteOptions,
    StreamResponse,
    TCPSite,
    file_sending,
)
from weft_web_server.exchange import Exchange
from weft_web_server.file_cache import FileShrunk
from weft_web_server.file_sending import KernelOutlet, can_bypass

LOOPS: list[Any] = [
    pytest.param(asyncio.new_event_loop, id="asyncio"),
    pytest.param(uvloop.new_event_loop, id="uvloop"),
]
SIZE = 5_000_003
Scenario = Callable[[], Coroutine[Any, Any, None]]
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(SIZE))
    return path


def app_for(path: Path, **options: Any) -> Application:
    async def handler(request: Request) -> StreamResponse:
        return FileResponse(path)

    app = Application()
    app.router.add_get("/", handler, **options)
    return app


def run(factory: LoopFactory, scenario: Scenario) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(scenario())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much each call of sendfile took, that of the system still being made."""
    counts: list[int] = []
    real = os.sendfile

    def sendfile(out: int, source: int, start: int, count: int) -> int:
        sent = real(out, source, start, count)
        counts.append(sent)
        return sent

    monkeypatch.setattr(os, "sendfile", sendfile)
    return counts


async def is_answered(peer: RawPeer, path: Path, start: int = 0, stop: int = SIZE) -> None:
    await peer.send(get("/", f"Range: bytes={start}-{stop - 1}") if start else get())
    head = await peer.read_until()
    assert f"Content-Length: {stop - start}\r\n".encode() in head
    digest = hashlib.sha256(await peer.read(stop - start)).digest()
    assert digest == hashlib.sha256(content_of(path)[start:stop]).digest()


def content_of(path: Path) -> bytes:
    return path.read_bytes()


@pytest.mark.parametrize("factory", LOOPS)
def test_the_kernel_sends(factory: LoopFactory, large: Path, counted: list[int]) -> None:
    async def scenario() -> None:
        async with serving(app_for(large)) as port, raw_client(port) as peer:
            for start in (0, 7, 4_000_000):
                await is_answered(peer, large, start)

    run(factory, scenario)
    assert sum(counted) > SIZE  # most of it


@pytest.mark.parametrize("factory", LOOPS)
@pytest.mark.parametrize("by_kernel", [True, False])
def test_parts(
    factory: LoopFactory,
    by_kernel: bool,
    large: Path,
    counted: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(file_sending, "_CAN_SEND_FILES", by_kernel)

    async def scenario() -> None:
        async with serving(app_for(large)) as port, raw_client(port) as peer:
            await peer.send(get("/", "Range: bytes=10-900009,1000000-1900000,4000000-"))
            head, body = await peer.read_response()
            boundary = head.partition(b"boundary=")[2].partition(b"\r\n")[0]
            pieces = body.split(b"--" + boundary)[1:-1]
            content = content_of(large)
            spans = ((10, 900_010), (1_000_000, 1_900_001), (4_000_000, SIZE))
            for piece, span in zip(pieces, spans, strict=True):
                assert piece.partition(b"\r\n\r\n")[2] == content[slice(*span)] + b"\r\n"
            await is_answered(peer, large)

    run(factory, scenario)
    assert bool(counted) is by_kernel


@pytest.mark.parametrize("factory", LOOPS)
@pytest.mark.parametrize("how", ["tls", "no sendfile", "cold", "other files"])
def test_where_the_kernel_cannot(
    factory: LoopFactory,
    how: str,
    large: Path,
    counted: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context: ssl.SSLContext | None = None
    client: ssl.SSLContext | None = None
    if how == "tls":
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        client = ssl.create_default_context()
        authority.configure_trust(client)
    elif how == "no sendfile":
        monkeypatch.setattr(file_sending, "_CAN_SEND_FILES", False)
    elif how == "cold":
        monkeypatch.setattr(file_sending, "read_at_once", lambda file, at, size: None)
    else:

        def refuse(*args: Any) -> int:
            raise OSError(22, "Invalid argument")

        monkeypatch.setattr(os, "sendfile", refuse)

    async def scenario() -> None:
        runner = AppRunner(app_for(large), access_log=None)
        await runner.setup()
        await TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        async with raw_client(runner.addresses[0][1], tls=client) as peer:
            for _ in range(2):
                await is_answered(peer, large)
        await runner.cleanup()

    run(factory, scenario)
    assert not counted


async def reading_slowly(port: int, path: Path) -> None:
    """A client with a small window that reads a little at a time."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, last())
        received = bytearray()
        while block := await loop.sock_recv(sock, 50_000):
            received += block
            await asyncio.sleep(0)
    assert bytes(received).partition(b"\r\n\r\n")[2] == content_of(path)


@pytest.mark.parametrize("factory", LOOPS)
def test_slow_readers(factory: LoopFactory, large: Path, counted: list[int]) -> None:
    async def scenario() -> None:
        async with serving(app_for(large)) as port:
            await asyncio.gather(*(reading_slowly(port, large) for _ in range(6)))

    run(factory, scenario)
    assert counted


@pytest.mark.parametrize("factory", LOOPS)
def test_clients_that_go_leave_nothing(factory: LoopFactory, large: Path) -> None:
    """Each goes in the middle of a file, with a reset or in order."""

    async def scenario() -> None:
        async with serving(app_for(large)) as port:
            async with raw_client(port) as peer:
                await is_answered(peer, large)
            before = len(os.listdir("/proc/self/fd"))
            for number in range(20):
                async with raw_client(port) as peer:
                    await peer.send(get())
                    await peer.read(100_000)
                    if number % 2:
                        peer.reset()
            async with raw_client(port) as peer:
                await is_answered(peer, large)
            async with asyncio.timeout(10):
                # The server learns of it in its own time; there is nothing here to wait for.
                while len(os.listdir("/proc/self/fd")) > before:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    run(factory, scenario)


@pytest.mark.parametrize("factory", LOOPS)
@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_file_that_shrinks_is_cut(
    factory: LoopFactory, by_kernel: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client must see that bytes are missing: none are made up, and the link ends."""
    path = tmp_path / "file"
    size = 40_000_000
    path.write_bytes(b"x" * size)
    monkeypatch.setattr(file_sending, "_CAN_SEND_FILES", by_kernel)

    async def scenario() -> None:
        async with serving(app_for(path)) as port, raw_client(port) as peer:
            await peer.send(get())
            head = await peer.read_until()
            assert b"Content-Length: 40000000\r\n" in head
            os.truncate(path, 1000)
            received = 0
            try:
                while block := await peer.reader.read(1_000_000):
                    # What the kernel has still to send are pages of the file, so the end of one
                    # that is cut comes as zeros.
                    assert not block.strip(b"x\0" if by_kernel else b"x")
                    received += len(block)
            except ConnectionResetError:
                pass
            assert received < size

    run(factory, scenario)


@pytest.mark.parametrize("factory", LOOPS)
def test_a_file_that_grows_is_cut_at_its_length(factory: LoopFactory, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 20_000_000)

    async def scenario() -> None:
        async with serving(app_for(path)) as port, raw_client(port) as peer:
            await peer.send(get())
            await peer.read_until()
            with FileIO(path, "a") as file:
                file.write(b"y" * 1000)
            assert await peer.read(20_000_000) == b"x" * 20_000_000
            await peer.send(get())
            head = await peer.read_until()
            assert b"Content-Length: 20001000\r\n" in head

    run(factory, scenario)


@pytest.mark.parametrize("factory", LOOPS)
def test_one_that_is_replaced_is_sent_whole(factory: LoopFactory, large: Path) -> None:
    content = content_of(large)

    async def scenario() -> None:
        async with serving(app_for(large)) as port, raw_client(port) as peer:
            await peer.send(get())
            await peer.read_until()
            large.with_name("new").write_bytes(b"new")
            large.with_name("new").rename(large)
            assert await peer.read(SIZE) == content
            await peer.send(get())
            assert (await peer.read_response())[1] == b"new"

    run(factory, scenario)


@pytest.mark.parametrize("factory", LOOPS)
def test_a_handler_that_is_cancelled(factory: LoopFactory, large: Path) -> None:
    seen: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        response = FileResponse(large)
        try:
            async with asyncio.timeout(0.05):
                await response.prepare(request)
        except TimeoutError:
            seen.append("late")
            raise
        return response

    app = Application()
    app.router.add_get("/", handler)

    async def scenario() -> None:
        async with serving(app) as port, raw_client(port) as peer:
            before = len(os.listdir("/proc/self/fd"))
            sock: socket.socket = peer.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it can
            await peer.send(get())
            async with asyncio.timeout(10):
                while not seen or len(os.listdir("/proc/self/fd")) > before:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    run(factory, scenario)


@pytest.mark.parametrize("factory", LOOPS)
@pytest.mark.parametrize("by_kernel", [True, False])
def test_who_is_shielded_ends_in_order(
    factory: LoopFactory, by_kernel: bool, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_sending, "_CAN_SEND_FILES", by_kernel)
    ended: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: Request) -> StreamResponse:
        response = FileResponse(large)
        try:
            await response.prepare(request)
        except LinkLost:
            ended.put_nowait("lost")
            raise
        ended.put_nowait("in order")
        return response

    app = Application()
    app.router.add_get("/", handler)
    app.router.add_get("/shielded", handler, options=RouteOptions(disconnect="shield"))

    async def scenario() -> None:
        async with serving(app) as port:
            for path, how in (("/", "lost"), ("/shielded", "in order")):
                async with raw_client(port) as peer:
                    await peer.send(get(path))
                    await peer.read(1000)
                    peer.reset()
                async with asyncio.timeout(10):
                    assert await ended.get() == how

    run(factory, scenario)


def test_pipelined_files_come_in_order(large: Path, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    app = Application()
    app.router.add_static("/", tmp_path)

    async def scenario() -> None:
        async with serving(app) as port, raw_client(port) as peer:
            await peer.send(get("/small") + get("/large") + get("/small") + get("/large"))
            for _ in range(2):
                assert (await peer.read_response())[1] == b"small"
                assert (await peer.read_response())[1] == content_of(large)

    for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        run(factory, scenario)


@pytest.mark.parametrize("factory", LOOPS)
@pytest.mark.parametrize("by_kernel", [True, False])
def test_a_client_that_takes_nothing_is_cut_off(
    factory: LoopFactory,
    by_kernel: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(file_sending, "_CAN_SEND_FILES", by_kernel)
    path = tmp_path / "file"
    path.write_bytes(bytes(40_000_000))

    async def scenario() -> None:
        async with serving(app_for(path), deadlines=Deadlines(write=0.1)) as port:
            async with raw_client(port) as peer:
                before = len(os.listdir("/proc/self/fd"))
                peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it can
                await peer.send(get())
                async with asyncio.timeout(10):
                    while len(os.listdir("/proc/self/fd")) <= before:  # noqa: ASYNC110
                        await asyncio.sleep(0)
                    # The file and the connection of the server are closed.
                    while len(os.listdir("/proc/self/fd")) >= before:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)

    run(factory, scenario)
    assert "Traceback" not in caplog.text


async def test_what_is_closed_is_not_written_to(large: Path) -> None:
    faults: list[BaseException] = []

    async def handler(request: Request) -> StreamResponse:
        exchange = request.exchange
        assert isinstance(exchange, Exchange)
        link: Link = exchange.link
        assert can_bypass(link)
        outlet = KernelOutlet(None, link, 65_536)  # type: ignore[arg-type]  # it gets to write nothing
        link.abort()
        with FileIO(large) as file:
            try:
                await outlet.send_file(file, 0, SIZE)
            except LinkLost as exc:
                faults.append(exc)
        return StreamResponse()

    app = Application()
    app.router.add_get("/", handler)
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get())
        with contextlib.suppress(ConnectionResetError):
            await peer.read_all()
    assert faults


async def test_nothing_overtakes_what_the_transport_has(large: Path) -> None:
    pushed: list[int] = []

    async def handler(request: Request) -> StreamResponse:
        exchange = request.exchange
        assert isinstance(exchange, Exchange)
        link: Link = exchange.link
        assert can_bypass(link)
        link.transport.write(bytes(20_000_000))
        outlet = KernelOutlet(None, link, 65_536)  # type: ignore[arg-type]  # it gets to write nothing
        with FileIO(large) as file:
            pushed.append(outlet._push(file, 0, 1000))
        link.abort()
        return StreamResponse()

    app = Application()
    app.router.add_get("/", handler)
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get())
        with contextlib.suppress(ConnectionResetError):
            await peer.read_all()
    assert pushed == [0]


def test_it_can_be_switched_off() -> None:
    """By the environment, for file systems of which the kernel sends wrong bytes."""
    code = "from weft_web_server import file_sending as it; print(it._CAN_SEND_FILES)"
    for value, answer in (("1", "False"), ("", "True")):
        environment = {**os.environ, "WEFT_NO_SENDFILE": value}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == answer


def test_the_error_says_what_happened() -> None:
    assert issubclass(FileShrunk, RuntimeError)
