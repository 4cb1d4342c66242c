"""One outgoing message in fragments, compressed across them where that was agreed on.

Decides the first byte and the payload of each frame (RFC 6455 5.4, RFC 7692 7.2.1). Knows no
roles and no masking.
"""

import zlib
from typing import Final

from weft_websocket.codes import WSMsgType
from weft_websocket.deflate import Packing
from weft_websocket.frames import FIN, RSV1, Buffer

_TAIL_SIZE: Final = 4
_EMPTY_BLOCK: Final = b"\x00"  # RFC 7692 7.2.3.6: how a message without data is compressed


class Fragments:
    """The message that is under way. ``pack`` and ``pack_end`` may run on any thread."""

    __slots__ = ("_first", "_tail", "packing")

    def __init__(self, opcode: WSMsgType, packing: Packing | None) -> None:
        self.packing = packing
        self._first = int(opcode) if packing is None else RSV1 | opcode
        self._tail = b""

    def pack(self, data: Buffer) -> Buffer:
        """The payload of the next fragment. All that was given can be read from it at once."""
        if self.packing is None:
            return data
        coder = self.packing.coder
        packed = self._tail + coder.compress(data) + coder.flush(zlib.Z_SYNC_FLUSH)
        # The end of a flush goes with the next fragment, or not at all.
        self._tail = packed[-_TAIL_SIZE:]
        return packed[:-_TAIL_SIZE]

    def pack_end(self) -> Buffer:
        """The payload of the last fragment, which adds no data."""
        if self.packing is None or self._tail:
            # What is held back is what the receiver appends (RFC 7692 7.2.2): nothing is left.
            return b""
        return _EMPTY_BLOCK

    def next_first(self, is_last: bool) -> int:
        """The first byte of the next frame: opcode and RSV1 are the first one's alone."""
        first, self._first = self._first, int(WSMsgType.CONTINUATION)
        return first | FIN if is_last else first
