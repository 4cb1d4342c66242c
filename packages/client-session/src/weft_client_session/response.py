"""An answer as its reader sees it. Everything is made when it is asked for.

Knows the head of the answer and the exchange that it came from; knows no pool and no session.
"""

import codecs
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from http.cookies import SimpleCookie
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from multidict import CIMultiDictProxy, MultiDict, MultiDictProxy
from yarl import URL

from weft_client_session.errors import (
    ClientConnectionError,
    ClientResponseError,
    ContentTypeError,
    body_error,
)
from weft_client_session.guards import Guard
from weft_client_session.reading import OversizedPayloadError
from weft_client_session.refusal import START_BYTES, read_start, take_start
from weft_client_session.request import RequestInfo
from weft_client_session.text_lines import LINE_SIZE, iter_lines
from weft_http_parser import (
    END,
    MARK_CONTENT_TYPE,
    MARK_SET_COOKIE,
    BodyTooLarge,
    ContentCodingError,
    Link,
    MediaType,
    ResponseHead,
    StreamReader,
    Version,
    hdrs,
    parse_media_type,
    parse_morsel,
)

if TYPE_CHECKING:  # loaded with the first use
    from weft_client_session.tracing import Trace
    from weft_http_parser import ContentDisposition

JSON_TYPE = re.compile(r"application/(?:[\w.+-]+?\+)?json", re.IGNORECASE)


class Asked(Protocol):
    """The request that was answered."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> URL: ...
    @property
    def request_info(self) -> RequestInfo: ...


class Extras(Protocol):
    """What few answers have."""

    @property
    def interim(self) -> Sequence[ResponseHead]: ...
    @property
    def trailers(self) -> CIMultiDictProxy[str]: ...


class InterimResponse(NamedTuple):
    """A head that came before the answer (RFC 9110 15.2): 100, 103 and their like."""

    status: int
    reason: str
    headers: CIMultiDictProxy[str]


class Source(Protocol):
    """The exchange that the answer comes from."""

    @property
    def is_over(self) -> bool: ...
    @property
    def used_connection(self) -> object: ...
    @property
    def sent_bytes(self) -> int: ...
    @property
    def is_sent(self) -> bool: ...

    @property
    def extras(self) -> "Extras | None": ...

    def take_whole(self) -> bytes | None:
        """The whole body, when it has come and needs no decoding."""
        ...

    def open_stream(self) -> StreamReader: ...

    def release(self) -> None: ...

    def close(self) -> None: ...

    async def wait_sent(self) -> None: ...

    def switch(self) -> tuple[Link, bytes]: ...


class Settings:
    """What a session tells all its responses."""

    __slots__ = ("charset_resolver",)

    def __init__(self, charset_resolver: "Callable[[ClientResponse, bytes], str]") -> None:
        self.charset_resolver = charset_resolver


class Nothing:
    """Can be awaited, and is done already."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return _DONE  # type: ignore[return-value]  # any iterator will do


class _Done:
    """An iterator that is at its end."""

    __slots__ = ()

    def __iter__(self) -> "_Done":
        return self

    def __next__(self) -> None:
        raise StopIteration


_DONE = _Done()
NOTHING = Nothing()


class ClientResponse:
    """An answer. Read it with `read`, `text`, `json` or `content`, or leave it by `release`."""

    __slots__ = (
        "__weakref__",
        "_asked",
        "_body",
        "_guard",
        "_head",
        "_history",
        "_is_released",
        "_settings",
        "_source",
        "_traces",
    )

    def __init__(
        self,
        head: ResponseHead,
        asked: Asked,
        source: Source,
        settings: Settings,
        traces: "Sequence[Trace]" = (),
    ) -> None:
        self._head = head
        self._asked = asked
        self._source = source
        self._settings = settings
        self._traces = traces
        self._history: tuple[ClientResponse, ...] = ()
        self._body: bytes | None = None
        self._is_released = False
        self._guard = None if source.is_over else Guard(source, f"{head.status} {asked.url}")

    def __repr__(self) -> str:
        url = str(self.url)
        reason = ascii(self.reason)[1:-1]
        return f"<{type(self).__name__}({url}) [{self.status} {reason}]>\n{self.headers!r}\n"

    @property
    def head(self) -> ResponseHead:
        """The head as it came."""
        return self._head

    @property
    def source(self) -> Source:
        """Where the rest of the answer comes from."""
        return self._source

    # The head.

    @property
    def status(self) -> int:
        """The status code of the answer."""
        return self._head.status

    @property
    def reason(self) -> str:
        """The reason phrase, as the server sent it."""
        return self._head.reason

    @property
    def version(self) -> Version:
        """The version of HTTP that the server speaks."""
        return self._head.version

    @property
    def ok(self) -> bool:
        """The status is below 400."""
        return self._head.status < 400

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields of the head."""
        return self._head.headers

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as they were sent."""
        return self._head.raw_headers

    @property
    def method(self) -> str:
        """The method of the request that got this answer."""
        return self._asked.method

    @property
    def url(self) -> URL:
        """The URL that answered, without its fragment."""
        return self._asked.url.with_fragment(None)

    @property
    def real_url(self) -> URL:
        """The URL that answered, with its fragment."""
        return self._asked.url

    @property
    def host(self) -> str | None:
        """The host that answered."""
        return self._asked.url.host

    @property
    def request_info(self) -> RequestInfo:
        """What was sent to get this answer."""
        return self._asked.request_info

    @property
    def history(self) -> "tuple[ClientResponse, ...]":
        """The redirects that led here."""
        return self._history

    def set_history(self, history: "tuple[ClientResponse, ...]") -> None:
        """Say which redirects led here."""
        self._history = history

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies that this answer sets."""
        found = SimpleCookie()
        if not self._head.marks & MARK_SET_COOKIE:
            return found
        for header in self._head.get_all("Set-Cookie"):
            morsel = parse_morsel(header)
            if morsel is not None:
                dict.__setitem__(found, morsel.key, morsel)
        return found

    @property
    def content_type(self) -> str:
        """The media type without parameters, "application/octet-stream" when none is given."""
        media = self._media
        return "application/octet-stream" if media is None else media.essence

    @property
    def charset(self) -> str | None:
        """The charset parameter of the media type."""
        media = self._media
        return None if media is None else media.parameters.get("charset")

    @property
    def content_length(self) -> int | None:
        """The declared length of the body, before decoding."""
        length = self._head.get("Content-Length")
        return int(length) if length is not None and length.isdecimal() else None

    @property
    def content_disposition(self) -> "ContentDisposition | None":
        """Content-Disposition (RFC 6266), where there is one."""
        header = self._head.get("Content-Disposition")
        if header is None:
            return None
        from weft_http_parser import parse_content_disposition  # late: few answers have the field

        return parse_content_disposition(header)

    @property
    def links(self) -> MultiDictProxy[MultiDictProxy[str | URL]]:
        """The Link fields by their relation (RFC 8288)."""
        from weft_http_parser import parse_links  # late: few answers have the field

        found: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
        for parsed in parse_links(self._head.get_all("Link")):
            link: MultiDict[str | URL] = MultiDict(parsed.parameters)
            link.add("url", self.url.join(URL(parsed.target)))
            found.add(parsed.get("rel") or str(link["url"]), MultiDictProxy(link))
        return MultiDictProxy(found)

    @property
    def interim(self) -> tuple[InterimResponse, ...]:
        """The heads that came before this one, such as `103 Early Hints`."""
        extras = self._source.extras
        heads = () if extras is None else extras.interim
        return tuple(InterimResponse(head.status, head.reason, head.headers) for head in heads)

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The fields behind a body in chunks (RFC 9110 6.5); none before the body has come."""
        extras = self._source.extras
        return END.trailers if extras is None else extras.trailers

    # Where it stands.

    @property
    def closed(self) -> bool:
        """Nothing more comes from the network."""
        return self._is_released or self._source.is_over

    @property
    def connection(self) -> object:
        """The connection, while it is this response's."""
        return self._source.used_connection

    @property
    def output_size(self) -> int:
        """Bytes of the request's body sent so far."""
        return self._source.sent_bytes

    @property
    def upload_complete(self) -> bool:
        """The request was sent to its end."""
        return self._source.is_sent

    # The body.

    @property
    def content(self) -> StreamReader:
        """The body as a stream."""
        return self._source.open_stream()

    async def read(self) -> bytes:
        """The whole body; the same again when it was read before."""
        body = self._body
        if body is not None:
            return body
        if self._is_released and self._head.framing != 0:
            raise ClientConnectionError("Connection closed")
        body = self._source.take_whole()
        if body is None:
            body = await self._read_stream()
        self._body = body
        for trace in self._traces:
            await trace.response_chunk_received(self.method, self.url, body)
        return body

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """The body as text, in `encoding` or what the answer says that it is."""
        body = self._body
        if body is None:
            body = await self.read()
        return body.decode(encoding or self.get_encoding(), errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: Callable[[str], object] = json.loads,
        content_type: str | None = "application/json",
    ) -> Any:  # the caller knows what he asked for, and his type checker lets him say so
        """The body as JSON; None for an empty one. `content_type` None accepts any type."""
        body = await self.read()
        if content_type and not self._is_of_type(content_type):
            kind = self.headers.get(hdrs.CONTENT_TYPE, "")
            text = f"Attempt to decode JSON with unexpected mimetype: {kind}"
            raise self._error(ContentTypeError, text, body[:START_BYTES])
        body = body.strip()
        return loads(body.decode(encoding or self.get_encoding())) if body else None

    def iter_lines(
        self,
        encoding: str | None = None,
        errors: str = "strict",
        *,
        max_line_size: int = LINE_SIZE,
    ) -> AsyncIterator[str]:
        """The lines of the text as they come, without their ends (LF, CRLF or CR).

        `encoding` is by default what the answer says, else UTF-8 or the session's choice. A line of
        more than `max_line_size` characters raises LineTooLong, a ValueError.
        """
        if encoding is None:
            encoding = self._declared_encoding() or self._settings.charset_resolver(self, b"")
        decoder = codecs.getincrementaldecoder(encoding)(errors)
        return iter_lines(self._iter_blocks(), decoder, max_line_size)

    async def _iter_blocks(self) -> AsyncIterator[bytes]:
        if self._body is not None:
            yield self._body
            return
        async for block in self.content.iter_any():
            yield block

    def get_encoding(self) -> str:
        """The encoding of the text: what the answer says, else UTF-8 or the session's choice."""
        declared = self._declared_encoding()
        if declared is not None:
            return declared
        if self._body is None:
            raise RuntimeError("Cannot compute fallback encoding of a not yet read body")
        return self._settings.charset_resolver(self, self._body)

    # The end.

    def raise_for_status(self) -> None:
        """Raise ClientResponseError when the status is 400 or above.

        It keeps as its `body` the first 4 KiB of what has come of the body.
        """
        if self._head.status < 400:
            return
        start = take_start(self._source) if self._body is None else self._body[:START_BYTES]
        self.release()
        raise self._error(ClientResponseError, self.reason, start)

    async def raise_with_start(self) -> None:
        """Raise ClientResponseError, with the start of the body if it comes within a second."""
        start = await read_start(self._source)
        self.release()
        raise self._error(ClientResponseError, self.reason, start)

    def release(self) -> Nothing:
        """Give the connection back; a small rest of the body is read and dropped for that."""
        if not self._is_released:
            self._is_released = True
            if not self._source.is_over:
                self._source.release()
        return NOTHING

    def close(self) -> None:
        """Close the connection, unless the whole answer has come."""
        self._is_released = True
        if not self._source.is_over:
            self._source.close()

    async def wait_for_close(self) -> None:
        """Give the connection back when the request is sent to its end."""
        await self._source.wait_sent()
        self.release()

    async def __aenter__(self) -> "ClientResponse":
        return self

    def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> Awaitable[None]:
        return self.release()

    # Inside.

    def _error(
        self, kind: type[ClientResponseError], message: str, body: bytes
    ) -> ClientResponseError:
        return kind(
            self.request_info,
            self._history,
            status=self.status,
            message=message,
            headers=self.headers,
            body=body,
        )

    def _declared_encoding(self) -> str | None:
        """What the answer says that its text is in."""
        if not self._head.marks & MARK_CONTENT_TYPE:
            return None
        charset = self.charset
        if charset is not None and _is_known(charset):
            return charset
        return "utf-8" if JSON_TYPE.fullmatch(self.content_type) else None  # RFC 8259 8.1

    @property
    def _media(self) -> MediaType | None:
        header = self._head.get("Content-Type")
        return None if header is None else parse_media_type(header)

    async def _read_stream(self) -> bytes:
        try:
            body = await self._source.open_stream().read_all()
        except OversizedPayloadError:
            self.close()
            raise
        except (ContentCodingError, BodyTooLarge) as exc:
            self.close()
            raise body_error(exc) from exc
        except RuntimeError:
            raise  # someone else reads, or has read a part: no reason to take the rest from them
        except BaseException:
            self.close()
            raise
        return body

    def _is_of_type(self, wanted: str) -> bool:
        if wanted == "application/json":
            return JSON_TYPE.fullmatch(self.content_type) is not None
        return wanted in self.headers.get(hdrs.CONTENT_TYPE, "").lower()


def _is_known(charset: str) -> bool:
    try:
        return codecs.lookup(charset)._is_text_encoding  # "hex" and its like are none
    except (LookupError, ValueError):
        return False
