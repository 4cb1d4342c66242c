"""FileResponse: a file, or parts of it, with everything HTTP says of conditions and ranges.

Decides what is looked up, and how the answer goes out: from memory, by the kernel or in blocks.
`file_cache` knows the file, `file_plan` what is said of it, `file_sending` gets large ones out.
"""

import errno
import os
from copy import copy
from io import FileIO
from typing import Any, Final

import attrs

from weft_http_parser import (
    HTTP_11,
    MARK_HTTP_10,
    LinkLost,
    Payload,
    render_response_head,
)

from .exchange import Exchange, Phase, ResponseWriter
from .file_cache import SMALL_SIZE, FileCache, Record, StoredFile
from .file_plan import Answer, Fields, cut_body, describe, guess_type, plan_answer
from .file_sending import BlockOutlet, KernelOutlet, Outlet, can_bypass
from .file_tree import Anywhere
from .match import Endpoint
from .plan import Plan, plan_response
from .request import BaseRequest
from .streaming import Buffer, LooseHeaders, StreamResponse, Writer

CHUNK_SIZE: Final = 262_144

# Of the server, not of the path: the client gets 500, and the log says what it is.
_OWN_TROUBLE: Final = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}


@attrs.frozen
class Source:
    """Where a file's facts come from, and what its answer says unless told otherwise."""

    cache: FileCache
    fields: Fields = ()


_ANYWHERE: Final = Source(FileCache(Anywhere()))


class _Sent:
    """The writer of an answer that went out in one piece."""

    __slots__ = ("output_size",)

    is_ended = is_persistent = True
    task = None

    def __init__(self, size: int) -> None:
        self.output_size = size

    async def write(self, data: Buffer) -> None:
        """Refuse to write."""
        raise RuntimeError("cannot write after write_eof()")

    async def write_payload(self, payload: Payload) -> None:
        """Refuse to write."""
        raise RuntimeError("cannot write after write_eof()")

    async def write_eof(self, data: Buffer = b"") -> None:
        """Everything was sent."""

    async def drain(self) -> None:
        """Nothing is under way that could be waited for."""


@attrs.frozen
class _Quick:
    """The usual answer with a file: rendered up to what changes each second."""

    fields: Fields
    head: bytes
    answer: "FileResponse"
    writer: _Sent


class FileResponse(StreamResponse):
    """The answer with a file, which is looked at anew for each request that it answers."""

    _is_reusable = True
    __slots__ = ("_chunk_size", "_found", "_name", "_source")

    def __init__(  # wide: the shape of aiohttp
        self,
        path: str | os.PathLike[str],
        chunk_size: int = CHUNK_SIZE,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
        *,
        cache_control: str | None = None,
        download_name: str | None = None,
    ) -> None:
        super().__init__(status=status, reason=reason, headers=headers)
        self._name: str = os.fsdecode(path)
        self._chunk_size = chunk_size
        self._source = _ANYWHERE
        self._found: Record | None = None
        if cache_control is not None:
            self.headers["Cache-Control"] = cache_control
        if download_name is not None:
            from .attachments import format_attachment  # late: few answers are downloads

            self.headers["Content-Disposition"] = format_attachment(download_name)

    @classmethod
    def _of_record(
        cls, name: str, record: Record, source: Source, chunk_size: int
    ) -> "FileResponse":
        """The answer with a file that was found a moment ago."""
        # One is made for each request, and there is nothing to check.
        response = object.__new__(cls)
        response._status = 200
        response._reason = response._headers = response._media = response._cookies = None
        response._wishes = response._link = response._store = None
        response._name, response._chunk_size = name, chunk_size
        response._source, response._found = source, record
        return response

    async def prepare(self, request: BaseRequest) -> Writer | None:
        """Send head and file."""
        exchange = request.exchange
        assert isinstance(exchange, Exchange)  # requests have no others
        if exchange.writer is not None and self._link is exchange.writer:
            return self._link
        exchange.check_free(self)
        self._link = await self._send_to(exchange, request)
        return self._link

    async def write_eof(self, data: Buffer = b"") -> None:
        """Everything was sent by `prepare()`."""
        self._writer()

    async def _answer(self, exchange: Any, request: BaseRequest) -> None:
        if exchange.phase is not Phase.OPEN or type(self).prepare is not FileResponse.prepare:
            await super()._answer(exchange, request)
            return
        # Without a link: the same response may be on its way to other clients.
        await self._send_to(exchange, request, is_value=True)

    async def _send_to(
        self, exchange: Exchange, request: BaseRequest, *, is_value: bool = False
    ) -> Writer:
        """Answer one request; what is said of the file is said by a copy of this response."""
        file: FileIO | None = None
        try:
            # What was found for this request holds for no other.
            record, self._found = self._found or self._source.cache.find(self._name), None
            stored, file = await self._hold(request, record)
        except OSError as exc:
            answer = Answer(StreamResponse(status=status_of(exc)))
            await exchange.open_for(answer.response, request)
            return await self._send(exchange, answer, None)
        try:
            if stored.content is not None and is_value and self._is_usual(exchange, request):
                return self._send_quickly(exchange, record, stored)
            response = self._derive()
            describe(response, self._name, record, stored, self._source.fields)
            answer = plan_answer(request, response, stored)
            await exchange.open_for(answer.response, request)
            return await self._send(exchange, answer, file)
        finally:
            if file is not None:
                file.close()

    async def _hold(
        self, request: BaseRequest, record: Record
    ) -> tuple[StoredFile, FileIO | None]:
        """The form that this client gets: its bytes where it is small, else an open file."""
        stored = record.file
        if record.siblings and (self._headers is None or "Content-Encoding" not in self._headers):
            stored = record.choose(request._head.get_all("Accept-Encoding"))
        if request.method == "HEAD":
            return stored, None
        cache = self._source.cache
        if stored.size <= SMALL_SIZE:
            stored = await cache.fill(self._name, stored)
            if stored.content is not None:
                return stored, None
        return cache.open(stored)

    def _derive(self) -> "FileResponse":
        """A copy that says what is true of one answer."""
        answer = copy(self)
        answer._headers = None if self._headers is None else self._headers.copy()
        answer._wishes = None if self._wishes is None else self._wishes.copy()
        answer._link = answer._found = None
        return answer

    # The usual answer: the whole of a small file, with nothing said beside what the file says.

    def _is_usual(self, exchange: Exchange, request: BaseRequest) -> bool:
        get = request._head.get
        return (
            self._is_bare
            and exchange.head.method == "GET"
            and not exchange.head.marks & MARK_HTTP_10
            and exchange.may_persist
            and self._is_untouched(exchange.endpoint)
            and get("If-None-Match") is None
            and get("If-Modified-Since") is None
            and get("Range") is None
            and get("If-Match") is None
            and get("If-Unmodified-Since") is None
        )

    @property
    def _is_bare(self) -> bool:
        """Whether nothing is said of this response itself."""
        return (
            self._headers is None
            and self._wishes is None
            and self._cookies is None
            and self._media is None
            and self._reason is None
            and self._status == 200
        )

    def _is_untouched(self, endpoint: Endpoint | None) -> bool:
        """Whether an application adds nothing to the answer."""
        if endpoint is None:
            return True
        if endpoint.hooks:
            return False
        compression = endpoint.compression
        return compression is None or not compression.takes(guess_type(self._name))

    def _send_quickly(self, exchange: Exchange, record: Record, stored: StoredFile) -> Writer:
        content, quick = stored.content, stored.quick
        assert content is not None  # the caller looked
        if not isinstance(quick, _Quick) or quick.fields is not self._source.fields:
            quick = stored.quick = self._make_quick(record, stored)
        answer = quick.answer
        if self._store is not None:
            answer = copy(answer)
            answer._store = self._store
        exchange.send_rendered(answer, quick.head, content)
        return quick.writer

    def _make_quick(self, record: Record, stored: StoredFile) -> "_Quick":
        answer = self._derive()
        describe(answer, self._name, record, stored, self._source.fields)
        fields = [*answer.headers.items(), ("Content-Length", str(stored.size))]
        head = render_response_head(200, "OK", HTTP_11, fields).removesuffix(b"\r\n\r\n")
        answer._store = None
        writer = answer._link = _Sent(stored.size)
        return _Quick(self._source.fields, head, answer, writer)

    # Any answer.

    async def _send(
        self, exchange: Exchange, answer: Answer, file: FileIO | None
    ) -> ResponseWriter:
        response, stored = answer.response, answer.stored
        content = None if stored is None else stored.content
        coding = exchange.negotiate(response, b"" if stored is None else content)
        plan = plan_response(
            exchange.head,
            response,
            answer.length if coding.name is None else None,
            exchange.carrier.host.stamp,
            may_persist=exchange.may_persist,
            coding=coding,
        )
        if stored is None or not plan.has_body:
            writer = exchange.send_data(response, plan, b"")
        elif content is not None and coding.name is None and plan.framing >= 0:
            writer = exchange.send_data(response, plan, cut_body(content, answer))
        else:
            writer = await self._send_slowly(exchange, answer, plan, coding.name, file)
        response._link = writer
        return writer

    async def _send_slowly(
        self,
        exchange: Exchange,
        answer: Answer,
        plan: Plan,
        coding: str | None,
        file: FileIO | None,
    ) -> ResponseWriter:
        """Send what does not go out in one piece."""
        link, stored = exchange.link, answer.stored
        if coding is None and plan.framing >= 0 and can_bypass(link):
            assert file is not None  # what is small goes out in one piece
            # The kernel is used when the buffer is empty, so that is what one has to be told.
            link.transport.set_write_buffer_limits(0)
            writer = exchange.open_beside(answer.response, plan)
            try:
                await _send_parts(KernelOutlet(writer, link, self._chunk_size), file, answer)
            except LinkLost:
                writer.may_send()  # raises it again, unless the handler is not to know
                exchange.persistent = False
            else:
                link.transport.set_write_buffer_limits()
            exchange.close_beside()
            return writer
        writer = exchange.open_writer(answer.response, plan, coding)
        if file is None:
            assert stored is not None and stored.content is not None  # else there is a file
            await writer.write(cut_body(stored.content, answer))
        else:
            await _send_parts(BlockOutlet(writer, self._chunk_size), file, answer)
        await writer.write_eof()
        return writer


async def _send_parts(outlet: Outlet, file: FileIO, answer: Answer) -> None:
    if answer.parts is None:
        await outlet.send_file(file, answer.start, answer.size)
        return
    for part in answer.parts.parts:
        await outlet.send(part.head)
        await outlet.send_file(file, part.start, part.size)
    await outlet.send(answer.parts.closing)


def status_of(exc: OSError) -> int:
    """The status that says why a file is not to be had; the error itself where it is our own."""
    if exc.errno in _OWN_TROUBLE:
        raise exc
    is_forbidden = isinstance(exc, PermissionError | IsADirectoryError)
    return 403 if is_forbidden else 404
