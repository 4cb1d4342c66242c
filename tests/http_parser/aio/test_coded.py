"""How coded bytes are cut into blocks, and how a writer's are made."""

import asyncio
import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from weft_http_parser import AsyncEncoder, BodyTooLarge, ContentCodingError, make_decoder
from weft_http_parser.aio.coded import ENCODE_EXECUTOR_BYTES, EXECUTOR_BYTES, Coded
from weft_http_parser.wire.coding import make_encoder


def coded_of(*chunks: bytes) -> Coded:
    coded = Coded(make_decoder("gzip"))
    for chunk in chunks:
        coded.pieces.append(chunk)
    return coded


def test_small_chunks_are_taken_together() -> None:
    coded = coded_of(*[b"ab"] * 40_000)
    assert coded.is_large
    assert len(coded.take_block()) == EXECUTOR_BYTES
    assert coded.pieces.size == 80_000 - EXECUTOR_BYTES
    assert not coded.is_large
    assert len(coded.take_block()) == 80_000 - EXECUTOR_BYTES
    assert coded.take_block() == b""
    assert not coded.has_work


def test_a_large_chunk_is_cut() -> None:
    coded = coded_of(bytes(100_000), b"a")
    assert len(coded.take_block()) == EXECUTOR_BYTES
    assert len(coded.take_block()) == 100_001 - EXECUTOR_BYTES


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


class Recorder:
    """An encoder that tells in which thread it was called."""

    def __init__(self) -> None:
        self.inner = make_encoder("gzip")
        self.threads: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def encode(self, data: bytes) -> bytes:
        self.threads.append(threading.get_ident())
        self.gate.wait()
        return self.inner.encode(data)

    def flush(self) -> bytes:
        return self.inner.flush()

    def finish(self) -> bytes:
        return self.inner.finish()


async def test_what_is_large_is_encoded_off_the_loop() -> None:
    recorder = Recorder()
    encoder = AsyncEncoder(recorder)
    small, large = bytes(ENCODE_EXECUTOR_BYTES - 1), bytes(ENCODE_EXECUTOR_BYTES)
    packed = await encoder.encode(small) + await encoder.encode(large) + await encoder.finish()
    here = threading.get_ident()
    assert [thread == here for thread in recorder.threads] == [True, False]
    assert gzip.decompress(packed) == small + large


async def test_the_executor_and_the_size_can_be_given() -> None:
    recorder = Recorder()
    with ThreadPoolExecutor(1) as executor:
        encoder = AsyncEncoder(recorder, executor=executor, inline_bytes=3)
        await encoder.encode(b"ab")
        await encoder.encode(b"abc")
        thread = executor.submit(threading.get_ident).result()
    assert recorder.threads == [threading.get_ident(), thread]


async def test_a_flush_shows_the_peer_what_was_written() -> None:
    encoder = AsyncEncoder(make_encoder("gzip"))
    decoder = make_decoder("gzip")
    for piece in (b"one", b"two"):
        assert decoder.decode(await encoder.encode(piece) + await encoder.flush()) == piece


async def test_pieces_keep_their_order_when_several_tasks_write() -> None:
    recorder = Recorder()
    encoder = AsyncEncoder(recorder, inline_bytes=3)
    recorder.gate.clear()
    large = asyncio.create_task(encoder.encode(b"first "))
    await asyncio.sleep(0)
    small = asyncio.create_task(encoder.encode(b"b"))
    end = asyncio.create_task(encoder.finish())
    await asyncio.sleep(0)
    assert not small.done()
    recorder.gate.set()
    assert gzip.decompress(await large + await small + await end) == b"first b"


async def test_a_write_cancelled_in_the_executor_cuts_the_body() -> None:
    recorder = Recorder()
    encoder = AsyncEncoder(recorder, inline_bytes=3)
    recorder.gate.clear()
    large = asyncio.create_task(encoder.encode(b"first"))
    await asyncio.sleep(0)
    large.cancel()
    with pytest.raises(asyncio.CancelledError):
        await large
    recorder.gate.set()
    for late in (encoder.encode(b"a"), encoder.flush(), encoder.finish()):
        with pytest.raises(RuntimeError, match="cut"):
            await late


async def test_flush_without_waiting() -> None:
    encoder = AsyncEncoder(make_encoder("gzip"), inline_bytes=1000)
    assert not encoder.is_busy
    sent = await encoder.encode(b"small") + encoder.flush_now()
    assert make_decoder("gzip").decode(sent) == b"small"
    task = asyncio.create_task(encoder.encode(b"x" * 5000))
    await asyncio.sleep(0)
    assert encoder.is_busy
    with pytest.raises(RuntimeError, match="await flush"):
        encoder.flush_now()
    sent += await task + encoder.flush_now() + await encoder.finish()
    assert gzip.decompress(sent) == b"small" + b"x" * 5000
