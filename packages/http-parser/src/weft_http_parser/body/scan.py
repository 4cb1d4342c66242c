"""Where the parts of a multipart body begin and end (RFC 2046 5.1), without I/O.

Decides what is a delimiter, a part's header and its data, and holds the limits. Knows nothing of
what parts mean, nor of streams. Line ends are CRLF, but behind the last delimiter, where a bare LF
or the end of the body will do; a line that begins with the boundary and goes on is an error, for
others would take it for a delimiter.
"""

import enum
from typing import Final, TypeAlias

import attrs
from multidict import CIMultiDict, CIMultiDictProxy

from weft_http_parser._twin import find_delimiter
from weft_http_parser.errors import MultipartError
from weft_http_parser.fields.tokens import WHITESPACE, has_controls, is_token
from weft_http_parser.names import (
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TRANSFER_ENCODING,
    CONTENT_TYPE,
)

MAX_BOUNDARY_BYTES: Final = 70  # RFC 2046 5.1.1
MAX_PADDING_BYTES: Final = 64
_KNOWN_NAMES: Final = {
    str(name): name
    for name in (
        CONTENT_DISPOSITION,
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_TRANSFER_ENCODING,
        CONTENT_TYPE,
    )
}
"""Their texts are neither looked at nor folded."""
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
    preamble: int = 65_536
    """Bytes in front of the first boundary."""
    epilogue: int = 65_536
    """Bytes behind the last boundary."""
    total: int | None = None
    """Bytes of the whole body; None where something else bounds it."""


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

    Bytes of a part come as they went in, without a copy where a piece holds nothing else.

    >>> scanner = PartScanner(b"B")
    >>> [type(event).__name__ for event in scanner.receive(b"--B\r\nA: b\r\n\r\nhi\r\n--B--\r\n")]
    ['PartHead', 'bytes', 'Mark', 'Mark']
    """

    __slots__ = (
        "_delimiter",
        "_fault",
        "_head",
        "_held",
        "_is_plain",
        "_limits",
        "_outside",
        "_parts",
        "_phase",
        "_searched",
        "_skip",
        "_total",
    )

    def __init__(
        self,
        boundary: bytes,
        limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS,
        *,
        in_part: bool = False,
    ) -> None:
        """With `in_part` the first bytes are the data of a part whose header was read before."""
        self._delimiter = b"\r\n--" + boundary
        self._limits = limits
        # The first delimiter needs no CRLF before it, so it gets one.
        self._held = b"\r\n"  # may be part of a delimiter
        self._skip = 2  # bytes of it that are there for the search only
        self._head = bytearray()  # of a part, while it is not complete
        self._searched = 0
        self._parts = 0
        self._outside = 0  # bytes of the preamble, then of the epilogue
        self._total = 0
        self._phase = Phase.DATA if in_part else Phase.PREAMBLE
        self._is_plain = False  # within the data of a part, of a body without a total limit
        self._fault: MultipartError | None = None

    def receive(self, data: bytes) -> list[ScanEvent]:
        """What these bytes bring; MultipartError, now and ever after, when they are wrong."""
        if self._fault is not None:
            raise self._fault
        if self._is_plain and not self._held:
            # Most of a body is this: a piece with nothing in it but data.
            if find_delimiter(data, self._delimiter, 0) < 0:
                if data.rfind(b"\r", -len(self._delimiter)) >= 0:
                    cut = self._cut_at(data, 0)
                    self._held = data[cut:]
                    data = data[:cut]
                return [data] if data else []
        events: list[ScanEvent] = []
        try:
            self._receive(data, events)
        except MultipartError as exc:
            self._fault = exc
            raise
        return events

    def receive_eof(self) -> list[ScanEvent]:
        """What the end of the body brings: nothing, or what its last delimiter does where no line
        end follows that; MultipartError when it is missing.
        """
        events: list[ScanEvent] = []
        if self._fault is None and self._held.startswith(self._delimiter + b"--"):
            self._held = b""
            self._end_parts(events)
        if self._fault is None and self._phase is not Phase.EPILOGUE:
            missing = "first" if self._phase is Phase.PREAMBLE else "last"
            self._fault = MultipartError(f"the body ends without its {missing} boundary")
        if self._fault is not None:
            raise self._fault
        return events

    def _receive(self, data: bytes, events: list[ScanEvent]) -> None:
        self._total += len(data)
        if self._limits.total is not None and self._total > self._limits.total:
            raise MultipartError("the multipart body is too large", status=413)
        if self._phase is Phase.HEADERS:
            # Kept apart in a buffer that grows: a header may come byte by byte.
            self._head += data
            if self._find_head_end(self._head, 0) < 0:
                return
            data = bytes(self._head)
            self._head = bytearray()
        elif self._held:
            data = self._held + data
            self._held = b""
        at = 0
        while at >= 0:
            if self._phase is Phase.HEADERS:
                at = self._scan_head(data, at, events)
            elif self._phase is Phase.EPILOGUE:
                self._count_outside(len(data) - at, self._limits.epilogue)
                return
            else:
                at = self._scan_data(data, at, events)

    def _scan_data(self, data: bytes, at: int, events: list[ScanEvent]) -> int:
        """Up to the line behind the next delimiter; -1 when that needs more bytes."""
        delimiter = self._delimiter
        found = find_delimiter(data, delimiter, at)
        if found < 0:
            cut = self._cut_at(data, at)
            self._emit(data, at, cut, events)
            self._held = data[cut:]
            return -1
        self._emit(data, at, found, events)
        behind = found + len(delimiter)
        is_last = data.startswith(b"--", behind)
        line_end = behind
        if not data.startswith(b"\r\n", behind):
            line_end = _find_line_end(data, behind + 2 if is_last else behind, takes_lf=is_last)
        if line_end < 0:
            self._held = data[found:]
            return -1
        if is_last:
            self._end_parts(events)
            return behind + 2
        self._end_part(events)
        self._parts += 1
        if self._parts > self._limits.parts:
            raise MultipartError("too many parts", status=413)
        self._phase = Phase.HEADERS
        # The CRLF stays: a part without header fields has its empty line right here.
        return line_end

    def _cut_at(self, data: bytes, at: int) -> int:
        """Where the beginning of a delimiter is cut off by the end of `data`, or that end."""
        # Only a CR can begin a delimiter, and a boundary has none.
        size = len(data)
        cut = data.rfind(b"\r", max(at, size - len(self._delimiter) + 1))
        return size if cut < 0 or not self._delimiter.startswith(data[cut:]) else cut

    def _find_head_end(self, data: bytes | bytearray, start: int) -> int:
        """Where the header ends that begins at `start`, with the CRLF before it; -1 where it is
        not complete.
        """
        end = data.find(b"\r\n\r\n", max(start, self._searched - 3))
        # Without its end, the last three bytes may be part of that end.
        size = (len(data) - 3 if end < 0 else end) - start - 2
        if size > self._limits.head:
            raise MultipartError("a part's header is too large")
        self._searched = len(data) - start if end < 0 else 0
        return end

    def _scan_head(self, data: bytes, start: int, events: list[ScanEvent]) -> int:
        end = self._find_head_end(data, start)
        if end < 0:
            self._head += data[start:]
            return -1
        lines = data[start + 2 : end].split(b"\r\n") if end > start else []
        events.append(PartHead(self._parse_fields(lines)))
        # An empty part may have no CRLF but that of its empty line before the next delimiter.
        self._skip = 2
        self._phase = Phase.DATA
        return end + 2

    def _parse_fields(self, lines: list[bytes]) -> CIMultiDictProxy[str]:
        if len(lines) > self._limits.fields:
            raise MultipartError("a part has too many header fields")
        fields: CIMultiDict[str] = CIMultiDict()
        for line in lines:
            if len(line) > self._limits.field:
                raise MultipartError("a part's header field is too long")
            name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
            value = value.strip(WHITESPACE)
            known = _KNOWN_NAMES.get(name)
            is_named = colon and (known is not None or is_token(name))
            if not is_named or (not value.isprintable() and has_controls(value)):
                raise MultipartError("a part's header field is malformed")
            fields.add(known or name, value)
        return CIMultiDictProxy(fields)

    def _emit(self, data: bytes, at: int, end: int, events: list[ScanEvent]) -> None:
        """Pass on what lies between."""
        if end <= at:
            return
        at += self._skip
        self._skip = 0
        self._is_plain = self._phase is Phase.DATA and self._limits.total is None
        if self._phase is Phase.PREAMBLE:
            self._count_outside(end - at, self._limits.preamble)
        elif end > at:
            events.append(data[at:end])

    def _end_part(self, events: list[ScanEvent]) -> None:
        self._skip = 0
        self._is_plain = False
        if self._phase is Phase.DATA:
            events.append(Mark.PART_END)

    def _end_parts(self, events: list[ScanEvent]) -> None:
        self._end_part(events)
        events.append(Mark.LAST)
        self._phase = Phase.EPILOGUE
        self._outside = 0

    def _count_outside(self, size: int, limit: int) -> None:
        self._outside += size
        if self._outside > limit:
            raise MultipartError("too many bytes outside the parts")


def _find_line_end(data: bytes, at: int, *, takes_lf: bool) -> int:
    """The line end behind a delimiter and its padding; -1 when it has not come yet."""
    if not takes_lf and data.startswith(b"-", at) and len(data) == at + 1:
        return -1
    start = at
    while at < len(data) and data[at] in b" \t":
        at += 1
    rest = data[at : at + 2]
    is_lf = takes_lf and rest.startswith(b"\n")
    if at - start > MAX_PADDING_BYTES or not (is_lf or b"\r\n".startswith(rest)):
        raise MultipartError("a line begins with the boundary and goes on")
    return at if is_lf or len(rest) == 2 else -1


def parse_boundary(boundary: str | None) -> bytes:
    """The boundary parameter as bytes; MultipartError when it is none (RFC 2046 5.1.1)."""
    if not boundary:
        raise MultipartError("the content type has no boundary")
    if len(boundary) > MAX_BOUNDARY_BYTES:
        raise MultipartError("the boundary is too long")
    if boundary.strip(_BOUNDARY_CHARS) or boundary.endswith(" "):
        raise MultipartError("the boundary has characters that it may not have")
    return boundary.encode("ascii")
