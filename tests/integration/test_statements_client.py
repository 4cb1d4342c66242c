"""What aiohttp's FAQ says of the client: those statements by their numbers that stand nowhere else.

19, 28, 29, 40, 42 and 43 are in `tests/client_session`, beside their subjects.
"""

import asyncio

from support.answers import answers

from weft import ClientSession, web
from weft.test_utils import TestClient, TestServer

MADE_AT_IMPORT = ClientSession()
SESSION = web.AppKey("session", ClientSession)


class Api:
    """Has a session as a class attribute."""

    session = ClientSession()


async def ask_twice(session: ClientSession) -> int:
    """The connections that two requests took."""
    async with answers() as server:
        for _ in range(2):
            async with asyncio.timeout(5), session.get(server.url()) as response:
                assert await response.text() == "ok"
        return server.connections


async def test_statement_27_one_session_for_the_life_of_an_application() -> None:
    async def relay(request: web.Request) -> web.Response:
        async with request.app[SESSION].get(request.query["url"]) as response:
            return web.Response(text=await response.text())

    async def session_context(app: web.Application):  # type: ignore[no-untyped-def]
        async with ClientSession() as app[SESSION]:
            yield

    app = web.Application()
    app.router.add_get("/", relay)
    app.cleanup_ctx.append(session_context)
    async with answers() as origin, TestClient(TestServer(app)) as client:
        for _ in range(3):
            async with client.get("/", params={"url": origin.url()}) as response:
                assert await response.text() == "ok"
    assert len(origin.asked) == 3
    assert origin.connections == 1


def test_statement_41_a_session_without_a_loop_neither_hangs_nor_fails() -> None:
    async def main() -> None:
        async with MADE_AT_IMPORT:
            assert await ask_twice(MADE_AT_IMPORT) == 1

    asyncio.run(main())


def test_statement_44_nor_does_one_that_is_a_class_attribute() -> None:
    async def main() -> None:
        async with Api.session:
            assert await ask_twice(Api().session) == 1

    asyncio.run(main())


def test_statement_45_nothing_of_one_loop_reaches_the_next() -> None:
    session = ClientSession()
    for _ in range(2):
        # Each run has connections of its own; those of the loop before are gone with it.
        assert asyncio.run(ask_twice(session)) == 1
    asyncio.run(session.close())
