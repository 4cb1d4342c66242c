"""What can go wrong, as values: the rules a peer can break and the exceptions that say so."""

import enum
from collections.abc import Sequence

from weft_websocket.codes import WSCloseCode, WSMsgType


class Rule(enum.IntEnum):
    """A rule of RFC 6455 or RFC 7692 that a peer broke; a closed list, shared with the C twin.

    ``close_code`` is what the answering close frame carries, ``text`` is its reason.
    """

    close_code: WSCloseCode
    text: str

    def __new__(cls, number: int, close_code: WSCloseCode, text: str) -> "Rule":
        member = int.__new__(cls, number)
        member._value_ = number
        member.close_code = close_code
        member.text = text
        return member

    RESERVED_BITS = 1, WSCloseCode.PROTOCOL_ERROR, "reserved bits set (RFC 6455 5.2)"
    RESERVED_OPCODE = 2, WSCloseCode.PROTOCOL_ERROR, "unknown opcode (RFC 6455 5.2)"
    SPLIT_CONTROL = 3, WSCloseCode.PROTOCOL_ERROR, "control frame in fragments (RFC 6455 5.5)"
    LONG_CONTROL = 4, WSCloseCode.PROTOCOL_ERROR, "control frame over 125 bytes (RFC 6455 5.5)"
    LONE_CONTINUATION = 5, WSCloseCode.PROTOCOL_ERROR, "nothing to continue (RFC 6455 5.4)"
    OPEN_MESSAGE = 6, WSCloseCode.PROTOCOL_ERROR, "message begun within another (RFC 6455 5.4)"
    MASK_MISSING = 7, WSCloseCode.PROTOCOL_ERROR, "client frame not masked (RFC 6455 5.1)"
    MASK_PRESENT = 8, WSCloseCode.PROTOCOL_ERROR, "server frame masked (RFC 6455 5.1)"
    LENGTH_FORM = 9, WSCloseCode.PROTOCOL_ERROR, "length not in its shortest form (RFC 6455 5.2)"
    LENGTH_SIGN = 10, WSCloseCode.PROTOCOL_ERROR, "length over 63 bits (RFC 6455 5.2)"
    MESSAGE_SIZE = 11, WSCloseCode.MESSAGE_TOO_BIG, "message too big"
    FRAGMENT_COUNT = 12, WSCloseCode.MESSAGE_TOO_BIG, "too many fragments"
    TEXT = 13, WSCloseCode.INVALID_TEXT, "text is not UTF-8 (RFC 6455 8.1)"
    CLOSE_LENGTH = 14, WSCloseCode.PROTOCOL_ERROR, "close frame of one byte (RFC 6455 5.5.1)"
    CLOSE_CODE = 15, WSCloseCode.PROTOCOL_ERROR, "close code not allowed (RFC 6455 7.4)"
    CLOSE_TEXT = 16, WSCloseCode.INVALID_TEXT, "close reason is not UTF-8 (RFC 6455 5.5.1)"
    DEFLATE_DATA = 17, WSCloseCode.PROTOCOL_ERROR, "compressed data corrupt (RFC 7692 7.2.2)"


class WeftWebSocketError(Exception):
    """The root of everything that this package raises on purpose."""


class WebSocketError(WeftWebSocketError):
    """The peer broke a rule; ``code`` is the close code that answers it."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(code, message)

    def __str__(self) -> str:
        return str(self.args[1])

    @classmethod
    def of(cls, rule: Rule) -> "WebSocketError":
        """The error that says this rule was broken."""
        return cls(rule.close_code, rule.text)


class WebSocketClosed(WeftWebSocketError, ConnectionResetError):
    """Nothing can be sent any more: a close frame went out, or the connection is gone."""

    def __init__(self, text: str = "Cannot write to closing transport") -> None:
        super().__init__(text)


class WSMessageTypeError(WeftWebSocketError, TypeError):
    """A message came that is not of the type asked for."""

    def __init__(self, received: WSMsgType, wanted: WSMsgType) -> None:
        self.received = received
        self.wanted = wanted
        super().__init__(received, wanted)

    def __str__(self) -> str:
        return f"Received message {self.received.name} is not WSMsgType.{self.wanted.name}"


class HandshakeError(WeftWebSocketError):
    """An opening handshake that is not one.

    On a server ``status``, ``text`` and ``headers`` make the answer; on a client ``status`` is
    what the server answered and ``text`` what is wrong with it.
    """

    def __init__(self, status: int, text: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status, text, tuple(headers))
        self.status = status
        self.text = text
        self.headers = tuple(headers)

    def __str__(self) -> str:
        return f"{self.status}: {self.text}"
