"""What both twins share: the shape of a frame, and the number that tells whether they fit.

Stands apart from both, so that one can be asked without loading the other.
"""

from typing import Final, TypeAlias

from weft_websocket.codes import Message

API: Final = 6
"""Grows with every change of what the twins share, so that no stale binary is taken for this."""

Frame: TypeAlias = Message | tuple[int, bytes]
"""What ``FrameScanner.feed`` gives: a message, or a frame's first byte and its payload."""
