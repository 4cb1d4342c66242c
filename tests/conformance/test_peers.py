"""The same requests to h11 and to llhttp (httptools): every disagreement has its explanation.

A peer may accept what is refused here only for a reason listed with it, and may refuse what is
accepted here only for a trait listed with it. Where both accept, both saw the same request.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from weft_http_parser import END, Http1Connection, ProtocolError, Role

from .streams import requests

h11 = pytest.importorskip("h11")
httptools = pytest.importorskip("httptools")

Seen = tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes, bool]
"""Method, target, fields in small letters, body, and whether the end came."""


def read_here(wire: bytes) -> Seen | ProtocolError:
    connection = Http1Connection(Role.SERVER)
    try:
        events: list[Any] = connection.receive(wire)
    except ProtocolError as exc:
        return exc
    if not events:
        return b"", b"", [], b"", False
    head = events[0]
    body = b"".join(event for event in events if isinstance(event, bytes))
    fields = [(name.lower(), value) for name, value in head.raw_headers]
    target = head.target.encode("utf-8", "surrogateescape")
    is_over = any(type(event) is type(END) for event in events)
    return head.method.encode(), target, fields, body, is_over


def read_with_h11(wire: bytes) -> Seen | None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(wire)
    head, body, is_over = None, b"", False
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                break
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                is_over = True
    except h11.RemoteProtocolError:
        if not is_over:
            return None
    if head is None:
        return b"", b"", [], b"", False
    return head.method, head.target, list(head.headers), body, is_over


class Collector:
    """What llhttp says of the first message."""

    def __init__(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.has_head = self.is_over = False

    def on_url(self, url: bytes) -> None:
        if not self.is_over:
            self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:
            self.fields.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, body: bytes) -> None:
        if not self.is_over:
            self.body += body

    def on_message_complete(self) -> None:
        self.is_over = True


def read_with_llhttp(wire: bytes) -> Seen | None:
    collector = Collector()
    parser = httptools.HttpRequestParser(collector)
    try:
        parser.feed_data(wire)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        if not collector.is_over:
            return None
    if not collector.has_head:
        return b"", b"", [], b"", False
    seen = collector.fields, collector.body, collector.is_over
    return parser.get_method(), collector.target, *seen


# Why a peer accepts what is refused here.
LOOSER = {
    "HOST_INVALID": "the peer leaves the value of Host to its user (RFC 9112 3.2)",
    "TARGET": "the peer leaves the form of the target to its user (RFC 9112 3.2)",
    "VERSION": "the peer takes versions that it does not speak (RFC 9110 2.5)",
    "CODING_IN_HTTP_10": "the peer believes a coding in HTTP/1.0 (RFC 9112 6.1)",
    "BARE_LF": "the peer takes LF for CRLF in some places (RFC 9112 2.2)",
}
LOOSER_H11 = LOOSER | {
    "LINE_FOLDING": "h11 unfolds (RFC 9112 5.2)",
    "FIELD_VALUE": "h11 keeps controls but NUL, CR and LF (RFC 9110 5.5)",
    "LENGTH_AND_CODING": "h11 lets the coding win (RFC 9112 6.3 item 3)",
    "CHUNK_EXTENSION": "h11 skips spaces behind a chunk size (RFC 9112 7.1.1)",
    "BARE_CR": "h11 looks at a line when all of it is there (RFC 9112 2.2)",
}
LOOSER_LLHTTP = LOOSER | {
    "HOST_MISSING": "llhttp does not look for Host (RFC 9112 3.2)",
    "HOST_REPEATED": "llhttp does not count Host (RFC 9112 3.2)",
    "CODING_UNKNOWN": "llhttp gives coded chunks to its user (RFC 9112 6.1)",
    "CODING": "llhttp does not read the body of CONNECT (RFC 9110 9.3.6)",
    "CHUNK_SIZE": "llhttp does not read the body of CONNECT",
    "CHUNK_EXTENSION": "llhttp does not read the body of CONNECT",
    "CHUNK_END": "llhttp does not read the body of CONNECT",
    "SPACE_BEFORE_COLON": "llhttp does not read the trailers of CONNECT",
    "BARE_CR": "llhttp skips any CR before a request line (RFC 9112 2.2)",
    "EMPTY_LINES": "llhttp skips any number of them (RFC 9112 2.2)",
    "VERSION_SYNTAX": "llhttp skips spaces before the version (RFC 9112 3)",
    "LENGTH": "llhttp does not read the length of CONNECT",
    "LENGTH_CONFLICT": "llhttp does not read the length of CONNECT",
    "LENGTH_AND_CODING": "llhttp does not read the framing of CONNECT",
}


def has_bytes(wire: bytes, seen: Seen) -> bool:
    """Bytes above 127 in the target, which browsers send and RFC 3986 does not know."""
    return not seen[1].isascii()


def has_list_of_lengths(wire: bytes, seen: Seen) -> bool:
    """Equal lengths more than once, which RFC 9110 8.6 lets a recipient take for one."""
    lengths = [value for name, value in seen[2] if name == b"content-length"]
    return len(lengths) > 1 or b"," in b"".join(lengths)


def has_rare_method(wire: bytes, seen: Seen) -> bool:
    """A method that llhttp has not in its list (RFC 9110 9.1: any token is one)."""
    return seen[0] not in (b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"M-SEARCH")


def has_empty_line(wire: bytes, seen: Seen) -> bool:
    """An empty line before the request, which h11 does not skip (RFC 9112 2.2)."""
    return wire.startswith(b"\r\n")


Trait = Callable[[bytes, Seen], bool]
# Why a peer refuses what is accepted here.
STRICTER_H11: tuple[Trait, ...] = (has_bytes, has_empty_line)
STRICTER_LLHTTP: tuple[Trait, ...] = (has_bytes, has_list_of_lengths, has_rare_method)


def is_same(ours: Seen, theirs: Seen) -> bool:
    """Apart from how fields of framing are kept, and the body of CONNECT."""
    if ours[0] == b"CONNECT":
        return ours[:2] == theirs[:2]
    framing = (b"content-length", b"transfer-encoding")
    fields = [[pair for pair in seen[2] if pair[0] not in framing] for seen in (ours, theirs)]
    return ours[:2] == theirs[:2] and fields[0] == fields[1] and ours[3:] == theirs[3:]


def compare(
    wire: bytes, theirs: Seen | None, looser: dict[str, str], stricter: tuple[Trait, ...]
) -> None:
    ours = read_here(wire)
    if isinstance(ours, ProtocolError):
        assert theirs is None or not theirs[0] or ours.reason.name in looser, (ours, theirs)
    elif theirs is None:
        assert not ours[0] or any(has(wire, ours) for has in stricter), ours
    elif ours[0] and theirs[0]:
        assert is_same(ours, theirs), (ours, theirs)


slow = settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(requests())
def test_h11(wire: bytes) -> None:
    compare(wire, read_with_h11(wire), LOOSER_H11, STRICTER_H11)


@slow
@given(requests())
def test_llhttp(wire: bytes) -> None:
    compare(wire, read_with_llhttp(wire), LOOSER_LLHTTP, STRICTER_LLHTTP)
