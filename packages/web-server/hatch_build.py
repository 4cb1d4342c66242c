"""Compiles the C twin while hatchling builds a wheel or an editable install.

The same file stands in every member that holds C; a test compares the copies. What it does is set
by ``WEFT_NATIVE``: ``auto`` (the default) builds where a compiler is found and otherwise leaves a
pure Python package with a warning, ``require`` fails without one, ``off`` never compiles.
``WEFT_CFLAGS`` adds flags to compiler and linker (sanitizers, coverage).
"""

import atexit
import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

UNIX_FLAGS = (
    "-std=c11 -O3 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers"
    " -fvisibility=hidden"
).split()
MODES = ("auto", "require", "off")


class NativeBuildHook(BuildHookInterface):
    """Adds the extensions named in the hook's table to what hatchling builds."""

    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        editable = version == "editable"
        mode = os.environ.get("WEFT_NATIVE", "auto")
        if mode not in MODES:
            raise ValueError(f"WEFT_NATIVE is {mode!r}; it must be one of {', '.join(MODES)}")
        if mode == "off" or (mode == "auto" and sys.implementation.name != "cpython"):
            if editable:
                self.clean([version])  # a module of an earlier build would still be imported
            return
        try:
            built = self._compile(editable=editable)
        except Exception as exc:
            if mode == "require":
                raise
            if editable:
                self.clean([version])  # a stale module must not outlive a failed build
            self.app.display_warning(f"C extension not built, the wheel is pure Python: {exc}")
            return
        build_data.update(pure_python=False, infer_tag=True)
        if not editable:
            build_data["force_include"].update(built)

    def clean(self, versions):
        for path in Path(self.root, "src").rglob("*"):
            if path.suffix in {".so", ".pyd"}:
                path.unlink()

    def _compile(self, *, editable):
        from setuptools import Distribution, Extension
        from setuptools.command.build_ext import build_ext

        root, extra = Path(self.root), os.environ.get("WEFT_CFLAGS", "").split()
        flags = [] if os.name == "nt" else list(UNIX_FLAGS)
        if flags and not extra:
            flags.append(f"-ffile-prefix-map={root}=.")  # same bytes wherever the tree lies
        extensions = [
            Extension(
                name,
                sources=[str(root / source) for source in table["sources"]],
                depends=[str(root / header) for header in table.get("depends", ())],
                include_dirs=_include_dirs(table.get("include-from", ())),
                extra_compile_args=flags + extra,
                extra_link_args=extra,
            )
            for name, table in self.config["extensions"].items()
        ]
        work = Path(tempfile.mkdtemp(prefix="weft-build-"))
        if not extra:  # coverage reads the objects later
            atexit.register(shutil.rmtree, work, ignore_errors=True)
        command = build_ext(Distribution({"ext_modules": extensions}))
        command.build_temp, command.force = str(work / "objects"), bool(extra)
        command.build_lib = str(root / "src" if editable else work / "lib")
        command.ensure_finalized()
        command.run()
        return {out: os.path.relpath(out, command.build_lib) for out in command.get_outputs()}


def _include_dirs(modules):
    """The header folders of libraries that ship a C interface."""
    folders = []
    for name in modules:
        module = importlib.import_module(name)
        folders.append(
            module.get_include() if hasattr(module, "get_include") else module.__path__[0]
        )
    return folders
