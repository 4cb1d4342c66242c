"""The workers of Gunicorn, in a real Gunicorn."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from support.peers import RawPeer, raw_client
from support.programs import Program
from support.serving import get, last, status_of

import weft
from weft import worker
from weft_web_server import (
    Application,
    AppRunner,
    GunicornUVLoopWebWorker,
    GunicornWebWorker,
    Request,
    Response,
)
from weft_web_server.loops import make_loop

pytest.importorskip("gunicorn")

SOURCE = """
    import asyncio
    from weft import web

    async def hello(request):
        return web.Response(text="hello")

    async def nap(request):
        print("napping", flush=True)
        await asyncio.sleep(0.5)
        return web.Response(text="rested")

    async def stay(request):
        print("staying", flush=True)
        await asyncio.sleep(1000)

    async def loop(request):
        return web.Response(text=type(asyncio.get_running_loop()).__module__)

    def make():
        app = web.Application()
        for handler in (hello, nap, stay, loop):
            app.router.add_get(f"/{handler.__name__}", handler)
        async def context(app):
            yield
            print("cleaned up", flush=True)
        app.cleanup_ctx.append(context)
        return app

    app = make()

    async def factory():
        return make()

    async def runner():
        return web.AppRunner(make(), access_log=None)

    async def fails():
        raise RuntimeError("no database")
"""


@asynccontextmanager
async def gunicorn(
    folder: Path, entry: str, *options: str, kind: str = "GunicornWebWorker"
) -> AsyncIterator[Program]:
    """Gunicorn with one worker, on a free port."""
    (folder / "shop_of_gunicorn.py").write_text(dedent(SOURCE))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gunicorn",
        "--worker-class",
        f"weft.{kind}",
        "--bind",
        "127.0.0.1:0",
        "--no-control-socket",
        *options,
        f"shop_of_gunicorn:{entry}",
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    program = Program(process)
    try:
        yield program
    finally:
        if process.returncode is None:
            program.terminate()
            await program.end()


async def port_of(running: Program) -> int:
    line = await running.line_with("Listening at:")
    port = int(line.rsplit(":", 1)[1].split()[0])
    await running.line_with("Serving with")
    return port


async def ask(port: int, path: str = "/hello") -> bytes:
    async with raw_client(port) as peer:
        await peer.send(last(path))
        answer = await peer.read_all()
    assert status_of(answer) == 200
    return answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("entry", ["app", "make", "factory", "runner"])
async def test_serves_and_ends_in_order(tmp_path: Path, entry: str) -> None:
    async with gunicorn(tmp_path, entry) as running:
        port = await port_of(running)
        assert await ask(port) == b"hello"
        async with raw_client(port) as peer:
            await peer.send(get("/nap"))
            await running.line_with("napping")
            running.terminate()
            head, body = await peer.read_response()
            assert body == b"rested" and b"\r\nConnection: close\r\n" in head
        code, printed = await running.end()
    assert code == 0 and "cleaned up" in printed and "Traceback" not in printed


@pytest.mark.parametrize(
    ("kind", "package"), [("GunicornWebWorker", "asyncio"), ("GunicornUVLoopWebWorker", "uvloop")]
)
async def test_loops(tmp_path: Path, kind: str, package: str) -> None:
    async with gunicorn(tmp_path, "app", kind=kind) as running:
        port = await port_of(running)
        assert running.printed[-1].split("Serving with ")[1].startswith(package)
        assert (await ask(port, "/loop")).decode().startswith(package)


async def test_max_requests(tmp_path: Path) -> None:
    options = "--max-requests", "3"
    async with gunicorn(tmp_path, "app", *options) as running:
        port = await port_of(running)
        for _ in range(3):
            assert await ask(port) == b"hello"
        await running.line_with("Max requests, shutting down")
        await running.line_with("cleaned up")
        await running.line_with("Serving with")  # the next one
        assert await ask(port) == b"hello"


async def test_the_end_in_a_hurry(tmp_path: Path) -> None:
    """SIGINT to Gunicorn is SIGQUIT to its workers: handlers are not waited for."""
    async with gunicorn(tmp_path, "app") as running:
        port = await port_of(running)
        async with raw_client(port) as peer:
            await peer.send(get("/stay"))
            await running.line_with("staying")
            running.interrupt()
            code, printed = await running.end()
    assert code == 0 and "cleaned up" in printed


async def test_a_parent_that_is_gone(tmp_path: Path) -> None:
    async with gunicorn(tmp_path, "app") as running:
        await port_of(running)
        await running.kill_alone()
        await running.line_with("Parent changed, shutting down")
        await running.line_with("cleaned up")


async def test_a_factory_that_fails(tmp_path: Path) -> None:
    async with gunicorn(tmp_path, "fails") as running:
        await running.line_with("the worker has failed")
        await running.line_with("RuntimeError: no database")


async def test_tls_and_the_access_log(tmp_path: Path) -> None:
    authority = trustme.CA()
    cert = authority.issue_cert("localhost")
    cert.private_key_and_cert_chain_pem.write_to_path(tmp_path / "cert.pem")
    import ssl

    client = ssl.create_default_context()
    authority.configure_trust(client)
    options = "--certfile", "cert.pem", "--keyfile", "cert.pem", "--access-logfile", "-"
    async with gunicorn(tmp_path, "app", *options) as running:
        port = await port_of(running)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname="localhost"
        )
        peer = RawPeer(reader, writer)
        await peer.send(last("/hello"))
        assert status_of(await peer.read_all()) == 200
        await peer.close()
        assert '"GET /hello HTTP/1.1" 200 5' in await running.line_with("GET /hello")


async def test_a_format_that_cannot_be_followed(tmp_path: Path) -> None:
    options = "--access-logfile", "-", "--access-logformat", "%(h)s"
    async with gunicorn(tmp_path, "app", *options) as running:
        await running.line_with("are not supported in the format of the access log")


# From within.


def make_worker(**config: Any) -> GunicornWebWorker:
    """A worker of this process, which is not run."""
    from gunicorn.config import Config  # type: ignore[import-untyped]  # has no types

    cfg = Config()
    for name, value in config.items():
        cfg.set(name, value)
    log = SimpleNamespace(
        info=lambda *args: None, access_log=None, error_log=logging.getLogger("weft.test")
    )
    made = GunicornWebWorker(0, os.getppid(), [], None, 30, cfg, log)
    made.tmp.close()  # by which Gunicorn sees that a worker lives
    return made


def test_formats() -> None:
    made = make_worker()
    default = made.DEFAULT_GUNICORN_LOG_FORMAT
    assert made._get_valid_log_format(default) == made.DEFAULT_AIOHTTP_LOG_FORMAT
    assert made._get_valid_log_format("%a %r") == "%a %r"
    with pytest.raises(ValueError, match="write it as for aiohttp"):
        made._get_valid_log_format("%(h)s")


def test_signals() -> None:
    told: list[str] = []
    made = make_worker(worker_int=lambda worker: told.append("int"))
    made.handle_exit(signal.SIGTERM, None)
    assert not made.alive and made._ending and not made._is_hurried and not told
    made.handle_quit(signal.SIGQUIT, None)
    assert made._is_hurried and told == ["int"]


class Serving:
    """A worker that runs in this thread, asked by another one."""

    def __init__(self, wsgi: Any, **config: Any) -> None:
        self.worker = make_worker(**config)
        self.worker.wsgi = wsgi
        self.worker.tmp = SimpleNamespace(notify=lambda: None)
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.worker.sockets = [self.sock]
        self.worker.loop = make_loop("asyncio")
        self.answer = b""

    def ask(self) -> None:
        with socket.create_connection(self.sock.getsockname(), 10) as client:
            client.sendall(last())
            while data := client.recv(1000):
                self.answer += data

    def run(self) -> int:
        """The code with which it ends."""
        asking = threading.Thread(target=self.ask)
        asking.start()
        with pytest.raises(SystemExit) as caught:
            self.worker.run()
        asking.join(10)
        assert isinstance(caught.value.code, int)
        return caught.value.code


@pytest.mark.parametrize("kind", ["app", "function", "factory", "runner"])
@pytest.mark.parametrize("ends_by", [signal.SIGTERM, signal.SIGQUIT, "max_requests", "parent"])
def test_within(kind: str, ends_by: Any) -> None:
    async def end(request: Request) -> Response:
        if ends_by == signal.SIGTERM:
            serving.worker.handle_exit(ends_by, None)
        elif ends_by == signal.SIGQUIT:
            serving.worker.handle_quit(ends_by, None)
        elif ends_by == "parent":
            serving.worker.ppid = 0
        return Response(text="last")

    async def factory() -> Any:
        return AppRunner(app, access_log=None) if kind == "runner" else app

    app = Application()
    app.router.add_get("/", end)
    made = {"app": app, "function": lambda: app, "factory": factory, "runner": factory}[kind]
    serving = Serving(made, max_requests=1 if ends_by == "max_requests" else 0)
    serving.worker.init_signals()
    for number in (signal.SIGABRT, signal.SIGUSR1):  # as before for the other tests
        signal.signal(number, signal.SIG_DFL)
    assert serving.run() == 0
    assert serving.answer.endswith(b"last")


def test_a_failure_within() -> None:
    async def fail() -> Application:
        raise RuntimeError

    serving = Serving(fail)
    told: list[object] = []
    serving.worker.log = SimpleNamespace(exception=told.append)
    serving.ask = lambda: None  # type: ignore[method-assign]  # nobody listens
    assert serving.run() == 1 and told
    serving.sock.close()


def test_names() -> None:
    assert weft.GunicornWebWorker is GunicornWebWorker is worker.GunicornWebWorker
    assert weft.GunicornUVLoopWebWorker is GunicornUVLoopWebWorker
    assert issubclass(GunicornUVLoopWebWorker, GunicornWebWorker)


def test_without_gunicorn() -> None:
    """Importing everything works; using the worker says what to do."""
    code = """
import sys
sys.modules["gunicorn"] = sys.modules["gunicorn.config"] = None
from weft import *
try:
    GunicornWebWorker()
except Exception as exc:
    print(exc)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "Gunicorn is not installed: pip install gunicorn\n"
