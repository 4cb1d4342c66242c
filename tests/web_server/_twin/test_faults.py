"""What goes wrong around a starter in C: every function of Python's that it calls fails once, and no
task stays entered, no bytes are lost that were gathered, and nobody ends the process."""

import asyncio
import functools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support.serving import get

from weft_http_parser import END, RequestHead
from weft_routing import Match
from weft_web_server import BaseRequest, Response, Server
from weft_web_server._twin import BACKEND
from weft_web_server.connection import Phase, ServerConnection, make_kinds
from weft_web_server.serve import make_work

if BACKEND != "c":
    pytest.skip("the C twin is not built, or not wanted", allow_module_level=True)

from support.starting import (
    Scene,
    Trouble,
    Wrong,
    fail,
    fail_to_work,
    greet,
    keep,
    loop_without_task,
)

from weft_web_server._twin import _c


@pytest.fixture(autouse=True)
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with loop_without_task() as made:
        yield made


class TestMaking:
    def test_arguments(self) -> None:
        with pytest.raises(TypeError):
            _c.Starter()  # type: ignore[call-arg]  # on purpose
        server = Server(greet)
        for kinds in ((), list(make_kinds(server))):
            with pytest.raises(TypeError, match="another version"):
                _c.Starter(server, make_work(server), kinds)  # type: ignore[arg-type]  # the same

    @pytest.mark.parametrize(
        "name", ["carrier", "response", "request_class", "match", "destination", "prefixes"]
    )
    def test_kinds_that_are_none(self, name: str) -> None:
        with pytest.raises(TypeError, match="kinds that are none"):
            Scene(kinds={name: None})

    @pytest.mark.parametrize("name", ["exchange", "body", "carrier", "match"])
    def test_kinds_without_slots(self, name: str) -> None:
        class Empty: ...

        kind = Empty if name in ("carrier", "match") else Empty()
        with pytest.raises(AttributeError):
            Scene(kinds={name: kind})

    def test_slots_that_are_none(self) -> None:
        class Odd:
            carrier = property(fail)

        with pytest.raises(TypeError, match="has no slot carrier"):
            Scene(kinds={"exchange": Odd()})

    def test_members_that_are_no_slots(self) -> None:
        """Of a class in C, whose members are other than those of Python's classes."""
        kind = type("Own", (functools.partial,), {"_data": functools.partial.__dict__["func"]})
        with pytest.raises(TypeError, match="has no slot _data"):
            Scene(kinds={"body": kind(print)})

    @pytest.mark.parametrize("name", ["exchange", "body", "request"])
    def test_more_slots_than_there_is_room_for(self, name: str) -> None:
        names = {"__slots__": tuple(f"s{number}" for number in range(40))}
        with pytest.raises(TypeError, match="too many"):
            Scene(kinds={name: type("Large", (), names)()})

    def test_without_a_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio._set_running_loop(None)
        with pytest.raises(RuntimeError, match="no running event loop"):
            Scene()
        asyncio._set_running_loop(SimpleNamespace(get_task_factory=fail))  # type: ignore[arg-type]  # on purpose
        with pytest.raises(Trouble):
            Scene()
        asyncio._set_running_loop(loop)


class TestReceiving:
    def test_arguments(self) -> None:
        scene = Scene()
        with pytest.raises(TypeError, match="two arguments"):
            scene.starter.receive(scene.carrier)
        with pytest.raises(TypeError, match="serves connections"):
            scene.starter.receive(None, b"")
        with pytest.raises(TypeError, match="serves connections"):
            scene.starter.start(None)

    def test_answers_are_written(self) -> None:
        scene = Scene()
        assert scene.receive(get() * 3) is None
        assert b"".join(scene.link.written).count(b"\r\n\r\nhello") == 3

    @pytest.mark.parametrize("events", [(), [END], ["head", "data", END], [1, 2, 3, END]])
    def test_events_that_are_no_request(self, events: Any) -> None:
        scene = Scene()
        scene.carrier.core = SimpleNamespace(receive=lambda data: events)  # type: ignore[assignment]  # in its place
        if events and events[0] == "head":
            with pytest.raises(AttributeError, match="traits"):
                scene.receive()
        else:
            assert scene.receive() is events

    def test_bytes_that_are_none(self) -> None:
        scene = Scene()
        head = RequestHead("POST", "/", headers=[("Content-Length", "1")])
        events = [head, bytearray(b"x"), END]
        scene.carrier.core = SimpleNamespace(receive=lambda data: events)  # type: ignore[assignment]  # in its place
        assert scene.receive() is events

    def test_amid_another(self) -> None:
        scene = Scene()
        scene.carrier._is_receiving = True
        assert len(scene.receive()) == 2
        scene.carrier._is_receiving = False
        scene.carrier.phase = Phase.BUSY
        assert scene.receive() == []

    @pytest.mark.parametrize("method", ["receive", "answered"])
    def test_a_core_that_fails(self, method: str) -> None:
        scene = Scene()
        core = scene.carrier.core
        given: dict[str, Any] = {"receive": core.receive, "answered": core.answered}
        scene.carrier.core = SimpleNamespace(**given | {method: fail})  # type: ignore[assignment]  # in its place
        with pytest.raises(Trouble):
            scene.receive()

    def test_a_time_that_is_none(self) -> None:
        scene = Scene()
        scene.server.now = "now"  # type: ignore[assignment]  # on purpose
        with pytest.raises(TypeError):
            scene.receive()

    def test_a_turn_that_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def wait(request: BaseRequest) -> Response:
            await asyncio.get_running_loop().create_future()
            return Response()

        scene = Scene(wait)
        monkeypatch.setattr(ServerConnection, "next_events", fail)
        with pytest.raises(Trouble):
            scene.receive()
        scene.carrier.exchange.task.cancel()  # type: ignore[union-attr]  # it is there
        self.run_out(scene.carrier.exchange.task)  # type: ignore[union-attr]  # the same

    @staticmethod
    def run_out(task: asyncio.Task[None]) -> None:
        """Have the task come to its end."""
        loop = task.get_loop()
        asyncio._set_running_loop(None)
        loop.run_until_complete(asyncio.wait([task]))
        asyncio._set_running_loop(loop)


class TestSending:
    def test_a_link_whose_attributes_fail(self) -> None:
        for name in ("bypass", "transport"):
            scene = Scene()
            scene.link.bypass = 0
            delattr(scene.link, name)
            with pytest.raises(AttributeError, match=name):
                scene.receive()

    def test_odd_numbers(self) -> None:
        for number in (-1, 1 << 40):
            scene = Scene()
            scene.link.bypass = number
            assert scene.receive() is None
            assert scene.link.written
        scene.link.bypass = "text"
        with pytest.raises(TypeError):
            scene.receive()

    def test_what_waits(self) -> None:
        scene = Scene()
        scene.link.bypass = 1 << 20  # open nowhere
        for waiting in (1, 0):
            scene.link.waiting = waiting
            assert scene.receive() is None
        assert len(scene.link.written) == 2
        scene.link.waiting = Wrong()
        with pytest.raises(Trouble):
            scene.receive()

    def test_a_write_that_fails(self) -> None:
        scene = Scene()
        scene.link.write = fail  # type: ignore[method-assign]  # on purpose
        with pytest.raises(Trouble):
            scene.receive()
        scene = Scene()
        scene.open()
        scene.link.write = fail  # type: ignore[method-assign]  # on purpose
        with pytest.raises(Trouble):
            scene.starter.start(scene.carrier)

    @pytest.mark.parametrize("is_full", [True, False])
    def test_a_link_that_may_be_full(self, is_full: bool) -> None:
        scene = Scene()
        assert scene.receive() is None
        assert scene.carrier._is_clogged
        scene.link.is_full = is_full
        scene.receive()
        assert scene.carrier._is_clogged  # it took bytes again
        assert len(scene.link.written) + bool(scene.carrier._out) == 2

    def test_a_link_that_cannot_say(self) -> None:
        scene = Scene()
        assert scene.receive() is None
        scene.link.is_full = Wrong()
        with pytest.raises(Trouble):
            scene.receive()
        scene = Scene()
        assert scene.receive() is None
        del scene.link.is_full
        with pytest.raises(AttributeError, match="is_full"):
            scene.receive()

    def test_what_is_gathered_goes_first(self) -> None:
        async def much(request: BaseRequest) -> Response:
            return Response(body=b"x" * 30_000)

        scene = Scene(much)
        scene.deliver()  # from here on such an answer is usual
        scene.link.written.clear()
        assert scene.receive(get() * 9) is None
        assert len(scene.link.written) > 1
        assert b"".join(scene.link.written).count(b"HTTP/1.1 200 OK") == 9

    def test_what_was_gathered_fails_first(self) -> None:
        async def much(request: BaseRequest) -> Response:
            return Response(body=b"x" * 30_000)

        scene = Scene(much)
        scene.deliver()
        scene.link.write = fail  # type: ignore[method-assign]  # on purpose
        with pytest.raises(Trouble):
            scene.receive(get() * 9)
        assert isinstance(scene.carrier._out, bytes)


class TestStarting:
    """A starter of the connection's own, as for requests that are not whole."""

    def test_the_answer_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scene = Scene()
        scene.receive()
        scene.open()
        scene.starter.start(scene.carrier)
        assert len(scene.link.written) == 2
        scene = Scene()
        scene.open()
        monkeypatch.setattr(ServerConnection, "over", fail)
        with pytest.raises(Trouble):
            scene.starter.start(scene.carrier)

    def test_amid_a_read(self) -> None:
        scene = Scene()
        scene.open()
        scene.carrier._is_receiving = True
        scene.starter.start(scene.carrier)
        assert scene.carrier.phase is Phase.READY

    def test_a_core_that_fails(self) -> None:
        scene = Scene()
        scene.open()
        scene.carrier.core = SimpleNamespace(send_whole=fail)  # type: ignore[assignment]  # in its place
        with pytest.raises(Trouble):
            scene.starter.start(scene.carrier)

    def test_a_head_that_is_none(self) -> None:
        scene = Scene()
        scene.open()
        assert scene.carrier.exchange is not None
        scene.carrier.exchange.head = SimpleNamespace()  # type: ignore[assignment]  # in its place
        with pytest.raises(AttributeError, match="traits"):
            scene.starter.start(scene.carrier)

    @pytest.mark.parametrize("missing", ["target", "method"])
    def test_a_head_in_part(self, missing: str) -> None:
        parts = {"traits": 0, "target": "/", "method": "GET", "framing": None}
        del parts[missing]
        seen: list[Any] = []
        scene = Scene(work=keep(seen), kinds={"find": lambda method, target: None})
        scene.open(head=SimpleNamespace(**parts))
        scene.starter.start(scene.carrier)
        assert isinstance(seen[0], AttributeError)

    @pytest.mark.parametrize("target", ["/?x", "/#x", "*"])
    def test_targets_that_no_table_has(self, target: str) -> None:
        asked: list[str] = []

        def find(method: str, target: str) -> None:
            asked.append(target)

        scene = Scene(kinds={"find": find})
        traits = RequestHead("OPTIONS", "/" if "#" in target else target).traits
        scene.open(
            head=SimpleNamespace(
                traits=traits, target=target, method="OPTIONS", framing=None, marks=0
            )
        )
        scene.starter.start(scene.carrier)
        assert asked == []
        assert scene.link.written

    def test_a_table_that_fails(self) -> None:
        seen: list[Any] = []
        scene = Scene(work=keep(seen), kinds={"find": fail})
        scene.receive()
        assert isinstance(seen[0], Trouble)

    def test_finds_of_another_kind(self) -> None:
        for value in ("no endpoint", None):
            found = Match.__new__(Match)
            found.value = value
            scene = Scene(kinds={"find": lambda method, target, found=found: found})
            assert b"hello" in scene.deliver()

    def test_handlers_that_fail(self) -> None:
        seen: list[Any] = []
        for handler in (fail, lambda request: keep(seen)(0, 0, None), lambda request: None):
            Scene(handler, work=keep(seen)).receive()
        assert isinstance(seen[0], Trouble)
        assert len(seen) == 4

    @pytest.mark.parametrize("way", ["receive", "start"])
    def test_work_that_fails(self, way: str) -> None:
        """As it does where no handler is begun, and behind one."""
        for is_logging in (False, True):
            scene = Scene(fail, work=fail_to_work)
            scene.server.is_logging = is_logging
            if way == "start":
                scene.open()
            with pytest.raises(Trouble):
                scene.receive() if way == "receive" else scene.starter.start(scene.carrier)

    def test_a_request_that_cannot_be_made(self, loop: asyncio.AbstractEventLoop) -> None:
        class Own(BaseRequest):
            __init__ = fail

        scene = Scene(kinds={"request": None, "request_class": Own})
        with pytest.raises(Trouble):
            scene.receive()
        assert scene.carrier.exchange is not None
        assert asyncio.all_tasks(loop) == set()
        scene.carrier.exchange.task.cancel()  # as where the client goes away
        loop.set_task_factory(fail)
        scene = Scene(kinds={"request": None, "request_class": Own})
        with pytest.raises(Trouble):
            scene.receive()
        with pytest.raises(Trouble):
            Scene(work=lambda *given: None).receive()
        with pytest.raises(Trouble):
            Scene(work=fail_to_work).receive()

    def test_a_response_that_was_never_made(self) -> None:
        async def handler(request: BaseRequest) -> Response:
            return Response.__new__(Response)

        seen: list[Any] = []
        scene = Scene(handler, work=keep(seen))
        scene.receive()
        assert type(seen[0]) is Response

    def test_a_prefix_that_cannot_be_looked_up(self) -> None:
        async def handler(request: BaseRequest) -> Response:
            made = Response(text="x")
            made._reason = []  # type: ignore[assignment]  # on purpose
            return made

        with pytest.raises(TypeError, match="unhashable"):
            Scene(handler).receive()

    def test_a_server_that_drains(self) -> None:
        scene = Scene()
        scene.server.is_draining = True
        assert b"Connection: close" in scene.deliver()

    def test_cookies_and_fields(self) -> None:
        async def handler(request: BaseRequest) -> Response:
            made = Response(text="x")
            made.set_cookie("a", "b")
            return made

        scene = Scene(handler)
        assert b"Set-Cookie: a=b" in scene.deliver()

    @pytest.mark.parametrize("kind", ["wishes", "large", "buffer", "media", "sent", "partly"])
    def test_what_is_not_usual(self, kind: str) -> None:
        async def handler(request: BaseRequest) -> Response:
            if kind == "large":
                return Response(body=b"x" * 40_000)
            if kind == "buffer":
                return Response(body=bytearray(b"x"))
            if kind == "media":
                return Response(content_type="text/html")
            made = Response(text="x")
            if kind == "wishes":
                made.enable_compression()
            if kind == "sent":
                await made.prepare(request)
            return made

        scene = Scene(handler)
        for _ in range(2):
            if kind == "partly":
                scene.open()
                assert scene.carrier.exchange is not None
                scene.carrier.exchange.is_whole = False
                scene.link.written.clear()
                scene.starter.start(scene.carrier)
                assert scene.link.written[0].endswith(b"x")
                break
            assert b"".join(bytes(part) for part in [scene.deliver()]).startswith(b"HTTP/1.1 200")

    def test_methods_without_a_body(self) -> None:
        scene = Scene()
        scene.open(RequestHead("HEAD", "/", headers=[("Host", "a")]))
        scene.starter.start(scene.carrier)
        assert scene.link.written[0].endswith(b"\r\n\r\n")

    def test_a_log_that_fails(self) -> None:
        scene = Scene(kinds={"log_access": fail})
        scene.server.is_logging = True
        with pytest.raises(Trouble):
            scene.receive()

    def test_within_another_task(self, loop: asyncio.AbstractEventLoop) -> None:
        scene = Scene()
        asyncio._set_running_loop(None)

        async def start() -> None:
            assert scene.deliver() == b""
            await asyncio.sleep(0)
            assert scene.link.written

        loop.run_until_complete(start())

        async def fail_to_start() -> None:
            later = Scene()
            loop.call_soon, before = fail, loop.call_soon  # type: ignore[method-assign]  # on purpose
            try:
                with pytest.raises(Trouble):
                    later.receive()
            finally:
                loop.call_soon = before  # type: ignore[method-assign]  # as it was

        loop.run_until_complete(fail_to_start())
        asyncio._set_running_loop(loop)
