"""The tracked text of each package's public names is what the source says."""

from __future__ import annotations

from pathlib import Path

from support.tools import run_tool, write_tree

FILES = {
    "packages/low/src/x_low/__init__.py": """
        from ._twin import Head
        from .things import LIMIT, MAXIMUM, Kind, Sizes, Thing, run
        __version__ = "1"
        __all__ = ("Head", "Kind", "LIMIT", "MAXIMUM", "Sizes", "Thing", "run")
    """,
    "packages/low/src/x_low/_twin/__init__.py": "Head = pick('Head')",
    "packages/low/src/x_low/_twin/_py.py": "class Head:\n    def get(self) -> int: ...",
    "packages/low/src/x_low/things.py": """
        import enum
        from typing import Final, TypeAlias
        LIMIT: int = 3
        MAXIMUM: Final = 4
        Sizes: TypeAlias = list[int]
        class Kind(enum.Enum):
            A = 1
        class _Shared:
            def close(self) -> None: ...
        class Thing(_Shared):
            size: int = 1
            _hidden = 2
            def __init__(self, a: int, *, b: str = "x") -> None: ...
            def _inner(self) -> None: ...
            @property
            def is_open(self) -> bool: ...
            @classmethod
            async def make(cls) -> int: ...
        async def run(thing: Thing) -> None: ...
        def private() -> None: ...
    """,
    "packages/weft/src/weft/__init__.py": "from x_low import Thing",
    "packages/weft/src/weft/web.py": "from typing import Final\nfrom x_low import *",
}
LOW = """\
[x_low]
class Head
    def get(self) -> int
class Kind(enum.Enum)
    A = 1
LIMIT: int
MAXIMUM: Final = 4
Sizes: TypeAlias = list[int]
class Thing(_Shared)
    @classmethod async def make(cls) -> int
    def __init__(self, a: int, *, b: str='x') -> None
    def close(self) -> None
    property is_open -> bool
    size: int = 1
async def run(thing: Thing) -> None
"""


def test_this_repository() -> None:
    outcome = run_tool("surface", "--check")
    assert outcome.is_good, outcome.text


def test_what_is_written(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES)
    assert run_tool("surface", "--root", tmp_path).is_good
    assert (tmp_path / "packages/low/surface.txt").read_text().partition("\n\n")[2] == LOW
    face = (tmp_path / "packages/weft/surface.txt").read_text()
    assert "[weft]\nThing: x_low\n" in face
    assert "[weft.web]\nHead: x_low\nKind: x_low\nLIMIT: x_low\n" in face
    assert "Final" not in face


def test_a_change_is_seen(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES)
    assert not run_tool("surface", "--root", tmp_path, "--check").is_good
    run_tool("surface", "--root", tmp_path)
    assert run_tool("surface", "--root", tmp_path, "--check").is_good
    source = tmp_path / "packages/low/src/x_low/things.py"
    source.write_text(source.read_text().replace('b: str = "x"', "b: str"))
    outcome = run_tool("surface", "--root", tmp_path, "--check")
    assert not outcome.is_good
    assert "-    def __init__(self, a: int, *, b: str='x') -> None" in outcome.text
    assert "+    def __init__(self, a: int, *, b: str) -> None" in outcome.text
