"""The example docs/examples/newsroom, with a real PostgreSQL and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support.programs import python_program
from support.services import free_port, postgres_server, redis_server

import newsroom
from weft import ClientSession, ClientWebSocketResponse, WSCloseCode, WSMsgType, web

EXAMPLE = Path(newsroom.__file__)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
async def session(database_url: str, redis_url: str) -> AsyncIterator[ClientSession]:
    """A client of a newsroom served in this process."""
    async with served(newsroom.create_app(database_url, redis_url)) as session:
        yield session


class served:
    """An application on a free port, and a session whose URLs begin there."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app)

    async def __aenter__(self) -> ClientSession:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self._session = ClientSession(f"http://{host}:{port}")
        return self._session

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()
        await self._runner.cleanup()


async def hear(reader: ClientWebSocketResponse) -> object:
    return await reader.receive_json(timeout=10)


async def post(session: ClientSession, headline: object) -> tuple[int, object]:
    async with session.post("/desk/stories", json={"headline": headline}) as response:
        is_json = response.content_type == "application/json"
        return response.status, await response.json() if is_json else await response.text()


async def test_a_story_is_kept_by_the_pool_that_the_sub_application_shares(
    session: ClientSession,
) -> None:
    status, story = await post(session, "Tea found on the moon")
    assert status == 201
    async with session.get("/stories") as response:
        assert (await response.json())[0] == story


async def test_every_reader_of_every_process_hears_of_a_story(
    session: ClientSession, database_url: str, redis_url: str
) -> None:
    async with (
        served(newsroom.create_app(database_url, redis_url)) as elsewhere,
        session.ws_connect("/live") as one,
        session.ws_connect("/live") as two,
        elsewhere.ws_connect("/live") as three,
    ):
        _, story = await post(session, "Kettle boils")
        assert [await hear(reader) for reader in (one, two, three)] == [story] * 3


@pytest.mark.parametrize("headline", ["", "x" * 201, 7, None, "a\0b"])
async def test_a_headline_that_is_none_is_refused_with_the_reason(
    session: ClientSession, headline: object
) -> None:
    status, text = await post(session, headline)
    assert status == 400
    assert str(text).startswith("headline: ")


async def test_readers_go_on_hearing_after_redis_closed_the_connection(
    database_url: str, redis_url: str
) -> None:
    app = newsroom.create_app(database_url, redis_url)
    async with served(app) as session, session.ws_connect("/live") as reader:
        assert await app[newsroom.REDIS].client_kill_filter(_type="pubsub") == 1
        hearing = asyncio.create_task(hear(reader))
        while not hearing.done():  # what is told while nobody listens is kept, and not heard
            await post(session, "Tea is back")
        assert "Tea is back" in str(await hearing)


async def test_readers_are_told_that_the_newsroom_closes(
    database_url: str, redis_url: str
) -> None:
    async with served(newsroom.create_app(database_url, redis_url)) as session:
        reader = await session.ws_connect("/live")
    message = await reader.receive(timeout=10)
    assert message.type is WSMsgType.CLOSED
    await reader.close()


async def test_it_runs_as_its_first_lines_say(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    for name, value in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PORT", str(port))
    async with python_program("-X", "dev", "-W", "error", str(EXAMPLE)) as program:
        await program.line_with(f"http://127.0.0.1:{port}")
        async with (
            ClientSession(f"http://127.0.0.1:{port}") as session,
            session.ws_connect("/live") as reader,
        ):
            _, story = await post(session, "As printed")
            assert await hear(reader) == story
            program.terminate()
            assert (await reader.receive(timeout=10)).type is WSMsgType.CLOSE
            assert reader.close_code == WSCloseCode.GOING_AWAY
        code, printed = await program.end()
    assert code == 0, printed
    assert "Traceback" not in printed and "Warning" not in printed, printed


async def test_a_wrong_address_is_told_at_the_start(database_url: str) -> None:
    runner = web.AppRunner(newsroom.create_app(database_url, f"redis://127.0.0.1:{free_port()}"))
    with pytest.raises(Exception, match=r"refused|connect"):
        await runner.setup()
    await runner.cleanup()
