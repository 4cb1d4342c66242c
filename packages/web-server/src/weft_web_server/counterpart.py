"""What a request is made of besides its head: the exchange that it belongs to, and its overrides.

Decides nothing; knows what a request asks of the one who answers it.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import attrs
from multidict import CIMultiDict
from yarl import URL

from weft_http_parser import Link, RequestHead

from .match import Endpoint, Found
from .notice import Notice
from .request_body import RequestBody

if TYPE_CHECKING:
    import asyncio


class ExchangeLike(Protocol):
    """What a request needs of the exchange that it belongs to."""

    endpoint: Endpoint | None
    match: Found

    @property
    def link(self) -> Link: ...
    @property
    def task(self) -> "asyncio.Task[Any]": ...
    @property
    def body(self) -> RequestBody | None: ...
    @property
    def max_body_size(self) -> int: ...
    @property
    def max_form_fields(self) -> int: ...
    @property
    def may_persist(self) -> bool: ...
    @property
    def shutting_down(self) -> Notice: ...
    @property
    def disconnected(self) -> Notice: ...
    @property
    def output_size(self) -> int: ...
    @property
    def size_error(self) -> type[Exception]: ...

    async def start(self, response: Any, request: Any) -> Any: ...
    async def release(self) -> None: ...
    async def send_early_hints(self, fields: list[tuple[str, str]]) -> None: ...
    def refuse_size(self, limit: int, size: int) -> Exception: ...
    def refuse_fields(self, limit: int) -> Exception: ...
    def refuse_media(self, text: str) -> Exception: ...


@attrs.define(kw_only=True)
class Overrides:
    """What `clone()` replaced beyond the head."""

    rel_url: URL | None = None
    scheme: str | None = None
    host: str | None = None
    remote: str | None = None
    client_max_size: int | None = None
    client_max_fields: int | None = None


NO_OVERRIDES = Overrides()


def change_head(
    head: RequestHead,
    method: str | None,
    url: URL | None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None,
) -> RequestHead:
    """A head with some of it replaced, and the framing of the first."""
    fields = head.headers if headers is None else CIMultiDict(headers)
    copy = RequestHead(
        head.method if method is None else method,
        head.target if url is None else str(url),
        head.version,
        fields.items(),
    )
    copy.framing = head.framing
    copy.persistent = head.persistent
    return copy
