"""The application under test, written once for every framework with aiohttp's interface."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from tools.bench.cases import FILE_BODY, FILE_NAME, LARGE_BODY
from tools.bench.child import Answer, raise_file_limit, serve_commands

BODY_LIMIT = 4_194_304


async def serve(web: ModuleType) -> None:
    """Serve the cases with ``weft.web`` or ``aiohttp.web`` and answer the benchmark's commands."""
    raise_file_limit()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(make_folder())
        log = stack.enter_context(open_nowhere())
        plain = web.AppRunner(_make_plain(web, folder), access_log=None)
        busy = web.AppRunner(_make_busy(web), access_log=_make_log(log))
        hello: Answer = {"port": await _start(web, plain), "busy_port": await _start(web, busy)}
        await serve_commands(hello)
        await plain.cleanup()
        await busy.cleanup()


@contextlib.contextmanager
def make_folder() -> Iterator[str]:
    """A folder with the file that is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, FILE_NAME).write_bytes(FILE_BODY)
        yield folder


def open_nowhere() -> IO[str]:
    """A text file that keeps nothing."""
    return open(os.devnull, "w")


async def _start(web: ModuleType, runner: Any) -> int:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return port


def _make_plain(web: ModuleType, folder: str) -> Any:
    async def plaintext(request: Any) -> Any:
        return web.Response(text="Hello, World!")

    async def json(request: Any) -> Any:
        return web.json_response({"message": "Hello, World!"})

    async def parameter(request: Any) -> Any:
        return web.Response(text=request.match_info["name"])

    async def echo(request: Any) -> Any:
        return web.Response(body=await request.read())

    async def large(request: Any) -> Any:
        return web.Response(body=LARGE_BODY)

    async def upload(request: Any) -> Any:
        return web.Response(text=str(len(await request.read())))

    app = web.Application(client_max_size=BODY_LIMIT)
    app.router.add_get("/", plaintext)
    app.router.add_get("/json", json)
    app.router.add_get("/users/{name}", parameter)
    app.router.add_post("/echo", echo)
    app.router.add_get("/large", large)
    app.router.add_put("/upload", upload)
    app.router.add_get("/pipelined", plaintext)
    app.router.add_static("/static", folder)
    return app


def _make_busy(web: ModuleType) -> Any:
    """The same plain text behind three middlewares that do nothing."""

    async def plaintext(request: Any) -> Any:
        return web.Response(text="Hello, World!")

    @web.middleware  # type: ignore[untyped-decorator]  # of either framework
    async def outer(request: Any, handler: Any) -> Any:
        return await handler(request)

    @web.middleware  # type: ignore[untyped-decorator]  # the same
    async def middle(request: Any, handler: Any) -> Any:
        return await handler(request)

    @web.middleware  # type: ignore[untyped-decorator]  # the same
    async def inner(request: Any, handler: Any) -> Any:
        return await handler(request)

    app = web.Application(middlewares=[outer, middle, inner])
    app.router.add_get("/", plaintext)
    return app


def _make_log(stream: Any) -> logging.Logger:
    """A logger that formats every line and writes it where nobody reads."""
    logger = logging.getLogger("bench.access")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(stream))
    return logger
