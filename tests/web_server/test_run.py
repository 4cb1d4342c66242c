"""run_app() as a program: it needs signals and a loop of its own."""

import socket
from pathlib import Path

import pytest
from support.peers import raw_client
from support.programs import python_program
from support.serving import last

from weft_web_server import Application, GracefulExit, run_app

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
