"""One incoming message in parts: unpacked and decoded as its bytes come.

Decides what a reader gets of each fragment. Knows no roles and no connection.
"""

import codecs
from typing import Final

from weft_websocket.codes import WSMessage, WSMsgType
from weft_websocket.deflate import Inflater, Unpacking
from weft_websocket.errors import Rule, WebSocketError
from weft_websocket.frames import FIN, OPCODE, RSV1

PIECE_SIZE: Final = 65536
"""No part is larger, whatever its fragment unpacks to."""

_decoder: Final = codecs.getincrementaldecoder("utf-8")


class IncomingParts:
    """Asked for before a message, or amid one; then its fragments are parts, cut to pieces.

    A part is a message of type CONTINUATION, whose ``extra`` names the type of the whole. The
    last one has None for data. Once ``is_skipped`` nothing comes of it, but rules are checked.
    """

    __slots__ = (
        "_at",
        "_decodes_text",
        "_fragment",
        "_inflater",
        "_is_last",
        "_kind",
        "_text",
        "_unpacking",
        "follower",
        "has_more",
        "is_skipped",
        "max_size",
    )

    def __init__(self, inflater: Inflater | None, decodes_text: bool, max_size: int) -> None:
        self.max_size = max_size
        """Of the message, once it is unpacked; 0 for none."""
        self._inflater = inflater
        self._decodes_text = decodes_text
        self._kind: WSMsgType | None = None
        self._unpacking: Unpacking | None = None
        self._text: codecs.IncrementalDecoder | None = None
        self._fragment = b""
        self._at = 0
        self._is_last = False
        self.has_more = False
        """take() has something to give; only without it is the next fragment put in."""
        self.is_skipped = False
        self.follower: IncomingParts | None = None
        """What was asked for while this one is skipped."""

    @property
    def is_begun(self) -> bool:
        """A fragment of the message has come."""
        return self._kind is not None

    @property
    def is_over(self) -> bool:
        """The whole message was taken."""
        return self._is_last and not self.has_more

    def put(self, first: int, payload: bytes) -> None:
        """The next fragment."""
        if self._kind is None:
            self._begin(first)
        self.has_more = True
        self._is_last = bool(first & FIN)
        if self._unpacking is not None:
            self._unpacking.put(payload, is_last=self._is_last)
        else:
            self._fragment, self._at = payload, 0

    def take(self) -> tuple[list[WSMessage], int]:
        """The next part, the end behind the last one, and how many bytes that was.

        Raises WebSocketError for a broken rule.
        """
        kind, piece = self._kind, self._take_piece()
        assert kind is not None  # put() has set it
        is_over = self.is_over
        data: bytes | str = piece
        if self._text is not None:
            data = self._decode(piece, is_over)
        if is_over and self._unpacking is not None:
            assert self._inflater is not None  # it gave the unpacking
            self._inflater.finish(self._unpacking)
        parts = []
        if data and not self.is_skipped:
            parts.append(WSMessage(WSMsgType.CONTINUATION, data, kind.name))
        if is_over and not self.is_skipped:
            parts.append(WSMessage(WSMsgType.CONTINUATION, None, kind.name))
        return parts, len(piece)

    def _take_piece(self) -> bytes:
        if self._unpacking is not None:
            piece = self._unpacking.take(PIECE_SIZE)
            self.has_more = self._unpacking.has_more
            return piece
        fragment, at = self._fragment, self._at
        self._at = at + PIECE_SIZE
        self.has_more = self._at < len(fragment)
        if not self.has_more:
            self._fragment = b""
        return fragment[at : self._at] if len(fragment) > PIECE_SIZE else fragment

    def _begin(self, first: int) -> None:
        self._kind = WSMsgType(first & OPCODE)
        if self._kind is WSMsgType.TEXT:
            self._text = _decoder()
        if first & RSV1:
            assert self._inflater is not None  # the scanner refuses the bit without it
            self._unpacking = self._inflater.begin(self.max_size)

    def _decode(self, piece: bytes, is_over: bool) -> bytes | str:
        assert self._text is not None  # asked for text alone
        try:
            text = self._text.decode(piece, is_over)
        except UnicodeDecodeError:
            raise WebSocketError.of(Rule.TEXT) from None
        return text if self._decodes_text else piece
