from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.twins import Twin

from weft_http_parser import CHUNKED, DEFAULT_LIMITS, UNTIL_CLOSE
from weft_http_parser.wire.decode import make_body_decoder
from weft_http_parser.wire.encode import make_body_encoder, may_be_trailer


def make(twin: Twin, framing: int) -> Any:
    return twin.module("wire.encode").make_body_encoder(framing)


def test_length(twin: Twin) -> None:
    encoder = make(twin, 5)
    assert encoder.encode(b"") == []
    assert encoder.encode(b"he") == [b"he"]
    assert encoder.encode(bytearray(b"llo")) == [b"llo"]
    assert encoder.finish(None) == b""


def test_too_long(twin: Twin) -> None:
    encoder = make(twin, 2)
    encoder.encode(b"a")
    with pytest.raises(twin.ProtocolError) as caught:
        encoder.encode(b"bc")
    assert (caught.value.reason, caught.value.offset) == (twin.Reason.BODY_TOO_LONG, 3)


def test_too_short(twin: Twin) -> None:
    encoder = make(twin, 2)
    encoder.encode(b"a")
    with pytest.raises(twin.ProtocolError) as caught:
        encoder.finish(None)
    assert (caught.value.reason, caught.value.offset) == (twin.Reason.BODY_TOO_SHORT, 1)


def test_memoryview_counts_bytes(twin: Twin) -> None:
    wide = memoryview(bytes(8)).cast("I")
    assert b"".join(make(twin, CHUNKED).encode(wide)) == b"8\r\n" + bytes(8) + b"\r\n"
    encoder = make(twin, 8)
    encoder.encode(wide)
    assert encoder.finish(None) == b""


def test_until_close(twin: Twin) -> None:
    encoder = make(twin, UNTIL_CLOSE)
    assert encoder.encode(b"abc") == [b"abc"]
    assert encoder.encode(b"") == []
    assert encoder.finish(None) == b""


def test_chunked(twin: Twin) -> None:
    encoder = make(twin, CHUNKED)
    assert encoder.encode(b"") == []
    assert encoder.encode(b"hello world") == [b"b\r\nhello world\r\n"]
    assert encoder.finish(None) == b"0\r\n\r\n"
    assert encoder.finish([("X", "y"), ("Z", "")]) == b"0\r\nX: y\r\nZ: \r\n\r\n"


def test_large_chunks_are_not_copied(twin: Twin) -> None:
    data = bytes(5000)
    pieces = make(twin, CHUNKED).encode(data)
    assert pieces == [b"1388\r\n", data, b"\r\n"]
    assert pieces[1] is data


def test_trailers_are_checked(twin: Twin) -> None:
    with pytest.raises(twin.HeaderInjection):
        make(twin, CHUNKED).finish([("X", "a\r\nb")])


@pytest.mark.parametrize(
    "name", ["Content-Length", "transfer-encoding", "HOST", "Connection", "Upgrade", "Trailer"]
)
def test_trailers_steer_nothing(twin: Twin, name: str) -> None:
    """RFC 9110 6.5.1; llhttp takes such a field as if it stood in the head."""
    for trailers in ([("X", "y"), (name, "5")], {name: "5"}, iter([(name, "5")])):
        with pytest.raises(twin.ProtocolError) as caught:
            make(twin, CHUNKED).finish(trailers)
        assert caught.value.reason is twin.Reason.TRAILER
    assert make(twin, CHUNKED).finish(iter([("X-" + name, "5")])).startswith(b"0\r\nX-")


@pytest.mark.parametrize("framing", [0, UNTIL_CLOSE])
def test_trailers_need_chunks(twin: Twin, framing: int) -> None:
    with pytest.raises(twin.ProtocolError) as caught:
        make(twin, framing).finish([("X", "y")])
    assert caught.value.reason is twin.Reason.OUT_OF_ORDER


@given(st.lists(st.binary(max_size=6000), max_size=5), st.booleans())
def test_what_is_encoded_is_decoded(bodies: list[bytes], is_chunked: bool) -> None:
    framing = CHUNKED if is_chunked else sum(map(len, bodies))
    encoder = make_body_encoder(framing)
    wire = b"".join(bytes(piece) for body in bodies for piece in encoder.encode(body))
    wire += encoder.finish(None)
    out: list[bytes] = []
    decoder = make_body_decoder(framing, DEFAULT_LIMITS)
    assert decoder.feed(wire, 0, out) == len(wire)
    assert decoder.done
    assert b"".join(out) == b"".join(bodies)
    assert not decoder.trailers


def test_what_may_be_a_trailer() -> None:
    assert may_be_trailer("X-Sum") and may_be_trailer("ETag")
    for name in ("Content-Length", "TRANSFER-ENCODING", "host", "trailer", "", "a b", "a:"):
        assert not may_be_trailer(name), name
