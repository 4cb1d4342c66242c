"""A starter in C with all of Python's objects around it, each of which may fail."""

import asyncio
import gc
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType, ModuleType
from typing import Any, NoReturn

from support.serving import get

from weft_http_parser import RequestHead
from weft_web_server import BaseRequest, Response, Server
from weft_web_server._twin import _c
from weft_web_server.connection import Phase, ServerConnection, make_kinds
from weft_web_server.exchange import Exchange
from weft_web_server.serve import make_work


class Trouble(Exception):
    """Raised wherever the tests want it."""


def fail(*args: object, **keywords: object) -> NoReturn:
    raise Trouble


def fail_to_work(exchange: object, request: object, begun: Any = None, *more: object) -> NoReturn:
    """Instead of the coroutine function that answers a request."""
    if begun is not None:
        begun.close()
    raise Trouble


def keep(seen: list[Any]) -> Any:
    """Work that notes what handlers have come to."""

    async def work(exchange: Any, request: Any, begun: Any = None, *more: Any) -> None:
        try:
            seen.append(await begun)
        except Exception as exc:
            seen.append(exc)

    return work


class Wrong:
    """Neither true nor false."""

    def __bool__(self) -> bool:
        raise Trouble


class Link:
    """A link that notes what it is given; every attribute may be set."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.bypass: Any = -1
        self.is_full: Any = False
        self.is_closing = False
        self.holds = 0
        self.transport: Any = self
        self.waiting: Any = 0

    def get_write_buffer_size(self) -> Any:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def write_parts(self, parts: Any) -> None:
        self.written.extend(bytes(part) for part in parts)

    def hold(self, reason: object) -> None: ...
    def release(self, reason: object) -> None: ...
    def close(self) -> None: ...
    def write_eof(self) -> None: ...


async def greet(request: BaseRequest) -> Response:
    return Response(text="hello")


class Scene:
    """A server, one connection, and what stands in for its link."""

    def __init__(
        self,
        handler: Callable[[Any], Any] = greet,
        *,
        module: ModuleType = _c,
        work: Any = None,
        kinds: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.server = Server(handler)
        made = make_kinds(self.server)._replace(**kinds)
        work = work or make_work(self.server)
        self.starter = module.Starter(self.server, work, made)
        self.server.starter = self.starter
        self.link = Link()
        self.carrier = ServerConnection(self.server)
        self.carrier.link = self.link  # type: ignore[assignment]  # in its place

    def receive(self, data: bytes = get()) -> Any:
        return self.starter.receive(self.carrier, data)

    def deliver(self, data: bytes = get()) -> bytes:
        """Have bytes come as a link brings them; what was written to it since."""
        self.link.written.clear()
        self.carrier.data_received(data)
        return b"".join(self.link.written)

    def open(self, head: Any = None) -> None:
        """An exchange as the connection makes it, for `start`."""
        self.carrier.core.receive(get())
        self.carrier.exchange = Exchange(self.carrier, head or RequestHead("GET", "/"))
        self.carrier.phase = Phase.BUSY


def make_fresh() -> Any:
    """The C module once more: what it takes of Python is looked up anew."""
    spec = _c.__spec__
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@contextmanager
def loop_without_task() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs here, amid no task; none is entered in the end."""
    made = asyncio.new_event_loop()
    asyncio._set_running_loop(made)
    Scene().deliver()  # from here on such an answer is usual
    try:
        yield made
        assert asyncio.current_task(made) is None
    finally:
        asyncio._set_running_loop(None)
        made.close()
        gc.collect()  # tasks and coroutines of failures, which others would come upon
