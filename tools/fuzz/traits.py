"""What bytes look like on which parsers differ: a predicate for each class of differences.

Each looks at the bytes themselves, so that a difference of another kind at the same place is not
taken for a known one. Knows nothing of the classes.
"""

import re
from typing import Final

from tools.fuzz.divergence import Divergence

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLAIN_HOST: Final = re.compile(rb"(?:[A-Za-z0-9.-]+(?::[0-9]*)?)?")
_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,20}")
_METHODS: Final = frozenset(
    b"DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH "
    b"UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE "
    b"UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE QUERY PRI DESCRIBE ANNOUNCE SETUP PLAY "
    b"PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD FLUSH".split()
)
"""What llhttp takes for a method."""


def _byte(found: Divergence) -> bytes:
    """The byte that is refused here."""
    return found.wire[found.ours.offset : found.ours.offset + 1]


def _line(found: Divergence) -> bytes:
    """What stands before that byte on its line."""
    before = found.wire[: max(found.ours.offset, 0)]
    return before[before.rfind(b"\n") + 1 :]


def _before(found: Divergence) -> bytes:
    """What stands before that byte in its message."""
    return found.rest[: max(found.ours.offset - (len(found.wire) - len(found.rest)), 0)]


def _head(rest: bytes) -> bytes:
    return rest.lstrip(b"\r\n").partition(b"\r\n\r\n")[0] + b"\r\n"


def _start(rest: bytes) -> bytes:
    return _head(rest).partition(b"\r\n")[0]


def _values(rest: bytes, name: bytes) -> list[bytes]:
    """All elements of the lists in the fields of that name."""
    lines = (line.partition(b":") for line in _head(rest).split(b"\r\n")[1:])
    found = [value for key, colon, value in lines if colon and key.lower() == name]
    return [element.strip(b" \t") for value in found for element in value.split(b",")]


def _is_upgrade(rest: bytes) -> bool:
    """CONNECT, or Upgrade that Connection names."""
    options = [option.lower() for option in _values(rest, b"connection")]
    is_asked = bool(_values(rest, b"upgrade")) and b"upgrade" in options
    return is_asked or _start(rest).startswith(b"CONNECT ")


def _codings_of(rest: bytes) -> list[bytes]:
    return [coding.lower() for coding in _values(rest, b"transfer-encoding")]


def _codings(found: Divergence) -> list[bytes]:
    return _codings_of(found.rest)


def _behind(rest: bytes) -> bytes:
    """The body, and what follows it."""
    return rest.lstrip(b"\r\n").partition(b"\r\n\r\n")[2]


def _is_lone_lf(found: Divergence) -> bool:
    return _byte(found) == b"\n" and not _line(found).endswith(b"\r")


def _is_behind_the_last_chunk(found: Divergence) -> bool:
    body = _before(found).partition(b"\r\n\r\n")[2]
    return re.search(rb"(?:^|\n)0+[ \t]*(?:;[^\n]*)?\r\n", body) is not None


def is_lf_in_lines(found: Divergence) -> bool:
    is_in_lines = found.here is None or _is_behind_the_last_chunk(found)
    return _is_lone_lf(found) and is_in_lines and _before(found).strip(b"\r\n") != b""


def is_empty_before_request(found: Divergence) -> bool:
    """Only line ends come up to the byte, and they are not up to four times CRLF."""
    seen = _before(found) + _byte(found)
    is_first = re.fullmatch(rb"[\r\n]*(?:\r.)?", seen, re.DOTALL) is not None and seen != b""
    is_usual = re.match(rb"(?:\r\n){0,4}(?![\r\n])", found.rest) is not None
    return not found.asked and is_first and not is_usual


def is_empty_before_response(found: Divergence) -> bool:
    return (
        bool(found.asked) and found.rest[:1] in (b"\r", b"\n") and _line(found).strip(b"\r") == b""
    )


def is_extension(found: Divergence) -> bool:
    line = _line(found) + _byte(found)
    return found.here is not None and re.match(rb"[0-9A-Fa-f]{1,20}[ \t]*;", line) is not None


def is_space_behind_size(found: Divergence) -> bool:
    is_spaced = re.fullmatch(rb"[0-9A-Fa-f]{1,20}[ \t]+", _line(found)) is not None
    return found.here is not None and is_spaced and _byte(found) in (b"\r", b"\n")


def is_long_size(found: Divergence) -> bool:
    line = _line(found) + _byte(found)
    return found.here is not None and re.fullmatch(rb"[0-9A-Fa-f]{16,17}", line) is not None


def is_control(found: Divergence) -> bool:
    return _CONTROL.fullmatch(_byte(found)) is not None


def is_odd_host(found: Divergence) -> bool:
    values = re.findall(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*\r\n", _head(found.rest), re.IGNORECASE)
    return len(values) == 1 and _PLAIN_HOST.fullmatch(values[0]) is None


def has_other_than_one_host(found: Divergence) -> bool:
    names = re.findall(
        rb"\r\n(?=(host):)", b"\r\n" + _head(found.rest).partition(b"\r\n")[2], re.I
    )
    return not found.asked and len(names) != 1


def is_long_length(found: Divergence) -> bool:
    return any(
        len(value) > 18 and value.isdigit() for value in _values(found.rest, b"content-length")
    )


def is_huge_body(found: Divergence) -> bool:
    """A chunk of 2**62 bytes or more was begun, and another of its size comes or came."""
    line = _before(found) + found.wire[max(found.ours.offset, 0) :].partition(b"\r")[0]
    return (
        found.here is not None
        and re.search(rb"\n[0-7][0-9A-Fa-f]{15}(?:[ ;\r]|$)", line) is not None
    )


def has_both_framings(found: Divergence) -> bool:
    return bool(_codings(found)) and bool(_values(found.rest, b"content-length"))


def is_fold(found: Divergence) -> bool:
    return _byte(found) in (b" ", b"\t") and _line(found) == b""


def is_odd_target(found: Divergence) -> bool:
    word = re.match(rb"(\S+) (\S+)", _start(found.rest))
    is_odd = word is not None and (word[1] == b"CONNECT" or not word[2].startswith(b"/"))
    return not found.asked and is_odd


def is_fragment(found: Divergence) -> bool:
    return not found.asked and found.here is None and _byte(found) == b"#"


def is_without_version(found: Divergence) -> bool:
    line = _before(found).lstrip(b"\r\n")
    return _byte(found) in (b"\r", b"\n") and re.fullmatch(rb"\S+ \S+", line) is not None


def is_second_space(found: Divergence) -> bool:
    return _byte(found) in (b" ", b"\r", b"\n") and _line(found).endswith(b" ")


def is_other_protocol(found: Divergence) -> bool:
    there = found.wire[max(found.ours.offset, 0) :]
    return re.match(rb"(?:RTSP|ICE)/", there) is not None


def is_beyond_a_count(found: Divergence) -> bool:
    """128 fields, 32 trailers, 20 interim responses."""
    behind = found.rest.partition(b"\r\n\r\n")[2]
    trailers = behind.count(b"\r\n")
    is_many = found.rest.count(b"\r\n") > 128 or found.index >= 20
    return is_many or (found.here is not None and trailers > 32)


def is_other_version(found: Divergence) -> bool:
    line = _line(found) + _byte(found)
    version = re.search(rb"(?:^| )HTTP/([0-9]\.[0-9])$", line)
    return version is not None and version[1] not in (b"1.0", b"1.1")


def is_coded_in_http_10(found: Divergence) -> bool:
    return (
        bool(_codings(found)) and re.search(rb"(?:^| )HTTP/1\.0", _start(found.rest)) is not None
    )


def has_other_codings(found: Divergence) -> bool:
    codings = [coding for coding in _codings(found) if coding]
    return len(codings) > 1 and codings[-1] == b"chunked"


def ends_with_other_coding(found: Divergence) -> bool:
    return bool(_codings(found)) and _codings(found)[-1] != b"chunked" and bool(found.asked)


def is_upgrade(found: Divergence) -> bool:
    return not found.asked and _is_upgrade(found.rest)


def is_bare_status(found: Divergence) -> bool:
    is_code = re.fullmatch(rb"HTTP/1\.[01] [0-9]{3}", _line(found)) is not None
    return is_code and _byte(found) in (b"\r", b"\n")


def is_status_below_100(found: Divergence) -> bool:
    return _line(found)[-1:] == b" " and _byte(found) == b"0" and b"HTTP/" in _line(found)


def has_bytes_in_target(found: Divergence) -> bool:
    return not found.asked and not _start(found.rest).isascii()


def begins_with_line_end(found: Divergence) -> bool:
    return found.rest[:1] == b"\r"


def has_empty_codings(found: Divergence) -> bool:
    codings = _codings(found)
    return b"" in codings and [coding for coding in codings if coding] == [b"chunked"]


def has_unusual_chunked(found: Divergence) -> bool:
    """A response that is chunked, with empty elements or a tab around the word."""
    return bool(found.asked) and (has_empty_codings(found) or has_tab_behind_coding(found))


def has_fault_in_unusual_chunked(found: Divergence) -> bool:
    return found.here is not None and has_unusual_chunked(found)


def has_interim_with_framing(found: Divergence) -> bool:
    is_interim = re.match(rb"HTTP/1\.[01] 1[0-9]{2}\b", found.rest) is not None
    has_framing = _codings(found) or _values(found.rest, b"content-length")
    return is_interim and bool(has_framing)


def is_nothing(found: Divergence) -> bool:
    return bool(found.asked) and found.rest == b"" and found.here is None


def has_rare_method(found: Divergence) -> bool:
    word = re.match(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]*", found.rest.lstrip(b"\r\n"))
    assert word is not None  # it may be empty
    is_whole = b" " in found.rest
    is_known = word[0] in _METHODS or (
        not is_whole and any(method.startswith(word[0]) for method in _METHODS)
    )
    return not found.asked and not is_known


def has_lengths(found: Divergence) -> bool:
    return len(_values(found.rest, b"content-length")) > 1


def is_judged_before_the_head_is_whole(found: Divergence) -> bool:
    """A bad length or coding, in a head whose end is not there."""
    lengths = _values(found.rest, b"content-length")
    is_bad = has_both_framings(found) or any(not _is_length(length) for length in lengths)
    is_coded = _codings(found) not in ([], [b"chunked"])
    return b"\r\n\r\n" not in found.rest.lstrip(b"\r\n") and (is_bad or is_coded)


def _is_length(text: bytes) -> bool:
    return text.isdigit() and len(text) <= 18


def is_behind_connect(found: Divergence) -> bool:
    return _start(found.before).startswith(b"CONNECT ")


def is_behind_http_10(found: Divergence) -> bool:
    return found.index > 0 and b" HTTP/1.0" in _start(found.before)


def is_behind_close(found: Divergence) -> bool:
    options = [option.lower() for option in _values(found.before, b"connection")]
    is_old = b" HTTP/1.0" in _start(found.before) and b"keep-alive" not in options
    return not found.asked and found.index > 0 and (b"close" in options or is_old)


def is_behind_upgrade(found: Divergence) -> bool:
    return not found.asked and found.index > 0 and _is_upgrade(found.before)


def is_behind_switch(found: Divergence) -> bool:
    return re.match(rb"HTTP/1\.[01] 101\b", found.before) is not None


def has_space_before_extension(found: Divergence) -> bool:
    body = b"\n" + _behind(found.rest)
    return found.here is not None and re.search(rb"\n[0-9A-Fa-f]+[ \t]+;", body) is not None


def has_odd_extension(found: Divergence) -> bool:
    """A semicolon without a token behind it, or a value that is neither token nor quoted string."""
    body = b"\n" + _behind(found.rest)
    lines: list[bytes] = re.findall(rb"\n[0-9A-Fa-f]+[ \t]*(;[^\r\n]*)", body)
    usual = rb"(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|\"[^\"]*\"))?)*"
    return found.here is not None and any(re.fullmatch(usual, line) is None for line in lines)


def has_tab_behind_coding(found: Divergence) -> bool:
    return re.search(rb"(?i)\r\ntransfer-encoding:[^\r\n]*\t\r\n", _head(found.rest)) is not None


def has_framing_trailer(found: Divergence) -> bool:
    names = rb"\r\n(?:content-length|transfer-encoding|connection|proxy-connection|upgrade):"
    is_chunked = any(b"chunked" in _codings_of(rest) for rest in (found.rest, found.before))
    bodies = _behind(found.rest) + b"\n" + _behind(found.before)
    return is_chunked and re.search(rb"(?si)\n0.*" + names, b"\n" + bodies) is not None


def is_behind_proxy_close(found: Divergence) -> bool:
    return b"close" in [option.lower() for option in _values(found.before, b"proxy-connection")]


def is_behind_last_interim(found: Divergence) -> bool:
    is_interim = re.match(rb"HTTP/1\.[01] 1", found.before) is not None
    options = [option.lower() for option in _values(found.before, b"connection")]
    return is_interim and (b"close" in options or found.before.startswith(b"HTTP/1.0"))


def is_odd_target_at_once(found: Divergence) -> bool:
    is_open = b"\r\n\r\n" not in found.rest.lstrip(b"\r\n")
    return not found.asked and is_open and is_odd_target(found)
