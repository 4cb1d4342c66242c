"""Reading a body in every way there is, whole and in pieces."""

import asyncio
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft_http_parser import (
    EMPTY_STREAM,
    BodyTooLarge,
    ContentCodingError,
    EmptyStreamReader,
    Hold,
    LineTooLong,
    StreamReader,
    make_decoder,
    make_encoder,
)


class Gate:
    """Counts what a stream does to its sender."""

    def __init__(self) -> None:
        self.held = Hold(0)
        self.calls: list[str] = []

    def hold(self, reason: Hold) -> None:
        self.held |= reason
        self.calls.append("hold")

    def release(self, reason: Hold) -> None:
        self.held &= ~reason
        self.calls.append("release")


async def test_sender_that_was_not_held_is_not_let_go() -> None:
    gate = Gate()
    stream = StreamReader(gate, limit=10)
    stream.feed_data(b"abc")
    assert await stream.readany() == b"abc"
    assert gate.calls == []
    stream.feed_data(b"a" * 21)
    assert await stream.read(20) == b"a" * 20
    assert await stream.readany() == b"a"
    assert gate.calls == ["hold", "release"]


def stream_of(*pieces: bytes, eof: bool = True, limit: int = 65_536) -> StreamReader:
    stream = StreamReader(limit=limit)
    for piece in pieces:
        stream.feed_data(piece)
    if eof:
        stream.feed_eof()
    return stream


async def begin(reading: Awaitable[object]) -> "asyncio.Future[object]":
    """Start a read and let it come to where it waits."""
    task = asyncio.ensure_future(reading)
    await asyncio.sleep(0)
    return task


# What each way of reading returns.


async def test_read_returns_what_there_is() -> None:
    stream = stream_of(b"abc", b"def")
    assert await stream.read(2) == b"ab"
    assert await stream.read(0) == b""
    assert await stream.read(100) == b"cdef"
    assert await stream.read(100) == b""
    assert stream.at_eof()


async def test_read_waits_for_the_first_bytes_only() -> None:
    stream = StreamReader()
    reading = await begin(stream.read(100))
    stream.feed_data(b"a")
    assert await reading == b"a"


async def test_read_without_a_size_waits_for_the_end() -> None:
    stream = StreamReader()
    reading = await begin(stream.read())
    stream.feed_data(b"ab")
    await asyncio.sleep(0)
    assert not reading.done()
    stream.feed_data(b"c")
    stream.feed_eof()
    assert await reading == b"abc"


async def test_readany_returns_all_that_is_buffered() -> None:
    stream = stream_of(b"abc", b"def")
    assert await stream.readany() == b"abcdef"
    assert await stream.readany() == b""


async def test_readexactly() -> None:
    stream = stream_of(b"abc", b"def")
    assert await stream.readexactly(4) == b"abcd"
    assert await stream.readexactly(0) == b""
    assert await stream.readexactly(-1) == b""
    with pytest.raises(asyncio.IncompleteReadError) as caught:
        await stream.readexactly(3)
    assert (caught.value.partial, caught.value.expected) == (b"ef", 3)


async def test_readline() -> None:
    stream = stream_of(b"a\nb", b"c\r\n\nd")
    assert [line async for line in stream] == [b"a\n", b"bc\r\n", b"\n", b"d"]
    assert await stream.readline() == b""


@pytest.mark.parametrize("width", [1, 2, 3, 100])
async def test_readuntil_finds_a_separator_over_pieces(width: int) -> None:
    data = b"ab--cd-e--" + b"--f"
    stream = stream_of(*(data[at : at + width] for at in range(0, len(data), width)))
    found = []
    while piece := await stream.readuntil(b"--"):
        found.append(piece)
    assert found == [b"ab--", b"cd-e--", b"--", b"f"]


async def test_readuntil_wants_a_separator() -> None:
    with pytest.raises(ValueError, match="at least one-byte"):
        await stream_of(b"a").readuntil(b"")


@pytest.mark.parametrize(("size", "passes"), [(15, True), (16, True), (17, False)])
async def test_the_length_of_a_line_is_bounded(size: int, passes: bool) -> None:
    line = b"a" * (size - 1) + b"\n"
    stream = stream_of(line[:5], line[5:], b"rest", limit=8)
    if passes:
        assert await stream.readline() == line
        return
    with pytest.raises(ValueError, match="Chunk too big") as caught:
        await stream.readline()
    assert isinstance(caught.value, LineTooLong)
    assert caught.value.limit == 16
    assert await stream.readany() == b"rest"


async def test_a_line_without_end_is_given_up_at_the_bound() -> None:
    stream = stream_of(b"a" * 17, eof=False, limit=8)
    with pytest.raises(LineTooLong):
        await stream.readline()


async def test_the_bound_of_a_line_can_be_given() -> None:
    stream = stream_of(b"a" * 50 + b"\n", b"b" * 50 + b"\n", limit=8)
    assert len(await stream.readline(max_line_length=51)) == 51
    with pytest.raises(LineTooLong):
        await stream.readuntil(b"\n", max_size=50)


async def test_chunk_boundaries() -> None:
    stream = StreamReader()
    stream.feed_data(b"abc")
    stream.feed_data(b"de")
    stream.feed_data(b"f")
    stream.feed_chunk_ends([3, 6])
    stream.feed_data(b"ghi")
    assert await stream.read(2) == b"ab"
    assert await stream.readchunk() == (b"c", True)
    assert await stream.readchunk() == (b"def", True)
    assert await stream.readchunk() == (b"ghi", False)
    reading = await begin(stream.readchunk())
    stream.feed_chunk_ends([9])
    assert await reading == (b"", True)
    stream.feed_eof()
    assert await stream.readchunk() == (b"", False)


async def test_iterating_over_chunks() -> None:
    stream = StreamReader()
    stream.feed_data(b"abc")
    stream.feed_data(b"def")
    stream.feed_chunk_ends([6])
    stream.feed_eof()
    assert [pair async for pair in stream.iter_chunks()] == [(b"abcdef", True)]


async def test_passed_chunk_ends_are_forgotten() -> None:
    stream = StreamReader()
    for index in range(1000):
        stream.feed_data(b"x")
        stream.feed_chunk_ends([index + 1])
        await stream.readany()
    ends = stream._body.ends
    assert ends is not None
    assert len(ends) == 1
    stream.feed_eof()
    assert [pair async for pair in stream.iter_chunks()] == [(b"", True)]


async def test_chunks_without_boundaries_come_as_they_came() -> None:
    stream = stream_of(b"abc", b"def")
    assert [pair async for pair in stream.iter_chunks()] == [(b"abc", False), (b"def", False)]


async def test_iterating_in_blocks() -> None:
    assert [block async for block in stream_of(b"abc", b"abcdefg").iter_chunked(5)] == [
        b"abcab",
        b"cdefg",
    ]
    assert [block async for block in stream_of(b"abc", b"def").iter_any()] == [b"abcdef"]


async def test_read_nowait() -> None:
    stream = stream_of(b"abc", b"def", eof=False)
    assert stream.read_nowait(4) == b"abcd"
    assert stream.read_nowait() == b"ef"
    assert stream.read_nowait() == b""


async def test_unread_data_is_deprecated() -> None:
    stream = stream_of(b"abc", b"def")
    await stream.read(2)
    with pytest.warns(DeprecationWarning, match="unread_data"):
        stream.unread_data(b"ab")
    with pytest.warns(DeprecationWarning):
        stream.unread_data(b"")
    assert stream.total_bytes == 6
    assert await stream.read() == b"abcdef"


# The end, and errors.


async def test_facts() -> None:
    stream = stream_of(b"abc", eof=False)
    assert (stream.is_eof(), stream.at_eof()) == (False, False)
    stream.feed_eof()
    stream.feed_eof()
    assert (stream.is_eof(), stream.at_eof()) == (True, False)
    await stream.read()
    assert stream.at_eof()
    assert stream.total_bytes == stream.total_raw_bytes == 3
    assert stream.get_read_buffer_limits() == (65_536, 131_072)


async def test_repr() -> None:
    assert repr(stream_of(b"abc", limit=8)) == "<StreamReader 3 bytes eof low=8 high=16>"
    stream = StreamReader()
    stream.set_exception(OSError("x"))
    assert repr(stream) == "<StreamReader e=OSError('x')>"


async def test_on_eof() -> None:
    called: list[int] = []
    stream = StreamReader()
    stream.on_eof(lambda: called.append(1))
    assert called == []
    stream.feed_eof()
    stream.on_eof(lambda: called.append(2))
    assert called == [1, 2]


async def test_wait_eof() -> None:
    stream = StreamReader()
    waits = [await begin(stream.wait_eof()), await begin(stream.wait_eof())]
    waits[0].cancel()
    stream.feed_eof()
    await waits[1]
    await stream.wait_eof()


async def test_wait_eof_fails_with_the_stream() -> None:
    stream = StreamReader()
    waiting = await begin(stream.wait_eof())
    stream.set_exception(OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        await waiting
    with pytest.raises(OSError, match="gone"):
        await stream.wait_eof()


READS: dict[str, Callable[[StreamReader], Awaitable[object]]] = {
    "read": lambda stream: stream.read(1),
    "read all": lambda stream: stream.read(),
    "readany": lambda stream: stream.readany(),
    "readexactly": lambda stream: stream.readexactly(1),
    "readline": lambda stream: stream.readline(),
    "readuntil": lambda stream: stream.readuntil(),
    "readchunk": lambda stream: stream.readchunk(),
}


@pytest.mark.parametrize("name", READS)
async def test_an_exception_reaches_every_reader(name: str) -> None:
    waiting = StreamReader()
    reading = await begin(READS[name](waiting))
    cause = ValueError("cause")
    waiting.set_exception(OSError("gone"), cause)
    with pytest.raises(OSError, match="gone") as caught:
        await reading
    assert caught.value.__cause__ is cause
    buffered = stream_of(b"abc")
    buffered.set_exception(OSError("gone"))
    assert isinstance(buffered.exception(), OSError)
    with pytest.raises(OSError, match="gone"):
        await READS[name](buffered)


def test_an_exception_reaches_read_nowait() -> None:
    stream = stream_of(b"abc")
    stream.set_exception(OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        stream.read_nowait()


@pytest.mark.parametrize("name", READS)
async def test_a_second_reader_is_told_of_both_calls(name: str) -> None:
    for first_name, first_read in READS.items():
        stream = StreamReader()
        first = await begin(first_read(stream))
        calls = [name.replace("read all", "read"), first_name.replace("read all", "read")]
        with pytest.raises(
            RuntimeError, match="while another coroutine is already waiting"
        ) as caught:
            await READS[name](stream)
        assert str(caught.value).startswith(f"{calls[0]}()")
        assert str(caught.value).endswith(f" in {calls[1]}()")
        with pytest.raises(RuntimeError, match="read_nowait"):
            stream.read_nowait()
        stream.feed_data(b"\n")
        with pytest.raises(RuntimeError, match=f"in {calls[1]}"):
            await READS[name](stream)  # bytes are here, and they are the first one's
        stream.feed_eof()
        assert await first in (b"\n", (b"\n", False))


@pytest.mark.parametrize("name", READS)
async def test_a_reader_is_stepped_within_the_call_that_brings_its_bytes(name: str) -> None:
    """Not one pass of the loop later; and from a task, which cannot hold another's step, later."""
    stream = StreamReader()
    loop = asyncio.get_running_loop()
    reading = await begin(READS[name](stream))
    seen: list[bool] = []

    def feed() -> None:
        stream.feed_pieces([b"\n"], is_last=True)
        seen.append(reading.done())

    loop.call_soon(feed)
    await reading
    assert seen == [True]
    stream = StreamReader()
    reading = await begin(READS[name](stream))
    stream.feed_pieces([b"\n"], is_last=True)
    assert not reading.done()
    await reading


async def test_what_came_in_one_read_wakes_once() -> None:
    stream = StreamReader()
    reading = await begin(stream.readany())
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: stream.feed_pieces([b"ab", b"", b"cd"], [2, 4]))
    assert await reading == b"abcd"
    stream.feed_pieces([], is_last=True)
    with pytest.raises(RuntimeError, match="feed_pieces"):
        stream.feed_pieces([b"e"])
    assert [pair async for pair in stream.iter_chunks()] == [(b"", True)]


async def test_ends_of_chunks_that_were_read_already_are_passed_over() -> None:
    stream = stream_of(b"abcdef", eof=False)
    assert await stream.read(5) == b"abcde"
    stream.feed_chunk_ends([2, 4, 6])
    assert await stream.readchunk() == (b"f", True)
    reading = await begin(stream.readchunk())
    stream.feed_chunk_ends([3])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not reading.done()
    stream.feed_eof()
    assert await reading == (b"", False)


@pytest.mark.parametrize("is_coded", [False, True])
async def test_a_body_that_was_read_in_part_is_not_given_as_whole(is_coded: bool) -> None:
    stream = StreamReader(decoder=make_decoder("gzip") if is_coded else None)
    stream.feed_data(gzip.compress(b"abcdef") if is_coded else b"abcdef")
    stream.feed_eof()
    assert await stream.read(2) == b"ab"
    with pytest.raises(RuntimeError, match="2 bytes were read before"):
        await stream.read_all()
    assert await stream.read_rest(4) == b"cdef"
    with pytest.raises(RuntimeError, match="6 bytes were read before"):
        await stream.read_all()
    assert await stream.read() == b""


async def test_a_body_beyond_its_bound_stays_beyond_it() -> None:
    """Asked again, it must not give what is behind the bound for the whole."""
    stream = stream_of(b"abc", b"def")
    for _ in range(2):
        with pytest.raises(BodyTooLarge):
            await stream.read_all(5)
    assert await stream.read_all(6) == b"abcdef"


async def test_a_second_cancellation_and_a_feed_at_once() -> None:
    """Cancelled and fed in one pass, in either order: no byte is lost, and the stream goes on."""
    for is_fed_first in (True, False):
        stream = StreamReader()
        reading = await begin(stream.readexactly(3))
        if is_fed_first:
            stream.feed_data(b"abc")
            reading.cancel()
        else:
            reading.cancel()
            stream.feed_data(b"abc")
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await stream.readexactly(3) == b"abc"


async def test_a_read_with_a_deadline_leaves_the_stream_usable() -> None:
    stream = stream_of(b"ab", eof=False)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stream.readexactly(3), 0.001)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await stream.readline()
    stream.feed_data(b"c\n")
    assert await asyncio.wait_for(stream.readline(), 60) == b"abc\n"


async def test_a_callback_at_the_end_that_fails_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called: list[int] = []
    stream = StreamReader()
    stream.on_eof(lambda: [][0])
    stream.on_eof(lambda: called.append(1))
    stream.feed_eof()
    assert called == [1]
    assert "end of a body failed" in caplog.text
    failed = StreamReader()
    failed.on_eof(lambda: called.append(2))
    failed.set_exception(OSError("gone"))
    failed.feed_eof()
    assert called == [1]


@pytest.mark.parametrize("name", ["read all", "readexactly", "readline"])
async def test_a_cancelled_read_loses_nothing(name: str) -> None:
    stream = stream_of(b"abc", b"d", eof=False)
    reading = await begin(stream.readexactly(9) if name == "readexactly" else READS[name](stream))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    stream.feed_data(b"ef")
    stream.feed_eof()
    assert await stream.read() == b"abcdef"
    assert stream.total_bytes == 6


def test_feeding_after_the_end_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        stream_of(b"a").feed_data(b"b")


async def test_empty_pieces_wake_nobody() -> None:
    stream = StreamReader()
    reading = await begin(stream.readany())
    stream.feed_data(b"")
    await asyncio.sleep(0)
    assert not reading.done()
    stream.feed_eof()
    assert await reading == b""


async def test_on_first_read_is_called_once_when_a_reader_waits() -> None:
    called: list[int] = []
    stream = StreamReader(on_first_read=lambda: called.append(1))
    stream.feed_data(b"a")
    assert await stream.read(1) == b"a"
    assert called == []
    for piece in (b"b", b"c"):
        reading = await begin(stream.read(1))
        assert called == [1]
        stream.feed_data(piece)
        assert await reading == piece


# Back-pressure.


async def test_the_gate_is_held_above_the_high_mark_and_released_at_the_low() -> None:
    gate = Gate()
    stream = StreamReader(gate, limit=10)
    stream.feed_data(b"a" * 20)
    assert not gate.held
    stream.feed_data(b"a")
    assert gate.held == Hold.BODY
    await stream.read(11)
    assert gate.held
    await stream.read(1)
    assert not gate.held


async def test_many_small_pieces_hold_the_gate_too() -> None:
    gate = Gate()
    stream = StreamReader(gate)
    for _ in range(4097):
        stream.feed_data(b"ab")
    assert gate.held
    await stream.readany()
    assert not gate.held


async def test_a_compressed_body_is_measured_as_it_came() -> None:
    gate = Gate()
    packed = gzip.compress(random.Random(1).randbytes(30))
    stream = StreamReader(gate, limit=20, decoder=make_decoder("gzip"))
    stream.feed_data(packed)
    assert gate.held
    stream.feed_eof()
    assert len(await stream.read()) == 30
    assert not gate.held


# Codings.


@pytest.mark.parametrize("width", [1, 7, 1000])
async def test_a_body_is_decoded_as_it_is_read(width: int) -> None:
    text = b"".join(b"line %d\n" % number for number in range(1000))
    packed = gzip.compress(text)
    stream = StreamReader(decoder=make_decoder("gzip"))
    for at in range(0, len(packed), width):
        stream.feed_data(packed[at : at + width])
    stream.feed_eof()
    assert not stream.at_eof()
    assert stream.total_bytes == 0
    assert await stream.readline() == b"line 0\n"
    assert await stream.readexactly(7) == b"line 1\n"
    assert await stream.read() == text[14:]
    assert stream.at_eof()
    assert stream.total_bytes == len(text)
    assert stream.total_raw_bytes == len(packed)


async def test_a_coded_body_that_comes_while_it_is_read() -> None:
    packed = gzip.compress(b"hello")
    stream = StreamReader(decoder=make_decoder("gzip"))
    reading = await begin(stream.read())
    for byte in packed:
        stream.feed_data(bytes([byte]))
        await asyncio.sleep(0)
    assert not reading.done()
    stream.feed_eof()
    assert await reading == b"hello"


async def test_read_nowait_decodes_what_is_there() -> None:
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_data(gzip.compress(b"hello"))
    assert stream.read_nowait(2) == b"he"
    assert stream.read_nowait() == b"llo"


async def test_read_nowait_finds_corrupt_content() -> None:
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_data(b"not gzip at all")
    with pytest.raises(ContentCodingError, match="corrupt"):
        stream.read_nowait()
    with pytest.raises(ContentCodingError, match="corrupt"):
        await stream.read()


async def test_chunk_boundaries_of_a_coded_body() -> None:
    encoder = zlib.compressobj(wbits=31)
    first = encoder.compress(b"hello ") + encoder.flush(zlib.Z_SYNC_FLUSH)
    second = encoder.compress(b"world") + encoder.flush()
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_data(first)
    stream.feed_chunk_ends([len(first)])
    assert await stream.readchunk() == (b"hello ", True)
    reading = await begin(stream.readchunk())
    stream.feed_data(second)
    stream.feed_chunk_ends([len(first) + len(second)])
    stream.feed_eof()
    assert await reading == (b"world", True)
    assert await stream.readchunk() == (b"", False)


async def test_row_28_truncated_content_is_an_error() -> None:
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_data(gzip.compress(b"hello" * 100)[:-3])
    stream.feed_eof()
    with pytest.raises(ContentCodingError, match="truncated"):
        await stream.read()
    assert isinstance(stream.exception(), ContentCodingError)
    assert not stream.at_eof()


@pytest.mark.parametrize("size", [100, 100_000])
async def test_corrupt_content_is_an_error(size: int) -> None:
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_data(b"not gzip" * size)
    stream.feed_eof()
    with pytest.raises(ContentCodingError, match="corrupt"):
        await stream.read()
    with pytest.raises(ContentCodingError, match="corrupt"):
        await stream.readany()


async def test_an_empty_coded_body_is_empty() -> None:
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_eof()
    assert await stream.read() == b""
    assert stream.at_eof()


async def test_a_large_body_goes_through_the_executor() -> None:
    data = random.Random(2).randbytes(500_000) + bytes(500_000)
    stream = StreamReader(limit=1_000_000, decoder=make_decoder("gzip"))
    stream.feed_data(gzip.compress(data))
    stream.feed_eof()
    passes = 0

    async def count() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert await stream.read() == data
    counting.cancel()
    assert passes > 1


async def test_a_read_cancelled_in_the_executor_loses_nothing() -> None:
    data = random.Random(3).randbytes(300_000)
    stream = StreamReader(limit=1_000_000, decoder=make_decoder("gzip"))
    stream.feed_data(gzip.compress(data))
    stream.feed_eof()
    reading = await begin(stream.readany())
    with pytest.raises(RuntimeError, match="already waiting"):
        await stream.readany()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await stream.read() == data


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_ghsa_6mq8_rvhq_8wgg_a_bomb_is_unpacked_in_bounded_steps(coding: str) -> None:
    """Row 40: 512 MiB of nothing; what is unpacked waits for a reader one step at a time."""
    encoder = make_encoder(coding)
    packed = b"".join(encoder.encode(bytes(1_048_576)) for _ in range(512)) + encoder.finish()
    decoder = make_decoder(coding, ratio_limit=None)
    stream = StreamReader(limit=1_000_000, decoder=decoder)
    for at in range(0, len(packed), 65_536):
        stream.feed_data(packed[at : at + 65_536])
    stream.feed_eof()
    tracemalloc.start()
    size = 0
    for _ in range(100):
        block = await stream.readany()
        assert len(block) <= 2 * 262_144
        size += len(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size >= 100 * 200_000
    assert peak < 8 * 1_048_576
    assert stream.total_bytes == size


async def test_ghsa_g3cq_j2xw_wf74_an_unread_body_is_never_unpacked() -> None:
    """However it ends: read in part, failed, or dropped."""
    packed = zlib.compress(bytes(300_000_000), 9)
    decoder = make_decoder("deflate")
    stream = StreamReader(limit=1_000_000, decoder=decoder)
    stream.feed_data(packed)
    assert decoder.total_in == 0
    stream.feed_eof()
    await stream.wait_eof()
    assert stream.total_raw_bytes == stream.total_compressed_bytes == len(packed)
    assert len(await stream.read(10)) == 10
    assert decoder.total_out <= 262_144
    stream.set_exception(OSError("the handler has ended"))
    with pytest.raises(OSError, match="ended"):
        await stream.readany()
    assert decoder.total_out <= 262_144


async def test_a_bomb_is_refused_and_stays_packed() -> None:
    packed = zlib.compress(bytes(300_000_000), 9)
    stream = StreamReader(limit=1_000_000, decoder=make_decoder("deflate"))
    stream.feed_data(packed)
    stream.feed_eof()
    assert stream.total_bytes == 0
    taken = 0
    with pytest.raises(BodyTooLarge):
        while True:
            taken += len(await stream.readany())
    assert taken <= 200 * len(packed)


# The whole body with a bound.


@pytest.mark.parametrize(("limit", "passes"), [(9, False), (10, True), (11, True), (None, True)])
@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_read_all_is_bounded(limit: int | None, passes: bool, coding: str) -> None:
    data = b"0123456789"
    stream = StreamReader(decoder=make_decoder(coding) if coding else None)
    stream.feed_data(gzip.compress(data) if coding else data)
    stream.feed_eof()
    if passes:
        assert await stream.read_all(limit) == data
        return
    with pytest.raises(BodyTooLarge) as caught:
        await stream.read_all(limit)
    assert caught.value.limit == limit


async def test_read_all_stops_before_the_end() -> None:
    stream = StreamReader()
    reading = await begin(stream.read_all(5))
    stream.feed_data(b"123456")
    with pytest.raises(BodyTooLarge):
        await reading


# The shared empty one.


async def test_the_empty_stream() -> None:
    assert isinstance(EMPTY_STREAM, EmptyStreamReader)
    assert EMPTY_STREAM.is_eof()
    assert EMPTY_STREAM.at_eof()
    called: list[int] = []
    EMPTY_STREAM.on_eof(lambda: called.append(1))
    assert called == [1]
    EMPTY_STREAM.set_exception(OSError("x"))
    assert EMPTY_STREAM.exception() is None
    with pytest.warns(DeprecationWarning):
        EMPTY_STREAM.unread_data(b"x")
    await EMPTY_STREAM.wait_eof()
    assert await EMPTY_STREAM.read() == await EMPTY_STREAM.readline() == b""
    assert await EMPTY_STREAM.readchunk() == (b"", False)
    assert EMPTY_STREAM.read_nowait() == b""
    assert [line async for line in EMPTY_STREAM] == []
    with pytest.raises(asyncio.IncompleteReadError):
        await EMPTY_STREAM.readexactly(1)
    with pytest.raises(RuntimeError):
        EMPTY_STREAM.feed_data(b"x")


# Whatever way, the same bytes.


CODINGS = ["", "gzip", "deflate", "br", "zstd", "identity"]


async def read_somehow(stream: StreamReader, choice: random.Random) -> bytes:
    out = bytearray()
    while not stream.at_eof():
        match choice.randrange(6):
            case 0:
                out += await stream.read(choice.randrange(1, 9))
            case 1:
                out += await stream.readany()
            case 2:
                out += await stream.readuntil(b"ab")
            case 3:
                out += (await stream.readchunk())[0]
            case 4:
                out += stream.read_nowait(choice.randrange(9))
            case _:
                out += await stream.readline()
    return bytes(out)


@settings(deadline=None)
@given(st.lists(st.text("ab\n").map(str.encode)), st.integers(), st.sampled_from(CODINGS))
def test_mixed_reading_returns_every_byte_once(
    pieces: list[bytes], seed: int, coding: str
) -> None:
    choice = random.Random(seed)
    data = b"".join(pieces) * choice.choice([1, 1, 1000])
    raw = data
    if coding:
        encoder = make_encoder(coding)
        raw = encoder.encode(data) + encoder.finish()

    async def main() -> None:
        decoder = make_decoder(coding, ratio_limit=None) if coding else None
        stream = StreamReader(limit=10_000_000, decoder=decoder)
        reading = asyncio.ensure_future(read_somehow(stream, choice))
        at, width = 0, choice.choice([20, 1000, 100_000])
        while at < len(raw):
            step = choice.randrange(1, width)
            end = min(at + step, len(raw))
            ends = [end] if choice.random() < 0.3 else []
            if choice.random() < 0.5:
                stream.feed_pieces([raw[at:end]], ends)
            else:
                stream.feed_data(raw[at:end])
            at = end
            if choice.random() < 0.5:
                await asyncio.sleep(0)
        stream.feed_eof()
        assert await reading == data

    asyncio.run(main())


# What is taken as it came.


async def test_large_pieces_are_taken_as_they_came() -> None:
    large = bytes(20_000)
    stream = stream_of(large, b"a", b"b", large)
    assert stream.take_ready() is large
    assert stream.take_ready() == b"ab" + large
    assert stream.take_ready() == await stream.read_ready() == b""
    stream = stream_of(b"xx", large, eof=False)
    assert await stream.read(1) == b"x"
    assert await stream.read_ready() == b"x" + large
    reading = asyncio.create_task(stream.read_ready())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="read_ready"):
        await stream.read_ready()
    stream.feed_data(large)
    assert await reading is large
    stream.feed_data(b"x")
    stream.set_exception(KeyError())
    with pytest.raises(KeyError):
        stream.take_ready()
    with pytest.raises(KeyError):
        await stream.read_ready()


async def take_all(stream: StreamReader) -> list[bytes]:
    taken = []
    while True:
        while data := stream.take_ready():
            taken.append(data)
        if await stream.wait_ready():
            return taken


async def test_waiting_for_what_is_ready() -> None:
    begun: list[None] = []
    stream = StreamReader(on_first_read=lambda: begun.append(None))
    reading = asyncio.create_task(take_all(stream))
    await asyncio.sleep(0)
    assert begun == [None]
    assert not await StreamReader.wait_ready(stream_of(b"there"))
    for data in (b"a", b"bc"):
        asyncio.get_running_loop().call_soon(stream.feed_data, data)
        await asyncio.sleep(0)
    stream.feed_data(b"d")
    stream.feed_chunk_ends([1])  # wakes, and brings no byte
    stream.feed_eof()
    assert await reading == [b"a", b"bc", b"d"]
    assert begun == [None]
    assert await stream.wait_ready()


async def test_waiting_for_what_is_decoded() -> None:
    packed = gzip.compress(bytes(100_000))
    stream = StreamReader(decoder=make_decoder("gzip"))
    reading = asyncio.create_task(take_all(stream))
    for at in range(0, len(packed), 7):
        stream.feed_data(packed[at : at + 7])
        await asyncio.sleep(0)
    stream.feed_eof()
    assert b"".join(await reading) == bytes(100_000)
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.feed_data(packed[:-1])
    stream.feed_eof()
    with pytest.raises(ContentCodingError):
        await take_all(stream)


async def test_one_that_waits_for_what_is_ready_is_the_only_reader() -> None:
    stream = StreamReader()
    reading = asyncio.create_task(take_all(stream))
    await asyncio.sleep(0)
    for call in (stream.read, stream.readany, stream.wait_ready):
        with pytest.raises(RuntimeError, match=r"in wait_ready\(\)"):
            await call()
    stream.feed_data(b"a")  # from a task, so that the reader goes on in the next pass
    with pytest.raises(RuntimeError, match=r"in wait_ready\(\)"):
        stream.take_ready()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await stream.readany() == b"a"
    reading = asyncio.create_task(take_all(stream))
    await asyncio.sleep(0)
    stream.set_exception(KeyError())
    with pytest.raises(KeyError):
        await reading


WAYS = [
    lambda stream: stream.read(),
    lambda stream: stream.read(3),
    lambda stream: stream.readany(),
    lambda stream: stream.read_all(),
    lambda stream: stream.read_rest(),
    lambda stream: stream.readexactly(3),
    lambda stream: stream.readline(),
    lambda stream: stream.readuntil(b";"),
    lambda stream: stream.readchunk(),
    lambda stream: stream.read_ready(),
    lambda stream: take_all(stream),
    lambda stream: asyncio.to_thread(lambda: None) if stream.read_nowait() else None,
]


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("way", range(len(WAYS)))
async def test_a_bound_holds_on_every_way_of_reading(way: int, is_there: bool) -> None:
    stream = StreamReader()
    stream.set_max_size(6)
    stream.feed_data(b"abcdef")
    stream.feed_eof()
    assert await stream.read_all() == b"abcdef" and stream.taken_bytes == 6

    stream = StreamReader()
    stream.set_max_size(6, lambda size: ZeroDivisionError(size))
    if is_there:
        stream.feed_data(b"abcdefg")

    async def read() -> None:
        if not is_there:
            await asyncio.sleep(0)
            stream.feed_data(b"abcdefg")
        await WAYS[way](stream)  # type: ignore[no-untyped-call]  # each returns what it likes

    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="6"):
            await read()
        is_there = True
    stream.feed_eof()
    stream.set_max_size(None)
    assert await stream.read_all() == b"abcdefg"


def test_what_is_within_a_bound_is_read_without_waiting() -> None:
    stream = StreamReader()
    stream.set_max_size(6)
    stream.feed_data(b"abcdef")
    assert stream.read_nowait(2) == b"ab"
    assert stream.read_nowait() == b"cdef"


async def test_a_bound_counts_what_came_out_of_the_coding() -> None:
    stream = StreamReader(decoder=make_decoder("gzip"))
    stream.set_max_size(1000)
    stream.feed_data(gzip.compress(bytes(1001)))
    stream.feed_eof()
    with pytest.raises(BodyTooLarge):
        await stream.readany()


async def test_a_bound_while_a_reader_waits_loses_nothing() -> None:
    stream = StreamReader()
    stream.set_max_size(4)
    for read in (stream.read(), stream.readexactly(9), stream.readline()):
        stream.set_max_size(stream.total_bytes + 2)
        reading = asyncio.create_task(read)
        stream.feed_data(b"ab")
        await asyncio.sleep(0)
        stream.feed_data(b"cd")
        with pytest.raises(BodyTooLarge):
            await reading
    stream.feed_eof()
    stream.set_max_size(None)
    assert await stream.read_all() == b"abcd" * 3


async def test_below_zero_a_bound_refuses_before_anything_came() -> None:
    calls: list[str] = []
    stream = StreamReader(on_first_read=lambda: calls.append("first"))
    stream.set_max_size(-1)
    with pytest.raises(BodyTooLarge):
        await stream.read()
    assert calls == []
    StreamReader().set_max_size(None)  # as it is anyway
