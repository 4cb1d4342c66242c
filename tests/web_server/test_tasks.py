"""Work that no request waits for: on its own, behind answers, and at the end of a server."""

import asyncio
import contextvars
import io
import logging
from pathlib import Path

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, serving, status_of, talking

from weft_web_server import (
    Application,
    AppRunner,
    FileResponse,
    Handler,
    HTTPNotFound,
    Request,
    Response,
    Server,
    ServerRunner,
    SockSite,
    StreamResponse,
    Tasks,
    get_unused_port_socket,
)

log = logging.getLogger("tests.tasks")


async def fail() -> None:
    raise ValueError("on purpose")


async def test_what_fails_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks(log)
    tasks.create_task(fail(), name="mail")
    await tasks.wait()
    (record,) = caplog.records
    assert record.getMessage() == "the background task mail failed" and record.exc_info


async def test_what_fails_may_be_handled(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks(log)
    seen: list[Exception] = []
    tasks.create_task(fail(), on_error=seen.append)
    await tasks.wait()
    assert [type(each) for each in seen] == [ValueError] and not caplog.records

    def worse(exc: Exception) -> None:
        raise KeyError("worse")

    tasks.create_task(fail(), name="mail", on_error=worse)
    await tasks.wait()
    assert "KeyError" in caplog.text


async def test_they_have_the_name_and_the_context_that_they_are_given() -> None:
    value, seen = contextvars.ContextVar("value", default="of the caller"), []
    context = contextvars.copy_context()
    context.run(value.set, "of its own")

    async def look() -> None:
        seen.append(value.get())

    tasks = Tasks(log)
    assert tasks.create_task(look(), name="look", context=context).get_name() == "look"
    tasks.create_task(look())
    await tasks.wait()
    assert seen == ["of its own", "of the caller"]


async def test_they_are_held_and_forgotten() -> None:
    tasks = Tasks(log)
    goes_on = asyncio.Event()
    task = tasks.create_task(goes_on.wait())
    assert list(tasks) == [task] and len(tasks) == 1
    goes_on.set()
    assert await task is True
    assert not list(tasks)


async def test_waiting_goes_on_for_those_that_others_start() -> None:
    tasks = Tasks(log)
    seen: list[int] = []

    async def step(left: int) -> None:
        seen.append(left)
        if left:
            tasks.create_task(step(left - 1))

    async def wait_within() -> None:
        await tasks.wait()  # not for itself
        seen.append(-1)

    tasks.create_task(step(3))
    await tasks.create_task(wait_within())
    assert seen == [3, 2, 1, 0, -1]


async def test_closed(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks(log)
    task = tasks.create_task(asyncio.Event().wait())
    await tasks.close()
    assert task.cancelled() and not caplog.records
    with pytest.raises(RuntimeError, match="the server has ended"):
        tasks.create_task(fail())
    tasks.open()
    assert await tasks.create_task(asyncio.sleep(0, "again"))
    await tasks.close()


async def test_functions_and_coroutine_functions() -> None:
    tasks = Tasks(log)
    seen: list[str] = []

    async def coroutine() -> None:
        seen.append("coroutine")

    assert await tasks.run(lambda: seen.append("function")) is None
    await tasks.run(coroutine)
    assert seen == ["function", "coroutine"]


# Behind answers.


def app_with(handler: Handler, **options: object) -> Application:
    app = Application(**options)  # type: ignore[arg-type]  # those under test
    app.router.add_route("*", "/", handler)
    return app


@pytest.mark.parametrize("kind", ["text", "stream", "payload", "error", "compressed"])
async def test_after_runs_when_the_answer_is_out(kind: str) -> None:
    goes_on, is_done = asyncio.Event(), asyncio.Event()
    said: list[object] = []
    value = contextvars.ContextVar("value", default="none")

    async def work(name: str, *, number: int) -> None:
        await goes_on.wait()
        said.append((name, number, value.get()))
        is_done.set()

    async def handler(request: Request) -> StreamResponse:
        value.set("mine")
        response: StreamResponse
        if kind == "stream":
            response = StreamResponse()
            await response.prepare(request)
            await response.write(b"answer")
        elif kind == "error":
            error = HTTPNotFound(text="answer")
            error.response.after(work, "work", number=5)
            raise error
        elif kind == "payload":
            response = Response(body=io.BytesIO(b"answer"))
        else:
            response = Response(text="answer")
        if kind == "compressed":
            response.enable_compression()
        response.after(work, "work", number=5)
        return response

    app = app_with(handler)
    async with talking(app) as peer:
        await peer.send(get("/"))
        assert (await peer.read_response())[1] == b"answer"  # while the work waits
        assert len(app.tasks) == 1 and not said
        goes_on.set()
        await is_done.wait()
    assert said == [("work", 5, "mine")]


async def test_a_shared_response_has_its_work_each_time() -> None:
    said: list[str] = []
    shared = Response(text="x")
    shared.after(said.append, "sent")
    shared.copy().after(said.append, "never")

    async def handler(request: Request) -> StreamResponse:
        return shared

    app = app_with(handler)
    async with talking(app) as peer:
        for _ in range(3):
            await peer.send(get("/"))
            await peer.read_response()
        await app.tasks.wait()
    assert said == ["sent"] * 3


async def test_several_and_one_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        response = Response(text="x")
        response.after(fail)
        response.after(said.append, "second")
        return response

    app = app_with(handler)
    assert body_of(await answer_to(app, last())) == b"x"
    assert said == ["second"] and "background task fail failed" in caplog.text


async def test_work_is_not_cancelled_with_its_client() -> None:
    is_waiting, goes_on = asyncio.Event(), asyncio.Event()
    said: list[str] = []

    async def work() -> None:
        is_waiting.set()
        await goes_on.wait()
        said.append("done")

    async def handler(request: Request) -> StreamResponse:
        response = Response(text="x")
        response.after(work)
        return response

    app = app_with(handler)
    async with serving(app, handler_cancellation=True) as port:
        async with raw_client(port) as peer:
            await peer.send(get("/"))
            await is_waiting.wait()
            peer.reset()
        goes_on.set()
        await app.tasks.wait()
    assert said == ["done"]


async def test_work_is_done_for_an_answer_that_was_cut(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        response = StreamResponse()
        response.after(said.append, "done")
        await response.prepare(request)
        raise ValueError

    async def unsent(request: Request) -> StreamResponse:
        Response().after(said.append, "never")
        raise ValueError

    for each in (handler, unsent):
        try:
            await answer_to(app_with(each), last())
        except ConnectionResetError:
            pass
    assert said == ["done"]


def test_after_takes_functions() -> None:
    with pytest.raises(TypeError, match="takes a function and its arguments, not coroutine"):
        coro = fail()
        try:
            Response().after(coro)  # type: ignore[arg-type]  # the mistake under test
        finally:
            coro.close()


async def test_statement_35_the_client_has_the_answer_while_the_handler_runs() -> None:
    goes_on = asyncio.Event()
    said: list[str] = []

    async def handler(request: Request) -> StreamResponse:
        response = Response(text="x")
        await response.prepare(request)
        await response.write_eof()
        await goes_on.wait()
        said.append("worked on")
        return response  # statement 36: nothing is sent twice

    async with talking(app_with(handler)) as peer:
        await peer.send(get("/"))
        assert (await peer.read_response())[1] == b"x" and not said
        await peer.send(get("/"))
        goes_on.set()
        assert (await peer.read_response())[1] == b"x" and said


async def test_statement_36_none_is_500(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request) -> None:
        pass

    answer = await answer_to(app_with(handler), last())  # type: ignore[arg-type]  # the mistake
    assert status_of(answer) == 500 and "is a return statement missing?" in caplog.text


# At the end.


async def test_the_end_waits_for_work_before_clean_up() -> None:
    said: list[str] = []
    goes_on = asyncio.Event()

    async def work() -> None:
        await goes_on.wait()
        said.append("work")

    async def handler(request: Request) -> StreamResponse:
        request.app.tasks.create_task(work())
        return Response()

    async def shutdown(app: Application) -> None:
        said.append("shutdown")
        asyncio.get_running_loop().call_soon(goes_on.set)

    async def cleanup(app: Application) -> None:
        said.append("cleanup")

    inner = Application()
    inner.router.add_get("/", handler)
    app = Application()
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    app.add_subapp("/inner", inner)
    assert inner.tasks is app.tasks
    assert status_of(await answer_to(app, last("/inner/"))) == 200
    assert said == ["shutdown", "work", "cleanup"]
    with pytest.raises(RuntimeError):
        app.tasks.create_task(work())


async def test_work_that_does_not_end_is_cancelled() -> None:
    said: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            said.append("cancelled")

    app = Application()
    outer = Application()
    middle = Application()
    middle.add_subapp("/a", app)
    outer.add_subapp("/m", middle)
    assert app.tasks is outer.tasks
    runner = AppRunner(outer, shutdown_timeout=0.05)
    await runner.setup()
    app.tasks.create_task(work())
    await asyncio.sleep(0)
    await runner.cleanup()
    assert said == ["cancelled"]


async def test_a_server_without_application_has_work_too() -> None:
    said: list[str] = []

    async def handler(request: object) -> StreamResponse:
        response = Response(text="x")
        response.after(said.append, "done")
        return response

    server = Server(handler, access_log=None)
    runner = ServerRunner(server)
    await runner.setup()
    sock = get_unused_port_socket("127.0.0.1")
    await SockSite(runner, sock).start()
    async with raw_client(sock.getsockname()[1]) as peer:
        await peer.send(get("/"))
        await peer.read_response()
    await runner.cleanup()
    assert said == ["done"] and len(server.tasks) == 0


@pytest.mark.parametrize("size", [10, 200_000])
async def test_files_have_work_behind_them(size: int, tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "file.txt"
    path.write_bytes(b"x" * size)
    shared = FileResponse(path)
    shared.after(said.append, "sent")

    async def handler(request: Request) -> StreamResponse:
        return shared

    app = app_with(handler)
    async with talking(app) as peer:
        for _ in range(2):
            await peer.send(get("/"))
            assert len((await peer.read_response())[1]) == size
    assert said == ["sent", "sent"]
