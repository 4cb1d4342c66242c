"""Codings: every library's coder, whole, in pieces, truncated, corrupt, and as a bomb."""

import gzip
import random
import sys
import zlib

import pytest

from weft_http_parser import (
    BodyTooLarge,
    ContentCodingError,
    ContentDecoder,
    make_decoder,
    make_encoder,
    supported_codings,
)
from weft_http_parser.wire import coding as module

CODINGS = ["gzip", "deflate", "br", "zstd"]
DATA = b"".join(b"%d," % number for number in range(20_000))


def pack(coding: str, data: bytes) -> bytes:
    encoder = make_encoder(coding)
    return encoder.encode(data) + encoder.finish()


def unpack(decoder: ContentDecoder, packed: bytes, width: int, step: int) -> bytes:
    out = bytearray()
    for at in range(0, len(packed), width):
        out += decoder.decode(packed[at : at + width], step)
        while decoder.has_pending:
            out += decoder.decode(b"", step)
    decoder.finish()
    return bytes(out)


def test_all_libraries_are_there() -> None:
    assert supported_codings() == ("gzip", "deflate", "br", "zstd")


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("width", [1, 100, 1_000_000])
@pytest.mark.parametrize("step", [1000, 262_144])
def test_round_trip(coding: str, width: int, step: int) -> None:
    decoder = make_decoder(coding)
    packed = pack(coding, DATA)
    assert unpack(decoder, packed, width, step) == DATA
    assert decoder.is_finished
    assert (decoder.total_in, decoder.total_out) == (len(packed), len(DATA))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_a_step_is_bounded(coding: str) -> None:
    decoder = make_decoder(coding)
    assert len(decoder.decode(pack(coding, bytes(500_000)), 1000)) == 1000
    assert decoder.has_pending


@pytest.mark.parametrize("coding", CODINGS)
def test_truncation_is_found(coding: str) -> None:
    packed = pack(coding, DATA)
    for cut in (1, len(packed) // 2, len(packed) - 1):
        with pytest.raises(ContentCodingError, match="truncated") as caught:
            unpack(make_decoder(coding), packed[:cut], 1000, 100_000)
        assert caught.value.coding == coding


@pytest.mark.parametrize("coding", CODINGS)
def test_nothing_at_all_is_fine(coding: str) -> None:
    make_decoder(coding).finish()


@pytest.mark.parametrize("coding", CODINGS)
def test_corruption_is_found(coding: str) -> None:
    with pytest.raises(ContentCodingError):
        unpack(make_decoder(coding), b"\xff\x00 this is no coded text" * 100, 100, 100_000)


def test_a_wrong_checksum_is_found() -> None:
    packed = bytearray(gzip.compress(DATA))
    packed[-5] ^= 1
    with pytest.raises(ContentCodingError, match="corrupt"):
        unpack(make_decoder("gzip"), bytes(packed), 1000, 100_000)


@pytest.mark.parametrize("width", [1, 1000])
def test_deflate_without_its_wrapper(width: int) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(DATA) + packer.flush()
    assert unpack(make_decoder("deflate"), packed, width, 100_000) == DATA


def test_deflate_without_wrapper_that_looks_like_one() -> None:
    """Its first byte says method 8, and the first two are no multiple of 31."""
    packed = b"\x08\x05\x00\xfa\xffhello" + b"\x01\x00\x00\xff\xff"
    assert unpack(make_decoder("deflate"), packed, 100, 100) == b"hello"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("width", [1, 3, 100_000])
def test_members_follow_each_other(coding: str, width: int) -> None:
    packed = b"".join(pack(coding, b"part %d " % number) for number in range(100))
    expected = b"".join(b"part %d " % number for number in range(100))
    assert unpack(make_decoder(coding), packed, width, 1000) == expected


def test_the_members_of_a_body_are_bounded() -> None:
    with pytest.raises(ContentCodingError, match="100 members"):
        unpack(make_decoder("gzip"), gzip.compress(b"x") * 101, 100_000, 1000)


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 1000])
@pytest.mark.parametrize("width", [1, 100_000])
def test_padding_is_no_member(padding: bytes, width: int) -> None:
    assert unpack(make_decoder("gzip"), gzip.compress(b"x") + padding, width, 1000) == b"x"


@pytest.mark.parametrize("coding", CODINGS)
def test_something_behind_the_end_is_an_error(coding: str) -> None:
    with pytest.raises(ContentCodingError):
        unpack(make_decoder(coding), pack(coding, b"x") + b"GARBAGE", 100_000, 1000)
    with pytest.raises(ContentCodingError):
        unpack(make_decoder(coding), pack(coding, b"x") + b"GARBAGE", 1, 1000)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_refused(coding: str) -> None:
    """GHSA-6mq8-rvhq-8wgg."""
    packed = pack(coding, bytes(100_000_000))
    decoder = make_decoder(coding)
    with pytest.raises(BodyTooLarge):
        decoder.decode(packed, 65_536)
        while decoder.has_pending:
            decoder.decode(b"", 65_536)
    assert decoder.total_out <= max(1_048_576, 200 * len(packed)) + 4_194_304


def test_the_ratio_counts_beyond_the_first_mebibyte_only() -> None:
    packed = zlib.compress(bytes(1_048_576), 9)
    assert len(packed) * 200 > 1_048_576 or len(packed) < 6000
    assert len(unpack(make_decoder("deflate"), packed, 100_000, 262_144)) == 1_048_576
    packed = zlib.compress(bytes(1_048_577), 9)
    with pytest.raises(BodyTooLarge):
        unpack(make_decoder("deflate"), packed, 100_000, 262_144)


def test_the_ratio_can_be_lifted() -> None:
    packed = zlib.compress(bytes(10_000_000), 9)
    decoder = make_decoder("deflate", ratio_limit=None)
    assert len(unpack(decoder, packed, 100_000, 262_144)) == 10_000_000


def test_random_data_expands_freely() -> None:
    data = random.Random(1).randbytes(3_000_000)
    assert unpack(make_decoder("gzip"), gzip.compress(data), 65_536, 262_144) == data


@pytest.mark.parametrize("name", ["GZIP", " gzip ", "x-gzip"])
def test_names_of_gzip(name: str) -> None:
    assert make_decoder(name).coding == "gzip"


@pytest.mark.parametrize("name", ["", "identity", "compress", "gzip, br", "gzip,gzip"])
def test_unknown_codings(name: str) -> None:
    with pytest.raises(ContentCodingError, match="not supported"):
        make_decoder(name)
    with pytest.raises(ContentCodingError, match="not supported"):
        make_encoder(name)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_flush_lets_the_reader_see_everything(coding: str) -> None:
    encoder = make_encoder(coding, 1)
    decoder = make_decoder(coding)
    for piece in (b"one", b"two"):
        packed = encoder.encode(piece) + encoder.flush()
        assert decoder.decode(packed) == piece


def test_a_missing_library_is_no_coding(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("brotli", "brotlicffi", "backports.zstd", "compression", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    for cached in (module._brotli, module._zstd, module.supported_codings):
        cached.cache_clear()
    try:
        assert supported_codings() == ("gzip", "deflate")
        with pytest.raises(ContentCodingError, match="not supported"):
            make_decoder("br")
        with pytest.raises(ContentCodingError, match="not supported"):
            make_encoder("zstd")
    finally:
        for cached in (module._brotli, module._zstd, module.supported_codings):
            cached.cache_clear()
