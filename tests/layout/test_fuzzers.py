"""The targets of libFuzzer compile: they hold the C twins, and are built by nobody else in a while."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.fuzz.c.__main__ import FLAGS, HERE, find_headers

CLANG = shutil.which(os.environ.get("CLANG", "clang"))
TARGETS = sorted(HERE.glob("*.c"))


@pytest.mark.skipif(CLANG is None, reason="no clang")
@pytest.mark.parametrize("target", TARGETS, ids=lambda path: path.name)
def test_a_target_compiles(target: Path) -> None:
    assert CLANG is not None
    command = [CLANG, *FLAGS, "-fsyntax-only", *find_headers(target.name), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(TARGETS) == 2
