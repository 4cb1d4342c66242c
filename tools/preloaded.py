"""Runs this Python with a library loaded before everything else.

A sanitizer's run-time has to be in the process before the first allocation, and here only the
extension was built with it, not the interpreter:

    python tools/preloaded.py libasan.so -m pytest tests/http_parser
"""

import os
import subprocess
import sys


def find_library(name: str) -> str:
    """The path that gcc links for `name`; gcc prints the bare name when it has none."""
    command = ["gcc", f"-print-file-name={name}"]
    path = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if not os.path.isabs(path):
        raise SystemExit(f"gcc has no {name}: install its sanitizer libraries")
    return os.path.realpath(path)


def main(arguments: list[str]) -> None:
    if len(arguments) < 2:
        raise SystemExit("usage: python tools/preloaded.py LIBRARY PYTHON-ARGUMENTS...")
    library, *rest = arguments
    environment = os.environ | {"LD_PRELOAD": find_library(library)}
    os.execve(sys.executable, [sys.executable, *rest], environment)


if __name__ == "__main__":
    main(sys.argv[1:])
