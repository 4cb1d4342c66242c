"""The libraries behind the codings: which one serves, and what another zlib must have."""

import sys
import types
import zlib
from collections.abc import Iterator

import pytest

from weft_http_parser import (
    ContentCodingError,
    chosen_zlib_backend,
    make_decoder,
    make_encoder,
    set_zlib_backend,
    supported_codings,
)
from weft_http_parser.wire import engines

DATA = b"".join(b"%d," % number for number in range(20_000))
BACKENDS = ["zlib", "isal.isal_zlib", "zlib_ng.zlib_ng"]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[types.ModuleType]:
    module: types.ModuleType = pytest.importorskip(
        request.param, reason="an optional library without a wheel for every platform"
    )
    set_zlib_backend(module)
    yield module
    set_zlib_backend(zlib)


def test_the_chosen_backend_is_told(backend: types.ModuleType) -> None:
    assert chosen_zlib_backend() is backend


@pytest.fixture
def no_libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("brotli", "brotlicffi", "backports.zstd", "compression", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    cached = (engines.find_brotli, engines.find_zstd, supported_codings)
    for function in cached:
        function.cache_clear()
    yield monkeypatch
    for function in cached:
        function.cache_clear()


@pytest.mark.usefixtures("no_libraries")
def test_a_missing_library_is_no_coding() -> None:
    assert supported_codings() == ("gzip", "deflate")
    for coding in ("br", "zstd"):
        with pytest.raises(ContentCodingError, match="not supported"):
            make_decoder(coding)
        with pytest.raises(ContentCodingError, match="not supported"):
            make_encoder(coding)


def test_a_brotli_library_that_cannot_bound_its_output_is_none(
    no_libraries: pytest.MonkeyPatch,
) -> None:
    """Older ones give out all that a chunk expands to at once."""
    old = types.ModuleType("brotli")
    no_libraries.setitem(sys.modules, "brotli", old)
    assert "br" not in supported_codings()


def test_the_second_brotli_library_serves_where_the_first_is_too_old(
    no_libraries: pytest.MonkeyPatch,
) -> None:
    other = types.ModuleType("brotlicffi")
    other.Decompressor = type("Decompressor", (), {"can_accept_more_data": None})  # type: ignore[attr-defined]  # a stand-in
    no_libraries.setitem(sys.modules, "brotli", types.ModuleType("brotli"))
    no_libraries.setitem(sys.modules, "brotlicffi", other)
    assert engines.find_brotli() is other


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("level", [None, 1, 6, 9])
@pytest.mark.parametrize("width", [1, 1000, 1_000_000])
def test_every_backend_does_both_ways(
    backend: types.ModuleType, coding: str, level: int | None, width: int
) -> None:
    encoder = make_encoder(coding, level)
    packed = encoder.encode(DATA[:5000]) + encoder.flush()
    assert make_decoder(coding).decode(packed) == DATA[:5000]
    packed += encoder.encode(DATA[5000:]) + encoder.finish()
    assert zlib.decompress(packed, wbits=47) == DATA
    decoder = make_decoder(coding)
    out = bytearray()
    for at in range(0, len(packed), width):
        out += decoder.decode(packed[at : at + width], 1000)
        while decoder.has_pending:
            block = decoder.decode(b"", 1000)
            assert len(block) <= 1000
            out += block
    decoder.finish()
    assert out == DATA
    assert engines._backend is backend


@pytest.mark.usefixtures("backend")
def test_every_backend_finds_faults() -> None:
    packer = make_encoder("gzip")
    packed = packer.encode(DATA) + packer.finish()
    wrong = bytearray(packed)
    wrong[-5] ^= 1
    for bad in (b"not gzip at all", bytes(wrong), packed + b"GARBAGE"):
        decoder = make_decoder("gzip")
        with pytest.raises(ContentCodingError):
            decoder.decode(bad)  # isal wants the ten bytes of a header before it judges them
            decoder.finish()
    decoder = make_decoder("gzip")
    decoder.decode(packed[:-1])
    with pytest.raises(ContentCodingError, match="truncated"):
        decoder.finish()
    decoder = make_decoder("gzip")
    assert decoder.decode(packed + packed + bytes(9)) == DATA + DATA
    decoder.finish()
    bare = zlib.compressobj(wbits=-15)
    decoder = make_decoder("deflate")
    assert decoder.decode(bare.compress(DATA) + bare.flush()) == DATA
    decoder.finish()


def test_a_backend_serves_the_coders_made_after_it() -> None:
    asked: list[str] = []

    class Library:
        def __getattr__(self, name: str) -> object:
            asked.append(name)
            return getattr(zlib, name)

    before = make_encoder("gzip")
    library = Library()
    set_zlib_backend(library)  # type: ignore[arg-type]  # what it has is found at run time
    try:
        asked.clear()
        before.encode(b"x")
        before.finish()
        assert asked == []
        make_encoder("gzip").finish()
        assert set(asked) >= {"compressobj", "MAX_WBITS"}
        asked.clear()
        make_decoder("gzip")
        assert set(asked) == {"decompressobj", "MAX_WBITS"}
    finally:
        set_zlib_backend(zlib)


def test_a_backend_must_have_what_coding_needs() -> None:
    poor = types.SimpleNamespace(compressobj=zlib.compressobj, MAX_WBITS=15, Z_FINISH=4)
    with pytest.raises(TypeError, match="it has no Z_SYNC_FLUSH, decompressobj"):
        set_zlib_backend(poor)
    assert engines._backend is zlib


def test_zstd_asks_for_no_more_than_the_window_of_the_coding() -> None:
    """RFC 9659 3: a decoder that obeyed any frame would reserve up to 2 GiB for it."""
    library = engines.find_zstd()
    assert library is not None
    for log, passes in ((23, True), (24, False)):
        options = {library.CompressionParameter.window_log: log}
        packer = library.ZstdCompressor(options=options)
        packed = packer.compress(bytes(20_000_000)) + packer.flush()
        decoder = make_decoder("zstd", ratio_limit=None)
        if passes:
            assert decoder.decode(packed) == bytes(262_144)
        else:
            with pytest.raises(ContentCodingError, match="corrupt"):
                decoder.decode(packed)


@pytest.mark.parametrize("level", [None, 0, 3, 19, 22])
def test_zstd_packs_for_that_window(level: int | None) -> None:
    encoder = make_encoder("zstd", level)
    packed = encoder.encode(DATA) + encoder.finish()
    assert make_decoder("zstd").decode(packed) == DATA


def test_too_little_memory_is_no_fault_of_the_data() -> None:
    class Decompressor:
        def decompress(self, data: bytes, max_length: int, /) -> bytes:
            raise MemoryError

    poor = types.SimpleNamespace(
        MAX_WBITS=15,
        Z_FINISH=4,
        Z_SYNC_FLUSH=2,
        compressobj=zlib.compressobj,
        decompressobj=lambda wbits: Decompressor(),
    )
    set_zlib_backend(poor)
    try:
        with pytest.raises(MemoryError):
            make_decoder("gzip").decode(b"abc")
    finally:
        set_zlib_backend(zlib)
