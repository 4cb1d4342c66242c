"""Writes what every package exports to packages/<name>/surface.txt. `python tools/surface [--check]`

Public means exported from the package's `__init__`; of `weft`, from its modules too. One line for
each name, with its signature or type as the source has it, read from the syntax trees: nothing is
imported, so the text does not depend on the Python, the twin or the machine that made it.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FACES = {"weft"}  # packages whose modules are public, not only their __init__
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef | ast.Assign | ast.AnnAssign


class Source:
    """The syntax trees of all packages, read once."""

    def __init__(self, root: Path) -> None:
        self.folders = {
            init.parent.name: init.parent for init in root.glob("packages/*/src/*/__init__.py")
        }
        self._trees: dict[Path, ast.Module] = {}

    def file_of(self, module: str) -> Path | None:
        top, _, inner = module.partition(".")
        if top not in self.folders:
            return None
        path = self.folders[top].joinpath(*filter(None, inner.split(".")))
        for candidate in (path / "__init__.py", path.with_suffix(".py")):
            if candidate.is_file() and (inner or candidate.parent == path):
                return candidate
        return None

    def tree_of(self, path: Path) -> ast.Module:
        if path not in self._trees:
            self._trees[path] = ast.parse(path.read_text(), str(path))
        return self._trees[path]

    def statements(self, module: str) -> Iterator[ast.stmt]:
        """The statements at the top of a module, those under `if` and `try` included."""
        path = self.file_of(module)
        pending = list(self.tree_of(path).body) if path else []
        while pending:
            statement = pending.pop(0)
            yield statement
            if isinstance(statement, ast.If | ast.Try):
                pending = [*statement.body, *statement.orelse, *pending]

    def origin_of(self, module: str, node: ast.ImportFrom) -> str:
        """The dotted name of the module that a `from … import` reads."""
        if not node.level:
            return node.module or ""
        path = self.file_of(module)
        parts = module.split(".")
        keep = len(parts) - node.level + (path is not None and path.name == "__init__.py")
        return ".".join([*parts[:keep], *filter(None, [node.module])])

    def exported(self, module: str) -> list[str]:
        """The public names of a module: its `__all__`, or all that is not private."""
        names: set[str] = set()
        for statement in self.statements(module):
            if is_all(statement):
                listed = literal_names(statement)
                if listed is not None:
                    return sorted(listed)
            if not self.is_foreign(module, statement):
                names |= set(bound_by(statement))
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                names |= set(self.exported(self.origin_of(module, statement)))
        return sorted(name for name in names if not name.startswith("_"))

    def is_foreign(self, module: str, statement: ast.stmt) -> bool:
        """Whether a statement imports from outside the workspace."""
        if not isinstance(statement, ast.ImportFrom):
            return False
        return self.origin_of(module, statement).partition(".")[0] not in self.folders

    def find(self, module: str, name: str) -> tuple[str, Definition | str]:
        """Where a name is defined: its module, and the definition, or words where none is."""
        if module.endswith("._twin"):
            return self.find(f"{module}._py", name)
        for statement in self.statements(module):
            if isinstance(statement, ast.ImportFrom):
                origin = self.origin_of(module, statement)
                imported = {alias.asname or alias.name: alias.name for alias in statement.names}
                if name in imported or ("*" in imported and name in self.exported(origin)):
                    return self.find_import(origin, imported.get(name, name))
            elif name in bound_by(statement):
                assert isinstance(statement, Definition)  # bound_by knows no others
                return module, statement
        return module, "made at run time"

    def find_import(self, origin: str, name: str) -> tuple[str, Definition | str]:
        if self.file_of(f"{origin}.{name}"):
            return f"{origin}.{name}", "a module"
        if origin.partition(".")[0] not in self.folders:
            return origin, f"from {origin}"
        return self.find(origin, name)


def is_all(statement: ast.stmt) -> bool:
    return "__all__" in bound_by(statement)


def literal_names(statement: ast.stmt) -> list[str] | None:
    assert isinstance(statement, ast.Assign | ast.AnnAssign)  # is_all() said so
    try:
        return list(ast.literal_eval(statement.value)) if statement.value else None
    except ValueError:
        return None


def bound_by(statement: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module binds."""
    if isinstance(statement, Function | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names if alias.name != "*"]
    if isinstance(statement, ast.Assign):
        return [node.id for node in statement.targets if isinstance(node, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def describe(source: Source, module: str, name: str) -> Iterator[str]:
    """The lines for one exported name."""
    origin, found = source.find(module, name)
    home = module.partition(".")[0]
    if origin.partition(".")[0] != home and home in FACES:
        yield f"{name}: {origin.partition('.')[0]}"
    elif isinstance(found, str):
        yield f"{name}: {found}"
        if found == "a module":
            for inner in source.exported(origin):
                yield f"    {name}.{inner}"
    else:
        yield from describe_definition(source, origin, name, found)


def describe_definition(source: Source, module: str, name: str, node: Definition) -> Iterator[str]:
    if isinstance(node, Function):
        yield signature(node, name)
    elif isinstance(node, ast.ClassDef):
        bases = [ast.unparse(base) for base in [*node.bases, *node.keywords]]
        yield f"class {name}({', '.join(bases)})" if bases else f"class {name}"
        for member in members(source, module, node):
            yield f"    {member}"
    elif isinstance(node, ast.AnnAssign):
        annotation = ast.unparse(node.annotation)
        tells_all = annotation.rpartition(".")[2] not in ("Final", "TypeAlias")
        value = f" = {shorten(ast.unparse(node.value))}" if node.value and not tells_all else ""
        yield f"{name}: {annotation}{value}"
    else:
        yield f"{name} = {shorten(ast.unparse(node.value))}"


def members(source: Source, module: str, node: ast.ClassDef) -> list[str]:
    """The public members of a class, those of private bases included."""
    lines: dict[str, str] = {}
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id.startswith("_"):
            origin, found = source.find(module, base.id)
            if isinstance(found, ast.ClassDef):
                lines |= {line: line for line in members(source, origin, found)}
    for statement in node.body:
        line = describe_member(statement)
        if line is not None:
            lines[line] = line
    return sorted(lines)


def describe_member(statement: ast.stmt) -> str | None:
    names = bound_by(statement)
    if not names or (names[0].startswith("_") and not names[0].endswith("__")):
        return None
    if isinstance(statement, Function):
        return describe_method(statement)
    if names[0] in ("__slots__", "__match_args__"):
        return None
    if isinstance(statement, ast.AnnAssign):
        default = f" = {shorten(ast.unparse(statement.value))}" if statement.value else ""
        return f"{names[0]}: {ast.unparse(statement.annotation)}{default}"
    if isinstance(statement, ast.Assign):
        return f"{names[0]} = {shorten(ast.unparse(statement.value))}"
    return f"class {names[0]}"


def describe_method(node: Function) -> str | None:
    marks = [ast.unparse(decorator) for decorator in node.decorator_list]
    if any("property" in mark for mark in marks):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"property {node.name}{returns}"
    if any(mark.endswith((".setter", ".deleter")) for mark in marks):
        return f"{marks[-1].rpartition('.')[2]} {node.name}"
    prefix = "".join(f"@{mark} " for mark in marks if mark in ("classmethod", "staticmethod"))
    overload = "@overload " if any(mark.endswith("overload") for mark in marks) else ""
    return f"{prefix}{overload}{signature(node, node.name)}"


def signature(node: Function, name: str) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    return f"{kind} {name}({ast.unparse(node.args)}){returns}"


def shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 100 else f"{text[:97]}..."


def surface(source: Source, import_name: str) -> str:
    """The whole text for one package."""
    modules = [import_name]
    if import_name in FACES:
        files = sorted(source.folders[import_name].glob("[a-z]*.py"))
        modules += [f"{import_name}.{path.stem}" for path in files]
    lines = [
        "# What this package exports. Written by tools/surface; a changed line is a changed API."
    ]
    for module in modules:
        lines += ["", f"[{module}]"]
        for name in source.exported(module):
            lines += describe(source, module, name)
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Public names and signatures, as tracked text.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    options = parser.parse_args()
    source = Source(options.root)
    stale = 0
    for import_name, folder in sorted(source.folders.items()):
        path = folder.parents[1] / "surface.txt"
        old = path.read_text() if path.exists() else ""
        new = surface(source, import_name)
        if options.check:
            stale += old != new
            names = (str(path.relative_to(options.root)), "the source")
            changes = difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
            print("\n".join(changes), end="\n" if old != new else "")
        else:
            path.write_text(new)
    if stale:
        print(f"surface: {stale} stale; run `python tools/surface`, and add a fragment to CHANGES")
    else:
        print("surface: as tracked" if options.check else "surface: written")
    sys.exit(bool(stale))


if __name__ == "__main__":
    main()
