"""Random streams, made of what matters to a parser, for hypothesis."""

from hypothesis import strategies as st

_METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"get", b"M-SEARCH"]
_TARGETS = [b"/", b"/a?b=c", b"*", b"http://a/b", b"a:1", b"/\xc3\xa9", b"/%20"]
_VERSIONS = [b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.2", b"http/1.1"]
_HOST = [b"Host: a"] * 10 + [b"Host: a:80", b"HOST:[::1]", b"Host: a/b", b"X: y", b"Host:"]
_FIELDS = [
    b"Content-Length: 3",
    b"Content-Length: 3, 3",
    b"Content-Length: 03",
    b"Content-Length: +3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: xchunked",
    b"Connection: close",
    b"Connection: keep-alive",
    b"X-A: b",
    b"X-A:\tb\t",
    b"X-Empty:",
    b"X-Bytes: \xff",
    b"X-Fold: a\r\n b",
    b"X-Space : a",
    b"Host: b",
]
_BODIES = [
    b"",
    b"abc",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"03\r\nabc\r\n00\r\n\r\n",
    b"3\r\nabcd\r\n0\r\n\r\n",
    b"3 \r\nabc\r\n0\r\n\r\n",
    b"0x3\r\nabc\r\n0\r\n\r\n",
    b"3\nabc\n0\n\n",
    b"-1\r\n\r\n",
    b"0\r\nX : y\r\n\r\n",
]
_EDITS = [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b"\xff", b"\x7f", b"\x0b", b",", b"0"]


@st.composite
def _edited(draw: st.DrawFn, wire: bytes) -> bytes:
    """The bytes with nothing, or one thing, put in, taken out or replaced."""
    kind = draw(st.sampled_from(["same", "same", "insert", "delete", "replace"]))
    if kind == "same" or not wire:
        return wire
    at = draw(st.integers(0, len(wire) - 1))
    put = b"" if kind == "delete" else draw(st.sampled_from(_EDITS))
    return wire[:at] + put + wire[at + (kind != "insert") :]


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One request, often a bad one."""
    pick = st.sampled_from
    line = b" ".join([draw(pick(_METHODS)), draw(pick(_TARGETS)), draw(pick(_VERSIONS))])
    fields = [draw(pick(_HOST)), *draw(st.lists(pick(_FIELDS), max_size=3))]
    wire = b"".join(part + b"\r\n" for part in [line, *fields, b""]) + draw(pick(_BODIES))
    return draw(_edited(wire))


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """One response, often a bad one."""
    pick = st.sampled_from
    statuses = [b"200 OK", b"204 No", b"304 No", b"100 Go", b"101 No", b"404", b"20x A", b"000 A"]
    line = draw(pick(_VERSIONS)) + b" " + draw(pick(statuses))
    fields = draw(st.lists(pick(_FIELDS), max_size=3))
    wire = b"".join(part + b"\r\n" for part in [line, *fields, b""]) + draw(pick(_BODIES))
    return draw(_edited(wire))
