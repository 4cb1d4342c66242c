"""Imports go downwards only, inside packages and between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tools import Outcome, run_tool, write_tree

TABLE = """
    impure = ["asyncio", "socket"]

    [low]
    siblings = []
    modules = ["errors", "wire.framing", "wire.connection", "fields", "aio"]
    cores = ["errors", "wire"]

    [high]
    siblings = ["low"]
    modules = ["keys", "app"]
    cores = []
"""
GOOD = {
    "layers.toml": TABLE,
    "packages/low/pyproject.toml": '[project]\nname = "x-low"\ndependencies = ["attrs>=25"]',
    "packages/low/src/x_low/__init__.py": "from .aio import Link\nfrom .errors import Bad",
    "packages/low/src/x_low/errors.py": "import enum, time\ntime.gmtime(0)",
    "packages/low/src/x_low/wire/__init__.py": "",
    "packages/low/src/x_low/wire/framing.py": "from ..errors import Bad",
    "packages/low/src/x_low/wire/connection.py": "from . import framing",
    "packages/low/src/x_low/fields/__init__.py": "from .media import parse",
    "packages/low/src/x_low/fields/media.py": "from .tokens import split",
    "packages/low/src/x_low/fields/tokens.py": "from x_low.errors import Bad",
    "packages/low/src/x_low/aio.py": "import asyncio\nfrom .wire.connection import Connection",
    "packages/high/pyproject.toml": '[project]\nname = "x-high"\ndependencies = ["x-low>=0,<1"]',
    "packages/high/src/x_high/__init__.py": "from .app import Application",
    "packages/high/src/x_high/keys.py": "",
    "packages/high/src/x_high/app.py": "from x_low import Link\nfrom .keys import Key",
}


def check(root: Path, **changes: str) -> Outcome:
    """Check the good tree with some files changed, named by their last parts."""
    files = dict(GOOD)
    for name, text in changes.items():
        path = f"/{name.replace('__', '/')}.py"
        (known,) = [known for known in GOOD if known.endswith(path)] or [f"packages/low{path}"]
        files[known] = text
    write_tree(root, files)
    return run_tool("layers", "--root", root, "--table", root / "layers.toml")


def test_this_repository() -> None:
    outcome = run_tool("layers")
    assert outcome.is_good, outcome.text


def test_a_good_tree(tmp_path: Path) -> None:
    outcome = check(tmp_path)
    assert outcome.is_good, outcome.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("errors", "from .aio import Link", "errors.py:1: errors imports aio, which stands below"),
        ("errors", "from . import aio", "errors imports aio"),
        ("errors", "import x_low.wire.framing", "errors imports wire.framing"),
        ("errors", "from . import Bad", "errors imports __init__, which stands below"),
        ("wire__framing", "from .connection import C", "wire.framing imports wire.connection"),
        ("wire__framing", "from . import C", "wire.framing imports wire, which stands below"),
        (
            "wire__framing",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..aio import Link",
            "framing.py:3: wire.framing imports aio",
        ),
        ("tokens", "from .media import parse", "in a circle: fields.media, fields.tokens"),
        ("wire__framing", "import asyncio", "imports asyncio, but decides without I/O"),
        ("wire__framing", "def f():\n    import socket", "imports socket, but decides"),
        (
            "errors",
            "import time\nx = time.monotonic()",
            "errors.py:2: errors reads time.monotonic",
        ),
        ("errors", "from time import sleep, gmtime", "errors reads time.sleep; in a core"),
        ("errors", "import datetime\ndatetime.datetime.now()", "reads datetime.now"),
        ("errors", "from x_high import Application", "imports x_high, which is no layer below"),
        ("app", "from x_low.wire.framing import frame", "x_low.wire.framing; module paths are"),
        ("app", "from x_low import aio", "x_low.aio; module paths are private"),
        ("app", "import x_low.aio", "x_low.aio; module paths are private"),
    ],
)
def test_breaches_inside(tmp_path: Path, name: str, text: str, words: str) -> None:
    outcome = check(tmp_path, **{name: text})
    assert not outcome.is_good
    assert words in outcome.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("packages/low/src/x_low/extra.py", "", "extra has no line in layers.toml"),
        ("packages/new/pyproject.toml", '[project]\nname = "new"', "has no table in layers.toml"),
        (
            "packages/high/pyproject.toml",
            '[project]\nname = "x-high"\ndependencies = []',
            "imports x_low, which pyproject.toml does not list",
        ),
        (
            "packages/low/pyproject.toml",
            '[project]\nname = "x-low"\ndependencies = ["x-high"]',
            "lists the siblings ['high'], layers.toml []",
        ),
        ("layers.toml", TABLE.replace("high", "higher"), "no package higher"),
    ],
)
def test_breaches_around(tmp_path: Path, name: str, text: str, words: str) -> None:
    write_tree(tmp_path, GOOD | {name: text})
    outcome = run_tool("layers", "--root", tmp_path, "--table", tmp_path / "layers.toml")
    assert not outcome.is_good
    assert words in outcome.text


def test_an_exported_name_may_be_a_module_s_name(tmp_path: Path) -> None:
    files = {
        "packages/low/src/x_low/__init__.py": "from .aio import aio",
        "packages/high/src/x_high/app.py": "from x_low import aio",
    }
    write_tree(tmp_path, GOOD | files)
    outcome = run_tool("layers", "--root", tmp_path, "--table", tmp_path / "layers.toml")
    assert outcome.is_good, outcome.text


def test_a_bend_is_borne_with_while_it_is_needed(tmp_path: Path) -> None:
    table = TABLE.replace("[high]", '[low.bends]\n"errors > aio" = "why"\n[high]')
    write_tree(tmp_path, GOOD | {"layers.toml": table})
    arguments = ("--root", tmp_path, "--table", tmp_path / "layers.toml")
    outcome = run_tool("layers", *arguments)
    assert not outcome.is_good
    assert "bends the law for errors > aio, which is not imported" in outcome.text
    (tmp_path / "packages/low/src/x_low/errors.py").write_text("from .aio import Link")
    outcome = run_tool("layers", *arguments)
    assert outcome.is_good, outcome.text
