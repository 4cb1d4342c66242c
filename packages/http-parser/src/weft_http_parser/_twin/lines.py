"""The lines of heads and trailer sections, byte for byte: the specification of lines.h.

Decides which byte a line cannot go on with, and where it ends. Knows neither heads nor bodies.
What RFC 9112 forbids is refused, but for what a `Strictness` bears with.
"""

import re
from typing import Final, TypeAlias

from ..errors import ProtocolError, Reason
from ..names import FIELD_MARKS, STEERING_MARKS
from ..strictness import STRICT, Strictness

Source: TypeAlias = bytes | bytearray

# RFC 9110 5.6.2 token; 9112 3.2 target, with the bytes that browsers send; 9110 5.5 field value.
NAME: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
VISIBLE: Final = rb"[\x21\x22\x24-\x7e\x80-\xff]"
TEXT: Final = rb"[\t\x20-\x7e\x80-\xff]"
CR: Final = 0x0D
LF: Final = 0x0A
SP: Final = 0x20
MORE: Final = -1
"""What a scan says when the input ends before the line does."""
_COLON: Final = 0x3A

# Each of these matches the longest valid beginning, so that its end is the byte to look at.
_NAME_RUN: Final = re.compile(NAME + rb"*+")
_VISIBLE_RUN: Final = re.compile(VISIBLE + rb"*+")
_VERSION_RUN: Final = re.compile(rb"(?:H(?:T(?:T(?:P(?:/(?:[0-9](?:\.[0-9]?)?)?)?)?)?)?)?")
_STATUS_RUN: Final = re.compile(rb"(?:[1-9][0-9]{0,2}+)?")
_LENIENT: Final = rb"[^\0\r\n]"
_LENIENT_RUN: Final = re.compile(_LENIENT + rb"*+")
TEXT_RUN: Final = re.compile(TEXT + rb"*+")
BLANK_RUN: Final = re.compile(rb"[ \t]*+")
_FOLD_RUNS: Final = {
    (text == _LENIENT, line_end != rb"\r\n"): re.compile(
        rb"(?:[ \t]++" + text + rb"++" + line_end + rb")*+"
    )
    for text in (TEXT, _LENIENT)
    for line_end in (rb"\r\n", rb"\r?\n")
}
"""Folds that hold something, by whether controls and LF alone are allowed."""

_FOLD: Final = re.compile(rb"\n[ \t]++")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([0-9]{3}) ?([^\n]*+)")

StatusLine: TypeAlias = tuple[bytes, bytes, bytes]


def run(pattern: re.Pattern[bytes], data: Source, at: int, stop: int) -> int:
    """The index behind the longest beginning that the pattern allows; each allows none."""
    match = pattern.match(data, at, stop)
    assert match is not None
    return match.end()


def check_length(at: int, end: int, limit: int, reason: Reason) -> None:
    """A limit is passed by the first byte that lies beyond it."""
    if end - at > limit:
        raise ProtocolError(reason, at + limit)


def scan_line_end(
    data: Source, at: int, stop: int, reason: Reason, allows_bare_lf: bool = False
) -> int:
    """The index behind the CRLF at `at`; `MORE`; or an error for what stands there instead."""
    byte = data[at]
    if byte == LF:
        if allows_bare_lf:
            return at + 1
        raise ProtocolError(Reason.BARE_LF, at)
    if byte != CR:
        raise ProtocolError(reason, at)
    if at + 1 == stop:
        return MORE
    if data[at + 1] != LF:
        raise ProtocolError(Reason.BARE_CR, at + 1)
    return at + 2


def scan_field_line(
    data: Source, at: int, stop: int, limit: int, strictness: Strictness = STRICT
) -> int:
    """The index behind the field line at `at` (RFC 9112 5), or `MORE`.

    With folding the line is all of its lines, and `MORE` until a byte behind it is there.
    """
    end = name_end = run(_NAME_RUN, data, at, stop)
    steers = strictness != STRICT and _steers(data[at:end])
    if at < end < stop and strictness.allows_space_before_colon and not steers:
        end = run(BLANK_RUN, data, end, stop)
    named = at < name_end and end < stop and data[end] == _COLON
    if named:
        # Readers disagree whether a control is a blank around the word that steers.
        end = run(TEXT_RUN if steers else _value_run(strictness), data, end + 1, stop)
    check_length(at, end, limit, Reason.FIELD_TOO_LONG)
    if end == stop:
        return MORE
    if not named and data[end] in b" \t":
        # RFC 9112 5.2 and 5.1: both were used to hide a field from one of two readers.
        raise ProtocolError(Reason.SPACE_BEFORE_COLON if end > at else Reason.LINE_FOLDING, end)
    if not named:
        raise ProtocolError(Reason.FIELD_NAME, end)
    end = scan_line_end(data, end, stop, Reason.FIELD_VALUE, strictness.allows_bare_lf)
    if end == MORE or not strictness.allows_line_folding:
        return end
    return _scan_folds(data, at, end, stop, limit, strictness)


def _scan_folds(
    data: Source, at: int, end: int, stop: int, limit: int, strictness: Strictness
) -> int:
    """The index behind the lines that go on with the field at `at`, whose first ends at `end`."""
    if (
        end < stop
        and data[end] in b" \t"
        and not _steers(data[at : run(_NAME_RUN, data, at, stop)])
    ):
        # Those that are whole and good at once: a line is looked at again with each new piece.
        whole = _FOLD_RUNS[strictness.allows_controls, strictness.allows_bare_lf]
        end = run(whole, data, end, max(end, min(stop, at + limit)))
    while end < stop and data[end] in b" \t":
        if _steers(data[at : run(_NAME_RUN, data, at, stop)]):
            raise ProtocolError(Reason.LINE_FOLDING, end)
        begin = end
        text = run(BLANK_RUN, data, begin, stop)
        end = run(_value_run(strictness), data, text, stop)
        if end - at > limit:
            raise ProtocolError(Reason.FIELD_TOO_LONG, max(begin, at + limit))
        if end == stop:
            return MORE
        if text == end and data[end] in b"\r\n":
            # Some take a line of blanks for the end of the head.
            raise ProtocolError(Reason.LINE_FOLDING, end)
        end = scan_line_end(data, end, stop, Reason.FIELD_VALUE, strictness.allows_bare_lf)
        if end == MORE:
            return MORE
    return MORE if end == stop else end


def _steers(name: Source) -> bool:
    """Whether the field says how the message is delimited, or what becomes of its connection."""
    return bool(FIELD_MARKS.get(bytes(name).lower(), 0) & STEERING_MARKS)


def _value_run(strictness: Strictness) -> re.Pattern[bytes]:
    return _LENIENT_RUN if strictness.allows_controls else TEXT_RUN


def _scan_version(data: Source, at: int, stop: int, line: int, limit: int) -> int:
    """The index behind the version at `at` of a line that began at `line`, or `MORE`."""
    end = run(_VERSION_RUN, data, at, stop)
    check_length(line, end, limit, Reason.LINE_TOO_LONG)
    if end == at + 8 and data[end - 3 : end] not in (b"1.0", b"1.1"):
        raise ProtocolError(Reason.VERSION, end - 1)
    if end == stop:
        return MORE
    if end < at + 8:
        raise ProtocolError(Reason.VERSION_SYNTAX, end)
    return end


def scan_request_line(data: Source, at: int, stop: int, limit: int) -> int:
    """The index behind the request line at `at` (RFC 9112 3), or `MORE`."""
    begin = at
    for pattern, reason in ((_NAME_RUN, Reason.METHOD), (_VISIBLE_RUN, Reason.TARGET)):
        end = run(pattern, data, begin, stop)
        check_length(at, end, limit, Reason.LINE_TOO_LONG)
        if end == stop:
            return MORE
        if end == begin or data[end] != SP:
            raise ProtocolError(reason, end)
        begin = end + 1
    end = _scan_version(data, begin, stop, at, limit)
    return end if end == MORE else scan_line_end(data, end, stop, Reason.VERSION_SYNTAX)


def scan_status_line(data: Source, at: int, stop: int, limit: int, strictness: Strictness) -> int:
    """The index behind the status line at `at` (RFC 9112 4), or `MORE`."""
    end = _scan_version(data, at, stop, at, limit)
    if end == MORE:
        return MORE
    if data[end] != SP:
        raise ProtocolError(Reason.VERSION_SYNTAX, end)
    begin = end + 1
    end = run(_STATUS_RUN, data, begin, stop)
    has_space = end == begin + 3 and end < stop and data[end] == SP
    if has_space:
        end = run(_value_run(strictness), data, end + 1, stop)
    check_length(at, end, limit, Reason.LINE_TOO_LONG)
    if end == stop:
        return MORE
    if end < begin + 3 or not (has_space or strictness.allows_bare_status):
        raise ProtocolError(Reason.STATUS, end)
    reason = Reason.REASON_PHRASE if has_space else Reason.STATUS
    return scan_line_end(data, end, stop, reason, strictness.allows_bare_lf)


def split_response(raw: bytes) -> tuple[StatusLine, list[tuple[bytes, bytes]]]:
    """The parts of a response head whose lines were found good, however leniently.

    Minor version, status and reason phrase; and the fields, unfolded (RFC 9112 5.2).

    >>> split_response(b"HTTP/1.1 200\\nA : b\\r\\n  c\\n\\n")
    ((b'1', b'200', b''), [(b'A', b'b c')])
    """
    parts = _FOLD.split(raw.replace(b"\r\n", b"\n"))
    first, *lines = b" ".join([part.rstrip(b" \t") for part in parts]).split(b"\n")[:-2]
    match = _STATUS_LINE.fullmatch(first)
    assert match is not None  # the line was scanned
    pairs = [line.split(b":", 1) for line in lines]
    fields = [(name.rstrip(b" \t"), value.strip(b" \t")) for name, value in pairs]
    return (match[1], match[2], match[3]), fields
