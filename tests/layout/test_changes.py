"""Change fragments have good names and lie in the folder of a package."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tools import ROOT, run_tool, write_tree

TOWNCRIER = (ROOT / "packages/routing/towncrier.toml").read_text()
FILES = {
    "packages/routing/pyproject.toml": '[project]\nname = "weft-routing"',
    "packages/routing/towncrier.toml": TOWNCRIER,
    "packages/weft/pyproject.toml": '[project]\nname = "weft"',
    "packages/weft/towncrier.toml": TOWNCRIER.replace("weft-routing", "weft").replace(
        "CHANGES/routing", "CHANGES/weft"
    ),
    "CHANGES/README.md": "How to write one.",
    "CHANGES/routing/12.bugfix.md": "It works.",
    "CHANGES/routing/12.bugfix.1.md": "It works, too.",
    "CHANGES/weft/+a-slug.misc.md": "Tidied.",
    "CHANGES/weft/.gitkeep": "",
}


def test_this_repository() -> None:
    outcome = run_tool("changes.py")
    assert outcome.is_good, outcome.text


def test_good_fragments(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES)
    assert run_tool("changes.py", "--root", tmp_path) == (True, "changes: good\n")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("CHANGES/routing/12.fix.md", "A", "12.fix.md: has the unknown kind 'fix'; one of bugfix"),
        ("CHANGES/routing/note.md", "A", "is no fragment's name"),
        ("CHANGES/routing/12.bugfix.rst", "A", "is no fragment's name"),
        ("CHANGES/routing/13.bugfix.md", " \n", "says nothing"),
        ("CHANGES/13.bugfix.md", "A", "lies in no package's folder"),
        ("CHANGES/router/13.bugfix.md", "A", "lies in no package's folder"),
        ("packages/weft/towncrier.toml", TOWNCRIER, "weft/towncrier.toml: names another package"),
        (
            "packages/routing/towncrier.toml",
            TOWNCRIER.replace('"Features"', '"New"'),
            "these differ: routing, weft",
        ),
    ],
)
def test_bad_fragments(tmp_path: Path, name: str, text: str, words: str) -> None:
    write_tree(tmp_path, FILES | {name: text})
    outcome = run_tool("changes.py", "--root", tmp_path)
    assert not outcome.is_good
    assert words in outcome.text
