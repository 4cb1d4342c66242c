"""A request as handlers see it: a view over its head, made out only where it is looked at.

Decides how fields become values. Knows a head, a match and, through a small protocol, the
exchange that the request belongs to; does not read from a connection itself.
"""

import asyncio
import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import attrs
from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy
from yarl import URL, Query

from weft_http_parser import (
    EMPTY_STREAM,
    MARK_CONTENT_ENCODING,
    MARK_OTHER_TARGET,
    BodyTooLarge,
    ETag,
    Link,
    MultipartError,
    MultipartReader,
    RequestHead,
    StreamReader,
    Version,
    find_codec,
    parse_cookies,
    parse_etags,
    parse_http_date,
    parse_range,
)

from .counterpart import NO_OVERRIDES, ExchangeLike, Overrides, change_head
from .errors import (
    PayloadAccessError,
    RequestAddressError,
    RequestFormError,
    RequestJsonError,
    RequestTextError,
)
from .keys import ChainMapProxy, RequestMapping, Store
from .match import AbstractApplication, Endpoint, FoundByUser, UrlMappingMatchInfo
from .media import OCTET_STREAM, split_media
from .notice import Notice
from .request_body import (
    NO_FORM,
    NO_TRAILERS,
    Form,
    FormLimits,
    RequestBody,
    TooManyFields,
    read_multipart,
    read_urlencoded,
)
from .reverse import find_named
from .targets import cut_query, find_local_address, named_host, to_rel_url

if TYPE_CHECKING:
    from .application import Application

COOKIES_READ = 256  # the rest is ignored (GHSA-fh55-r93g-j68g)

DEFAULT_CHARSET = "utf-8"


class BaseRequest(RequestMapping):
    """A request without an application, as a low-level Server gives it to its handler."""

    __slots__ = (
        "__weakref__",
        "_app",
        "_head",
        "_match_info",
        "_overrides",
        "_store",
        "_url",
        "exchange",
    )

    POST_METHODS = frozenset({"POST", "PUT", "TRACE", "DELETE", "PATCH"})

    def __init__(self, head: RequestHead, exchange: ExchangeLike) -> None:
        self._head = head
        self.exchange = exchange
        self._store: Store | None = None
        self._url: URL | None = None
        self._overrides: Overrides = NO_OVERRIDES
        self._app: AbstractApplication | None = None
        self._match_info: UrlMappingMatchInfo | None = None

    def __repr__(self) -> str:
        path = ascii(self.path)[1:-1]
        return f"<{type(self).__name__} {self.method} {path} >"

    def clone(
        self,
        *,
        method: str | None = None,
        rel_url: str | URL | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        scheme: str | None = None,
        host: str | None = None,
        remote: str | None = None,
        client_max_size: int | None = None,
        client_max_fields: int | None = None,
    ) -> "BaseRequest":
        """A copy with some facts replaced; it shares the body and the connection."""
        head = self._head
        url = None if rel_url is None else URL(rel_url)
        if method is not None or url is not None or headers is not None:
            head = change_head(head, method, url, headers)
        given: dict[str, Any] = {
            "rel_url": url,
            "scheme": scheme,
            "host": host,
            "remote": remote,
            "client_max_size": client_max_size,
            "client_max_fields": client_max_fields,
        }
        copy = type(self)(head, self.exchange)
        copy._store = None if self._store is None else dict(self._store)
        copy._app = self._app
        copy._overrides = attrs.evolve(
            self._overrides, **{name: value for name, value in given.items() if value is not None}
        )
        return copy

    # The request line.

    @property
    def method(self) -> str:
        """The method, as it was sent."""
        return self._head.method

    @property
    def version(self) -> Version:
        """The version of HTTP that the client speaks."""
        return self._head.version

    @property
    def rel_url(self) -> URL:
        """The URL from its path on."""
        if self._url is None:
            self._url = self._overrides.rel_url or to_rel_url(self._head)
        return self._url

    @property
    def path(self) -> str:
        """The path, decoded."""
        target = self._head.target
        if "%" not in target and not self._head.marks & MARK_OTHER_TARGET and target.isascii():
            return cut_query(target)
        return self.rel_url.path

    @property
    def raw_path(self) -> str:
        """The target of the request as it was sent, path and query."""
        return self._head.target

    @property
    def path_qs(self) -> str:
        """Path and query, encoded."""
        return self.rel_url.raw_path_qs

    @property
    def query(self) -> MultiDictProxy[str]:
        """The query, decoded."""
        return self.rel_url.query

    @property
    def query_string(self) -> str:
        """The query as text."""
        return self.rel_url.query_string

    # Where it came from and where it goes.

    @property
    def scheme(self) -> str:
        """`https` on a TLS connection, else `http`."""
        if self._overrides.scheme is not None:
            return self._overrides.scheme
        return "http" if self.get_extra_info("sslcontext") is None else "https"

    @property
    def secure(self) -> bool:
        """Whether the scheme is https."""
        return self.scheme == "https"

    @property
    def host(self) -> str:
        """The host of an absolute target, else the Host field, else this machine's address."""
        if self._overrides.host is not None:
            return self._overrides.host
        # An empty one is none: in a URL it would make the path name a host.
        return named_host(self._head) or find_local_address(self.exchange.link)

    @property
    def remote(self) -> str | None:
        """The address of the peer."""
        if self._overrides.remote is not None:
            return self._overrides.remote
        peer = self.exchange.link.get_extra_info("peername")
        if isinstance(peer, list | tuple):
            return str(peer[0])
        return None if peer is None else str(peer)

    @property
    def url(self) -> URL:
        """The whole URL; an error that is answered with 400 when the host names none."""
        return self._to_absolute(self.rel_url)

    def _to_absolute(self, rel_url: URL) -> URL:
        try:
            return URL.build(scheme=self.scheme, authority=self.host).join(rel_url)
        except ValueError as exc:  # a port above 65535, for one
            raise RequestAddressError from exc

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport; None once the connection is lost."""
        link = self.exchange.link
        return None if link.is_lost else link.transport

    @property
    def protocol(self) -> Link:
        """The connection that the request came by."""
        return self.exchange.link

    @property
    def task(self) -> "asyncio.Task[Any]":
        """The task that answers the request."""
        return self.exchange.task

    @property
    def shutting_down(self) -> Notice:
        """True once the server has begun to end; `await request.shutting_down` waits for that.

        What goes on for long, such as a stream of events, ends then, or is cancelled with the
        time that the server allows.
        """
        return self.exchange.shutting_down

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows: "peername", "sslcontext", "peercert"…"""
        return self.exchange.link.get_extra_info(name, default)

    # Fields.

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields of the head."""
        return self._head.headers

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as they were sent."""
        return self._head.raw_headers

    @property
    def keep_alive(self) -> bool:
        """Whether the client keeps the connection open."""
        return self.exchange.may_persist

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies; the last of a name counts."""
        pairs: list[tuple[str, str]] = []
        for field in self._head.get_all("Cookie"):
            pairs += parse_cookies(field)
        return MappingProxyType(dict(pairs[:COOKIES_READ]))

    @property
    def forwarded(self) -> tuple[Mapping[str, str], ...]:
        """What proxies say in Forwarded (RFC 7239), one mapping for each hop, the client's own
        first. Any client can send the field: only hops that your own proxies append, which stand
        last, mean anything.
        """
        from weft_http_parser import parse_forwarded  # late: only those behind proxies ask

        return tuple(hop.parameters for hop in parse_forwarded(self._head.get_all("Forwarded")))

    @property
    def content_type(self) -> str:
        """The media type of the body."""
        return split_media(self._head.get("Content-Type") or OCTET_STREAM)[0]

    @property
    def charset(self) -> str | None:
        """The charset of the body."""
        return split_media(self._head.get("Content-Type") or OCTET_STREAM)[1]

    @property
    def content_length(self) -> int | None:
        """The declared length of the body, before decoding."""
        field = self._head.get("Content-Length")
        return None if field is None else int(field)

    def _date(self, name: str) -> datetime.datetime | None:
        field = self._head.get(name)
        return None if field is None else parse_http_date(field)

    def _etags(self, name: str) -> tuple[ETag, ...] | None:
        fields = self._head.get_all(name)
        return tuple(parse_etags(", ".join(fields))) if fields else None

    @property
    def if_modified_since(self) -> datetime.datetime | None:
        """If-Modified-Since (RFC 9110 section 13.1.3)."""
        return self._date("If-Modified-Since")

    @property
    def if_unmodified_since(self) -> datetime.datetime | None:
        """If-Unmodified-Since (RFC 9110 section 13.1.4)."""
        return self._date("If-Unmodified-Since")

    @property
    def if_range(self) -> datetime.datetime | None:
        """If-Range, where it is a date (RFC 9110 section 13.1.5)."""
        return self._date("If-Range")

    @property
    def if_match(self) -> tuple[ETag, ...] | None:
        """If-Match (RFC 9110 section 13.1.1)."""
        return self._etags("If-Match")

    @property
    def if_none_match(self) -> tuple[ETag, ...] | None:
        """If-None-Match (RFC 9110 section 13.1.2)."""
        return self._etags("If-None-Match")

    @property
    def http_range(self) -> slice:
        """The Range field as a slice; ValueError when it cannot be read."""
        field = self._head.get("Range")
        return slice(None, None, 1) if field is None else parse_range(field)

    # The body.

    @property
    def client_max_size(self) -> int:
        """The most bytes that reading the whole body accepts; 0 is no bound."""
        size = self._overrides.client_max_size
        return self.exchange.max_body_size if size is None else size

    @property
    def client_max_fields(self) -> int:
        """The most fields of a form; 0 is no bound."""
        fields = self._overrides.client_max_fields
        return self.exchange.max_form_fields if fields is None else fields

    @property
    def content(self) -> StreamReader:
        """The body as a stream; 413 as soon as there is more of it than `client_max_size`."""
        body = self.exchange.body
        if body is None:
            return EMPTY_STREAM
        self._bound(body.stream)
        return body.stream

    def _bound(self, stream: StreamReader) -> None:
        limit = self.client_max_size
        if stream is EMPTY_STREAM:
            return
        if not limit:
            stream.set_max_size(None)
            return
        declared = self._head.framing
        is_too_large = declared > limit and not self._head.marks & MARK_CONTENT_ENCODING

        def refuse(bound: int) -> Exception:
            return self.exchange.refuse_size(limit, declared if is_too_large else limit + 1)

        stream.set_max_size(-1 if is_too_large else limit, refuse)

    @property
    def body_exists(self) -> bool:
        """Whether the request has a body."""
        return self.exchange.body is not None

    @property
    def has_body(self) -> bool:
        """The same as `can_read_body`."""
        return self.can_read_body

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The fields behind the body (RFC 9110 section 6.5), once it was read to its end.

        They are apart from `headers`: a client may send any field there.
        """
        body = self.exchange.body
        if body is None:
            return NO_TRAILERS
        if not body.is_at_eof:
            raise PayloadAccessError("trailers come behind the body; read it to its end first")
        return body.trailers

    @property
    def can_read_body(self) -> bool:
        """Whether there is something left to read."""
        body = self.exchange.body
        return body is not None and not body.is_at_eof

    async def read(self) -> bytes:
        """The whole body; 413 above `client_max_size`."""
        body = self.exchange.body
        if body is None:
            return b""
        if body.has_stream:
            body.stream.set_max_size(None)  # what was set for `content` of this or a clone
        limit = self.client_max_size
        framing = self._head.framing
        if 0 < limit < framing:
            raise self.exchange.refuse_size(limit, framing)
        try:
            return await body.read(limit)
        except BodyTooLarge as exc:
            raise self.exchange.refuse_size(exc.limit, exc.limit + 1) from exc

    async def text(self) -> str:
        """The body as text, in its charset or UTF-8."""
        data = await self.read()
        codec = find_codec(self.charset or DEFAULT_CHARSET)
        if codec is None:
            raise self.exchange.refuse_media("unknown charset")
        try:
            return data.decode(codec)
        except UnicodeDecodeError as exc:
            raise RequestTextError(*exc.args) from exc

    async def json(self, *, loads: Callable[[str], Any] = json.loads) -> Any:
        """The body as JSON. What the standard `loads` refuses is answered with 400."""
        text = await self.text()
        if loads is not json.loads:
            return loads(text)
        try:
            return json.loads(text)
        except json.JSONDecodeError as exc:
            raise RequestJsonError(exc.msg, exc.doc, exc.pos) from exc
        except (ValueError, RecursionError) as exc:  # of a number, or of brackets
            raise RequestJsonError(str(exc), text, 0) from exc

    async def multipart(self) -> MultipartReader:
        """The body as a multipart reader. A part read whole that is larger than `client_max_size`
        is answered with 413, and so is a body that is larger.
        """
        stream: StreamReader = EMPTY_STREAM
        if (body := self.exchange.body) is not None:
            stream = body.reopen()
            self._bound(stream)
        return MultipartReader(
            self.headers,
            stream,
            client_max_size=self.client_max_size or None,
            max_size_error_cls=self.exchange.size_error,
        )

    async def post(self) -> Form:
        """The fields of a form; files come as FileField. 413 above the limits."""
        body = self.exchange.body
        if body is None or self.method not in self.POST_METHODS:
            return NO_FORM
        if (form := body.form) is not None:
            return form
        limits = FormLimits(size=self.client_max_size, fields=self.client_max_fields)
        if body.has_stream:
            self._bound(body.stream)  # what stands around the parts counts too
        try:
            form = body.form = await self._read_form(body, limits)
        except BodyTooLarge as exc:
            raise self.exchange.refuse_size(exc.limit, exc.limit + 1) from exc
        except TooManyFields as exc:
            raise self.exchange.refuse_fields(exc.limit) from exc
        except LookupError as exc:
            raise self.exchange.refuse_media("unknown charset") from exc
        except MultipartError:
            raise
        except ValueError as exc:
            raise RequestFormError(str(exc)) from exc
        return form

    async def _read_form(self, body: RequestBody, limits: FormLimits) -> Form:
        kind = self.content_type
        if kind == "multipart/form-data":
            return await read_multipart(body, self.headers, limits)
        if kind == "application/x-www-form-urlencoded" or "Content-Type" not in self.headers:
            return await read_urlencoded(body, self.charset or DEFAULT_CHARSET, limits)
        return NO_FORM

    async def release(self) -> None:
        """Read the rest of the body and drop it."""
        await self.exchange.release()

    # The client.

    @property
    def disconnected(self) -> Notice:
        """True, and an end to waiting for it, once the client is gone or has ended its side.

        It may be awaited by any number of tasks, also when the answer is out. Nothing is noticed
        while nothing is read from the client: that is while a large body waits to be read, and
        while other requests wait behind this one.
        """
        return self.exchange.disconnected

    async def send_early_hints(
        self, headers: Mapping[str, str] | Iterable[tuple[str, str]]
    ) -> None:
        """Send 103 with fields that the answer will have too, such as Link (RFC 8297), before it.

        May be sent several times. A client of HTTP/1.0 gets nothing.
        """
        await self.exchange.send_early_hints(list(CIMultiDict(headers).items()))


class Request(BaseRequest):
    """A request of an application."""

    __slots__ = ()

    @property
    def _endpoint(self) -> Endpoint:
        endpoint = self.exchange.endpoint
        if endpoint is None:
            raise RuntimeError("the request was not given to an application")
        return endpoint

    @property
    def match_info(self) -> UrlMappingMatchInfo:
        """The parameters of the path, and the route."""
        info = self._match_info
        if info is None:
            endpoint = self._endpoint
            app = endpoint.app if self._app is None else self._app
            info = UrlMappingMatchInfo.of(endpoint, self.exchange.match.params, app)
            self._match_info = info
        return info

    @property
    def path_params(self) -> Mapping[str, Any]:
        """The parameters of the path as their convertors read them: an int for `{id!int}`. Those
        without a convertor are text, as all are in `match_info`.
        """
        return self.exchange.match.values

    @property
    def app(self) -> "Application":
        """The application that is at work: in a middleware, the one that it belongs to."""
        if self._match_info is not None:
            app = self._match_info.current_app
        else:
            app = self._endpoint.app if self._app is None else self._app
        # There is one kind of application; only the order of modules knows an abstract one.
        return cast("Application", app)

    def enter(self, app: AbstractApplication) -> None:
        """Another application is at work from now on; composing does this."""
        self._app = app
        if self._match_info is not None:
            self._match_info.current_app = app

    def found(self, endpoint: Endpoint, info: UrlMappingMatchInfo) -> None:
        """Resources of users have found something; resolving does this."""
        self.exchange.endpoint = endpoint
        self.exchange.match = FoundByUser(info, info.route)
        if info.route is endpoint.route:  # else it was a miss that is answered otherwise
            self._match_info = info
            info.current_app = endpoint.app

    @property
    def config_dict(self) -> ChainMapProxy:
        """The values of the application, then those of its parents."""
        return ChainMapProxy(self._apps_outwards)

    @property
    def _apps_outwards(self) -> tuple[AbstractApplication, ...]:
        """The application at work, then those around it."""
        apps = self._endpoint.apps
        return apps[apps.index(self.app) :: -1]

    def url_for(self, name: str, /, *, query: Query = None, **parts: Any) -> URL:
        """The absolute URL of a named route, on the scheme and host of this request.

        Names of the application at work come first, then those of the ones around it; a KeyError
        tells of names that are near. `parts` are the parameters of the path. With a `query`, that
        is added to what the resource's URL has.
        """
        url = find_named(self._apps_outwards, name).url_for(**parts)
        return self._to_absolute(url if query is None else url.update_query(query))

    async def leads_somewhere(self, path: str) -> bool:
        """Whether the outermost application has a route for another raw path."""
        return await self._endpoint.apps[0].leads_somewhere(self, path)
