"""How a response goes out: its head as bytes, its framing, and whether the connection stays.

Pure: values go in, a plan comes out; knows no clock and no connection. The Date field is given.
"""

from typing import Final, NamedTuple

from weft_http_parser import (
    CHUNKED,
    HTTP_11,
    MARK_HTTP_10,
    UNTIL_CLOSE,
    Framing,
    RequestHead,
    accepts_trailers,
    add_name,
    format_http_date,
    parse_tokens,
    render_response_head,
)

from .cookies import format_cookies
from .media import OCTET_STREAM
from .streaming import StreamResponse

SERVER_NAME: Final = "weft"
_CACHED_PREFIXES: Final = 1024
_BODILESS: Final = (204, 205, 304)

# (status, reason, media type) → the head up to the value of Content-Length
PREFIXES: Final[dict[tuple[int, str | None, str], bytes]] = {}


class Stamp(NamedTuple):
    """The fields that change once a second: as text, and as the end of a head."""

    second: int
    date: str
    tail: bytes


class Plan(NamedTuple):
    """What to send for a response."""

    head: bytes
    framing: Framing
    persistent: bool
    has_body: bool
    has_trailers: bool = False


class Coding(NamedTuple):
    """The content coding of an answer, and whether another request might have got another."""

    name: str | None
    varies: bool = False


NO_CODING: Final = Coding(None)


def make_stamp(second: int) -> Stamp:
    """The stamp for a second of the epoch.

    >>> make_stamp(0).tail.split(b"\\r\\n")[1]
    b'Date: Thu, 01 Jan 1970 00:00:00 GMT'
    """
    date = format_http_date(second)
    return Stamp(second, date, f"\r\nDate: {date}\r\nServer: {SERVER_NAME}\r\n\r\n".encode())


def plan_quickly(
    head: RequestHead, response: StreamResponse, size: int, stamp: Stamp
) -> bytes | None:
    """The head for a response on a connection that stays open, if it is of the usual kind.

    That is one whose media type is all it says of itself. None for every other.
    """
    if (
        response._headers is not None
        or response._wishes is not None
        or response._cookies is not None
        or head.marks & MARK_HTTP_10
    ):
        return None
    media = response._media
    if media is None:
        if not size:
            return None
        media = OCTET_STREAM
    key = (response._status, response._reason, media)
    prefix = PREFIXES.get(key)
    if prefix is None:
        status = key[0]
        if status < 200 or status in _BODILESS:
            return None
        prefix = _make_prefix(key)
    return b"%b%d%b" % (prefix, size, stamp.tail)


def _make_prefix(key: tuple[int, str | None, str]) -> bytes:
    status, reason, media = key
    response = StreamResponse(status=status, reason=reason)
    fields = [("Content-Type", media), ("Content-Length", "")]
    rendered = render_response_head(status, response.reason, HTTP_11, fields)
    if len(PREFIXES) >= _CACHED_PREFIXES:
        PREFIXES.clear()
    prefix = PREFIXES[key] = rendered.removesuffix(b"\r\n\r\n")
    return prefix


def plan_response(
    head: RequestHead,
    response: StreamResponse,
    size: int | None,
    stamp: Stamp,
    *,
    may_persist: bool,
    coding: Coding = NO_CODING,
) -> Plan:
    """Decide the framing of a response to a request and render its head.

    `size` is the length of the body that will be sent, None while that is not known; `coding` is
    the content coding that the exchange puts on it.
    """
    fields = [] if response._headers is None else list(response._headers.items())
    names = {name.lower() for name, _ in fields}
    status = response.status
    if status < 200:
        # RFC 9110 section 15.2: the client would wait on, and take the next answer for this one.
        raise ValueError(f"status {status} is no answer, one of 200 and above comes behind it")
    is_http_10 = bool(head.marks & MARK_HTTP_10)
    is_bodiless = status in (204, 304)
    has_body = status not in _BODILESS and head.method != "HEAD"

    persistent = _stays_open(response, may_persist)
    length = _declared_length(response) if coding.name is None else None
    if head.method == "HEAD" and not size and length:
        size = None  # the body is left out, and its length said
    trailers = response.wishes.trailers
    has_trailers = trailers is not None and has_body and _takes_trailers(head)
    framing = 0
    if has_trailers:
        framing = CHUNKED
    elif status not in _BODILESS:  # RFC 9110 section 15.3.6: that of 205 has no bytes
        framing = _choose_framing(response, size, length, is_http_10=is_http_10)
    if framing == UNTIL_CLOSE and has_body:
        persistent = False

    # RFC 9112 section 6: what frames the message is decided here and nowhere else.
    dropped = {"content-length", "transfer-encoding"} & names
    if head.method == "HEAD" and size is None and coding.name is None:
        dropped.discard("content-length")
    fields = [pair for pair in fields if pair[0].lower() not in dropped]
    if "content-type" not in names and not is_bodiless:
        if response._media is not None:
            fields.insert(0, ("Content-Type", response._media))
        elif framing != 0:
            fields.append(("Content-Type", OCTET_STREAM))
    if has_trailers:
        fields.append(("Trailer", ", ".join(dict.fromkeys(trailers or ()))))
    if coding is not NO_CODING:
        fields = _with_coding(fields, coding)
    if not persistent and "connection" in names:
        fields = _with_close(fields)
    if framing >= 0 and not is_bodiless and not (head.method == "HEAD" and size is None):
        fields.append(("Content-Length", str(framing)))
    elif framing == CHUNKED:
        fields.append(("Transfer-Encoding", "chunked"))
    fields += _closing_fields(response, names, stamp, persistent=persistent, is_http_10=is_http_10)
    raw = render_response_head(status, response.reason, HTTP_11, fields)
    return Plan(raw, framing if has_body else 0, persistent, has_body, has_trailers)


def _with_close(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields of the last answer, whatever is said of the connection beside its end."""
    others = [pair for pair in fields if pair[0].lower() != "connection"]
    said = ", ".join(value for name, value in fields if name.lower() == "connection")
    kept = [each for each in parse_tokens(said) if each.lower() not in ("close", "keep-alive")]
    return [*others, ("Connection", ", ".join([*kept, "close"]))]


def _takes_trailers(head: RequestHead) -> bool:
    return not head.marks & MARK_HTTP_10 and accepts_trailers(head.get_all("TE"))


def _with_coding(fields: list[tuple[str, str]], coding: Coding) -> list[tuple[str, str]]:
    """The fields of a coded body (RFC 9110 section 8.4), for caches that hold others too."""
    if coding.varies:
        varied = [value for name, value in fields if name.lower() == "vary"]
        fields = [pair for pair in fields if pair[0].lower() != "vary"]
        fields.append(("Vary", add_name(", ".join(varied) or None, "Accept-Encoding")))
    if coding.name is None:
        return fields
    # RFC 9110 section 8.8.3.3: the bytes are others than those that a strong tag was given to.
    fields = [
        (name, f"W/{value}") if name.lower() == "etag" and value.startswith('"') else (name, value)
        for name, value in fields
    ]
    return [*fields, ("Content-Encoding", coding.name)]


def _declared_length(response: StreamResponse) -> int | None:
    declared = None if response._headers is None else response._headers.get("Content-Length")
    return None if declared is None else int(declared)


def _choose_framing(
    response: StreamResponse, size: int | None, length: int | None, *, is_http_10: bool
) -> Framing:
    if response.wishes.chunked:
        if is_http_10:
            raise RuntimeError("HTTP/1.0 has no chunked encoding; the client cannot read it")
        return CHUNKED
    if length is not None:
        if size is not None and size != length:
            raise RuntimeError(f"Content-Length says {length} bytes, the body has {size}")
        return length
    if size is not None:
        return size
    return UNTIL_CLOSE if is_http_10 else CHUNKED


def _stays_open(response: StreamResponse, may_persist: bool) -> bool:
    if not may_persist or response.wishes.keep_alive is False:
        return False
    connection = None if response._headers is None else response._headers.get("Connection")
    return connection is None or "close" not in parse_tokens(connection.lower())


def _closing_fields(
    response: StreamResponse, names: set[str], stamp: Stamp, *, persistent: bool, is_http_10: bool
) -> list[tuple[str, str]]:
    fields = [] if response._cookies is None else format_cookies(response._cookies)
    if "date" not in names:
        fields.append(("Date", stamp.date))
    if "server" not in names:
        fields.append(("Server", SERVER_NAME))
    if "connection" not in names:
        # RFC 9112 section 9.3: 1.1 stays open unless told, 1.0 closes unless told.
        if not persistent:
            fields.append(("Connection", "close"))
        elif is_http_10:
            fields.append(("Connection", "keep-alive"))
    return fields
