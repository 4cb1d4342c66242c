"""ClientSession: the public face. Folds keywords, keeps what requests share, opens and closes.

The course of a request is in `course`; only the short way of a plain request on a kept connection
is here.
"""

import asyncio
import json
import warnings
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

import attrs
from multidict import CIMultiDict
from yarl import URL

from weft_client_session.connector import BaseConnector
from weft_client_session.course import (
    Course,
    Defaults,
    Tools,
    build_spec,
)
from weft_client_session.deadlines import Deadlines
from weft_client_session.endpoints import TCPConnector
from weft_client_session.guards import caller_place
from weft_client_session.jar import AbstractCookieJar, CookieJar
from weft_client_session.middleware import ClientMiddlewareType
from weft_client_session.opening import Opening
from weft_client_session.options import (
    BODY_RATIO,
    DEFAULT_WS_TIMEOUT,
    PLAIN_OPTIONS,
    READ_BUFFER,
    UNFOLLOWED_OPTIONS,
    AskingKeywords,
    ClientTimeout,
    ClientWSTimeout,
    CookiesLike,
    HeadersLike,
    OldSessionKeywords,
    RequestKeywords,
    RequestOptions,
    RouteKeywords,
    SendingKeywords,
    StatusCheck,
    WebSocketKeywords,
    checked_auth,
    fold,
    session_limits,
    session_timeout,
)
from weft_client_session.reading import BodyReading
from weft_client_session.ready import ReadyRequests, is_plain
from weft_client_session.redirect_policy import RedirectPolicy, refuse_downgrades
from weft_client_session.response import ClientResponse, Settings
from weft_client_session.tls import settled_tls
from weft_http_parser import (
    HTTP_10,
    HTTP_11,
    BasicAuth,
    Version,
    hdrs,
)

if TYPE_CHECKING:  # many programs trace nothing and open no websocket: loaded with the first use
    from weft_client_session.reconnect import ReconnectingWebSocket, ReconnectPolicy
    from weft_client_session.tracing import TraceConfig
    from weft_client_session.websocket import ClientWebSocketResponse, WebSocketOptions


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
        redirect_policy: RedirectPolicy = refuse_downgrades,
        timeout: ClientTimeout | float | None = None,
        auto_decompress: bool = True,
        trust_env: bool = False,
        trace_configs: "Sequence[TraceConfig] | None" = None,
        read_bufsize: int = READ_BUFFER,
        max_body_size: int | None = None,
        max_body_ratio: int | None = BODY_RATIO,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        fallback_charset_resolver: Callable[[ClientResponse, bytes], str] | None = None,
        middlewares: Sequence[ClientMiddlewareType] = (),
        requote_redirect_url: bool = False,
        **old: Unpack[OldSessionKeywords],
    ) -> None:
        self._is_closed = False
        self._connector_owner = connector_owner
        self._made_at = caller_place()
        jar = CookieJar() if cookie_jar is None else cookie_jar
        if cookies:
            jar.update_cookies(cookies)
        defaults = Defaults(
            base_url=_checked_base(base_url),
            headers=CIMultiDict(headers or ()),
            skipped=frozenset(name.lower() for name in skip_auto_headers or ()),
            auth=checked_auth(auth),
            version=HTTP_11 if version == HTTP_11 else HTTP_10,
            timeout=session_timeout(timeout, old, 2),
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
            redirect_policy=redirect_policy,
            requotes=requote_redirect_url,
            owner=self,
            defaults=defaults,
            connector=TCPConnector() if connector is None else connector,
            jar=jar,
            reading=BodyReading(
                read_bufsize, auto_decompress, max_size=max_body_size, max_ratio=max_body_ratio
            ),
            limits=session_limits(max_line_size, max_field_size, max_headers),
            settings=Settings(fallback_charset_resolver or _utf8),
            middlewares=tuple(middlewares),
            trace_configs=tuple(trace_configs or ()),
        )
        self._ready = ReadyRequests(self._tools, self._open)
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
        """Ask for what is at a URL; redirects are followed unless `allow_redirects` is False."""
        if kwargs or not allow_redirects:
            return self._follow("GET", url, allow_redirects, kwargs)
        return Opening(self._start("GET", url, PLAIN_OPTIONS))

    def options(
        self, url: str | URL, *, allow_redirects: bool = True, **kwargs: Unpack[AskingKeywords]
    ) -> Opening[ClientResponse]:
        """Ask what can be done with a URL."""
        return self._follow("OPTIONS", url, allow_redirects, kwargs)

    def head(
        self, url: str | URL, *, allow_redirects: bool = False, **kwargs: Unpack[AskingKeywords]
    ) -> Opening[ClientResponse]:
        """Ask for the head of an answer alone; redirects are not followed unless `allow_redirects`."""
        return self._follow("HEAD", url, allow_redirects, kwargs)

    def post(
        self, url: str | URL, *, data: object = None, **kwargs: Unpack[SendingKeywords]
    ) -> Opening[ClientResponse]:
        """Give `data` to a URL to do something with it. Not sent again when the connection is lost."""
        return Opening(self._start("POST", url, fold({**kwargs, "data": data})))

    def put(
        self, url: str | URL, *, data: object = None, **kwargs: Unpack[SendingKeywords]
    ) -> Opening[ClientResponse]:
        """Make `data` what is at a URL."""
        return Opening(self._start("PUT", url, fold({**kwargs, "data": data})))

    def patch(
        self, url: str | URL, *, data: object = None, **kwargs: Unpack[SendingKeywords]
    ) -> Opening[ClientResponse]:
        """Change what is at a URL as `data` says."""
        return Opening(self._start("PATCH", url, fold({**kwargs, "data": data})))

    def delete(self, url: str | URL, **kwargs: Unpack[RequestKeywords]) -> Opening[ClientResponse]:
        """Have what is at a URL removed."""
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
        """Nothing can be asked any more."""
        return self._is_closed or self._tools.connector.closed

    @property
    def connector(self) -> BaseConnector | None:
        """What connects; None once the session is closed."""
        return None if self._is_closed else self._tools.connector

    @property
    def connector_owner(self) -> bool:
        """Closing the session closes the connector too."""
        return self._connector_owner

    @property
    def cookie_jar(self) -> AbstractCookieJar:
        """What keeps the cookies."""
        return self._tools.jar

    @property
    def headers(self) -> "CIMultiDict[str]":
        """The fields that every request gets; they may be changed."""
        return self._tools.defaults.headers

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Names of fields, in lower case, that are not added by themselves."""
        return self._tools.defaults.skipped

    @property
    def auth(self) -> BasicAuth | None:
        """The credentials for the origin of `base_url`, or for all where there is none."""
        return self._tools.defaults.auth

    @property
    def version(self) -> Version:
        """The version of HTTP that requests say."""
        return self._tools.defaults.version

    @property
    def timeout(self) -> ClientTimeout:
        """How long the phases of a request may take."""
        return self._tools.defaults.timeout

    @property
    def json_serialize(self) -> Callable[[Any], str]:
        """What makes text of `json`."""
        return self._tools.defaults.dumps

    @property
    def raise_for_status(self) -> StatusCheck:
        """Whether errors raise, or the coroutine function that decides it."""
        return self._tools.defaults.raise_for_status

    @property
    def auto_decompress(self) -> bool:
        """Bodies are decoded."""
        return self._tools.reading.decodes

    @property
    def trust_env(self) -> bool:
        """Proxies and passwords are taken from the environment."""
        return self._tools.defaults.trust_env

    @property
    def trace_configs(self) -> "list[TraceConfig]":
        """Who is told of requests."""
        return list(self._tools.trace_configs)

    @property
    def requote_redirect_url(self) -> bool:
        """URLs of redirects are normalised instead of being followed as they came."""
        return self._tools.requotes

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that the session belongs to."""
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
            ready = self._ready.find(method, url)
            if ready is not None and not self._is_closed:
                return self._ready.open(ready, options)
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
            self._ready.remember(method, url, course)
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
