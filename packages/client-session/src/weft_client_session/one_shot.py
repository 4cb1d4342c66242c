"""request(): one request without a session. It has one of its own, which ends with the answer."""

from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Unpack

from yarl import URL

from weft_client_session.connector import BaseConnector
from weft_client_session.endpoints import TCPConnector
from weft_client_session.jar import DummyCookieJar
from weft_client_session.opening import Opening
from weft_client_session.options import RequestKeywords
from weft_client_session.response import ClientResponse
from weft_client_session.session import ClientSession
from weft_http_parser import HTTP_11, Version


class OneShot(Opening[ClientResponse]):
    """A request with a session of its own, which is closed behind it."""

    __slots__ = ("_session",)

    def __init__(
        self, coroutine: Coroutine[Any, Any, ClientResponse], session: ClientSession
    ) -> None:
        super().__init__(coroutine)
        self._session = session

    async def __aenter__(self) -> ClientResponse:
        try:
            return await super().__aenter__()
        except BaseException:
            await self._session.close()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()
        await self._session.close()


def request(
    method: str,
    url: str | URL,
    *,
    version: Version = HTTP_11,
    connector: BaseConnector | None = None,
    **kwargs: Unpack[RequestKeywords],
) -> OneShot:
    """One request without a session; to be entered with `async with`."""
    owned = connector is None
    session = ClientSession(
        connector=TCPConnector(force_close=True) if connector is None else connector,
        connector_owner=owned,
        cookie_jar=DummyCookieJar(),
        version=version,
    )
    return OneShot(_one_shot(session, method, url, kwargs), session)


async def _one_shot(
    session: ClientSession, method: str, url: str | URL, keywords: RequestKeywords
) -> ClientResponse:
    try:
        return await session.request(method, url, **keywords)
    except BaseException:
        await session.close()
        raise
