"""Proves that every package lives alone. `python tools/alone.py [--lowest] [PACKAGE ...]`

Builds the sdist of every member, its wheel from the sdist, then installs each wheel into a clean
environment with nothing but its declared dependencies (siblings from the wheels just built, the
rest from the index) and imports every module in it with warnings as errors. WEFT_NATIVE acts on
the builds as always.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Runs inside each environment. The plugin is for those who have pytest, so nothing declares it.
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
modules = [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
skipped = {"weft.pytest_plugin": "pytest"}
for name in modules:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if skipped.get(name) != exc.name:
            raise
print(f"{len(modules) + 1} modules", "on", getattr(package, "BACKEND", "python"))
"""


def find_uv() -> str:
    """The uv of hatch, of this environment, or on PATH."""
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    found = os.environ.get("HATCH_UV") or beside or shutil.which("uv")
    if not found:
        raise SystemExit("no uv found: run this with hatch, or pip install uv")
    return found


def run(*command: str | Path) -> str:
    """The output of a command; its whole output and the end of this program when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}\nfailed: see above")
    return done.stdout.strip()


def build(uv: str, work: Path) -> dict[str, Path]:
    """The wheel of every member, by the name of its folder."""
    wheels = {}
    for folder in sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml")):
        started = time.monotonic()
        out = work / folder.name
        run(uv, "build", "--quiet", "--python", sys.executable, "--out-dir", out, folder)
        (wheels[folder.name],) = out.glob("*.whl")
        (sdist,) = out.glob("*.tar.gz")
        seconds = time.monotonic() - started
        print(f"built {wheels[folder.name].name} from {sdist.name} in {seconds:.1f} s", flush=True)
    return wheels


def try_alone(uv: str, wheel: Path, work: Path, pins: Path, *, lowest: bool) -> None:
    started = time.monotonic()
    environment = work / f"env-{wheel.parent.name}"
    run(uv, "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
    install += ["--constraints", pins]
    if lowest:  # direct are the dependencies that a pyproject.toml lists
        listing = ROOT / "packages" / wheel.parent.name / "pyproject.toml"
        run(*install, "--resolution", "lowest-direct", "--requirements", listing)
    run(*install, wheel)
    import_name = wheel.name.partition("-")[0]
    said = run(python, "-I", "-W", "error", "-c", IMPORT_ALL, import_name)
    listed = run(uv, "pip", "list", "--quiet", "--format", "freeze", "--python", python)
    own = import_name.replace("_", "-") + "=="
    beside = ", ".join(line for line in listed.split() if not line.startswith(own))
    seconds = time.monotonic() - started
    print(f"{import_name}: {said}; beside it: {beside} ({seconds:.1f} s)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Installs and imports every package alone.")
    parser.add_argument("--lowest", action="store_true", help="the oldest dependencies allowed")
    parser.add_argument("packages", nargs="*", help="folders under packages/; all by default")
    options = parser.parse_args()
    uv = find_uv()
    with tempfile.TemporaryDirectory(prefix="weft-alone-") as folder:
        work = Path(folder)
        wheels = build(uv, work)
        if unknown := set(options.packages) - wheels.keys():
            raise SystemExit(f"no such package: {', '.join(sorted(unknown))}")
        pins = work / "siblings.txt"
        lines = (
            f"{w.name.split('-')[0].replace('_', '-')} @ {w.as_uri()}\n" for w in wheels.values()
        )
        pins.write_text("".join(lines))
        for name in options.packages or wheels:
            try_alone(uv, wheels[name], work, pins, lowest=options.lowest)
    print("alone: every package stands by itself")


if __name__ == "__main__":
    main()
