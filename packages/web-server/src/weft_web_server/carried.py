"""What an HTTP error shows of the response that it carries: the public face of a response.

Decides nothing: every method is that of the response.
"""

import datetime
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from weft_http_parser import ETag, Payload

from .keys import ResponseMapping, Store
from .response import Response
from .streaming import Buffer, ContentCoding, Writer

if TYPE_CHECKING:
    import asyncio

    from .request import BaseRequest


class CarriesResponse(ResponseMapping):
    """Has a response, and shows its attributes as its own."""

    response: Response

    # The mapping.

    @property
    def _store(self) -> Store | None:  # the slot of the response
        return self.response._store

    @_store.setter
    def _store(self, store: Store | None) -> None:
        self.response._store = store

    # The status and the headers.

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return self.response.reason

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Change the status."""
        self.response.set_status(status, reason)

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers of the answer."""
        return self.response.headers

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies that the answer sets."""
        return self.response.cookies

    def set_cookie(  # wide: the shape of aiohttp
        self,
        name: str,
        value: str,
        *,
        expires: str | None = None,
        domain: str | None = None,
        max_age: int | str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        version: str | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
    ) -> None:
        """Set a cookie (RFC 6265 section 4.1); the arguments are its attributes."""
        self.response.set_cookie(
            name,
            value,
            expires=expires,
            domain=domain,
            max_age=max_age,
            path=path,
            secure=secure,
            httponly=httponly,
            version=version,
            samesite=samesite,
            partitioned=partitioned,
        )

    def del_cookie(  # wide: the shape of aiohttp
        self,
        name: str,
        *,
        domain: str | None = None,
        path: str = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        samesite: str | None = None,
    ) -> None:
        """Tell the client to forget a cookie; domain and path must be those it was set with."""
        self.response.del_cookie(
            name,
            domain=domain,
            path=path,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )

    @property
    def last_modified(self) -> datetime.datetime | None:
        """Last-Modified as a moment in UTC."""
        return self.response.last_modified

    @last_modified.setter
    def last_modified(self, value: datetime.datetime | float | str | None) -> None:
        self.response.last_modified = value

    @property
    def etag(self) -> ETag | None:
        """The entity tag."""
        return self.response.etag

    @etag.setter
    def etag(self, value: ETag | str | None) -> None:
        self.response.etag = value

    # The body.

    @property
    def content_type(self) -> str:
        """The media type of the answer."""
        return self.response.content_type

    @content_type.setter
    def content_type(self, value: str) -> None:
        self.response.content_type = value

    @property
    def charset(self) -> str | None:
        """The charset of the answer."""
        return self.response.charset

    @charset.setter
    def charset(self, value: str | None) -> None:
        self.response.charset = value

    @property
    def body(self) -> Buffer | Payload | None:
        """The body of the answer."""
        return self.response.body

    @body.setter
    def body(self, value: Any) -> None:
        self.response.body = value

    @property
    def text(self) -> str | None:
        """The body as text."""
        return self.response.text

    @text.setter
    def text(self, value: str) -> None:
        self.response.text = value

    @property
    def content_length(self) -> int | None:
        """The length of the body."""
        return self.response.content_length

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        self.response.content_length = value

    # Framing.

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open after the answer."""
        return self.response.keep_alive

    def force_close(self) -> None:
        """Close the connection after the answer."""
        self.response.force_close()

    @property
    def chunked(self) -> bool:
        """Whether chunked transfer coding was asked for."""
        return self.response.chunked

    def enable_chunked_encoding(self, chunk_size: int | None = None) -> None:
        """Frame the body as chunks."""
        self.response.enable_chunked_encoding(chunk_size)

    @property
    def compression(self) -> bool:
        """Whether compression was asked for."""
        return self.response.compression

    def enable_compression(
        self, force: ContentCoding | bool | None = None, strategy: int | None = None
    ) -> None:
        """Compress the body if the client takes it, or with `force` whatever it takes."""
        self.response.enable_compression(force, strategy)

    # Sending.

    @property
    def prepared(self) -> bool:
        """Whether the head was sent; not before the error is raised."""
        return self.response.prepared

    @property
    def task(self) -> "asyncio.Task[object] | None":
        """The task of the request that the response was prepared for."""
        return self.response.task

    @property
    def body_length(self) -> int:
        """The bytes of body sent, or the length of the body."""
        return self.response.body_length

    @property
    def output_length(self) -> int:
        """The same as `body_length`."""
        return self.response.output_length

    async def prepare(self, request: "BaseRequest") -> Writer | None:
        """Send the head."""
        return await self.response.prepare(request)

    async def write(self, data: Buffer) -> None:
        """Send a piece of the body."""
        await self.response.write(data)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""
        await self.response.drain()

    async def write_eof(self, data: Buffer = b"") -> None:
        """Send the body."""
        await self.response.write_eof(data)

    def after(self, call: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Call a function, or run a coroutine function, when the answer was sent."""
        self.response.after(call, *args, **kwargs)
