"""run_app() as a program: it needs signals and a loop of its own."""

import asyncio
import errno
import inspect
import logging
import os
import signal
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

import aiohttp.web
import pytest
from support.peers import raw_client
from support.programs import Program, python_program
from support.serving import last

from weft_web_server import (
    AccessLogger,
    Application,
    Deadlines,
    GracefulExit,
    Server,
    TCPSite,
    run_app,
)

PROGRAM = """
import asyncio
from weft_web_server import Application, Response, run_app

async def hello(request):
    return Response(text="hello")

async def make():
    app = Application()
    app.router.add_get("/", hello)
    async def context(app):
        print("started", flush=True)
        yield
        print("cleaned up", flush=True)
    app.cleanup_ctx.append(context)
    return app

run_app(make(), OPTIONS)
print("after", flush=True)
"""


def program(tmp_path: Path, options: str) -> str:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM.replace("OPTIONS", options))
    return str(path)


async def test_life(tmp_path: Path) -> None:
    async with python_program(program(tmp_path, "host='127.0.0.1', port=0")) as running:
        line = await running.line_with("======== Running on http://127.0.0.1:")
        assert line.rstrip().endswith(" ========")
        port = int(line.split(":")[2].split()[0])
        async with raw_client(port) as peer:
            await peer.send(last())
            assert (await peer.read_all()).endswith(b"hello")
        running.interrupt()
        code, printed = await running.end()
    assert code == 0 and "Traceback" not in printed
    assert printed.index("started") < printed.index("cleaned up") < printed.index("after")


async def test_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = f"host='127.0.0.1', port={port}"
        async with python_program(program(tmp_path, options)) as running:
            code, printed = await running.end()
    assert code == 1 and "Traceback" not in printed
    (line,) = (line for line in printed.splitlines() if "cannot listen" in line)
    assert "in use" in line and "choose another port" in line
    assert "cleaned up" in printed


def test_no_application() -> None:
    with pytest.raises(TypeError, match=r"takes a web\.Application, not int"):
        run_app(5)  # type: ignore[arg-type]  # the mistake under test


async def test_within_a_loop_it_says_what_to_use() -> None:
    with pytest.raises(RuntimeError, match="use an AppRunner"):
        run_app(Application())


@pytest.mark.parametrize("end", [GracefulExit, KeyboardInterrupt])
def test_a_program_may_end_itself(end: type[BaseException]) -> None:
    """What a signal raises, raised where the program starts: run_app() returns."""
    begun = []

    async def start(app: Application) -> None:
        begun.append(app)
        raise end

    app = Application()
    app.on_startup.append(start)
    run_app(app, host="127.0.0.1", port=0, handle_signals=False)
    assert begun == [app]


async def test_paths_and_sockets(tmp_path: Path) -> None:
    options = f"path={str(tmp_path / 'one')!r}, print=lambda *a: print(*a, flush=True)"
    async with python_program(program(tmp_path, options)) as running:
        line = await running.line_with("Running on")
        assert f"http://unix:{tmp_path / 'one'}:" in line
        running.interrupt()
        assert (await running.end())[0] == 0


def test_signature_is_aiohttp_s() -> None:
    """With the same defaults; what is ours comes behind."""
    theirs = inspect.signature(aiohttp.web.run_app).parameters
    ours = inspect.signature(run_app).parameters
    assert [name for name in theirs if name != "kwargs"] == list(ours)[: len(theirs) - 1]
    for name, parameter in theirs.items():
        if name not in ("kwargs", "access_log", "access_log_class", "print"):
            assert ours[name].default == parameter.default, name


@pytest.mark.parametrize(("loop", "kind"), [("auto", "uvloop"), ("asyncio", "asyncio")])
async def test_which_loop_is_said(tmp_path: Path, loop: str, kind: str) -> None:
    options = f"host='127.0.0.1', port=0, loop={loop!r}"
    async with python_program(program(tmp_path, options)) as running:
        line = await running.line_with("Press CTRL+C to quit; the event loop is")
        assert kind in line
        running.terminate()
        assert (await running.end())[0] == 0


def test_a_loop_of_the_program_s_own() -> None:
    seen: list[object] = []

    async def start(app: Application) -> None:
        seen.append(asyncio.get_running_loop())
        raise GracefulExit

    app = Application()
    app.on_startup.append(start)
    loop = asyncio.new_event_loop()
    run_app(app, loop=loop, handle_signals=False)
    assert seen == [loop] and loop.is_closed()


@pytest.mark.parametrize(
    ("given", "keep_alive"),
    [
        ({}, 75),
        ({"keepalive_timeout": 3}, 3),
        ({"deadlines": Deadlines(keep_alive=4)}, 4),
        ({"deadlines": Deadlines(keep_alive=4), "keepalive_timeout": 3}, 3),
    ],
)
def test_keep_alive_of_either_kind(given: dict[str, Any], keep_alive: float) -> None:
    seen: list[Server] = []

    class Spy(AccessLogger):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            seen.append(inspect.stack()[2].frame.f_locals["self"])

    def stop(text: str) -> None:
        raise GracefulExit

    run_app(Application(), host="127.0.0.1", port=0, access_log_class=Spy, print=stop, **given)
    (server,) = seen
    assert server.options.deadlines.keep_alive == keep_alive


async def test_a_socket_that_was_handed_down(tmp_path: Path, unused_tcp_port: int) -> None:
    """As systemd does it, and as `--fd` says it."""
    (tmp_path / "shop_of_fd.py").write_text("from weft import web\napp = web.Application()\n")
    with socket.create_server(("127.0.0.1", 0)) as given:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-um", "weft.web", "--fd", str(given.fileno()), "--no-access-log"),
            *("--log-level", "warning", "shop_of_fd:app"),
            cwd=tmp_path,
            pass_fds=[given.fileno()],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        port = given.getsockname()[1]
    running = Program(process)
    try:
        await running.line_with(f"Running on http://127.0.0.1:{port}")
        async with raw_client(port) as peer:
            await peer.send(last())
            assert b" 404 " in await peer.read_all()
        running.terminate()
        code, printed = await running.end()
        assert code == 0 and printed.endswith("Stopped")
    finally:
        await running.kill()


def stop(text: str) -> None:
    """In the place of print: the server listens, and that is enough."""
    raise GracefulExit


def refused(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    """What is told where an address is not to be had."""
    with pytest.raises(SystemExit) as caught:
        run_app(Application(), handle_signals=False, print=None, **options)
    assert caught.value.code == 1
    return capsys.readouterr().err


def test_an_address_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = refused(capsys, host="127.0.0.1", port=taken.getsockname()[1])
    assert "the address is in use" in told and "choose another port" in told


def test_an_address_without_the_rights(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(site: TCPSite) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(TCPSite, "start", start)
    assert "choose a port above 1023" in refused(capsys, host="127.0.0.1", port=80)


def test_an_address_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = refused(capsys, path=[tmp_path / "nowhere" / "socket"])
    assert "No such file or directory; check host, port and path" in told


def test_many_places_within(tmp_path: Path) -> None:
    told: list[str] = []

    def note(text: str) -> None:
        told.append(text)
        raise KeyboardInterrupt

    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        path = tmp_path / "socket"
        run_app(Application(), path=path, unix_mode=0o600, sock=sock.dup(), print=note)
    assert told[0].startswith(
        f"======== Running on http://127.0.0.1:{port}, http://unix:{path}: ========\n"
    )


def test_many_hosts_and_a_factory() -> None:
    started: list[object] = []

    async def end(app: Application) -> None:
        started.append(app)
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)

    async def make() -> Application:
        app = Application()
        app.on_startup.append(end)
        return app

    run_app(make(), host=["127.0.0.1", "localhost"], port=0, print=None)
    assert started


def test_a_signal_and_a_second_one() -> None:
    """The first lets handlers end, the second does not."""
    ended: list[str] = []

    async def shutdown(app: Application) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)

    async def cleanup(app: Application) -> None:
        ended.append("cleaned up")

    def begin(text: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    app = Application()
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    run_app(app, host="127.0.0.1", port=0, print=begin)
    assert ended == ["cleaned up"]


@pytest.mark.parametrize("is_debug", [False, True])
def test_the_access_log_is_shown_in_debug_mode(
    monkeypatch: pytest.MonkeyPatch, is_debug: bool
) -> None:
    logger = logging.getLogger("weft.access")
    monkeypatch.setattr(logger, "propagate", False)
    if is_debug:
        monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    else:
        monkeypatch.delenv("PYTHONASYNCIODEBUG", raising=False)
    try:
        for _ in range(2):  # once is enough
            run_app(Application(), host="127.0.0.1", port=0, print=stop, access_log=logger)
        assert len(logger.handlers) == is_debug
        assert (logger.level == logging.DEBUG) is is_debug
    finally:
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)


def looked_at(path: Path, **options: Any) -> dict[str, object]:
    """What `run_app()` has made of its options, seen when it has begun to serve."""
    seen: dict[str, object] = {}

    class Spy(AccessLogger):
        def __init__(self, logger: logging.Logger, log_format: str) -> None:
            super().__init__(logger, log_format)
            seen["access_log"], seen["access_log_format"] = logger, log_format

    def look(text: str) -> None:
        frame = inspect.currentframe()
        assert frame is not None and frame.f_back is not None
        runner = frame.f_back.f_locals["runner"]
        seen["shutdown_timeout"] = runner.shutdown_timeout
        seen["handler_cancellation"] = runner.server.options.handler_cancellation
        seen["handle_signals"] = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        seen["unix_mode"] = stat.S_IMODE(path.stat().st_mode)
        for site in runner.sites:
            (sock,) = site.sockets
            if sock.family == socket.AF_INET:
                look_at_socket(sock)
        raise GracefulExit

    def look_at_socket(sock: socket.socket) -> None:
        for name in ("reuse_address", "reuse_port"):
            option = getattr(
                socket, f"SO_{name.upper().replace('_', '').replace('ADDRESS', 'ADDR')}"
            )
            seen[name] = bool(sock.getsockopt(socket.SOL_SOCKET, option))
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
        (seen["backlog"],) = struct.unpack_from("I", told, 28)  # tcpi_sacked of a listening socket

    run_app(
        Application(),
        host="127.0.0.1",
        port=0,
        path=path,
        print=look,
        loop="asyncio",
        access_log_class=Spy,
        **options,
    )
    return seen


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_every_option_arrives(tmp_path: Path) -> None:
    log = logging.getLogger("tests.run")
    options: dict[str, Any] = {
        "shutdown_timeout": 3.5,
        "handler_cancellation": True,
        "handle_signals": False,
        "unix_mode": 0o640,
        "reuse_address": False,
        "reuse_port": True,
        "backlog": 17,
        "access_log": log,
        "access_log_format": "%s",
    }
    assert looked_at(tmp_path / "given", **options) == options
    left_out = looked_at(tmp_path / "left_out")
    del left_out["unix_mode"]  # the affair of the umask
    assert left_out == {
        "shutdown_timeout": 60.0,
        "handler_cancellation": False,
        "handle_signals": True,
        "reuse_address": True,
        "reuse_port": False,
        "backlog": 128,
        "access_log": logging.getLogger("weft.access"),
        "access_log_format": AccessLogger.LOG_FORMAT,
    }
