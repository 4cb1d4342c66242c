"""The cases that granian answers: a server in Rust, its own interface (RSGI), one worker in here.

It knows no middlewares, so that row is not asked of it.
"""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from tools.bench.cases import LARGE_BODY
from tools.bench.child import raise_file_limit, run, serve_commands
from tools.bench.servers.application import make_folder

TEXT = [("content-type", "text/plain; charset=utf-8")]
JSON = [("content-type", "application/json; charset=utf-8")]
BYTES = [("content-type", "application/octet-stream")]
START_SECONDS = 1.0


def make_app(folder: Path) -> Any:
    async def app(scope: Any, protocol: Any) -> None:
        path = scope.path
        if path in {"/", "/pipelined"}:
            protocol.response_str(200, TEXT, "Hello, World!")
        elif path == "/json":
            protocol.response_str(200, JSON, json.dumps({"message": "Hello, World!"}))
        elif path.startswith("/users/"):
            protocol.response_str(200, TEXT, path[7:])
        elif path == "/echo":
            protocol.response_bytes(200, BYTES, await protocol())
        elif path == "/upload":
            protocol.response_str(200, TEXT, str(len(await protocol())))
        elif path == "/large":
            protocol.response_bytes(200, BYTES, LARGE_BODY)
        else:
            protocol.response_file(200, BYTES, str(folder / path.rpartition("/")[2]))

    return app


async def main() -> None:
    raise_file_limit()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with make_folder() as folder:
        app = make_app(Path(folder))
        server = Server(
            app, "127.0.0.1", port, interface=Interfaces.RSGI, websockets=False, log_enabled=False
        )
        serving = asyncio.create_task(server.serve())
        await asyncio.sleep(START_SECONDS)
        await serve_commands({"port": port})
        server.stop()  # type: ignore[no-untyped-call]  # granian's
        await serving


if __name__ == "__main__":
    run(main)
