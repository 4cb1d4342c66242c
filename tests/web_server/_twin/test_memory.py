"""Without memory there is an error, or the longer way, and every object is fit for use: each
allocation of a call is refused, alone and with all behind it."""

import asyncio
import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.nomemory import Trial, refuse_until_it_succeeds

from weft_http_parser import END, RequestHead
from weft_web_server import Response
from weft_web_server._twin import BACKEND
from weft_web_server.connection import Phase, make_kinds
from weft_web_server.exchange import Exchange

if BACKEND != "c":
    pytest.skip("the C twin is not built, or not wanted", allow_module_level=True)

from support.starting import Scene, loop_without_task

from weft_web_server._twin import _c

ROOT = Path(__file__).resolve().parents[3]
GET = RequestHead("GET", "/", headers=[("Host", "a")])
PLAIN = Response(text="hello")
EMPTY = Response()
POST = RequestHead("POST", "/", headers=[("Host", "a"), ("Content-Length", "1")])


@pytest.fixture(autouse=True)
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with loop_without_task() as made:
        yield made


async def answer(response: Response) -> Response:
    return response


async def work(exchange: object, request: object, begun: Any = None, *more: object) -> None:
    """The long way, at once at its end."""
    if begun is not None:
        begun.close()


async def work_on(exchange: object, request: object, begun: Any = None, *more: object) -> None:
    """The same where it waits."""
    if begun is not None:
        begun.close()
    await asyncio.sleep(0)


def always(value: object) -> Any:
    """A function of one argument that is no Python."""
    return functools.partial(next, iter([value] * 9))


def make_scene(response: Response = PLAIN, *, events: Any = (), **kinds: Any) -> Scene:
    """A scene whose requests come, find their handlers and are answered without Python."""
    given = {"resolve": always(always(answer(response))), "find": None}
    scene = Scene(work=work, kinds=given | kinds)
    scene.carrier.core = SimpleNamespace(  # type: ignore[assignment]  # in its place
        receive=always([*(events or [GET, END])]),
        answered=[].clear,
        send_whole=always(None),
    )
    scene.server.now = 5.0
    return scene


def read(response: Response = PLAIN, *, gathered: bytes = b"", **kinds: Any) -> Trial:
    scene = make_scene(response, **kinds)
    scene.carrier._out = gathered
    return Trial(scene.starter.receive, (scene.carrier, b""), lambda: is_sound(scene))


def start() -> Trial:
    scene = make_scene()
    scene.carrier.exchange = Exchange(scene.carrier, GET)
    scene.carrier.phase = Phase.BUSY
    scene.carrier._is_receiving = True
    return Trial(scene.starter.start, (scene.carrier,), lambda: is_sound(scene))


def make_starter() -> Trial:
    scene = make_scene()
    given = scene.server, work, make_kinds(scene.server)
    return Trial(_c.Starter, given)


def is_sound(scene: Scene) -> bool:
    assert asyncio.current_task(asyncio.get_running_loop()) is None
    return isinstance(scene.carrier._out, bytes)


def respond(**given: Any) -> Trial:
    return Trial(functools.partial(Response, **given), (), lambda: Response(text="x").text == "x")


TRIALS: dict[str, Callable[[], Trial]] = {
    "starter": make_starter,
    "an answer": read,
    "without a body": lambda: read(EMPTY),
    "another": lambda: read(gathered=b"x" * 100),
    "a body": lambda: read(events=[POST, b"x", END]),
    "another kind": lambda: read(Response(text="x", status=299)),
    "a table": lambda: read(find=functools.partial({}.get)),
    "a start": start,
    "text": lambda: respond(text="h\u00e9llo"),
    "text of a kind": lambda: respond(text="x", content_type="text/other"),
    "body": lambda: respond(body=b"x", status=201),
    "slowly": lambda: respond(body=b"x", charset=None, reason="x"),
    "too slowly": lambda: Trial(functools.partial(type, Response), (), bool),
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("name", TRIALS)
def test_calls(name: str) -> None:
    kept: list[Any] = []

    def make() -> Trial:
        kept.clear()
        trial = TRIALS[name]()
        kept.extend([each] for each in range(300))
        kept.extend((each,) * 3 for each in range(3000))  # none that was freed before is left
        kept.extend(dict.fromkeys((each,)) for each in range(300))
        return trial

    refuse_until_it_succeeds(make)


@pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="the dict of a type that cannot grow ends this Python"
)
def test_loading_the_module() -> None:
    """In a process of its own, with all that it imports imported before."""
    pytest.importorskip("_testcapi", reason="this Python has no failing allocator")
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(_c.__file__)],
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
import weft_web_server
spec = machinery.ModuleSpec(
    "weft_web_server._twin._c", machinery.ExtensionFileLoader, origin=sys.argv[1])
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
assert module.Starter and module.Swift
"""
