"""Body encoders: by length, by chunks, until close.

Each frames the bytes of an outgoing body and checks that they are as many as was declared. Knows
no heads, and nothing of content codings. The mirror of `wire.decode`. Its faults are our own
side's, and their offset is the number of body bytes that were given.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from .._twin import render_fields
from ..errors import ProtocolError, Reason
from ..fields.tokens import is_token
from ..heads import CHUNKED, UNTIL_CLOSE, Buffer, Framing, Headers
from ..names import FIELD_MARKS, MARK_HOST, STEERING_MARKS

_SMALL_PIECE: Final = 4096
_NO_TRAILERS: Final = frozenset(
    name.decode() for name, mark in FIELD_MARKS.items() if mark & (STEERING_MARKS | MARK_HOST)
)
"""RFC 9110 6.5.1: what frames, routes or codes a message is needed before its body; and there are
parsers that take it from a trailer section as if it stood in the head."""


class BodyEncoder(Protocol):
    """What a connection needs of an encoder."""

    def encode(self, data: Buffer) -> list[Buffer]:
        """The framed pieces of more body bytes; none for none."""

    def finish(self, trailers: Headers | None) -> bytes:
        """What ends the body."""


class LengthEncoder:
    """A body of so many bytes (RFC 9112 6.2)."""

    __slots__ = ("_given", "_length")

    def __init__(self, length: int) -> None:
        self._length = length
        self._given = 0

    def encode(self, data: Buffer) -> list[Buffer]:
        size = _count(data)
        if not size:
            return []
        self._given += size
        if self._given > self._length:
            raise ProtocolError(Reason.BODY_TOO_LONG, self._given)
        return [data]

    def finish(self, trailers: Headers | None) -> bytes:
        if self._given < self._length:
            raise ProtocolError(Reason.BODY_TOO_SHORT, self._given)
        _refuse_trailers(trailers, self._given)
        return b""


class UntilCloseEncoder:
    """A body that ends with the connection (RFC 9112 6.3 item 8)."""

    __slots__ = ("_given",)

    def __init__(self) -> None:
        self._given = 0

    def encode(self, data: Buffer) -> list[Buffer]:
        size = _count(data)
        self._given += size
        return [data] if size else []

    def finish(self, trailers: Headers | None) -> bytes:
        _refuse_trailers(trailers, self._given)
        return b""


class ChunkedEncoder:
    """A body in chunks (RFC 9112 7.1)."""

    __slots__ = ()

    def encode(self, data: Buffer) -> list[Buffer]:
        size = _count(data)
        if not size:  # a chunk of no bytes would end the body
            return []
        if size < _SMALL_PIECE:
            return [b"".join((b"%x\r\n" % size, data, b"\r\n"))]
        return [b"%x\r\n" % size, data, b"\r\n"]

    def finish(self, trailers: Headers | None) -> bytes:
        if trailers is None:
            return b"0\r\n\r\n"
        pairs = list(trailers.items() if isinstance(trailers, Mapping) else trailers)
        lines = render_fields(pairs)
        if any(name.lower() in _NO_TRAILERS for name, _ in pairs):
            raise ProtocolError(Reason.TRAILER, 0)
        return b"0\r\n" + lines + b"\r\n"


def may_be_trailer(name: str) -> bool:
    """Whether a field may stand behind a body (RFC 9110 6.5.1).

    >>> may_be_trailer("Digest"), may_be_trailer("Content-Length"), may_be_trailer("a b")
    (True, False, False)
    """
    return is_token(name) and name.lower() not in _NO_TRAILERS


def _count(data: Buffer) -> int:
    return data.nbytes if isinstance(data, memoryview) else len(data)


def _refuse_trailers(trailers: Headers | None, offset: int) -> None:
    if trailers is not None:
        raise ProtocolError(Reason.OUT_OF_ORDER, offset)


_CHUNKED_ENCODER = ChunkedEncoder()


def make_body_encoder(framing: Framing) -> BodyEncoder:
    """The encoder for a framing.

    >>> encoder = make_body_encoder(CHUNKED)
    >>> encoder.encode(b"abc"), encoder.finish(None)
    ([b'3\\r\\nabc\\r\\n'], b'0\\r\\n\\r\\n')
    """
    if framing == CHUNKED:
        return _CHUNKED_ENCODER
    if framing == UNTIL_CLOSE:
        return UntilCloseEncoder()
    return LengthEncoder(framing)
