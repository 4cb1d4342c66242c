"""Which twin runs: C where it was built and fits, else Python. ``BACKEND`` says which."""

import os
import sys

from weft_websocket._twin import _py

if os.environ.get("WEFT_NO_EXTENSIONS") or sys.implementation.name != "cpython":
    _chosen = _py
else:
    try:
        from weft_websocket._twin import _c
    except ImportError:
        _chosen = _py
    else:
        _chosen = _c if _c.API == _py.API else _py

BACKEND = "py" if _chosen is _py else "c"
FrameScanner = _chosen.FrameScanner
mask = _chosen.mask
render_frame = _chosen.render_frame
render_header = _chosen.render_header
