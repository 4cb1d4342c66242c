"""The client against a server that nobody here wrote: aiohttp's, on both event loops."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

import weft_client_session as client
from weft_client_session import ClientSession, CookieJar, FormData

pytest.importorskip("aiohttp")
from aiohttp import web

T = TypeVar("T")
BIG = b"".join(hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(150_000))


async def echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "digest": hashlib.sha256(body).hexdigest(),
            "length": len(body),
            "headers": dict(request.headers),
            "cookies": dict(request.cookies),
        }
    )


async def form(request: web.Request) -> web.Response:
    fields = await request.post()
    found: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, web.FileField):
            found[name] = f"{value.filename} {value.file.read().decode()}"
        else:
            found[name] = str(value)
    return web.json_response(found)


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for start in range(0, len(BIG), 65_536):
        await response.write(BIG[start : start + 65_536])
    return response


async def zipped(request: web.Request) -> web.Response:
    return web.Response(body=gzip.compress(BIG), headers={"Content-Encoding": "gzip"})


async def login(request: web.Request) -> web.Response:
    response = web.Response(status=303, headers={"Location": "/echo"})
    response.set_cookie("user", "me")
    return response


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/echo", echo)
    app.router.add_post("/form", form)
    app.router.add_get("/stream", stream)
    app.router.add_get("/zipped", zipped)
    app.router.add_post("/login", login)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Awaitable[T]]], T]:
    """Runs a coroutine function on one kind of loop."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def call(function: Callable[[], Awaitable[T]]) -> T:
        async def main() -> T:
            return await function()

        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(main())

    return call


Run = Callable[[Callable[[], Awaitable[None]]], None]


def test_methods_and_bodies(run: Run) -> None:
    async def main() -> None:
        async with serving() as url, ClientSession(url) as session:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                for data in (None, b"abc", BIG):
                    async with session.request(method, "echo?q=%2F", data=data) as response:
                        told = await response.json()
                    assert (told["method"], told["path"]) == (method, "/echo?q=%2F")
                    assert told["length"] == len(data or b"")
                    assert told["digest"] == hashlib.sha256(data or b"").hexdigest()
            assert (await session.head("echo")).status == 200

    run(main)


def test_forms(run: Run) -> None:
    async def main() -> None:
        async with serving() as url, ClientSession(url) as session:
            async with session.post("form", data={"a": "b c", "é": "ü&="}) as response:
                assert await response.json() == {"a": "b c", "é": "ü&="}
            fields = FormData()
            fields.add_field("text", "é")
            fields.add_field("file", b"content", filename="name.txt")
            async with session.post("form", data=fields) as response:
                assert await response.json() == {"text": "é", "file": "name.txt content"}

    run(main)


def test_streams_down(run: Run) -> None:
    async def main() -> None:
        async with serving() as url, ClientSession(url) as session:
            for path in ("stream", "zipped"):
                async with session.get(path) as response:
                    assert await response.read() == BIG
                digest = hashlib.sha256()
                async with session.get(path) as response:
                    async for block in response.content.iter_chunked(10_000):
                        digest.update(block)
                assert digest.digest() == hashlib.sha256(BIG).digest()

    run(main)


def test_streams_up(run: Run) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(BIG), 100_000):
            yield BIG[start : start + 100_000]

    async def main() -> None:
        async with serving() as url, ClientSession(url) as session:
            for options in ({}, {"compress": "gzip"}, {"expect100": True}):
                async with session.post("echo", data=blocks(), **options) as response:
                    told = await response.json()
                assert told["digest"] == hashlib.sha256(BIG).hexdigest()

    run(main)


def test_a_login(run: Run) -> None:
    async def main() -> None:
        jar = CookieJar(unsafe=True)
        async with serving() as url, ClientSession(url, cookie_jar=jar) as session:
            async with session.post("login", data={"name": "me"}) as response:
                told = await response.json()
            assert [one.status for one in response.history] == [303]
            assert (told["method"], told["cookies"]) == ("GET", {"user": "me"})

    run(main)


def test_many_at_once_over_few_connections(run: Run) -> None:
    async def main() -> None:
        connector = client.TCPConnector(limit=5)
        async with serving() as url, ClientSession(url, connector=connector) as session:

            async def one(number: int) -> str:
                async with session.get(f"echo?{number}") as response:
                    told = await response.json()
                return str(told["path"])

            paths = await asyncio.gather(*(one(number) for number in range(300)))
            assert paths == [f"/echo?{number}" for number in range(300)]
            assert connector.stats.open == connector.stats.idle <= 5

    run(main)


def test_half_of_many_cancelled(run: Run) -> None:
    async def main() -> None:
        connector = client.TCPConnector(limit=5)
        async with serving() as url, ClientSession(url, connector=connector) as session:

            async def one() -> None:
                async with session.get("stream") as response:
                    await response.read()

            tasks = [asyncio.create_task(one()) for _ in range(40)]
            await asyncio.sleep(0.05)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(
                result is None or isinstance(result, asyncio.CancelledError) for result in results
            )
            assert connector.stats.open == connector.stats.idle <= 5

    run(main)
