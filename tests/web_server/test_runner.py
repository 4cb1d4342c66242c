import asyncio
import signal
from collections.abc import AsyncIterator, Callable

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last

from weft_web_server import (
    Application,
    AppRunner,
    BaseRequest,
    BaseRunner,
    ErrorFacts,
    GracefulExit,
    Response,
    Server,
    ServerRunner,
    StreamResponse,
    TCPSite,
)


async def test_order_of_the_end() -> None:
    calls: list[str] = []
    started, go_on = asyncio.Event(), asyncio.Event()

    async def handler(request: BaseRequest) -> StreamResponse:
        started.set()
        await go_on.wait()
        calls.append("handler")
        return Response(text="done")

    async def shutdown(app: Application) -> None:
        assert runner.addresses == []
        calls.append("shutdown")
        go_on.set()

    async def context(app: Application) -> AsyncIterator[None]:
        calls.append("startup")
        yield
        calls.append("cleanup")

    app = Application()
    app.router.add_get("/", handler)
    app.on_shutdown.append(shutdown)
    app.cleanup_ctx.append(context)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    await runner.setup()  # does nothing
    assert app.frozen and runner.app is app and runner.server is not None
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with raw_client(site.port) as peer:
        await peer.send(get())
        await started.wait()
        await runner.cleanup()
        assert (await peer.read_all()).endswith(b"done")
    assert calls == ["startup", "shutdown", "handler", "cleanup"]
    assert runner.server is None


@pytest.mark.parametrize(
    ("of_application", "of_runner", "told"),
    [("app", None, b"app"), (None, "runner", b"runner"), ("app", "runner", b"runner")],
)
async def test_what_a_runner_is_told_goes_before_the_application(
    of_application: str | None, of_runner: str | None, told: bytes
) -> None:
    def rendering(name: str | None) -> Callable[[ErrorFacts], Response] | None:
        return None if name is None else lambda facts: Response(status=facts.status, text=name)

    app = Application(render_error=rendering(of_application))
    options = {} if of_runner is None else {"render_error": rendering(of_runner)}
    assert body_of(await answer_to(app, last("/nowhere"), **options)) == told


async def test_failing_startup_is_rolled_back() -> None:
    calls: list[str] = []

    async def context(app: Application) -> AsyncIterator[None]:
        calls.append("in")
        yield
        calls.append("out")

    async def fail(app: Application) -> AsyncIterator[None]:
        raise ValueError
        yield

    app = Application()
    app.cleanup_ctx.extend([context, fail])
    runner = AppRunner(app)
    with pytest.raises(ValueError):
        await runner.setup()
    await runner.cleanup()
    assert calls == ["in", "out"]


async def test_low_level_server() -> None:
    async def handler(request: BaseRequest) -> StreamResponse:
        assert type(request) is BaseRequest
        return Response(text=request.path)

    server = Server(handler, access_log=None)
    runner = ServerRunner(server)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with raw_client(site.port) as peer:
        await peer.send(get("/x"))
        assert (await peer.read_response())[1] == b"/x"
        assert len(server.connections) == 1 and "connections=1" in repr(server)
        await runner.cleanup()
        assert await peer.read_all() == b""


async def test_unknown_option_starts_nothing() -> None:
    app = Application()
    app.on_startup.append(lambda app: pytest.fail("started"))
    with pytest.raises(TypeError, match="no option"):
        await AppRunner(app, nonsense=1).setup()


def test_not_an_application() -> None:
    with pytest.raises(TypeError, match="await a factory first"):
        AppRunner(lambda: Application())  # type: ignore[arg-type]  # the mistake under test


async def test_signals() -> None:
    runner = AppRunner(Application(), handle_signals=True)
    await runner.setup()
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    await runner.cleanup()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert GracefulExit.code == 1


async def test_a_failing_on_shutdown_skips_nothing() -> None:
    calls: list[str] = []

    async def shutdown(app: Application) -> None:
        raise RuntimeError("no")

    async def cleanup(app: Application) -> None:
        calls.append("cleanup")

    app = Application()
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    runner = AppRunner(app)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with raw_client(runner.addresses[0][1]) as peer:
        with pytest.raises(RuntimeError, match="no"):
            await runner.cleanup()
        assert await peer.read_all() == b""
    assert calls == ["cleanup"]
    assert runner.server is None


async def test_a_loop_without_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of Windows."""

    def refuse(*args: object) -> None:
        raise NotImplementedError

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", refuse)
    monkeypatch.setattr(loop, "remove_signal_handler", refuse)
    runner = AppRunner(Application(), handle_signals=True)
    await runner.setup()
    await runner.cleanup()


async def test_a_bare_runner() -> None:
    with pytest.raises(NotImplementedError):
        await BaseRunner().setup()
    runner = ServerRunner(Server(lambda request: pytest.fail("asked")))
    await runner.shutdown()
    await runner.cleanup()  # nothing was set up
    assert runner.server is None and runner.sites == set()


async def test_a_site_that_is_gone_already() -> None:
    runner = AppRunner(Application())
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    runner._unreg_site(site)
    with pytest.raises(RuntimeError, match="not started, or belongs to another"):
        await site.stop()
    await runner.cleanup()


async def test_whoever_has_no_time_does_not_wait_for_handlers() -> None:
    """A cancelled clean-up ends the rest at once."""
    started, told = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def stay(request: BaseRequest) -> StreamResponse:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("handler")
        raise AssertionError

    async def shutdown(app: Application) -> None:
        told.set()
        await asyncio.Event().wait()

    async def cleanup(app: Application) -> None:
        ended.append("clean-up")

    app = Application()
    app.router.add_get("/", stay)
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with raw_client(site.port) as peer:
        await peer.send(get())
        await started.wait()
        ending = asyncio.create_task(runner.cleanup())
        await told.wait()
        ending.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await ending
    assert ended == ["handler", "clean-up"]
