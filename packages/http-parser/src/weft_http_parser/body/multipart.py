"""Multipart bodies, read part by part (RFC 2046, RFC 7578).

Decides which part comes next and what reads it. Where parts begin and end is the scanner's, and
what is in one is the part reader's.
"""

import inspect
from collections.abc import Mapping
from typing import Final, Protocol, Self

import attrs
from multidict import CIMultiDictProxy

from weft_http_parser.body.parts import BodyPartReader, Content, PartSource
from weft_http_parser.body.scan import (
    DEFAULT_MULTIPART_LIMITS,
    MultipartLimits,
    PartHead,
    PartScanner,
    parse_boundary,
)
from weft_http_parser.errors import BodyTooLarge, MultipartError
from weft_http_parser.fields.media import parse_media_type
from weft_http_parser.names import CONTENT_DISPOSITION, CONTENT_TYPE

MAX_CHARSET_BYTES: Final = 31


class Headers(Protocol):
    """Where a multipart reader finds its boundary."""

    def get(self, name: str, /) -> str | None: ...


class Response(Protocol):
    """What this module needs of a client's response."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> "ResponseContent": ...

    def release(self) -> object: ...


class ResponseContent(Content, Protocol):
    """The body of a response."""

    def at_eof(self) -> bool: ...


class MultipartResponseWrapper:
    """The parts of a response's body; the response is released behind the last of them."""

    def __init__(self, resp: Response, stream: "MultipartReader") -> None:
        self.resp = resp
        self.stream = stream

    def __aiter__(self) -> "MultipartResponseWrapper":
        return self

    async def __anext__(self) -> "MultipartReader | BodyPartReader":
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """The whole body was read."""
        return self.resp.content.at_eof()

    async def next(self) -> "MultipartReader | BodyPartReader | None":
        """The next part; None when there is none."""
        part = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return part

    async def release(self) -> None:
        """Give the connection of the response back."""
        released = self.resp.release()
        if inspect.isawaitable(released):
            await released


class MultipartReader:
    """The parts of a multipart body, one after the other.

    What is left of a part is dropped when the next one is asked for. A part that is multipart
    itself comes as a MultipartReader. Subclasses may name classes of their own for parts, for
    nested readers and for the wrapper of a response.
    """

    __slots__ = (
        "_boundary",
        "_default_charset",
        "_is_at_last",
        "_level",
        "_limits",
        "_part",
        "_size_options",
        "_source",
        "_subtype",
        "headers",
    )

    response_wrapper_cls: type[MultipartResponseWrapper] = MultipartResponseWrapper
    multipart_reader_cls: "type[MultipartReader] | None" = None
    """What reads a part that is multipart itself; the reader's own class where it is None."""
    part_reader_cls: type[BodyPartReader] = BodyPartReader

    def __init__(
        self,
        headers: Headers,
        content: Content,
        *,
        client_max_size: int | None = None,
        max_field_size: int | None = None,
        max_headers: int | None = None,
        max_size_error_cls: type[Exception] = BodyTooLarge,
        limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS,
    ) -> None:
        """`client_max_size` bounds a part that is read whole; what is larger raises
        `max_size_error_cls(client_max_size)`. `max_field_size` and `max_headers` stand for
        `limits.field` and `limits.fields`.
        """
        self.headers = headers
        media = parse_media_type(headers.get(CONTENT_TYPE) or "")
        if media.type != "multipart":
            raise MultipartError("the content type is not multipart")
        self._subtype = media.subtype
        self._boundary = parse_boundary(media.parameters.get("boundary"))
        if max_field_size is not None:
            limits = attrs.evolve(limits, field=max_field_size)
        if max_headers is not None:
            limits = attrs.evolve(limits, fields=max_headers)
        self._limits = limits
        self._source = PartSource(content, PartScanner(self._boundary, limits))
        self._size_options = (client_max_size, max_size_error_cls)
        self._level = 1
        self._part: BodyPartReader | None = None
        self._is_at_last = False
        self._default_charset: str | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> "MultipartReader | BodyPartReader":
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    @classmethod
    def from_response(cls, response: Response) -> MultipartResponseWrapper:
        """The parts of a response's body."""
        return cls.response_wrapper_cls(response, cls(response.headers, response.content))

    def at_eof(self) -> bool:
        """The last part was read."""
        return self._is_at_last

    async def next(self) -> "MultipartReader | BodyPartReader | None":
        """The next part; None when there is none."""
        while not self._is_at_last:
            part = await self._next_part()
            if part is None or not self._is_charset(part):
                return None if part is None else self._open(part)
            await self._read_charset(part)
        return None

    async def fetch_next_part(self) -> "MultipartReader | BodyPartReader":
        """The next part; MultipartError when there is none."""
        part = await self.next()
        if part is None:
            raise MultipartError("there is no part behind the last")
        return part

    async def release(self) -> None:
        """Read and drop what is left."""
        while await self.next() is not None:
            pass

    async def _next_part(self) -> BodyPartReader | None:
        if self._part is not None:
            if not self._part.at_eof():
                await self._part.release()
            self._part = None
        event = self._source.next_nowait() or await self._source.next()
        if not isinstance(event, PartHead):
            self._is_at_last = True
            if self._level == 1:
                await self._source.drain()
            return None
        self._part = self._make_part(event.headers)
        return self._part

    def _make_part(self, headers: CIMultiDictProxy[str]) -> BodyPartReader:
        client_max_size, max_size_error_cls = self._size_options
        return self.part_reader_cls(
            b"--" + self._boundary,
            headers,
            self._source,
            subtype=self._subtype,
            default_charset=self._default_charset,
            client_max_size=client_max_size,
            max_size_error_cls=max_size_error_cls,
        )

    def _open(self, part: BodyPartReader) -> "MultipartReader | BodyPartReader":
        kind = part.headers.get(CONTENT_TYPE)
        if kind is None or not kind.lower().startswith("multipart/"):
            return part
        if self._level >= self._limits.nesting:
            raise MultipartError("multipart bodies are nested too deep")
        nested = (self.multipart_reader_cls or type(self))(part.headers, part)
        nested._inherit(self, part)
        return nested

    def _inherit(self, outer: "MultipartReader", part: BodyPartReader) -> None:
        """Be bounded as the reader is that this one is nested in."""
        self._level = outer._level + 1
        self._limits = outer._limits
        self._size_options = outer._size_options
        self._source = PartSource(part, PartScanner(self._boundary, outer._limits))

    def _is_charset(self, part: BodyPartReader) -> bool:
        if self._subtype != "form-data":
            return False
        text = part.headers.get(CONTENT_DISPOSITION, "")
        # Nothing is parsed for a name that cannot be it, be it escaped, extended or in pieces.
        can_be = "_charset_" in text or "\\" in text or "*" in text
        return can_be and part.name == "_charset_"

    async def _read_charset(self, part: BodyPartReader) -> None:
        """RFC 7578 4.6: the charset of the text of all further parts."""
        charset = bytearray()
        while piece := await part.read_chunk():
            charset += piece
            if len(charset) > MAX_CHARSET_BYTES:
                raise MultipartError("invalid default charset")
        self._default_charset = charset.strip().decode("ascii", "replace")
