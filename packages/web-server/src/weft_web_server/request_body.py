"""The body of a request: read whole within a limit, or as a stream, or as a form.

Decides how far a body may be read and what a form field becomes. Knows no connection: the bytes
are there already, or come through a stream.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import IO, Any, Protocol, TypeAlias

import attrs
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy

from weft_http_parser import (
    EMPTY_STREAM,
    BodyPartReader,
    BodyTooLarge,
    ContentCodingError,
    MultipartLimits,
    MultipartReader,
    StreamReader,
    parse_urlencoded,
)

from .errors import PayloadAccessError, RequestPayloadError

SPOOL_SIZE = 1_048_576  # a file part larger than this goes to disk


@attrs.frozen
class FileField:
    """A file of a form."""

    name: str
    filename: str
    file: IO[bytes]
    content_type: str
    headers: CIMultiDictProxy[str]


FormValue: TypeAlias = str | bytes | bytearray | FileField
Form: TypeAlias = MultiDictProxy[FormValue]

NO_FORM: Form = MultiDictProxy(MultiDict())
NO_TRAILERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())


class RequestBody:
    """The body of one request; what was read whole is kept.

    It reads alike whether its bytes came together with the head (data) or come later (stream).
    """

    __slots__ = ("_data", "_form", "_stream", "_whole", "awaits_continue", "trailers")

    def __init__(self, data: bytes | None = None, stream: StreamReader | None = None) -> None:
        self._data = data
        self._stream = stream
        self._whole: bytes | None = None
        self._form: Form | None = None
        self.awaits_continue = False  # the client sends nothing before it is told to
        self.trailers = NO_TRAILERS

    @property
    def stream(self) -> StreamReader:
        """What is left of the body as a stream."""
        if self._stream is None:
            if self.is_at_eof:
                return EMPTY_STREAM
            assert self._data is not None  # a body has data or a stream
            self._stream = StreamReader()
            self._stream.feed_data(self._data)
            self._stream.feed_eof()
        return self._stream

    @property
    def has_stream(self) -> bool:
        """Whether there is a stream of the body, as it came in parts or was asked for."""
        return self._stream is not None

    def check_untouched(self) -> None:
        """Refuse to take the rest of a body for the whole."""
        if self._whole is None and self._stream is not None and self._stream.taken_bytes:
            raise PayloadAccessError(
                f"{self._stream.taken_bytes} bytes of the body were read before, through content,"
                " multipart() or post(); read it in one way only, or the rest through content"
            )

    def reopen(self) -> StreamReader:
        """The whole body as a stream, also where it was read whole before."""
        if self._whole is None:
            self.check_untouched()
            return self.stream
        stream = StreamReader()
        stream.feed_data(self._whole)
        stream.feed_eof()
        return stream

    @property
    def is_at_eof(self) -> bool:
        """Whether there is nothing left to read."""
        if self._stream is None:
            return not self._data or self._whole is not None
        return self._stream.at_eof()

    async def read(self, limit: int) -> bytes:
        """All that is left of the body; BodyTooLarge above the limit, 0 being none."""
        self.check_untouched()
        whole = self._data if self._whole is None and self._stream is None else self._whole
        if whole is None:
            assert self._stream is not None  # a body has data or a stream
            try:
                whole = await self._stream.read_rest(limit or None)
            except ContentCodingError as exc:
                raise RequestPayloadError(str(exc)) from exc
        elif limit and len(whole) > limit:
            raise BodyTooLarge(limit)
        self._whole = whole
        return whole

    @property
    def form(self) -> Form | None:
        """The form, once it was read."""
        return self._form

    @form.setter
    def form(self, form: Form) -> None:
        self._form = form


@attrs.frozen(kw_only=True)
class FormLimits:
    """Bounds of a form: bytes in total and number of fields; 0 is none."""

    size: int
    fields: int


class TooManyFields(Exception):
    """A form of more fields than are allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"more than {self.limit} fields in a form"


class Headers(Protocol):
    """Where a multipart reader finds its boundary."""

    def get(self, name: str, default: Any = None) -> Any: ...


async def read_urlencoded(body: RequestBody, charset: str, limits: FormLimits) -> Form:
    """A form of type application/x-www-form-urlencoded."""
    data = await body.read(limits.size)
    if limits.fields and data.count(b"&") >= limits.fields:
        raise TooManyFields(limits.fields)
    text = data.rstrip().decode("ascii", "surrogateescape")
    pairs = parse_urlencoded(text, limits.fields or len(data) + 1, charset)
    return MultiDictProxy(MultiDict(pairs))


async def read_multipart(
    body: RequestBody, headers: Mapping[str, str], limits: FormLimits
) -> Form:
    """A form of type multipart/form-data; files go to temporary files."""
    form: MultiDict[FormValue] = MultiDict()
    try:
        stream = body.reopen()
        # The parts of a form are its fields, which are counted here.
        bounds = MultipartLimits(parts=sys.maxsize)
        await _read_parts(form, MultipartReader(headers, stream, limits=bounds), limits)
        await _read_epilogue(stream, limits)
    except BaseException as exc:
        for value in form.values():
            if isinstance(value, FileField):
                value.file.close()
        if isinstance(exc, ContentCodingError):
            raise RequestPayloadError(str(exc)) from exc
        raise
    return MultiDictProxy(form)


async def _read_parts(
    form: MultiDict[FormValue], reader: MultipartReader, limits: FormLimits
) -> None:
    left = limits.size or None
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise ValueError("a form holds no nested multipart bodies")
        if limits.fields and len(form) >= limits.fields:
            raise TooManyFields(limits.fields)
        if part.name is None:
            raise ValueError("a part of a form has no name")
        value, size = await _read_part(part, left, limits)
        if left is not None:
            left -= size
        form.add(part.name, value)


async def _read_epilogue(stream: StreamReader, limits: FormLimits) -> None:
    """Drop what stands behind the last boundary; it counts as part of the body all the same."""
    limit = limits.size or None
    _check_size(stream.total_bytes, limit, limits)
    while await stream.readany():
        _check_size(stream.total_bytes, limit, limits)


async def _read_part(
    part: BodyPartReader, left: int | None, limits: FormLimits
) -> tuple[FormValue, int]:
    content_type = part.headers.get("Content-Type")
    if part.filename:
        from tempfile import SpooledTemporaryFile  # late: few servers take files

        file: IO[bytes] = SpooledTemporaryFile(SPOOL_SIZE)  # its owner closes it
        size = await _copy(part, file, left, limits)
        kind = content_type or "application/octet-stream"
        assert part.name is not None  # the caller looked
        return FileField(part.name, part.filename, file, kind, part.headers), size
    pieces = bytearray()
    while chunk := await part.read_chunk():
        pieces += chunk
        _check_size(len(pieces), left, limits)
    data = await _decode(part, bytes(pieces))
    _check_size(len(data), left, limits)
    if content_type is None or content_type.startswith("text/"):
        return part.decode_text(data), len(data)
    return data, len(data)


async def _copy(
    part: BodyPartReader, file: IO[bytes], left: int | None, limits: FormLimits
) -> int:
    size = 0
    try:
        while chunk := await part.read_chunk(SPOOL_SIZE // 4):
            data = await _decode(part, bytes(chunk))
            size += len(data)
            _check_size(size, left, limits)
            if size <= SPOOL_SIZE:
                file.write(data)
            else:
                await asyncio.to_thread(file.write, data)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return size


async def _decode(part: BodyPartReader, data: bytes) -> bytes:
    return bytes(part.decode(data))


def _check_size(size: int, left: int | None, limits: FormLimits) -> None:
    if left is not None and size > left:
        raise BodyTooLarge(limits.size)
