"""The C twin as a piece of C: what it reads, keeps, frees and refuses. Its results are compared
with the specification's in tests/websocket/test_twin.py."""

import asyncio
import atexit
import contextlib
import contextvars
import gc
import itertools
import os
import socket
import subprocess
import sys
import tracemalloc
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.guard import GuardedPage
from support.nomemory import Call, refuse_each_allocation
from support.twins import Twin, load_twin

ROOT = Path(__file__).resolve().parents[3]
KEY = b"\x11\xa2\x33\xc4"


@pytest.fixture
def c() -> Twin:
    return load_twin("weft_websocket", "c")


def scanner(twin: Twin, decodes_text: bool = True) -> Any:
    return twin.module("_twin").FrameScanner(True, True, decodes_text, 1 << 20, 100, 100)


def frame(twin: Twin, first: int, payload: bytes | str) -> bytes:
    made: bytes = twin.module("_twin").render_frame(first, payload, KEY)
    return made


class TestBounds:
    def test_mask_at_every_size_and_place(self, c: Twin) -> None:
        page, py = GuardedPage(), load_twin("weft_websocket", "py").module("_twin")
        data = bytes(range(256))
        for size in range(len(data)):
            expected = py.mask(data[:size], KEY)
            for put in (page.at_end, page.at_start):
                assert c.module("_twin").mask(put(data[:size]), KEY) == expected
                assert (
                    c.module("_twin").render_frame(0x82, put(data[:size]), KEY).endswith(expected)
                )

    def test_scan_in_two_pieces_at_every_place(self, c: Twin) -> None:
        text = "é€😀" + "x" * 40 + "é"
        data = frame(c, 0x81, text) + frame(c, 0x82, bytes(130)) + frame(c, 0x89, b"p")
        expected = [(1, text, ""), (2, bytes(130), ""), (0x89, b"p")]
        for size in range(len(data) + 1):
            made = scanner(c)
            # A bytes object ends where its memory does, which the sanitizer's allocator knows.
            assert made.feed(data[:size]) + made.feed(data[size:]) == expected


def refuse(twin: Twin, text: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        frame(twin, 0x81, text)


OURS, PEER = socket.socketpair()
for end in (OURS, PEER):
    end.setblocking(False)
    atexit.register(end.close)
MEBIBYTE = bytes(1 << 20)


def sender_past(twin: Twin, descriptor: int = OURS.fileno()) -> Any:
    """One whose link runs no Python code, over a socket that has room."""
    with contextlib.suppress(BlockingIOError):
        while PEER.recv(1 << 22):
            pass
    transport = types.SimpleNamespace(get_write_buffer_size=[].__len__)
    link = types.SimpleNamespace(
        bypass=descriptor, transport=transport, write=[].append, is_full=False, phase=1
    )
    made = twin.module("_twin").Sender(link, link, 1 << 30, 1, True, False)
    made._answers_now = True
    return made


def offer(twin: Twin, frame: bytes, descriptor: int = OURS.fileno()) -> Call:
    senders = (sender_past(twin, descriptor),)
    return twin.module("_twin").offer_all, (senders, None, frame, 0.0, 0.5)


def read_into(twin: Twin, data: bytes, *, begun: bytes = b"") -> Call:
    """The second call of a read; `begun` came before."""
    made = inbox(twin)
    made.data_received(begun)
    memory = made.get_buffer(0)
    memory[: len(data)] = data
    return made.buffer_updated, (len(data),)


def make_large(twin: Twin) -> tuple[bytes, bytes]:
    data = frame(twin, 0x81, "é" * 20_000)
    return data[:21_000], data[21_000:41_000]


def run_call(call: Call) -> object:
    return call[0](*call[1])


WORK: dict[str, Callable[[Twin], object]] = {
    "text": lambda c: scanner(c).feed(frame(c, 0x81, "é" * 90)),
    "ascii": lambda c: scanner(c).feed(frame(c, 0x81, "e" * 90)),
    "wrong text": lambda c: scanner(c).feed(frame(c, 0x81, b"\xff" * 90)),
    "part of a frame": lambda c: scanner(c).feed(frame(c, 0x82, bytes(5000))[:-1]),
    "part of a header": lambda c: scanner(c).feed(frame(c, 0x82, bytes(5000))[:3]),
    "fragments": lambda c: scanner(c).feed(frame(c, 0x01, "é") + frame(c, 0x80, "é")),
    "fault": lambda c: scanner(c).feed(frame(c, 0x82, b"x") + b"\xff"),
    "close": lambda c: scanner(c).feed(frame(c, 0x88, b"") + b"rest"),
    "queue": lambda c: inbox(c).data_received(frame(c, 0x81, "text")),
    "read": lambda c: step(*read_one(c)[1]),
    "left": lambda c: inbox(c).read().send(None).read().close(),
    "sent": lambda c: sender(c, True).send_text("text", None),
    "surrogates": lambda c: refuse(c, "\ud800"),
    "sent past": lambda c: sender_past(c).send_text("text", None),
    "sent past in part": lambda c: sender_past(c).send_binary(MEBIBYTE, None),
    "offered": lambda c: run_call(offer(c, b"frame")),
    "offered in part": lambda c: run_call(offer(c, MEBIBYTE)),
    "offered to the link": lambda c: run_call(offer(c, b"frame", -1)),
    "lent": lambda c: run_call(read_into(c, frame(c, 0x81, "text") * 20)),
    "in place": lambda c: run_call(read_into(c, make_large(c)[1], begun=make_large(c)[0])),
}


CALLS: dict[str, Callable[[Twin], Call]] = {
    "text": lambda c: (scanner(c).feed, (frame(c, 0x81, "é" * 90),)),
    "ascii": lambda c: (scanner(c).feed, (frame(c, 0x81, "e" * 90),)),
    "bytes": lambda c: (scanner(c).feed, (frame(c, 0x82, bytes(5000)),)),
    "part": lambda c: (scanner(c).feed, (frame(c, 0x82, bytes(5000))[:-1],)),
    "pieces": lambda c: (second_piece(c), (frame(c, 0x81, "é" * 90)[50:],)),
    "frame": lambda c: (c.module("_twin").render_frame, (0x81, "é" * 90, KEY)),
    "mask": lambda c: (c.module("_twin").mask, (bytes(5000), KEY)),
    "inbox": lambda c: (c.module("_twin").Inbox, (Owner(), scanner(c), 2)),
    "queued": lambda c: (inbox(c).data_received, (frame(c, 0x81, "text"),)),
    "reading": lambda c: (inbox(c).read, ()),
    "read": lambda c: read_one(c),
    "sent": lambda c: (sender(c).send_text, ("é", None)),
    "sent masked": lambda c: (sender(c, True).send_binary, (b"x", None)),
    "sent past": lambda c: (sender_past(c).send_text, ("é", None)),
    "sent past in part": lambda c: (sender_past(c).send_binary, (MEBIBYTE, None)),
    "a frame past": lambda c: (sender_past(c).write_frame, (MEBIBYTE,)),
    "offered in part": lambda c: offer(c, MEBIBYTE),
    "offered to the link": lambda c: offer(c, b"frame", -1),
    "lent": lambda c: read_into(c, frame(c, 0x81, "text")),
    "lent to a batch": lambda c: read_into(c, frame(c, 0x81, "text") * 20),
    "lent in part": lambda c: read_into(c, frame(c, 0x82, bytes(5000))[:-1]),
    "in place": lambda c: read_into(c, make_large(c)[1], begun=make_large(c)[0]),
    "scanner": lambda c: (c.module("_twin").FrameScanner, (True, True, True, 1, 1, 1)),
}


class Owner:
    """Of an inbox; refuses and knows nothing."""

    def hold_peer(self) -> None: ...


class Sink:
    """Of a sender: link and protocol."""

    phase = 1

    def write(self, data: bytes) -> None: ...


def inbox(twin: Twin) -> Any:
    return twin.module("_twin").Inbox(Owner(), scanner(twin), 2)


def read_one(twin: Twin) -> Call:
    made = inbox(twin)
    made.data_received(frame(twin, 0x81, "text"))
    return step, (made.read(),)


def step(reading: Any) -> None:
    try:
        reading.send(None)
    except StopIteration:
        pass


def sender(twin: Twin, is_masked: bool = False) -> Any:
    return twin.module("_twin").Sender(Sink(), Sink(), 1 << 20, Sink.phase, True, is_masked)


def second_piece(twin: Twin) -> Callable[[bytes], object]:
    made = scanner(twin)
    made.feed(frame(twin, 0x81, "é" * 90)[:50])
    feed: Callable[[bytes], object] = made.feed
    return feed


class TestMemory:
    @pytest.mark.parametrize("name", WORK)
    def test_nothing_leaks(self, c: Twin, name: str) -> None:
        def measure() -> int:
            for _ in range(300):
                WORK[name](c)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            measure()
            seen = [measure() for _ in range(6)]
            # Names that the interpreter has looked up lately grow in number, but not for long.
            assert min(after - before for before, after in itertools.pairwise(seen)) < 3000
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize("name", CALLS)
    def test_no_memory_is_an_error_and_no_crash(self, c: Twin, name: str) -> None:
        assert refuse_each_allocation(lambda: CALLS[name](c), 30)

    def test_no_more_is_kept_than_twice_what_came(self, c: Twin) -> None:
        made = scanner(c)
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            made.feed(frame(c, 0x82, bytes(1 << 20))[:10_000])
            assert tracemalloc.get_traced_memory()[0] - before < 25_000
        finally:
            tracemalloc.stop()

    def test_scanner_is_not_tracked(self, c: Twin) -> None:
        assert not gc.is_tracked(scanner(c))


def made_inbox(twin: Any) -> Any:
    return twin.Inbox(None, twin.FrameScanner(True, True, True, 1, 1, 1), 1)


WRONG_CALLS: dict[str, Callable[[Any], object]] = {
    "mask without key": lambda t: t.mask(b"data"),
    "mask with None": lambda t: t.mask(b"data", None),
    "mask of text": lambda t: t.mask("data", KEY),
    "mask with text": lambda t: t.mask(b"data", "text"),
    "header without key": lambda t: t.render_header(0x81, 5),
    "header of text": lambda t: t.render_header("a", 5, None),
    "frame without key": lambda t: t.render_frame(0x81, b""),
    "frame of a number": lambda t: t.render_frame(0x81, 5, None),
    "scanner without limits": lambda t: t.FrameScanner(True),
    "feed of text": lambda t: t.FrameScanner(True, True, True, 1, 1, 1).feed("a"),
    "feed of a list": lambda t: t.FrameScanner(True, True, True, 1, 1, 1).feed([1]),
    "inbox without owner": lambda t: t.Inbox(),
    "inbox without scanner": lambda t: t.Inbox(None, None, 1),
    "callback without context": lambda t: made_inbox(t).add_done_callback(print),
    "callback by name": lambda t: made_inbox(t).add_done_callback(print, loop=1),
    "cancel with two": lambda t: made_inbox(t).cancel(1, 2),
    "sender without link": lambda t: t.Sender(),
    "throw without exception": lambda t: made_inbox(t).read().throw(),
    "type is immutable": lambda t: setattr(t.FrameScanner, "feed", None),
    "type is final": lambda t: type("Sub", (t.FrameScanner,), {}),
}


class TestMisuse:
    @pytest.mark.parametrize("name", WRONG_CALLS)
    def test_type_error(self, c: Twin, name: str) -> None:
        with pytest.raises(TypeError):
            WRONG_CALLS[name](c.module("_twin"))

    def test_value_error(self, c: Twin) -> None:
        twin = c.module("_twin")
        for wrong in (
            lambda: twin.mask(b"", b"123"),
            lambda: twin.render_header(256, 0, None),
            lambda: twin.render_frame(-1, b"", None),
            lambda: twin.FrameScanner(True, True, True, -1, 1, 1),
        ):
            with pytest.raises(ValueError):
                wrong()  # type: ignore[no-untyped-call]  # a lambda

    def test_a_sender_that_was_not_initialised(self, c: Twin) -> None:
        kind = c.module("_twin").Sender
        with pytest.raises(RuntimeError, match="__init__"):
            kind.__new__(kind).send_text("x", None)

    def test_an_owner_that_refuses_nothing(self, c: Twin) -> None:
        class Lax(Owner):
            def refuse_reader(self, callback: object) -> None: ...

        async def check() -> None:
            made = c.module("_twin").Inbox(Lax(), scanner(c), 2)
            made.add_done_callback(print, context=contextvars.copy_context())
            with pytest.raises(RuntimeError, match="waits already"):
                await made.read()

        asyncio.run(check())

    def test_length_beyond_64_bits(self, c: Twin) -> None:
        with pytest.raises(OverflowError):
            c.module("_twin").render_header(0x82, 1 << 64, None)


def run(program: str, **environment: str) -> str:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=inherited | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_fuzzer_finds_no_difference(c: Twin) -> None:
    names = "['frames', 'frame-rendering']"
    program = f"from tools.fuzz.__main__ import run; print(run({names}, 1.0, 1))"
    assert run(program).endswith("0")
