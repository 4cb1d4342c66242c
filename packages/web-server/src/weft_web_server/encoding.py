"""Which content coding a response gets, and the coding itself.

Decides by the wishes of the response and what the client accepts (RFC 9110 section 12.5.3).
Knows no connection.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from weft_http_parser import ContentEncoder, make_encoder

from .streaming import Buffer, ContentCoding, StreamResponse, Wishes

CODINGS: Final = (ContentCoding.deflate.value, ContentCoding.gzip.value)
"""What may be chosen, in the order of preference."""


def choose_coding(response: StreamResponse, accept_encoding: str | None) -> str | None:
    """The coding for a response, None for none.

    An answer that has a coding already, or is part of one, is left alone.
    """
    wishes = response.wishes
    if not wishes.compression or wishes.coding is ContentCoding.identity:
        return None
    headers: Mapping[str, str] = response.headers
    if "Content-Encoding" in headers or "Content-Range" in headers:
        return None
    if wishes.coding is not None:
        return str(wishes.coding.value)
    if not accept_encoding:
        return None
    from weft_http_parser import choose_coding as choose_offered  # late: few responses need it

    coding = choose_offered(accept_encoding, CODINGS)
    # A client that refuses all there is gets the body as it is (RFC 9110 section 12.5.3).
    return coding if coding in CODINGS else None


async def encode_whole(data: Buffer, coding: str, wishes: Wishes) -> bytes:
    """The coded form of a whole body; a large one is made off the loop."""
    if len(data) <= wishes.inline_size:
        return _encode(bytes(data), coding)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(wishes.executor, _encode, bytes(data), coding)


def _encode(data: bytes, coding: str) -> bytes:
    encoder: ContentEncoder = make_encoder(coding)
    return encoder.encode(data) + encoder.finish()
