"""Modules, classes and functions keep their bounds."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from support.tools import run_tool, write_tree

DEEP = """
    def f(a):
        for b in a:
            if b:
                while b:
                    with b:
                        b()
"""
CHAIN = """
    def f(a):
        if a == 1:
            return 1
        elif a == 2:
            return 2
        elif a == 3:
            return 3
        elif a == 4:
            for b in a:
                while b:
                    b()
"""
MATCH = """
    def f(a):
        try:
            match a:
                case 1:
                    if a:
                        a()
        except ValueError:
            pass
"""
FOLDED = """
    def get(self, a, b, c, d, e, f, g, h):
        options = Options(d, e, f=f, g=g, h=h)
        return run(a, b, c, options)
"""
UNFOLDED = "def get(a, b, c, d, e, f, g):\n    return a + b + c + d + e + f + g\n"
SLOTTED = """
    class A(B):
        __slots__ = ("own",)
        def __init__(self):
""" + "".join(f"            self.a{number} = 1\n" for number in range(13))
MANY = "class A:\n    def __init__(self):\n" + "".join(
    f"        self.a{number} = 1\n" for number in range(13)
)
RECORD = "import attrs\n@attrs.frozen\nclass A:\n" + "".join(
    f"    a{number}: int = 1\n" for number in range(13)
)
STATEMENTS = "".join(f"    a{number} = 1\n" for number in range(70))
LONG_DOCSTRING = 'def f():\n    """Says.\n' + "    more\n" * 70 + '    """\n'


def check(root: Path, name: str, text: str) -> tuple[bool, str]:
    write_tree(root, {name: f'"""A subject."""\n{dedent(text)}'})
    return run_tool("shape", root / name)


def test_this_repository() -> None:
    outcome = run_tool("shape")
    assert outcome.is_good, outcome.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.py", DEEP, "a.py:3: f nests 4 deep"),
        ("a.py", UNFOLDED, "get has 7 parameters"),
        ("a.py", MANY, "A has 13 attributes"),
        ("a.py", RECORD, "A has 13 attributes"),
        ("a.py", f"def f():\n{STATEMENTS}", "f has 71 lines"),
        ("a.py", "x = 1\n" * 600, "601 lines"),
        ("a.py", "def f():\n    import os\n", "an import below the top"),
        ("utils.py", "x = 1\n", "a module called utils has no subject"),
        ("_common.py", "x = 1\n", "a module called _common has no subject"),
        ("__init__.py", "from .a import b\nb()\n", "__init__ holds imports only"),
        ("__init__.py", "def f(): ...\n", "__init__ holds imports only"),
    ],
)
def test_walls(tmp_path: Path, name: str, text: str, words: str) -> None:
    is_good, said = check(tmp_path, name, text)
    assert not is_good
    assert words in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", CHAIN),
        ("a.py", MATCH),
        ("a.py", FOLDED),
        ("a.py", DEEP.replace("(a):", "(a):  # long: a byte loop")),
        ("a.py", UNFOLDED.replace(":\n", ":  # wide: the shape of aiohttp\n")),
        ("a.py", MANY.replace("A:", "A:  # state: one table")),
        ("a.py", SLOTTED),
        ("a.py", f"def f():  # long: a table\n{STATEMENTS}"),
        ("a.py", LONG_DOCSTRING),
        ("a.py", "def f():\n    import os  # late: heavy, and few need it\n"),
        ("a.py", "def f():\n    # Imported here: heavy,\n    # and few need it.\n    import os\n"),
        ("a.py", "try:\n    import a\nexcept ImportError:\n    import b as a\n"),
        ("__init__.py", "from .a import b\n__all__ = ['b']\n__version__ = '1'\n"),
        ("_twin/__init__.py", "def choose(): ...\n"),
    ],
)
def test_what_is_allowed(tmp_path: Path, name: str, text: str) -> None:
    is_good, said = check(tmp_path, name, text)
    assert is_good, said


def test_soft_bounds_are_told_only_when_asked(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.py": '"""A subject."""\n' + "x = 1\n" * 450})
    assert run_tool("shape", tmp_path) == (True, "shape: good\n")
    outcome = run_tool("shape", "--soft", tmp_path)
    assert outcome.is_good
    assert "451 lines; split it (400, wall 600) (soft)" in outcome.text


def test_a_module_says_what_it_decides(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.py": "x = 1\n"})
    outcome = run_tool("shape", tmp_path)
    assert not outcome.is_good
    assert "no docstring" in outcome.text


@pytest.mark.parametrize("suffix", ["c", "h"])
def test_a_file_of_c_has_the_wall_of_a_module(tmp_path: Path, suffix: str) -> None:
    for count, is_good in ((600, True), (601, False)):
        path = tmp_path / f"{count}.{suffix}"
        path.write_text("/* a line */\n" * count)
        assert run_tool("shape", path).is_good == is_good
