"""Content codings as bounded incremental coders (RFC 9110 8.4.1, 1950, 1951, 1952, 7932, 8878).

Decides how much may come out of one step, how far a body may expand, and how members and chained
codings follow each other. Knows no libraries, no messages and no streams.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from ..errors import BodyTooLarge, ContentCodingError
from .engines import (
    ContentEncoder,
    Engine,
    find_brotli,
    find_encoder,
    find_engine,
    find_zstd,
)

STEP_BYTES: Final = 262_144
"""The output of one step that callers ask for."""
MAX_MEMBERS: Final = 100
"""Concatenated gzip members or zstd frames of one body."""
MAX_CODINGS: Final = 1
"""Codings of one body, unless a caller allows more."""
RATIO_LIMIT: Final = 200
"""How many times its coded size a body may expand, once it passed RATIO_GRACE_BYTES."""
RATIO_GRACE_BYTES: Final = 1_048_576

_BLOCK_BYTES: Final = 65_536
"""What an engine is given at a time: what it cannot take yet, it copies."""
_IDENTITY: Final = "identity"
_WITH_MEMBERS: Final = ("gzip", "zstd")


class _Stage:
    """One coding of a body: its members one after another, and the bytes that wait for them."""

    __slots__ = ("_at", "_data", "_engine", "_make_engine", "_members", "coding", "total_in")

    def __init__(self, coding: str) -> None:
        self.coding = coding
        self._make_engine: Callable[[], Engine] = find_engine(coding)
        self._engine = self._make_engine()
        self._members = 1
        self._data = b""
        self._at = 0  # what is before this index of the data was taken
        self.total_in = 0

    @property
    def has_pending(self) -> bool:
        """More may come out without more going in."""
        return self._at < len(self._data) or self._engine.is_full

    @property
    def is_finished(self) -> bool:
        """The coding came to its end, or never began."""
        return self._engine.is_done or not self.total_in or self.coding == _IDENTITY

    def put(self, data: bytes) -> None:
        if data:
            self.total_in += len(data)
            rest = self._data[self._at :]
            self._data, self._at = rest + data if rest else data, 0

    def step(self, max_length: int) -> bytes:
        """About `max_length` bytes at most; none when the next ones need more input."""
        out = b""
        while not out and self.has_pending and self._is_ready():
            at, data = self._at, self._data
            is_block = not at and len(data) <= _BLOCK_BYTES
            block = data if is_block else memoryview(data)[at : at + _BLOCK_BYTES]
            try:
                out = self._engine.step(block, max_length)
            except MemoryError:
                raise
            except Exception as exc:  # each library has an error of its own
                raise ContentCodingError(self.coding, "corrupt data") from exc
            self._at = at + len(block) - self._engine.left
            if kept := self._engine.kept:
                self._data, self._at = kept + self._data[self._at :], 0
        if self._at == len(self._data):
            self._data, self._at = b"", 0
        return out

    def _is_ready(self) -> bool:
        """Go on to the next member where one has ended; False when only padding is left."""
        if not self._engine.is_done:
            return True
        if self.coding == "gzip":
            # Files may be padded, as tape blocks were.
            left = len(self._data[self._at :].lstrip(b"\0"))
            self._at = len(self._data) - left
            if not left:
                return False
        if self.coding not in _WITH_MEMBERS:
            raise ContentCodingError(self.coding, "data behind the end")
        # RFC 1952 2.2: members follow each other without anything between.
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ContentCodingError(self.coding, f"more than {MAX_MEMBERS} members")
        self._engine = self._make_engine()
        return True


class ContentDecoder:
    """Undoes the content codings of one body, a bounded step at a time.

    >>> decoder = make_decoder("gzip")
    >>> import gzip
    >>> decoder.decode(gzip.compress(b"abcdef"), 4), decoder.has_pending
    (b'abcd', True)
    >>> decoder.decode(b"", 4)
    b'ef'
    >>> decoder.finish()
    """

    __slots__ = ("_ratio_limit", "_stages", "coding", "total_in", "total_out")

    def __init__(self, codings: Sequence[str], ratio_limit: int | None = RATIO_LIMIT) -> None:
        """`codings` as they were applied: the last one is undone first."""
        self.coding = ", ".join(codings)
        self.total_in = 0
        self.total_out = 0
        self._ratio_limit = ratio_limit
        self._stages = [_Stage(name) for name in reversed(codings)]

    @property
    def has_pending(self) -> bool:
        """More may come out without more going in."""
        return any(stage.has_pending for stage in self._stages)

    @property
    def is_finished(self) -> bool:
        """The codings came to their end, or never began."""
        return all(stage.is_finished for stage in self._stages)

    def decode(self, data: bytes, max_length: int = STEP_BYTES) -> bytes:
        """About `max_length` plain bytes at most; call with b"" while `has_pending`.

        Raises ContentCodingError on corrupt data, and BodyTooLarge when the body expands beyond
        the ratio.
        """
        self.total_in += len(data)
        self._stages[0].put(data)
        parts: list[bytes] = []
        room = max_length
        while room > 0 and (out := self._step(len(self._stages) - 1, room)):
            parts.append(out)
            room -= len(out)
            self.total_out += len(out)
            self._check_ratio(self.total_out)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> None:
        """Say that no more data comes; raises ContentCodingError when a coding is not over."""
        if not self.is_finished:
            raise ContentCodingError(self.coding, "truncated data")

    def _step(self, index: int, max_length: int) -> bytes:
        """The next bytes out of a stage; one step of those before it feeds it.

        None is no end: what is between two codings may be large and come to nothing.
        """
        stage = self._stages[index]
        out = stage.step(max_length)
        if not out and index and (between := self._step(index - 1, STEP_BYTES)):
            stage.put(between)
            self._check_ratio(stage.total_in)
            out = stage.step(max_length)
        return out

    def _check_ratio(self, size: int) -> None:
        if self._ratio_limit is None or size <= RATIO_GRACE_BYTES:
            return
        limit = max(RATIO_GRACE_BYTES, self.total_in * self._ratio_limit)
        if size > limit:
            raise BodyTooLarge(limit)


@cache
def supported_codings() -> tuple[str, ...]:
    """The codings that can be undone here, as they belong into Accept-Encoding."""
    codings = ["gzip", "deflate"]
    if find_brotli() is not None:
        codings.append("br")
    if find_zstd() is not None:
        codings.append("zstd")
    return tuple(codings)


def make_decoder(
    coding: str, *, ratio_limit: int | None = RATIO_LIMIT, max_codings: int = MAX_CODINGS
) -> ContentDecoder:
    """The decoder of a body by its Content-Encoding.

    Raises ContentCodingError for a coding that is not known or whose library is missing, and for
    more than `max_codings` of them. `ratio_limit=None` lifts the bound on expansion.

    >>> make_decoder("identity").decode(b"abc")
    b'abc'
    """
    names = [_canonical(name) for name in coding.split(",")]
    names = [name for name in names if name not in ("", _IDENTITY)]
    if len(names) > max_codings:
        raise ContentCodingError(", ".join(names), f"more than {max_codings} chained")
    return ContentDecoder(names or [_IDENTITY], ratio_limit)


def make_encoder(coding: str, level: int | None = None) -> ContentEncoder:
    """The encoder of a coding; raises ContentCodingError for one that is not there.

    >>> encoder = make_encoder("gzip")
    >>> make_decoder("gzip").decode(encoder.encode(b"abc") + encoder.finish())
    b'abc'
    """
    return find_encoder(_canonical(coding), level)


def _canonical(coding: str) -> str:
    # RFC 9110 8.4.1: names are case-insensitive; 8.4.1.3: x-gzip is gzip.
    name = coding.strip(" \t").lower()
    return "gzip" if name == "x-gzip" else name
