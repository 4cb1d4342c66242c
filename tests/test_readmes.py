"""Every Python block of every README runs as printed: as a script, by itself, to its end.

Above a block may stand `<!-- test: server -->` for a program that serves until it is interrupted,
or `<!-- test: client -->` for one that needs the server block of the same README running. A block
that no test can run is marked ```` ```python no-run ````, and reported here as skipped.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.programs import Program, python_program

ROOT = Path(__file__).resolve().parents[1]
READMES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md"))]
BLOCK = re.compile(
    r"(?:^<!-- test: (?P<role>\w+) -->\n)?^```python(?P<marks>[^\n]*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PRINTED_PORT = "8080"


class Block(NamedTuple):
    path: Path
    line: int
    role: str
    code: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def blocks_of(path: Path) -> Iterator[tuple[Block, str]]:
    text = path.read_text()
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        yield Block(path, line, match["role"] or "alone", match["code"]), match["marks"]


def cases() -> Iterator[object]:
    for path in READMES:
        for block, marks in blocks_of(path):
            if path.parent == ROOT and block.role != "alone":
                continue
            skips = [pytest.mark.skip("marked no-run")] if "no-run" in marks else []
            yield pytest.param(block, id=str(block), marks=skips)


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def write_script(block: Block, folder: Path, port: str) -> list[str]:
    """The arguments for Python to run a block, strictly."""
    script = folder / f"line_{block.line}.py"
    script.write_text(block.code.replace(PRINTED_PORT, port))
    return ["-u", "-X", "dev", "-W", "error", str(script)]


async def assert_good_end(program: Program) -> None:
    code, printed = await program.end()
    assert code == 0, printed
    assert "Traceback" not in printed, printed
    assert "Warning" not in printed, printed


async def run_to_end(block: Block, folder: Path, port: str) -> None:
    async with python_program(*write_script(block, folder, port)) as program:
        await assert_good_end(program)


@pytest.mark.parametrize("block", list(cases()))
async def test_block_runs_as_printed(block: Block, tmp_path: Path) -> None:
    port = free_port()
    if block.role == "alone":
        await run_to_end(block, tmp_path, port)
        return
    others = [other for other, _ in blocks_of(block.path)]
    (server,) = [other for other in others if other.role == "server"]
    async with python_program(*write_script(server, tmp_path, port)) as serving:
        await serving.line_with(port)
        if block.role == "client":
            await run_to_end(block, tmp_path, port)
        serving.interrupt()
        await assert_good_end(serving)


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_readme_has_an_example(path: Path) -> None:
    assert any(True for _ in blocks_of(path))
