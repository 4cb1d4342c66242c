"""One incoming message in parts: unpacked and decoded as its frames come.

Decides what a reader gets of each frame. Knows no roles and no connection.
"""

import codecs
from typing import Final

from weft_websocket.codes import WSMessage, WSMsgType
from weft_websocket.deflate import Inflater, Unpacking
from weft_websocket.errors import Rule, WebSocketError
from weft_websocket.frames import FIN, OPCODE, RSV1

_decoder: Final = codecs.getincrementaldecoder("utf-8")


class IncomingParts:
    """Asked for before a message, or amid one; then each frame of it is a part.

    A part is a message of type CONTINUATION, whose ``extra`` names the type of the whole. The
    last one has None for data. Once ``is_skipped`` nothing comes of it, but rules are checked;
    ``is_followed`` then says that the message behind it is to come in parts as well.
    """

    __slots__ = (
        "_decodes_text",
        "_inflater",
        "_kind",
        "_text",
        "_unpacking",
        "is_followed",
        "is_skipped",
    )

    def __init__(self, inflater: Inflater | None, decodes_text: bool) -> None:
        self._inflater = inflater
        self._decodes_text = decodes_text
        self._kind: WSMsgType | None = None
        self._unpacking: Unpacking | None = None
        self._text: codecs.IncrementalDecoder | None = None
        self.is_skipped = False
        self.is_followed = False

    @property
    def is_begun(self) -> bool:
        """A frame of the message has come."""
        return self._kind is not None

    def add(self, first: int, payload: bytes, max_size: int) -> list[WSMessage]:
        """What a reader gets of one frame; raises WebSocketError for a broken rule."""
        if self._kind is None:
            self._begin(first, max_size)
        kind, is_last = self._kind, bool(first & FIN)
        assert kind is not None  # _begin() has set it
        if self._unpacking is not None:
            payload = self._unpacking.add(payload, is_last=is_last)
        data: bytes | str = payload
        if self._text is not None:
            data = self._decode(payload, is_last)
        if is_last and self._unpacking is not None:
            assert self._inflater is not None  # it gave the unpacking
            self._inflater.finish(self._unpacking)
        if self.is_skipped:
            return []
        parts = [WSMessage(WSMsgType.CONTINUATION, data, kind.name)] if data else []
        if is_last:
            parts.append(WSMessage(WSMsgType.CONTINUATION, None, kind.name))
        return parts

    def _begin(self, first: int, max_size: int) -> None:
        self._kind = WSMsgType(first & OPCODE)
        if self._kind is WSMsgType.TEXT:
            self._text = _decoder()
        if first & RSV1:
            assert self._inflater is not None  # the scanner refuses the bit without it
            self._unpacking = self._inflater.begin(max_size)

    def _decode(self, payload: bytes, is_last: bool) -> bytes | str:
        assert self._text is not None  # asked for text alone
        try:
            text = self._text.decode(payload, is_last)
        except UnicodeDecodeError:
            raise WebSocketError.of(Rule.TEXT) from None
        return text if self._decodes_text else payload
