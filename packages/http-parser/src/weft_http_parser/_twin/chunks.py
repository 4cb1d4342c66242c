"""The specification of chunks: ChunkScanner.

Decides what a valid chunk is, and which byte makes one invalid; the rules in `_py` hold here too.
Knows nothing of heads.
"""

import enum
import re
from array import array
from collections.abc import Sequence
from typing import Final

from ..errors import ProtocolError, Reason
from ..heads import parse_field_lines
from ..limits import Limits
from .lines import (
    BLANK_RUN,
    MORE,
    TEXT_RUN,
    Source,
    check_length,
    run,
    scan_field_line,
    scan_line_end,
)

_SEMICOLON: Final = 0x3B
_SIZE_RUN: Final = re.compile(rb"[0-9A-Fa-f]*+")
_LARGEST_SIZE: Final = 2**63 - 1
_SMALL_PIECE: Final = 4096
_RUN_PIECES: Final = 2048
_MANY_ENDS: Final = 32
_PLAIN_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15}+)\r\n")


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
