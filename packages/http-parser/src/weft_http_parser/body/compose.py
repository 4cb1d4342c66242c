"""Multipart bodies, written (RFC 2046, RFC 7578).

Decides what a writer puts around a payload. Knows how payloads are written, and not to whom.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlencode

from weft_http_parser._twin import render_fields
from weft_http_parser.body.parts import BodyPartReader
from weft_http_parser.body.payload import (
    BodyWriter,
    JsonPayload,
    Payload,
    StringPayload,
    get_payload,
)
from weft_http_parser.body.scan import parse_boundary
from weft_http_parser.body.transfer import (
    TransferCoder,
    TransferEncoder,
    make_transfer_encoder,
)
from weft_http_parser.errors import HeaderInjection, MultipartError, UnknownPayload
from weft_http_parser.fields.tokens import format_value, is_token
from weft_http_parser.fields.urlencoded import URLENCODED
from weft_http_parser.heads import Buffer
from weft_http_parser.names import (
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TRANSFER_ENCODING,
)


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
        part = self._value
        while piece := await part.readany():
            for block in part.decode_blocks(piece):
                await writer.write(block)
        part.finish_decoding()


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
        if not is_token(subtype):
            raise HeaderInjection("multipart subtype", subtype)
        self._boundary = parse_boundary(os.urandom(16).hex() if boundary is None else boundary)
        text = self._boundary.decode("ascii")
        super().__init__(None, content_type=f"multipart/{subtype}; boundary={format_value(text)}")
        self._is_form = subtype == "form-data"
        self._parts: list[tuple[Payload, TransferEncoder | None]] = []

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[tuple[Payload, str, str]]:
        """The parts, each with its content coding and its transfer encoding."""
        for part, _ in self._parts:
            headers = part.headers
            coding = headers.get(CONTENT_ENCODING, "").lower()
            transfer = headers.get(CONTENT_TRANSFER_ENCODING, "").lower()
            yield part, coding, transfer

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
            obj.headers.update({} if headers is None else headers)
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
