"""The specification of the hot loops: scanning heads and chunks, rendering heads.

Decides what is a valid head and a valid chunk, and which byte makes one invalid. Knows nothing of
framing, of roles beyond "request or response", and of connections.

Two rules hold everywhere. An error's offset, counted from `start`, is that of the byte that made
the input unacceptable, so any input up to that byte asks for more and any input with it raises,
however it was split. And a limit is passed by the first byte that lies beyond it; where the same
byte breaks the grammar too, the grammar's reason is given.
"""

import enum
import re
from typing import Final, TypeAlias

from ..errors import ProtocolError, Reason
from ..heads import (
    HTTP_10,
    HTTP_11,
    RequestHead,
    ResponseHead,
    parse_field_lines,
    render_fields,
    render_request_head,
    render_response_head,
    to_request_head,
    to_response_head,
)
from ..limits import Limits
from ..names import MARK_HOST, METH_ALL
from .api import API

__all__ = (
    "API",
    "ChunkScanner",
    "HeadScanner",
    "RequestHead",
    "ResponseHead",
    "render_fields",
    "render_request_head",
    "render_response_head",
)

Source: TypeAlias = bytes | bytearray

# RFC 9110 5.6.2 token; 9112 3.2 target, with the bytes that browsers send; 9110 5.5 field value.
_NAME: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_VISIBLE: Final = rb"[\x21-\x7e\x80-\xff]"
_TEXT: Final = rb"[\t\x20-\x7e\x80-\xff]"
_FIELDS: Final = rb"((?:" + _NAME + rb"++:" + _TEXT + rb"*+\r\n)*+)\r\n"
_REQUEST: Final = re.compile(
    rb"(" + _NAME + rb"++) (" + _VISIBLE + rb"++) HTTP/1\.([01])\r\n" + _FIELDS
)
_RESPONSE: Final = re.compile(
    rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: (" + _TEXT + rb"*+))?\r\n" + _FIELDS
)
# Each of these matches the longest valid beginning, so that its end is the byte to look at.
_NAME_RUN: Final = re.compile(_NAME + rb"*+")
_VISIBLE_RUN: Final = re.compile(_VISIBLE + rb"*+")
_TEXT_RUN: Final = re.compile(_TEXT + rb"*+")
_VERSION_RUN: Final = re.compile(rb"(?:H(?:T(?:T(?:P(?:/(?:[0-9](?:\.[0-9]?)?)?)?)?)?)?)?")
_STATUS_RUN: Final = re.compile(rb"(?:[1-9][0-9]{0,2}+)?")
_SIZE_RUN: Final = re.compile(rb"[0-9A-Fa-f]*+")
_SPACE_RUN: Final = re.compile(rb"[ \t]*+")
# RFC 3986 3.2.2 and 3.2.3: registered name, IPv4 or bracketed address, and a port.
_HOST_NAME: Final = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
_HOST: Final = re.compile(
    rb"(?:\[(?:" + _HOST_NAME + rb"|:)++\]|" + _HOST_NAME + rb"*+)(?::[0-9]*+)?"
)
_METHODS: Final = {method.encode(): method for method in METH_ALL}
_CR: Final = 0x0D
_LF: Final = 0x0A
_SP: Final = 0x20
_HT: Final = 0x09
_COLON: Final = 0x3A
_MORE: Final = -1
_SEMICOLON: Final = 0x3B
_LARGEST_SIZE: Final = 2**63 - 1
_PLAIN_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15}+)\r\n")


def _run(run: re.Pattern[bytes], data: Source, at: int, stop: int) -> int:
    """The index behind the longest beginning that the pattern allows; each allows none."""
    match = run.match(data, at, stop)
    assert match is not None
    return match.end()


def _scan_line_end(data: Source, at: int, stop: int, reason: Reason) -> int:
    """The index behind the CRLF at `at`; `_MORE`; or an error for what stands there instead."""
    byte = data[at]
    if byte == _LF:
        raise ProtocolError(Reason.BARE_LF, at)
    if byte != _CR:
        raise ProtocolError(reason, at)
    if at + 1 == stop:
        return _MORE
    if data[at + 1] != _LF:
        raise ProtocolError(Reason.BARE_CR, at + 1)
    return at + 2


def _check_length(at: int, end: int, limit: int, reason: Reason) -> None:
    if end - at > limit:
        raise ProtocolError(reason, at + limit)


def _scan_field(data: Source, at: int, stop: int, limit: int) -> int:
    """The index behind the field line at `at` (RFC 9112 5), or `_MORE`."""
    end = _run(_NAME_RUN, data, at, stop)
    named = at < end < stop and data[end] == _COLON
    if named:
        end = _run(_TEXT_RUN, data, end + 1, stop)
    _check_length(at, end, limit, Reason.FIELD_TOO_LONG)
    if end == stop:
        return _MORE
    if named:
        return _scan_line_end(data, end, stop, Reason.FIELD_VALUE)
    if data[end] in b" \t":
        # RFC 9112 5.2 and 5.1: both were used to hide a field from one of two readers.
        raise ProtocolError(Reason.SPACE_BEFORE_COLON if end > at else Reason.LINE_FOLDING, end)
    raise ProtocolError(Reason.FIELD_NAME, end)


def _scan_version(data: Source, at: int, stop: int, line: int, limit: int) -> int:
    """The index behind the version at `at` of a line that began at `line`, or `_MORE`."""
    end = _run(_VERSION_RUN, data, at, stop)
    _check_length(line, end, limit, Reason.LINE_TOO_LONG)
    if end == at + 8 and data[end - 3 : end] not in (b"1.0", b"1.1"):
        raise ProtocolError(Reason.VERSION, end - 1)
    if end == stop:
        return _MORE
    if end < at + 8:
        raise ProtocolError(Reason.VERSION_SYNTAX, end)
    return end


def _scan_request_line(data: Source, at: int, stop: int, limit: int) -> int:
    """The index behind the request line at `at` (RFC 9112 3), or `_MORE`."""
    begin = at
    for run, reason in ((_NAME_RUN, Reason.METHOD), (_VISIBLE_RUN, Reason.TARGET)):
        end = _run(run, data, begin, stop)
        _check_length(at, end, limit, Reason.LINE_TOO_LONG)
        if end == stop:
            return _MORE
        if end == begin or data[end] != _SP:
            raise ProtocolError(reason, end)
        begin = end + 1
    end = _scan_version(data, begin, stop, at, limit)
    return end if end == _MORE else _scan_line_end(data, end, stop, Reason.VERSION_SYNTAX)


def _scan_status_line(data: Source, at: int, stop: int, limit: int) -> int:
    """The index behind the status line at `at` (RFC 9112 4), or `_MORE`."""
    end = _scan_version(data, at, stop, at, limit)
    if end == _MORE:
        return _MORE
    if data[end] != _SP:
        raise ProtocolError(Reason.VERSION_SYNTAX, end)
    begin = end + 1
    end = _run(_STATUS_RUN, data, begin, stop)
    reason = Reason.STATUS
    if end == begin + 3 and end < stop and data[end] == _SP:
        end = _run(_TEXT_RUN, data, end + 1, stop)
        reason = Reason.REASON_PHRASE
    _check_length(at, end, limit, Reason.LINE_TOO_LONG)
    if end == stop:
        return _MORE
    if end < begin + 3:
        raise ProtocolError(Reason.STATUS, end)
    return _scan_line_end(data, end, stop, reason)


def _find_host_fault(head: RequestHead) -> Reason | None:
    """RFC 9112 3.2: one valid Host in HTTP/1.1, at most one before."""
    if not head.marks & MARK_HOST:
        return Reason.HOST_MISSING if head.version == HTTP_11 else None
    hosts = [value for name, value in head.raw_headers if name.lower() == b"host"]
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
                 "end")  # fmt: skip

    end: int
    """Index behind the head that `scan` returned last."""

    def __init__(self, is_request: bool, limits: Limits) -> None:
        self._is_request = is_request
        self._limits = limits
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
            return None if end == _MORE else self._finish(buffer, start + self._first)
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

    def _finish(self, buffer: Source, first: int) -> RequestHead | ResponseHead:
        match = (_REQUEST if self._is_request else _RESPONSE).match(buffer, first)
        assert match is not None  # every line was checked
        return self._build(match, buffer)

    def _build(self, match: re.Match[bytes], buffer: Source) -> RequestHead | ResponseHead:
        self.end = match.end()
        self.reset()
        pairs = parse_field_lines(match[4])
        if not self._is_request:
            version = HTTP_11 if match[1] == b"1" else HTTP_10
            return to_response_head(match[0], int(match[2]), match[3] or b"", version, pairs)
        method = _METHODS.get(match[1]) or match[1].decode()
        version = HTTP_11 if match[3] == b"1" else HTTP_10
        head = to_request_head(match[0], method, match[2], version, pairs)
        fault = _find_host_fault(head)
        if fault is not None:
            raise ProtocolError(fault, self.end - 1)
        return head

    def _scan_lines(self, buffer: Source, start: int) -> int:
        """The index behind the head, having looked at each line once it was whole; or `_MORE`."""
        while True:
            at = start + self._line
            stop = min(len(buffer), start + self._first + self._limits.head)
            end = self._scan_line(buffer, at, stop)
            if end == _MORE:
                if stop < len(buffer):
                    raise ProtocolError(Reason.HEAD_TOO_LARGE, stop)
                return _MORE
            is_last = end == at + 2 and self._fields >= 0
            self._count_line(end - at)
            if is_last:
                return end

    def _count_line(self, length: int) -> None:
        self._line += length
        if length == 2 and self._fields < 0:
            self._skipped += 1
            self._first = self._line
        else:
            self._fields += 1

    def _scan_line(self, buffer: Source, at: int, stop: int) -> int:
        if at == stop:
            return _MORE
        limits = self._limits
        is_empty = buffer[at] in b"\r\n"
        if self._fields >= 0:
            if is_empty:
                return _scan_line_end(buffer, at, stop, Reason.FIELD_NAME)
            if self._fields == limits.fields:
                raise ProtocolError(Reason.TOO_MANY_FIELDS, at)
            return _scan_field(buffer, at, stop, limits.field)
        if not is_empty:
            scan = _scan_request_line if self._is_request else _scan_status_line
            return scan(buffer, at, stop, limits.line)
        # RFC 9112 2.2: a server ignores at least one empty line; a client has no such rule.
        allowed = limits.empty_lines if self._is_request else 0
        if buffer[at] == _CR and self._skipped == allowed:
            raise ProtocolError(Reason.EMPTY_LINES, at)
        return _scan_line_end(buffer, at, stop, Reason.EMPTY_LINES)


class _Part(enum.Enum):
    SIZE = "the line before a chunk"
    DATA = "inside a chunk"
    DATA_END = "the CRLF behind a chunk"
    TRAILERS = "the lines behind the last chunk"


class ChunkScanner:
    """Takes one chunked body apart (RFC 9112 7.1).

    >>> scanner, out = ChunkScanner(Limits()), []
    >>> scanner.feed(b"3\\r\\nabc\\r\\n0\\r\\n\\r\\nGET", 0, out), out, scanner.done
    (13, [b'abc'], True)
    """

    __slots__ = ("_extensions", "_left", "_limits", "_part", "_position", "_trailer_bytes", "done",
                 "ends", "trailers")  # fmt: skip

    done: bool
    """The last CRLF of the body was taken."""
    trailers: list[tuple[bytes, bytes]]
    """Trailer fields seen so far."""
    ends: list[int]
    """Offsets in the body at which chunks ended during the last feed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._part = _Part.SIZE
        self._left = 0  # bytes of the chunk that are still to come
        self._position = 0  # body bytes given out
        self._extensions = 0  # extension bytes seen
        self._trailer_bytes = 0
        self.done = False
        self.trailers = []
        self.ends = []

    def feed(self, buffer: Source, start: int, out: list[bytes]) -> int:
        """Append the data from `start` on to `out`; the index up to which all was taken.

        What is behind that index is part of a line: it is to be given again, with more behind it.
        Raises ProtocolError with an offset relative to `start`.
        """
        self.ends = []
        at = start
        try:
            while at < len(buffer) and not self.done:
                end = self._scan_part(buffer, at, out)
                if end == _MORE:
                    break
                at = end
        except ProtocolError as exc:
            raise ProtocolError(exc.reason, exc.offset - start) from None
        return at

    def _scan_part(self, buffer: Source, at: int, out: list[bytes]) -> int:
        if self._part is _Part.SIZE:
            return self._scan_size(buffer, at, out)
        if self._part is _Part.DATA:
            return self._take_data(buffer, at, out)
        if self._part is _Part.TRAILERS:
            return self._scan_trailer(buffer, at)
        # RFC 9112 7.1: without this CRLF two readers disagree about where the data ended.
        end = _scan_line_end(buffer, at, len(buffer), Reason.CHUNK_END)
        if end != _MORE:
            self._part = _Part.SIZE
        return end

    def _scan_size(self, buffer: Source, at: int, out: list[bytes]) -> int:
        match = _PLAIN_SIZE.match(buffer, at)
        if match is not None and self._limits.chunk_line >= 15:
            digits, end = match[1], match.end()
        else:
            last, end = self._scan_size_line(buffer, at)
            if end == _MORE:
                return _MORE
            digits = buffer[at:last]
        size = int(digits, 16)
        if size == 0:
            self._part = _Part.TRAILERS
            return end
        after = end + size
        if buffer[after : after + 2] == b"\r\n":
            out.append(bytes(buffer[end:after]))
            self._end_chunk(size)
            return after + 2
        self._left = size
        self._part = _Part.DATA
        return end

    def _scan_size_line(self, buffer: Source, at: int) -> tuple[int, int]:
        """Indexes behind the digits and behind the line at `at`, the second maybe `_MORE`."""
        stop, limit = len(buffer), self._limits.chunk_line
        digits = _run(_SIZE_RUN, buffer, at, stop)
        excess = _find_excess_digit(buffer, at, digits)
        if excess is not None and excess - at < limit:
            raise ProtocolError(Reason.CHUNK_SIZE, excess)
        end = _run(_SPACE_RUN, buffer, digits, stop) if digits > at else at
        is_extended = digits < end
        if digits > at and end < stop and buffer[end] == _SEMICOLON:
            end = _run(_TEXT_RUN, buffer, end + 1, stop)
            is_extended = False
            reason = Reason.CHUNK_EXTENSION
        else:
            reason = Reason.CHUNK_EXTENSION if is_extended else Reason.CHUNK_SIZE
        budget = digits - at + self._limits.chunk_extensions - self._extensions
        if budget < limit:
            _check_length(at, end, budget, Reason.CHUNK_EXTENSIONS_TOO_LARGE)
        _check_length(at, end, limit, Reason.CHUNK_LINE_TOO_LONG)
        if end == stop:
            return digits, _MORE
        if digits == at or is_extended:
            raise ProtocolError(reason, end)
        after = _scan_line_end(buffer, end, stop, reason)
        if after != _MORE:
            self._extensions += end - digits
        return digits, after

    def _take_data(self, buffer: Source, at: int, out: list[bytes]) -> int:
        end = min(at + self._left, len(buffer))
        out.append(bytes(buffer[at:end]))
        self._left -= end - at
        if self._left:
            self._position += end - at
        else:
            self._end_chunk(end - at)
            self._part = _Part.DATA_END
        return end

    def _end_chunk(self, length: int) -> None:
        self._position += length
        self.ends.append(self._position)

    def _scan_trailer(self, buffer: Source, at: int) -> int:
        limits = self._limits
        stop = min(len(buffer), at + limits.trailers - self._trailer_bytes)
        if at == stop:
            end = _MORE
        elif buffer[at] in b"\r\n":
            end = _scan_line_end(buffer, at, stop, Reason.FIELD_NAME)
        elif len(self.trailers) == limits.trailer_fields:
            raise ProtocolError(Reason.TOO_MANY_TRAILERS, at)
        else:
            end = _scan_field(buffer, at, stop, limits.field)
        if end == _MORE:
            if stop < len(buffer):
                raise ProtocolError(Reason.TRAILERS_TOO_LARGE, stop)
            return _MORE
        self._trailer_bytes += end - at
        if end == at + 2:
            self.done = True
        else:
            self.trailers += parse_field_lines(bytes(buffer[at:end]))
        return end


def _find_excess_digit(buffer: Source, at: int, end: int) -> int | None:
    """RFC 9112 7.1: sizes must not overflow; 16 digits and 63 bits are the most."""
    if end - at < 16:
        return None
    if int(buffer[at : at + 16], 16) > _LARGEST_SIZE:
        return at + 15
    return at + 16 if end - at > 16 else None
