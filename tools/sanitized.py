"""A pytest plugin for the sanitizer run: what the leak check must not look at.

    python tools/preloaded.py libasan.so -m pytest -p tools.sanitized ...

The cffi library keeps an object where the check cannot see it, and CPython's frames end the
stacks before cffi's begin, so that no line of tools/leaks.supp could name it.
"""

import ctypes
import sys


def pytest_unconfigure() -> None:
    """Vouch for the object, as the last thing before the interpreter ends."""
    binding = sys.modules.get("cryptography.hazmat.bindings._rust")
    ignore = getattr(ctypes.CDLL(None), "__lsan_ignore_object", None)
    if binding is None or ignore is None:
        return
    header = 2 * ctypes.sizeof(ctypes.c_void_p)  # the collector's, before the object
    ignore(ctypes.c_void_p(id(binding._openssl.ffi) - header))
