"""What aiohttp's FAQ and its page of concepts say of the server: each statement by its number.

38 is in `tests/web_server/test_reuse.py`; those on websockets and clients are beside their subjects.
"""

import asyncio
import importlib.util
import inspect
import logging
import subprocess
import sys
import typing
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
from support.peers import raw_client
from support.programs import Program, python_program
from support.serving import answer_to, body_of, get, last, serving, status_of, talking

from weft import ClientSession, web

NAME = web.AppKey("name", str)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


async def hello(request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


def app_with(handler: typing.Any, path: str = "/") -> web.Application:
    app = web.Application()
    app.router.add_route("*", path, handler)
    return app


async def status(app: web.Application, path: str = "/", method: str = "GET") -> int:
    return status_of(await answer_to(app, last(path, method=method)))


# Routes.


@pytest.mark.parametrize("kind", [*METHODS, "VIEW", "ROUTE", "STATIC"])
async def test_statement_1_a_table_has_decorators_before_any_application(
    kind: str, tmp_path: Path
) -> None:
    routes = web.RouteTableDef()
    if kind == "VIEW":

        @routes.view("/x")
        class Seen(web.View):
            async def get(self) -> web.StreamResponse:
                return web.Response()
    elif kind == "ROUTE":
        routes.route("GET", "/x")(hello)
    elif kind == "STATIC":
        (tmp_path / "x").write_text("file")
        routes.static("/", tmp_path)
    else:
        getattr(routes, kind.lower())("/x")(hello)
    app = web.Application()
    app.add_routes(routes)
    assert await status(app, "/x", kind if kind in METHODS else "GET") == 200


MODULE = """
    from weft import web
    routes = web.RouteTableDef()

    @routes.get("/one")
    async def one(request):
        return web.Response(text="one")

    @routes.post("/two")
    async def two(request):
        return web.Response(text="two")

    assert "app" not in globals()
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """A module with routes and without an application."""
    path = tmp_path / "routes_of_some.py"
    path.write_text(dedent(MODULE))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("adds", ["application", "router"])
async def test_statement_2_a_module_of_routes_needs_no_application(
    module: ModuleType, adds: str
) -> None:
    app = web.Application()
    added = (app if adds == "application" else app.router).add_routes(module.routes)
    assert [route.handler for route in added] == [module.one, module.two]
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get("/one"))
        assert (await peer.read_response())[1] == b"one"
        await peer.send(get("/two", "Content-Length: 0", method="POST"))
        assert (await peer.read_response())[1] == b"two"


async def test_statement_3_a_sub_application_is_below_its_prefix_only() -> None:
    app = web.Application()
    app.add_subapp("/sub", app_with(hello, "/inner"))
    async with serving(app) as port, raw_client(port) as peer:
        for path, expected in [("/sub/inner", 200), ("/inner", 404), ("/sub", 404), ("/", 404)]:
            await peer.send(get(path))
            assert status_of((await peer.read_response())[0]) == expected


async def test_statement_4_any_method_and_any_path_below() -> None:
    async def tail(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.match_info["tail"])

    app = app_with(tail, "/path/to/{tail:.+}")
    async with serving(app) as port, raw_client(port) as peer:
        for method in ("GET", "POST", "PROPFIND", "MADEUP"):
            await peer.send(get("/path/to/a/b.c", "Content-Length: 0", method=method))
            assert (await peer.read_response())[1] == b"a/b.c"
        await peer.send(get("/path/to/"))
        assert status_of((await peer.read_response())[0]) == 404


async def test_statement_5_method_path_handler_in_this_order() -> None:
    app = web.Application()
    app.router.add_route("PUT", "/x", hello)
    assert await status(app, "/x", "PUT") == 200
    assert await status(app_with(hello, "/x"), "/x", "PUT") == 200
    names = list(inspect.signature(app.router.add_route).parameters)
    assert names[:3] == ["method", "path", "handler"]


# Values.


async def test_statement_6_an_application_is_a_mapping() -> None:
    async def name(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.app[NAME])

    app = app_with(name)
    app[NAME] = "weft"
    assert dict(app) == {NAME: "weft"}
    assert body_of(await answer_to(app, last())) == b"weft"


def test_statement_7_a_key_has_the_type_of_its_value() -> None:
    app = web.Application()
    app[NAME] = "weft"
    typing.assert_type(app[NAME], str)
    typing.assert_type(app.get(NAME), str | None)


def test_statement_8_a_factory_awaits_on_the_loop_that_serves() -> None:
    loops: list[object] = []

    async def start(app: web.Application) -> None:
        loops.append(asyncio.get_running_loop())
        raise web.GracefulExit

    async def make() -> web.Application:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())
        app = web.Application()
        app.on_startup.append(start)
        return app

    web.run_app(make(), handle_signals=False)
    assert len(loops) == 2 and loops[0] is loops[1]


async def test_statement_9_a_value_of_a_middleware_is_that_of_its_request() -> None:
    user = web.RequestKey("user", str)
    later: list[str] = []

    async def find(request: web.Request, handler: web.Handler) -> web.StreamResponse:
        assert user not in request and "seen" not in request
        request[user] = request["seen"] = request.query["user"]
        return await handler(request)

    async def note(request: web.Request, handler: web.Handler) -> web.StreamResponse:
        later.append(request[user])
        return await handler(request)

    async def show(request: web.Request) -> web.StreamResponse:
        return web.Response(text=f"{request[user]} {request['seen']}")

    app = web.Application(middlewares=[find, note])
    app.router.add_get("/", show)
    async with serving(app) as port, raw_client(port) as peer:
        for name in ("ann", "bob"):
            await peer.send(get(f"/?user={name}"))
            assert (await peer.read_response())[1] == f"{name} {name}".encode()
    assert later == ["ann", "bob"]


async def test_statement_10_a_session_library_keeps_its_data_under_its_own_key() -> None:
    """What aiohttp-session does: storage and session under text keys, a cookie at the end."""

    async def sessions(request: web.Request, handler: web.Handler) -> web.StreamResponse:
        request["library_storage"] = {"visits": int(request.cookies.get("visits", "0"))}
        try:
            response = await handler(request)
        except web.HTTPException as exc:
            exc.set_cookie("visits", str(request["library_session"]["visits"]))
            raise
        if not response.prepared:
            response.set_cookie("visits", str(request["library_session"]["visits"]))
        return response

    async def get_session(request: web.Request) -> dict[str, int]:
        session: dict[str, int] | None = request.get("library_session")
        if session is None:
            session = request["library_session"] = request["library_storage"]
        return session

    async def count(request: web.Request) -> web.StreamResponse:
        session = await get_session(request)
        session["visits"] += 1
        assert await get_session(request) is session
        if request.path == "/away":
            raise web.HTTPFound("/")
        return web.Response(text=str(session["visits"]))

    app = web.Application(middlewares=[sessions])
    app.router.add_get("/{any:.*}", count)
    async with serving(app) as port, raw_client(port) as peer:
        for path, visits in [("/", 1), ("/away", 2), ("/", 3)]:
            await peer.send(get(path, f"Cookie: visits={visits - 1}"))
            assert (
                f"Set-Cookie: visits={visits}; Path=/".encode() in (await peer.read_response())[0]
            )


@pytest.mark.parametrize(
    "make", [web.Response, web.StreamResponse, web.WebSocketResponse, web.HTTPNotFound]
)
def test_statement_11_responses_have_values_under_keys(
    make: Callable[[], web.StreamResponse],
) -> None:
    key, response = web.ResponseKey("name", str), make()
    response[key] = response["text"] = "weft"
    assert response[key] == response.get(key) == response["text"] == "weft"
    assert dict(response.items()) == {key: "weft", "text": "weft"}
    assert response.pop("text") == "weft" and list(response.keys()) == [key]
    del response[key]
    assert key not in response and len(response) == 0 and response


async def test_statement_30_a_sub_application_has_no_keys_of_its_parent() -> None:
    async def look(request: web.Request) -> web.StreamResponse:
        with pytest.raises(KeyError):
            request.app[NAME]
        return web.Response(text="isolated")

    app = web.Application()
    app[NAME] = "parent"
    app.add_subapp("/sub", app_with(look))
    assert body_of(await answer_to(app, last("/sub/"))) == b"isolated"


async def test_statement_31_a_copied_key_is_visible_and_parents_are_reached() -> None:
    other = web.AppKey("other", str)

    async def look(request: web.Request) -> web.StreamResponse:
        assert other not in request.app
        return web.Response(text=f"{request.app[NAME]} {request.config_dict[other]}")

    app, sub = web.Application(), app_with(look)
    app[NAME], app[other] = "copied", "reached"
    sub[NAME] = app[NAME]
    app.add_subapp("/sub", sub)
    assert body_of(await answer_to(app, last("/sub/"))) == b"copied reached"


async def test_statement_32_a_clean_up_context_may_fill_a_sub_application() -> None:
    async def look(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.app[NAME])

    app, sub = web.Application(), app_with(look)
    app.add_subapp("/sub", sub)

    async def fill(app: web.Application) -> AsyncIterator[None]:
        sub[NAME] = app[NAME] = "shared"
        yield

    app.cleanup_ctx.append(fill)
    assert body_of(await answer_to(app, last("/sub/"))) == b"shared"


async def test_statement_33_clean_up_is_in_reverse() -> None:
    calls: list[str] = []

    def context(name: str) -> typing.Any:
        async def run(app: web.Application) -> AsyncIterator[None]:
            calls.append(name)
            yield
            calls.append(f"end of {name}")

        return run

    app = app_with(hello)
    app.cleanup_ctx.extend(map(context, ("one", "two", "three")))
    assert await status(app) == 200
    assert calls == ["one", "two", "three", "end of three", "end of two", "end of one"]


# Answers.


async def test_statement_34_a_middleware_runs_behind_every_request() -> None:
    seen: list[tuple[str, int]] = []

    @web.middleware
    async def note(request: web.Request, handler: web.Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as exc:
            seen.append((request.path, exc.status))
            raise
        seen.append((request.path, response.status))
        return response

    app = web.Application(middlewares=[note])
    app.router.add_get("/", hello)
    assert await status(app) == 200
    app = web.Application(middlewares=[note])
    assert await status(app, "/nowhere") == 404
    assert seen == [("/", 200), ("/nowhere", 404)]


async def test_statement_35_the_whole_answer_is_out_while_the_handler_runs() -> None:
    go_on = asyncio.Event()
    done: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.Response(text="early")
        await response.prepare(request)
        await response.write_eof()
        await go_on.wait()
        done.append("work")
        return response

    async with talking(app_with(handler)) as peer:
        await peer.send(last())
        assert (await peer.read_response())[1] == b"early"
        assert not done
        go_on.set()
        assert await peer.read_all() == b""
    assert done == ["work"]


@pytest.mark.parametrize("returns", [True, False])
async def test_statement_36_the_answer_is_returned_and_sent_once(
    caplog: pytest.LogCaptureFixture, returns: bool
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if not returns:
            return None  # type: ignore[return-value]  # the mistake under test
        response = web.Response(text="once")
        await response.prepare(request)
        await response.write_eof()
        return response

    answer = await answer_to(app_with(handler), last())
    assert answer.count(b"HTTP/1.1") == 1
    assert status_of(answer) == (200 if returns else 500)
    assert [record.levelno for record in caplog.records] == ([] if returns else [logging.ERROR])


async def test_statement_37_a_middleware_may_answer_instead() -> None:
    @web.middleware
    async def replace(request: web.Request, handler: web.Handler) -> web.StreamResponse:
        await handler(request)
        return web.Response(status=202, text="another")

    app = web.Application(middlewares=[replace])
    app.router.add_get("/", hello)
    answer = await answer_to(app, last())
    assert (status_of(answer), body_of(answer)) == (202, b"another")


def late_changes(response: web.StreamResponse) -> dict[str, Callable[[], object]]:
    """Everything that says something in the head, done behind it."""
    return {
        "status": lambda: response.set_status(404),
        "header": lambda: response.headers.add("X-Late", "1"),
        "header that is set": lambda: response.headers.update({"Content-Type": "x/y"}),
        "content type": lambda: setattr(response, "content_type", "text/html"),
        "charset": lambda: setattr(response, "charset", "utf-16"),
        "tag": lambda: setattr(response, "etag", "late"),
        "no date": lambda: setattr(response, "last_modified", None),
        "length": lambda: setattr(response, "content_length", 3),
        "cookie": lambda: response.set_cookie("late", "1"),
        "no cookie": lambda: response.del_cookie("kept"),
        "cookie in the mapping": lambda: response.cookies.load("late=1"),
        "chunks": response.enable_chunked_encoding,
        "compression": response.enable_compression,
        "end of the connection": response.force_close,
    }


@pytest.mark.parametrize("kind", [web.StreamResponse, web.Response])
async def test_statement_39_what_is_out_cannot_be_changed(kind: type[web.StreamResponse]) -> None:
    silent: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        response = kind(headers={"Content-Type": "text/plain"})
        response.set_cookie("kept", "1")
        await response.prepare(request)
        for name, change in late_changes(response).items():
            try:
                change()
            except RuntimeError:
                continue
            silent.append(name)
        assert response.headers["Content-Type"] == "text/plain" and "kept" in response.cookies
        await response.write_eof()
        with pytest.raises(RuntimeError):
            await response.write(b"more")
        return response

    answer = await answer_to(app_with(handler), last())
    assert not silent
    assert status_of(answer) == 200
    assert b"ate" not in answer.replace(b"Date", b"") and b"more" not in answer
    assert b"Set-Cookie: kept=1; Path=/\r\n" in answer


def test_statement_40_an_application_leaves_nothing_open() -> None:
    """The server's part: behind run_app() and clean-up nothing of the loop is left."""
    program = """
        import asyncio, gc, warnings
        from weft import ClientSession, web

        warnings.simplefilter("error")
        SESSION = web.AppKey("session", ClientSession)

        async def session(app):
            async with ClientSession() as app[SESSION]:
                yield

        async def ask_and_end(app):
            async def work():
                async with app[SESSION].get(f"http://127.0.0.1:{site.port}/") as response:
                    print(response.status, flush=True)
                ended.set()
            site, ended = web.TCPSite(runner, "127.0.0.1", 0), asyncio.Event()
            await site.start()
            await work()

        async def main():
            global runner
            app = web.Application()
            app.cleanup_ctx.append(session)
            runner = web.AppRunner(app)
            await runner.setup()
            await ask_and_end(app)
            await runner.cleanup()

        asyncio.run(main())
        gc.collect()
    """
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-c", dedent(program)], capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "404\n", "")


def test_statement_41_a_session_before_any_loop_works() -> None:
    """aiohttp refuses it; here a session belongs to the loop of its first request."""
    session = ClientSession()

    async def ask() -> int:
        async with session, serving(app_with(hello)) as port:
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                return response.status

    assert asyncio.run(ask()) == 200


def test_statement_42_an_application_is_made_without_a_loop() -> None:
    """And is served by any loop afterwards."""
    app = app_with(hello)
    with asyncio.Runner() as runner:
        assert runner.run(status(app)) == 200


# Running.

PROGRAM = """
    import asyncio
    from weft import web

    async def hello(request):
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    web.run_app(app, host="127.0.0.1", port=0, print=lambda *args: print(*args, flush=True))
    print("behind run_app", flush=True)
"""


async def served(running: Program) -> int:
    line = await running.line_with("Running on")
    return int(line.rsplit(":", 1)[1].split()[0])


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
def test_statement_46_public_coroutines_run_when_awaited() -> None:
    for function in (
        web.Application.startup,
        web.Application.cleanup,
        web.AppRunner.setup,
        web.AppRunner.cleanup,
        web.TCPSite.start,
        web.Request.read,
        web.Request.post,
        web.StreamResponse.prepare,
        web.StreamResponse.write,
    ):
        assert inspect.iscoroutinefunction(function), function
    app = web.Application()
    started: list[object] = []

    async def start(app: web.Application) -> None:
        started.append(app)

    app.on_startup.append(start)
    app.startup()  # type: ignore[unused-coroutine]  # the mistake under test
    assert not started


@pytest.mark.parametrize("ends_by", ["interrupt", "terminate"])
async def test_statements_47_48_run_app_blocks_until_a_signal(
    tmp_path: Path, ends_by: str
) -> None:
    path = tmp_path / "program.py"
    path.write_text(dedent(PROGRAM))
    async with python_program(str(path)) as running:
        async with raw_client(await served(running)) as peer:
            await peer.send(last())
            assert (await peer.read_all()).endswith(b"hello")
        assert "behind run_app" not in "".join(running.printed)
        getattr(running, ends_by)()
        code, printed = await running.end()
    assert code == 0 and printed.endswith("behind run_app") and "Traceback" not in printed


async def test_statement_49_run_app_does_the_whole_of_it(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(dedent(PROGRAM))
    async with python_program(str(path)) as running:
        port = await served(running)
        for target, expected in [("/", 200), ("/nowhere", 404)]:
            async with raw_client(port) as peer:
                await peer.send(last(target))
                assert status_of(await peer.read_all()) == expected
        running.terminate()
        assert (await running.end())[0] == 0


async def test_statement_50_a_route_is_found_by_method_and_path() -> None:
    async def two(request: web.Request) -> web.StreamResponse:
        return web.Response(text="two")

    app = web.Application()
    app.add_routes([web.get("/", hello), web.post("/", two)])
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get())
        assert (await peer.read_response())[1] == b"hello"
        await peer.send(get(method="POST"))
        assert (await peer.read_response())[1] == b"two"


async def test_statement_51_a_decorated_function_is_unchanged() -> None:
    routes = web.RouteTableDef()
    assert routes.get("/")(hello) is hello


async def test_statement_52_placeholders_fill_match_info() -> None:
    async def show(request: web.Request) -> web.StreamResponse:
        return web.json_response(dict(request.match_info))

    answer = await answer_to(app_with(show, "/{a}/{b}"), last("/x/y"))
    assert body_of(answer) == b'{"a": "x", "b": "y"}'


async def test_statement_53_status_and_text_arrive_as_they_are() -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="just so ✓")

    answer = await answer_to(app_with(fail), last())
    assert status_of(answer) == 500 and body_of(answer) == "just so ✓".encode()
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in answer


async def test_statement_54_importing_starts_nothing(module: ModuleType) -> None:
    assert module.__name__ not in sys.modules
    app = web.Application()
    app.add_routes(module.routes)
    assert await status(app, "/one") == 200


async def test_statement_55_a_sleeping_handler_delays_nobody() -> None:
    go_on = asyncio.Event()

    async def sleep(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return web.Response(text="slept")

    app = app_with(hello)
    app.router.add_get("/sleep", sleep)
    async with serving(app) as port, raw_client(port) as sleeping, raw_client(port) as other:
        await sleeping.send(get("/sleep"))
        for _ in range(3):
            await other.send(get())
            assert (await other.read_response())[1] == b"hello"
        go_on.set()
        assert (await sleeping.read_response())[1] == b"slept"


async def test_statement_56_no_bound_on_requests_is_built_in() -> None:
    options = web.ServerOptions() if hasattr(web, "ServerOptions") else None
    bounds = web.Bounds() if options is None else options.bounds
    assert bounds.max_concurrent_requests == 0 and bounds.max_requests_per_connection == 0
    assert web.Deadlines().handler == 0
    async with talking(app_with(hello)) as peer:
        for _ in range(10):
            await peer.send(get() * 200)
            for _ in range(200):
                assert (await peer.read_response())[1] == b"hello"


async def test_statement_57_all_interfaces_and_port_8080() -> None:
    import ssl

    runner = web.AppRunner(web.Application())
    await runner.setup()
    assert web.TCPSite(runner).name == "http://0.0.0.0:8080"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert web.TCPSite(runner, ssl_context=context).name == "https://0.0.0.0:8443"
    site = web.TCPSite(runner, port=0)
    await site.start()
    hosts = {sock.getsockname()[0] for sock in site.sockets}
    await runner.cleanup()
    assert "0.0.0.0" in hosts
    defaults = inspect.signature(web.run_app).parameters
    assert defaults["host"].default is None and defaults["port"].default is None
