"""The short way of a plain request on a kept connection: its bytes were made before.

A request is plain when its caller says a URL and nothing else, and its session has nothing that
would have to be asked. Whatever is not as usual goes the long way, which is `course`.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import attrs
from multidict import CIMultiDict, getversion
from yarl import URL

from weft_client_session.course import Course, Tools, keep_cookies
from weft_client_session.deadlines import Deadlines
from weft_client_session.errors import ClientConnectionError, head_error
from weft_client_session.exchange import ClientExchange
from weft_client_session.options import PLAIN_OPTIONS, UNFOLLOWED_OPTIONS, RequestOptions
from weft_client_session.redirects import REDIRECTS
from weft_client_session.request import BODILESS_METHODS, ClientRequest, ConnectionKey, RequestSpec
from weft_client_session.response import ClientResponse
from weft_http_parser import MARK_SET_COOKIE, LinkLost, ProtocolError, hdrs

# Its signature has MultiDict[object], which no MultiDict[str] is.
version_of: Callable[[CIMultiDict[str]], int] = getversion  # type: ignore[assignment]
READY_LIMIT = 512  # plain requests remembered


class LongWay(Protocol):
    """How a session opens a request whose bytes are not known."""

    def __call__(
        self,
        method: str,
        url: str | URL,
        options: RequestOptions,
        deadlines: Deadlines | None = None,
    ) -> Coroutine[Any, Any, ClientResponse]: ...


@attrs.frozen(eq=False, repr=False)
class Ready:
    """A plain request that was made before: its bytes, as long as the session's headers last."""

    asked: tuple[str, str]  # method and URL, as the caller gave them
    spec: RequestSpec
    request: ClientRequest
    key: ConnectionKey
    raw: bytes
    stamp: int


class ReadyRequests:
    """The plain requests of a session."""

    __slots__ = ("_long_way", "_ready", "_tools")

    def __init__(self, tools: Tools, long_way: LongWay) -> None:
        self._tools = tools
        self._long_way = long_way
        self._ready: dict[tuple[str, str], Ready] = {}

    def find(self, method: str, url: str) -> Ready | None:
        """The request that was made before, unless the session's headers have changed."""
        ready = self._ready.get((method, url))
        if ready is None or ready.stamp != version_of(self._tools.defaults.headers):
            return None
        return ready

    async def open(self, ready: Ready, options: RequestOptions) -> ClientResponse:
        """The short way: a known request on a kept connection."""
        tools = self._tools
        if tools.owner.closed or tools.jar or ready.stamp != version_of(tools.defaults.headers):
            return await self._long_way(*ready.asked, options)
        connection = tools.connector.take(ready.key)
        if connection is None:
            return await self._long_way(*ready.asked, options)
        timeout = tools.defaults.timeout
        exchange = ClientExchange(
            connection, Deadlines(timeout, connection.clock()), tools.reading
        )
        try:
            connection.watch(exchange.deadline)
            exchange.ask(ready.raw, ready.request.method)
            if exchange.deadlines.is_paced:
                exchange.touch()
            await connection.arrival  # as `exchange.answer()`, one coroutine less
            head = exchange.head or await exchange.answer()
        except (LinkLost, ClientConnectionError) as exc:
            exchange.close()
            if exchange.has_received or isinstance(exc, TimeoutError):
                raise
            # The kept connection was dead; only idempotent requests are remembered.
            return await self._long_way(*ready.asked, options, exchange.deadlines)
        except ProtocolError as exc:
            raise head_error(exc, ready.request.request_info) from exc
        except BaseException:
            exchange.close()
            raise
        response = ClientResponse(head, ready.request, exchange, tools.settings)
        if head.status not in REDIRECTS and not head.marks & MARK_SET_COOKIE:
            return response
        return await self._finish(ready, options, response, exchange.deadlines)

    async def _finish(
        self, ready: Ready, options: RequestOptions, response: ClientResponse, deadlines: Deadlines
    ) -> ClientResponse:
        """What an answer may ask for: cookies to keep, a redirect to follow."""
        head = response.head
        keep_cookies(self._tools.jar, head, ready.request.url)
        if head.status in REDIRECTS and options.following.allow_redirects:
            return await Course(self._tools, options, deadlines).run(ready.spec, response)
        return response

    def remember(self, method: str, url: str, course: Course) -> None:
        """Keep the bytes of a plain request, for the next of its kind."""
        if course.first is None or method not in BODILESS_METHODS:
            return
        spec, request, key, raw = course.first
        if key is None or hdrs.COOKIE in request.headers:
            return
        if len(self._ready) >= READY_LIMIT:
            self._ready.clear()
        stamp = version_of(self._tools.defaults.headers)
        self._ready[method, url] = Ready((method, url), spec, request, key, raw, stamp)


def is_plain(options: RequestOptions) -> bool:
    """The caller said nothing but a URL."""
    return options is PLAIN_OPTIONS or options is UNFOLLOWED_OPTIONS
