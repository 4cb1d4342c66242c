"""ClientSession: the public face. Folds keywords, keeps what requests share, opens and closes.

The course of a request is in `course`; only the short way of a plain request on a kept connection
is here.
"""

import asyncio
import json
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, Unpack

import attrs
from multidict import CIMultiDict, getversion
from yarl import URL

from weft_client_session.connector import BaseConnector
from weft_client_session.course import (
    Course,
    Defaults,
    Tools,
    build_spec,
    keep_cookies,
)
from weft_client_session.deadlines import Deadlines
from weft_client_session.endpoints import TCPConnector
from weft_client_session.errors import (
    ClientConnectionError,
    head_error,
)
from weft_client_session.exchange import ClientExchange
from weft_client_session.jar import AbstractCookieJar, CookieJar
from weft_client_session.middleware import ClientMiddlewareType
from weft_client_session.options import (
    DEFAULT_TIMEOUT,
    DEFAULT_WS_TIMEOUT,
    PLAIN_OPTIONS,
    READ_BUFFER,
    UNFOLLOWED_OPTIONS,
    AskingKeywords,
    ClientTimeout,
    ClientWSTimeout,
    CookiesLike,
    HeadersLike,
    RequestKeywords,
    RequestOptions,
    RouteKeywords,
    SendingKeywords,
    StatusCheck,
    WebSocketKeywords,
    checked_auth,
    checked_timeout,
    fold,
    session_limits,
)
from weft_client_session.reading import BodyReading
from weft_client_session.redirects import REDIRECTS
from weft_client_session.request import BODILESS_METHODS, ClientRequest, ConnectionKey, RequestSpec
from weft_client_session.response import ClientResponse, Settings, caller_place
from weft_client_session.tls import settled_tls
from weft_http_parser import (
    HTTP_10,
    HTTP_11,
    MARK_SET_COOKIE,
    BasicAuth,
    LinkLost,
    ProtocolError,
    Version,
    hdrs,
)

if TYPE_CHECKING:  # many programs trace nothing and open no websocket: loaded with the first use
    from weft_client_session.reconnect import ReconnectingWebSocket, ReconnectPolicy
    from weft_client_session.tracing import TraceConfig
    from weft_client_session.websocket import ClientWebSocketResponse, WebSocketOptions


class Opened(Protocol):
    """What an Opening opens."""

    def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Awaitable[None]: ...


R = TypeVar("R", bound=Opened)
# Its signature has MultiDict[object], which no MultiDict[str] is.
version_of: Callable[[CIMultiDict[str]], int] = getversion  # type: ignore[assignment]
READY_LIMIT = 512  # plain requests remembered


class Opening(Coroutine[Any, Any, R], Generic[R]):  # what a coroutine is sent is asyncio's
    """What a verb returns: await it, or enter it."""

    __slots__ = ("_coroutine", "_opened")

    def __init__(self, coroutine: Coroutine[Any, Any, R]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, R]:
        return self._coroutine.__await__()

    async def __aenter__(self) -> R:
        self._opened = opened = await self._coroutine
        return opened

    def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> Awaitable[None]:
        return self._opened.__aexit__(kind, exc, traceback)

    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *args: Any) -> Any:
        return self._coroutine.throw(*args)

    def close(self) -> None:
        self._coroutine.close()


@attrs.frozen(eq=False, repr=False)
class Ready:
    """A plain request that was made before: its bytes, as long as the session's headers last."""

    asked: tuple[str, str]  # method and URL, as the caller gave them
    spec: RequestSpec
    request: ClientRequest
    key: ConnectionKey
    raw: bytes
    stamp: int


class ClientSession:
    """Makes requests, with connections, cookies and defaults that they share.

    It may be made anywhere and binds to the loop of its first request.
    """

    def __init__(  # wide: the shape of aiohttp; # long: as wide
        self,
        base_url: str | URL | None = None,
        *,
        connector: BaseConnector | None = None,
        cookies: CookiesLike | None = None,
        headers: HeadersLike | None = None,
        proxy: str | URL | None = None,
        proxy_auth: BasicAuth | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        json_serialize: Callable[[Any], str] = json.dumps,
        json_serialize_bytes: Callable[[Any], bytes] | None = None,
        version: Version = HTTP_11,
        cookie_jar: AbstractCookieJar | None = None,
        connector_owner: bool = True,
        raise_for_status: StatusCheck = False,
        timeout: ClientTimeout | float | None = None,
        auto_decompress: bool = True,
        trust_env: bool = False,
        trace_configs: "Sequence[TraceConfig] | None" = None,
        read_bufsize: int = READ_BUFFER,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        fallback_charset_resolver: Callable[[ClientResponse, bytes], str] | None = None,
        middlewares: Sequence[ClientMiddlewareType] = (),
    ) -> None:
        self._is_closed = False
        self._connector_owner = connector_owner
        self._made_at = caller_place()
        self._ready: dict[tuple[str, str], Ready] = {}
        jar = CookieJar() if cookie_jar is None else cookie_jar
        if cookies:
            jar.update_cookies(cookies)
        defaults = Defaults(
            base_url=_checked_base(base_url),
            headers=CIMultiDict(headers or ()),
            skipped=frozenset(name.lower() for name in skip_auto_headers or ()),
            auth=checked_auth(auth),
            version=HTTP_11 if version == HTTP_11 else HTTP_10,
            timeout=checked_timeout(timeout) or DEFAULT_TIMEOUT,
            trust_env=trust_env,
            proxy=None if proxy is None else URL(proxy),
            proxy_auth=checked_auth(proxy_auth),
            raise_for_status=raise_for_status,
            dumps=json_serialize,
            dumps_bytes=json_serialize_bytes,
        )
        for config in trace_configs or ():
            config.freeze()
        self._tools = Tools(
            owner=self,
            defaults=defaults,
            connector=TCPConnector() if connector is None else connector,
            jar=jar,
            reading=BodyReading(read_bufsize, auto_decompress),
            limits=session_limits(max_line_size, max_field_size, max_headers),
            settings=Settings(fallback_charset_resolver or _utf8),
            middlewares=tuple(middlewares),
            trace_configs=tuple(trace_configs or ()),
        )
        # Nothing that a plain request would have to ask anybody about.
        self._is_plain = not (
            middlewares or trace_configs or trust_env or proxy or raise_for_status
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __enter__(self) -> None:
        raise TypeError("Use async with instead")

    def __exit__(self, *exc_info: object) -> None:
        """Never reached: `with` needs it to get as far as `__enter__`."""

    def __init_subclass__(cls) -> None:
        warnings.warn(
            f"Inheritance class {cls.__name__} from ClientSession is discouraged",
            DeprecationWarning,
            stacklevel=2,
        )

    def __del__(self) -> None:
        # __init__ may have raised before it set anything.
        if getattr(self, "_is_closed", True):
            return
        tools = getattr(self, "_tools", None)
        if tools is None:
            return
        warnings.warn(
            f"Unclosed client session {self!r} made at {self._made_at}",
            ResourceWarning,
            stacklevel=2,
            source=self,
        )
        if self._connector_owner:
            tools.connector.close_now()

    # Requests.

    def request(
        self, method: str, url: str | URL, **kwargs: Unpack[RequestKeywords]
    ) -> Opening[ClientResponse]:
        """Make a request of any method."""
        return Opening(self._start(method.upper(), url, fold(kwargs)))

    def get(
        self, url: str | URL, *, allow_redirects: bool = True, **kwargs: Unpack[AskingKeywords]
    ) -> Opening[ClientResponse]:
        if kwargs or not allow_redirects:
            return self._follow("GET", url, allow_redirects, kwargs)
        return Opening(self._start("GET", url, PLAIN_OPTIONS))

    def options(
        self, url: str | URL, *, allow_redirects: bool = True, **kwargs: Unpack[AskingKeywords]
    ) -> Opening[ClientResponse]:
        return self._follow("OPTIONS", url, allow_redirects, kwargs)

    def head(
        self, url: str | URL, *, allow_redirects: bool = False, **kwargs: Unpack[AskingKeywords]
    ) -> Opening[ClientResponse]:
        return self._follow("HEAD", url, allow_redirects, kwargs)

    def post(
        self, url: str | URL, *, data: object = None, **kwargs: Unpack[SendingKeywords]
    ) -> Opening[ClientResponse]:
        return Opening(self._start("POST", url, fold({**kwargs, "data": data})))

    def put(
        self, url: str | URL, *, data: object = None, **kwargs: Unpack[SendingKeywords]
    ) -> Opening[ClientResponse]:
        return Opening(self._start("PUT", url, fold({**kwargs, "data": data})))

    def patch(
        self, url: str | URL, *, data: object = None, **kwargs: Unpack[SendingKeywords]
    ) -> Opening[ClientResponse]:
        return Opening(self._start("PATCH", url, fold({**kwargs, "data": data})))

    def delete(self, url: str | URL, **kwargs: Unpack[RequestKeywords]) -> Opening[ClientResponse]:
        return Opening(self._start("DELETE", url, fold(kwargs)))

    def ws_connect(  # wide: the shape of aiohttp
        self,
        url: str | URL,
        *,
        method: str = "GET",
        protocols: Iterable[str] = (),
        timeout: ClientWSTimeout | float | None = None,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = 45.0,
        origin: str | None = None,
        headers: HeadersLike | None = None,
        compress: int = 0,
        max_msg_size: int = 4 * 1024 * 1024,
        decode_text: bool = True,
        frame_timeout: float | None = 30.0,
        message_timeout: float | None = 120.0,
        **kwargs: Unpack[RouteKeywords],
    ) -> "Opening[ClientWebSocketResponse[bool]]":
        """Open a websocket.

        A frame, and a message, must be whole after `frame_timeout` and `message_timeout` seconds
        unless they go on with 240 bytes a second; None: they need not.
        """
        from weft_client_session.websocket import (  # late: websockets load with the first one
            WebSocketOptions,
            to_ws_timeout,
        )

        waits = to_ws_timeout(timeout, DEFAULT_WS_TIMEOUT)
        if receive_timeout is not None:
            waits = attrs.evolve(waits, ws_receive=receive_timeout)
        options = WebSocketOptions(
            protocols=tuple(protocols),
            timeout=waits,
            autoclose=autoclose,
            autoping=autoping,
            heartbeat=heartbeat,
            compress=compress,
            max_msg_size=max_msg_size,
            decode_text=decode_text,
            frame_timeout=frame_timeout,
            message_timeout=message_timeout,
        )
        route = settled_tls(kwargs, 2)
        own = CIMultiDict(headers or ())
        if origin is not None:
            own[hdrs.ORIGIN] = origin
        return Opening(self._open_websocket(method, url, own, options, route))

    def ws_reconnect(
        self,
        url: str | URL,
        *,
        policy: "ReconnectPolicy | None" = None,
        **kwargs: Unpack[WebSocketKeywords],
    ) -> "ReconnectingWebSocket":
        """Open a websocket again whenever it ends: `async for ws in session.ws_reconnect(url)`.

        `policy` says how long to wait and when to give up; all else is as in `ws_connect`.
        """
        from weft_client_session.reconnect import (  # late: few programs use it
            DEFAULT_POLICY,
            ReconnectingWebSocket,
        )

        return ReconnectingWebSocket(
            self, partial(self.ws_connect, url, **kwargs), policy or DEFAULT_POLICY
        )

    # What can be asked.

    @property
    def closed(self) -> bool:
        return self._is_closed or self._tools.connector.closed

    @property
    def connector(self) -> BaseConnector | None:
        return None if self._is_closed else self._tools.connector

    @property
    def connector_owner(self) -> bool:
        return self._connector_owner

    @property
    def cookie_jar(self) -> AbstractCookieJar:
        return self._tools.jar

    @property
    def headers(self) -> "CIMultiDict[str]":
        return self._tools.defaults.headers

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        return self._tools.defaults.skipped

    @property
    def auth(self) -> BasicAuth | None:
        return self._tools.defaults.auth

    @property
    def version(self) -> Version:
        return self._tools.defaults.version

    @property
    def timeout(self) -> ClientTimeout:
        return self._tools.defaults.timeout

    @property
    def json_serialize(self) -> Callable[[Any], str]:
        return self._tools.defaults.dumps

    @property
    def raise_for_status(self) -> StatusCheck:
        return self._tools.defaults.raise_for_status

    @property
    def auto_decompress(self) -> bool:
        return self._tools.reading.decodes

    @property
    def trust_env(self) -> bool:
        return self._tools.defaults.trust_env

    @property
    def trace_configs(self) -> "list[TraceConfig]":
        return list(self._tools.trace_configs)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._tools.connector.running_loop()

    # The end.

    async def close(self) -> None:
        """Close, and the connector with it unless that belongs to somebody else."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._connector_owner:
            await self._tools.connector.close()

    def detach(self) -> None:
        """Leave the connector to whoever has it; the session is closed."""
        self._is_closed = True

    # Inside.

    def _follow(
        self, method: str, url: str | URL, follows: bool, keywords: AskingKeywords
    ) -> Opening[ClientResponse]:
        if not keywords:
            options = PLAIN_OPTIONS if follows else UNFOLLOWED_OPTIONS
        else:
            options = fold({**keywords, "allow_redirects": follows})
        return Opening(self._start(method, url, options))

    def _start(
        self, method: str, url: str | URL, options: RequestOptions
    ) -> Coroutine[Any, Any, ClientResponse]:
        """The coroutine that makes this request; nothing is sent before it runs."""
        if self._is_plain and isinstance(url, str) and is_plain(options):
            ready = self._ready.get((method, url))
            if ready is not None and ready.stamp == version_of(self._tools.defaults.headers):
                return self._open_ready(ready, options)
        return self._open(method, url, options)

    async def _open(
        self,
        method: str,
        url: str | URL,
        options: RequestOptions,
        deadlines: Deadlines | None = None,
    ) -> ClientResponse:
        if self._is_closed:
            raise RuntimeError("Session is closed")
        course = Course(self._tools, options, deadlines)
        spec = build_spec(method, url, options, self._tools.defaults)
        response = await course.run(spec)
        if self._is_plain and isinstance(url, str) and is_plain(options):
            self._remember(method, url, course)
        return response

    async def _open_ready(self, ready: Ready, options: RequestOptions) -> ClientResponse:
        """The short way: a known request on a kept connection."""
        tools = self._tools
        if self._is_closed or tools.jar or ready.stamp != version_of(tools.defaults.headers):
            return await self._open(*ready.asked, options)
        connection = tools.connector.take(ready.key)
        if connection is None:
            return await self._open(*ready.asked, options)
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
            return await self._open(*ready.asked, options, exchange.deadlines)
        except ProtocolError as exc:
            raise head_error(exc, ready.request.request_info) from exc
        except BaseException:
            exchange.close()
            raise
        response = ClientResponse(head, ready.request, exchange, tools.settings)
        if head.status not in REDIRECTS and not head.marks & MARK_SET_COOKIE:
            return response
        return await self._finish_ready(ready, options, response, exchange.deadlines)

    async def _finish_ready(
        self, ready: Ready, options: RequestOptions, response: ClientResponse, deadlines: Deadlines
    ) -> ClientResponse:
        """What an answer may ask for: cookies to keep, a redirect to follow."""
        head = response.head
        keep_cookies(self._tools.jar, head, ready.request.url)
        if head.status in REDIRECTS and options.following.allow_redirects:
            return await Course(self._tools, options, deadlines).run(ready.spec, response)
        return response

    async def _open_websocket(
        self,
        method: str,
        url: str | URL,
        headers: "CIMultiDict[str]",
        options: "WebSocketOptions",
        keywords: Mapping[str, object],
    ) -> "ClientWebSocketResponse[bool]":
        if self._is_closed:
            raise RuntimeError("Session is closed")
        from weft_client_session.websocket import ask, open_websocket  # late: as in ws_connect

        key = ask(headers, options)
        request_options = fold({**keywords, "headers": headers, "raise_for_status": False})
        spec = build_spec(method, url, request_options, self._tools.defaults)
        response = await Course(self._tools, request_options).run(spec)
        return await open_websocket(response, key, options)

    def _remember(self, method: str, url: str, course: Course) -> None:
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


def _checked_base(url: str | URL | None) -> URL | None:
    if url is None:
        return None
    base = URL(url)
    if not base.absolute:
        raise ValueError("URL should be absolute")
    if not base.path.endswith("/"):
        raise ValueError("base_url must have a trailing '/'")
    return base


def _utf8(response: ClientResponse, body: bytes) -> str:
    return "utf-8"
