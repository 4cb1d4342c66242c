"""A server with very many connections, and one under mixed load with abuse."""

import asyncio
import json
import resource
import selectors
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from support.peers import RawPeer
from support.programs import python_program
from support.serving import get, last, status_of

OPEN = 10_000
BATCH = 500
NEW_IN_A_SECOND = 1_000
SECONDS = 3
SPARE = 500
SOAK_MINUTES = 0.4
DRIFT_MIB = 30  # of a process that is still growing into its load; a leak shows in a long run
PROGRAM = """
    import resource, sys
    from weft_web_server import Application, Response, run_app

    async def hello(request):
        return Response(text="hello")

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    app = Application()
    app.router.add_get("/", hello)
    run_app(app, host="127.0.0.1", port=0, access_log=None, loop=sys.argv[1], backlog=1024,
            print=lambda *args: print(*args, flush=True))
"""


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """This process may have as many as it needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = (OPEN + SPARE) * 5 // 4  # the server keeps a fifth for other things
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"the hard limit of descriptors is {hard}, and {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program.py"
    path.write_text(dedent(PROGRAM))
    return str(path)


def ask_all(socks: list[socket.socket]) -> int:
    """Ask over each; how many answers were right."""
    right = 0
    with selectors.DefaultSelector() as selector:
        for sock in socks:
            sock.sendall(get())
            selector.register(sock, selectors.EVENT_READ)
        left = len(socks)
        while left:
            ready = selector.select(20)
            assert ready, f"{left} of {len(socks)} were not answered"
            for key, _ in ready:
                selector.unregister(key.fileobj)
                left -= 1
                assert isinstance(key.fileobj, socket.socket)
                right += key.fileobj.recv(1000).endswith(b"hello")
    return right


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_ten_thousand_connections(many_descriptors: None, program: str, loop: str) -> None:
    async with python_program(program, loop) as running:
        line = await running.line_with("Running on")
        port = int(line.rsplit(":", 1)[1].split()[0])
        socks: list[socket.socket] = []
        try:
            while len(socks) < OPEN:
                # No faster than it answers: the system lets a crowd wait for a second.
                new = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(BATCH)]
                socks += new
                assert ask_all(new) == BATCH
            assert ask_all(socks) == OPEN  # each has stayed open behind its answer
        finally:
            for sock in socks:
                sock.close()
        running.terminate()
        code, printed = await running.end()
    assert code == 0 and "Traceback" not in printed


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_a_thousand_new_ones_a_second(program: str, loop: str) -> None:
    wrong: list[str] = []

    async def ask(port: int) -> None:
        try:
            peer = RawPeer(*await asyncio.open_connection("127.0.0.1", port))
            await peer.send(last())
            if status_of(await peer.read_all()) != 200:
                wrong.append("another answer")
            await peer.close()
        except (OSError, TimeoutError) as exc:
            wrong.append(repr(exc))

    async with python_program(program, loop) as running:
        line = await running.line_with("Running on")
        port = int(line.rsplit(":", 1)[1].split()[0])
        clock = asyncio.get_running_loop().time
        begun = clock()
        async with asyncio.TaskGroup() as group:
            for number in range(NEW_IN_A_SECOND * SECONDS):
                group.create_task(ask(port))
                await asyncio.sleep(begun + number / NEW_IN_A_SECOND - clock())
        running.terminate()
        assert (await running.end())[0] == 0
    assert not wrong, f"{len(wrong)}: {wrong[:5]}"


async def test_soak() -> None:
    """`python -m tools.soak --minutes 30` is the long one."""
    command = "-m", "tools.soak", "--minutes", str(SOAK_MINUTES), "--drift", str(DRIFT_MIB)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    text = printed.decode()
    assert process.returncode == 0, text
    figures = json.loads(text)  # nothing else was printed: no traceback, no warning
    assert figures["asked"]["rude"] > 10
