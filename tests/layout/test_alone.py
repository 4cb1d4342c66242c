"""Every wheel lives alone, with only the dependencies that it declares."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.tools import ROOT

PATIENCE_SECONDS = 300
UV = (
    os.environ.get("HATCH_UV")
    or shutil.which("uv", path=str(Path(sys.executable).parent))
    or shutil.which("uv")
)


@pytest.mark.skipif(not UV, reason="no uv; hatch brings it")
def test_every_wheel_alone() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/alone.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for name in ("weft_http_parser", "weft_routing", "weft_websocket"):
        assert f"{name}: " in done.stdout
    for name in ("weft_web_server", "weft_client_session", "weft"):
        assert f"{name}: " in done.stdout
    (routing,) = [line for line in done.stdout.splitlines() if line.startswith("weft_routing: ")]
    assert "weft-http-parser" not in routing
