"""Every member of the workspace has what a distribution needs, and they agree with each other."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from support.tools import ROOT

MEMBERS = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
SIBLINGS = {
    "client-session": ["weft-http-parser", "weft-websocket"],
    "http-parser": [],
    "routing": [],
    "web-server": ["weft-http-parser", "weft-routing", "weft-websocket"],
    "websocket": ["weft-http-parser"],
    "weft": [
        "weft-client-session",
        "weft-http-parser",
        "weft-routing",
        "weft-web-server",
        "weft-websocket",
    ],
}


def test_there_are_six() -> None:
    assert [member.name for member in MEMBERS] == sorted(SIBLINGS)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_files(member: Path) -> None:
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    source = member / "src" / project["name"].replace("-", "_")
    assert (source / "py.typed").is_file()
    assert (source / "__init__.py").is_file()
    assert (member / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert (
        (member / "CHANGES.md")
        .read_text()
        .startswith("# Changes\n\n<!-- towncrier release notes start -->\n")
    )
    assert f"# {project['name']}" in (member / "README.md").read_text()
    assert project["license"] == "Apache-2.0"
    assert project["requires-python"] == ">=3.11"


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_siblings_have_compatible_ranges(member: Path) -> None:
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    siblings = [text for text in project["dependencies"] if text.startswith("weft")]
    names = sorted(text.partition(">")[0] for text in siblings)
    assert names == SIBLINGS[member.name]
    for text in siblings:
        lower, upper = text.partition(">=")[2].split(",<")
        assert [int(part) for part in lower.split(".")] < [int(part) for part in upper.split(".")]


def test_no_binary_is_tracked_by_a_wheel() -> None:
    for member in MEMBERS:
        table = tomllib.loads((member / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
        if "hooks" in table["targets"]["wheel"]:
            assert {"*.so", "*.pyd", "*.c", "*.h"} <= set(table["targets"]["wheel"]["exclude"])
