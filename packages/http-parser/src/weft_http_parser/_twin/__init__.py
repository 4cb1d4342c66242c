"""The switch between the two implementations of the hot loops.

Decides which twin is used: `_py`, the specification, or `_c` where it is built, matches it, and is
not turned off by the environment variable WEFT_NO_EXTENSIONS.
"""

import os
import sys
from typing import TYPE_CHECKING

from . import _py

if TYPE_CHECKING:
    _chosen = _py
else:
    _chosen = _py
    if sys.implementation.name == "cpython" and not os.environ.get("WEFT_NO_EXTENSIONS"):
        try:
            from . import _c
        except ImportError:
            pass
        else:
            if _c.API == _py.API:
                _chosen = _c

BACKEND = "py" if _chosen is _py else "c"

if TYPE_CHECKING:
    from ._py import (
        ChunkScanner,
        HeadScanner,
        RequestHead,
        ResponseHead,
        render_fields,
        render_request_head,
        render_response_head,
    )
else:
    ChunkScanner = _chosen.ChunkScanner
    HeadScanner = _chosen.HeadScanner
    RequestHead = _chosen.RequestHead
    ResponseHead = _chosen.ResponseHead
    render_fields = _chosen.render_fields
    render_request_head = _chosen.render_request_head
    render_response_head = _chosen.render_response_head

__all__ = (
    "BACKEND",
    "ChunkScanner",
    "HeadScanner",
    "RequestHead",
    "ResponseHead",
    "render_fields",
    "render_request_head",
    "render_response_head",
)
