import asyncio
from collections.abc import AsyncIterator

import pytest
from support.serving import answer_to, body_of, last

from weft_web_server import (
    AppKey,
    Application,
    NotAppKeyWarning,
    Request,
    Response,
    StreamResponse,
)

KEY = AppKey("key", int)


async def answer(request: Request) -> StreamResponse:
    return Response(text="x")


def test_mapping() -> None:
    app = Application()
    app[KEY] = 5
    assert app[KEY] == 5 and list(app) == [KEY] and len(app) == 1 and app
    del app[KEY]
    assert KEY not in app and app.get(KEY) is None
    with pytest.warns(NotAppKeyWarning):
        app["name"] = 1
    assert app() is app and "Application" in repr(app)


def test_changes_after_freeze() -> None:
    app = Application()
    app.freeze()
    assert app.frozen and app.pre_frozen
    with pytest.warns(DeprecationWarning, match="after the start"):
        app[KEY] = 1
    for change in (
        lambda: app.on_startup.append(lambda app: asyncio.sleep(0)),
        lambda: app.middlewares.append(None),  # type: ignore[arg-type]  # refused before it is looked at
        lambda: app.router.add_get("/", answer),
        lambda: app.add_subapp("/x", Application()),
    ):
        with pytest.raises(RuntimeError, match="frozen"):
            change()


def test_inheriting_warns() -> None:
    with pytest.warns(DeprecationWarning, match="inherits from web.Application"):

        class Mine(Application):
            pass

    assert isinstance(Mine(), Application)


async def test_facts() -> None:
    app = Application(client_max_size=5, client_max_fields=6, handler_args={"a": 1})
    assert (app.client_max_size, app.client_max_fields, app.handler_args) == (5, 6, {"a": 1})
    assert app.logger.name == "weft.web" and app.debug is False


async def test_signals_in_order() -> None:
    calls: list[str] = []
    app, sub = Application(), Application()

    def noting(name: str):  # type: ignore[no-untyped-def]  # a receiver
        async def note(app: Application) -> None:
            calls.append(name)

        return note

    async def context(app: Application) -> AsyncIterator[None]:
        calls.append("context in")
        yield
        calls.append("context out")

    for each, name in ((app, "app"), (sub, "sub")):
        each.on_startup.append(noting(f"{name} startup"))
        each.on_shutdown.append(noting(f"{name} shutdown"))
        each.on_cleanup.append(noting(f"{name} cleanup"))
    app.cleanup_ctx.append(context)
    app.add_subapp("/sub", sub)
    await app.startup()
    assert not app.frozen
    app[KEY] = 1  # values may still be set
    app.freeze()
    await app.shutdown()
    await app.cleanup()
    assert calls == [
        "context in",
        "app startup",
        "sub startup",
        "app shutdown",
        "sub shutdown",
        "context out",
        "app cleanup",
        "sub cleanup",
    ]


async def test_cleanup_without_a_start() -> None:
    await Application().shutdown()
    await Application().cleanup()


async def test_response_prepare() -> None:
    async def stamp(request: Request, response: StreamResponse) -> None:
        response.headers["X-Stamp"] = request.path

    app = Application()
    app.on_response_prepare.append(stamp)
    app.router.add_get("/", answer)
    found = await answer_to(app, last())
    assert b"\r\nX-Stamp: /\r\n" in found and body_of(found) == b"x"
    assert b"\r\nX-Stamp: /none\r\n" in await answer_to(app, last("/none"))


@pytest.mark.parametrize("prefix", ["", "/", "x"])
def test_bad_prefixes(prefix: str) -> None:
    with pytest.raises(ValueError, match=r"the prefix '.*' of a sub-app"):
        Application().add_subapp(prefix, Application())


def test_sub_application_of_its_own_life() -> None:
    sub = Application()
    sub.freeze()
    with pytest.raises(RuntimeError, match="frozen"):
        Application().add_subapp("/x", sub)
    with pytest.raises(TypeError):
        Application().add_subapp(5, Application())  # type: ignore[arg-type]  # the mistake under test


def test_sub_application_among_the_resources() -> None:
    app, sub = Application(), Application()
    resource = app.add_subapp("/sub", sub)
    assert resource.canonical == "/sub" and resource.get_info()["app"] is sub
    assert list(resource) == [] and "/sub" in repr(resource)
    with pytest.raises(RuntimeError):
        resource.url_for()


def test_a_sub_application_is_closed_when_it_is_added() -> None:
    app, sub = Application(), Application()
    app.add_subapp("/sub", sub)
    assert sub.pre_frozen and not sub.frozen and not app.pre_frozen
    with pytest.raises(RuntimeError, match="frozen"):
        sub.router.add_get("/late", answer)
    with pytest.raises(RuntimeError):
        sub.on_startup.append(answer)  # type: ignore[arg-type]  # is refused anyway
    sub[KEY] = 1
    with pytest.raises(RuntimeError, match="add it once"):
        app.add_subapp("/again", sub)
    app.freeze()
    assert sub.frozen and list(app.resources()) == list(app.router.resources())
    with pytest.raises(RuntimeError, match="the application is frozen"):
        app.add_subapp("/late", Application())


def test_what_is_no_sub_application() -> None:
    app = Application()
    with pytest.raises(TypeError, match="5 is no Application"):
        app.add_subapp("/x", 5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="below itself"):
        app.add_subapp("/x", app)


async def test_one_below_another_can_be_served_by_itself() -> None:
    app, sub = Application(), Application()
    sub.router.add_get("/x", answer)
    app.add_subapp("/sub", sub)
    assert body_of(await answer_to(sub, last("/sub/x"))) == b"x"
