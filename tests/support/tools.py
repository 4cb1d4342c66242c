"""Runs the checkers under tools/, on this repository or on a small one made for a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Outcome(NamedTuple):
    is_good: bool
    text: str


def run_tool(name: str, *arguments: str | Path) -> Outcome:
    """Run `python tools/<name>` to its end."""
    command = [sys.executable, ROOT / "tools" / name, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Outcome(done.returncode == 0, done.stdout + done.stderr)


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write files by their paths; texts are dedented."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return root
