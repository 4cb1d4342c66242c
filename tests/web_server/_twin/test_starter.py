"""Requests are started alike by both twins: what a handler sees of its task, and what clients get."""

import asyncio
import contextvars
import logging
import re
from collections.abc import Generator, Iterator
from time import monotonic
from typing import Any

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, post, status_of

from weft_web_server import (
    AbstractAccessLogger,
    Application,
    BaseRequest,
    HTTPFound,
    Request,
    Response,
    StreamResponse,
    TestServer,
    json_response,
    server,
)
from weft_web_server._twin import BACKEND, _py, begun

variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)
TWINS: dict[str, Any] = {"py": _py.Starter}
if BACKEND == "c":
    from weft_web_server._twin import _c

    TWINS["c"] = _c.Starter


@pytest.fixture(params=sorted(TWINS), autouse=True)
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(server, "Starter", TWINS[request.param])
    yield request.param


def app_with(handler: Any) -> Application:
    app = Application()
    app.router.add_route("*", "/", handler)
    return app


async def both(handler: Any, *requests: bytes) -> bytes:
    """What one connection gets for these requests, which are sent at once."""
    return await answer_to(app_with(handler), b"".join(requests))


class TestTasks:
    async def test_each_request_has_a_task(self) -> None:
        seen: list[asyncio.Task[Any]] = []

        async def handler(request: Request) -> Response:
            task = asyncio.current_task()
            assert task is request.task and task in asyncio.all_tasks()
            assert task.get_name() == "weft-request"
            assert not task.done() and task.get_loop() is asyncio.get_running_loop()
            seen.append(task)
            return Response()

        await both(handler, get(), last())
        assert seen[0] is not seen[1]
        assert [await task for task in seen] == [None, None]
        assert not any(task in asyncio.all_tasks() for task in seen)

    async def test_one_that_is_kept_and_not_looked_at(self) -> None:
        kept: list[Any] = []

        async def handler(request: Request) -> Response:
            kept.append(asyncio.current_task())
            return Response()

        await both(handler, get(), last())
        assert kept[0] is not kept[1]
        assert [await task for task in kept] == [None, None]
        assert "finished" in repr(kept[0])

    async def test_one_of_a_request_that_is_kept(self) -> None:
        kept: list[Request] = []

        async def handler(request: Request) -> Response:
            kept.append(request)
            return Response()

        await both(handler, get(), last())
        first, second = (request.task for request in kept)
        assert first is not second
        assert [await first, await second] == [None, None]

    async def test_it_is_told_when_it_ends(self) -> None:
        ended: list[object] = []

        async def handler(request: Request) -> Response:
            task = asyncio.current_task()
            assert task is not None
            task.add_done_callback(ended.append)
            return Response()

        await both(handler, last())
        assert len(ended) == 1

    async def test_texts_of_a_task(self) -> None:
        texts: list[str] = []

        async def handler(request: Request) -> Response:
            texts.append(repr(asyncio.current_task()))
            await asyncio.sleep(0)
            task = asyncio.current_task()
            assert task is not None
            texts.append(repr(task))
            assert task.get_coro() is not None and task.get_stack()
            return Response()

        await both(handler, last())
        assert all("weft-request" in text for text in texts)
        assert "work" in texts[1]

    async def test_a_context_of_its_own(self) -> None:
        async def handler(request: Request) -> Response:
            found = variable.get()
            variable.set(found + 1)
            if request.query_string:
                await asyncio.sleep(0)
                assert variable.get() == found + 1
            return Response(text=f"<{found}>")

        answer = await both(handler, get(), get("/?wait"), get(), last("/?wait"))
        assert re.findall(rb"<(\d)>", answer) == [b"0"] * 4

    async def test_a_factory_of_tasks_is_asked(self) -> None:
        made: list[asyncio.Task[Any]] = []

        def factory(loop: Any, coroutine: Any, **named: Any) -> asyncio.Task[Any]:
            made.append(asyncio.Task(coroutine, loop=loop, **named))
            return made[-1]

        async def handler(request: Request) -> Response:
            assert asyncio.current_task() is request.task is made[-1]
            return Response(text="made")

        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        try:
            assert body_of(await both(handler, last())) == b"made"
        finally:
            loop.set_task_factory(None)


class TestWaiting:
    async def test_for_what_comes_in_the_same_pass(self) -> None:
        async def handler(request: Request) -> Response:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_result, "came")
            return Response(text=await future)

        assert body_of(await both(handler, last())) == b"came"

    async def test_for_a_fault(self) -> None:
        async def handler(request: Request) -> Response:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_exception, KeyError("x"))
            try:
                await future
            except KeyError:
                await asyncio.sleep(0.001)
                return Response(text="caught")
            return Response()

        assert body_of(await both(handler, last())) == b"caught"

    async def test_with_a_deadline(self) -> None:
        async def handler(request: Request) -> Response:
            try:
                async with asyncio.timeout(0.001):
                    await asyncio.Event().wait()
            except TimeoutError:
                return Response(text="late")
            return Response()

        assert body_of(await both(handler, last())) == b"late"

    async def test_in_a_group(self) -> None:
        async def fail() -> None:
            raise KeyError

        async def handler(request: Request) -> Response:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(fail())
                    await asyncio.Event().wait()
            except* KeyError:
                pass
            return Response(text="grouped")

        assert body_of(await both(handler, last())) == b"grouped"

    @pytest.mark.parametrize("is_touched", [False, True])
    async def test_cancelled_before_the_task_has_made_a_step(self, is_touched: bool) -> None:
        """What the handler waits for is cancelled with it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def handler(request: Request) -> Response:
            task = request.task
            if is_touched:
                task.get_name()
            asyncio.get_running_loop().call_soon(lambda: task.cancel("why"))
            try:
                await future
            except asyncio.CancelledError:
                task.uncancel()
                return Response(text="cancelled")
            return Response()

        assert body_of(await both(handler, last())) == b"cancelled"
        assert future.cancelled()

    async def test_cancelled_later(self) -> None:
        async def handler(request: Request) -> Response:
            asyncio.get_running_loop().call_later(0.001, request.task.cancel)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return Response(text="cancelled")
            return Response()

        assert body_of(await both(handler, last())) == b"cancelled"

    async def test_cancelled_by_itself(self) -> None:
        """It ends as it would: the answer is out, and the task is cancelled."""
        tasks: list[asyncio.Task[Any]] = []

        async def handler(request: Request) -> Response:
            tasks.append(request.task)
            request.task.cancel()
            return Response(text="out")

        assert body_of(await both(handler, last())) == b"out"
        await asyncio.wait(tasks)
        assert tasks[0].cancelled()

    async def test_for_what_nobody_can_wait_for(self, caplog: pytest.LogCaptureFixture) -> None:
        class Odd:
            def __await__(self) -> Generator[Any, None, None]:
                yield "odd"

        async def handler(request: Request) -> Response:
            try:
                await Odd()
            except RuntimeError as exc:
                return Response(text=str(exc))
            return Response()

        assert b"yield" in body_of(await both(handler, last()))

    async def test_handlers_that_are_no_coroutine_functions(self) -> None:
        class Later:
            def __await__(self) -> Any:
                return asyncio.sleep(0, Response(text="later")).__await__()

        def handler(request: Request) -> Any:
            return Later()

        assert body_of(await both(handler, last())) == b"later"


class TestEnds:
    @pytest.mark.parametrize("kind", [asyncio.CancelledError, GeneratorExit])
    async def test_without_an_answer(self, kind: type[BaseException]) -> None:
        tasks: list[asyncio.Task[Any]] = []

        async def handler(request: Request) -> Response:
            tasks.append(request.task)
            raise kind

        assert await both(handler, last()) == b""
        await asyncio.wait(tasks)
        assert tasks[0].cancelled() or isinstance(tasks[0].exception(), kind)

    async def test_what_raises(self, caplog: pytest.LogCaptureFixture) -> None:
        async def handler(request: Request) -> Response:
            if request.query_string:
                raise HTTPFound("/there")
            raise KeyError("secret")

        answer = await both(handler, get("/?x"), last())
        assert status_of(answer) == 302 and b" 500 " in answer
        assert b"secret" not in answer
        assert "handler" in (caplog.text or "")


async def plain(request: Request) -> StreamResponse:
    if "wait" in request.query_string:
        await asyncio.sleep(0)
    if "stream" in request.query_string:
        stream = StreamResponse()
        await stream.prepare(request)
        await stream.write(b"streamed")
        await stream.write_eof()
        return stream
    if "json" in request.query_string:
        return json_response({"a": [1]}, status=201)
    if "empty" in request.query_string:
        return Response(status=204)
    if "large" in request.query_string:
        return Response(body=b"x" * 100_000)
    if "fields" in request.query_string:
        return Response(text="x", headers={"X-Other": "1"})
    if "none" in request.query_string:
        return Response()
    return Response(text=f"{request.method} {(await request.read()).decode()}")


KINDS = ("", "wait", "stream", "json", "empty", "large", "fields", "none")
SENT = {
    **{kind: get(f"/?{kind}") for kind in KINDS},
    "head": get(method="HEAD"),
    "kept": get("/", "Connection: keep-alive"),
    "missing": get("/missing"),
    "percent": get("/%2e?json"),
    "options": get("*", method="OPTIONS"),
    "body": get("/", "Content-Length: 3", method="POST") + b"abc",
    "bodies": get("/?wait", "Content-Length: 3", method="POST") + b"abc",
    "chunks": get("/", "Transfer-Encoding: chunked", method="POST") + b"1\r\na\r\n0\r\n\r\n",
    "expect": get("/", "Expect: 100-continue", "Content-Length: 1", method="POST") + b"a",
    "unknown": get("/", "Expect: other"),
    "coded": get("/", "Content-Encoding: identity", "Content-Length: 1", method="PUT") + b"a",
}


def undated(answer: bytes) -> bytes:
    return re.sub(rb"Date: [^\r]*", b"Date: -", answer)


class TestAnswers:
    """One after the other, on connections of their own, and in one read: always the same bytes."""

    @pytest.mark.parametrize("name", SENT)
    async def test_alone_and_among_others(self, name: str) -> None:
        def app() -> Application:
            made = Application()
            made.router.add_route("*", "/", plain)
            return made

        first, end = SENT[name], last("/?json")
        alone = undated(await answer_to(app(), first + end))
        assert alone.endswith(b'{"a": [1]}')
        part = alone[: alone.rindex(b"HTTP/1.1 201")]
        plainly = undated(await answer_to(app(), SENT["none"] + end))
        between = plainly[: plainly.rindex(b"HTTP/1.1 201")]
        mixed = SENT["none"] * 2 + first * 2 + SENT["none"] + end
        ending = alone[len(part) :]
        assert undated(await answer_to(app(), mixed)) == between * 2 + part * 2 + between + ending

    async def test_many_in_one_read(self) -> None:
        answer = await answer_to(app_with(plain), SENT["fields"] * 3 + SENT[""] * 500 + last())
        assert answer.count(b"HTTP/1.1 200 OK") == 504

    async def test_a_client_that_asks_and_does_not_read(self) -> None:
        """Answers do not pile up: what is asked on waits until those before it are taken."""
        count, size = 2000, 30_000
        made = 0

        async def handler(request: Request) -> Response:
            nonlocal made
            made += 1
            return Response(body=b"x" * size)

        async with TestServer(app_with(handler), access_log=None) as served:
            async with raw_client(served.port) as peer:
                peer.writer.write(get() * (count - 1) + last())
                known = -1
                while made != known:  # until the server makes no more
                    known = made
                    for _ in range(100):
                        await asyncio.sleep(0)
                assert served.handler is not None
                link = served.handler.connections[0].link
                assert 0 < made < count
                assert link.transport.get_write_buffer_size() < 2_000_000
                answers = await peer.read_all()
        assert made == answers.count(b"HTTP/1.1 200") == count

    async def test_an_old_client(self) -> None:
        answer = await both(plain, b"GET / HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 OK") and b"Connection: close" in answer

    async def test_a_fault_behind_answers(self) -> None:
        answer = await both(plain, get(), get(), b"GET / HTTP/1.1\r\n\r\n")
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200", b"400"]

    async def test_hooks_see_each(self) -> None:
        seen: list[int] = []

        async def hook(request: Request, response: StreamResponse) -> None:
            seen.append(response.status)
            response.headers["X-Seen"] = "1"

        app = app_with(plain)
        app.on_response_prepare.append(hook)
        answer = await answer_to(app, get() + post("/", b"abc"))
        assert (seen, answer.count(b"X-Seen: 1")) == ([200, 200], 2)


class TestBegun:
    async def test_what_a_handler_has_come_to(self) -> None:
        async def handler() -> str:
            try:
                await asyncio.sleep(0)
            except KeyError:
                return "caught"
            return "slept"

        coroutine = handler()
        assert await begun.going(coroutine, coroutine.send(None)) == "slept"
        coroutine = handler()
        waiting = begun.going(coroutine, coroutine.send(None))
        assert waiting.send(None) is None
        with pytest.raises(StopIteration, match="caught"):
            waiting.throw(KeyError())
        coroutine = handler()
        waiting = begun.going(coroutine, coroutine.send(None))
        waiting.send(None)
        waiting.close()
        with pytest.raises(RuntimeError, match="reuse"):
            coroutine.send(None)
        assert await begun.given(3) == 3
        with pytest.raises(KeyError):
            await begun.failing(KeyError())


class TestLogging:
    @pytest.mark.parametrize("is_waiting", [False, True])
    async def test_a_log_is_told_in_the_context_of_the_request(self, is_waiting: bool) -> None:
        told: list[Any] = []

        class Log(AbstractAccessLogger):
            def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
                assert asyncio.current_task() is request.task
                told.append((variable.get(), response.status, request.exchange.output_size))
                times.append(time)

        async def handler(request: Request) -> Response:
            variable.set(7)
            started.append(monotonic())
            if is_waiting:
                await asyncio.sleep(0)
            return Response(text="hello")

        times: list[float] = []
        started: list[float] = []
        options: Any = {"access_log": logging.getLogger("log"), "access_log_class": Log}
        answer = await answer_to(app_with(handler), get() + get() + last(), **options)
        assert answer.count(b"hello") == 3
        assert told == [(7, 200, 5)] * 3
        # The first step of the handler counts.
        assert 0 < times[0] < monotonic() - started[0] + 1

    async def test_a_log_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        class Log(AbstractAccessLogger):
            def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
                raise ValueError

        async def handler(request: Request) -> Response:
            return Response(text="hello")

        options: Any = {"access_log": logging.getLogger("log"), "access_log_class": Log}
        answer = await answer_to(app_with(handler), get() + last(), **options)
        assert answer.count(b"hello") == 2
        assert caplog.text.count("the access log failed") == 2
