"""FileResponse: a file, or a part of it, with everything HTTP says of conditions and ranges.

Decides which of 200, 206, 304, 403, 404, 412 and 416 a file is answered with, and how its bytes
get out: small ones with the head, large ones in blocks that are read off the loop.
"""

import asyncio
import errno
import mimetypes
import os
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Final

import attrs

from weft_http_parser import ETag, add_name

from .conditional import (
    ByteRange,
    Preconditions,
    Unsatisfiable,
    Verdict,
    is_range_current,
    judge,
    plan_range,
)
from .exchange import Exchange, ResponseWriter
from .file_tree import OpenFile, open_regular
from .plan import plan_response
from .request import BaseRequest
from .streaming import Buffer, LooseHeaders, StreamResponse, Writer

SMALL_SIZE: Final = 65_536  # read at once and sent with the head
SIBLINGS: Final = {"br": ".br", "gzip": ".gz"}  # in the order of preference

_TYPES_OF_CODED: Final = {
    "gzip": "application/gzip",
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "compress": "application/x-compress",
}

# Of the server, not of the path: the client gets 500, and the log says what it is.
_OWN_TROUBLE: Final = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}

Opener = Callable[[str], OpenFile]


@attrs.frozen
class Answer:
    """What a file is answered with: status and fields, and which of its bytes."""

    response: StreamResponse
    start: int = 0
    size: int = 0


class FileResponse(StreamResponse):
    """The answer with a file, which is opened anew for each request that it answers."""

    _is_reusable = True
    __slots__ = ("_chunk_size", "_name", "_opener")

    def __init__(
        self,
        path: str | os.PathLike[str],
        chunk_size: int = 262_144,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
    ) -> None:
        super().__init__(status=status, reason=reason, headers=headers)
        self._name = os.fspath(path)
        self._chunk_size = chunk_size
        self._opener: Opener = _open_anywhere

    @classmethod
    def from_opener(cls, opener: Opener, name: str, chunk_size: int) -> "FileResponse":
        """The answer with a file that only `opener` knows to open."""
        response = cls(name, chunk_size)
        response._opener = opener
        return response

    async def prepare(self, request: BaseRequest) -> Writer | None:
        """Send head and file."""
        exchange = request.exchange
        assert isinstance(exchange, Exchange)  # requests have no others
        writer = await exchange.open_for(self, request)
        if writer is not None:
            return writer
        try:
            opened, coding = self._open(request)
        except OSError as exc:
            answer = Answer(StreamResponse(status=_status_of(exc)))
            self._link = await self._send(exchange, answer, None)
            return self._link
        try:
            answer = self._plan(request, opened, coding)
            self._link = await self._send(exchange, answer, opened.file)
        finally:
            opened.file.close()
        return self._link

    async def write_eof(self, data: Buffer = b"") -> None:
        """Everything was sent by `prepare()`."""
        self._writer()

    def _open(self, request: BaseRequest) -> tuple[OpenFile, str | None]:
        """The file, or a coded form of it that lies beside it and that the client takes."""
        field = request.headers.get("Accept-Encoding")
        if field and not (self._headers and "Content-Encoding" in self._headers):
            for coding in _accepted_codings(field):
                try:
                    return self._opener(self._name + SIBLINGS[coding]), coding
                except OSError:
                    continue
        return self._opener(self._name), None

    def _plan(self, request: BaseRequest, opened: OpenFile, coding: str | None) -> Answer:
        facts = opened.facts
        etag = ETag(value=f"{facts.st_mtime_ns:x}-{facts.st_size:x}", is_weak=False)
        response = StreamResponse(
            status=self.status, reason=self._reason, headers=self.headers.copy()
        )
        response._cookies, response._wishes = self._cookies, self._wishes
        headers = response.headers
        if "ETag" not in headers:
            response.etag = etag
        response.last_modified = facts.st_mtime
        verdict = judge(_conditions(request), request.method, etag, facts.st_mtime)
        if verdict is not Verdict.GO_ON:
            response.set_status(304 if verdict is Verdict.NOT_MODIFIED else 412)
            return Answer(response)
        headers.setdefault("Content-Type", _guess_type(self._name))
        headers.setdefault("Accept-Ranges", "bytes")
        if coding is not None:
            headers["Content-Encoding"] = coding
            headers["Vary"] = add_name(headers.get("Vary"), "Accept-Encoding")
        return self._plan_bytes(request, response, opened, etag)

    def _plan_bytes(
        self, request: BaseRequest, response: StreamResponse, opened: OpenFile, etag: ETag
    ) -> Answer:
        size = opened.facts.st_size
        try:
            part = _wanted_range(request, opened, etag) if self.status == 200 else None
        except Unsatisfiable:
            # RFC 9110 section 15.5.17
            response.set_status(416)
            response.headers["Content-Range"] = f"bytes */{size}"
            return Answer(response)
        if part is None:
            return Answer(response, 0, size)
        response.set_status(206)
        response.headers["Content-Range"] = part.content_range
        return Answer(response, part.start, part.stop - part.start)

    async def _send(
        self, exchange: Exchange, answer: Answer, file: FileIO | None
    ) -> ResponseWriter:
        plan = plan_response(
            exchange.head,
            answer.response,
            answer.size,
            exchange.carrier.host.stamp,
            may_persist=exchange.may_persist,
        )
        if file is None or not plan.has_body:
            return exchange.send_data(answer.response, plan, b"")
        if answer.size <= SMALL_SIZE:
            return exchange.send_data(answer.response, plan, _read(file, answer))
        writer = exchange.open_writer(answer.response, plan)
        left = answer.size
        file.seek(answer.start)
        while left:
            block = await asyncio.to_thread(file.read, min(left, self._chunk_size))
            if not block:
                exchange.fail()
                raise RuntimeError("the file became shorter while it was sent")
            left -= len(block)
            await writer.write(block)
        await writer.write_eof()
        return writer


def _open_anywhere(name: str) -> OpenFile:
    return open_regular(Path(name))


def _status_of(exc: OSError) -> int:
    if exc.errno in _OWN_TROUBLE:
        raise exc
    is_forbidden = isinstance(exc, PermissionError | IsADirectoryError)
    return 403 if is_forbidden else 404


def _read(file: FileIO, answer: Answer) -> bytes:
    file.seek(answer.start)
    pieces = []
    left = answer.size
    while left:
        piece = file.read(left)
        if not piece:
            raise RuntimeError("the file became shorter while it was read")
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _accepted_codings(field: str) -> Iterator[str]:
    """The codings of siblings that the client takes, best first."""
    from weft_http_parser import choose_coding  # late: not every server has files

    left = list(SIBLINGS)
    while (coding := choose_coding(field, left)) is not None and coding in left:
        left.remove(coding)
        yield coding


def _conditions(request: BaseRequest) -> Preconditions:
    return Preconditions(
        if_match=request.if_match,
        if_none_match=request.if_none_match,
        if_modified_since=request.if_modified_since,
        if_unmodified_since=request.if_unmodified_since,
    )


def _wanted_range(request: BaseRequest, opened: OpenFile, etag: ETag) -> ByteRange | None:
    if request.method not in ("GET", "HEAD") or "Range" not in request.headers:
        return None
    condition = request.headers.get("If-Range", "")
    modified = opened.facts.st_mtime
    if not is_range_current(condition, etag, request.if_range, modified):
        return None
    try:
        wanted = request.http_range
    except ValueError:
        raise Unsatisfiable from None
    return plan_range(wanted, opened.facts.st_size)


def _guess_type(name: str) -> str:
    kind, coding = mimetypes.guess_type(name)
    if coding is not None:
        # The file as it lies there is what is sent, so its coding is its type.
        return _TYPES_OF_CODED.get(coding, "application/octet-stream")
    return kind or "application/octet-stream"
