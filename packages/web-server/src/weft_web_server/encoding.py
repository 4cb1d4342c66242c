"""Which content coding a response gets, and the coding itself.

Decides by what the response wishes, by what its application compresses, and by what the client
accepts (RFC 9110 section 12.5.3). Knows no connection.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from weft_http_parser import AsyncEncoder, RequestHead, make_encoder, parse_tokens

from .compression import Compression
from .media import split_media
from .plan import NO_CODING, Coding
from .streaming import INLINE_SIZE, Buffer, ContentCoding, StreamResponse, Wishes

CODINGS: Final = (ContentCoding.deflate.value, ContentCoding.gzip.value)
"""What `enable_compression()` chooses from where the application compresses nothing."""


def negotiate(
    head: RequestHead,
    response: StreamResponse,
    size: int | None,
    compression: Compression | None = None,
) -> Coding:
    """The coding of the answer to a request; `size` is None while it is not known.

    An answer that has a coding already, is a part of one, or has no body is left alone.
    """
    wishes = response.wishes
    if response._status == 304 and compression is not None:
        return Coding(None, varies=True)  # as does the answer that it stands for
    if wishes.coding is ContentCoding.identity or _is_untouchable(head, response):
        return NO_CODING
    if wishes.coding is not None:
        return Coding(wishes.coding.value)
    if wishes.compression:
        offered = CODINGS if compression is None else compression.codings
        return NO_CODING if size == 0 else _choose(head, offered)
    if compression is None:
        return NO_CODING
    if size is not None and size < compression.min_size:
        return NO_CODING
    if not compression.takes(split_media(response._media_field)[0]) or _forbids(response):
        return NO_CODING
    return _choose(head, compression.codings)


def _is_untouchable(head: RequestHead, response: StreamResponse) -> bool:
    status = response._status
    if status < 200 or status in (204, 205, 206, 304) or head.method == "CONNECT":
        return True
    headers = response._headers
    return headers is not None and ("Content-Encoding" in headers or "Content-Range" in headers)


def _forbids(response: StreamResponse) -> bool:
    """Whether nobody may change the body (RFC 9111 section 5.2.2.6)."""
    if response._headers is None or "Cache-Control" not in response._headers:
        return False
    fields = ", ".join(response._headers.getall("Cache-Control"))
    return "no-transform" in parse_tokens(fields.lower())


def _choose(head: RequestHead, offered: tuple[str, ...]) -> Coding:
    fields = head.get_all("Accept-Encoding")
    if not fields:
        return Coding(None, varies=True)
    from weft_http_parser import choose_coding  # late: few responses need it

    coding = choose_coding(fields, offered)
    # A client that refuses all there is gets the body as it is (RFC 9110 section 12.5.3).
    return Coding(coding if coding in offered else None, varies=True)


class Coder:
    """Codes the body of one response: whole, or piece by piece.

    Pieces are held back as far as the coding gains by it; once the handler pauses, `on_pause` is
    called in the loop's next pass, and what `flush()` gives lets the client read all so far.
    """

    __slots__ = ("_encoder", "_has_unsent", "_is_watching")

    def __init__(
        self, coding: str, wishes: Wishes, compression: Compression | None = None
    ) -> None:
        self._encoder = _make_async_encoder(coding, wishes, compression)
        self._has_unsent = False
        self._is_watching = False

    async def encode(self, data: Buffer, on_pause: Callable[[], None]) -> bytes:
        """What there is of the coded form of a piece."""
        coded = await self._encoder.encode(bytes(data))
        self._has_unsent = True
        if not self._is_watching:
            self._is_watching = True
            asyncio.get_running_loop().call_soon(on_pause)
        return coded

    def flush(self) -> bytes:
        """What was held back; nothing while a piece is coded, which calls again behind it."""
        self._is_watching = False
        if not self._has_unsent or self._encoder.is_busy:
            return b""
        self._has_unsent = False
        return self._encoder.flush_now()

    async def finish(self, data: Buffer) -> bytes:
        """The last bytes, behind a last piece."""
        coded = await self._encoder.encode(bytes(data)) if data else b""
        self._has_unsent = False
        return coded + await self._encoder.finish()


def _make_async_encoder(
    coding: str, wishes: Wishes, compression: Compression | None
) -> AsyncEncoder:
    # What a response was told itself goes before what its application does.
    level = None if compression is None else compression.levels.get(coding)
    encoder = make_encoder(coding, level)
    if compression is None or wishes.executor or wishes.inline_size != INLINE_SIZE:
        return AsyncEncoder(encoder, executor=wishes.executor, inline_bytes=wishes.inline_size + 1)
    return AsyncEncoder(
        encoder, executor=compression.executor, inline_bytes=compression.inline_size
    )
