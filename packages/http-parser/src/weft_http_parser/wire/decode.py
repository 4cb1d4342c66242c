"""Body decoders: by length, by chunks, until close.

Each takes body bytes out of a buffer and says when the body is over. Knows no heads, and nothing
of content codings. The mirror of `wire.encode`.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from multidict import CIMultiDictProxy

from .._twin import ChunkScanner
from .._twin.api import BodyDecoder
from ..errors import ProtocolError, Reason
from ..heads import CHUNKED, END, UNTIL_CLOSE, End, Framing, to_field_text
from ..limits import Limits

_Trailers: TypeAlias = Sequence[tuple[bytes, bytes]]


class LengthDecoder:
    """A body of so many bytes (RFC 9112 6.2)."""

    __slots__ = ("_left", "done")

    ends: Final = ()
    trailers: Final = ()

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def feed(self, buffer: bytes | bytearray, start: int, out: list[bytes]) -> int:
        end = min(start + self._left, len(buffer))
        if end > start:
            out.append(_cut(buffer, start, end))
            self._left -= end - start
            self.done = self._left == 0
        return end


class UntilCloseDecoder:
    """A body that ends with the connection (RFC 9112 6.3 item 8)."""

    __slots__ = ("_left",)

    done: Final = False
    ends: Final = ()
    trailers: Final = ()

    def __init__(self, limit: int) -> None:
        self._left = limit

    def feed(self, buffer: bytes | bytearray, start: int, out: list[bytes]) -> int:
        end = min(start + self._left, len(buffer))
        if end > start:
            out.append(_cut(buffer, start, end))
        if end < len(buffer):
            raise ProtocolError(Reason.BODY_TOO_LARGE, self._left)
        self._left -= end - start
        return end


def make_end(trailers: _Trailers) -> End:
    """The event that ends a message.

    >>> make_end([(b"X", b"y")]), make_end([]) is END
    (<End {'X': 'y'}>, True)
    """
    return End(CIMultiDictProxy(to_field_text(trailers))) if trailers else END


def _cut(buffer: bytes | bytearray, start: int, end: int) -> bytes:
    """Those bytes; the buffer itself where it is all of them."""
    part = buffer[start:end]
    return part if isinstance(part, bytes) else bytes(part)


def make_body_decoder(framing: Framing, limits: Limits) -> BodyDecoder:
    """The decoder for a framing.

    >>> from weft_http_parser.limits import DEFAULT_LIMITS
    >>> out = []
    >>> make_body_decoder(3, DEFAULT_LIMITS).feed(b"abcGET", 0, out), out
    (3, [b'abc'])
    """
    if framing == CHUNKED:
        return ChunkScanner(limits)
    if framing == UNTIL_CLOSE:
        return UntilCloseDecoder(limits.body)
    return LengthDecoder(framing)
