"""The switch between the two implementations of the hot loops.

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
        from . import _c
    except ImportError:
        pass
    else:
        _chosen = _c if _c.API == API else None

BACKEND = "py" if _chosen is None else "c"

# The Python twin costs time to load, so it is loaded only where it is used.
if TYPE_CHECKING or _chosen is None:
    from ._py import (
        ChunkScanner,
        HeadScanner,
        Inlet,
        RequestHead,
        ResponseHead,
        find_delimiter,
        render_fields,
        render_request_head,
        render_response_head,
    )
else:
    ChunkScanner = _chosen.ChunkScanner
    HeadScanner = _chosen.HeadScanner
    Inlet = _chosen.Inlet
    RequestHead = _chosen.RequestHead
    ResponseHead = _chosen.ResponseHead
    find_delimiter = _chosen.find_delimiter
    render_fields = _chosen.render_fields
    render_request_head = _chosen.render_request_head
    render_response_head = _chosen.render_response_head

__all__ = (
    "BACKEND",
    "ChunkScanner",
    "HeadScanner",
    "Inlet",
    "RequestHead",
    "ResponseHead",
    "find_delimiter",
    "render_fields",
    "render_request_head",
    "render_response_head",
)
