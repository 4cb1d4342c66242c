"""The specification of the hot loops: scanning heads and chunks, rendering heads, receiving.

Decides what is a valid head, and which byte makes one invalid; and which bytes of a connection need
no more than a scan. Knows nothing of how a body is delimited.

Two rules hold everywhere. An error's offset, counted from `start`, is that of the byte that made
the input unacceptable, so any input up to that byte asks for more and any input with it raises,
however it was split. And a limit is passed by the first byte that lies beyond it; where the same
byte breaks the grammar too, the grammar's reason is given.
"""

import re
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from ..errors import ProtocolError, Reason
from ..heads import (
    END,
    HTTP_10,
    HTTP_11,
    End,
    RequestHead,
    ResponseHead,
    parse_field_lines,
    render_fields,
    render_request_head,
    render_response_head,
    to_request_head,
    to_response_head,
)
from ..limits import DEFAULT_LIMITS, Limits
from ..names import MARK_HOST, METH_ALL
from ..phases import IN_BODY, NEXT, Phase, Role, Step
from ..strictness import STRICT, Strictness
from .api import API, FRAMING_MARKS, BodyDecoder
from .chunks import ChunkScanner
from .lines import (
    CR,
    MORE,
    NAME,
    TEXT,
    VISIBLE,
    Source,
    scan_field_line,
    scan_line_end,
    scan_request_line,
    scan_status_line,
    split_response,
)

__all__ = (
    "API",
    "ChunkScanner",
    "HeadScanner",
    "Inlet",
    "RequestHead",
    "ResponseHead",
    "find_delimiter",
    "render_fields",
    "render_request_head",
    "render_response_head",
)

_FIELDS: Final = rb"((?:" + NAME + rb"++:" + TEXT + rb"*+\r\n)*+)\r\n"
_REQUEST: Final = re.compile(
    rb"(" + NAME + rb"++) (" + VISIBLE + rb"++) HTTP/1\.([01])\r\n" + _FIELDS
)
_RESPONSE: Final = re.compile(
    rb"HTTP/1\.([01]) ([1-9][0-9][0-9]) (" + TEXT + rb"*+)\r\n" + _FIELDS
)
# RFC 3986 3.2.2 and 3.2.3: registered name, IPv4 or bracketed address, and a port.
_HOST_NAME: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
_ADDRESS: Final = (
    r"\[(?:[0-9A-Fa-f]*+:[0-9A-Fa-f:.]*+|[vV][0-9A-Fa-f]++\.(?:" + _HOST_NAME + r"|:)++)\]"
)
_HOST: Final = re.compile(r"(?:(?:" + _ADDRESS + r"|" + _HOST_NAME + r"++)(?::[0-9]*+)?)?")
Event: TypeAlias = RequestHead | ResponseHead | bytes | End
# A member found through its class costs ten times as much as a global.
_SERVER: Final[Role] = Role.SERVER
_IDLE: Final[Phase] = Phase.IDLE
_WHOLE: Final[Step] = Step.WHOLE
_END: Final[Step] = Step.END
_METHODS: Final = {method.encode(): method for method in METH_ALL}


def _find_host_fault(head: RequestHead) -> Reason | None:
    """RFC 9112 3.2: one valid Host in HTTP/1.1, at most one before."""
    if not head.marks & MARK_HOST:
        return Reason.HOST_MISSING if head.version == HTTP_11 else None
    hosts = head.get_all("host")
    if len(hosts) > 1:
        return Reason.HOST_REPEATED
    return None if _HOST.fullmatch(hosts[0]) else Reason.HOST_INVALID


class HeadScanner:
    """Finds heads in a buffer, resuming where the last look ended.

    >>> scanner = HeadScanner(True, Limits())
    >>> scanner.scan(b"GET / HTTP/1.1\\r\\nHost:", 0)
    >>> scanner.scan(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", 0)
    <RequestHead GET '/'>
    >>> scanner.end
    27
    """

    __slots__ = ("_fields", "_first", "_is_request", "_limits", "_line", "_shortest", "_skipped",
                 "_strictness", "end")  # fmt: skip

    end: int
    """Index behind the head that `scan` returned last."""

    def __init__(self, is_request: bool, limits: Limits, strictness: Strictness = STRICT) -> None:
        if is_request and strictness != STRICT:
            raise ValueError("requests are read to the letter: their strictness is STRICT")
        self._is_request = is_request
        self._limits = limits
        self._strictness = strictness
        self._shortest = min(limits.line, limits.field, limits.head)
        self.end = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was seen of an unfinished head."""
        self._first = 0  # where the head begins behind empty lines, relative to start
        self._line = 0  # where the line to look at begins, relative to start
        self._fields = -1  # field lines seen, or -1 before the start line
        self._skipped = 0  # empty lines seen

    def scan(self, buffer: Source, start: int) -> RequestHead | ResponseHead | None:
        """The head of the message that begins at `start`; None while it is not whole.

        To be called again with the same message's bytes and more. After a head the scanner is
        ready for the next. Raises ProtocolError with an offset relative to `start`.
        """
        try:
            if self._line == 0:
                head = self._scan_at_once(buffer, start)
                if head is not None:
                    return head
            end = self._scan_lines(buffer, start)
            return None if end == MORE else self._finish(buffer, start + self._first, end)
        except ProtocolError as exc:
            raise ProtocolError(exc.reason, exc.offset - start) from None

    def _scan_at_once(self, buffer: Source, start: int) -> RequestHead | ResponseHead | None:
        """The usual case: the whole head is there, valid, and so short that no limit is near."""
        match = (_REQUEST if self._is_request else _RESPONSE).match(buffer, start)
        if match is None or match.end() - start > self._shortest:
            return None
        if match[4].count(b"\n") > self._limits.fields:
            return None
        return self._build(match, buffer)

    def _finish(self, buffer: Source, first: int, end: int) -> RequestHead | ResponseHead:
        match = (_REQUEST if self._is_request else _RESPONSE).match(buffer, first)
        if match is not None:
            return self._build(match, buffer)
        # Every line was checked, so it is a response that only a lenient reader takes.
        self.end = end
        self.reset()
        raw = bytes(buffer[first:end])
        (minor, status, reason), pairs = split_response(raw)
        version = HTTP_11 if minor == b"1" else HTTP_10
        return to_response_head(raw, int(status), reason, version, pairs)

    def _build(self, match: re.Match[bytes], buffer: Source) -> RequestHead | ResponseHead:
        self.end = match.end()
        self.reset()
        pairs = parse_field_lines(match[4])
        if not self._is_request:
            version = HTTP_11 if match[1] == b"1" else HTTP_10
            return to_response_head(match[0], int(match[2]), match[3], version, pairs)
        method = _METHODS.get(match[1]) or match[1].decode()
        version = HTTP_11 if match[3] == b"1" else HTTP_10
        head = to_request_head(match[0], method, match[2], version, pairs)
        fault = _find_host_fault(head)
        if fault is not None:
            raise ProtocolError(fault, self.end - 1)
        return head

    def _scan_lines(self, buffer: Source, start: int) -> int:
        """The index behind the head, having looked at each line once it was whole; or `MORE`."""
        while True:
            at = start + self._line
            stop = min(len(buffer), start + self._first + self._limits.head)
            end = self._scan_line(buffer, at, stop)
            if end == MORE:
                if stop < len(buffer):
                    raise ProtocolError(Reason.HEAD_TOO_LARGE, stop)
                return MORE
            is_empty = buffer[at] in b"\r\n"
            is_last = is_empty and self._fields >= 0
            self._count_line(end - at, is_empty)
            if is_last:
                return end

    def _count_line(self, length: int, is_empty: bool) -> None:
        self._line += length
        if is_empty and self._fields < 0:
            self._skipped += 1
            self._first = self._line
        else:
            self._fields += 1

    def _scan_line(self, buffer: Source, at: int, stop: int) -> int:
        if at == stop:
            return MORE
        limits, strictness = self._limits, self._strictness
        is_empty = buffer[at] in b"\r\n"
        if self._fields >= 0:
            if is_empty:
                return scan_line_end(
                    buffer, at, stop, Reason.FIELD_NAME, strictness.allows_bare_lf
                )
            if self._fields == limits.fields:
                raise ProtocolError(Reason.TOO_MANY_FIELDS, at)
            return scan_field_line(buffer, at, stop, limits.field, strictness)
        if not is_empty and self._is_request:
            return scan_request_line(buffer, at, stop, limits.line)
        if not is_empty:
            return scan_status_line(buffer, at, stop, limits.line, strictness)
        # RFC 9112 2.2: a server ignores at least one empty line; a client has no such rule.
        allowed = limits.empty_lines if self._is_request else 0
        is_line_end = buffer[at] == CR or strictness.allows_bare_lf
        if is_line_end and self._skipped == allowed:
            raise ProtocolError(Reason.EMPTY_LINES, at)
        return scan_line_end(buffer, at, stop, Reason.EMPTY_LINES)


class Inlet:
    """What came on one connection, and the short ways that nearly all of it takes.

    Most reads are a request without a body, or a part of a chunked body: those are dealt with here,
    and a subclass with all others. It has what is declared below, and may set what is not a role,
    limits or a scanner. All bytes that are held were given to no method of it yet.
    """

    __slots__ = ("_at", "_data", "_decoder", "_has_ended", "_limits", "_method", "_received",
                 "_receiving", "_role", "_scanner", "_sending")  # fmt: skip

    _role: Role
    _limits: Limits
    _scanner: HeadScanner
    _decoder: BodyDecoder | None
    """Of the last message that had a body for it."""
    _data: bytes | bytearray
    """Bytes that are held, empty where all were taken."""
    _at: int
    """What is before this index of the data was taken."""
    _received: int
    """How many bytes ever came."""
    _has_ended: bool
    _receiving: Phase
    _sending: Phase
    _method: str
    """That of the request of this cycle."""

    if TYPE_CHECKING:

        def _answered(self) -> list[Event] | None: ...
        def _receive_more(self, data: bytes) -> list[Event]: ...
        def _begin_message(self, head: RequestHead | ResponseHead) -> list[Event]: ...
        def _take_body(self, events: list[Event]) -> list[Event]: ...
        def _end_body(self, events: list[Event]) -> list[Event]: ...
        def _fail(self, reason: Reason, offset: int) -> ProtocolError: ...

    def __new__(
        cls, role: Role, limits: Limits = DEFAULT_LIMITS, strictness: Strictness = STRICT
    ) -> Self:
        self = super().__new__(cls)
        self._role = role
        self._limits = limits
        self._scanner = HeadScanner(role is _SERVER, limits, strictness)
        self._decoder = None
        self._data = b""
        self._at = 0
        self._received = 0
        self._has_ended = False
        self._receiving = self._sending = _IDLE
        self._method = ""
        return self

    def answered(self) -> list[Event] | None:
        """As sending a whole answer and `next_cycle`; None where nothing came behind the request."""
        return self._answered()

    def receive(self, data: bytes, /) -> list[Event]:
        """The events of more bytes; empty while no head or body byte is whole.

        Raises ProtocolError, and the same again from then on. What was completed before the
        fault is in its `events`, and in those of no later one.
        """
        if self._data or not isinstance(data, bytes):
            return self._receive_more(data)
        if self._receiving is _IDLE and self._role is _SERVER:
            return self._receive_head(data)
        decoder = self._decoder
        if self._receiving not in IN_BODY or not isinstance(decoder, ChunkScanner):
            return self._receive_more(data)
        self._received += len(data)
        self._data = data
        return self._take_chunks(decoder, [])

    def _receive_head(self, data: bytes) -> list[Event]:
        """The first bytes of a request, which often are all of them."""
        scanner = self._scanner
        try:
            head = scanner.scan(data, 0)
        except ProtocolError as exc:
            raise self._fail(exc.reason, self._received + exc.offset) from None
        self._received += len(data)
        if isinstance(head, RequestHead) and not head.marks & FRAMING_MARKS:
            if scanner.end == len(data):
                self._method = head.method
                self._receiving = NEXT[_IDLE][_WHOLE]
                return [head, END]
        if head is None:
            self._data = data
            return []
        if scanner.end < len(data):
            self._data = data
            self._at = scanner.end
        events = self._begin_message(head)
        if not self._data or self._receiving not in IN_BODY:
            return events
        decoder = self._decoder
        if not isinstance(decoder, ChunkScanner):
            return self._take_body(events)
        return self._take_chunks(decoder, events)

    def _take_chunks(self, decoder: ChunkScanner, events: list[Event]) -> list[Event]:
        """The same events, and behind them those of the bytes that are held."""
        data = self._data
        try:
            end = decoder.feed(data, self._at, events)  # type: ignore[arg-type]  # takes bytes in
        except ProtocolError as exc:
            error = self._fail(exc.reason, self._received - len(data) + self._at + exc.offset)
            error.events = tuple(events)
            raise error from None
        if end < len(data):
            self._at = end
            return self._end_body(events) if decoder.done else events
        self._data = b""
        self._at = 0
        if decoder.trailers:
            return self._end_body(events) if decoder.done else events
        if decoder.done:
            self._receiving = NEXT[self._receiving][_END]
            events.append(END)
        return events


def find_delimiter(data: bytes, delimiter: bytes, start: int, /) -> int:
    """The index of `delimiter` from `start` on; -1 without one."""
    if start < 0 or len(delimiter) < 2:
        raise ValueError("an index below 0, or a delimiter below two bytes")
    # A single byte is found much faster, and most data have none or a late one.
    first = data.find(delimiter[:1], start)
    return first if first < 0 else data.find(delimiter, first)
