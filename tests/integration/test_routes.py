"""What one route sets for itself, over real sockets: sizes, time, what a client's leaving does."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.serving import answer_to, body_of, get, last, post, status_of, talking
from yarl import URL

from weft_web_server import (
    AbstractResource,
    AbstractRoute,
    Application,
    Handler,
    HTTPRequestEntityTooLarge,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    group,
    static,
)
from weft_web_server import get as get_route
from weft_web_server import post as post_route

FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=b"
LIMIT = 1000


def form_of(size: int) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    return head + b"x" * size + b"\r\n--b--\r\n"


async def read(request: Request) -> StreamResponse:
    return Response(text=str(len(await request.read())))


async def read_json(request: Request) -> StreamResponse:
    return Response(text=str(len(await request.json())))


async def read_form(request: Request) -> StreamResponse:
    return Response(text=str(len(str((await request.post())["a"]))))


async def read_part(request: Request) -> StreamResponse:
    reader = await request.multipart()
    part: Any = await reader.next()
    return Response(text=str(len(await part.read())))


def app_with(handler: Handler, app_limit: int, route_limit: int | None) -> Application:
    app = Application(client_max_size=app_limit)
    options = None if route_limit is None else RouteOptions(client_max_size=route_limit)
    app.add_routes([post_route("/", handler, options=options)])
    return app


WAYS: dict[str, tuple[Handler, Callable[[int], bytes], list[str]]] = {
    "read": (read, bytes, []),
    "json": (read_json, lambda size: b'"' + b"x" * (size - 2) + b'"', []),
    "urlencoded": (read_form, lambda size: b"a=" + b"x" * (size - 2), [FORM]),
    "multipart": (read_form, form_of, [MULTIPART]),
    "part": (read_part, form_of, [MULTIPART]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("app_limit", "route_limit"), [(10, LIMIT), (10**6, LIMIT), (LIMIT, None)]
)
async def test_size(way: str, app_limit: int, route_limit: int | None) -> None:
    handler, make, fields = WAYS[way]
    # A form of parts counts as a whole: its boundaries too.
    most = LIMIT - len(form_of(0)) if way in ("multipart", "part") else LIMIT
    for size, status in ((most, 200), (most + 1, 413)):
        app = app_with(handler, app_limit, route_limit)
        found = await answer_to(app, post("/", make(size), *fields))
        assert status_of(found) == status, found
        if status == 413:
            assert body_of(found) == f"Maximum request body size {LIMIT} exceeded.".encode()


@pytest.mark.parametrize("way", WAYS)
async def test_no_limit_of_size(way: str) -> None:
    handler, make, fields = WAYS[way]
    found = await answer_to(app_with(handler, 10, 0), post("/", make(5000), *fields))
    assert status_of(found) == 200


async def test_size_in_chunks() -> None:
    body = b"3e9\r\n" + bytes(1001) + b"\r\n0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert status_of(await answer_to(app_with(read, 10**6, LIMIT), head + body)) == 413
    assert status_of(await answer_to(app_with(read, LIMIT, 1001), head + body)) == 200


async def test_middlewares_are_bound_by_the_limit_of_the_route() -> None:
    seen: list[object] = []

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        seen.append(request.client_max_size)
        try:
            await request.read()
        except HTTPRequestEntityTooLarge as exc:
            seen.append(exc.max_size)
            raise
        return await handler(request)

    app, sub = Application(middlewares=[layer]), Application(client_max_size=5)
    own = RouteOptions(client_max_size=20)
    sub.add_routes([group("", [post_route("/own", read), post_route("/x", read)], options=own)])
    sub.router.add_post("/none", read)
    app.add_subapp("/sub", sub)
    assert status_of(await answer_to(app, post("/sub/own", bytes(20)))) == 200
    assert status_of(await answer_to(app, post("/sub/x", bytes(21)))) == 413
    assert status_of(await answer_to(app, post("/sub/none", bytes(21)))) == 200
    assert seen == [20, 20, 20, 1_048_576]  # the outermost application's, as in aiohttp


async def test_clone_has_the_last_word() -> None:
    async def layer(request: Request, handler: Handler) -> StreamResponse:
        copy: Any = request.clone(client_max_size=30)
        return await handler(copy)

    app = Application(middlewares=[layer])
    app.router.add_post("/", read, options=RouteOptions(client_max_size=20))
    assert status_of(await answer_to(app, post("/", bytes(30)))) == 200


# What a client's leaving does.


async def leave(
    go: Callable[[Any], Awaitable[None]], of_server: bool, of_route: bool | None
) -> str:
    """What the handler came to whose client went away."""
    begun = asyncio.Event()
    end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def wait(request: Request) -> StreamResponse:
        begun.set()
        try:
            while request.keep_alive and request.transport is not None:  # noqa: ASYNC110  no event tells
                await asyncio.sleep(0)  # a pass of the loop
        except asyncio.CancelledError:
            end.set_result("cancelled")
            raise
        end.set_result("went on")
        return Response()

    app = Application()
    app.router.add_get("/", wait, options=RouteOptions(handler_cancellation=of_route))
    async with talking(app, handler_cancellation=of_server) as peer:
        await peer.send(get())
        await begun.wait()
        await go(peer)
        async with asyncio.timeout(5):
            return await end


async def reset(peer: Any) -> None:
    peer.reset()


async def half_close(peer: Any) -> None:
    peer.send_eof()


@pytest.mark.parametrize("go", [reset, half_close])
@pytest.mark.parametrize("of_server", [False, True])
@pytest.mark.parametrize("of_route", [None, False, True])
async def test_handler_cancellation(
    go: Callable[[Any], Awaitable[None]], of_server: bool, of_route: bool | None
) -> None:
    is_cancelled = of_server if of_route is None else of_route
    expected = "cancelled" if is_cancelled else "went on"
    assert await leave(go, of_server, of_route) == expected


# Parameters of the path as values.


async def test_path_params() -> None:
    async def answer(request: Request) -> StreamResponse:
        return Response(text=f"{dict(request.path_params)} {dict(request.match_info)}")

    app, sub = Application(), Application()
    sub.router.add_get("/{id!int}/{day!date}/{rest!path}", answer)
    sub.router.add_get("/{text}", answer)
    sub.router.add_get("/none/at/all", answer)
    app.add_subapp("/sub", sub)
    for path, values, texts in (
        (
            "/sub/007/2026-11-21/a/b%2Fc",
            {"id": 7, "day": datetime.date(2026, 11, 21), "rest": "a/b/c"},
            {"id": "007", "day": "2026-11-21", "rest": "a/b/c"},
        ),
        ("/sub/7", {"text": "7"}, {"text": "7"}),
        ("/sub/none/at/all", {}, {}),
    ):
        assert body_of(await answer_to(app, last(path))).decode() == f"{values} {texts}"
    assert status_of(await answer_to(app, last("/sub/x/2026-11-21/a"))) == 404


async def test_path_params_where_no_route_fits() -> None:
    seen: list[object] = []

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        seen.append(dict(request.path_params))
        return await handler(request)

    app = Application(middlewares=[layer])
    assert status_of(await answer_to(app, last("/none"))) == 404
    assert seen == [{}]


class Watching(AbstractResource):
    """A resource of a user's own, which takes nothing: all others are asked one by one."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(())

    canonical = "/watched"

    def add_prefix(self, prefix: str) -> None: ...

    def get_info(self) -> dict[str, Any]:
        return {}

    def raw_match(self, path: str) -> bool:
        return False

    def url_for(self, **kwargs: str) -> URL:
        raise RuntimeError("it has no URL")

    async def resolve(self, request: Request) -> tuple[None, set[str]]:
        return None, set()


async def test_beside_resources_of_users(tmp_path: Path) -> None:
    async def answer(request: Request) -> StreamResponse:
        values = dict(request.path_params)
        return Response(text=f"{values} {request.url_for('x', **values).path}")

    async def hang(request: Request) -> StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("for ever")

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        seen.append(dict(request.path_params))
        return await handler(request)

    seen: list[object] = []
    (tmp_path / "file").write_text("content")
    app = Application(auto_options=True, middlewares=[layer])
    app.router.register_resource(Watching())
    own = RouteOptions(client_max_size=3, timeout=0.01)
    fast = RouteOptions(timeout=0)
    app.add_routes(
        [
            group(
                "/g",
                [
                    get_route("/{id!int}/{text}", answer, name="x", options=fast),
                    get_route("/hang", hang),
                    post_route("/read", read),
                ],
                options=own,
            ),
            static("/files", tmp_path),
        ]
    )
    assert body_of(await answer_to(app, last("/g/7/b"))) == b"{'id': 7, 'text': 'b'} /g/7/b"
    assert status_of(await answer_to(app, last("/g/x/b"))) == 404
    assert seen == [{"id": 7, "text": "b"}, {}]
    assert status_of(await answer_to(app, last("/g/hang"))) == 503
    assert status_of(await answer_to(app, post("/g/read", b"four"))) == 413
    assert b"\r\nAllow: OPTIONS,POST\r\n" in await answer_to(
        app, last("/g/read", method="OPTIONS")
    )
    assert body_of(await answer_to(app, last("/files/file"))) == b"content"
