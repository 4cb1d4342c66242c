"""PreparedMessage: a message that is encoded once and sent to many.

Decides what can be shared between connections. Knows no connection.
"""

from typing import Final

from weft_websocket._twin import render_frame
from weft_websocket.codes import WSMsgType
from weft_websocket.deflate import pack_alone
from weft_websocket.frames import FIN, RSV1, Buffer

_PLAIN: Final = 0


class PreparedMessage:
    """One message for any number of connections: ``str`` is text, bytes are binary.

    Each form is made when the first connection needs it, and kept: one without compression, and
    one for each size of window that was agreed on. A server sends the very same bytes to all. A
    client has to mask every frame anew (RFC 6455 5.3), so it shares the compression alone.

    `text`: send bytes, which must be UTF-8, as text. `compress`: a level, 0 for none; where a
    connection agreed on no compression it is sent without.

    >>> PreparedMessage("hello").size
    5
    """

    __slots__ = ("_frames", "_packed", "compress", "opcode", "payload")

    def __init__(
        self, data: str | Buffer, *, text: bool | None = None, compress: int | None = None
    ) -> None:
        if isinstance(data, str):
            if text is False:
                raise TypeError("a binary message is made of bytes, not of str")
            self.payload, self.opcode = data.encode(), WSMsgType.TEXT
        elif isinstance(data, bytes | bytearray | memoryview):
            self.payload = bytes(data)
            self.opcode = WSMsgType.TEXT if text else WSMsgType.BINARY
        else:
            raise TypeError(f"a message is str or bytes, not {type(data).__name__}")
        self.compress = compress
        self._frames: dict[int, bytes] = {}
        self._packed: dict[int, bytes] = {}

    def __repr__(self) -> str:
        return f"<PreparedMessage {self.opcode.name} of {self.size} bytes>"

    @property
    def size(self) -> int:
        """Bytes of the payload, before compression."""
        return len(self.payload)

    def frame(self, window_bits: int) -> bytes:
        """A server's whole frame; window bits 0: not compressed."""
        try:
            return self._frames[window_bits]
        except KeyError:
            frame = render_frame(*self.parts(window_bits), None)
            self._frames[window_bits] = frame
            return frame

    def parts(self, window_bits: int) -> tuple[int, bytes]:
        """First byte and payload, for a frame that is to be masked."""
        if window_bits == _PLAIN:
            return FIN | self.opcode, self.payload
        packed = self._packed.get(window_bits)
        if packed is None:
            packed = pack_alone(self.payload, self.compress, window_bits)
            self._packed[window_bits] = packed
        return FIN | RSV1 | self.opcode, packed
