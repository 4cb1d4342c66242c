"""Measures what tests leave out: of the C of each package 5 %, of weft-http-parser's Python nothing.

    hatch run coverage:run

builds the packages without optimisation, runs the tests of their twins for C, and all of
weft-http-parser, on the Python twins, for Python; and fails below the bounds. Needs gcc's gcov
beside the compiler.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "coverage"
PYTHON_LEAST, C_LEAST = 100, 95

# The packages that hold C, and the tests that reach it.
ABOUT_C = {
    "http-parser": ("tests/http_parser/_twin", "tests/http_parser/test_heads.py"),
    "websocket": ("tests/websocket/_twin",),
    "web-server": ("tests/web_server/_twin",),
}
PACKAGES = ("routing", *ABOUT_C)
# Without what would be slow to trace: the C at length, and measurements of time.
ABOUT_PYTHON = (
    "tests/http_parser",
    "tests/conformance/test_cases.py::test_case",
    *(f"--ignore=tests/http_parser/_twin/test_{name}.py" for name in ("bounds", "corpus")),
    *(f"--ignore=tests/http_parser/_twin/test_{name}.py" for name in ("memory", "threads")),
    *("-k", "not linear and not Cost"),
)

# Branches that the preprocessor writes, and that no input reaches: a visit that ends early, a
# reference that was cleared before.
MACROS = r".*\b(Py_VISIT|Py_CLEAR|Py_SETREF|Py_XSETREF|WEFT_STATE_FIELDS)\("


def run(*command: str, **environment: str) -> None:
    print("+", *command, flush=True)
    inherited = {name: value for name, value in os.environ.items() if name != "WEFT_NO_EXTENSIONS"}
    done = subprocess.run(command, cwd=ROOT, env=inherited | environment, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def build() -> None:
    """Install the packages with the C built for gcov, its objects left where gcov finds them."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    uv = os.environ.get("HATCH_UV", "uv")
    run(
        *(uv, "pip", "install", "-q", "--reinstall", "--no-deps"),
        *(f"./packages/{name}" for name in PACKAGES),
        WEFT_NATIVE="require",
        WEFT_CFLAGS="-O0 -g --coverage -DWEFT_INLINE=static",
        TMPDIR=str(WORK),
    )


def report_c(package: str) -> None:
    """Fail where the tests leave out more of the package's C than they may."""
    run(
        *(sys.executable, "-m", "gcovr", "--root", ".", "--filter", f"packages/{package}/src/"),
        *("--txt-metric", "branch", "--exclude-throw-branches"),
        # The headers of multidict went with the environment of the build.
        "--gcov-ignore-errors=source_not_found",
        *("--exclude-branches-by-pattern", MACROS),
        *("--fail-under-branch", str(C_LEAST), str(WORK)),
    )


def main(arguments: list[str]) -> None:
    build()
    tests = ("-m", "pytest", "-q", *arguments)
    run(sys.executable, *tests, *(path for paths in ABOUT_C.values() for path in paths))
    for package in ABOUT_C:
        report_c(package)
    data = {"COVERAGE_FILE": str(WORK / "python"), "WEFT_NO_EXTENSIONS": "1"}
    coverage = (sys.executable, "-m", "coverage")
    run(*coverage, "run", *tests, *ABOUT_PYTHON, **data)
    least = f"--fail-under={PYTHON_LEAST}"
    run(*coverage, "report", least, "--show-missing", "--skip-covered", **data)


if __name__ == "__main__":
    main(sys.argv[1:])
