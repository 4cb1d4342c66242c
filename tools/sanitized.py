"""A pytest plugin for the sanitizer run: tests of C alone, and what the leak check must not look at.

    python tools/preloaded.py libasan.so -m pytest -p tools.sanitized ...

The cffi library keeps an object where the check cannot see it, and CPython's frames end the
stacks before cffi's begin, so that no line of tools/leaks.supp could name it.
"""

import ctypes
import sys
from pathlib import Path

import pytest

# No line of C of ours runs in these, or it does in processes of their own; under a sanitizer they
# would only take their time.
WITHOUT_C = (
    "tests/http_parser/fields/",
    "tests/http_parser/test_how_to.py",
    "tests/conformance/test_sources.py",
)
# Of the server, what the way from a head to its answer is part of; the rest takes another.
OF_THE_SERVER = tuple(
    f"tests/web_server/{name}"
    for name in (
        "_twin",
        "test_connection.py",
        "test_exchange.py",
        "test_request_body.py",
        "test_request_task.py",
        "test_resolving.py",
        "test_response.py",
        "test_server.py",
    )
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the tests of the server that hardly reach its C."""
    path = collection_path.as_posix()
    _, found, name = path.partition("tests/web_server/")
    return True if found and not f"{found}{name}".startswith(OF_THE_SERVER) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on the Python twin."""
    left = [item for item in items if _is_python(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not _is_python(item)]


def _is_python(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    if callspec is not None and callspec.params.get("twin") == "py":
        return True
    return item.nodeid.startswith(WITHOUT_C)


def pytest_unconfigure() -> None:
    """Vouch for the object, as the last thing before the interpreter ends."""
    binding = sys.modules.get("cryptography.hazmat.bindings._rust")
    ignore = getattr(ctypes.CDLL(None), "__lsan_ignore_object", None)
    if binding is None or ignore is None:
        return
    header = 2 * ctypes.sizeof(ctypes.c_void_p)  # the collector's, before the object
    ignore(ctypes.c_void_p(id(binding._openssl.ffi) - header))
