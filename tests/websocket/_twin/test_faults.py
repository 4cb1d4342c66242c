"""What goes wrong around the hot ways, and what takes one of them for another: on both twins where
the specification says something, on a fresh copy of the C module where Python's functions fail."""

import asyncio
import contextvars
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import pytest
from support.twins import Twin, load_twin

KEY = b"\x11\xa2\x33\xc4"
LARGE = bytes(40_000)


def frame(twin: Twin, payload: str | bytes, first: int = 0) -> bytes:
    first = first or (0x81 if isinstance(payload, str) else 0x82)
    made: bytes = twin.module("_twin").render_frame(first, payload, KEY)
    return made


def fail(*args: object, **keywords: object) -> NoReturn:
    raise ZeroDivisionError


class Owner:
    """Notes what it is asked."""

    def __init__(
        self, twin: Twin | ModuleType, *, text: bool = True, most: int = 1 << 20, batch: int = 4
    ) -> None:
        made = twin.module("_twin") if isinstance(twin, Twin) else twin
        self.scanner = made.FrameScanner(True, False, text, most, 3, batch)
        self.inbox = made.Inbox(self, self.scanner, 4)
        self.calls: list[Any] = []
        self.stepped: list[Any] = []

    def wait(self, step: Callable[[Any], object] | None = None) -> contextvars.Context:
        """As a task does that has to wait."""
        context = contextvars.copy_context()
        self.inbox.add_done_callback(step or self.stepped.append, context=context)
        return context

    def read(self, data: bytes) -> None:
        memory = self.inbox.get_buffer(0)
        memory[: len(data)] = data
        self.inbox.buffer_updated(len(data))

    def take_frames(self, frames: list[Any]) -> None:
        self.calls.append((frames, self.scanner.fault))

    def take_bytes(self, data: bytes) -> None:
        self.calls.append(data)

    def hold_peer(self) -> None:
        self.calls.append("hold")

    def finish_read(self, message: Any, is_iteration: bool) -> Any:
        return "finished", message


@contextmanager
def loop_without_task() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs here, amid no task."""
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    try:
        yield loop
    finally:
        asyncio._set_running_loop(None)
        loop.close()


@pytest.fixture
def free() -> Iterator[asyncio.AbstractEventLoop]:
    with loop_without_task() as loop:
        yield loop


@pytest.fixture
def c() -> Twin:
    return load_twin("weft_websocket", "c")


@pytest.fixture
def fresh(c: Twin) -> ModuleType:
    """The C module once more: what it takes of Python is looked up anew."""
    spec = c.module("_twin")._chosen.__spec__
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("way", ["data_received", "read"])
class TestReads:
    """The two ways in which bytes come to a reader that waits."""

    def test_a_step_that_fails_comes_out(self, twin: Twin, way: str, free: object) -> None:
        for count in (1, 2):
            owner = Owner(twin)
            owner.wait(fail)
            with pytest.raises(ZeroDivisionError):
                give(owner, way, frame(twin, "x") * count)
            assert [it.data for it in owner.inbox.messages] == ["x"] * count
            assert not owner.inbox.is_awaited

    def test_a_context_that_is_entered_already(self, twin: Twin, way: str, free: object) -> None:
        owner = Owner(twin)
        context = owner.wait()
        with pytest.raises(RuntimeError, match="enter context"):
            context.run(give, owner, way, frame(twin, "x"))
        assert owner.stepped == []
        assert len(owner.inbox.messages) == 1

    def test_what_hears_may_say_something(self, twin: Twin, way: str) -> None:
        owner = Owner(twin)
        owner.inbox.hear = object
        give(owner, way, frame(twin, "x"))
        assert len(owner.inbox.messages) == 1

    def test_what_hears_may_fail(self, twin: Twin, way: str) -> None:
        owner = Owner(twin)
        owner.inbox.hear = fail
        with pytest.raises(ZeroDivisionError):
            give(owner, way, frame(twin, "x"))
        assert owner.inbox.messages == []

    def test_a_reader_that_waits_beside_messages(self, twin: Twin, way: str, free: object) -> None:
        owner = Owner(twin)
        owner.wait()
        owner.inbox.put((twin.WSMsgType.TEXT, "first", ""))
        give(owner, way, frame(twin, "second"))
        assert len(owner.stepped) == 1
        assert [it[1] for it in owner.inbox.messages] == ["first", "second"]

    def test_a_held_peer_is_held_once(self, twin: Twin, way: str) -> None:
        owner = Owner(twin)
        owner.inbox.is_held = True
        for _ in range(5):
            give(owner, way, frame(twin, "x"))
        assert owner.calls == []

    def test_bytes_for_a_reader_are_checked(self, twin: Twin, way: str, free: object) -> None:
        for payload, fault in ((b"\xc3\xa9", 0), (b"\xff\xff", 13), (b"\xc3", 13), (b"", 0)):
            owner = Owner(twin, text=False)
            owner.wait()
            give(owner, way, frame(twin, payload, 0x81))
            assert owner.scanner.fault == fault
            if fault == 0:
                (message,) = owner.inbox.messages
                assert type(message) is twin.WSMessageTextBytes
                assert message.data == payload

    @pytest.mark.parametrize(
        "before", ["fault", "close", "part", "fragment", "header", "batch", "limit"]
    )
    def test_no_message_alone(self, twin: Twin, way: str, before: str, free: object) -> None:
        """What a whole message comes behind decides what it is."""
        owner, message = Owner(twin, batch=1), frame(twin, "x")
        given = {
            "fault": b"\xff",
            "close": frame(twin, b"", 0x88),
            "part": message[:-1],
            "fragment": frame(twin, "x", 0x01),
            "header": message[:1],
            "batch": message * 2,
            "limit": b"",
        }
        idle = Owner(twin, batch=1)
        for each in (owner, idle):
            give(each, "data_received", given[before])
            if before == "limit":
                each.scanner.allow(5)
            each.inbox.clear()
        owner.wait()
        give(owner, way, message)
        give(idle, "data_received", message)
        assert owner.calls == idle.calls
        assert owner.inbox.messages == idle.inbox.messages
        assert owner.scanner.fault == idle.scanner.fault
        assert owner.scanner.has_more == idle.scanner.has_more

    def test_a_message_above_the_limit(self, twin: Twin, way: str, free: object) -> None:
        owner = Owner(twin, most=10)
        owner.wait()
        give(owner, way, frame(twin, "x" * 11))
        assert owner.scanner.fault == 11
        unlimited = Owner(twin, most=0)
        unlimited.wait()
        give(unlimited, way, frame(twin, "x" * 11))
        assert unlimited.inbox.messages[0].data == "x" * 11

    def test_after_a_fault_nothing_is_read(self, twin: Twin, way: str) -> None:
        owner = Owner(twin)
        for data in (b"\xff", frame(twin, "x")):
            give(owner, way, data)
        assert [frames for frames, _ in owner.calls] == [[], []]
        assert owner.inbox.messages == []


def give(owner: Owner, way: str, data: bytes) -> None:
    if way == "read":
        owner.read(data)
    else:
        owner.inbox.data_received(data)


def test_a_reader_is_given_a_buffer_that_is_no_bytes(twin: Twin, free: object) -> None:
    owner = Owner(twin)
    owner.wait()
    owner.inbox.data_received(bytearray(frame(twin, "x")))
    assert owner.inbox.messages[0].data == "x"
    assert len(owner.stepped) == 1


def test_a_buffer_that_nothing_was_put_in(twin: Twin) -> None:
    owner = Owner(twin)
    owner.inbox.buffer_updated(0)
    owner.inbox.get_buffer(0)
    owner.inbox.buffer_updated(0)
    owner.inbox.buffer_updated(0)
    assert owner.inbox.messages == []


def test_a_part_of_a_large_message_while_a_reader_waits(twin: Twin, free: object) -> None:
    owner = Owner(twin)
    data = frame(twin, LARGE)
    owner.read(data[:20_000])
    owner.wait()
    owner.inbox.put((twin.WSMsgType.TEXT, "first", ""))
    owner.read(data[20_000:20_100])
    owner.inbox.hear = fail
    with pytest.raises(ZeroDivisionError):
        owner.read(data[20_100:20_200])


def test_a_buffer_of_a_message_that_is_over(c: Twin) -> None:
    owner = Owner(c)
    data = frame(c, LARGE)
    owner.inbox.data_received(data[:20_000])
    owner.inbox.get_buffer(0)
    owner.inbox.data_received(data[20_000:] + data[:9_000])
    with pytest.raises(RuntimeError, match="at once"):
        owner.inbox.buffer_updated(19_000)


def test_a_reader_of_another_loop_is_stepped_with_the_inbox(twin: Twin) -> None:
    first, second = Owner(twin), Owner(twin)
    with loop_without_task():
        first.wait()
        with loop_without_task():
            second.wait()
        asyncio._set_running_loop(first.inbox.get_loop())
        first.inbox.data_received(frame(twin, "x"))
    assert first.stepped == [first.inbox]
    assert first.inbox.result() is None


def test_settling_that_fails(twin: Twin, free: object) -> None:
    owner = Owner(twin)
    owner.inbox.put((twin.WSMsgType.TEXT, "x", ""))
    owner.wait(fail)
    with pytest.raises(ZeroDivisionError):
        owner.inbox.settle()


def test_waiting_without_a_loop(twin: Twin) -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        Owner(twin).wait()


@pytest.mark.parametrize("odd", ["text", (), ("kind",), (None, 5)])
def test_odd_messages_are_the_owners(c: Twin, odd: Any) -> None:
    owner = Owner(c)
    owner.inbox.put(odd)
    assert not owner.inbox.is_full
    with pytest.raises(StopIteration) as caught:
        owner.inbox.read().send(None)
    assert caught.value.value == ("finished", odd)


def test_limits_and_parts_of_an_open_message(twin: Twin) -> None:
    scanner = Owner(twin).scanner
    scanner.feed(frame(twin, "ab", 0x01))
    scanner.allow(None)
    scanner.allow(2)
    assert scanner.feed(frame(twin, "c", 0x80)) == []
    assert scanner.fault == 11


def test_what_is_thrown_as_a_class_has_a_value(twin: Twin, free: object) -> None:
    reading = Owner(twin).inbox.read()
    with pytest.raises(ValueError, match=r"^word$"):
        reading.throw(ValueError, ValueError("word"))
    with pytest.raises(ValueError, match=r"^$"):
        Owner(twin).inbox.read().throw(ValueError, None)


def test_behind_a_batch_anything_may_come(twin: Twin) -> None:
    scanner = Owner(twin, batch=1).scanner
    assert len(scanner.feed(frame(twin, "a") * 2)) == 1
    assert scanner.feed(bytearray(frame(twin, "b")))[0].data == "a"
    assert scanner.feed(b"")[0].data == "b"


def test_a_length_of_all_bits(twin: Twin) -> None:
    with pytest.raises((OverflowError, ValueError)):
        twin.module("_twin").render_header(0x82, 1 << 64, None)
    assert twin.module("_twin").render_header(0x82, (1 << 64) - 1, None)[2:] == b"\xff" * 8


class TestSenders:
    def make(self, twin: Twin, **parts: Any) -> Any:
        link = SimpleNamespace(bypass=-1, transport=None, is_full=False, phase=1, write=[].append)
        vars(link).update(parts)
        return twin.module("_twin").Sender(link, link, 1 << 20, 1, True, False)

    def test_a_link_without_attributes(self, c: Twin) -> None:
        made = self.make(c)
        del made._link.is_full
        with pytest.raises(AttributeError, match="is_full"):
            c.module("_twin").offer_all((made,), None, b"frame", 0.0, 0.5)
        del made._protocol.phase
        with pytest.raises(AttributeError, match="phase"):
            made.send_text("x", None)

    def test_a_descriptor_that_is_none(self, c: Twin) -> None:
        written: list[bytes] = []
        made = self.make(c, bypass=1 << 40, write=written.append)
        made._answers_now = True
        made.send_text("x", None)
        assert written == [b"\x81\x01x"]

    def test_offers_to_what_is_no_sender(self, c: Twin) -> None:
        kind, offer_all = c.module("_twin").Sender, c.module("_twin").offer_all
        assert offer_all((kind.__new__(kind), None), None, b"frame", 0.0, 0.5) == [0, 1]
        with pytest.raises(TypeError):
            offer_all([], None, b"frame", 0.0, 0.5)
        with pytest.raises(RuntimeError, match="__init__"):
            kind.__new__(kind).write_frame(b"frame")


class TestLoading:
    """What the C module takes of Python when it is first needed."""

    def test_no_key(self, fresh: ModuleType, c: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        for odd in (lambda size: "text", lambda size: b"abc", fail):
            monkeypatch.setattr(os, "urandom", odd)
            spec = fresh.__spec__
            assert spec is not None
            assert spec.loader is not None
            made = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(made)
            link = SimpleNamespace(phase=1)
            sender = made.Sender(link, link, 1, 1, True, True)
            with pytest.raises((TypeError, ZeroDivisionError)):
                sender.send_text("x", None)

    @pytest.mark.parametrize(
        "name", ["get_running_loop", "_get_running_loop", "CancelledError", "current_task"]
    )
    def test_no_asyncio(
        self, fresh: ModuleType, name: str, free: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.delattr(asyncio, name)
            with pytest.raises(AttributeError, match=name):
                Owner(fresh).wait()
        Owner(fresh).wait()  # and it is there

    def test_no_tasks(
        self, fresh: ModuleType, free: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.delattr(asyncio.tasks, "_current_tasks", raising=False)
            patched.delattr(asyncio, "current_task")
            with pytest.raises(AttributeError, match="current_task"):
                Owner(fresh).wait()

    def test_a_loop_that_fails(
        self, fresh: ModuleType, c: Twin, free: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(asyncio, "_get_running_loop", fail)
        owner = Owner(fresh)
        owner.wait()
        with pytest.raises(ZeroDivisionError):
            owner.inbox.data_received(frame(c, "x"))

    @pytest.mark.parametrize("way", ["create_future", "__hash__"])
    def test_a_loop_that_is_none(self, fresh: ModuleType, c: Twin, way: str) -> None:
        kind = type("Loop", (), {"create_future": lambda self: SimpleNamespace(set_result=str)})
        setattr(kind, way, fail)
        owner = Owner(fresh)
        asyncio._set_running_loop(kind())
        try:
            with pytest.raises((ZeroDivisionError, AttributeError)):
                owner.wait()
                owner.inbox.data_received(frame(c, "x"))
        finally:
            asyncio._set_running_loop(None)

    def test_memory_in_two_threads(self, fresh: ModuleType, c: Twin) -> None:
        owner, other = Owner(fresh), Owner(fresh)
        owner.read(frame(c, "here"))
        thread = threading.Thread(target=other.read, args=(frame(c, "there"),))
        thread.start()
        thread.join()
        assert [it.inbox.messages[0].data for it in (owner, other)] == ["here", "there"]
