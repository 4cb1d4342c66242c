"""Body decoders: by length, by chunks, until close.

Each takes body bytes out of a buffer and says when the body is over. Knows no heads, and nothing
of content codings. The mirror of `wire.encode`.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from multidict import CIMultiDictProxy

from .._twin import ChunkScanner
from ..errors import ProtocolError, Reason
from ..heads import CHUNKED, END, UNTIL_CLOSE, End, Framing, to_field_text
from ..limits import Limits


class BodyDecoder(Protocol):
    """What a connection needs of a decoder."""

    @property
    def done(self) -> bool:
        """The body is over."""

    @property
    def ends_with_link(self) -> bool:
        """The end of the connection is the end of the body."""

    @property
    def chunk_ends(self) -> Sequence[int]:
        """Body offsets at which chunks ended during the last `decode`."""

    def decode(self, buffer: bytes | bytearray, start: int, out: list[bytes], /) -> int:
        """Append the body bytes from `start` on to `out`; the index up to which all was taken.

        Raises ProtocolError with an offset relative to `start`.
        """

    def to_end(self) -> End:
        """The event that ends the message."""


class LengthDecoder:
    """A body of so many bytes (RFC 9112 6.2)."""

    __slots__ = ("_left",)

    ends_with_link: Final = False

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def done(self) -> bool:
        return self._left == 0

    @property
    def chunk_ends(self) -> Sequence[int]:
        return ()

    def decode(self, buffer: bytes | bytearray, start: int, out: list[bytes]) -> int:
        end = min(start + self._left, len(buffer))
        if end > start:
            out.append(_cut(buffer, start, end))
            self._left -= end - start
        return end

    def to_end(self) -> End:
        return END


class UntilCloseDecoder:
    """A body that ends with the connection (RFC 9112 6.3 item 8)."""

    __slots__ = ("_left",)

    done: Final = False
    ends_with_link: Final = True

    def __init__(self, limit: int) -> None:
        self._left = limit

    @property
    def chunk_ends(self) -> Sequence[int]:
        return ()

    def decode(self, buffer: bytes | bytearray, start: int, out: list[bytes]) -> int:
        end = min(start + self._left, len(buffer))
        if end > start:
            out.append(_cut(buffer, start, end))
        if end < len(buffer):
            raise ProtocolError(Reason.BODY_TOO_LARGE, self._left)
        self._left -= end - start
        return end

    def to_end(self) -> End:
        return END


class ChunkedDecoder:
    """A body in chunks (RFC 9112 7.1)."""

    __slots__ = ("_scanner", "decode")

    ends_with_link: Final = False
    decode: Callable[[bytes | bytearray, int, list[bytes]], int]

    def __init__(self, limits: Limits) -> None:
        self._scanner = ChunkScanner(limits)
        self.decode = self._scanner.feed

    @property
    def done(self) -> bool:
        return self._scanner.done

    @property
    def chunk_ends(self) -> Sequence[int]:
        return self._scanner.ends

    def to_end(self) -> End:
        trailers = self._scanner.trailers
        return End(CIMultiDictProxy(to_field_text(trailers))) if trailers else END


def _cut(buffer: bytes | bytearray, start: int, end: int) -> bytes:
    """Those bytes; the buffer itself where it is all of them."""
    part = buffer[start:end]
    return part if isinstance(part, bytes) else bytes(part)


def make_body_decoder(framing: Framing, limits: Limits) -> BodyDecoder:
    """The decoder for a framing.

    >>> from weft_http_parser.limits import DEFAULT_LIMITS
    >>> out = []
    >>> make_body_decoder(3, DEFAULT_LIMITS).decode(b"abcGET", 0, out), out
    (3, [b'abc'])
    """
    if framing == CHUNKED:
        return ChunkedDecoder(limits)
    if framing == UNTIL_CLOSE:
        return UntilCloseDecoder(limits.body)
    return LengthDecoder(framing)
