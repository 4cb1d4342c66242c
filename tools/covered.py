"""Measures what the tests of weft-http-parser leave out: of Python every branch, of C 95 %.

    hatch run coverage:run

builds the package without optimisation, runs the tests of its twins for C, and all, on the Python
twins, for Python; and fails below the bounds. Needs gcc's gcov beside the compiler.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "coverage"
PACKAGES = (
    "./packages/http-parser",
    "./packages/websocket",
)  # the second for a fuzzer in the tests
PYTHON_LEAST, C_LEAST = 100, 95

ABOUT_C = ("tests/http_parser/_twin", "tests/http_parser/test_heads.py")
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
MACROS = r".*\b(Py_VISIT|Py_CLEAR|Py_SETREF|Py_XSETREF)\("


def run(*command: str, **environment: str) -> None:
    print("+", *command, flush=True)
    inherited = {name: value for name, value in os.environ.items() if name != "WEFT_NO_EXTENSIONS"}
    done = subprocess.run(command, cwd=ROOT, env=inherited | environment, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)


def build() -> None:
    """Install the package with the C built for gcov, its objects left where gcov finds them."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    uv = os.environ.get("HATCH_UV", "uv")
    run(
        *(uv, "pip", "install", "-q", "--reinstall", "--no-deps", *PACKAGES),
        WEFT_NATIVE="require",
        WEFT_CFLAGS="-O0 -g --coverage -DWEFT_INLINE=static",
        TMPDIR=str(WORK),
    )


def main(arguments: list[str]) -> None:
    build()
    tests = ("-m", "pytest", "-q", *arguments)
    run(sys.executable, *tests, *ABOUT_C)
    run(
        *(sys.executable, "-m", "gcovr", "--root", ".", "--filter", "packages/http-parser/src/"),
        *("--txt-metric", "branch", "--exclude-throw-branches"),
        # The headers of multidict went with the environment of the build.
        "--gcov-ignore-errors=source_not_found",
        *("--exclude-branches-by-pattern", MACROS),
        *("--fail-under-branch", str(C_LEAST), str(WORK)),
    )
    data = {"COVERAGE_FILE": str(WORK / "python"), "WEFT_NO_EXTENSIONS": "1"}
    coverage = (sys.executable, "-m", "coverage")
    run(*coverage, "run", *tests, *ABOUT_PYTHON, **data)
    least = f"--fail-under={PYTHON_LEAST}"
    run(*coverage, "report", least, "--show-missing", "--skip-covered", **data)


if __name__ == "__main__":
    main(sys.argv[1:])
