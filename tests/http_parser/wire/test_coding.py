"""Codings: every library's coder, whole, in pieces, truncated, corrupt, and as a bomb."""

import gzip
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft_http_parser import (
    BodyTooLarge,
    ContentCodingError,
    ContentDecoder,
    make_decoder,
    make_encoder,
    supported_codings,
)

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


def test_the_ratio_itself_is_no_excess() -> None:
    data = bytes(2_000_000)
    assert unpack(make_decoder("identity", ratio_limit=1), data, 100_000, 262_144) == data


def test_the_ratio_can_be_lifted() -> None:
    packed = zlib.compress(bytes(10_000_000), 9)
    decoder = make_decoder("deflate", ratio_limit=None)
    assert len(unpack(decoder, packed, 100_000, 262_144)) == 10_000_000


def test_random_data_expands_freely() -> None:
    data = random.Random(1).randbytes(3_000_000)
    assert unpack(make_decoder("gzip"), gzip.compress(data), 65_536, 262_144) == data


@pytest.mark.parametrize(
    "name", ["GZIP", " gzip ", "x-gzip", "X-GZip", ",gzip,", "gzip, identity"]
)
def test_names_of_gzip(name: str) -> None:
    assert make_decoder(name).coding == "gzip"


@pytest.mark.parametrize("name", ["compress", "sdch", "gzip;q=1", "g zip"])
def test_unknown_codings(name: str) -> None:
    with pytest.raises(ContentCodingError, match="not supported"):
        make_decoder(name)
    with pytest.raises(ContentCodingError, match="not supported"):
        make_encoder(name)


@pytest.mark.parametrize("name", ["", "identity", "Identity", "identity, identity"])
def test_identity_changes_nothing(name: str) -> None:
    decoder = make_decoder(name)
    assert decoder.coding == "identity"
    assert decoder.decode(b"abcdef", 4) == b"abcd"
    assert decoder.has_pending
    assert decoder.decode(b"", 4) == b"ef"
    assert not decoder.has_pending
    decoder.finish()
    large = bytes(200_000)
    assert unpack(make_decoder(name), large, 200_000, 262_144) == large
    encoder = make_encoder("identity")
    assert (encoder.encode(b"abc"), encoder.flush(), encoder.finish()) == (b"abc", b"", b"")


@pytest.mark.parametrize("coding", CODINGS)
def test_a_flush_lets_the_reader_see_everything(coding: str) -> None:
    encoder = make_encoder(coding, 1)
    decoder = make_decoder(coding)
    for piece in (b"one", b"two"):
        packed = encoder.encode(piece) + encoder.flush()
        assert decoder.decode(packed) == piece


# Codings over codings.


def test_one_coding_is_the_most_unless_more_are_allowed() -> None:
    """Row 41 and CVE-2023-23916: every link of a chain multiplies what a body expands to."""
    for name in ("gzip, br", "gzip,gzip", "deflate, gzip, br"):
        with pytest.raises(ContentCodingError, match="more than 1 chained"):
            make_decoder(name)
    with pytest.raises(ContentCodingError, match="more than 2 chained"):
        make_decoder("gzip, gzip, gzip", max_codings=2)


@pytest.mark.parametrize("codings", [("gzip", "br"), ("zstd", "deflate", "gzip")])
@pytest.mark.parametrize("width", [1, 97, 1_000_000])
def test_a_chain_is_undone_from_its_end(codings: tuple[str, ...], width: int) -> None:
    packed = DATA
    for coding in codings:
        packed = pack(coding, packed)
    decoder = make_decoder(", ".join(codings), max_codings=len(codings))
    assert unpack(decoder, packed, width, 4096) == DATA
    assert decoder.total_in == len(packed)
    with pytest.raises(ContentCodingError, match="truncated"):
        unpack(
            make_decoder(", ".join(codings), max_codings=len(codings)), packed[:-1], width, 4096
        )


def test_a_chain_is_bounded_between_its_codings_too() -> None:
    """A gzip header without end comes to nothing, however much of it a bomb unpacks to."""
    endless = b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 100_000_000
    decoder = make_decoder("gzip, br", max_codings=2)
    with pytest.raises(BodyTooLarge):
        assert decoder.decode(pack("br", endless)) == b""
        while decoder.has_pending:
            assert decoder.decode(b"") == b""
    assert decoder.total_out == 0


# What the security advisories of others taught.


def test_ghsa_6mq8_rvhq_8wgg_one_chunk_expands_without_bound() -> None:
    """A step gives 256 KiB, whatever a chunk holds, and the body is cut off at the ratio."""
    for coding in CODINGS:
        packed = pack(coding, bytes(200_000_000))
        decoder = make_decoder(coding)
        largest = len(decoder.decode(packed))
        with pytest.raises(BodyTooLarge):
            while decoder.has_pending:
                largest = max(largest, len(decoder.decode(b"")))
        assert largest <= 2 * 262_144  # brotli's limit is a mark; the others keep to it
        assert decoder.total_out <= max(1_048_576, 200 * len(packed)) + 2 * 262_144


def test_cve_2023_23916_members_without_end() -> None:
    """A hundred members pass, one more does not, and no two splits disagree."""
    for coding in ("gzip", "zstd"):
        member = pack(coding, b"x")
        for width in (1, 7, 100_000):
            assert unpack(make_decoder(coding), member * 100, width, 1000) == b"x" * 100
            with pytest.raises(ContentCodingError, match="more than 100 members"):
                unpack(make_decoder(coding), member * 101, width, 1000)


def test_empty_members_count() -> None:
    with pytest.raises(ContentCodingError, match="more than 100 members"):
        unpack(make_decoder("gzip"), gzip.compress(b"") * 200, 100_000, 1000)


@pytest.mark.parametrize("width", [1, 5, 100_000])
def test_concatenated_gzip_members_with_padding_between(width: int) -> None:
    packed = gzip.compress(b"a") + bytes(70_000) + gzip.compress(b"b") + bytes(3)
    assert unpack(make_decoder("gzip"), packed, width, 1000) == b"ab"


@pytest.mark.parametrize("coding", ["deflate", "zstd"])
def test_only_gzip_is_padded(coding: str) -> None:
    with pytest.raises(ContentCodingError):
        unpack(make_decoder(coding), pack(coding, b"x") + bytes(8), 100_000, 1000)


def test_a_member_that_is_cut_off_is_found() -> None:
    packed = gzip.compress(b"a") + gzip.compress(b"b")[:7]
    with pytest.raises(ContentCodingError, match="truncated"):
        unpack(make_decoder("gzip"), packed, 100_000, 1000)


def test_more_input_before_the_output_was_taken() -> None:
    packed = gzip.compress(DATA)
    decoder = make_decoder("gzip")
    out = decoder.decode(packed[:10_000], 10) + decoder.decode(packed[10_000:], 10)
    while decoder.has_pending:
        out += decoder.decode(b"", 65_536)
    assert out == DATA


@pytest.mark.parametrize("coding", CODINGS)
def test_a_large_input_is_not_copied_with_every_step(coding: str) -> None:
    """The time for an input grows with its length, so what waits must not be copied each time."""
    packed = pack(coding, random.Random(1).randbytes(8_000_000))
    decoder = make_decoder(coding)
    tracemalloc.start()
    size = len(decoder.decode(packed, 65_536))
    tracemalloc.reset_peak()
    while decoder.has_pending:
        size += len(decoder.decode(b"", 65_536))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == 8_000_000
    assert peak < 2_000_000


@pytest.mark.parametrize("coding", CODINGS)
def test_the_memory_of_a_decoder_is_bounded(coding: str) -> None:
    """Row 40: what a bomb unpacks to is nowhere whole."""
    packed = pack(coding, bytes(100_000_000))
    decoder = make_decoder(coding, ratio_limit=None)
    tracemalloc.start()
    size = len(decoder.decode(packed))
    while decoder.has_pending:
        size += len(decoder.decode(b""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == 100_000_000
    assert peak < 2_000_000


# Random data, splits and steps.


texts = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.builds(lambda piece, count: piece * count, st.binary(max_size=9), st.integers(0, 9000)),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(st.sampled_from([*CODINGS, "identity", "gzip, br", "zstd, deflate"]), texts, st.randoms())
def test_whatever_is_packed_comes_out_however_it_is_split(
    codings: str, pieces: list[bytes], choice: random.Random
) -> None:
    packed = b"".join(pieces)
    for coding in codings.split(", "):
        encoder = make_encoder(coding)
        out = []
        at = 0
        while at < len(packed):
            width = choice.randrange(1, 5000)
            out.append(encoder.encode(packed[at : at + width]))
            at += width
            if choice.random() < 0.2:
                out.append(encoder.flush())
        packed = b"".join([*out, encoder.finish()])
    decoder = make_decoder(codings, ratio_limit=None, max_codings=2)
    plain = bytearray()
    at = 0
    while at < len(packed):
        width, step = choice.randrange(1, 5000), choice.choice([1, 100, 262_144])
        plain += decoder.decode(packed[at : at + width], step)
        at += width
        while decoder.has_pending:
            plain += decoder.decode(b"", choice.choice([1000, 262_144]))
    decoder.finish()
    assert plain == b"".join(pieces)
    assert decoder.total_out == len(plain)


@settings(deadline=None)
@given(st.sampled_from(CODINGS), st.binary(max_size=300), st.randoms())
def test_any_bytes_have_one_verdict_however_they_are_split(
    coding: str, tail: bytes, choice: random.Random
) -> None:
    packed = pack(coding, b"some text, some text") + tail

    def judge(width: int) -> bytes | None:
        try:
            return unpack(make_decoder(coding), packed, width, 1000)
        except ContentCodingError:
            return None

    assert judge(choice.randrange(1, 30)) == judge(1_000_000)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("width", [1, 50, 100_000])
@pytest.mark.parametrize("step", [7, 1000])
def test_members_follow_where_a_step_ended_early(coding: str, width: int, step: int) -> None:
    """A library that keeps input while its output is at the limit keeps the next member too."""
    members = (random.Random(5).randbytes(120), b"a" * 5000, DATA[:3000], b"")
    packed = b"".join(pack(coding, member) for member in members)
    decoder = make_decoder(coding, ratio_limit=None)
    assert unpack(decoder, packed, width, step) == b"".join(members)
    assert decoder.total_in == len(packed)


def test_a_large_zstd_frame_is_given_to_its_library_once() -> None:
    """What it keeps while its output is at the limit must not grow with every step."""
    packed = pack("zstd", random.Random(5).randbytes(4_000_000))
    decoder = make_decoder("zstd")
    decoder.decode(packed, 1000)
    tracemalloc.start()
    for _ in range(40):
        assert len(decoder.decode(b"", 1000)) == 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000
