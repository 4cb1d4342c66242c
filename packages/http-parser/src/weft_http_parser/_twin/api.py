"""What stands apart from both twins, so that it can be had without loading either.

Decides the number that tells whether a built twin fits the Python one, which requests are over with
their head, and what a body decoder is.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from ..names import (
    MARK_CONNECTION,
    MARK_CONTENT_LENGTH,
    MARK_HTTP_10,
    MARK_OTHER_TARGET,
    MARK_TRANSFER_ENCODING,
)

API: Final = 5
"""Grows with every change of what the twins share, so that no stale binary is taken for this."""

FRAMING_MARKS: Final = (
    MARK_CONTENT_LENGTH
    | MARK_TRANSFER_ENCODING
    | MARK_CONNECTION
    | MARK_HTTP_10
    | MARK_OTHER_TARGET
)
"""A request with none of these has no body, stays open, and has a plain target."""


class BodyDecoder(Protocol):
    """What a connection needs of a decoder; a ChunkScanner is one as it is."""

    @property
    def done(self) -> bool:
        """The body is over."""

    @property
    def ends(self) -> Sequence[int]:
        """Body offsets at which chunks ended during the last `feed`."""

    @property
    def trailers(self) -> Sequence[tuple[bytes, bytes]]:
        """Trailer fields behind the body."""

    def feed(self, buffer: bytes | bytearray, start: int, out: list[bytes], /) -> int:
        """Append the body bytes from `start` on to `out`; the index up to which all was taken.

        Raises ProtocolError with an offset relative to `start`.
        """
