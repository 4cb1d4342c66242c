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
from array import array
from collections.abc import Sequence
from typing import Final

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
from ..strictness import STRICT, Strictness
from .api import API
from .lines import (
    BLANK_RUN,
    CR,
    MORE,
    NAME,
    TEXT,
    TEXT_RUN,
    VISIBLE,
    Source,
    check_length,
    run,
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
_METHODS: Final = {method.encode(): method for method in METH_ALL}
_SEMICOLON: Final = 0x3B
_SIZE_RUN: Final = re.compile(rb"[0-9A-Fa-f]*+")
_LARGEST_SIZE: Final = 2**63 - 1
_SMALL_PIECE: Final = 4096
_RUN_PIECES: Final = 2048
_MANY_ENDS: Final = 32
_PLAIN_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15}+)\r\n")


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

    __slots__ = ("_ends", "_extensions", "_left", "_limits", "_part", "_position", "_run",
                 "_trailer_bytes", "done", "ends", "trailers")  # fmt: skip

    done: bool
    """The last CRLF of the body was taken."""
    trailers: list[tuple[bytes, bytes]]
    """Trailer fields seen so far."""
    ends: Sequence[int]
    """Offsets in the body at which chunks ended during the last feed; many take eight bytes each."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._part = _Part.SIZE
        self._left = 0  # bytes of the chunk that are still to come
        self._position = 0  # body bytes given out
        self._extensions = 0  # extension bytes seen
        self._trailer_bytes = 0
        self.done = False
        self.trailers = []
        self.ends = ()
        self._ends = array("q")
        self._run: list[bytes] = []  # small pieces of this feed, which leave as one

    def feed(self, buffer: Source, start: int, out: list[bytes]) -> int:
        """Append the data from `start` on to `out`; the index up to which all was taken.

        What is behind that index is part of a line: it is to be given again, with more behind it.
        Pieces of less than 4 KiB are joined with their neighbours, 2,048 at most. Raises
        ProtocolError with an offset relative to `start`; what lies before the fault was appended
        all the same.
        """
        self._ends = array("q")
        at = start
        try:
            while at < len(buffer) and not self.done:
                end = self._scan_part(buffer, at, out)
                if end == MORE:
                    break
                at = end
        except ProtocolError as exc:
            raise ProtocolError(exc.reason, exc.offset - start) from None
        finally:
            self._give_run(out)
            ends = self._ends
            self.ends = tuple(ends) if len(ends) < _MANY_ENDS else memoryview(ends)
        return at

    def _give(self, piece: bytes, out: list[bytes]) -> None:
        # An object per byte of body would cost a peer nothing and us a lot.
        if len(piece) < _SMALL_PIECE:
            if len(self._run) == _RUN_PIECES:
                self._give_run(out)
            self._run.append(piece)
        else:
            self._give_run(out)
            out.append(piece)

    def _give_run(self, out: list[bytes]) -> None:
        if self._run:
            out.append(b"".join(self._run))
            self._run = []

    def _scan_part(self, buffer: Source, at: int, out: list[bytes]) -> int:
        if self._part is _Part.SIZE:
            return self._scan_size(buffer, at, out)
        if self._part is _Part.DATA:
            return self._take_data(buffer, at, out)
        if self._part is _Part.TRAILERS:
            return self._scan_trailer(buffer, at)
        # RFC 9112 7.1: without this CRLF two readers disagree about where the data ended.
        end = scan_line_end(buffer, at, len(buffer), Reason.CHUNK_END)
        if end != MORE:
            self._part = _Part.SIZE
        return end

    def _scan_size(self, buffer: Source, at: int, out: list[bytes]) -> int:
        match = _PLAIN_SIZE.match(buffer, at)
        size = -1
        if match is not None and self._limits.chunk_line >= 15:
            size, end = int(match[1], 16), match.end()
        if not 0 <= size <= self._limits.body - self._position:
            last, end = self._scan_size_line(buffer, at)
            if end == MORE:
                return MORE
            size = int(buffer[at:last], 16)
        if size == 0:
            self._part = _Part.TRAILERS
            return end
        after = end + size
        if buffer[after : after + 2] == b"\r\n":
            self._give(bytes(buffer[end:after]), out)
            self._end_chunk(size)
            return after + 2
        self._left = size
        self._part = _Part.DATA
        return end

    def _scan_size_line(self, buffer: Source, at: int) -> tuple[int, int]:
        """Indexes behind the digits and behind the line at `at`, the second maybe `MORE`."""
        stop, limit = len(buffer), self._limits.chunk_line
        digits = run(_SIZE_RUN, buffer, at, stop)
        self._check_size(buffer, at, digits)
        end = run(BLANK_RUN, buffer, digits, stop) if digits > at else at
        is_extended = digits < end
        if digits > at and end < stop and buffer[end] == _SEMICOLON:
            end = run(TEXT_RUN, buffer, end + 1, stop)
            is_extended = False
            reason = Reason.CHUNK_EXTENSION
        else:
            reason = Reason.CHUNK_EXTENSION if is_extended else Reason.CHUNK_SIZE
        budget = digits - at + self._limits.chunk_extensions - self._extensions
        if budget < limit:
            check_length(at, end, budget, Reason.CHUNK_EXTENSIONS_TOO_LARGE)
        check_length(at, end, limit, Reason.CHUNK_LINE_TOO_LONG)
        if end == stop:
            return digits, MORE
        if digits == at or is_extended:
            raise ProtocolError(reason, end)
        after = scan_line_end(buffer, end, stop, reason)
        if after != MORE:
            self._extensions += end - digits
        return digits, after

    def _check_size(self, buffer: Source, at: int, end: int) -> None:
        """The first digit that makes the size, or the body, too large is refused."""
        excess, reason = _find_excess_digit(buffer, at, end), Reason.CHUNK_SIZE
        room = self._limits.body - self._position
        if at < end and int(buffer[at : min(end, at + 16)], 16) > room:
            passing = _find_passing_digit(buffer, at, room)
            if excess is None or passing < excess:
                excess, reason = passing, Reason.BODY_TOO_LARGE
        if excess is not None and excess - at < self._limits.chunk_line:
            raise ProtocolError(reason, excess)

    def _take_data(self, buffer: Source, at: int, out: list[bytes]) -> int:
        end = min(at + self._left, len(buffer))
        self._give(bytes(buffer[at:end]), out)
        self._left -= end - at
        if self._left:
            self._position += end - at
        else:
            self._end_chunk(end - at)
            self._part = _Part.DATA_END
        return end

    def _end_chunk(self, length: int) -> None:
        self._position += length
        self._ends.append(self._position)

    def _scan_trailer(self, buffer: Source, at: int) -> int:
        limits = self._limits
        stop = min(len(buffer), at + limits.trailers - self._trailer_bytes)
        if at == stop:
            end = MORE
        elif buffer[at] in b"\r\n":
            end = scan_line_end(buffer, at, stop, Reason.FIELD_NAME)
        elif len(self.trailers) == limits.trailer_fields:
            raise ProtocolError(Reason.TOO_MANY_TRAILERS, at)
        else:
            end = scan_field_line(buffer, at, stop, limits.field)
        if end == MORE:
            if stop < len(buffer):
                raise ProtocolError(Reason.TRAILERS_TOO_LARGE, stop)
            return MORE
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


def _find_passing_digit(buffer: Source, at: int, room: int) -> int:
    """The digit of the size at `at` with which it passes the room that is left."""
    size, index = int(buffer[at : at + 1], 16), at
    while size <= room:
        index += 1
        size = size << 4 | int(buffer[index : index + 1], 16)
    return index


def find_delimiter(data: bytes, delimiter: bytes, start: int, /) -> int:
    """The index of `delimiter` from `start` on; -1 without one."""
    if start < 0 or len(delimiter) < 2:
        raise ValueError("an index below 0, or a delimiter below two bytes")
    # A single byte is found much faster, and most data have none or a late one.
    first = data.find(delimiter[:1], start)
    return first if first < 0 else data.find(delimiter, first)
