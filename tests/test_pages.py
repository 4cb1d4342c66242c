"""The Python blocks of the documentation run as printed, only on a free port instead of 8080.

Above a block, `<!-- test: server -->` says that it serves until Ctrl-C, and `<!-- test: client -->`
that it needs the server printed before it. `<!-- test: proxy -->` serves too, with nothing behind it
here; `http_parser/test_how_to.py` says what it does with a server. Blocks without a mark run by themselves to their end; in
READMEs `test_readmes.py` runs those.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from support.programs import Program, python_program

from weft import ClientSession

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*/*.md"))]
BLOCK = re.compile(r"(?:^<!-- test: (\w+) -->\n)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps_of(page: Path) -> list[tuple[str, str]]:
    """Kind and text of each block to run here, in order."""
    found = [(kind or "alone", text) for kind, text in BLOCK.findall(page.read_text("utf-8"))]
    return [step for step in found if page.name != "README.md" or step[0] != "alone"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def run_to_its_end(script: Path) -> None:
    async with python_program("-X", "dev", "-W", "error", str(script)) as program:
        check(*await program.end())


async def run_against(
    server: Program, port: int, script: Path | None, *, is_proxy: bool = False
) -> None:
    """See that the server answers, run a client, and stop the server as Ctrl-C does."""
    url = f"http://127.0.0.1:{port}"
    await server.line_with(url)
    async with ClientSession() as session, session.get(url) as response:
        assert response.status == 502 if is_proxy else response.status in (200, 404)
    if script is not None:
        await run_to_its_end(script)
    server.interrupt()
    check(*await server.end())


def check(code: int, printed: str) -> None:
    assert code == 0, printed
    assert "Traceback" not in printed and "Warning" not in printed, printed


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if steps_of(page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
async def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    steps = steps_of(page)
    for number, (kind, text) in enumerate(steps):
        port = free_port()
        script = tmp_path / f"{number}.py"
        script.write_text(text.replace("8080", str(port)).replace("8081", str(free_port())))
        if kind == "alone":
            await run_to_its_end(script)
        elif kind in ("server", "proxy"):
            client = None
            if number + 1 < len(steps) and steps[number + 1][0] == "client":
                client = tmp_path / "client.py"
                client.write_text(steps[number + 1][1].replace("8080", str(port)))
            arguments = ("-X", "dev", "-W", "error", "-u", str(script))
            async with python_program(*arguments) as server:
                await run_against(server, port, client, is_proxy=kind == "proxy")
        else:
            assert kind == "client" and steps[number - 1][0] == "server", f"{kind} without server"
