"""Where in a program a route was registered.

Knows frames and the names of the packages whose own frames say nothing to a user.
"""

import sys
from functools import lru_cache
from types import FrameType

from weft_routing import Place

_OURS = frozenset({"weft", "weft_routing", "weft_web_server"})


def find_place() -> Place | None:
    """The line that called into these packages; None where nobody did, as in an embedded one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in _OURS:
            return _to_place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


@lru_cache(16)
def _to_place(file: str, line: int) -> Place:
    # GET and HEAD are registered together, and a line in a loop registers many: they share it.
    return Place(file, line)
