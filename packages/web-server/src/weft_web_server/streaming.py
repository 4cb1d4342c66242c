"""What every response has: status, headers, cookies, wishes for framing, and one link.

Decides what a response says before its body. `plan` decides how it is framed; the exchange that
`prepare()` links it to sends it. A StreamResponse is written piece by piece through that link.
"""

import datetime
import enum
import warnings
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import attrs
from multidict import CIMultiDict

from weft_http_parser import (
    PHRASES,
    ETag,
    Payload,
    format_http_date,
    make_encoder,
    may_be_trailer,
    parse_etags,
    parse_http_date,
)

from .cookies import put_cookie
from .keys import ResponseMapping, Store
from .media import OCTET_STREAM, join_media, split_media
from .sealed import SealedCookies, SealedHeaders

if TYPE_CHECKING:
    import asyncio

    from .request import BaseRequest

Buffer: TypeAlias = bytes | bytearray | memoryview
LooseHeaders: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

INLINE_SIZE = 4096


class ContentCoding(enum.Enum):
    """The codings that `enable_compression()` takes; br and zstd where a library is installed."""

    deflate = "deflate"
    gzip = "gzip"
    br = "br"
    zstd = "zstd"
    identity = "identity"


class Writer(Protocol):
    """What a response needs of the exchange that it was prepared for."""

    @property
    def is_ended(self) -> bool: ...
    @property
    def is_persistent(self) -> bool: ...
    @property
    def output_size(self) -> int: ...
    @property
    def task(self) -> "asyncio.Task[object] | None": ...

    async def write(self, data: Buffer) -> None: ...
    async def write_payload(self, payload: Payload) -> None: ...
    async def write_eof(self, data: Buffer = b"") -> None: ...
    async def drain(self) -> None: ...


@attrs.define
class Wishes:
    """What was asked of the framing of a response beyond its headers."""

    keep_alive: bool | None = None
    chunked: bool = False
    compression: bool = False
    coding: ContentCoding | None = None
    strategy: int | None = None
    executor: Executor | None = None
    inline_size: int = INLINE_SIZE
    """A body up to this size is compressed at once, a larger one off the loop."""
    trailers: CIMultiDict[str] | None = None
    after: tuple[Callable[[], object], ...] = ()

    def copy(self) -> "Wishes":
        """The same wishes, to be changed apart."""
        trailers = None if self.trailers is None else self.trailers.copy()
        return attrs.evolve(self, trailers=trailers)


_NO_WISHES = Wishes()


def check_reason(reason: str | None) -> str | None:
    """The reason phrase, unless it would break out of its line."""
    if reason is not None and ("\n" in reason or "\r" in reason):
        raise ValueError("a reason is one line")
    return reason


class StreamResponse(ResponseMapping):
    """A response whose body is written piece by piece, and the ground of all the others.

    It answers one request; `Response` and `FileResponse` answer any number of them.
    """

    _is_reusable: ClassVar[bool] = False

    __slots__ = (
        "__weakref__",
        "_cookies",
        "_headers",
        "_link",
        "_media",
        "_reason",
        "_status",
        "_store",
        "_wishes",
    )

    _headers: CIMultiDict[str] | None
    _media: str | None  # Content-Type for as long as there are no other headers
    _cookies: SimpleCookie | None
    _wishes: Wishes | None
    _link: Writer | None

    def __init__(
        self,
        *,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
    ) -> None:
        self._status = status if type(status) is int else int(status)
        self._reason = None if reason is None else check_reason(reason)
        self._headers = None if headers is None else CIMultiDict(headers)
        self._media = None
        self._cookies = None
        self._wishes = None
        self._link = None
        self._store: Store | None = None

    # The status.

    @property
    def status(self) -> int:
        """The status code."""
        return self._status

    @property
    def reason(self) -> str:
        """The reason phrase; the registered one unless another was given."""
        return PHRASES.get(self._status, "") if self._reason is None else self._reason

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Change the status before the head is sent."""
        self._check_unsent("the status")
        self._status = int(status)
        self._reason = None if reason is None else check_reason(reason)

    # The headers.

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers; those that framing needs are added when the response is sent.

        Behind `prepare()` they can only be read.
        """
        headers = self._headers
        if headers is None:
            headers = self._headers = CIMultiDict()
            if self._media is not None:
                headers["Content-Type"] = self._media
        return headers if self._link is None else SealedHeaders(headers)

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies to set; behind `prepare()` they can only be read."""
        if self._cookies is None:
            self._cookies = SimpleCookie()
        return self._cookies if self._link is None else SealedCookies(self._cookies)

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        expires: str | None = None,
        domain: str | None = None,
        max_age: int | str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        version: str | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
    ) -> None:
        """Set a cookie (RFC 6265 section 4.1); the arguments are its attributes."""
        self._check_unsent("cookies")
        attributes = {
            "expires": expires,
            "domain": domain,
            "max-age": None if max_age is None else str(max_age),
            "path": path,
            "secure": secure,
            "httponly": httponly,
            "version": version,
            "samesite": samesite,
            "partitioned": partitioned,
        }
        put_cookie(self.cookies, name, value, attributes)

    def del_cookie(
        self,
        name: str,
        *,
        domain: str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        samesite: str | None = None,
    ) -> None:
        """Tell the client to forget a cookie; domain and path must be those it was set with."""
        self._check_unsent("cookies")
        self.cookies.pop(name, None)
        self.set_cookie(
            name,
            "",
            max_age=0,
            expires="Thu, 01 Jan 1970 00:00:00 GMT",
            domain=domain,
            path=path,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )

    # Single headers.

    @property
    def content_type(self) -> str:
        """The media type, without parameters."""
        return split_media(self._media_field)[0]

    @content_type.setter
    def content_type(self, value: str) -> None:
        self._set_media(join_media(str(value), self.charset))

    @property
    def charset(self) -> str | None:
        """The charset parameter of the media type."""
        return split_media(self._media_field)[1]

    @charset.setter
    def charset(self, value: str | None) -> None:
        kind = self.content_type
        if kind == OCTET_STREAM:
            raise RuntimeError(
                "application/octet-stream has no charset; set content_type before charset"
            )
        self._set_media(join_media(kind, None if value is None else str(value).lower()))

    @property
    def _media_field(self) -> str:
        if self._headers is None:
            return self._media or OCTET_STREAM
        return self._headers.get("Content-Type", OCTET_STREAM)

    def _set_media(self, field: str) -> None:
        self._check_unsent("the headers")
        if self._headers is None:
            self._media = field
        else:
            self._headers["Content-Type"] = field

    @property
    def content_length(self) -> int | None:
        """The declared length of the body."""
        field = None if self._headers is None else self._headers.get("Content-Length")
        return None if field is None else int(field)

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        self._set_field("Content-Length", None if value is None else str(int(value)))

    @property
    def last_modified(self) -> datetime.datetime | None:
        """Last-Modified as a moment in UTC."""
        field = None if self._headers is None else self._headers.get("Last-Modified")
        return None if field is None else parse_http_date(field)

    @last_modified.setter
    def last_modified(self, value: datetime.datetime | float | str | None) -> None:
        if isinstance(value, datetime.datetime):
            value = value.timestamp()
        if isinstance(value, int | float):
            value = format_http_date(value)
        self._set_field("Last-Modified", value)

    @property
    def etag(self) -> ETag | None:
        """The entity tag (RFC 9110 section 8.8.3)."""
        field = None if self._headers is None else self._headers.get("ETag")
        if not field:
            return None
        tags = parse_etags(field)
        return tags[0] if tags else None

    @etag.setter
    def etag(self, value: ETag | str | None) -> None:
        if isinstance(value, str):
            value = ETag(value=value, is_weak=False)
        if value is None:
            self._set_field("ETag", None)
            return
        if not isinstance(value, ETag):
            raise ValueError(f"an etag is a str, an ETag or None, not {type(value).__name__}")
        if '"' in value.value or not value.value.isprintable():
            raise ValueError("an etag holds no quotes and no control characters")
        prefix = "W/" if value.is_weak else ""
        self._set_field("ETag", f'{prefix}"{value.value}"')

    def _set_field(self, name: str, value: str | None) -> None:
        if value is None:
            self.headers.pop(name, None)
        else:
            self.headers[name] = value

    # Framing.

    @property
    def wishes(self) -> Wishes:
        """What was asked of the framing."""
        return _NO_WISHES if self._wishes is None else self._wishes

    def _wish(self) -> Wishes:
        self._check_unsent("the framing")
        if self._wishes is None:
            self._wishes = Wishes()
        return self._wishes

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open; None until that is decided."""
        if self._link is not None:
            return self._link.is_persistent
        return self.wishes.keep_alive

    def force_close(self) -> None:
        """Close the connection after this response."""
        self._wish().keep_alive = False

    @property
    def chunked(self) -> bool:
        """Whether chunked transfer coding was asked for."""
        return self.wishes.chunked

    def enable_chunked_encoding(self, chunk_size: int | None = None) -> None:
        """Frame the body as chunks even if its length is known."""
        if chunk_size is not None:
            warnings.warn(
                "weft_web_server.StreamResponse.enable_chunked_encoding(chunk_size) is deprecated"
                " since weft-web-server 0.1; it does nothing",
                DeprecationWarning,
                stacklevel=2,
            )
        if "Content-Length" in self.headers:
            raise RuntimeError("a body has a declared length or chunks, not both")
        self._wish().chunked = True

    @property
    def compression(self) -> bool:
        """Whether compression was asked for."""
        return self.wishes.compression

    def enable_compression(
        self, force: ContentCoding | bool | None = None, strategy: int | None = None
    ) -> None:
        """Compress the body if the client takes it, or with `force` whatever it takes.

        `ContentCoding.identity` leaves it as it is, also where the application compresses.
        """
        if isinstance(force, bool):
            force = ContentCoding.deflate if force else ContentCoding.identity
        elif force is not None and not isinstance(force, ContentCoding):
            raise TypeError(f"force is a ContentCoding, not {type(force).__name__}")
        if force in (ContentCoding.br, ContentCoding.zstd):
            make_encoder(force.value)  # an error here, and not when the answer is under way
        wishes = self._wish()
        wishes.compression, wishes.coding, wishes.strategy = True, force, strategy

    def enable_trailers(self, *names: str) -> CIMultiDict[str]:
        """Announce fields behind the body (RFC 9110 section 6.5), and get them to be filled in
        before the body ends, as a checksum can be.

        They make the body chunked. Clients that do not say `TE: trailers` do not get them, so
        nothing may depend on them.
        """
        trailers = CIMultiDict([(name, "") for name in names])
        for name in names:
            if not may_be_trailer(name):
                raise ValueError(
                    f"{name!r} may not stand behind the body (RFC 9110 section 6.5.1)"
                )
        if not names:
            raise ValueError("give the names of the trailer fields")
        self._wish().trailers = trailers
        return trailers

    def after(self, call: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Call a function, or run a coroutine function, each time this response was sent.

        It runs in `app.tasks`: the client has its answer and does not wait, and if it goes away
        that changes nothing. A function must not block the loop.
        """
        if not callable(call):
            raise TypeError(
                f"after() takes a function and its arguments, not {type(call).__name__}"
            )
        if self._wishes is None:
            self._wishes = Wishes()
        bound = partial(call, *args, **kwargs) if args or kwargs else call
        self._wishes.after = (*self._wishes.after, bound)

    # Sending.

    @property
    def prepared(self) -> bool:
        """Whether `prepare()` has sent the head."""
        return self._link is not None

    @property
    def task(self) -> "asyncio.Task[object] | None":
        """The task of the request that the response was prepared for."""
        return None if self._link is None else self._link.task

    @property
    def body_length(self) -> int:
        """The bytes of body sent so far."""
        return 0 if self._link is None else self._link.output_size

    @property
    def output_length(self) -> int:
        """The same as `body_length`."""
        return self.body_length

    async def prepare(self, request: "BaseRequest") -> Writer | None:
        """Send the head; what follows goes to that request's client."""
        writer: Writer = await request.exchange.start(self, request)
        return writer

    async def write(self, data: Buffer) -> None:
        """Send a piece of the body; waits while the client is slow."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data is bytes, bytearray or memoryview, not {type(data).__name__}")
        await self._writer().write(data)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""
        await self._writer().drain()

    async def write_eof(self, data: Buffer = b"") -> None:
        """End the body; a second call does nothing."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data is bytes, bytearray or memoryview, not {type(data).__name__}")
        await self._writer().write_eof(data)

    async def _answer(self, exchange: Any, request: "BaseRequest") -> None:
        """Be the answer to a request, as its handler returned this response."""
        await self.prepare(request)
        await self.write_eof()

    def _writer(self) -> Writer:
        if self._link is None:
            raise RuntimeError("call prepare(request) before writing")
        return self._link

    def _make_farewell(self) -> Coroutine[Any, Any, bool] | None:
        """What tells the client that the server goes; None where the answer will end."""
        return None

    def _give_up(self) -> bool:
        """Tell the client that the handler failed; False where that takes a cut link."""
        return False

    def _check_unsent(self, what: str) -> None:
        if self._link is not None:
            raise RuntimeError(f"cannot change {what} after the head was sent")

    def __repr__(self) -> str:
        state = "prepared" if self.prepared else "not prepared"
        return f"<{type(self).__name__} {self.reason} {state}>"
