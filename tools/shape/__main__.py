"""Checks the shape of modules, classes and functions. `python tools/shape [--soft] [PATH ...]`

Walls, which fail: 600 lines in a module, 60 in a function (without its docstring), 6 parameters,
12 instance attributes, nesting of 3, no module docstring, modules named after nothing, imports
below the top, code in an `__init__`. Soft bounds, printed with --soft: 400 lines and 40 lines.
Of C the lines of a file are counted, and nothing else.

A comment on a line of the signature lifts one bound and says why: `# long: a byte loop` for lines
and nesting, `# wide: the shape of aiohttp` for parameters, `# late: a heavy import` on an import (or
a comment above it that begins with "Imported") for its place, `# state: why` on a class line for
attributes. A function that folds its parameters into calls or dicts in its first three statements
may have more than six without any comment.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MODULE_WALL, MODULE_SOFT = 600, 400
FUNCTION_WALL, FUNCTION_SOFT = 60, 40
PARAMETERS, ATTRIBUTES, NESTING = 6, 12, 3
NAMED_AFTER_NOTHING = {"utils", "util", "common", "misc", "base", "helpers"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
RECORDS = {"define", "frozen", "mutable", "attrs", "dataclass"}


class Finding(NamedTuple):
    path: Path
    line: int
    text: str
    is_wall: bool = True


class Module(NamedTuple):
    path: Path
    lines: list[str]
    tree: ast.Module

    def excuse(self, word: str, node: ast.stmt, end: int | None = None) -> bool:
        """Whether a comment `# word: why` stands on the lines from `node` to `end`."""
        lines = self.lines[node.lineno - 1 : end or node.lineno]
        return any(re.search(rf"#.*\b{word}: \S", line) for line in lines)

    def is_explained(self, node: ast.stmt) -> bool:
        """Whether the comment above begins with "Imported" and goes on to say why here."""
        at = node.lineno - 2
        while at > 0 and self.lines[at - 1].lstrip().startswith("#"):
            at -= 1
        return re.match(r"\s*# Imported \w", self.lines[at]) is not None


def read_module(path: Path) -> Module:
    text = path.read_text()
    return Module(path, text.splitlines(), ast.parse(text, str(path)))


def body_without_docstring(node: Function | ast.Module) -> list[ast.stmt]:
    first = node.body[0] if node.body else None
    is_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return node.body[1:] if is_docstring else node.body


def check_length(path: Path, count: int) -> Iterator[Finding]:
    """The bounds of a file's length, whatever it is written in."""
    if count > MODULE_SOFT:
        text = f"{count} lines; split it ({MODULE_SOFT}, wall {MODULE_WALL})"
        yield Finding(path, 1, text, count > MODULE_WALL)


def check_module(module: Module) -> Iterator[Finding]:
    """The bounds of a whole file."""
    path = module.path
    yield from check_length(path, len(module.lines))
    if path.stem.strip("_") in NAMED_AFTER_NOTHING:
        yield Finding(path, 1, f"a module called {path.stem} has no subject; name it after one")
    if module.lines and ast.get_docstring(module.tree) is None:
        yield Finding(path, 1, "no docstring that says what the module decides")


def check_imports(module: Module) -> Iterator[Finding]:
    """Imports at the top; nothing else in an `__init__`."""
    top = {id(node) for node in at_top(module.tree.body)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in top:
            if not (module.excuse("late", node, node.end_lineno) or module.is_explained(node)):
                yield Finding(module.path, node.lineno, "an import below the top of the module")
    if module.path.name != "__init__.py" or module.path.parent.name == "_twin":
        return
    for statement in body_without_docstring(module.tree):
        if not is_plain(statement):
            yield Finding(module.path, statement.lineno, "an __init__ holds imports only")


def at_top(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements at the top, those in `if` and `try` there included."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If):
            yield from at_top(statement.body + statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from at_top(statement.body + statement.orelse + statement.finalbody)
            for handler in statement.handlers:
                yield from at_top(handler.body)


def is_plain(statement: ast.stmt) -> bool:
    """An import, or `__all__ = …`; both also under an `if`."""
    if isinstance(statement, ast.If):
        return all(map(is_plain, statement.body + statement.orelse))
    return isinstance(statement, ast.Import | ast.ImportFrom) or is_dunder(statement)


def is_dunder(statement: ast.stmt) -> bool:
    """`__all__ = …`, `__version__ = …`, `__getattr__, __dir__ = …`."""
    if isinstance(statement, ast.Assign):
        targets = [
            node
            for target in statement.targets
            for node in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return False
    return all(isinstance(node, ast.Name) and node.id.startswith("__") for node in targets)


def check_function(module: Module, node: Function) -> Iterator[Finding]:
    """Lines, parameters and nesting of one function."""
    body = body_without_docstring(node)
    if is_declaration(node, body):
        return
    head_end = node.body[0].lineno - 1
    is_long = module.excuse("long", node, max(head_end, node.lineno))
    docstring = node.body[0] if body is not node.body else None
    count = (node.end_lineno or node.lineno) - node.lineno + 1
    if docstring is not None:
        count -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    if count > FUNCTION_SOFT and not is_long:
        text = f"{node.name} has {count} lines; split it ({FUNCTION_SOFT}, wall {FUNCTION_WALL})"
        yield Finding(module.path, node.lineno, text, count > FUNCTION_WALL)
    names = parameters_of(node)
    is_wide = module.excuse("wide", node, max(head_end, node.lineno))
    if len(names) > PARAMETERS and not is_wide and not folds(body, names):
        text = f"{node.name} has {len(names)} parameters; make an options value ({PARAMETERS})"
        yield Finding(module.path, node.lineno, text)
    depth = max((nesting(statement) for statement in body), default=0)
    if depth > NESTING and not is_long:
        text = f"{node.name} nests {depth} deep; return early or split it ({NESTING})"
        yield Finding(module.path, node.lineno, text)


def is_declaration(node: Function, body: list[ast.stmt]) -> bool:
    """An overload or a Protocol's method: `...` alone."""
    return not body or (
        len(body) == 1
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and body[0].value.value is ...
        and any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)
    )


def parameters_of(node: Function) -> list[str]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [argument.arg for argument in every]
    names += [star.arg for star in (arguments.vararg, arguments.kwarg) if star]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def folds(body: list[ast.stmt], names: list[str]) -> bool:
    """Whether the first three statements put the parameters beyond the sixth into values."""
    used: set[str] = set()
    for statement in body[:3]:
        if any(isinstance(node, ast.Call | ast.Dict) for node in ast.walk(statement)):
            used |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return len(set(names) - used) <= PARAMETERS


def nesting(statement: ast.stmt) -> int:
    """How deep blocks stand in each other; `elif` and nested functions do not add."""
    if isinstance(statement, Function | ast.ClassDef):
        return 0
    deepest = 0
    for block in blocks_of(statement):
        is_elif = isinstance(statement, ast.If) and block is statement.orelse and is_chained(block)
        for inner in block:
            deepest = max(deepest, nesting(inner) - is_elif)
    return deepest + isinstance(statement, NESTS)


def is_chained(block: list[ast.stmt]) -> bool:
    return len(block) == 1 and isinstance(block[0], ast.If)


def blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
        yield part.body


def check_class(module: Module, node: ast.ClassDef) -> Iterator[Finding]:
    """The number of attributes that the class itself gives its instances."""
    is_record = any(
        ast.unparse(decorator).partition("(")[0].rpartition(".")[2] in RECORDS
        for decorator in node.decorator_list
    )
    names: set[str] = set()
    for statement in node.body:
        if is_record and isinstance(statement, ast.AnnAssign):
            if "ClassVar" not in ast.unparse(statement.annotation):
                names.add(ast.unparse(statement.target))
        elif isinstance(statement, Function):
            names |= set(assigned(statement))
    names = slots_of(node) or names
    if len(names) > ATTRIBUTES and not module.excuse("state", node):
        text = f"{node.name} has {len(names)} attributes; make two objects ({ATTRIBUTES})"
        yield Finding(module.path, node.lineno, text)


def slots_of(node: ast.ClassDef) -> set[str]:
    """The names in `__slots__`: with them, what else is assigned belongs to a base."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__slots__":
            listed = ast.literal_eval(statement.value)
            # Room for weak references is no state.
            return ({listed} if isinstance(listed, str) else set(listed)) - {"__weakref__"}
    return set()


def assigned(function: Function) -> Iterator[str]:
    """Names assigned as `self.name` in a method."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            yield node.attr


def check(path: Path) -> Iterator[Finding]:
    """Every finding in one file; of C, its length alone."""
    if path.suffix != ".py":
        yield from check_length(path, len(path.read_text("utf-8").splitlines()))
        return
    module = read_module(path)
    yield from check_module(module)
    yield from check_imports(module)
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield from check_function(module, node)
        elif isinstance(node, ast.ClassDef):
            yield from check_class(module, node)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--soft", action="store_true", help="print the soft bounds too")
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders")
    options = parser.parse_args()
    roots = options.paths or [*sorted(ROOT.glob("packages/*/src")), ROOT / "tools"]
    files = [
        path
        for root in roots
        for path in ([root] if root.is_file() else root.rglob("*"))
        if path.suffix in (".py", ".c", ".h")
    ]
    findings = sorted(finding for path in files for finding in check(path))
    walls = [finding for finding in findings if finding.is_wall]
    for finding in findings if options.soft else walls:
        place = str(finding.path).removeprefix(f"{ROOT}/")
        print(f"{place}:{finding.line}: {finding.text}{'' if finding.is_wall else ' (soft)'}")
    print(f"shape: {len(walls)} walls hit in {len(files)} files" if walls else "shape: good")
    sys.exit(bool(walls))


if __name__ == "__main__":
    main()
