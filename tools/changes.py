"""Checks the change fragments. `python tools/changes.py [--draft] [BASE]`

Every file under CHANGES/<package>/ has a good name, a known kind and a text, and every member's
towncrier.toml differs from the others only in its two names. With BASE (a branch or commit) every
package touched since has a fragment; with --draft the next release notes are printed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"(?:\d+|\+[a-z0-9-]+)\.(?P<kind>[a-z]+)(?:\.\d+)?\.md")


def kinds_of(folder: Path) -> set[str]:
    table = tomllib.loads((folder / "towncrier.toml").read_text())["tool"]["towncrier"]
    return {kind["directory"] for kind in table["type"]}


def check_fragment(path: Path, kinds: set[str]) -> Iterator[str]:
    match = NAME.fullmatch(path.name)
    if match is None:
        yield "is no fragment's name; write <issue>.<kind>.md or +<slug>.<kind>.md"
    elif match["kind"] not in kinds:
        yield f"has the unknown kind {match['kind']!r}; one of {', '.join(sorted(kinds))}"
    if not path.read_text().strip():
        yield "says nothing"


def check_fragments(root: Path) -> Iterator[str]:
    members = {path.parent.name: path.parent for path in root.glob("packages/*/towncrier.toml")}
    for path in sorted(root.glob("CHANGES/**/*")):
        place = path.relative_to(root)
        if path.is_dir() or path.name == ".gitkeep" or str(place) == "CHANGES/README.md":
            continue
        if len(place.parts) != 3 or place.parts[1] not in members:
            yield f"{place}: lies in no package's folder"
            continue
        for text in check_fragment(path, kinds_of(members[place.parts[1]])):
            yield f"{place}: {text}"


def check_tables(root: Path) -> Iterator[str]:
    """The towncrier.toml of all members agree."""
    texts: dict[str, str] = {}
    for path in sorted(root.glob("packages/*/towncrier.toml")):
        folder = path.parent.name
        project = tomllib.loads((path.parent / "pyproject.toml").read_text())["project"]["name"]
        table = tomllib.loads(path.read_text())["tool"]["towncrier"]
        if (table["name"], table["directory"]) != (project, f"../../CHANGES/{folder}"):
            yield f"{path.relative_to(root)}: names another package"
        texts[folder] = re.sub(r'^(name|directory) = ".*"$', r"\1", path.read_text(), flags=re.M)
    if len(set(texts.values())) > 1:
        yield f"packages/*/towncrier.toml: these differ: {', '.join(texts)}"


def touched_packages(root: Path, base: str) -> list[str]:
    """The members whose sources changed since the branch left `base`."""
    command = ["git", "diff", "--name-only", f"{base}...", "--", "packages/*/src"]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return sorted({line.split("/")[1] for line in done.stdout.splitlines()})


def towncrier(root: Path, *arguments: str) -> bool:
    command = [sys.executable, "-m", "towncrier", *arguments]
    return subprocess.run(command, cwd=root, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Checks the change fragments.")
    parser.add_argument("base", nargs="?", help="a branch or commit to compare with")
    parser.add_argument("--draft", action="store_true", help="print the next release notes")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    options = parser.parse_args()
    root: Path = options.root
    problems = [*check_tables(root), *check_fragments(root)]
    for package in touched_packages(root, options.base) if options.base else []:
        folder = f"packages/{package}"
        if not towncrier(root, "check", "--dir", folder, "--compare-with", options.base):
            problems.append(f"{folder}: changed since {options.base}, without a fragment")
    for path in sorted(root.glob("packages/*/towncrier.toml")) if options.draft else []:
        folder = f"packages/{path.parent.name}"
        if not towncrier(root, "build", "--draft", "--version", "next", "--dir", folder):
            problems.append(f"{folder}: towncrier cannot build the release notes")
    print("\n".join(problems) or "changes: good")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
