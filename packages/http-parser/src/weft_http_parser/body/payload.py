"""Outgoing bodies: what may be sent, how long it is and what it calls itself.

Decides which payload stands for a value. Knows a writer by its one method, and no message.
"""

import enum
import io
import json
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
)
from itertools import chain
from typing import IO, Final, Protocol, TypeVar

from multidict import CIMultiDict

from weft_http_parser.aio.stream import StreamReader
from weft_http_parser.errors import UnknownPayload
from weft_http_parser.fields.media import parse_media_type
from weft_http_parser.fields.tokens import check_text
from weft_http_parser.heads import Buffer
from weft_http_parser.names import CONTENT_DISPOSITION, CONTENT_TYPE

P = TypeVar("P", bound="type[Payload]")

OCTET_STREAM: Final = "application/octet-stream"

PIECE_BYTES: Final = 1_048_576
"""The most that is handed to a writer at once, which waits for its peer between two pieces."""

LookupError = UnknownPayload


class BodyWriter(Protocol):
    """Where a payload goes."""

    async def write(self, data: Buffer) -> None:
        """Take some bytes, and wait while the peer is slow."""


class Order(enum.StrEnum):
    """When a registered payload is asked.

    `try_first` ones come first, then the one without an order (`normal`) that is registered for
    just that type (of several the last), then by inheritance those without an order, then the
    `try_last` ones; within an order, the earlier registered comes first.
    """

    normal = "normal"
    try_first = "try_first"
    try_last = "try_last"


class PayloadRegistry:
    """Which payload stands for a value of which type.

    >>> PAYLOAD_REGISTRY.get(b"abc").size
    3
    """

    __slots__ = ("_by_order", "_by_type")

    def __init__(self) -> None:
        self._by_type: dict[type, type[Payload]] = {}
        self._by_order: dict[Order, list[tuple[type | tuple[type, ...], type[Payload]]]] = {
            Order.try_first: [],
            Order.normal: [],
            Order.try_last: [],
        }

    def get(self, data: object, *args: object, **kwargs: object) -> "Payload":
        """The payload for `data`, made with the further arguments; a payload as it is.

        Raises UnknownPayload, a LookupError, if none is registered for its type.
        """
        if isinstance(data, Payload):
            return data
        make: Callable[..., Payload] = self._find(data)
        return make(data, *args, **kwargs)

    def register(
        self,
        factory: "type[Payload]",
        type: type | tuple[type, ...],
        *,
        order: Order = Order.normal,
    ) -> None:
        """Let `factory` stand for values of `type`, one class or several.

        A later one comes after an earlier of the same order; but a `normal` one takes the place
        of an earlier one for just the same type.
        """
        self._by_order[order].append((type, factory))
        if order is Order.normal:
            for one in type if isinstance(type, tuple) else (type,):
                self._by_type[one] = factory

    def _find(self, data: object) -> "type[Payload]":
        by_order = self._by_order
        for kind, factory in by_order[Order.try_first]:
            if isinstance(data, kind):
                return factory
        exact = self._by_type.get(type(data))
        if exact is not None:
            return exact
        for kind, factory in chain(by_order[Order.normal], by_order[Order.try_last]):
            if isinstance(data, kind):
                return factory
        raise UnknownPayload(type(data))


PAYLOAD_REGISTRY: Final = PayloadRegistry()


def get_payload(data: object, *args: object, **kwargs: object) -> "Payload":
    """The payload for `data` by the common registry, made with the further arguments.

    Raises UnknownPayload, a LookupError, if none is registered for its type.

    >>> get_payload("text").content_type
    'text/plain; charset=utf-8'
    """
    return PAYLOAD_REGISTRY.get(data, *args, **kwargs)


def register_payload(
    factory: "type[Payload]", type: type | tuple[type, ...], *, order: Order = Order.normal
) -> None:
    """Let `factory` stand for values of `type` in the common registry."""
    PAYLOAD_REGISTRY.register(factory, type, order=order)


class payload_type:
    """Class decorator: the payload stands for values of this type in the common registry."""

    def __init__(self, type: type | tuple[type, ...], *, order: Order = Order.normal) -> None:
        self.type = type
        self.order = order

    def __call__(self, factory: P) -> P:
        register_payload(factory, self.type, order=self.order)
        return factory


class Payload(ABC):
    """A body to be sent, with the fields that describe it.

    A subclass writes itself in `write`. It sets `_size` where it knows its length, and says
    `is_rewindable` where it can be written again.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_encoding",
        "_filename",
        "_headers",
        "_size",
        "_value",
    )

    _default_content_type = OCTET_STREAM
    _autoclose = False
    _consumed = False

    def __init__(
        self,
        value: object,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        """`headers` go over `content_type`; further keywords are for other payloads, and ignored.

        Raises HeaderInjection for text that would break out of its field (RFC 9110 5.5).
        """
        self._value = value
        self._encoding = encoding
        self._filename = filename
        self._size: int | None = None
        if content_type is None:
            content_type = self._default_content_type
        check_text("payload header", content_type)
        self._headers: CIMultiDict[str] = CIMultiDict({CONTENT_TYPE: content_type})
        if headers:
            self._headers.update(headers)
            for name, text in self._headers.items():
                check_text("payload header", name)
                check_text("payload header", text)

    @property
    def size(self) -> int | None:
        """The body's length in bytes; None when it is not known."""
        return self._size

    @property
    def filename(self) -> str | None:
        """The name to be saved under, from Content-Disposition unless it was given (RFC 6266)."""
        if self._filename is not None:
            return self._filename
        from weft_http_parser.fields.disposition import (  # late: few bodies have names
            content_disposition_filename,
            parse_content_disposition,
        )

        disposition = parse_content_disposition(self._headers.get(CONTENT_DISPOSITION))
        return content_disposition_filename(disposition.parameters)

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields that describe this body; they may be changed."""
        return self._headers

    @property
    def encoding(self) -> str | None:
        """The charset of text, None for what is no text."""
        return self._encoding

    @property
    def content_type(self) -> str:
        """The media type with its parameters (RFC 9110 8.3)."""
        return self._headers[CONTENT_TYPE]

    @property
    def consumed(self) -> bool:
        """Was written, and cannot be written again."""
        return self._consumed

    @property
    def autoclose(self) -> bool:
        """There is nothing to close."""
        return self._autoclose

    @property
    def is_rewindable(self) -> bool:
        """May be written more than once, for a redirect or a retry."""
        return False

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: bool = True,
        _charset: str = "utf-8",
        **params: str,
    ) -> None:
        """Set Content-Disposition (RFC 6266, RFC 8187; RFC 7578 4.2 for parts of forms).

        Raises HeaderInjection where text would break out of its place, and ValueError for a type
        or a parameter's name that is no token.
        """
        from weft_http_parser.fields.disposition import (  # late: as above
            format_content_disposition,
        )

        self._headers[CONTENT_DISPOSITION] = format_content_disposition(
            disptype, params, quote_fields=quote_fields, charset=_charset
        )

    @abstractmethod
    async def write(self, writer: BodyWriter) -> None:
        """Write the whole body; RuntimeError where it was `consumed`."""

    async def write_with_length(self, writer: BodyWriter, content_length: int | None) -> None:
        """Write the body, and no more of it than `content_length` bytes; all of it for None."""
        if content_length is None:
            await self.write(writer)
            return
        await self.write(_Limiter(writer, content_length))

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        """The body as text, in its own encoding unless another is named.

        Raises TypeError where it cannot be had without waiting, UnicodeDecodeError where it is
        not in that encoding.
        """
        raise TypeError(f"{type(self).__name__} cannot be decoded without being read")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The whole body, as `write` would send it; the arguments are for other payloads."""
        collector = _Collector()
        await self.write(collector)
        return b"".join(collector.blocks)

    async def close(self) -> None:  # noqa: B027 - most payloads hold nothing
        """Let go of what the payload holds open; it cannot be written afterwards."""


class _Limiter:
    """Passes so many bytes on and drops the rest."""

    __slots__ = ("_left", "_writer")

    def __init__(self, writer: BodyWriter, limit: int) -> None:
        self._writer = writer
        self._left = limit

    async def write(self, data: Buffer) -> None:
        block = memoryview(data).cast("B")[: self._left]
        self._left -= len(block)
        if block:
            await self._writer.write(block)


class _Collector:
    """Keeps what is written."""

    __slots__ = ("blocks",)

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    async def write(self, data: Buffer) -> None:
        self.blocks.append(bytes(data))


class BytesPayload(Payload):
    """Bytes, and what is like them; never copied.

    Raises TypeError for a value that is neither bytes, bytearray nor memoryview. More than a
    mebibyte is written in pieces, so that a slow peer and other tasks get their turn.
    """

    __slots__ = ()

    _autoclose = True
    _value: Buffer

    def __init__(self, value: Buffer, *args: object, **kwargs: object) -> None:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"value argument must be byte-ish, not {type(value)!r}")
        init_payload(self, value, args, kwargs)
        self._size = value.nbytes if isinstance(value, memoryview) else len(value)

    @property
    def is_rewindable(self) -> bool:
        return True

    async def write(self, writer: BodyWriter) -> None:
        await write_in_pieces(writer, self._value)

    async def write_with_length(self, writer: BodyWriter, content_length: int | None) -> None:
        if content_length is None:
            await write_in_pieces(writer, self._value)
        else:
            await write_in_pieces(writer, memoryview(self._value).cast("B")[:content_length])

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding or self._encoding or "utf-8", errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return bytes(self._value)


class StringPayload(BytesPayload):
    """Text, encoded when the payload is made: by `encoding`, else by the charset of `content_type`.

    Without both it is UTF-8. Raises UnicodeEncodeError where the encoding lacks a character, and
    LookupError where Python does not know the encoding.
    """

    __slots__ = ()

    def __init__(
        self,
        value: str,
        *args: object,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: object,
    ) -> None:
        encoding, content_type = text_type(encoding, content_type)
        super().__init__(
            value.encode(encoding), *args, encoding=encoding, content_type=content_type, **kwargs
        )


class StringIOPayload(StringPayload):
    """What is left to read in a text stream in memory, read when the payload is made."""

    __slots__ = ()

    def __init__(self, value: IO[str], *args: object, **kwargs: object) -> None:
        make: Callable[..., None] = super().__init__
        make(value.read(), *args, **kwargs)


class JsonPayload(BytesPayload):
    """A value as JSON (RFC 8259), made at once; what `dumps` raises is raised here."""

    __slots__ = ()

    def __init__(
        self,
        value: object,
        encoding: str = "utf-8",
        content_type: str = "application/json",
        dumps: Callable[[object], str] = json.dumps,
        *args: object,
        **kwargs: object,
    ) -> None:
        kwargs.update(content_type=content_type, encoding=encoding)
        super().__init__(dumps(value).encode(encoding), *args, **kwargs)


class JsonBytesPayload(BytesPayload):
    """A value as JSON (RFC 8259), by a function that returns bytes."""

    __slots__ = ()

    def __init__(
        self,
        value: object,
        dumps: Callable[[object], bytes],
        content_type: str = "application/json",
        *args: object,
        **kwargs: object,
    ) -> None:
        super().__init__(dumps(value), *args, content_type=content_type, **kwargs)


class AsyncIterablePayload(Payload):
    """Blocks from an asynchronous iterable, once, of a length that nobody knows.

    After `as_bytes` it keeps them, and may be written again. Raises TypeError for a value that is
    no asynchronous iterable, and RuntimeError when it is written a second time.
    """

    __slots__ = ("_kept",)

    _autoclose = True
    _value: AsyncIterable[bytes]

    def __init__(self, value: AsyncIterable[bytes], *args: object, **kwargs: object) -> None:
        if not isinstance(value, AsyncIterable):
            raise TypeError(
                "value argument must support collections.abc.AsyncIterable interface,"
                f" got {type(value)!r}"
            )
        init_payload(self, value, args, kwargs)
        self._kept: bytes | None = None

    @property
    def is_rewindable(self) -> bool:
        return self._kept is not None

    async def write(self, writer: BodyWriter) -> None:
        if self._kept is not None:
            await write_in_pieces(writer, self._kept)
            return
        if self._consumed:
            raise RuntimeError("the payload was sent already and its iterable is used up")
        self._consumed = True
        try:
            async for block in self._value:
                await writer.write(block)
        except BaseException:
            # A generator that waits at a yield would not hear of it before it is collected.
            if isinstance(self._value, AsyncGenerator):
                await self._value.aclose()
            raise

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        if self._kept is None:
            return super().decode(encoding, errors)
        return self._kept.decode(encoding or self._encoding or "utf-8", errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        if self._kept is None:
            self._kept = await super().as_bytes(encoding, errors)
            self._consumed = False
        return self._kept


class StreamReaderPayload(AsyncIterablePayload):
    """The body of one message sent on as that of another, in the pieces in which it comes."""

    __slots__ = ()

    def __init__(self, value: StreamReader, *args: object, **kwargs: object) -> None:
        blocks: AsyncIterator[bytes] = value.iter_any()
        super().__init__(blocks, *args, **kwargs)


async def write_in_pieces(writer: BodyWriter, data: Buffer) -> None:
    """Write `data` without copying it, and wait for the peer within it where it is large."""
    size = data.nbytes if isinstance(data, memoryview) else len(data)
    if size <= PIECE_BYTES:
        await writer.write(data)
        return
    view = memoryview(data).cast("B")
    for start in range(0, size, PIECE_BYTES):
        await writer.write(view[start : start + PIECE_BYTES])


def init_payload(
    payload: Payload, value: object, args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    """Pass arguments on that subclasses do not look at."""
    make: Callable[..., None] = Payload.__init__
    make(payload, value, *args, **kwargs)


def text_type(encoding: str | None, content_type: str | None) -> tuple[str, str]:
    """The encoding and the media type of text, each from the other where it is missing."""
    if encoding is None:
        if content_type is None:
            return "utf-8", "text/plain; charset=utf-8"
        return parse_media_type(content_type).charset or "utf-8", content_type
    return encoding, content_type or f"text/plain; charset={encoding}"


register_payload(BytesPayload, (bytes, bytearray, memoryview))
register_payload(StringPayload, str)
register_payload(StringIOPayload, io.StringIO)
register_payload(StreamReaderPayload, StreamReader)
# Many things are asynchronous iterables and something better besides.
register_payload(AsyncIterablePayload, AsyncIterable, order=Order.try_last)
