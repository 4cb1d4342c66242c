"""Which twin runs: C where it was built and fits, else Python. ``BACKEND`` says which."""

import os
import sys
from typing import TYPE_CHECKING

from weft_websocket._twin.api import API

_chosen = None
if sys.implementation.name == "cpython" and not os.environ.get("WEFT_NO_EXTENSIONS"):
    try:
        from weft_websocket._twin import _c
    except ImportError:
        pass
    else:
        _chosen = _c if _c.API == API else None

BACKEND = "py" if _chosen is None else "c"

# The Python twin costs time to load, so it is loaded only where it is used.
if TYPE_CHECKING or _chosen is None:
    from weft_websocket._twin._inbox import Done, Inbox
    from weft_websocket._twin._py import FrameScanner, mask, render_frame, render_header
    from weft_websocket._twin._sender import Sender, forget_keys, next_key, offer_all
else:
    Done = _chosen.Done
    FrameScanner = _chosen.FrameScanner
    Inbox = _chosen.Inbox
    Sender = _chosen.Sender
    forget_keys = _chosen.forget_keys
    mask = _chosen.mask
    next_key = _chosen.next_key
    offer_all = _chosen.offer_all
    render_frame = _chosen.render_frame
    render_header = _chosen.render_header

__all__ = (
    "BACKEND",
    "Done",
    "FrameScanner",
    "Inbox",
    "Sender",
    "forget_keys",
    "mask",
    "next_key",
    "offer_all",
    "render_frame",
    "render_header",
)
