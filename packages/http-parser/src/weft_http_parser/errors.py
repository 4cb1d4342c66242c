"""Everything this package raises on purpose.

Decides which faults exist and which status a server would answer each with. Knows nothing of
how a fault is found.
"""

import enum


class Reason(enum.Enum):
    """The closed list of faults of HTTP/1.1 messages, each with the status that it suggests.

    >>> Reason.HOST_MISSING.status, Reason.HOST_MISSING.text
    (400, 'Host is missing')
    """

    status: int
    text: str

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text

    # Heads: RFC 9112 sections 2 to 5
    BARE_CR = 400, "CR without LF"
    BARE_LF = 400, "LF without CR"
    EMPTY_LINES = 400, "too many empty lines before the message"
    METHOD = 400, "invalid method"
    TARGET = 400, "invalid request target"
    VERSION_SYNTAX = 400, "invalid protocol version"
    VERSION = 505, "protocol version not supported"
    STATUS = 400, "invalid status code"
    REASON_PHRASE = 400, "invalid reason phrase"
    FIELD_NAME = 400, "invalid field name"
    FIELD_VALUE = 400, "invalid field value"
    SPACE_BEFORE_COLON = 400, "space before the colon of a field"
    LINE_FOLDING = 400, "field line begins with a space"
    HOST_MISSING = 400, "Host is missing"
    HOST_REPEATED = 400, "more than one Host"
    HOST_INVALID = 400, "invalid Host"
    LINE_TOO_LONG = 414, "start line too long"
    FIELD_TOO_LONG = 431, "field line too long"
    TOO_MANY_FIELDS = 431, "too many fields"
    HEAD_TOO_LARGE = 431, "head too large"

    # Framing: RFC 9112 section 6
    LENGTH = 400, "invalid Content-Length"
    LENGTH_CONFLICT = 400, "differing values of Content-Length"
    LENGTH_AND_CODING = 400, "both Content-Length and Transfer-Encoding"
    CODING = 400, "Transfer-Encoding does not end in one chunked"
    CODING_UNKNOWN = 501, "transfer coding not supported"
    CODING_IN_HTTP_10 = 400, "Transfer-Encoding in HTTP/1.0"
    BODY_TOO_LARGE = 413, "body too large"

    # Chunks: RFC 9112 section 7
    CHUNK_SIZE = 400, "invalid chunk size"
    CHUNK_EXTENSION = 400, "invalid chunk extension"
    CHUNK_END = 400, "chunk data not followed by CRLF"
    CHUNK_LINE_TOO_LONG = 400, "chunk line too long"
    CHUNK_EXTENSIONS_TOO_LARGE = 400, "too many bytes of chunk extensions"
    TOO_MANY_TRAILERS = 400, "too many trailer fields"
    TRAILERS_TOO_LARGE = 400, "trailer section too large"

    # The conversation
    INCOMPLETE = 400, "the connection ended inside a message"
    TOO_MUCH_AHEAD = 400, "too many bytes sent ahead"
    UNASKED_RESPONSE = 502, "response without a request"
    UNASKED_SWITCH = 502, "switch of protocols that was not asked for"
    TOO_MANY_INTERIMS = 502, "too many interim responses"

    # Faults of our own side
    OUT_OF_ORDER = 500, "step out of order"
    BODY_TOO_LONG = 500, "more body bytes than were declared"
    BODY_TOO_SHORT = 500, "fewer body bytes than were declared"
    TRAILER = 500, "a field that may not be a trailer"


class HttpParserError(Exception):
    """The root of this package's errors."""


class ProtocolError(HttpParserError):
    """A message that must not be accepted, or a step that the protocol does not have.

    `offset` is that of the byte which made the message unacceptable, counted from the first byte
    of the connection: one byte less and the message could still have become a good one.

    `events` is what a connection had completed in the same call, before the fault, so that nothing
    depends on how the peer's bytes were cut: it comes with the first raise only, and is no part
    of the text, nor of what is pickled.
    """

    events: tuple[object, ...]

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset
        self.events = ()

    def __reduce__(self) -> tuple[type["ProtocolError"], tuple[Reason, int]]:
        return type(self), (self.reason, self.offset)

    @property
    def status(self) -> int:
        """The status a server would answer with."""
        return self.reason.status

    def __str__(self) -> str:
        return f"{self.reason.text} (byte {self.offset})"


class HeaderInjection(HttpParserError, ValueError):
    """Text of our own that would break out of its place in a head."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(place, text)
        self.place = place
        self.text = text

    def __str__(self) -> str:
        return f"{self.place} has a character that is not allowed there: {self.text[:100]!r}"


class ContentCodingError(HttpParserError):
    """Coded content that is corrupt or truncated, or a coding that is not known."""

    def __init__(self, coding: str, fault: str) -> None:
        super().__init__(coding, fault)
        self.coding = coding
        self.fault = fault

    def __str__(self) -> str:
        return f"{self.coding}: {self.fault}"


class BodyTooLarge(HttpParserError):
    """A body of more than `limit` bytes, counted after decoding."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"body larger than {self.limit} bytes"


class MultipartError(HttpParserError, ValueError):
    """A multipart body that breaks RFC 2046 or a limit; `status` is what a server would answer."""

    def __init__(self, fault: str, status: int = 400) -> None:
        super().__init__(fault)
        self.fault = fault
        self.status = status


class LinkLost(HttpParserError, ConnectionResetError):
    """The connection is gone."""

    def __init__(self, text: str = "the connection is lost") -> None:
        super().__init__(text)


class LineTooLong(HttpParserError, ValueError):
    """A line of a body of more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"Chunk too big: a line of more than {self.limit} bytes"


class UnknownPayload(HttpParserError, LookupError):
    """A value that no payload is registered for."""

    def __init__(self, kind: type) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"no payload is registered for a value of type {self.kind.__qualname__}"
