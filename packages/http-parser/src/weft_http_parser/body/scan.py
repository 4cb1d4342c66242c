"""Where the parts of a multipart body begin and end (RFC 2046 5.1), without I/O.

Decides what is a delimiter, a part's header and its data, and holds the limits. Knows nothing of
what parts mean, nor of streams. Line ends are CRLF; a line that begins with the boundary and goes
on is an error, for others would take it for a delimiter.
"""

import enum
from typing import Final, TypeAlias

import attrs
from multidict import CIMultiDict, CIMultiDictProxy

from weft_http_parser.errors import MultipartError
from weft_http_parser.fields.tokens import WHITESPACE, has_controls, is_token

MAX_BOUNDARY_BYTES: Final = 70  # RFC 2046 5.1.1
MAX_PADDING_BYTES: Final = 64
_BOUNDARY_CHARS = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? "
    # Beyond RFC 2046, and in use.
    "!#$%&*@^`|~{}[];<>"
)


@attrs.frozen(kw_only=True)
class MultipartLimits:
    """Bounds of a multipart body; each is the largest value that still passes."""

    parts: int = 1000
    """Parts of one level."""
    fields: int = 16
    """Header fields of one part."""
    field: int = 8192
    """Bytes of one field line."""
    head: int = 16_384
    """Bytes of one part's header."""
    nesting: int = 3
    """Levels of multipart in multipart, the outermost included."""


DEFAULT_MULTIPART_LIMITS: Final = MultipartLimits()


@attrs.frozen
class PartHead:
    """A part begins."""

    headers: CIMultiDictProxy[str]


class Mark(enum.Enum):
    """What else happens in a multipart body."""

    PART_END = "part end"
    LAST = "last"


ScanEvent: TypeAlias = PartHead | bytes | Mark


class Phase(enum.Enum):
    """Where the scanner stands."""

    PREAMBLE = enum.auto()
    HEADERS = enum.auto()
    DATA = enum.auto()
    EPILOGUE = enum.auto()


class PartScanner:
    r"""Takes body bytes in any pieces and says what they are.

    >>> scanner = PartScanner(b"B")
    >>> [type(event).__name__ for event in scanner.receive(b"--B\r\nA: b\r\n\r\nhi\r\n--B--\r\n")]
    ['PartHead', 'bytes', 'Mark', 'Mark']
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_delimiter",
        "_fault",
        "_limits",
        "_parts",
        "_phase",
        "_searched",
        "_skip",
    )

    def __init__(
        self, boundary: bytes, limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS
    ) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._limits = limits
        # The first delimiter needs no CRLF before it, so it gets one.
        self._buffer = bytearray(b"\r\n")
        self._at = 0
        self._searched = 0
        self._skip = 2  # bytes at the cursor that are there for the search only
        self._parts = 0
        self._phase = Phase.PREAMBLE
        self._fault: MultipartError | None = None

    def receive(self, data: bytes) -> list[ScanEvent]:
        """What these bytes bring; MultipartError, now and ever after, when they are wrong."""
        if self._fault is not None:
            raise self._fault
        if self._phase is Phase.EPILOGUE:
            return []
        self._buffer += data
        events: list[ScanEvent] = []
        try:
            while self._advance(events):
                pass
        except MultipartError as exc:
            self._fault = exc
            raise
        del self._buffer[: self._at]
        self._searched -= self._at
        self._at = 0
        return events

    def receive_eof(self) -> None:
        """The body ends here; MultipartError when its last delimiter is missing."""
        if self._fault is None and self._phase is not Phase.EPILOGUE:
            missing = "first" if self._phase is Phase.PREAMBLE else "last"
            self._fault = MultipartError(f"the body ends without its {missing} boundary")
        if self._fault is not None:
            raise self._fault

    def _advance(self, events: list[ScanEvent]) -> bool:
        """One step; False when it needs more bytes."""
        if self._phase is Phase.HEADERS:
            return self._scan_headers(events)
        if self._phase is Phase.EPILOGUE:
            self._at = len(self._buffer)
            return False
        return self._scan_data(events)

    def _scan_data(self, events: list[ScanEvent]) -> bool:
        buffer, delimiter = self._buffer, self._delimiter
        found = buffer.find(delimiter, self._at)
        if found < 0:
            # Only a CR can begin a delimiter, and a boundary has none.
            tail = max(self._at, len(buffer) - len(delimiter) + 1)
            held = buffer.rfind(b"\r", tail)
            if held < 0 or not delimiter.startswith(buffer[held:]):
                held = len(buffer)
            self._emit(held, events)
            return False
        self._emit(found, events)
        behind = found + len(delimiter)
        if buffer.startswith(b"--", behind):
            self._end_part(events)
            events.append(Mark.LAST)
            self._at = behind
            self._phase = Phase.EPILOGUE
            return True
        line_end = self._find_line_end(behind)
        if line_end < 0:
            return False
        self._end_part(events)
        self._parts += 1
        if self._parts > self._limits.parts:
            raise MultipartError("too many parts", status=413)
        # The CRLF stays: a part without header fields has its empty line right here.
        self._at = self._searched = line_end
        self._phase = Phase.HEADERS
        return True

    def _find_line_end(self, at: int) -> int:
        """The CRLF behind a delimiter and its padding; -1 when it has not come yet."""
        buffer = self._buffer
        if buffer.startswith(b"-", at) and len(buffer) == at + 1:
            return -1
        start = at
        while at < len(buffer) and buffer[at] in b" \t":
            at += 1
        rest = buffer[at : at + 2]
        if at - start > MAX_PADDING_BYTES or not b"\r\n".startswith(rest):
            raise MultipartError("a line begins with the boundary and goes on")
        return at if len(rest) == 2 else -1

    def _scan_headers(self, events: list[ScanEvent]) -> bool:
        buffer, start = self._buffer, self._at
        end = buffer.find(b"\r\n\r\n", max(start, self._searched - 3))
        # Without its end, the last three bytes may be part of that end.
        size = (len(buffer) - 3 if end < 0 else end) - start - 2
        if size > self._limits.head:
            raise MultipartError("a part's header is too large")
        if end < 0:
            self._searched = len(buffer)
            return False
        lines = bytes(buffer[start + 2 : end]).split(b"\r\n") if end > start else []
        events.append(PartHead(self._parse_fields(lines)))
        # An empty part may have no CRLF but that of its empty line before the next delimiter.
        self._at = end + 2
        self._skip = 2
        self._phase = Phase.DATA
        return True

    def _parse_fields(self, lines: list[bytes]) -> CIMultiDictProxy[str]:
        if len(lines) > self._limits.fields:
            raise MultipartError("a part has too many header fields")
        fields: CIMultiDict[str] = CIMultiDict()
        for line in lines:
            if len(line) > self._limits.field:
                raise MultipartError("a part's header field is too long")
            name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
            value = value.strip(WHITESPACE)
            if not colon or not is_token(name) or has_controls(value):
                raise MultipartError("a part's header field is malformed")
            fields.add(name, value)
        return CIMultiDictProxy(fields)

    def _emit(self, end: int, events: list[ScanEvent]) -> None:
        """Pass on the data up to `end`."""
        if self._skip and end > self._at:
            self._at += self._skip
            self._skip = 0
        if end > self._at and self._phase is Phase.DATA:
            events.append(bytes(memoryview(self._buffer)[self._at : end]))
        self._at = max(self._at, end)

    def _end_part(self, events: list[ScanEvent]) -> None:
        self._skip = 0
        if self._phase is Phase.DATA:
            events.append(Mark.PART_END)


def parse_boundary(boundary: str | None) -> bytes:
    """The boundary parameter as bytes; MultipartError when it is none (RFC 2046 5.1.1)."""
    if not boundary:
        raise MultipartError("the content type has no boundary")
    if len(boundary) > MAX_BOUNDARY_BYTES:
        raise MultipartError("the boundary is too long")
    if boundary.strip(_BOUNDARY_CHARS) or boundary.endswith(" "):
        raise MultipartError("the boundary has characters that it may not have")
    return boundary.encode("ascii")
