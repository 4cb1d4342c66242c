"""The build hook: when it compiles, when it leaves the wheel pure, and when it refuses."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = sorted(path.parent for path in ROOT.glob("packages/*/hatch_build.py"))
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


def can_compile() -> bool:
    """Whether a compiler is here that works, and the headers of this Python with it."""
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    include = f"-I{sysconfig.get_path('include')}"
    command = [*shlex.split(compiler), include, "-fsyntax-only", "-xc", "-"]
    try:
        tried = subprocess.run(command, input=b"#include <Python.h>\n", capture_output=True)
    except OSError:
        return False
    return tried.returncode == 0


needs_compiler = pytest.mark.skipif(
    os.environ.get("WEFT_NATIVE") != "require" and not can_compile(),
    reason="no C compiler that works with this Python's headers",
)


@pytest.fixture(params=MEMBERS, ids=lambda path: path.name)
def member(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A copy of a member that holds C, without what an earlier build left in it."""
    copy = tmp_path / request.param.name
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "dist")
    yield shutil.copytree(request.param, copy, ignore=ignored)
    shutil.rmtree(copy)


def build(member: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run hatchling in the member's folder; the variables are set beside the caller's."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *arguments],
        cwd=member,
        env=inherited | variables,
        capture_output=True,
        text=True,
    )


def wheel_names(member: Path) -> list[str]:
    """What the one wheel in the member's dist/ holds."""
    (wheel,) = member.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def binaries(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.suffix in {".so", ".pyd"}]


def test_every_member_has_the_same_hook() -> None:
    assert [path.name for path in MEMBERS] == ["http-parser", "web-server", "websocket"]
    assert len({(path / "hatch_build.py").read_bytes() for path in MEMBERS}) == 1


def test_every_header_is_a_dependency() -> None:
    for path in MEMBERS:
        project = (path / "pyproject.toml").read_text()
        for header in path.glob("src/*/_twin/*.h"):
            name = header.relative_to(path).as_posix()
            assert f'"{name}"' in project, f"{path.name}: `depends` misses {name}"


@needs_compiler
def test_a_compiled_wheel_holds_the_binary_and_no_source(member: Path) -> None:
    done = build(member, "-t", "wheel", WEFT_NATIVE="require")
    assert done.returncode == 0, done.stderr
    names = wheel_names(member)
    assert {Path(n).name for n in names if "_twin/_c." in n} == {"_c" + SUFFIX, "_c.pyi"}
    assert not [n for n in names if n.endswith((".c", ".h"))]
    assert binaries(member / "src") == []  # compiled outside the tree


@needs_compiler
def test_the_same_source_gives_the_same_bytes_anywhere(member: Path, tmp_path: Path) -> None:
    other = shutil.copytree(member, tmp_path / "other" / "place")
    for path in (member, other):
        done = build(path, "-t", "wheel", WEFT_NATIVE="require")
        assert done.returncode == 0, done.stderr
    (one,), (two,) = member.glob("dist/*.whl"), other.glob("dist/*.whl")
    assert one.read_bytes() == two.read_bytes()


@needs_compiler
def test_an_editable_build_compiles_beside_the_source(member: Path) -> None:
    done = build(member, "--hooks-only", "-t", "wheel:editable", WEFT_NATIVE="require")
    assert done.returncode == 0, done.stderr
    assert binaries(member / "src") == ["_c" + SUFFIX]


def test_off_never_compiles(member: Path) -> None:
    done = build(member, "-t", "wheel", WEFT_NATIVE="off", CC="/bin/false")
    assert done.returncode == 0, done.stderr
    assert "not built" not in done.stdout + done.stderr
    assert not [n for n in wheel_names(member) if n.endswith((".so", ".pyd"))]


def test_off_removes_what_an_earlier_editable_build_left(member: Path) -> None:
    stale = next(member.glob("src/*/_twin")) / ("_c" + SUFFIX)
    stale.write_bytes(b"")
    done = build(member, "--hooks-only", "-t", "wheel:editable", WEFT_NATIVE="off")
    assert done.returncode == 0, done.stderr
    assert not stale.exists()


def test_auto_without_a_compiler_leaves_a_pure_wheel_and_says_so(member: Path) -> None:
    done = build(member, "-t", "wheel", WEFT_NATIVE="auto", CC="/bin/false")
    assert done.returncode == 0, done.stderr
    assert "C extension not built, the wheel is pure Python" in done.stdout + done.stderr
    (wheel,) = member.glob("dist/*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [n for n in wheel_names(member) if n.endswith((".so", ".pyd"))]


def test_auto_removes_a_stale_module_when_the_build_fails(member: Path) -> None:
    stale = next(member.glob("src/*/_twin")) / ("_c" + SUFFIX)
    stale.write_bytes(b"")
    os.utime(stale, (0, 0))  # older than the source, or there would be nothing to build
    done = build(member, "--hooks-only", "-t", "wheel:editable", CC="/bin/false")
    assert done.returncode == 0, done.stderr
    assert not stale.exists()


def test_require_without_a_compiler_fails(member: Path) -> None:
    done = build(member, "-t", "wheel", WEFT_NATIVE="require", CC="/bin/false")
    assert done.returncode != 0
    assert not list(member.glob("dist/*.whl"))


def test_another_mode_is_refused_by_name(member: Path) -> None:
    done = build(member, "-t", "wheel", WEFT_NATIVE="maybe")
    assert done.returncode != 0
    assert "it must be one of auto, require, off" in done.stderr
