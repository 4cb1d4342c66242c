"""The same scripts of feeding and reading, played to aiohttp's StreamReader and to ours.

Each script has one outcome for both, unless it is in DIFFERENCES with the reason why not.
"""

import asyncio
import inspect
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import streams as theirs
from hypothesis import given, settings
from hypothesis import strategies as st

from weft_http_parser import EMPTY_STREAM, EmptyStreamReader, Hold, StreamReader

LIMIT = 16


class Sender:
    """A gate and aiohttp's protocol in one: whether it is held, and how often that changed."""

    connected = True

    def __init__(self) -> None:
        self.is_held = False

    def hold(self, reason: Hold) -> None:
        self.is_held = True

    def release(self, reason: Hold) -> None:
        self.is_held = False

    def pause_reading(self) -> None:
        self.is_held = True

    def resume_reading(self, **flags: bool) -> None:
        self.is_held = False


def make_ours(limit: int = LIMIT) -> tuple[Any, Sender]:
    sender = Sender()
    return StreamReader(sender, limit), sender


def make_theirs(limit: int = LIMIT) -> tuple[Any, Sender]:
    sender = Sender()
    loop = asyncio.get_running_loop()
    return theirs.StreamReader(sender, limit, loop=loop), sender  # type: ignore[arg-type]  # what it uses of one


Step = tuple[Any, ...]


def describe(outcome: object) -> object:
    """An outcome in words that both may use."""
    if isinstance(outcome, asyncio.IncompleteReadError):
        return ("IncompleteReadError", outcome.partial, outcome.expected)
    if isinstance(outcome, BaseException):
        kinds = [kind.__name__ for kind in type(outcome).__mro__]
        return next(kind for kind in ("LineTooLong", *kinds) if kind in kinds)
    return outcome


async def settle() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


async def play(make: Callable[[], tuple[Any, Sender]], script: list[Step]) -> list[object]:
    """What came of every step; a read that waits is 'waits', and is told of once it ended."""
    stream, _ = make()
    told: list[object] = []
    waiting: asyncio.Task[Any] | None = None
    for name, *args in script:
        if name == "feed":
            stream.feed_data(args[0])
        elif name == "chunk":
            stream.begin_http_chunk_receiving()
            for piece in args:
                stream.feed_data(piece)
            stream.end_http_chunk_receiving()
        elif name == "begin":
            stream.begin_http_chunk_receiving()
        elif name == "end":
            stream.end_http_chunk_receiving()
        elif name == "eof":
            stream.feed_eof()
        elif name == "fail":
            stream.set_exception(OSError("gone"))
        elif name == "cancel":
            if waiting is not None:
                waiting.cancel()
        elif name == "pass":
            pass
        elif waiting is None:
            waiting = asyncio.ensure_future(read(stream, name, args))
        if name != "feed-soon":
            await settle()
        if waiting is not None:
            if waiting.done():
                result = await asyncio.gather(waiting, return_exceptions=True)
                told.append((name, describe(result[0])))
                waiting = None
            else:
                told.append((name, "waits"))
        told.append((stream.is_eof(), stream.at_eof(), stream.total_bytes))
    if waiting is not None:
        waiting.cancel()
        await asyncio.wait([waiting])
    return told


async def read(stream: Any, name: str, args: list[Any]) -> object:
    if name == "read_nowait":
        return stream.read_nowait(*args)
    if name == "lines":
        return [line async for line in stream]
    if name in ("iter_any", "iter_chunks", "iter_chunked"):
        return [block async for block in getattr(stream, name)(*args)]
    if name == "unread":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return stream.unread_data(*args)
    return await getattr(stream, name)(*args[:1], **(args[1] if len(args) > 1 else {}))


SCRIPTS: dict[str, list[Step]] = {
    "read what there is": [("feed", b"abc"), ("feed", b"def"), ("read", 2), ("read", 99)],
    "read nothing": [("feed", b"abc"), ("read", 0), ("eof",), ("read", 9), ("read", 0)],
    "read to the end": [("read",), ("feed", b"a"), ("feed", b"b"), ("eof",), ("read",)],
    "read waits": [("read", 5), ("feed", b"abcdefgh"), ("read", 5), ("read", 5), ("eof",)],
    "readany": [("readany",), ("feed", b"ab"), ("feed", b"c"), ("readany",), ("eof",)],
    "readexactly": [("readexactly", 4), ("feed", b"abc"), ("feed", b"de"), ("readexactly", 1)],
    "readexactly nothing": [("readexactly", 0), ("feed", b"a"), ("readexactly", -1)],
    "readexactly cut": [("feed", b"abc"), ("readexactly", 5), ("eof",), ("read",)],
    "readline": [("readline",), ("feed", b"a"), ("feed", b"b\nc\n\nd"), ("lines",), ("eof",)],
    "a line too long": [("feed", b"a" * 33 + b"\nrest"), ("readline",), ("readany",)],
    "a line as long as may be": [("feed", b"a" * 31 + b"\nrest"), ("readline",), ("readany",)],
    "a line too long in pieces": [("feed", b"a" * 20), ("readline",), ("feed", b"a" * 20)],
    "a bound for one line": [
        ("feed", b"abcd\nefgh\n"),
        ("readuntil", b"\n", {"max_size": 5}),
        ("readuntil", b"\n", {"max_size": 4}),
        ("readany",),
    ],
    "a last line too long": [
        ("feed", b"abc"),
        ("eof",),
        ("readuntil", b"\n", {"max_size": 2}),
    ],
    "readuntil": [("feed", b"ab-"), ("feed", b"-cd-"), ("eof",)] + [("readuntil", b"--")] * 3,
    "no separator": [("feed", b"ab"), ("readuntil", b""), ("readany",)],
    "a separator of text": [("feed", b"ab"), ("readuntil", "a")],
    "readchunk without chunks": [("feed", b"ab"), ("feed", b"c"), ("eof",), ("iter_chunks",)],
    "chunks": [("chunk", b"abc"), ("chunk", b"d", b"ef"), ("eof",), ("iter_chunks",)],
    "a chunk that goes on": [
        ("begin",),
        ("feed", b"gh"),
        ("feed", b"i"),
        ("readchunk",),
        ("readchunk",),
        ("feed", b"jk"),
        ("end",),
        ("readchunk",),
        ("readchunk",),
        ("eof",),
    ],
    "an end that comes alone": [
        ("begin",),
        ("feed", b"abc"),
        ("read", 3),
        ("readchunk",),
        ("end",),
        ("eof",),
        ("readchunk",),
    ],
    "a chunk read in part": [("chunk", b"abcd"), ("read", 1), ("readchunk",), ("eof",)],
    "chunks that were passed": [
        ("chunk", b"ab"),
        ("chunk", b"cd"),
        ("read", 4),
        ("readchunk",),
        ("eof",),
        ("readchunk",),
    ],
    "an empty chunk": [("chunk",), ("chunk", b"a"), ("chunk",), ("eof",), ("iter_chunks",)],
    "blocks": [("feed", b"abcdefg"), ("feed", b"h"), ("eof",), ("iter_chunked", 3)],
    "blocks of nothing": [("feed", b"abc"), ("iter_chunked", 0), ("readany",)],
    "whatever comes": [("feed", b"ab"), ("feed", b"c"), ("eof",), ("iter_any",)],
    "read_nowait": [("read_nowait",), ("feed", b"abc"), ("read_nowait", 2), ("read_nowait", -1)],
    "unread": [("feed", b"abc"), ("read", 2), ("unread", b"XY"), ("read", 9), ("unread", b"")],
    "unread before a chunk": [("chunk", b"ab"), ("unread", b"X"), ("readchunk",), ("eof",)],
    "an error behind data": [("feed", b"abc"), ("fail",), ("read", 1), ("readany",)],
    "an error for one who waits": [("read",), ("feed", b"abc"), ("fail",), ("read", 1)],
    "an error behind the end": [("feed", b"abc"), ("eof",), ("fail",), ("read", 1)],
    "an error and each way": [("fail",)]
    + [(name,) for name in ("read", "readany", "readline", "readuntil", "readchunk")]
    + [("readexactly", 1), ("read", 0), ("read_nowait",)],
    "wait_eof": [("wait_eof",), ("feed", b"a"), ("eof",), ("wait_eof",)],
    "nothing at all": [("eof",), ("read",), ("readany",), ("readline",), ("readchunk",)],
    "a read that is given up": [("read", 3), ("cancel",), ("feed", b"abc"), ("read", 3)],
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_one_outcome_for_both(name: str) -> None:
    assert await play(make_ours, SCRIPTS[name]) == await play(make_theirs, SCRIPTS[name])


READS = st.one_of(
    st.tuples(st.just("read"), st.integers(0, 12)),
    st.sampled_from(
        [("readany",), ("readline",), ("readuntil", b"ab"), ("readchunk",), ("read_nowait",)]
    ),
    st.tuples(st.just("readexactly"), st.integers(0, 6)),
    st.tuples(st.just("read_nowait"), st.integers(0, 6)),
    st.tuples(st.just("readuntil"), st.sampled_from([b"\n", b"ba", b"aab"])),
)
texts = st.lists(st.sampled_from([b"a", b"b", b"\n"]), min_size=1, max_size=8).map(b"".join)
PLAIN = st.one_of(READS, st.tuples(st.just("feed"), texts))
CHUNKED = st.one_of(READS, st.lists(texts, max_size=3).map(lambda pieces: ("chunk", *pieces)))


@settings(deadline=None)
@given(st.one_of(st.lists(PLAIN, max_size=20), st.lists(CHUNKED, max_size=20)))
def test_one_outcome_for_any_script(steps: list[Step]) -> None:
    script = [*steps, ("eof",), ("readany",), ("read",), ("readchunk",)]

    async def main() -> None:
        assert await play(make_ours, script) == await play(make_theirs, script)

    asyncio.run(main())


@settings(deadline=None)
@given(st.lists(texts, max_size=20), st.randoms())
def test_the_sender_is_held_at_the_same_marks(pieces: list[bytes], choice: random.Random) -> None:
    takes = [choice.randrange(1, LIMIT) for _ in range(40)]

    async def watch(make: Callable[[], tuple[Any, Sender]]) -> list[bool]:
        stream, sender = make()
        seen = []
        for piece in pieces:
            stream.feed_data(piece * 3)
            seen.append(sender.is_held)
        for take in takes:
            stream.read_nowait(take)
            seen.append(sender.is_held)
        return seen

    async def main() -> None:
        assert await watch(make_ours) == await watch(make_theirs)

    asyncio.run(main())


# Names and signatures.

SIGNATURES = {
    "__init__": "a gate stands where aiohttp has a protocol, and no limit need be given; deadlines "
    "are the connection's, so there is no timer",
    "feed_data": "the size was for queues; nothing is returned, since nobody asked",
    "set_exception": "None stands for no cause",
    "total_compressed_bytes": "counted, not set from outside",
    "total_bytes": "the same",
}


def public_names(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")} | {"__init__", "__aiter__"}


def test_every_public_name_is_here() -> None:
    missing = public_names(theirs.StreamReader) - public_names(StreamReader)
    assert missing == set()
    more = public_names(StreamReader) - public_names(theirs.StreamReader)
    assert more == {
        "feed_chunk_ends",
        "feed_pieces",
        "read_all",
        "read_ready",
        "read_rest",
        "set_max_size",
        "take_ready",
        "taken_bytes",
        "wait_ready",
    }
    assert public_names(EmptyStreamReader) == public_names(StreamReader)


def to_text(kind: type, name: str) -> str:
    member = getattr(kind, name)
    if not callable(member):
        return "a value"
    parameters = inspect.signature(member).parameters.values()
    kinds = [(each.name, each.kind, each.default) for each in parameters]
    return f"{inspect.iscoroutinefunction(member)} {kinds}"


def test_signatures_are_the_same_but_for_those_named() -> None:
    names = public_names(theirs.StreamReader)
    differ = {
        name for name in names if to_text(StreamReader, name) != to_text(theirs.StreamReader, name)
    }
    assert differ == {"__init__", "feed_data", "set_exception"} <= SIGNATURES.keys()


def test_the_positional_shape_of_aiohttp_makes_a_stream() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        sender = Sender()
        stream = StreamReader(sender, 2**16, loop=loop)
        stream.feed_data(b"abc")
        assert await stream.read(2) == b"ab"
        assert stream.get_read_buffer_limits() == (2**16, 2**17)

    asyncio.run(main())


# Where we differ, and why.


async def test_a_second_read_does_not_take_the_bytes_of_the_first() -> None:
    """aiohttp refuses it only until bytes come; then both get a part of them."""
    for make, outcomes in ((make_ours, (RuntimeError, b"abcde")), (make_theirs, (b"ab", b"cde"))):
        stream, _ = make()
        first = asyncio.ensure_future(stream.read(5))
        await asyncio.sleep(0)
        stream.feed_data(b"abcde")
        try:
            second = await stream.read(2)
        except RuntimeError:
            second = RuntimeError
        assert (second, await first) == outcomes


@pytest.mark.parametrize("name", ["read", "readany", "readexactly", "readline", "readchunk"])
async def test_a_second_reader_is_refused_by_both(name: str) -> None:
    for make in (make_ours, make_theirs):
        stream, _ = make()
        first = asyncio.ensure_future(stream.readany())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="while another coroutine is already waiting"):
            await getattr(stream, name)(*([1] if name == "readexactly" else []))
        stream.feed_data(b"abc")
        assert await first == b"abc"


async def test_a_cancelled_read_keeps_its_bytes() -> None:
    """aiohttp drops what a cancelled readline, readexactly or read() had taken."""
    for make, left in ((make_ours, b"abc"), (make_theirs, b"")):
        for call in ("readline", "read"):
            stream, _ = make()
            stream.feed_data(b"abc")
            reading = asyncio.ensure_future(getattr(stream, call)())
            await asyncio.sleep(0)
            reading.cancel()
            await asyncio.wait([reading])
            assert stream.read_nowait() == left


async def test_an_error_that_follows_bytes_at_once_ends_a_read() -> None:
    """aiohttp's reader takes the bytes, waits again, and is never told."""
    for make, is_done in ((make_ours, True), (make_theirs, False)):
        stream, _ = make()
        reading = asyncio.ensure_future(stream.readline())
        await asyncio.sleep(0)
        stream.feed_data(b"abc")
        stream.set_exception(OSError("gone"))
        await settle()
        assert reading.done() is is_done
        reading.cancel()
        await asyncio.wait([reading])
        if is_done:
            assert isinstance(reading.exception(), OSError)


async def test_waiting_for_the_end_of_a_failed_body_fails() -> None:
    """aiohttp waits for ever; and it lets one task wait, we any number."""
    stream, _ = make_theirs()
    stream.set_exception(OSError("gone"))
    waiting = asyncio.ensure_future(stream.wait_eof())
    await settle()
    assert not waiting.done()
    waiting.cancel()
    ours, _ = make_ours()
    ours.set_exception(OSError("gone"))
    with pytest.raises(OSError, match="gone"):
        await ours.wait_eof()


async def test_feeding_behind_the_end() -> None:
    """An assertion in aiohttp, which -O takes away; an error in ours."""
    for make, error in ((make_ours, RuntimeError), (make_theirs, AssertionError)):
        stream, _ = make()
        stream.feed_eof()
        with pytest.raises(error):
            stream.feed_data(b"x")


async def test_a_large_read_does_not_lift_the_marks() -> None:
    """In aiohttp read(n) raises them to n, and read() lifts them: a reader who asks for much
    lets the sender fill the memory before it has read anything. set_read_chunk_size says so."""
    for make, limits in ((make_ours, (16, 32)), (make_theirs, (1000, 2000))):
        stream, _ = make()
        stream.feed_data(b"abc")
        await stream.read(1000)
        assert stream.get_read_buffer_limits() == limits
        stream.set_read_chunk_size(2000)
        stream.set_read_chunk_size(5)
        assert stream.get_read_buffer_limits() == (2000, 4000)


async def test_callbacks_of_the_end() -> None:
    """One that fails is logged by both, and none is called for a body that failed."""
    for make in (make_ours, make_theirs):
        called: list[int] = []
        stream, _ = make()
        stream.on_eof(lambda called=called: called.append(1))
        stream.set_exception(OSError("gone"))
        stream.on_eof(lambda called=called: called.append(2))
        stream.feed_eof()
        assert called == [2]


async def test_facts_of_a_stream() -> None:
    for make in (make_ours, make_theirs):
        stream, _ = make()
        stream.feed_data(b"abc")
        assert (stream.total_bytes, stream.total_raw_bytes) == (3, 3)
        assert stream.total_compressed_bytes is None
        await stream.read(2)
        assert (stream.total_bytes, stream.total_raw_bytes) == (3, 3)
        assert repr(stream) == "<StreamReader 1 bytes low=16 high=32>"


async def test_misuse_of_chunks() -> None:
    for make in (make_ours, make_theirs):
        stream, _ = make()
        with pytest.raises(RuntimeError):
            stream.end_http_chunk_receiving()
        stream.feed_data(b"a")
        with pytest.raises(RuntimeError):
            stream.begin_http_chunk_receiving()


async def test_the_empty_one() -> None:
    """What works in aiohttp gives the same; readuntil and the totals work in ours too, and its
    end comes again: a second iter_chunks() over aiohttp's never ends."""
    for empty in (EMPTY_STREAM, theirs.EmptyStreamReader()):
        assert await empty.read() == await empty.readany() == await empty.readline() == b""
        assert [pair async for pair in empty.iter_chunks()] == []
        assert empty.read_nowait() == b""
        assert (empty.is_eof(), empty.at_eof(), empty.exception()) == (True, True, None)
        empty.set_exception(OSError("gone"))
        assert empty.exception() is None
        empty.feed_eof()
        await empty.wait_eof()
        called: list[int] = []
        empty.on_eof(lambda called=called: called.append(1))  # type: ignore[misc]  # a default that mypy cannot see
        assert called == [1]
        assert [block async for block in empty.iter_chunked(3)] == []
        with pytest.raises(asyncio.IncompleteReadError):
            await empty.readexactly(3)
    assert [pair async for pair in EMPTY_STREAM.iter_chunks()] == []
    assert await EMPTY_STREAM.readchunk() == (b"", False)
    assert await EMPTY_STREAM.readuntil() == b""
    assert await EMPTY_STREAM.readexactly(0) == b""
    assert EMPTY_STREAM.total_bytes == EMPTY_STREAM.total_raw_bytes == 0
    with pytest.raises(RuntimeError):
        EMPTY_STREAM.feed_data(b"lost")  # aiohttp drops it


async def test_a_negative_size_without_waiting_is_all_there_is() -> None:
    """aiohttp's does not return for one below -1."""
    stream, _ = make_ours()
    stream.feed_data(b"abc")
    assert stream.read_nowait(-5) == b"abc"
