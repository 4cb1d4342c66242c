import os
import sys
import tracemalloc
import zlib
from importlib import import_module

import pytest

from weft_http_parser import Role, set_zlib_backend
from weft_http_parser.wire import engines
from weft_websocket import DeflateParams, Rule, WebSocketError
from weft_websocket.deflate import Deflater, Inflater, Unpacking, _find_isal, _make_coder

LIBRARIES = ["zlib", "isal.isal_zlib", "zlib_ng.zlib_ng", "nobody chose", "no isal"]


@pytest.fixture(params=LIBRARIES, autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test with each library that may compress."""
    name: str = request.param
    monkeypatch.setattr(engines, "_backend", zlib)  # whatever tests before this one chose
    monkeypatch.setattr(engines, "_chosen", None)
    _find_isal.cache_clear()
    if name == "no isal":
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    elif name != "nobody chose":
        pytest.importorskip(name.partition(".")[0])
        set_zlib_backend(import_module(name))
    request.addfinalizer(_find_isal.cache_clear)
    return name


def test_the_library_that_was_chosen(library: str) -> None:
    kinds = {"nobody chose": "isal.isal_zlib", "no isal": "zlib"}
    module = import_module(kinds.get(library, library))
    assert isinstance(_make_coder(None, 15), type(module.compressobj()))
    # Who asks for a level gets one of the same library only where somebody chose it.
    module = import_module(library if library in LIBRARIES[:3] else "zlib")
    assert isinstance(_make_coder(9, 15), type(module.compressobj()))


@pytest.mark.parametrize("bits", range(8, 16))
def test_any_reader_understands_any_library(bits: int) -> None:
    """What repeats at every distance is read by zlib with no more than the window, bit by bit."""
    deflater, _ = pair(Role.SERVER, server_max_window_bits=bits)
    reader = zlib.decompressobj(-max(bits, 9))
    noise = os.urandom(9000)
    for size in (3, 200, 257, 511, 513, 1025, 4097, 5000, 9000):
        data = (noise[:size] + b"x") * 3
        packed, read = bytes(compress(deflater, data)) + b"\x00\x00\xff\xff", b""
        while packed:
            read += reader.decompress(packed, 100)
            packed = reader.unconsumed_tail
        while more := reader.decompress(b"", 100):
            read += more
        assert read == data


TEXT = b"the same words, again and again, " * 20


def compress(deflater: Deflater, data: bytes, level: int | None = None) -> bytes:
    packing = deflater.begin(data, level)
    packing.run()
    return bytes(deflater.finish(packing))


def pair(role: Role, **params: object) -> tuple[Deflater, Inflater]:
    agreed = DeflateParams(**params)  # type: ignore[arg-type]  # values by name
    other = Role.CLIENT if role is Role.SERVER else Role.SERVER
    return Deflater(role, agreed), Inflater(other, agreed)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("bits", [8, 9, 12, 15])
@pytest.mark.parametrize("forgets", [False, True])
def test_messages_survive(role: Role, bits: int, forgets: bool) -> None:
    side = "server" if role is Role.SERVER else "client"
    params = {f"{side}_max_window_bits": bits, f"{side}_no_context_takeover": forgets}
    deflater, inflater = pair(role, **params)
    for data in (b"", b"a", TEXT, os.urandom(5000), TEXT * 40, b"\x00" * 70000):
        assert inflater.decompress(compress(deflater, data), 0) == data


@pytest.mark.parametrize("library", [*LIBRARIES[:1]], indirect=True)
def test_the_example_of_the_rfc(library: str) -> None:
    """RFC 7692 7.2.3.1 and 7.2.3.2."""
    deflater, _ = pair(Role.SERVER)
    assert compress(deflater, b"Hello") == bytes.fromhex("f248cdc9c90700")
    assert compress(deflater, b"Hello") == bytes.fromhex("f200110000")


def test_without_takeover_every_message_stands_alone() -> None:
    deflater, _ = pair(Role.SERVER, server_no_context_takeover=True)
    assert compress(deflater, TEXT) == compress(deflater, TEXT)


@pytest.mark.parametrize("bits", range(8, 16))
def test_the_window_is_no_larger_than_agreed(bits: int) -> None:
    deflater, _ = pair(Role.CLIENT, client_max_window_bits=bits)
    noise = os.urandom(2**bits + 10)
    packed = compress(deflater, noise + noise)
    reader = zlib.decompressobj(-max(bits, 9))
    assert reader.decompress(bytes(packed) + b"\x00\x00\xff\xff") == noise + noise
    # What lies farther back than the window cannot have been referred to.
    assert len(packed) > 2 * 2**bits


def test_a_level_holds_for_one_message() -> None:
    deflater, inflater = pair(Role.SERVER)
    for level in (None, 1, None, 9, 15, None, None):
        assert inflater.decompress(compress(deflater, TEXT, level), 0) == TEXT


def test_behind_another_level_the_window_is_new() -> None:
    deflater, _ = pair(Role.SERVER)
    fresh = compress(deflater, TEXT)
    assert compress(deflater, TEXT) != fresh
    compress(deflater, TEXT, 1)
    assert compress(deflater, TEXT) == fresh


def test_a_message_that_was_never_finished_leaves_a_good_window() -> None:
    deflater, inflater = pair(Role.SERVER)
    assert inflater.decompress(compress(deflater, TEXT), 0) == TEXT
    deflater.begin(b"cancelled " * 50).run()
    for _ in range(2):
        assert inflater.decompress(compress(deflater, TEXT), 0) == TEXT


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_up_to_the_limit(size: int) -> None:
    deflater, inflater = pair(Role.SERVER)
    assert len(inflater.decompress(compress(deflater, b"x" * size), 1000)) == size


@pytest.mark.parametrize("size", [1001, 100_000_000])
def test_over_the_limit(size: int) -> None:
    deflater, inflater = pair(Role.SERVER)
    packed = compress(deflater, b"x" * size)
    with pytest.raises(WebSocketError, match=Rule.MESSAGE_SIZE.text) as caught:
        inflater.decompress(packed, 1000)
    assert caught.value.code == 1009


def test_a_bomb_is_never_unpacked_whole() -> None:
    deflater, inflater = pair(Role.SERVER)
    packed = compress(deflater, b"x" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(WebSocketError):
            inflater.decompress(packed, 1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_corrupt_data() -> None:
    _, inflater = pair(Role.SERVER)
    with pytest.raises(WebSocketError, match="corrupt") as caught:
        inflater.decompress(b"\xff\xff\xff", 1000)
    assert caught.value.code == 1002


def final_stream(data: bytes) -> bytes:
    coder = zlib.compressobj(6, zlib.DEFLATED, -15)
    return coder.compress(data) + coder.flush()


def test_a_final_block_ends_a_stream_not_the_connection() -> None:
    """RFC 7692 7.2.3.4: the message is the stream and one more byte."""
    deflater, inflater = pair(Role.SERVER)
    assert inflater.decompress(final_stream(b"Hello") + b"\x00", 1000) == b"Hello"
    assert inflater.decompress(compress(deflater, b"more"), 1000) == b"more"


def test_streams_of_one_message_are_counted_and_measured_together() -> None:
    _, inflater = pair(Role.SERVER)
    assert inflater.decompress(final_stream(b"ab") * 20 + b"\x00", 1000) == b"ab" * 20
    with pytest.raises(WebSocketError, match=Rule.MESSAGE_SIZE.text):
        inflater.decompress(final_stream(b"x" * 600) * 2, 1000)
    _, inflater = pair(Role.SERVER)
    with pytest.raises(WebSocketError, match="corrupt"):
        inflater.decompress(final_stream(b"") * 1000, 1000)


@pytest.mark.parametrize("bits", [7, 16])
def test_parameters_are_checked(bits: int) -> None:
    with pytest.raises(ValueError, match="server_max_window_bits is 8 to 15"):
        DeflateParams(server_max_window_bits=bits)
    with pytest.raises(ValueError, match="client_max_window_bits is 8 to 15"):
        DeflateParams(client_max_window_bits=bits)


def take_all(unpacking: Unpacking, size: int) -> bytes:
    pieces = []
    while unpacking.has_more:
        pieces.append(unpacking.take(size))
    assert max(map(len, pieces)) <= size
    return b"".join(pieces)


def test_pieces_of_any_size_are_the_whole() -> None:
    data = bytes(3000) + b"end"
    packed = bytes(Deflater(Role.CLIENT, DeflateParams()).compress(data))
    for size in (*range(1, 300), 1000, 3002, 3003, 3004):
        for cut in (1, len(packed) // 2, len(packed) - 4, len(packed) - 1):
            unpacking = Inflater(Role.SERVER, DeflateParams()).begin(0)
            unpacking.put(packed[:cut], is_last=False)
            # As much as the whole input tells, before more comes.
            known = zlib.decompressobj(-15).decompress(packed[:cut])
            first = take_all(unpacking, size)
            assert first == known
            unpacking.put(packed[cut:], is_last=True)
            assert first + take_all(unpacking, size) == data
