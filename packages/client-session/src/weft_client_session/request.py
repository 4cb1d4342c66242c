"""What is asked for, as a value, and the request that is made of it for one hop.

A `RequestSpec` is what the caller wants; redirects turn one spec into the next. A `ClientRequest`
is one message of it with all its headers, which middlewares may still change. Opens nothing.
"""

import functools
import ipaddress
import re
import sys
from collections.abc import Callable, Iterable, Sequence

import attrs
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from weft_client_session.errors import InvalidUrlClientError, NonHttpUrlClientError
from weft_client_session.options import (
    PLAIN_CONTENT,
    PLAIN_ROUTE,
    Content,
    HeadersLike,
    QueryLike,
    Route,
)
from weft_client_session.redirect_policy import TLS_SCHEMES
from weft_client_session.tls import SSLSetting
from weft_http_parser import (
    CHUNKED,
    DEFAULT_LIMITS,
    HTTP_10,
    HTTP_11,
    PAYLOAD_REGISTRY,
    BasicAuth,
    BytesPayload,
    JsonPayload,
    Limits,
    Payload,
    UnknownPayload,
    Version,
    hdrs,
    render_request_head,
    supported_codings,
)

HTTP_SCHEMES = frozenset({"http", "https", ""})
WS_SCHEMES = frozenset({"ws", "wss"})

BODILESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
USER_AGENT = f"Python/{sys.version_info[0]}.{sys.version_info[1]} weft/0.1.0"
AUTO_HEADERS = (
    (hdrs.ACCEPT, "*/*"),
    (hdrs.ACCEPT_ENCODING, ", ".join(supported_codings())),
    (hdrs.USER_AGENT, USER_AGENT),
)
_MADE_HERE = frozenset({"host", "cookie"})

# RFC 3986: what may stand in a path and a query as it is.
_LEGAL_REST = re.compile(r"(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=\[\]#]|%[0-9A-Fa-f]{2})*+")
_ILLEGAL = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?@!$&'()*+,;=\[\]#%]")
_AUTHORITY = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#]*)(.*)", re.DOTALL)
_NO_AUTHORITY = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")
_NUMERIC_HOST = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]*|[0-9]+))*\.?")


@attrs.frozen(cache_hash=True)
class ConnectionKey:
    """What two requests must have in common to use the same connection."""

    host: str
    port: int | None
    is_ssl: bool
    ssl: SSLSetting
    proxy: URL | None
    proxy_auth: BasicAuth | None
    proxy_headers_hash: int | None
    server_hostname: str | None = None
    limits: Limits = attrs.field(default=DEFAULT_LIMITS, repr=False)


@attrs.frozen
class RequestInfo:
    """What was sent, for those who look at an answer."""

    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL = attrs.field()

    @real_url.default
    def _same_url(self) -> URL:
        return self.url


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RequestSpec:
    """What a caller asks for. `headers` are his and the session's; the rest is added per hop.

    `cookies` are those given for this request alone: ready pairs of name and value.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    auth: BasicAuth | None = None
    cookies: tuple[tuple[str, str], ...] = ()
    skipped: frozenset[str] = frozenset()
    body: Payload | None = None
    content: Content = PLAIN_CONTENT
    route: Route = PLAIN_ROUTE
    version: Version = HTTP_11


# URLs.


def parse_url(url: str | URL) -> URL:
    """A URL as given: of a string only what is illegal gets escaped. Raises InvalidURL.

    >>> str(parse_url("http://a/%2F%27(b c)?q=é"))
    'http://a/%2F%27(b%20c)?q=%C3%A9'
    """
    return url if isinstance(url, URL) else _parse_text(url)


@functools.lru_cache(maxsize=512)
def _parse_text(text: str) -> URL:
    match = _AUTHORITY.fullmatch(text)
    authority, rest = match.groups() if match else ("", text)
    if _NO_AUTHORITY.search(authority):
        raise InvalidUrlClientError(text)
    if not _LEGAL_REST.fullmatch(rest):
        rest = _ILLEGAL.sub(_escape, rest)
    try:
        if not rest:
            return URL(authority)
        # Only the authority goes through yarl's rules (case, IDNA); the rest stays as it is.
        origin = str(URL(authority)).rstrip("/") if authority else ""
        return URL(origin + rest, encoded=True)
    except ValueError as exc:
        raise InvalidUrlClientError(text, str(exc)) from exc


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))


def checked_url(url: URL, schemes: frozenset[str] = HTTP_SCHEMES) -> URL:
    """Raise unless this URL names a server that we can speak to."""
    if url.scheme not in schemes:
        raise NonHttpUrlClientError(url)
    host = url.raw_host
    if not host or _NO_AUTHORITY.search(host):
        raise InvalidUrlClientError(url)
    if host[-1] in "0123456789.xXabcdefABCDEF" and _NUMERIC_HOST.fullmatch(host):
        _check_address(host)
    return url


def _check_address(host: str) -> None:
    """`127.1` and `2130706433` mean loopback to some resolvers and nothing to filters."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise InvalidUrlClientError(host, "is not a canonical IPv4 address") from None


def join_url(base: URL | None, url: str | URL, params: QueryLike) -> URL:
    """The URL of a request from the session's base, the caller's URL and the query."""
    parsed = parse_url(url)
    if base is not None and not parsed.absolute:
        parsed = base.join(parsed)
    if params:
        parsed = parsed.extend_query(params)
    return parsed


def split_credentials(url: URL) -> tuple[URL, BasicAuth | None]:
    """The URL without user and password, and these as authentication."""
    if url.raw_user is None and url.raw_password is None:
        return url, None
    auth = BasicAuth(url.user or "", url.password or "")
    return url.with_user(None), auth


# Headers.


def merge_headers(base: CIMultiDict[str], own: HeadersLike | None) -> CIMultiDict[str]:
    """The session's headers with the request's own, which replace those of the same name."""
    if not own:
        return base.copy()
    if not base:
        return CIMultiDict(own)
    added: CIMultiDict[str] = CIMultiDict(own)
    merged = base.copy()
    for name in set(added):
        merged.popall(name, None)
    merged.extend(added)
    return merged


def format_cookies(pairs: Iterable[tuple[str, str]]) -> str:
    """The value of a Cookie field (RFC 6265 4.2.1)."""
    return "; ".join([f"{name}={value}" for name, value in pairs])


# Bodies.


def to_payload(
    content: Content,
    dumps: Callable[[object], str],
    dumps_bytes: Callable[[object], bytes] | None = None,
) -> Payload | None:
    """The body that a caller's data or json stands for."""
    if content.json is not None:
        if dumps_bytes is not None:
            return BytesPayload(dumps_bytes(content.json), content_type="application/json")
        return JsonPayload(content.json, dumps=dumps)
    data = content.data
    if data is None or isinstance(data, Payload):
        return data
    try:
        return PAYLOAD_REGISTRY.get(data, disposition=None)
    except UnknownPayload:
        from weft_http_parser import FormData  # late: with multipart, and few send forms

        # What is no form is given to one, which refuses what it cannot take.
        form = data if isinstance(data, FormData) else FormData(data)  # type: ignore[arg-type]
        return form()


class ClientRequest:
    """One message on its way out: what middlewares see, and may change."""

    __slots__ = ("_body", "content", "headers", "method", "route", "session", "url", "version")

    def __init__(
        self,
        spec: RequestSpec,
        *,
        cookies: Sequence[tuple[str, str]] = (),
        session: object = None,
    ) -> None:
        self.method = spec.method
        self.url = spec.url
        self.version = spec.version
        self.content = spec.content
        self.route = spec.route
        self.session = session
        self._body = spec.body
        self.headers = self._build_headers(spec, cookies)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url}>"

    @property
    def body(self) -> Payload | None:
        return self._body

    async def update_body(self, body: object) -> None:
        """Send another body; headers that described the old one are made again."""
        old = self._body
        self._body = to_payload(attrs.evolve(self.content, data=body, json=None), str)
        for name in (hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING):
            self.headers.popall(name, None)
        self._describe_body(frozenset())
        if old is not None and old is not self._body:
            await old.close()

    @property
    def host(self) -> str:
        return self.url.raw_host or ""

    @property
    def port(self) -> int | None:
        return self.url.port

    @property
    def ssl(self) -> SSLSetting:
        return self.route.ssl

    @property
    def proxy(self) -> URL | None:
        proxy = self.route.proxy
        return URL(proxy) if isinstance(proxy, str) else proxy

    def is_ssl(self) -> bool:
        return self.url.scheme in TLS_SCHEMES

    @property
    def request_info(self) -> RequestInfo:
        headers = CIMultiDictProxy(self.headers)
        return RequestInfo(self.url.with_fragment(None), self.method, headers, self.url)

    @property
    def connection_key(self) -> ConnectionKey:
        return self.key_for(DEFAULT_LIMITS)

    def key_for(self, limits: Limits) -> ConnectionKey:
        """The key of the connection that this request needs."""
        route = self.route
        proxy_headers = None
        if route.proxy is not None and route.proxy_headers:
            proxy_headers = hash(tuple(CIMultiDict(route.proxy_headers).items()))
        return ConnectionKey(
            host=self.host,
            port=self.port,
            is_ssl=self.is_ssl(),
            ssl=route.ssl,
            proxy=self.proxy,
            proxy_auth=route.proxy_auth,
            proxy_headers_hash=proxy_headers,
            server_hostname=route.server_hostname,
            limits=limits,
        )

    @property
    def framing(self) -> int:
        """How the body is delimited: a length, or CHUNKED."""
        if self.headers.get(hdrs.TRANSFER_ENCODING, "").lower() == "chunked":
            return CHUNKED
        length = self.headers.get(hdrs.CONTENT_LENGTH)
        return int(length) if length is not None and length.isdecimal() else 0

    @property
    def is_repeatable(self) -> bool:
        """The same body can be sent once more."""
        return self._body is None or self._body.is_rewindable

    @property
    def expects_continue(self) -> bool:
        return "100-continue" in self.headers.get(hdrs.EXPECT, "").lower()

    def render(self) -> bytes:
        """The head as bytes; raises HeaderInjection for what would end a line early."""
        target = self.url.raw_path_qs
        if self.proxy is not None and not self.is_ssl():
            # RFC 9112 3.2.2: a proxy is told the whole URL.
            target = str(self.url.with_fragment(None))
        return render_request_head(self.method, target, self.version, self.headers)

    # Building.

    def _build_headers(
        self, spec: RequestSpec, cookies: Sequence[tuple[str, str]]
    ) -> CIMultiDict[str]:
        own = spec.headers
        headers: CIMultiDict[str] = CIMultiDict()
        headers[hdrs.HOST] = own.get(hdrs.HOST) or self.url.host_port_subcomponent or ""
        for name, value in own.items():
            if name.lower() not in _MADE_HERE:
                headers.add(name, value)
        skipped = spec.skipped
        for auto, value in AUTO_HEADERS:
            if auto not in headers and not (skipped and auto.lower() in skipped):
                headers.add(auto, value)
        if cookies or spec.cookies or hdrs.COOKIE in own:
            self._add_cookies(headers, own, (*cookies, *spec.cookies))
        if spec.auth is not None:
            if hdrs.AUTHORIZATION in headers:
                raise ValueError(
                    "Cannot combine AUTHORIZATION header with AUTH argument "
                    "or credentials encoded in URL"
                )
            headers[hdrs.AUTHORIZATION] = spec.auth.encode()
        self.headers = headers
        self._describe_body(spec.skipped)
        self._add_proxy_headers()
        if self.version == HTTP_10 and hdrs.CONNECTION not in headers:
            headers[hdrs.CONNECTION] = "keep-alive"
        return headers

    def _add_proxy_headers(self) -> None:
        """Without TLS a proxy reads the request itself; else it gets its own with CONNECT."""
        route = self.route
        if route.proxy is None or self.is_ssl():
            return
        if route.proxy_auth is not None:
            self.headers[hdrs.PROXY_AUTHORIZATION] = route.proxy_auth.encode()
        if route.proxy_headers:
            self.headers.extend(CIMultiDict(route.proxy_headers))

    @staticmethod
    def _add_cookies(
        headers: CIMultiDict[str], own: CIMultiDict[str], pairs: tuple[tuple[str, str], ...]
    ) -> None:
        parts = [format_cookies(dict(pairs).items())] if pairs else []
        parts += own.getall(hdrs.COOKIE, [])
        if parts:
            headers[hdrs.COOKIE] = "; ".join(parts)

    def _describe_body(self, skipped: frozenset[str]) -> None:
        headers, body, content = self.headers, self._body, self.content
        if content.expect100:
            headers[hdrs.EXPECT] = "100-continue"
        if body is None:
            self._describe_nothing()
            return
        if content.compress:
            self._describe_coding(content.compress)
        for name, value in body.headers.items():
            if name not in headers and name.lower() not in skipped:
                headers[name] = value
        self._describe_length(body)

    def _describe_nothing(self) -> None:
        if self.method in BODILESS_METHODS:
            return
        self.headers.setdefault(hdrs.CONTENT_LENGTH, "0")
        if self.method in ("POST", "PUT", "PATCH"):
            self.headers.setdefault(hdrs.CONTENT_TYPE, "application/octet-stream")

    def _describe_coding(self, compress: str | bool) -> None:
        if hdrs.CONTENT_ENCODING in self.headers:
            raise ValueError("compress can not be set if Content-Encoding header is set")
        self.headers[hdrs.CONTENT_ENCODING] = "deflate" if compress is True else str(compress)

    def _describe_length(self, body: Payload) -> None:
        headers, chunked = self.headers, self.content.chunked
        has_length = hdrs.CONTENT_LENGTH in headers
        if "chunked" in headers.get(hdrs.TRANSFER_ENCODING, "").lower():
            if chunked or has_length:
                raise ValueError(
                    'chunked can not be set if "Transfer-Encoding: chunked" header is set'
                )
            return
        if chunked and has_length:
            raise ValueError("chunked can not be set if Content-Length header is set")
        if has_length:
            return
        if body.size is None or chunked or self.content.compress:
            if self.version == HTTP_10:
                raise ValueError("HTTP/1.0 cannot carry a body whose size is not known")
            headers[hdrs.TRANSFER_ENCODING] = "chunked"
            return
        headers[hdrs.CONTENT_LENGTH] = str(body.size)
