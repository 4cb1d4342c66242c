from typing import Any

import pytest
from support.splitting import WAYS, split
from support.twins import Twin


def make(twin: Twin, framing: int) -> Any:
    return twin.module("wire.decode").make_body_decoder(framing, twin.DEFAULT_LIMITS)


def decode(decoder: Any, pieces: Any) -> tuple[bytes, bytes]:
    """The body, and what was not taken."""
    out: list[bytes] = []
    rest = b""
    for piece in pieces:
        rest += piece
        rest = rest[decoder.feed(rest, 0, out) :]
    assert all(type(data) is bytes and data for data in out)
    return b"".join(out), rest


@pytest.mark.parametrize("way", WAYS)
class TestBodies:
    def test_length(self, twin: Twin, way: str) -> None:
        decoder = make(twin, 5)
        assert not decoder.done
        assert decode(decoder, split(b"helloGET", way)) == (b"hello", b"GET")
        assert decoder.done
        assert list(decoder.ends) == []

    def test_until_close(self, twin: Twin, way: str) -> None:
        decoder = make(twin, twin.UNTIL_CLOSE)
        assert decode(decoder, split(b"hello", way)) == (b"hello", b"")
        assert not decoder.done

    def test_chunked(self, twin: Twin, way: str) -> None:
        decoder = make(twin, twin.CHUNKED)
        wire = b"5\r\nhello\r\n1;x\r\n!\r\n0\r\nX: y\r\n\r\nGET"
        assert decode(decoder, split(wire, way)) == (b"hello!", b"GET")
        assert decoder.done
        assert decoder.trailers == [(b"X", b"y")]


def test_no_copy_of_a_read_that_is_all_body(twin: Twin) -> None:
    for framing in (100, twin.UNTIL_CLOSE):
        data = b"x" * 100
        out: list[bytes] = []
        make(twin, framing).feed(data, 0, out)
        assert out[0] is data


def test_bytearray_gives_bytes(twin: Twin) -> None:
    for framing in (3, twin.UNTIL_CLOSE):
        out: list[bytes] = []
        assert make(twin, framing).feed(bytearray(b"-abc"), 1, out) == 4
        assert out == [b"abc"]
        assert type(out[0]) is bytes


def test_small_chunks_come_together(twin: Twin) -> None:
    out: list[bytes] = []
    decoder = make(twin, twin.CHUNKED)
    decoder.feed(b"1\r\na\r\n" * 1000, 0, out)
    assert out == [b"a" * 1000]
    assert list(decoder.ends) == list(range(1, 1001))


def test_ends_of_small_chunks_take_eight_bytes_each(twin: Twin) -> None:
    decoder = make(twin, twin.CHUNKED)
    decoder.feed(b"1\r\na\r\n" * 1000, 0, [])
    ends = decoder.ends
    assert isinstance(ends, memoryview)
    assert ends.nbytes == 8 * 1000


def test_small_chunks_do_not_wait_behind_large_ones(twin: Twin) -> None:
    out: list[bytes] = []
    large = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    make(twin, twin.CHUNKED).feed(b"1\r\na\r\n" * 2 + large + b"1\r\nb\r\n" * 300, 0, out)
    assert out == [b"aa", bytes(0x10000), b"b" * 300]


def test_pieces_before_a_fault_are_given(twin: Twin) -> None:
    out: list[bytes] = []
    with pytest.raises(twin.ProtocolError):
        make(twin, twin.CHUNKED).feed(b"1\r\na\r\n1\r\nb\r\nX", 0, out)
    assert out == [b"ab"]


def test_large_chunks_come_as_they_are(twin: Twin) -> None:
    out: list[bytes] = []
    decoder = make(twin, twin.CHUNKED)
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    decoder.feed(chunk * 3, 0, out)
    assert out == [bytes(0x10000)] * 3
    assert list(decoder.ends) == [0x10000, 0x20000, 0x30000]


def test_chunk_ends_are_those_of_the_last_call(twin: Twin) -> None:
    decoder = make(twin, twin.CHUNKED)
    for data, ends in ((b"2\r\nab\r\n3\r\nc", [2]), (b"de\r\n", [5]), (b"0\r\n\r\n", [])):
        decoder.feed(data, 0, [])
        assert list(decoder.ends) == ends


def test_ends_without_trailers_are_one(twin: Twin) -> None:
    make_end = twin.module("wire.decode").make_end
    decoder = make(twin, twin.CHUNKED)
    decoder.feed(b"0\r\n\r\n", 0, [])
    assert make_end(decoder.trailers) is twin.END
    assert make_end(make(twin, 3).trailers) is twin.END
    assert dict(make_end([(b"X", b"y")]).trailers) == {"X": "y"}


def test_error_offset_counts_from_start(twin: Twin) -> None:
    with pytest.raises(twin.ProtocolError) as caught:
        make(twin, twin.CHUNKED).feed(b"abc1\r\naX", 3, [])
    assert (caught.value.reason, caught.value.offset) == (twin.Reason.CHUNK_END, 4)


@pytest.mark.parametrize("way", WAYS)
def test_a_body_until_close_has_a_limit(twin: Twin, way: str) -> None:
    for size in (4, 5, 6):
        decoder = twin.module("wire.decode").make_body_decoder(
            twin.UNTIL_CLOSE, twin.Limits(body=5)
        )
        out: list[bytes] = []
        at = 0
        try:
            for piece in split(b"x" * size, way):
                at += decoder.feed(piece, 0, out)
        except twin.ProtocolError as exc:
            assert (exc.reason, at + exc.offset) == (twin.Reason.BODY_TOO_LARGE, 5)
            assert size == 6
        else:
            assert size < 6
        assert b"".join(out) == b"x" * min(size, 5)


def test_nothing_gives_nothing(twin: Twin) -> None:
    for framing in (3, twin.UNTIL_CLOSE, twin.CHUNKED):
        out: list[bytes] = []
        decoder = make(twin, framing)
        assert decoder.feed(b"", 0, out) == 0
        assert list(decoder.ends) == out == []
