"""What the C module takes of Python, whom it makes quicker, and that nothing of it is left over."""

import asyncio
import gc
import sys
import time
import weakref
from collections.abc import Iterator
from typing import Any, NoReturn, cast

import pytest
from support.serving import get

from weft_http_parser import Role
from weft_web_server import BaseRequest, Response, request_task
from weft_web_server._twin import BACKEND, begun
from weft_web_server.connection import Phase

if BACKEND != "c":
    pytest.skip("the C twin is not built, or not wanted", allow_module_level=True)

from support.starting import (
    Scene,
    Trouble,
    fail,
    fail_to_work,
    greet,
    keep,
    loop_without_task,
    make_fresh,
)

from weft_web_server._twin import _c


@pytest.fixture(autouse=True)
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with loop_without_task() as made:
        yield made


class TestHelp:
    """What the module takes of Python."""

    def test_a_task_that_cannot_be_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(request_task, "make_latent", fail)
        with pytest.raises(Trouble):
            Scene(module=make_fresh()).receive()

    def test_a_time_that_cannot_be_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "monotonic", fail)
        scene = Scene(module=make_fresh())
        monkeypatch.undo()
        scene.server.is_logging = True
        with pytest.raises(Trouble):
            scene.receive()

    def test_a_task_that_cannot_be_entered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(asyncio, "_enter_task", fail)
        with pytest.raises(Trouble):
            Scene(module=make_fresh()).receive()

    def test_a_task_that_cannot_be_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leave = asyncio._leave_task

        def leave_and_fail(loop: Any, task: Any) -> NoReturn:
            leave(loop, task)
            raise Trouble

        monkeypatch.setattr(asyncio, "_leave_task", leave_and_fail)
        module = make_fresh()
        for handler in (greet, fail):
            with pytest.raises(Trouble):
                Scene(handler, module=module).receive()
        scenes = [Scene(module=module) for _ in range(300)]
        gc.collect()
        blocks = sys.getallocatedblocks()
        for scene in scenes:
            with pytest.raises(Trouble):
                scene.receive()
            scene.carrier.exchange = None
        gc.collect()
        assert sys.getallocatedblocks() - blocks < 600  # an answer each would be more

    @pytest.mark.parametrize("name", ["end_first_step", "leave_first_step"])
    def test_a_task_that_cannot_be_told(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(request_task, name, fail)
        module = make_fresh()

        async def wait(request: BaseRequest) -> Response:
            request.task.get_name()
            if name == "leave_first_step":
                await asyncio.sleep(0)
            return Response(text="x")

        async def work(exchange: Any, request: Any, come: Any = None, *more: Any) -> None:
            if come is not None:
                await come

        with pytest.raises(Trouble):
            Scene(wait, module=module, work=work).receive()

    @pytest.mark.parametrize("count", [fail, str])
    def test_a_task_that_cannot_be_counted(
        self, count: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(weakref, "getweakrefcount", count)
        with pytest.raises((Trouble, TypeError, SystemError)):
            Scene(module=make_fresh()).receive()

    @pytest.mark.parametrize("name", ["given", "failing", "going"])
    def test_what_is_begun_fails(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        async def handler(request: BaseRequest) -> Any:
            if name == "failing":
                raise KeyError
            if name == "going":
                await asyncio.sleep(0)
            return "no response"

        monkeypatch.setattr(begun, name, fail)
        with pytest.raises(Trouble):
            Scene(handler, module=make_fresh()).receive()

    @pytest.mark.parametrize(
        ("module", "name"),
        [(request_task, "LatentTask"), (request_task, "OWN_WEAKLY"), (asyncio, "_enter_task")],
    )
    def test_what_is_not_there(
        self, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.delattr(module, name)
            with pytest.raises(AttributeError, match=name):
                make_fresh()
        with monkeypatch.context() as patched:
            patched.setattr(module, name, "odd")
            if name == "_enter_task":
                return
            with pytest.raises((AttributeError, TypeError)):
                make_fresh()


class TestQuicken:
    def test_arguments(self) -> None:
        for given in ((), (Response(), 3, str)):
            with pytest.raises(TypeError, match="quicken"):
                _c.quicken(*given)
        with pytest.raises(TypeError, match="Swift"):
            _c.quicken(object(), "text/plain", str)  # type: ignore[arg-type]  # on purpose

    def test_classes_that_are_other(self) -> None:
        module = make_fresh()
        names = {"__slots__": tuple(f"s{number}" for number in range(40))}
        with pytest.raises(TypeError, match="too many"):
            module.quicken(type("Large", (module.Swift,), names)(), "", str)
        with pytest.raises(AttributeError, match="no attribute"):
            module.quicken(module.Swift.__new__(type("Own", (module.Swift,), {})), "", str)

    def test_calls_that_fail(self) -> None:
        with pytest.raises(UnicodeEncodeError):
            Response(text="\ud800")
        with pytest.raises(ValueError, match="charset"):
            Response(text="x", content_type="text/html; charset=x")
        with pytest.raises(TypeError):
            Response(text="x", content_type=3)  # type: ignore[arg-type]  # on purpose

    def test_names_that_are_odd(self) -> None:
        class Name(str):
            def __hash__(self) -> int:
                raise Trouble

        with pytest.raises((Trouble, TypeError)):
            cast("Any", Response)(**{Name("text"): "x"})


def test_nothing_leaks() -> None:
    """Neither answers nor failures leave blocks behind."""

    async def wrong(request: BaseRequest) -> Response:
        raise KeyError

    scenes = [Scene(), Scene(wrong, work=keep([])), Scene(kinds={"find": lambda *given: None})]
    unlucky = [Scene(fail, work=fail_to_work) for _ in range(200)]

    def work() -> None:
        for scene in scenes:
            for _ in range(100):
                scene.link.written.clear()
                scene.carrier.phase, scene.carrier.exchange = Phase.IDLE, None
                scene.carrier.core = type(scene.carrier.core)(Role.SERVER)
                scene.receive(get())

    work()
    work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(5):
        work()
    for each in unlucky:
        with pytest.raises(Trouble):
            each.receive()
        each.carrier.exchange = None
    gc.collect()
    assert sys.getallocatedblocks() - before < 400
