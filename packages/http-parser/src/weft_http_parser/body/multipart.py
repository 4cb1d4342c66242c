"""Multipart bodies, read part by part and written (RFC 2046, RFC 7578).

Decides what a reader gets for a part and what a writer puts around a payload. Knows a body as a
stream of bytes; where parts begin and end is the scanner's.
"""

import json
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from multidict import CIMultiDictProxy

from weft_http_parser._twin import render_fields
from weft_http_parser.body.payload import (
    BodyWriter,
    JsonPayload,
    Payload,
    StringPayload,
    get_payload,
)
from weft_http_parser.body.scan import (
    DEFAULT_MULTIPART_LIMITS,
    Mark,
    MultipartLimits,
    PartHead,
    PartScanner,
    ScanEvent,
    parse_boundary,
)
from weft_http_parser.body.transfer import (
    PartDecoder,
    TransferCoder,
    TransferEncoder,
    make_transfer_encoder,
)
from weft_http_parser.errors import BodyTooLarge, MultipartError, UnknownPayload
from weft_http_parser.fields.disposition import parse_content_disposition
from weft_http_parser.fields.media import parse_media_type
from weft_http_parser.fields.tokens import format_value
from weft_http_parser.fields.urlencoded import URLENCODED, parse_urlencoded
from weft_http_parser.heads import Buffer
from weft_http_parser.names import (
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TRANSFER_ENCODING,
    CONTENT_TYPE,
)

MAX_CHARSET_BYTES: Final = 31


class Content(Protocol):
    """What a multipart body is read from; a StreamReader is one."""

    async def readany(self) -> bytes: ...


class Headers(Protocol):
    """Where a multipart reader finds its boundary."""

    def get(self, name: str, /) -> str | None: ...


class _Source:
    """The events of one multipart body, as they are asked for."""

    __slots__ = ("_content", "_events", "_scanner")

    def __init__(self, content: Content, scanner: PartScanner) -> None:
        self._content = content
        self._scanner = scanner
        self._events: deque[ScanEvent] = deque()

    async def next(self) -> ScanEvent:
        """The next event; MultipartError when the body ends before its last delimiter."""
        while not self._events:
            data = await self._content.readany()
            if not data:
                self._scanner.receive_eof()
                return Mark.LAST
            self._events.extend(self._scanner.receive(data))
        return self._events.popleft()

    def take_part_end(self) -> bool:
        """Whether the part is known to be over."""
        if self._events and self._events[0] is Mark.PART_END:
            self._events.popleft()
            return True
        return False

    async def drain(self) -> None:
        """Read what follows the last delimiter."""
        while await self._content.readany():
            pass


class BodyPartReader:
    """One part: its headers, and its content to be read once.

    `read`, `read_chunk` and `readline` return the content as it was sent; `text`, `json`, `form`
    and `decode` undo its codings.
    """

    __slots__ = (
        "_at",
        "_decoder",
        "_default_charset",
        "_is_over",
        "_max_size",
        "_piece",
        "_size",
        "_source",
        "headers",
    )

    chunk_size = 8192

    def __init__(
        self,
        headers: CIMultiDictProxy[str],
        source: _Source,
        *,
        max_size: int | None = None,
        default_charset: str | None = None,
    ) -> None:
        self.headers = headers
        self._source = source
        self._max_size = max_size
        self._default_charset = default_charset
        self._piece = b""  # taken from the source, and handed out up to _at
        self._at = 0
        self._size = 0
        self._is_over = False
        self._decoder: PartDecoder | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[bytes]:
        if data := await self.next():
            yield data

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        disposition = parse_content_disposition(self.headers.get(CONTENT_DISPOSITION, ""))
        return None if disposition is None else disposition.name

    @property
    def filename(self) -> str | None:
        """The file's name, as its sender calls it; never a path to trust."""
        disposition = parse_content_disposition(self.headers.get(CONTENT_DISPOSITION, ""))
        return None if disposition is None else disposition.filename

    def at_eof(self) -> bool:
        """The whole part was read."""
        return self._is_over and self._at >= len(self._piece)

    def get_charset(self, default: str) -> str:
        """The charset of the content type, of the form, or `default`."""
        media = parse_media_type(self.headers.get(CONTENT_TYPE, ""))
        return media.charset or self._default_charset or default

    async def next(self) -> bytes | None:
        """The whole content, and None when it was read before."""
        return None if self.at_eof() else await self.read()

    async def read(self, *, decode: bool = False) -> bytes:
        """The rest of the content; BodyTooLarge beyond the reader's bound, decoded or not."""
        pieces: list[bytes] = []
        total = 0
        while piece := await self.readany():
            if not decode:
                pieces.append(piece)
                continue
            async for block in self.decode_iter(piece):
                total += len(block)
                self._check_size(total)
                pieces.append(block)
        if decode and self._decoder is not None:
            self._decoder.finish()
        return b"".join(pieces)

    async def read_chunk(self, size: int = chunk_size) -> bytes:
        """Up to `size` bytes; nothing at the end."""
        if self._at >= len(self._piece):
            await self._load()
        return self._take(self._at + size)

    async def readany(self) -> bytes:
        """Whatever there is, as soon as there is something; nothing at the end."""
        if self._at >= len(self._piece):
            await self._load()
        return self._take(len(self._piece))

    async def readline(self) -> bytes:
        """One line with its LF, or what is left; nothing at the end."""
        parts: list[bytes] = []
        while self._at < len(self._piece) or await self._load():
            end = self._piece.find(b"\n", self._at) + 1
            parts.append(self._take(end or len(self._piece)))
            if end:
                break
        return b"".join(parts)

    async def release(self) -> None:
        """Read and drop what is left."""
        while await self._load():
            pass

    async def text(self, *, encoding: str | None = None) -> str:
        """The content as text, decoded."""
        data = await self.read(decode=True)
        return data.decode(encoding or self.get_charset(default="utf-8"))

    async def json(self, *, encoding: str | None = None) -> Any:
        """The content as JSON, decoded; None when there is none."""
        text = await self.text(encoding=encoding)
        return json.loads(text) if text else None

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """The content as a url-encoded form, decoded."""
        charset = encoding or self.get_charset(default="utf-8")
        return parse_urlencoded((await self.text(encoding=encoding)).rstrip(), charset=charset)

    def decode(self, data: bytes) -> bytes:
        """Undo the part's codings of the next piece of its content."""
        return b"".join(self._get_decoder().decode(data))

    async def decode_iter(self, data: bytes) -> AsyncIterator[bytes]:
        """Undo the part's codings of the next piece of its content, in bounded steps."""
        for block in self._get_decoder().decode(data):
            yield block

    def _get_decoder(self) -> PartDecoder:
        if self._decoder is None:
            self._decoder = PartDecoder(self.headers)
        return self._decoder

    async def _load(self) -> bool:
        """Take the next piece from the source, in place of the last; False at the end."""
        self._piece, self._at = b"", 0
        if self._is_over:
            return False
        event = await self._source.next()
        if not isinstance(event, bytes):
            self._is_over = True
            return False
        self._size += len(event)
        self._check_size(self._size)
        self._piece = event
        self._is_over = self._source.take_part_end()
        return True

    def _take(self, end: int) -> bytes:
        data = self._piece[self._at : end]
        self._at = min(end, len(self._piece))
        return data

    def _check_size(self, size: int) -> None:
        if self._max_size is not None and size > self._max_size:
            raise BodyTooLarge(self._max_size)


class MultipartReader:
    """The parts of a multipart body, one after the other.

    What is left of a part is dropped when the next one is asked for. A part that is multipart
    itself comes as a MultipartReader. `client_max_size` bounds each part.
    """

    __slots__ = (
        "_default_charset",
        "_is_at_last",
        "_level",
        "_limits",
        "_max_size",
        "_media",
        "_part",
        "_source",
        "headers",
    )

    def __init__(
        self,
        headers: Headers,
        content: Content,
        *,
        client_max_size: int | None = None,
        limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS,
        _level: int = 1,
    ) -> None:
        self.headers = headers
        self._media = parse_media_type(headers.get(CONTENT_TYPE) or "")
        if self._media.type != "multipart":
            raise MultipartError("the content type is not multipart")
        if _level > limits.nesting:
            raise MultipartError("multipart bodies are nested too deep")
        boundary = parse_boundary(self._media.parameters.get("boundary"))
        self._source = _Source(content, PartScanner(boundary, limits))
        self._limits = limits
        self._max_size = client_max_size
        self._level = _level
        self._part: BodyPartReader | None = None
        self._is_at_last = False
        self._default_charset: str | None = None

    def __aiter__(self) -> "MultipartReader":
        return self

    async def __anext__(self) -> "MultipartReader | BodyPartReader":
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    @classmethod
    def from_response(cls, response: "Response") -> "MultipartReader":
        """The parts of a response's body."""
        return cls(response.headers, response.content)

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

    async def release(self) -> None:
        """Read and drop what is left."""
        while await self.next() is not None:
            pass

    async def _next_part(self) -> BodyPartReader | None:
        if self._part is not None:
            await self._part.release()
            self._part = None
        event = await self._source.next()
        if not isinstance(event, PartHead):
            self._is_at_last = True
            if self._level == 1:
                await self._source.drain()
            return None
        self._part = BodyPartReader(
            event.headers,
            self._source,
            max_size=self._max_size,
            default_charset=self._default_charset,
        )
        return self._part

    def _open(self, part: BodyPartReader) -> "MultipartReader | BodyPartReader":
        if not part.headers.get(CONTENT_TYPE, "").lower().startswith("multipart/"):
            return part
        return MultipartReader(
            part.headers,
            part,
            client_max_size=self._max_size,
            limits=self._limits,
            _level=self._level + 1,
        )

    def _is_charset(self, part: BodyPartReader) -> bool:
        return self._media.subtype == "form-data" and part.name == "_charset_"

    async def _read_charset(self, part: BodyPartReader) -> None:
        """RFC 7578 4.6: the charset of the text of all further parts."""
        charset = bytearray()
        while piece := await part.read_chunk():
            charset += piece
            if len(charset) > MAX_CHARSET_BYTES:
                raise MultipartError("invalid default charset")
        self._default_charset = charset.strip().decode("ascii", "replace")


class Response(Protocol):
    """What this module needs of a client's response."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> Content: ...


class BodyPartReaderPayload(Payload):
    """A part that was received, sent on."""

    __slots__ = ()

    _value: BodyPartReader

    def __init__(self, value: BodyPartReader, *args: object, **kwargs: object) -> None:
        make: Callable[..., None] = super().__init__
        make(value, *args, **kwargs)
        params = {
            name: text
            for name, text in (("name", value.name), ("filename", value.filename))
            if text is not None
        }
        if params:
            self.set_content_disposition("attachment", True, **params)

    @property
    def consumed(self) -> bool:
        return self._value.at_eof()

    async def write(self, writer: BodyWriter) -> None:
        while piece := await self._value.readany():
            for block in self._value._get_decoder().decode(piece):
                await writer.write(block)


class MultipartWriter(Payload):
    """A multipart body, put together part by part.

    >>> writer = MultipartWriter("mixed", boundary="B")
    >>> writer.append("hello").content_type
    'text/plain; charset=utf-8'
    >>> writer.size
    81
    """

    __slots__ = ("_boundary", "_is_form", "_parts")

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        """`boundary` is random unless it is given; a body must not contain it."""
        self._boundary = parse_boundary(os.urandom(16).hex() if boundary is None else boundary)
        text = self._boundary.decode("ascii")
        super().__init__(None, content_type=f"multipart/{subtype}; boundary={format_value(text)}")
        self._is_form = subtype == "form-data"
        self._parts: list[tuple[Payload, TransferEncoder | None]] = []

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Payload]:
        return iter([part for part, _ in self._parts])

    def __bool__(self) -> bool:
        return True

    @property
    def boundary(self) -> str:
        """What delimits the parts."""
        return self._boundary.decode("ascii")

    @property
    def is_rewindable(self) -> bool:
        return all(part.is_rewindable for part, _ in self._parts)

    @property
    def consumed(self) -> bool:
        return any(part.consumed for part, _ in self._parts)

    @property
    def size(self) -> int | None:
        """The body's length in bytes; None when that of some part is not known."""
        total = len(self._boundary) + 6
        for part, encoder in self._parts:
            if encoder is not None or part.size is None:
                return None
            total += len(self._boundary) + 4 + len(self._render_head(part)) + part.size + 2
        return total

    def append(self, obj: object, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part: a payload, or what there is one for. Further headers go to the part."""
        if isinstance(obj, Payload):
            obj.headers.update(headers or {})
            return self.append_payload(obj)
        if isinstance(obj, BodyPartReader):
            return self.append_payload(BodyPartReaderPayload(obj, headers=headers))
        try:
            payload = get_payload(obj, headers=headers)
        except UnknownPayload as exc:
            raise TypeError(f"Cannot create payload from {obj!r}") from exc
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a part; HeaderInjection where its headers would break out of their place."""
        headers = payload.headers
        encoder: TransferEncoder | None = None
        if self._is_form:
            # RFC 7578 4.7 and 4.8: no other field than the type and the disposition.
            for name in (CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_TRANSFER_ENCODING):
                if name in headers:
                    raise MultipartError(f"a part of a form has no {name}")
            if CONTENT_DISPOSITION not in headers:
                payload.set_content_disposition("form-data", name=f"section-{len(self._parts)}")
        else:
            encoder = make_transfer_encoder(
                headers.get(CONTENT_TRANSFER_ENCODING, ""), headers.get(CONTENT_ENCODING, "")
            )
            if encoder is None and payload.size is not None:
                headers[CONTENT_LENGTH] = str(payload.size)
        self._render_head(payload)
        self._parts.append((payload, encoder))
        return payload

    def append_json(self, obj: object, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part of JSON."""
        return self.append_payload(JsonPayload(obj, headers=headers))

    def append_form(
        self,
        obj: Sequence[tuple[str, str]] | Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> Payload:
        """Add a part that is a url-encoded form."""
        pairs = list(obj.items()) if isinstance(obj, Mapping) else list(obj)
        return self.append_payload(
            StringPayload(urlencode(pairs), headers=headers, content_type=URLENCODED)
        )

    async def write(self, writer: BodyWriter, close_boundary: bool = True) -> None:
        """Write the parts, and the last delimiter unless `close_boundary` is false."""
        opening = b"--" + self._boundary + b"\r\n"
        for part, encoder in self._parts:
            await writer.write(opening + self._render_head(part))
            if encoder is None:
                await part.write(writer)
            else:
                await _write_encoded(part, encoder, writer)
            await writer.write(b"\r\n")
        if close_boundary:
            await writer.write(b"--" + self._boundary + b"--\r\n")

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        texts: list[str] = []
        for part, encoder in self._parts:
            if encoder is not None:
                return super().decode(encoding, errors)
            head = self._render_head(part).decode("utf-8", errors)
            texts.append(f"--{self.boundary}\r\n{head}{part.decode(encoding, errors)}\r\n")
        return "".join(texts) + f"--{self.boundary}--\r\n"

    async def close(self) -> None:
        for part, _ in self._parts:
            await part.close()

    @staticmethod
    def _render_head(part: Payload) -> bytes:
        return render_fields(part.headers) + b"\r\n"


class _EncodingWriter:
    __slots__ = ("_encoder", "_writer")

    def __init__(self, encoder: TransferCoder, writer: BodyWriter) -> None:
        self._encoder = encoder
        self._writer = writer

    async def write(self, data: Buffer) -> None:
        if block := self._encoder.encode(bytes(data)):
            await self._writer.write(block)


async def _write_encoded(part: Payload, make: TransferEncoder, writer: BodyWriter) -> None:
    coder = make()
    await part.write(_EncodingWriter(coder, writer))
    if block := coder.finish():
        await writer.write(block)
