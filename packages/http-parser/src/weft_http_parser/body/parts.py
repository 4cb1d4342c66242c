"""One part of a multipart body, read as a stream (RFC 2046 5.1).

Decides what a reader gets of a part and what is left for the next. Knows a body as a stream of
bytes; where parts begin and end is the scanner's, and what comes next is the multipart reader's.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final, Protocol

from multidict import CIMultiDictProxy

from weft_http_parser.body.scan import (
    Mark,
    PartScanner,
    ScanEvent,
)
from weft_http_parser.body.text import decode_json, decode_text, peer_codec
from weft_http_parser.body.transfer import PartDecoder
from weft_http_parser.errors import BodyTooLarge
from weft_http_parser.fields.disposition import ContentDisposition, parse_content_disposition
from weft_http_parser.fields.media import parse_media_type
from weft_http_parser.fields.urlencoded import parse_urlencoded
from weft_http_parser.names import CONTENT_DISPOSITION, CONTENT_TYPE

CHUNK_BYTES: Final = 262_144
"""What is in memory anyway is not cut smaller, unless a caller asks for that."""


class Content(Protocol):
    """What a multipart body is read from; a StreamReader is one.

    With `take_ready` and `wait_ready`, as a StreamReader has them, pieces are neither joined nor
    awaited one by one.
    """

    async def readany(self) -> bytes: ...


class PartSource:
    """The events of one multipart body, as they are asked for.

    A reader asks next_nowait() and, after nothing, `await wait()`: whether the body is at its end,
    which is then told by end().
    """

    __slots__ = ("_read", "_scanner", "events", "take", "wait")

    def __init__(self, content: Content, scanner: PartScanner) -> None:
        self._scanner = scanner
        self._read = content.readany
        self.events: deque[ScanEvent] = deque()
        """Found and not asked for yet."""
        self.take: Callable[[], bytes] = getattr(content, "take_ready", _nothing)
        self.wait: Callable[[], Awaitable[bool | None]] = getattr(
            content, "wait_ready", self._read_more
        )

    def next_nowait(self) -> ScanEvent | None:
        """The next event of what is here already."""
        events = self.events
        if events:
            return events.popleft()
        while data := self.take():
            found = self._scanner.receive(data)
            if found:
                if len(found) > 1:
                    events.extend(found[1:])
                return found[0]
        return None

    async def next(self) -> ScanEvent:
        """The next event; MultipartError when the body ends before its last delimiter."""
        while (event := self.next_nowait()) is None:
            if await self.wait():
                self.end()
        return event

    def end(self) -> None:
        """Add the events of the body's end; MultipartError where it comes too early."""
        self.events.extend(self._scanner.receive_eof() or [Mark.LAST])

    async def drain(self) -> None:
        """Read what follows the last delimiter."""
        while True:
            while data := self.take():
                self._scanner.receive(data)
            if await self.wait():
                break

    async def _read_more(self) -> bool:
        """Wait for a stream that cannot say what is there."""
        if data := await self._read():
            self.events.extend(self._scanner.receive(data))
        return not data


class BodyPartReader:
    """One part: its headers, and its content to be read once.

    `read`, `read_chunk` and `readline` return the content as it was sent; `text`, `json`, `form`
    and `decode` undo its codings. `client_max_size` bounds what is read whole, coded or not.
    """

    __slots__ = (
        "_at",
        "_decoder",
        "_default_charset",
        "_disposition",
        "_is_form",
        "_is_over",
        "_max_size",
        "_piece",
        "_size_error",
        "_source",
        "headers",
    )

    chunk_size = CHUNK_BYTES

    def __init__(
        self,
        boundary: bytes,
        headers: CIMultiDictProxy[str],
        content: Content | PartSource,
        *,
        subtype: str = "mixed",
        default_charset: str | None = None,
        client_max_size: int | None = None,
        max_size_error_cls: type[Exception] = BodyTooLarge,
    ) -> None:
        """`boundary` is that of the body, with its two dashes; content begins behind the header.

        What is larger than `client_max_size` raises `max_size_error_cls(client_max_size)`.
        """
        if not isinstance(content, PartSource):
            content = PartSource(content, PartScanner(boundary.removeprefix(b"--"), in_part=True))
        self.headers = headers
        self._source = content
        self._is_form = subtype == "form-data"
        self._default_charset = default_charset
        self._max_size = client_max_size
        self._size_error = max_size_error_cls
        self._piece = b""  # taken from the source, and handed out up to _at
        self._at = 0
        self._is_over = False
        self._decoder: PartDecoder | None = None
        self._disposition: ContentDisposition | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        data = await self.next()
        if not data:
            raise StopAsyncIteration
        return data

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        return self._parse_disposition().name

    @property
    def filename(self) -> str | None:
        """The file's name, as its sender calls it; never a path to trust."""
        return self._parse_disposition().filename

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
        """The rest of the content; an error beyond the reader's bound, decoded or not."""
        taken: list[bytes] = []
        decoder = self._decoder
        try:
            return await self._read_rest(taken, decode=decode)
        except asyncio.CancelledError:
            # What a later call reads must not pass for the whole.
            self._piece, self._at = b"".join(taken), 0
            self._decoder = decoder
            raise

    async def read_chunk(self, size: int = CHUNK_BYTES) -> bytes:
        """Up to `size` bytes; nothing at the end."""
        if size < 1:
            raise ValueError("a chunk has at least one byte")
        at = self._at
        if at >= len(self._piece):
            while not self._load_nowait():
                if self._is_over:
                    return b""
                if await self._source.wait():
                    self._source.end()
            at = 0
        self._at = end = at + size
        return self._piece[at:end]

    async def readany(self) -> bytes:
        """Whatever there is, as soon as there is something; nothing at the end."""
        at = self._at
        if at >= len(self._piece):
            while not self._load_nowait():
                if self._is_over:
                    return b""
                if await self._source.wait():
                    self._source.end()
            at = 0
        self._at = len(self._piece)
        return self._piece[at:]

    async def readline(self) -> bytes:
        """One line with its LF, or what is left; nothing at the end."""
        parts: list[bytes] = []
        try:
            while self._at < len(self._piece) or await self._load():
                at = self._at
                end = self._piece.find(b"\n", at) + 1
                self._at = end or len(self._piece)
                parts.append(self._piece[at : self._at])
                if end:
                    break
        except asyncio.CancelledError:
            self._piece, self._at = b"".join(parts), 0
            raise
        return b"".join(parts)

    async def release(self) -> None:
        """Read and drop what is left."""
        while await self._load():
            pass

    async def text(self, *, encoding: str | None = None) -> str:
        """The content as text, decoded.

        MultipartError where it is none, or its charset is none that a peer may choose.
        """
        return self.decode_text(await self.read(decode=True), encoding=encoding)

    # Any: what JSON holds is known to the caller alone.
    async def json(self, *, encoding: str | None = None) -> Any:
        """The content as JSON, decoded; None when there is none, MultipartError when it is bad."""
        text = await self.text(encoding=encoding)
        return decode_json(text) if text else None

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """The content as a url-encoded form, decoded."""
        codec = encoding or peer_codec(self.get_charset(default="utf-8"))
        return parse_urlencoded((await self.text(encoding=codec)).rstrip(), charset=codec)

    def decode(self, data: bytes) -> bytes:
        """Undo the part's codings of the next piece of its content."""
        return b"".join(self.decode_blocks(data))

    def decode_text(self, data: bytes, *, encoding: str | None = None) -> str:
        """Content without codings as text, in `encoding` or the part's charset.

        MultipartError as text() raises it.
        """
        return decode_text(data, encoding or peer_codec(self.get_charset(default="utf-8")))

    async def decode_iter(self, data: bytes) -> AsyncIterator[bytes]:
        """Undo the part's codings of the next piece of its content, in bounded steps."""
        for block in self.decode_blocks(data):
            yield block

    def decode_blocks(self, data: bytes) -> Iterator[bytes]:
        """decode_iter() without waiting."""
        if self._decoder is None:
            # RFC 7578 4.8: a part of a form has no content coding, whatever it says.
            self._decoder = PartDecoder(self.headers, ignores_content_coding=self._is_form)
        return self._decoder.decode(data)

    def finish_decoding(self) -> None:
        """Say that nothing more is to be decoded; an error where a coding is cut short."""
        if self._decoder is not None:
            self._decoder.finish()

    async def _read_rest(self, taken: list[bytes], *, decode: bool) -> bytes:
        """The rest of the content; `taken` gets the pieces as they were sent."""
        pieces: list[bytes] = [] if decode else taken
        total = decoded = 0
        while piece := await self.readany():
            taken.append(piece)
            total += len(piece)
            self._check_size(total)
            if not decode:
                continue
            for block in self.decode_blocks(piece):
                decoded += len(block)
                self._check_size(decoded)
                pieces.append(block)
        if decode:
            self.finish_decoding()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _load_nowait(self) -> bool:
        """Put the next piece in place of the last; False when it is not here, or at the end."""
        self._piece, self._at = b"", 0
        if self._is_over:
            return False
        source = self._source
        event = source.next_nowait()
        if not isinstance(event, bytes):
            self._is_over = event is not None
            return False
        self._piece = event
        events = source.events
        if events and events[0] is Mark.PART_END:
            events.popleft()
            self._is_over = True
        return True

    async def _load(self) -> bool:
        """Put the next piece in place of the last; False at the end."""
        while not self._load_nowait():
            if self._is_over:
                return False
            if await self._source.wait():
                self._source.end()
        return True

    def _parse_disposition(self) -> ContentDisposition:
        """Once: a form asks for the name more than once, and for the file's."""
        if self._disposition is None:
            text = self.headers.get(CONTENT_DISPOSITION)
            self._disposition = parse_content_disposition(text)
        return self._disposition

    def _check_size(self, size: int) -> None:
        if self._max_size is not None and size > self._max_size:
            raise self._size_error(self._max_size)


def _nothing() -> bytes:
    return b""
