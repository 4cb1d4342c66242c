"""The switch: which twin is taken, and that both offer the same."""

import importlib.util
import os
import subprocess
import sys

import pytest
from support.twins import Twin, load_twin

from weft_http_parser import _twin

PROGRAM = "import weft_http_parser as p; print(p.BACKEND, p.RequestHead.__module__)"


def backend(**environment: str) -> str:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=inherited | environment,
        capture_output=True,
        check=True,
    )
    return run.stdout.decode().split()[0]


def test_python_where_told() -> None:
    assert backend(WEFT_NO_EXTENSIONS="1") == "py"


def test_c_where_built() -> None:
    load_twin("weft_http_parser", "c")
    assert backend() == backend(WEFT_NO_EXTENSIONS="") == "c"


@pytest.mark.parametrize("module", ["None", "types.SimpleNamespace(API=-1)"])
def test_python_where_c_is_missing_or_stale(module: str) -> None:
    before = f"import sys, types; sys.modules['weft_http_parser._twin._c'] = {module}; "
    run = subprocess.run(
        [sys.executable, "-c", before + PROGRAM], env={}, capture_output=True, check=True
    )
    assert run.stdout.split() == [b"py", b"weft_http_parser.heads"]


def test_python_where_c_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weft_http_parser._twin._c", None)
    monkeypatch.delattr(_twin, "_c", raising=False)
    monkeypatch.delenv("WEFT_NO_EXTENSIONS", raising=False)
    spec = _twin.__spec__
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert again.BACKEND == "py"


def test_names_are_those_of_the_chosen_twin(twin: Twin) -> None:
    switch = twin.module("_twin")
    chosen = twin.module(f"_twin._{twin.backend}")
    for name in switch.__all__:
        if name != "BACKEND":
            assert getattr(switch, name) is getattr(chosen, name)
    assert twin.RequestHead is chosen.RequestHead
    assert chosen.API == twin.module("_twin._py").API


@pytest.mark.parametrize("name", ["RequestHead", "ResponseHead", "HeadScanner", "ChunkScanner"])
def test_public_attributes_agree(name: str) -> None:
    both = [
        {key for key in dir(getattr(load_twin("weft_http_parser", which).module("_twin"), name))
         if not key.startswith("_")}
        for which in ("py", "c")
    ]  # fmt: skip
    assert both[0] == both[1]
