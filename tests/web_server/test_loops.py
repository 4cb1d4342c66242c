import asyncio
import sys
from collections.abc import Iterator

import pytest

from weft_web_server import ConfigurationError
from weft_web_server.loops import LoopName, close_loop, describe_loop, make_loop

uvloop = pytest.importorskip("uvloop")


@pytest.fixture
def no_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)


@pytest.mark.parametrize(
    ("name", "kind"), [("auto", "uvloop"), ("uvloop", "uvloop"), ("asyncio", "asyncio")]
)
def test_kinds(name: LoopName, kind: str) -> None:
    loop = make_loop(name)
    assert describe_loop(loop).split()[0] == kind
    assert (describe_loop(loop) == "asyncio") is (kind == "asyncio")
    close_loop(loop, is_hurried=False)
    assert loop.is_closed()


def test_without_uvloop(no_uvloop: None) -> None:
    loop = make_loop()
    assert describe_loop(loop) == "asyncio"
    loop.close()
    with pytest.raises(ConfigurationError, match="pip install uvloop"):
        make_loop("uvloop")


def test_no_such_loop() -> None:
    with pytest.raises(ConfigurationError, match="choose one of"):
        make_loop("trio")  # type: ignore[arg-type]  # the mistake under test


@pytest.fixture
def own_policy() -> Iterator[None]:
    if sys.version_info >= (3, 14):
        pytest.skip("policies are deprecated")

    class Own(asyncio.DefaultEventLoopPolicy):
        pass

    asyncio.set_event_loop_policy(Own())  # type: ignore[deprecated]  # not yet here
    yield
    asyncio.set_event_loop_policy(None)  # type: ignore[deprecated]  # the same


def test_a_policy_of_the_program_counts(own_policy: None) -> None:
    loop = make_loop()
    assert describe_loop(loop) == "asyncio"
    loop.close()


def test_a_loop_of_an_unknown_package() -> None:
    class Loop(asyncio.SelectorEventLoop):
        __module__ = "quick_loop.core"

    loop = Loop()
    assert describe_loop(loop) == "quick_loop"
    loop.close()


@pytest.mark.parametrize("is_hurried", [False, True])
def test_a_task_that_will_not_end_does_not_keep_the_program(
    monkeypatch: pytest.MonkeyPatch, is_hurried: bool
) -> None:
    monkeypatch.setattr("weft_web_server.loops.ENDING_SECONDS", 0.01)
    loop = make_loop("asyncio")
    loop.set_exception_handler(lambda loop, context: None)  # of a task that is destroyed
    cancelled = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(True)

    task = loop.create_task(stubborn())
    loop.call_soon(loop.stop)
    loop.run_forever()
    close_loop(loop, is_hurried=is_hurried)
    assert cancelled and loop.is_closed() and not task.done()
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # as meant
