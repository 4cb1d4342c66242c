"""Whole responses as values: sending one does not change it, and it may be sent again.

Decides what the body is and what it is called; knows neither framing nor connections.
"""

import json
from collections.abc import Callable
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any

from multidict import CIMultiDict

from weft_http_parser import PAYLOAD_REGISTRY, Payload, UnknownPayload

from ._twin import Swift, quicken
from .cookies import copy_cookies
from .json_text import format_json
from .media import OCTET_STREAM, join_media, split_media
from .streaming import (
    INLINE_SIZE,
    Buffer,
    LooseHeaders,
    StreamResponse,
    Wishes,
    Writer,
    check_reason,
)

TEXT = "text/plain; charset=utf-8"
_OF_THE_BODY = ("content-type", "content-length")


class Response(Swift, StreamResponse):
    """A whole response: a value that may be sent any number of times."""

    _is_reusable = True
    __slots__ = ("_body",)

    _body: Buffer | Payload | None

    def __init__(  # wide: the shape of aiohttp
        self,
        *,
        body: Any = None,
        status: int = 200,
        reason: str | None = None,
        text: str | None = None,
        headers: LooseHeaders | None = None,
        content_type: str | None = None,
        charset: str | None = None,
        zlib_executor_size: int | None = None,
        zlib_executor: Executor | None = None,
    ) -> None:
        self._status = status if type(status) is int else int(status)
        self._reason = None if reason is None else check_reason(reason)
        self._headers = None
        self._media = None
        self._cookies = None
        self._wishes = None
        self._link = None
        self._store = None
        if zlib_executor_size is not None or zlib_executor is not None:
            self._wishes = Wishes(
                executor=zlib_executor, inline_size=zlib_executor_size or INLINE_SIZE
            )
        if headers is None and charset is None and body is None and type(text) is str:
            # The usual case.
            self._media = TEXT if content_type is None else _utf8_media(content_type)
            self._body = text.encode()
            return
        self._body = None
        if headers is not None:
            self._headers = CIMultiDict(headers)
        if content_type is not None or charset is not None:
            self._media_given(content_type, charset, is_text=text is not None)
        if text is not None:
            if body is not None:
                raise ValueError("body and text are not allowed together")
            self._encode(text)
        elif body is not None:
            self.body = body

    def _media_given(self, kind: str | None, charset: str | None, *, is_text: bool) -> None:
        if self._headers is not None and "Content-Type" in self._headers:
            raise ValueError(
                "a Content-Type header and the arguments content_type or charset say the same "
                "thing; give one of them"
            )
        if kind is not None:
            _check_kind(kind)
        elif is_text:
            kind = "text/plain"
        if kind is not None and charset is None and is_text:
            charset = "utf-8"
        self._set_media(join_media(kind or OCTET_STREAM, charset))

    def _encode(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"text is a str, not {type(text).__name__}")
        if self._media is None:
            if self._headers is None:
                self._media = TEXT
            else:
                field = self._headers.setdefault("Content-Type", TEXT)
                if split_media(field)[1] is None:
                    # Without it a browser guesses how the text is encoded.
                    self._headers["Content-Type"] = join_media(field or "text/plain", "utf-8")
        elif self._media != TEXT:
            self._body = text.encode(split_media(self._media)[1] or "utf-8")
            return
        if self._headers is None:
            self._body = text.encode()
        else:
            self._body = text.encode(self.charset or "utf-8")

    @property
    def body(self) -> Buffer | Payload | None:
        """The body: bytes, or a payload that is written when it is sent."""
        return self._body

    @body.setter
    def body(self, body: Any) -> None:
        self._check_unsent("the body")
        if body is None or isinstance(body, bytes | bytearray):
            self._body = body
            return
        try:
            payload = body if isinstance(body, Payload) else PAYLOAD_REGISTRY.get(body)
        except UnknownPayload:
            raise ValueError(
                f"a body is bytes, a payload or what has one, not {type(body).__name__}"
            ) from None
        self._body = payload
        headers = self.headers
        for name, value in payload.headers.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Type", payload.content_type)

    @property
    def text(self) -> str | None:
        """The body as text."""
        if self._body is None:
            return None
        if isinstance(self._body, Payload):
            return self._body.decode(self.charset or "utf-8")
        return bytes(self._body).decode(self.charset or "utf-8")

    @text.setter
    def text(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"text is a str, not {type(text).__name__}")
        self._check_unsent("the body")
        if self.content_type == OCTET_STREAM:
            self.content_type = "text/plain"
        if self.charset is None:
            self.charset = "utf-8"
        self._body = text.encode(self.charset or "utf-8")

    def _is_text(self, text: str) -> bool:
        """Whether this is the body, as plain text."""
        return self._body == text.encode() and self._media_field == TEXT

    @property
    def content_length(self) -> int | None:
        """The length of the body; None when it is not known before sending."""
        if self.chunked:
            return None
        declared = None if self._headers is None else self._headers.get("Content-Length")
        if declared is not None:
            return int(declared)
        if isinstance(self._body, Payload):
            return self._body.size
        return 0 if self._body is None else len(self._body)

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        raise RuntimeError("the length of a Response is that of its body")

    @property
    def body_length(self) -> int:
        """The bytes of body sent, or the length of the body."""
        if self._link is not None:
            return self._link.output_size
        if self._body is None or isinstance(self._body, Payload):
            return 0
        return len(self._body)

    def copy(self) -> "Response":
        """Another response that says the same, to be changed without changing this one.

        >>> page = Response(text="hello")
        >>> mine = page.copy()
        >>> mine.set_cookie("name", "value")
        >>> len(page.cookies)
        0
        """
        copy = Response(status=self._status, reason=self._reason)
        copy._body, copy._media = self._body, self._media
        if self._headers is not None:
            copy._headers = self._headers.copy()
        if self._cookies is not None:
            copy._cookies = copy_cookies(self._cookies)
        if self._wishes is not None:
            copy._wishes = self._wishes.copy()
        if self._store is not None:
            copy._store = dict(self._store)
        return copy

    def standing_for(self, other: "Response") -> "Response":
        """This body with the status, fields and cookies of another response.

        That one's own Content-Type is left behind with its body.
        """
        self._status, self._reason = other._status, other._reason
        taken = () if other._headers is None else other._headers.items()
        added = [(name, value) for name, value in taken if name.lower() not in _OF_THE_BODY]
        for name in {name for name, _ in added if name.lower() != "vary"}:
            self.headers.popall(name, None)
        if added:
            self.headers.extend(added)
        self._cookies, self._wishes, self._store = other._cookies, other._wishes, other._store
        return self

    async def write_eof(self, data: Buffer = b"") -> None:
        """Send the body; a second call does nothing."""
        await self.write_to(self._writer(), data)

    async def write_to(self, writer: Writer, data: Buffer = b"") -> None:
        """Send the body through the writer of one request."""
        if writer.is_ended:
            return
        if isinstance(self._body, Payload):
            await writer.write_payload(self._body)
        elif self._body is not None and not data:
            data = self._body
        await writer.write_eof(data)


def _check_kind(kind: str) -> None:
    if "charset" in kind:
        raise ValueError("charset must not be in content_type; give it as charset=")


@lru_cache(maxsize=128)
def _utf8_media(kind: str) -> str:
    """The media type of a text: few of them are in use, and each is put together once."""
    _check_kind(kind)
    return join_media(kind, "utf-8")


quicken(Response(text=""), TEXT, _utf8_media)


def json_response(
    data: Any = None,
    *,
    text: str | None = None,
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = "application/json",
    dumps: Callable[[Any], str] = json.dumps,
) -> Response:
    """A response with `data` as JSON."""
    if text is None and body is None:
        text = format_json(data) if dumps is json.dumps else dumps(data)
    elif data is not None:
        raise ValueError("give one of data, text and body")
    return Response(
        text=text,
        body=body,
        status=status,
        reason=reason,
        headers=headers,
        content_type=content_type,
    )


def json_bytes_response(
    data: Any = None,
    *,
    dumps: Callable[[Any], bytes],
    body: bytes | None = None,
    status: int = 200,
    reason: str | None = None,
    headers: LooseHeaders | None = None,
    content_type: str = "application/json",
) -> Response:
    """A response with `data` as JSON by a serializer that gives bytes."""
    if body is None:
        body = dumps(data)
    elif data is not None:
        raise ValueError("give one of data and body")
    return Response(
        body=body, status=status, reason=reason, headers=headers, content_type=content_type
    )
