"""The switch between the two implementations of the way from a head to its answer.

Decides which twin is used: `_py`, the specification, or `_c` where it is built, matches it, and is
not turned off by the environment variable WEFT_NO_EXTENSIONS.
"""

import os
import sys
from typing import TYPE_CHECKING

from .api import API

_chosen = None
if sys.implementation.name == "cpython" and not os.environ.get("WEFT_NO_EXTENSIONS"):
    try:
        from . import _c  # type: ignore[attr-defined,unused-ignore]
    except ImportError:
        pass
    else:
        _chosen = _c if _c.API == API else None

BACKEND = "py" if _chosen is None else "c"

# The Python twin costs time to load, so it is loaded only where it is used.
if TYPE_CHECKING or _chosen is None:
    from ._py import Starter, Swift, quicken
else:
    Starter = _chosen.Starter
    Swift = _chosen.Swift
    quicken = _chosen.quicken

__all__ = ("BACKEND", "Starter", "Swift", "quicken")
