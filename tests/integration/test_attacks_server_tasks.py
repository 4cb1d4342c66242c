"""What requests leave to those behind them: in their tasks, in memory, in what is gathered."""

import asyncio
import gc
import tracemalloc
from weakref import WeakKeyDictionary

import pytest
from support.peers import raw_client
from support.serving import get, serving, talking

from weft_web_server import Application, HTTPNotFound, Request, Response, StreamResponse


async def test_what_is_kept_for_a_task_does_not_reach_the_next_request() -> None:
    kept: WeakKeyDictionary[asyncio.Task[object], list[str]] = WeakKeyDictionary()

    async def remember(request: Request) -> StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        mine = kept.setdefault(task, [])  # looks at nothing of the task
        mine.append(request.query_string)
        return Response(text=" ".join(mine))

    app = Application()
    app.router.add_get("/", remember)
    async with talking(app) as peer:
        for name in ("one", "two"):
            await peer.send(get(f"/?{name}"))
            assert (await peer.read_response())[1] == name.encode()
        await peer.send(get("/?three") + get("/?four"))
        for name in ("three", "four"):
            assert (await peer.read_response())[1] == name.encode()
    gc.collect()
    assert len(kept) == 0


async def test_answers_to_one_read_take_little_memory() -> None:
    async def large(request: Request) -> StreamResponse:
        return Response(body=b"x" * 30_000)

    app = Application()
    app.router.add_get("/", large)
    count = 1_000
    async with talking(app) as peer:
        await peer.send(get("/"))  # what is made for the first request only
        await peer.read_response()
        tracemalloc.start()
        try:
            await peer.send(get("/") * count)  # few enough bytes for one read
            for _ in range(count):
                _, body = await peer.read_response()
                assert len(body) == 30_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4_000_000  # of 30 MB


@pytest.mark.parametrize("path", ["/missing", "/fails"])
async def test_a_failed_request_is_gone_without_the_collector(path: str) -> None:
    async def missing(request: Request) -> StreamResponse:
        raise HTTPNotFound

    async def fails(request: Request) -> StreamResponse:
        raise TimeoutError

    app = Application()
    app.router.add_get("/missing", missing)
    app.router.add_get("/fails", fails)
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get(path))
        await peer.read_response()
        gc.collect()
        gc.disable()
        try:
            for _ in range(50):
                await peer.send(get(path))
                await peer.read_response()
            assert gc.collect() < 50
        finally:
            gc.enable()
