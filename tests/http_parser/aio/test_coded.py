"""How coded bytes are cut into blocks."""

import gzip

from weft_http_parser import BodyTooLarge, ContentCodingError, make_decoder
from weft_http_parser.aio.coded import EXECUTOR_BYTES, Coded


def coded_of(*chunks: bytes) -> Coded:
    coded = Coded(make_decoder("gzip"))
    for chunk in chunks:
        coded.chunks.append(chunk)
        coded.size += len(chunk)
    return coded


def test_small_chunks_are_taken_together() -> None:
    coded = coded_of(*[b"ab"] * 40_000)
    assert coded.is_large
    assert len(coded.take_block()) == EXECUTOR_BYTES
    assert coded.size == 80_000 - EXECUTOR_BYTES
    assert not coded.is_large
    assert len(coded.take_block()) == 80_000 - EXECUTOR_BYTES
    assert coded.take_block() == b""
    assert not coded.has_work


def test_a_large_chunk_is_taken_as_it_is() -> None:
    chunk = bytes(100_000)
    coded = coded_of(chunk, b"a")
    assert coded.take_block() is chunk
    assert coded.take_block() == b"a"


def test_nothing_is_taken_while_output_is_pending() -> None:
    coded = coded_of(gzip.compress(bytes(600_000)), b"more")
    block = coded.take_block()
    out = coded.decode(block)
    assert isinstance(out, bytes)
    assert len(out) == 262_144
    assert coded.has_work
    assert coded.is_large
    assert coded.take_block() == b""


def test_errors_are_values() -> None:
    assert isinstance(coded_of().decode(b"not gzip at all"), ContentCodingError)
    bomb = Coded(make_decoder("gzip"))
    result = bomb.decode(gzip.compress(bytes(10_000_000)))
    while isinstance(result, bytes):
        result = bomb.decode(b"")
    assert isinstance(result, BodyTooLarge)
