"""A package twice in one process: once on its C twin, once on its Python twin."""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

import pytest


class Twin:
    """One copy of a package, apart from the one that `import` gives."""

    def __init__(self, package: str, backend: str) -> None:
        self.backend = backend
        self._package = package
        self._modules = _load(package, backend)

    def __getattr__(self, name: str) -> Any:
        """A public name of the package."""
        return getattr(self._modules[self._package], name)

    def module(self, path: str) -> Any:
        """A module of this copy, such as ``module("wire.framing")``."""
        return self._modules[f"{self._package}.{path}"]


def _load(package: str, backend: str) -> dict[str, ModuleType]:
    ours = {name: module for name, module in sys.modules.items() if _belongs(name, package)}
    before = os.environ.get("WEFT_NO_EXTENSIONS")
    for name in ours:
        del sys.modules[name]
    try:
        os.environ["WEFT_NO_EXTENSIONS"] = "1" if backend == "py" else ""
        loaded = importlib.import_module(package)
        # Everything at once: a part loaded later would be one of the copy that `import` gives.
        importlib.import_module(f"{package}._twin._py")
        for name in dir(loaded):
            getattr(loaded, name)
        return {name: module for name, module in sys.modules.items() if _belongs(name, package)}
    finally:
        for name in [name for name in sys.modules if _belongs(name, package)]:
            del sys.modules[name]
        sys.modules.update(ours)
        if before is None:
            os.environ.pop("WEFT_NO_EXTENSIONS", None)
        else:
            os.environ["WEFT_NO_EXTENSIONS"] = before


def _belongs(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


_loaded: dict[tuple[str, str], Twin] = {}


def load_twin(package: str, backend: str) -> Twin:
    """The copy of a package on that backend; skips the test where C is not built."""
    key = (package, backend)
    if key not in _loaded:
        _loaded[key] = Twin(package, backend)
    twin = _loaded[key]
    if twin.module("_twin").BACKEND != backend:
        pytest.skip(f"{package}: the C twin is not built")
    return twin
