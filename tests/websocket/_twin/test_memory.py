"""Without memory there is an error that leaves every object fit for use: each allocation of a call is
refused, alone and with all behind it."""

import asyncio
import contextvars
import functools
import importlib.util
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.nomemory import Trial, refuse_until_it_succeeds
from support.twins import Twin, load_twin

ROOT = Path(__file__).resolve().parents[3]
KEY = b"\x11\xa2\x33\xc4"
LARGE = bytes(40_000)


@pytest.fixture
def c() -> Twin:
    return load_twin("weft_websocket", "c")


def make_scanner(c: Twin, *, decodes_text: bool = True, batch: int = 100) -> Any:
    return c.module("_twin").FrameScanner(True, True, decodes_text, 1 << 20, 100, batch)


def frame(c: Twin, first: int, payload: bytes | str) -> bytes:
    made: bytes = c.module("_twin").render_frame(first, payload, KEY)
    return made


def make_owner() -> types.SimpleNamespace:
    """The owner of an inbox, in functions that are no Python."""
    noted: list[object] = []
    return types.SimpleNamespace(
        noted=noted,
        take_bytes=noted.append,
        take_frames=noted.append,
        read_end=noted.append,
        refuse_reader=noted.append,
        link_lost=noted.append,
        hold_peer=noted.copy,
        refill=noted.copy,
        eof_received=noted.copy,
    )


def make_fresh(c: Twin) -> Any:
    """The C module once more: what it takes of Python is looked up anew."""
    spec = c.module("_twin")._chosen.__spec__
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def make_inbox(
    c: Twin,
    *,
    limit: int = 2,
    sender: Any = None,
    batch: int = 100,
    waits: bool = False,
    text: bool = True,
) -> Any:
    """An inbox; its reader is stepped by a function that is no Python."""
    scanner = make_scanner(c, batch=batch, decodes_text=text)
    given = (make_owner(), scanner, limit, *((sender,) if sender is not None else ()))
    made = c.module("_twin").Inbox(*given)
    if waits:
        noted: list[object] = []
        made.add_done_callback(noted.append, context=contextvars.copy_context())
    return made


def make_sender(c: Twin, *, masked: bool = False, limit: int = 1 << 30) -> Any:
    transport = types.SimpleNamespace(get_write_buffer_size=[].__len__)
    link = types.SimpleNamespace(
        bypass=-1,
        transport=transport,
        is_full=False,
        phase=1,
        write=[].append,
        send_prepared=str.encode,
    )
    return c.module("_twin").Sender(link, link, limit, 1, True, masked)


def feed_trial(c: Twin, *pieces: bytes | bytearray, **kinds: Any) -> Trial:
    scanner = make_scanner(c, **kinds)
    for piece in pieces[:-1]:
        scanner.feed(piece)

    def is_sound() -> bool:
        while scanner.has_more:
            scanner.feed(b"")
        return scanner.fault == 0 or not scanner.feed(b"x")

    return Trial(scanner.feed, (pieces[-1],), is_sound)


def read_trial(
    c: Twin, data: bytes, begun: bytes = b"", *, is_direct: bool = True, **kinds: Any
) -> Trial:
    """The second half of a read into the memory of the inbox."""
    made = make_inbox(c, **kinds)
    if begun:
        made.data_received(begun)
    memory = made.get_buffer(0)
    memory[: len(data)] = data
    made.is_direct = is_direct
    return Trial(made.buffer_updated, (len(data),), lambda: isinstance(made.is_full, bool))


def behind_trial(c: Twin) -> Trial:
    made, data = make_inbox(c, batch=1), frame(c, 0x81, "text")
    made.data_received(data * 2)
    made.get_buffer(0)[: len(data)] = data
    return Trial(made.buffer_updated, (len(data),))


def make_half(c: Twin) -> tuple[Any, bytes]:
    """An inbox without room for more of a payload, and the rest of that."""
    made, data = make_inbox(c), frame(c, 0x82, b"y" * 90_000)
    made.data_received(data[:10_014])
    made.data_received(data[10_014:20_014])
    return made, data[20_014:]


def room_trial(c: Twin) -> Trial:
    made, rest = make_half(c)

    def is_sound() -> bool:
        made.data_received(rest)
        return len(made.messages) < 2

    return Trial(made.get_buffer, (0,), is_sound)


def inbox_trial(c: Twin, method: str, *arguments: object, **kinds: Any) -> Trial:
    made = make_inbox(c, **kinds)
    return Trial(getattr(made, method), arguments, lambda: isinstance(made.is_awaited, bool))


def filled_trial(c: Twin, call: Callable[[Any], Trial], *, held: bool = False) -> Trial:
    """A call of an inbox that has a message, and had more."""
    made = make_inbox(c)
    for _ in range(9):
        made.data_received(frame(c, 0x81, "text"))
    for _ in range(4):
        step(made.read())
    made.is_held = held
    return call(made)


def step(reading: Any) -> None:
    try:
        reading.send(None)
    except StopIteration:
        pass


def send_of_reading(made: Any) -> Trial:
    return Trial(step, (made.read(),))


def messages_trial(c: Twin) -> Trial:
    """The queue, looked at by whoever is stepped with a message in hand."""
    made, seen = make_inbox(c), list[object]()

    def look(inbox: object) -> None:
        try:
            seen.append(made.messages)
        except MemoryError:
            seen.append(None)

    made.add_done_callback(look, context=contextvars.copy_context())
    return Trial(made.data_received, (frame(c, 0x81, "text"),), lambda: len(seen) < 2)


def wait_trial(c: Twin, make_module: Callable[[], Any]) -> Trial:
    """The first to wait, of a fresh module."""
    module = make_module()
    made = module.Inbox(None, module.FrameScanner(True, True, True, 1, 1, 1), 1)
    context = contextvars.copy_context()
    return Trial(functools.partial(made.add_done_callback, print, context=context), ())


def fresh_read_trial(c: Twin, make_module: Callable[[], Any]) -> Trial:
    module = make_module()
    made = module.Inbox(None, module.FrameScanner(True, True, True, 1, 1, 1), 1)
    return Trial(made.get_buffer, (0,), lambda: len(made.get_buffer(0)) > 1)


def next_of_reading(made: Any) -> Trial:
    return Trial(next, (iter(made.read()), None))


def part_trial(c: Twin) -> Trial:
    scanner = make_scanner(c)
    scanner.feed(frame(c, 0x82, bytes(5000))[:-1])
    return Trial(scanner.take_part, ())


def sender_trial(c: Twin, method: str, *arguments: object, **kinds: Any) -> Trial:
    made = make_sender(c, **kinds)
    return Trial(getattr(made, method), arguments, lambda: made._unsent >= 0)


def offer_trial(c: Twin, count: int, **kinds: Any) -> Trial:
    senders = (make_sender(c, **kinds), None, *(None,) * count)
    return Trial(c.module("_twin").offer_all, (senders, "message", b"frame", 0.0, 0.5))


def key_trial(c: Twin) -> Trial:
    module = c.module("_twin._c")
    module.forget_keys()
    return Trial(module.next_key, (), lambda: len(module.next_key()) == 4)


TRIALS: dict[str, Callable[[Twin], Trial]] = {
    "scanner": lambda c: Trial(c.module("_twin").FrameScanner, (True, True, True, 1, 1, 1)),
    "text": lambda c: feed_trial(c, frame(c, 0x81, "é" * 90)),
    "ascii": lambda c: feed_trial(c, frame(c, 0x81, "e" * 90)),
    "bytes of text": lambda c: feed_trial(c, frame(c, 0x81, "e" * 90), decodes_text=False),
    "no text": lambda c: feed_trial(c, frame(c, 0x81, "")),
    "of a bytearray": lambda c: feed_trial(c, bytearray(frame(c, 0x81, "e"))),
    "a ping": lambda c: feed_trial(c, frame(c, 0x89, b"ping")),
    "lent behind a batch": lambda c: behind_trial(c),
    "messages": messages_trial,
    "wait": lambda c: wait_trial(c, lambda: make_fresh(c)),
    "memory of the module": lambda c: fresh_read_trial(c, lambda: make_fresh(c)),
    "not direct": lambda c: read_trial(c, b"data", is_direct=False),
    "bytes to a reader": lambda c: read_trial(c, frame(c, 0x81, "text"), waits=True, text=False),
    "a part of a header": lambda c: feed_trial(c, frame(c, 0x82, LARGE)[:3]),
    "a part": lambda c: feed_trial(c, frame(c, 0x82, LARGE)[:-1]),
    "the rest": lambda c: feed_trial(c, frame(c, 0x82, LARGE)[:90], frame(c, 0x82, LARGE)[90:]),
    "the rest of a text": lambda c: feed_trial(c, frame(c, 0x81, "é" * 90)[:50], frame(c, 0x81, "é" * 90)[50:]),
    "a full batch": lambda c: feed_trial(c, frame(c, 0x82, b"x") * 3, batch=2),
    "behind a batch": lambda c: feed_trial(c, frame(c, 0x82, b"x") * 9, frame(c, 0x82, b"y"), batch=2),
    "the rest of a batch": lambda c: feed_trial(c, frame(c, 0x82, b"x") * 9, b"", batch=2),
    "a given part": part_trial,
    "mask": lambda c: Trial(c.module("_twin").mask, (LARGE, KEY)),
    "header": lambda c: Trial(c.module("_twin").render_header, (0x81, 1 << 40, KEY)),
    "frame": lambda c: Trial(c.module("_twin").render_frame, (0x81, "é" * 90, KEY)),
    "frame of a buffer": lambda c: Trial(c.module("_twin").render_frame, (0x82, bytearray(9), None)),
    "key": key_trial,
    "sender": lambda c: Trial(c.module("_twin").Sender.__new__, (c.module("_twin").Sender,)),
    "sent": lambda c: sender_trial(c, "send_text", "é", None),
    "sent masked": lambda c: sender_trial(c, "send_binary", b"x", None, masked=True),
    "a frame": lambda c: sender_trial(c, "write_frame", b"frame"),
    "offered": lambda c: offer_trial(c, 300),
    "offered masked": lambda c: offer_trial(c, 1, masked=True),
    "inbox": lambda c: Trial(c.module("_twin").Inbox, (None, make_scanner(c), 2)),
    "queued": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text")),
    "queued twice": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text") * 2),
    "too much": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text") * 9),
    "a batch": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text") * 9, batch=2),
    "a ping to an inbox": lambda c: inbox_trial(c, "data_received", frame(c, 0x89, b"")),
    "put": lambda c: inbox_trial(c, "put", ("kind", "data")),
    "read": lambda c: inbox_trial(c, "read"),
    "next": lambda c: inbox_trial(c, "__anext__"),
    "memory": lambda c: inbox_trial(c, "get_buffer", 0),
    "room": room_trial,
    "lent": lambda c: read_trial(c, frame(c, 0x81, "text")),
    "lent in part": lambda c: read_trial(c, frame(c, 0x82, LARGE)[:-1]),
    "lent to a batch": lambda c: read_trial(c, frame(c, 0x81, "text") * 9, batch=2),
    "lent to a reader": lambda c: read_trial(c, frame(c, 0x81, "text"), waits=True),
    "in place": lambda c: read_trial(c, frame(c, 0x82, LARGE)[21_000:41_000], frame(c, 0x82, LARGE)[:21_000]),
    "text in place": lambda c: read_trial(c, frame(c, 0x81, "é" * 20_000)[21_000:], frame(c, 0x81, "é" * 20_000)[:21_000]),
    "to a reader": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text"), waits=True),
    "to a reader that answers": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text"), waits=True, sender=make_sender(c)),
    "two to a reader": lambda c: inbox_trial(c, "data_received", frame(c, 0x81, "text") * 2, waits=True),
    "wake": lambda c: inbox_trial(c, "wake", waits=True),
    "cancel": lambda c: inbox_trial(c, "cancel", waits=True),
    "cancel with a word": lambda c: inbox_trial(c, "cancel", "word", waits=True),
    "loop": lambda c: inbox_trial(c, "get_loop"),
    "step": lambda c: filled_trial(c, send_of_reading),
    "step where the peer is held": lambda c: filled_trial(c, send_of_reading, held=True),
    "iterate": lambda c: filled_trial(c, next_of_reading),
    "clear": lambda c: filled_trial(c, lambda made: Trial(made.clear, (), lambda: not made.messages)),
}  # fmt: skip


kept: list[object] = []


def make_trial(c: Twin, name: str) -> Trial:
    """A trial whose lists and tuples need memory: none that was freed before is left."""
    kept.clear()
    trial = TRIALS[name](c)
    kept.extend([each] for each in range(300))
    kept.extend((each,) for each in range(3000))
    return trial


@pytest.mark.parametrize("name", TRIALS)
def test_calls(c: Twin, name: str) -> None:
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)  # within no task, so that a reader is stepped at once
    try:
        refuse_until_it_succeeds(lambda: make_trial(c, name))
    finally:
        asyncio._set_running_loop(None)
        loop.close()


@pytest.mark.parametrize("name", [name for name in TRIALS if "to a reader" in name])
async def test_calls_amid_a_task(c: Twin, name: str) -> None:
    refuse_until_it_succeeds(lambda: make_trial(c, name))


def test_a_payload_that_cannot_grow_is_lost_for_good(c: Twin) -> None:
    hooks: Any = pytest.importorskip("_testcapi", reason="this Python has no failing allocator")
    made, rest = make_half(c)
    refused = False
    hooks.set_nomemory(0, 1)
    try:
        made.get_buffer(0)
    except MemoryError:
        refused = True
    finally:
        hooks.remove_mem_hooks()
    assert refused
    made.data_received(rest)
    assert made.messages == []


@pytest.mark.skipif(
    sys.version_info >= (3, 12),
    reason="a handler of exceptions of this Python needs memory, and is tried for ever without",
)
def test_loading_the_module(c: Twin) -> None:
    """In a process of its own, with all that it imports imported before."""
    pytest.importorskip("_testcapi", reason="this Python has no failing allocator")
    done = subprocess.run(
        [sys.executable, "-c", LOADING, c.module("_twin")._chosen.__file__],
        env=os.environ | {"WEFT_NO_EXTENSIONS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


LOADING = """
import _imp, _testcapi, importlib.machinery as machinery, sys
import weft_websocket._twin._py
spec = machinery.ModuleSpec(
    "weft_websocket._twin._c", machinery.ExtensionFileLoader, origin=sys.argv[1])
refused = MemoryError, ImportError  # made here: a handler has no memory for a tuple
for place in range(100_000):
    succeeded = False
    for stop in (place + 1, 0):
        try:
            _testcapi.set_nomemory(place, stop)
            module = _imp.create_dynamic(spec)
            _imp.exec_dynamic(module)
            succeeded = True
        except refused:
            succeeded = False
        except SystemError as exc:  # the interpreter's own: an import that went on without memory
            assert "__import__" in str(exc) and isinstance(exc.__cause__, MemoryError), exc
            succeeded = False
        finally:
            _testcapi.remove_mem_hooks()
    module = None
    if succeeded:
        break
print(place)
module = _imp.create_dynamic(spec)
_imp.exec_dynamic(module)
assert module.FrameScanner(False, False, True, 9, 9, 9).feed(b"\\x81\\x01a")[0].data == "a"
"""
