"""What a file is answered with: which status, which fields, which of its bytes.

Decides by the conditions and the ranges of the request (RFC 9110 sections 13 and 14), and by what
the response says itself. Knows neither how files are found nor how bytes get out.
"""

import mimetypes
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import attrs

from weft_http_parser import ETag, add_name

from .conditional import (
    Preconditions,
    Unsatisfiable,
    Verdict,
    is_range_current,
    judge,
    plan_ranges,
)
from .file_cache import Record, StoredFile
from .media import OCTET_STREAM
from .request import BaseRequest
from .streaming import StreamResponse

if TYPE_CHECKING:
    from .byteranges import MultipartPlan

_TYPES_OF_CODED: Final = {
    "gzip": "application/gzip",
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "compress": "application/x-compress",
}

# Of a whole file's body, which an answer without it has not (RFC 9110 sections 8 and 15.4.5).
_OF_BODY: Final = (
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Content-Language",
    "Content-Disposition",
    "Accept-Ranges",
)
_OF_FILE: Final = ("ETag", "Last-Modified", "Cache-Control")

Fields = tuple[tuple[str, str], ...]


@attrs.frozen
class Answer:
    """What a file is answered with: status and fields, and which of its bytes."""

    response: StreamResponse
    stored: StoredFile | None = None
    start: int = 0
    size: int = 0
    parts: "MultipartPlan | None" = None

    @property
    def length(self) -> int:
        """The bytes of body."""
        return self.size if self.parts is None else self.parts.size


def describe(
    response: StreamResponse, name: str, record: Record, stored: StoredFile, fields: Fields
) -> None:
    """Say of a file what the response does not say otherwise; `fields` are said of its place."""
    headers = response.headers
    own = headers.get("ETag")
    if own is None:
        response.etag = stored.etag
    elif stored.coding is not None and (tag := response.etag) is not None:
        # Another form has another tag (RFC 9110 section 8.8.3.3).
        response.etag = ETag(f"{tag.value}-{stored.coding}", is_weak=tag.is_weak)
    headers.setdefault("Last-Modified", stored.last_modified)
    headers.setdefault("Content-Type", guess_type(name))
    headers.setdefault("Accept-Ranges", "bytes")
    for field, value in fields:
        headers.setdefault(field, value)
    if stored.coding is not None:
        headers["Content-Encoding"] = stored.coding
    if record.siblings:
        headers["Vary"] = add_name(headers.get("Vary"), "Accept-Encoding")


def plan_answer(request: BaseRequest, response: StreamResponse, stored: StoredFile) -> Answer:
    """Decide between the whole, parts of it and no body; the response is described already."""
    whole = Answer(response, stored, 0, stored.size)
    if not 200 <= response.status < 300:
        return whole  # RFC 9110 section 13.2.1
    etag, modified = response.etag, response.last_modified
    seconds = None if modified is None else modified.timestamp()
    verdict = judge(_conditions(request), request.method, etag, seconds)
    if verdict is not Verdict.GO_ON:
        return Answer(_strip(response, 304 if verdict is Verdict.NOT_MODIFIED else 412))
    field = request.headers.get("Range")
    # RFC 9110 section 14.2: ranges are defined for GET alone.
    if field is None or request.method != "GET" or response.status != 200:
        return whole
    if response.headers["Accept-Ranges"].lower() == "none":
        return whole
    if not is_range_current(request.headers.get("If-Range"), etag, seconds):
        return whole
    return _plan_parts(whole, stored, field)


def cut_body(content: bytes, answer: Answer) -> bytes:
    """The body that is sent of small files."""
    if answer.parts is None:
        if answer.size == len(content):
            return content
        return content[answer.start : answer.start + answer.size]
    pieces: list[bytes] = []
    for part in answer.parts.parts:
        pieces += part.head, content[part.start : part.start + part.size]
    return b"".join((*pieces, answer.parts.closing))


def _strip(response: StreamResponse, status: int) -> StreamResponse:
    """Make it an answer without the file."""
    response.set_status(status)
    response._media = None
    for name in _OF_BODY if status == 304 else (*_OF_BODY, *_OF_FILE):
        response.headers.popall(name, None)
    return response


def _plan_parts(whole: Answer, stored: StoredFile, field: str) -> Answer:
    """The answer to a Range that applies."""
    response = whole.response
    try:
        ranges = plan_ranges(field, stored.size)
    except Unsatisfiable:
        # RFC 9110 section 15.5.17
        _strip(response, 416)
        response.headers["Content-Range"] = f"bytes */{stored.size}"
        response.headers["Accept-Ranges"] = "bytes"
        return Answer(response)
    # A coding is said of the whole body, and the lines between parts are not coded.
    if not ranges or (len(ranges) > 1 and stored.coding is not None):
        return whole
    response.set_status(206)
    if len(ranges) == 1:
        response.headers["Content-Range"] = str(ranges[0])
        return Answer(response, stored, ranges[0].start or 0, ranges[0].length)
    from .byteranges import plan_parts  # late: seldom used

    boundary = os.urandom(16).hex()
    parts = plan_parts(ranges, response.headers["Content-Type"], boundary)
    response.headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    return Answer(response, stored, parts=parts)


def _conditions(request: BaseRequest) -> Preconditions:
    return Preconditions(
        if_match=request.if_match,
        if_none_match=request.if_none_match,
        if_modified_since=request.if_modified_since,
        if_unmodified_since=request.if_unmodified_since,
    )


@lru_cache(maxsize=1024)
def guess_type(name: str) -> str:
    """The media type of a file by its name.

    >>> guess_type("a/page.html"), guess_type("a.tar.gz"), guess_type("a")
    ('text/html', 'application/gzip', 'application/octet-stream')
    """
    # A path, so that a colon in it makes no URL of it.
    kind, coding = mimetypes.guess_type(f"./{os.path.basename(name)}")
    if coding is not None:
        # The file as it lies there is what is sent, so its coding is its type.
        return _TYPES_OF_CODED.get(coding, OCTET_STREAM)
    return kind or OCTET_STREAM
