"""Requests that wait for connections, and who holds these."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from support.answers import Reply, answers, silence

from weft_client_session import ClientSession, ConnectionKey, TCPConnector, connector, starving
from weft_client_session.pool import Ticket

KEY = ConnectionKey("a", 80, False, True, None, None, None)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is no option."""
    monkeypatch.setattr(connector, "STARVING_SECONDS", 0.01)


async def held(session: ClientSession, url: str) -> None:
    """Wait for ever, or until the session closes."""
    async with session.get(url):
        await asyncio.Event().wait()


class Heard(logging.Handler):
    """Tells when something is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.put_nowait(record.getMessage())


@pytest.fixture
def heard() -> Iterator[Heard]:
    log, handler = logging.getLogger("weft.client"), Heard()
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


@pytest.mark.usefixtures("soon")
async def test_the_holders_are_named(heard: Heard) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nsome"
    replies: dict[str, Reply] = {"/unread": body, "/silent": silence}
    async with answers(replies) as server:
        async with ClientSession(connector=TCPConnector(limit=2)) as session:
            tasks = [
                asyncio.create_task(held(session, server.url("/unread"))),
                asyncio.create_task(held(session, server.url("/silent"))),
            ]
            await server.until_asked(2)
            tasks += [asyncio.create_task(held(session, server.url())) for _ in range(3)]
            async with asyncio.timeout(5):
                text = await heard.texts.get()
                await heard.texts.get()  # and so on, as long as it lasts
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert text.startswith("3 requests wait for a connection")
    assert text.count(f"127.0.0.1:{server.port} for 0 s") == 2
    assert "the body is under way" in text and "the answer has not begun" in text


@pytest.mark.usefixtures("soon")
async def test_a_line_that_moves_is_no_reason(heard: Heard) -> None:
    async with answers() as server:
        async with ClientSession(connector=TCPConnector(limit=1)) as session:
            asking = [session.get(server.url()) for _ in range(5)]
            for response in asyncio.as_completed([asyncio.ensure_future(one) for one in asking]):
                await (await response).read()
            books = session.connector._books if session.connector else None
            assert books is not None and not books.waiters
            if books.starving is not None:
                # What the timer would call finds nobody there.
                assert session.connector is not None
                session.connector._look_at_line(books, Ticket(KEY, 1))
    assert heard.texts.empty()


async def test_many_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starving, "HOLDERS_LIMIT", 1)
    async with answers({"/": silence}) as server, ClientSession() as session:
        tasks = [asyncio.create_task(held(session, server.url())) for _ in range(3)]
        await server.until_asked(3)
        books = session.connector._books if session.connector else None
        assert books is not None
        text = starving.format_holders(books.connections, books.loop.time())
        assert text.endswith("; and 2 more")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert starving.format_holders((), 0).startswith("nobody")
