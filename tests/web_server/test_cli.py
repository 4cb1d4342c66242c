"""The command as a user runs it, and its two halves from within."""

import asyncio
import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from support.programs import python_program

from weft_web_server import cli

PATIENCE_SECONDS = 30
SOURCE = """
    import weft_web_server as web
    ARGV = web.AppKey("argv", list)
    async def index(request):
        return web.Response(text=" ".join(request.app[ARGV]))

    class Items(web.View):
        async def get(self):
            return web.Response()

    def make(argv=()):
        app = web.Application()
        app[ARGV] = argv
        app.router.add_put("/items/{id}", index)
        app.router.add_view("/items", Items, name="items")
        app.router.add_get("/", index, name="index")
        return app

    async def init(argv):
        return make(argv)

    app = make()

    def with_host():
        inner, outer = make(), make()
        outer.add_domain("example.com", inner)
        return outer

    async def forgets(argv):
        pass

    async def ends(argv):
        raise web.GracefulExit

    def shadowed():
        app = web.Application()
        app.router.add_put("/{x}", index)
        app.router.add_put("/{y}", index)
        return app

    def large():
        app = web.Application()
        for number in range(20_000):
            app.router.add_put(f"/number{number}", index)
        return app
"""
TABLE = """\
METHOD    PATH         NAME   HANDLER         DEFINED
PUT       /items/{id}  -      cli_shop.index  cli_shop.py:4
GET       /items       items  cli_shop.Items  cli_shop.py:7
GET,HEAD  /            index  cli_shop.index  cli_shop.py:4
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cli_shop.py").write_text(dedent(SOURCE))
    return tmp_path


@pytest.fixture
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process stands in the folder, and can import from it."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("cli_shop", None)


def run(
    folder: Path, *arguments: str, module: str = "weft_web_server"
) -> subprocess.CompletedProcess[str]:
    """The command, run in a folder to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def within(*arguments: str) -> None:
    cli.main(arguments, "python -m weft.web")


# The routes.


@pytest.mark.parametrize("module", ["weft.web", "weft_web_server"])
def test_routes(folder: Path, module: str) -> None:
    done = run(folder, "routes", "cli_shop:app", module=module)
    assert (done.returncode, done.stdout, done.stderr) == (0, TABLE, "")


@pytest.mark.parametrize("entry", ["app", "make", "init"])
def test_application_or_what_makes_one(
    inside: Path, capsys: pytest.CaptureFixture[str], entry: str
) -> None:
    within("routes", f"cli_shop:{entry}")
    assert capsys.readouterr().out == TABLE


@pytest.mark.parametrize(
    ("order", "paths"),
    [
        ("match", ["/items/{id}", "/items", "/"]),
        ("path", ["/", "/items", "/items/{id}"]),
        ("name", ["/", "/items", "/items/{id}"]),  # without a name, last
        ("handler", ["/items", "/", "/items/{id}"]),
    ],
)
def test_order(
    inside: Path, capsys: pytest.CaptureFixture[str], order: str, paths: Sequence[str]
) -> None:
    within("routes", "--sort", order, "cli_shop:app")
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]] == paths


def test_hosts_have_a_column_where_there_is_one(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    within("routes", "cli_shop:with_host")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["HOST", *["example.com"] * 3, *["*"] * 3]


def test_json(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    within("routes", "cli_shop:app", "--json")
    rows = json.loads(capsys.readouterr().out)
    assert [row["path"] for row in rows] == ["/items/{id}", "/items", "/"]
    assert rows[2] == {
        "host": None,
        "methods": ["GET", "HEAD"],
        "path": "/",
        "name": "index",
        "handler": "cli_shop.index",
        "file": str(inside / "cli_shop.py"),
        "line": 4,
        "middlewares": [],
        "options": {},
    }


def test_what_cannot_be_reached_is_told_apart(folder: Path) -> None:
    done = run(folder, "routes", "cli_shop:shadowed")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3
    assert "UnreachableRouteWarning" in done.stderr and "cli_shop.py:38" in done.stderr


def test_who_reads_may_have_enough(folder: Path) -> None:
    command = [sys.executable, "-m", "weft_web_server", "routes", "cli_shop:large"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith(b"METHOD")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_SECONDS) == 1


def test_a_broken_pipe_within(
    inside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", buffering=1) as broken:
        monkeypatch.setattr(sys, "stdout", broken)
        with pytest.raises(SystemExit) as caught:
            within("routes", "cli_shop:app")
    assert caught.value.code == 1


# Serving.


async def ask(where: str | int) -> str:
    if isinstance(where, int):
        reader, writer = await asyncio.open_connection("127.0.0.1", where)
    else:
        reader, writer = await asyncio.open_unix_connection(where)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode().partition("\r\n\r\n")[2]


@pytest.mark.parametrize("module", ["weft.web", "weft_web_server"])
async def test_serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int, module: str
) -> None:
    monkeypatch.chdir(folder)
    where = "-H", "127.0.0.1", "-P", str(unused_tcp_port)
    words = "-m", module, *where, "cli_shop:init", "a", "--b"
    async with python_program("-u", *words) as program:
        line = await program.line_with("Running on")
        assert line == f"======== Running on http://127.0.0.1:{unused_tcp_port} ========"
        assert await ask(unused_tcp_port) == "a --b"
        program.interrupt()
        code, printed = await program.end()
    assert code == 0 and printed.endswith("Stopped")
    assert '"GET / HTTP/1.1" 200' in printed  # the access log is shown


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets")
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["-P", "PORT"], "http://localhost:PORT"),
        (["-U", "s"], "http://unix:s:"),
        (["-U", "s", "-P", "PORT"], "http://unix:s:"),  # as aiohttp has it
        (
            ["--path", "s", "-H", "127.0.0.1", "-P", "PORT"],
            "http://127.0.0.1:PORT, http://unix:s:",
        ),
    ],
)
async def test_where(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    unused_tcp_port: int,
    words: Sequence[str],
    names: str,
) -> None:
    monkeypatch.chdir(folder)
    where = [word.replace("PORT", str(unused_tcp_port)) for word in words]
    async with python_program("-um", "weft_web_server", *where, "cli_shop:app") as program:
        line = await program.line_with("Running on")
        assert line == f"======== Running on {names} ========".replace(
            "PORT", str(unused_tcp_port)
        )
        assert await ask("s" if "s" in words else unused_tcp_port) == ""
        program.terminate()
        assert (await program.end())[0] == 0


@pytest.mark.parametrize("words", [[], ["-H", "localhost"], ["-U", "s"], ["-U", "s", "-H", "::1"]])
def test_the_end(inside: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str]) -> None:
    """`ends` raises what a signal raises, before anything listens."""
    with pytest.raises(SystemExit) as caught:
        within(*words, "cli_shop:ends")
    assert not caught.value.code
    assert capsys.readouterr().err == "Stopped\n"


def test_no_unix_sockets(
    inside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX", raising=False)
    assert refuse(capsys, "-U", "s", "cli_shop:app") == (
        "python -m weft.web: error: this system has no Unix sockets;"
        " serve on a host name and a port"
    )


# Wrong command lines.


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The last line of what is said of a wrong command line."""
    with pytest.raises(SystemExit) as caught:
        within(*arguments)
    assert caught.value.code == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("usage: python -m weft.web ")
    return told.err.splitlines()[-1]


@pytest.mark.parametrize("command", [[], ["routes"]])
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("cli_shop", "'cli_shop' is not in 'module:name' syntax"),
        (
            "cli_shap:app",
            "unable to import cli_shap: No module named 'cli_shap'; it is looked for",
        ),
        ("cli_shop:apq", "module 'cli_shop' has no attribute 'apq'; did you mean 'app'"),
        (
            "cli_shop:__name__",
            "cli_shop:__name__ is an object of type str; name a web.Application",
        ),
        ("cli_shop:forgets", "cli_shop:forgets returned None; return a web.Application"),
    ],
)
def test_wrong_entry(
    inside: Path,
    capsys: pytest.CaptureFixture[str],
    command: Sequence[str],
    entry: str,
    words: str,
) -> None:
    line = refuse(capsys, *command, entry)
    assert line.startswith(f"{' '.join(['python -m weft.web', *command])}: error: {words}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: MODULE:NAME"),
        (["routes"], "the following arguments are required: MODULE:NAME"),
        (["-P", "high", "cli_shop:app"], "argument -P/--port: invalid int value: 'high'"),
        (["routes", "cli_shop:app", "--sort", "age"], "argument --sort: invalid choice: 'age'"),
        (["routes", "cli_shop:app", "--jsn"], "cli_shop:app is an application, which takes no"),
        (["cli_shop:app", "more"], "cli_shop:app is an application, which takes no arguments"),
    ],
)
def test_wrong_words(
    inside: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], words: str
) -> None:
    assert f": error: {words}" in refuse(capsys, *arguments)


def test_wrong_entry_for_a_user(folder: Path) -> None:
    done = run(folder, "routes", "cli_shop:apq", module="weft.web")
    assert done.returncode == 2 and done.stdout == ""
    assert "python -m weft.web routes: error: module 'cli_shop' has no attribute" in done.stderr


@pytest.mark.parametrize("command", [[], ["routes"]])
def test_help(capsys: pytest.CaptureFixture[str], command: Sequence[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        within(*command, "--help")
    told = capsys.readouterr().out
    assert caught.value.code == 0
    assert told.startswith(f"usage: {' '.join(['python -m weft.web', *command])} [-h]")
    words = ("--json", "--sort") if command else ("--hostname", "--port", "--path", " routes ")
    assert all(word in told for word in words)


def test_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["any", "routes", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module("weft_web_server", run_name="__main__")
    assert " routes [-h] " in capsys.readouterr().out
    runpy.run_module("weft_web_server.__main__", run_name="imported")  # runs nothing
