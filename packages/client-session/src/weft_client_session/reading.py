"""How the body of an answer is read: its decoder, its bounds, and their errors.

Knows heads and streams; knows no connection.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, cast

import attrs

from weft_client_session.errors import ClientPayloadError
from weft_client_session.options import BODY_RATIO, PLAIN_READING, Reading
from weft_http_parser import (
    MARK_CONTENT_ENCODING,
    BodyTooLarge,
    ContentCodingError,
    ContentDecoder,
    Hold,
    ResponseHead,
    StreamReader,
    make_decoder,
)

T = TypeVar("T")


class Gate(Protocol):
    """What a full stream holds back."""

    def hold(self, reason: Hold) -> None: ...

    def release(self, reason: Hold) -> None: ...


@attrs.frozen(eq=False, repr=False)
class BodyReading:
    """How the body of an answer is read."""

    limit: int
    decodes: bool
    reads_until_eof: bool = True  # a body that only the end of the connection delimits
    max_size: int | None = None  # after decoding
    max_ratio: int | None = BODY_RATIO  # of what is decoded to what came


def reading_for(own: Reading, usual: BodyReading) -> BodyReading:
    """What a request says about reading, and its session where it says nothing."""
    if own is PLAIN_READING:
        return usual
    return BodyReading(
        limit=usual.limit if own.read_bufsize is None else own.read_bufsize,
        decodes=usual.decodes if own.auto_decompress is None else own.auto_decompress,
        reads_until_eof=own.read_until_eof,
        max_size=usual.max_size if own.max_body_size is None else own.max_body_size or None,
        max_ratio=usual.max_ratio if own.max_body_ratio is None else own.max_body_ratio or None,
    )


class CodedPayloadError(ClientPayloadError, ContentCodingError):
    """The content coding of the body is corrupt or truncated."""

    def __str__(self) -> str:
        return f"Can not decode content-encoding: {self.coding} ({self.fault})"


class OversizedPayloadError(ClientPayloadError, BodyTooLarge):
    """The body is larger than it may be, or expands beyond all measure."""

    def __str__(self) -> str:
        return f"the body is more than {self.limit} bytes"


def make_stream(head: ResponseHead, reading: BodyReading, gate: Gate | None) -> StreamReader:
    """The stream of an answer's body."""
    decoder = decoder_for(head, reading)
    stream = StreamReader(gate, limit=reading.limit, decoder=decoder)
    if reading.max_size is not None:
        stream.set_max_size(reading.max_size, OversizedPayloadError)
        if decoder is None and head.framing > reading.max_size:
            # Refused before a byte of it is kept.
            stream.set_exception(OversizedPayloadError(reading.max_size))
    return stream


def decoder_for(head: ResponseHead, reading: BodyReading) -> ContentDecoder | None:
    """The decoder of an answer's body, where it needs one."""
    if not reading.decodes or not head.marks & MARK_CONTENT_ENCODING:
        return None
    coding = ",".join(head.get_all("Content-Encoding"))
    try:
        decoder = make_decoder(coding, ratio_limit=reading.max_ratio)
    except ContentCodingError:  # not known here: the body is handed over as it came
        return None
    return cast(ContentDecoder, PayloadDecoder(decoder))


def join_whole(head: ResponseHead, reading: BodyReading, chunks: Sequence[bytes]) -> bytes | None:
    """A body that has come and needs no decoding; None where it has to be read as a stream."""
    if head.marks & MARK_CONTENT_ENCODING and decoder_for(head, reading) is not None:
        return None
    if reading.max_size is not None and sum(map(len, chunks)) > reading.max_size:
        return None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class PayloadDecoder:
    """A content decoder whose errors are those of a client."""

    __slots__ = ("_inner",)

    def __init__(self, inner: ContentDecoder) -> None:
        self._inner = inner

    @property
    def has_pending(self) -> bool:
        return self._inner.has_pending

    @property
    def is_finished(self) -> bool:
        return self._inner.is_finished

    @property
    def total_in(self) -> int:
        return self._inner.total_in

    @property
    def total_out(self) -> int:
        return self._inner.total_out

    def decode(self, data: bytes, max_length: int) -> bytes:
        return self._translated(lambda: self._inner.decode(data, max_length))

    def finish(self) -> None:
        self._translated(self._inner.finish)

    def _translated(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except ContentCodingError as exc:
            raise CodedPayloadError(exc.coding, exc.fault) from exc
        except BodyTooLarge as exc:
            raise OversizedPayloadError(exc.limit) from exc
