"""Compares the imports of every package with layers.toml. `python tools/layers [--root FOLDER]`

Decides from the syntax trees alone: nothing is imported, so type-only imports count like others.
Prints one line per breach and fails when there is any.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep"},
    "datetime": {"now", "utcnow", "today"},
}
HERE = Path(__file__).resolve().parent


class Package(NamedTuple):
    """One member of the workspace, as far as imports go."""

    folder: Path
    import_name: str
    depends_on: frozenset[str]  # distributions in its pyproject.toml
    files: dict[str, Path]  # dotted name inside the package → file; "" is its __init__


class Law(NamedTuple):
    """What layers.toml says about one package."""

    modules: list[str]
    siblings: list[str]
    cores: list[str]
    impure: frozenset[str]
    bends: dict[str, str]  # "module > other" → why this import upwards is borne with


class Import(NamedTuple):
    """One imported module: dotted from its package's root, or a top-level name of another."""

    line: int
    top: str
    inner: str
    name: str  # what `from … import` takes from it, or ""


def read_package(folder: Path) -> Package:
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    requirements = [re.match(r"[\w-]+", text) for text in project.get("dependencies", [])]
    import_name = project["name"].replace("-", "_")
    source = folder / "src" / import_name
    files = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    names = frozenset(found.group() for found in requirements if found)
    return Package(folder, import_name, names, files)


def imports_of(package: Package, module: str) -> Iterator[Import]:
    """Every import of a module, relative ones resolved."""
    path = package.files[module]
    is_init = path.name == "__init__.py"
    here = [package.import_name, *filter(None, module.split("."))]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top, _, inner = alias.name.partition(".")
                yield Import(node.lineno, top, inner, "")
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                base = here if is_init else here[:-1]
                base = base[: len(base) - node.level + 1]
                origin = ".".join([*base, *filter(None, [node.module])])
            top, _, inner = origin.partition(".")
            for alias in node.names:
                yield Import(node.lineno, top, inner, alias.name)


def clocks_read_by(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of each call that looks at a clock."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if node.attr in CLOCKS.get(owner, ()):
                yield node.lineno, f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            names = CLOCKS["time"] & {alias.name for alias in node.names}
            yield from ((node.lineno, f"time.{name}") for name in sorted(names))


def target_of(package: Package, imported: Import) -> str:
    """The module inside the package that an import of its own leads to."""
    below = f"{imported.inner}.{imported.name}".strip(".")
    return below if below in package.files else imported.inner


def covers(entry: str, module: str) -> bool:
    return module == entry or module.startswith(entry + ".")


def rank(module: str, law: Law, package: Package) -> int | None:
    """The line of a module in layers.toml; an `__init__` stands behind its whole folder."""
    if module == "":
        return len(law.modules)
    ranks = [line for line, entry in enumerate(law.modules) if covers(entry, module)]
    if not ranks and package.files[module].name == "__init__.py":
        ranks = [line for line, entry in enumerate(law.modules) if covers(module, entry)]
    return ranks[-1] if ranks else None


def check_inner(package: Package, law: Law, module: str) -> Iterator[str]:
    """Breaches of the order inside one package."""
    where = package.files[module]
    own = rank(module, law, package)
    if own is None:
        yield f"{where}:1: {module} has no line in layers.toml; add it at its place"
        return
    for imported in imports_of(package, module):
        if imported.top != package.import_name:
            continue
        target = target_of(package, imported)
        if target not in package.files or target == module:
            continue
        other = rank(target, law, package)
        if other is None:
            continue  # its own breach is reported with it
        if f"{module} > {target}" in law.bends:
            continue
        if other > own or (other == own and is_behind(package, module, target)):
            name = target or "__init__"
            yield f"{where}:{imported.line}: {module} imports {name}, which stands below it"


def is_behind(package: Package, module: str, target: str) -> bool:
    """Whether `target` shares a line with `module` and is an `__init__` around it."""
    return package.files[target].name == "__init__.py" and covers(target, module)


def check_bends(package: Package, law: Law) -> Iterator[str]:
    """Exceptions that nothing needs any more."""
    for bend in law.bends:
        module, _, target = bend.partition(" > ")
        found = imports_of(package, module) if module in package.files else []
        if target not in {target_of(package, imported) for imported in found}:
            yield f"{package.folder}: layers.toml bends the law for {bend}, which is not imported"


def check_circles(package: Package, law: Law) -> Iterator[str]:
    """Circles among modules that share a line."""
    graph: dict[str, set[str]] = {}
    for module in package.files:
        targets = {
            target_of(package, imported)
            for imported in imports_of(package, module)
            if imported.top == package.import_name
        }
        own = rank(module, law, package)
        graph[module] = {
            target
            for target in targets & package.files.keys() - {module}
            if rank(target, law, package) == own and not is_behind(package, module, target)
        }
    while leaves := [module for module, targets in graph.items() if not targets & graph.keys()]:
        for module in leaves:
            del graph[module]
    while roots := graph.keys() - set().union(*graph.values()):
        for module in roots:
            del graph[module]
    if graph:
        yield f"{package.folder}: these import each other in a circle: {', '.join(sorted(graph))}"


def check_outer(
    package: Package, law: Law, module: str, others: dict[str, Package]
) -> Iterator[str]:
    """Breaches of the law between packages, and of the purity of cores."""
    where = package.files[module]
    is_core = any(covers(core, module) for core in law.cores if module)
    for line, clock in clocks_read_by(where) if is_core else ():
        yield f"{where}:{line}: {module} reads {clock}; in a core time is an argument"
    for imported in imports_of(package, module):
        place = f"{where}:{imported.line}: {module or '__init__'} imports"
        if is_core and imported.top in law.impure:
            yield f"{place} {imported.top}, but decides without I/O and clock (a core)"
        other = others.get(imported.top)
        if other is None or other is package:
            continue
        if other.folder.name not in law.siblings:
            yield f"{place} {other.import_name}, which is no layer below it"
        elif imported.top.replace("_", "-") not in package.depends_on:
            yield f"{place} {other.import_name}, which pyproject.toml does not list"
        is_module_path = target_of(other, imported) and not is_exported(other, imported)
        if is_module_path:
            path = f"{imported.top}.{target_of(other, imported)}"
            yield f"{place} {path}; module paths are private, use its __init__"


def is_exported(package: Package, imported: Import) -> bool:
    """Whether the `__init__` gives something else the name of a module, as `middleware`."""
    if imported.inner or "" not in package.files:
        return False
    given = (found for found in imports_of(package, "") if found.top == package.import_name)
    return any(found.name == imported.name and found.inner for found in given)


def check_siblings(package: Package, law: Law, others: dict[str, Package]) -> Iterator[str]:
    """layers.toml and pyproject.toml agree about siblings."""
    members = {other.import_name.replace("_", "-"): other for other in others.values()}
    listed = {members[name].folder.name for name in package.depends_on & members.keys()}
    if listed != set(law.siblings):
        yield (
            f"{package.folder / 'pyproject.toml'}: lists the siblings {sorted(listed)}, "
            f"layers.toml {sorted(law.siblings)}"
        )


def check(root: Path, table: Path) -> tuple[list[str], list[str]]:
    """All breaches, and the planned modules that do not exist yet."""
    laws = tomllib.loads(table.read_text())
    impure = frozenset(laws.pop("impure", []))
    folders = sorted(path.parent for path in root.glob("packages/*/pyproject.toml"))
    packages = [read_package(folder) for folder in folders]
    others = {package.import_name: package for package in packages}
    breaches: list[str] = []
    planned: list[str] = []
    for package in packages:
        if package.folder.name not in laws:
            breaches.append(f"{package.folder}: has no table in layers.toml")
            continue
        law = Law(**{"bends": {}} | laws.pop(package.folder.name), impure=impure)
        breaches += check_siblings(package, law, others)
        for module in package.files:
            breaches += check_inner(package, law, module)
            breaches += check_outer(package, law, module, others)
        breaches += check_circles(package, law)
        breaches += check_bends(package, law)
        planned += [
            f"{package.folder.name}: {entry}"
            for entry in law.modules
            if not any(covers(entry, module) for module in package.files)
        ]
    breaches += [f"{table}: no package {name}" for name in laws]
    return breaches, planned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=HERE.parents[1], help="of the repository")
    parser.add_argument("--table", type=Path, default=HERE / "layers.toml")
    options = parser.parse_args()
    found, planned = check(options.root, options.table)
    breaches = list(dict.fromkeys(found))
    for breach in breaches:
        print(breach.removeprefix(f"{options.root}/"))
    if planned:
        print("planned, not written yet:", ", ".join(planned))
    print(f"layers: {len(breaches)} breaches" if breaches else "layers: as they should be")
    sys.exit(bool(breaches))


if __name__ == "__main__":
    main()
