"""What a caller may set, as values: timeouts, and the keywords of a request folded into one."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http.cookies import BaseCookie, Morsel
from ssl import SSLContext
from typing import Any, TypedDict

import attrs
from yarl import URL

from weft_client_session.redirect_policy import RedirectPolicy
from weft_client_session.tls import SSLSetting, checked_setting, settled_tls
from weft_http_parser import DEFAULT_LIMITS, BasicAuth, Limits

HeadersLike = Mapping[str, str] | Iterable[tuple[str, str]]
QueryValue = str | int | float | Sequence[str | int | float]
QueryLike = str | Mapping[str, QueryValue] | Sequence[tuple[str, QueryValue]] | None
CookiesLike = (
    Mapping[str, "str | BaseCookie[str] | Morsel[str]"]
    | Iterable[tuple[str, "str | BaseCookie[str] | Morsel[str]"]]
    | BaseCookie[str]
)

READ_BUFFER = 2**18
MAX_REDIRECTS = 10
BODY_RATIO = 200  # of what is decoded to what came; counted beyond a MiB


# A ClientMiddlewareType, which is a module above this one: what it takes is not known here.
Middleware = Callable[..., Awaitable[Any]]
StatusCheck = bool | Callable[..., Awaitable[None]]


@attrs.frozen
class ClientTimeout:
    """How long each phase of a request may take, in seconds; None or 0 is for ever.

    `total` bounds the whole, over redirects and until the body is read; `connect` a ready connection
    with all that it takes; `sock_connect` the socket, the tunnel of a proxy and TLS; `sock_read` the
    pause between two reads, and the first one. The other fields are not in aiohttp: `pool` bounds
    the wait for a place among the connections, `dns` the lookup, `tls` one handshake, `send` the
    time in which the server takes nothing of what is sent, `first_byte` the wait for an answer
    behind the last byte of the request. Waits longer than `ceil_threshold` end on a whole quarter of
    a second of the loop's clock.
    """

    total: float | None = None
    connect: float | None = None
    sock_read: float | None = None
    sock_connect: float | None = None
    ceil_threshold: float = 5
    pool: float | None = attrs.field(default=None, kw_only=True)
    dns: float | None = attrs.field(default=None, kw_only=True)
    tls: float | None = attrs.field(default=10, kw_only=True)
    send: float | None = attrs.field(default=60, kw_only=True)
    first_byte: float | None = attrs.field(default=None, kw_only=True)


DEFAULT_TIMEOUT = ClientTimeout(total=300, sock_connect=30)


@attrs.frozen
class ClientWSTimeout:
    """How long a websocket waits for a message, and for the answer to its close frame."""

    ws_receive: float | None = None
    ws_close: float | None = None


DEFAULT_WS_TIMEOUT = ClientWSTimeout(ws_receive=None, ws_close=10.0)


class RouteKeywords(TypedDict, total=False):
    """The keywords that a request and the handshake of a websocket share."""

    params: QueryLike
    auth: BasicAuth | None
    proxy: str | URL | None
    proxy_auth: BasicAuth | None
    proxy_headers: HeadersLike | None
    ssl: SSLSetting | None
    verify_ssl: bool | None
    fingerprint: bytes | None
    ssl_context: SSLContext | None
    server_hostname: str | None


class WebSocketKeywords(RouteKeywords, total=False):
    """The keywords of `session.ws_connect()`."""

    method: str
    protocols: Iterable[str]
    timeout: ClientWSTimeout | float | None
    receive_timeout: float | None
    autoclose: bool
    autoping: bool
    heartbeat: float | None
    origin: str | None
    headers: HeadersLike | None
    compress: int
    max_msg_size: int
    decode_text: bool
    frame_timeout: float | None
    message_timeout: float | None


class CommonKeywords(RouteKeywords, total=False):
    """The keywords that every verb passes on."""

    json: object
    cookies: CookiesLike | None
    headers: HeadersLike | None
    skip_auto_headers: Iterable[str] | None
    max_redirects: int
    redirect_policy: RedirectPolicy | None
    compress: str | bool | None
    chunked: bool | None
    expect100: bool
    raise_for_status: StatusCheck | None
    read_until_eof: bool
    timeout: ClientTimeout | float | None
    trace_request_ctx: object
    read_bufsize: int | None
    auto_decompress: bool | None
    max_body_size: int | None
    max_body_ratio: int | None
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    middlewares: Sequence[Middleware] | None


class SendingKeywords(CommonKeywords, total=False):
    """The keywords of post, put and patch, which name `data` themselves."""

    allow_redirects: bool


class AskingKeywords(CommonKeywords, total=False):
    """The keywords of get, head and options, which name `allow_redirects` themselves."""

    data: object


class RequestKeywords(AskingKeywords, SendingKeywords, total=False):
    """The keywords of `session.request()`."""


@attrs.frozen(kw_only=True, repr=False)
class Content:
    """What is sent, and how."""

    data: object = None
    json: object = None
    compress: str | bool | None = None
    chunked: bool | None = None
    expect100: bool = False


def checked_auth(auth: BasicAuth | None) -> BasicAuth | None:
    """Credentials, unless they are something else, such as a pair of strings."""
    if auth is not None and not isinstance(auth, BasicAuth):
        raise TypeError(f"auth should be BasicAuth or None, got {type(auth).__name__}")
    return auth


@attrs.frozen(kw_only=True, repr=False)
class Following:
    """What happens when the answer is a redirect or an error."""

    allow_redirects: bool = True
    max_redirects: int = MAX_REDIRECTS
    redirect_policy: RedirectPolicy | None = None
    raise_for_status: StatusCheck | None = None


@attrs.frozen(kw_only=True, repr=False)
class Route:
    """The way to the server."""

    proxy: str | URL | None = None
    proxy_auth: BasicAuth | None = attrs.field(default=None, converter=checked_auth)
    proxy_headers: HeadersLike | None = None
    ssl: SSLSetting = attrs.field(default=True, converter=checked_setting)
    server_hostname: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class Reading:
    """How the answer is read; None takes the session's setting."""

    read_bufsize: int | None = None
    auto_decompress: bool | None = None
    read_until_eof: bool = True
    max_body_size: int | None = None
    max_body_ratio: int | None = None
    max_line_size: int | None = None
    max_field_size: int | None = None
    max_headers: int | None = None

    def limits(self, fallback: Limits) -> Limits:
        """The limits of the head; those not set here come from `fallback`."""
        if self.max_line_size is self.max_field_size is self.max_headers is None:
            return fallback
        return attrs.evolve(
            fallback,
            line=fallback.line if self.max_line_size is None else self.max_line_size,
            field=fallback.field if self.max_field_size is None else self.max_field_size,
            fields=fallback.fields if self.max_headers is None else self.max_headers,
        )


PLAIN_CONTENT = Content()
PLAIN_FOLLOWING = Following()
NO_FOLLOWING = Following(allow_redirects=False)
PLAIN_ROUTE = Route()
PLAIN_READING = Reading()

_GROUPS: Mapping[str, type] = {
    "content": Content,
    "following": Following,
    "route": Route,
    "reading": Reading,
}
_GROUP_OF = {field.name: group for group, kind in _GROUPS.items() for field in attrs.fields(kind)}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RequestOptions:
    """The keywords of one request, folded."""

    params: QueryLike = None
    headers: HeadersLike | None = None
    cookies: CookiesLike | None = None
    auth: BasicAuth | None = attrs.field(default=None, converter=checked_auth)
    skip_auto_headers: Iterable[str] | None = None
    timeout: ClientTimeout | None = None
    trace_request_ctx: object = None
    middlewares: Sequence[Middleware] | None = None
    content: Content = PLAIN_CONTENT
    following: Following = PLAIN_FOLLOWING
    route: Route = PLAIN_ROUTE
    reading: Reading = PLAIN_READING


_OLD_TLS = frozenset(("verify_ssl", "fingerprint", "ssl_context"))
PLAIN_OPTIONS = RequestOptions()
UNFOLLOWED_OPTIONS = RequestOptions(following=NO_FOLLOWING)
_OWN = {field.name for field in attrs.fields(RequestOptions)} - set(_GROUPS)


def fold(keywords: Mapping[str, object]) -> RequestOptions:
    """Keywords as one value; raises TypeError for an unknown one and ValueError for a clash."""
    if not keywords:
        return PLAIN_OPTIONS
    if not _OLD_TLS.isdisjoint(keywords):
        keywords = settled_tls(keywords, 3)  # where post() and the like were called
    own: dict[str, object] = {}
    groups: dict[str, dict[str, object]] = {}
    for name, value in keywords.items():
        if name in _OWN:
            own[name] = value
        elif name in _GROUP_OF:
            groups.setdefault(_GROUP_OF[name], {})[name] = value
        else:
            raise TypeError(f"a request has no option {name!r}")
    if "timeout" in own:
        own["timeout"] = checked_timeout(own["timeout"])
    for name, values in groups.items():
        own[name] = _GROUPS[name](**values)
    options = RequestOptions(**own)  # type: ignore[arg-type]  # names were checked above
    if options.content.data is not None and options.content.json is not None:
        raise ValueError("data and json parameters can not be used at the same time")
    return options


def checked_timeout(timeout: object) -> ClientTimeout | None:
    """A number is a total; None leaves the session's timeout in force."""
    if timeout is None or isinstance(timeout, ClientTimeout):
        return timeout
    if isinstance(timeout, int | float):
        return ClientTimeout(total=timeout)
    raise TypeError(f"timeout should be ClientTimeout, a number or None, got {timeout!r}")


class OldSessionKeywords(TypedDict, total=False):
    """Keywords of a session that aiohttp has deprecated."""

    loop: asyncio.AbstractEventLoop | None
    read_timeout: float | None
    conn_timeout: float | None
    ssl_shutdown_timeout: float | None


_OLD_SESSION = {
    "loop": "leave it out: the running loop is taken",
    "read_timeout": "use timeout=ClientTimeout(total=...)",
    "conn_timeout": "use timeout=ClientTimeout(connect=...)",
    "ssl_shutdown_timeout": "leave it out: it changes nothing",
}


def session_timeout(timeout: object, old: OldSessionKeywords, stacklevel: int) -> ClientTimeout:
    """The timeout of a session; warns of deprecated keywords.

    TypeError for an unknown one, ValueError where one and `timeout` are given.
    """
    for name, value in old.items():
        if name not in _OLD_SESSION:
            raise TypeError(f"ClientSession has no option {name!r}")
        if value is not None:
            text = f"{name} is deprecated; {_OLD_SESSION[name]}"
            warnings.warn(text, DeprecationWarning, stacklevel=stacklevel + 1)
    total, connect = old.get("read_timeout"), old.get("conn_timeout")
    settled = checked_timeout(timeout)
    if settled is not None:
        if total is not None or connect is not None:
            raise ValueError("read_timeout and conn_timeout conflict with timeout; use that alone")
        return settled
    settled = DEFAULT_TIMEOUT
    if total is not None:
        settled = attrs.evolve(settled, total=total)
    return settled if connect is None else attrs.evolve(settled, connect=connect)


def session_limits(max_line_size: int, max_field_size: int, max_headers: int) -> Limits:
    """The limits of a session from aiohttp's three settings."""
    limits = attrs.evolve(
        DEFAULT_LIMITS, line=max_line_size, field=max_field_size, fields=max_headers
    )
    return DEFAULT_LIMITS if limits == DEFAULT_LIMITS else limits
