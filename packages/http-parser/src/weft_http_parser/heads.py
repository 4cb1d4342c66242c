"""The values that a message is made of: Version, RequestHead, ResponseHead, End, Framing.

Decides what a head shows and how one is rendered from values. The two heads here are the Python
twin's; `_twin` chooses. Knows no rules of framing: `framing` and `persistent` are set by
`wire.framing` before anyone sees a head.
"""

import re
from collections.abc import Iterable, KeysView, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, overload

from multidict import CIMultiDict, CIMultiDictProxy, istr

from .errors import HeaderInjection
from .names import (
    FIELD_MARKS,
    HEADER_NAMES,
    MARK_CONNECTION,
    MARK_CONTENT_ENCODING,
    MARK_EXPECT,
    MARK_HTTP_10,
    MARK_OTHER_TARGET,
    MARK_UPGRADE,
)


class Version(NamedTuple):
    """The version of HTTP that a message names (RFC 9112 2.3)."""

    major: int
    minor: int


HTTP_10: Final = Version(1, 0)
HTTP_11: Final = Version(1, 1)

Framing: TypeAlias = int
"""How a body is delimited: its length, or one of the next two."""
CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2

RawFields: TypeAlias = tuple[tuple[bytes, bytes], ...]
Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

Buffer: TypeAlias = bytes | bytearray | memoryview
"""What may be sent as part of a body."""


class End:
    """The end of a message, with the trailer fields that came behind its body."""

    __slots__ = ("trailers",)

    def __init__(self, trailers: CIMultiDictProxy[str]) -> None:
        self.trailers = trailers

    def __repr__(self) -> str:
        return f"<End {dict(self.trailers)!r}>" if self.trailers else "<End>"


END: Final = End(CIMultiDictProxy(CIMultiDict[str]()))

_VERSIONS: Final = {HTTP_10: "HTTP/1.0", HTTP_11: "HTTP/1.1"}
_KNOWN_NAMES: Final = {name.lower().encode(): istr(name.lower()) for name in HEADER_NAMES} | {
    name.encode(): name for name in HEADER_NAMES
}
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
_TARGET: Final = re.compile(r"[^\x00-\x20#\x7f]++")
_TEXT: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*+")
_LINES: Final = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*+")
_HEADER_NAMES: Final = frozenset(HEADER_NAMES)
_MARKED: Final = FIELD_MARKS.keys()
_TRAIT_MARKS: Final = (MARK_HTTP_10, MARK_EXPECT, MARK_CONTENT_ENCODING, MARK_OTHER_TARGET)
_UPGRADING: Final = MARK_UPGRADE | MARK_CONNECTION | MARK_HTTP_10


def _encode(place: str, text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as exc:
        raise HeaderInjection(place, text) from exc


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def to_field_text(pairs: Iterable[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    """Raw fields as a multidict of text, well-known names as prepared `istr`."""
    known = _KNOWN_NAMES
    return CIMultiDict(
        [
            (known[name] if name in known else _decode(name), _decode(value))
            for name, value in pairs
        ]
    )


def render_fields(headers: Headers) -> bytes:
    """Field lines, each with its CRLF; raises HeaderInjection (RFC 9110 5.1, 5.5).

    >>> render_fields([("Host", "a"), ("Accept", "*/*")])
    b'Host: a\\r\\nAccept: */*\\r\\n'
    """
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    try:
        text = "".join([name + ": " + value + "\r\n" for name, value in pairs])
    except TypeError as exc:
        raise _find_other_type(pairs) from exc
    # One return and one line feed per pair are ours; any more came with a value.
    lines = len(pairs)
    if _LINES.fullmatch(text) is None or text.count("\n") != lines or text.count("\r") != lines:
        raise _find_injection(pairs)
    for name, _ in pairs:
        if name not in _HEADER_NAMES and not _TOKEN.fullmatch(name):
            raise HeaderInjection("header name", name)
    return _encode("header", text)


def _find_other_type(pairs: list[tuple[object, object]]) -> TypeError:
    """The error for pairs of which one is known to be no text."""
    name, value = next(pair for pair in pairs if not all(isinstance(part, str) for part in pair))
    if not isinstance(name, str):
        return TypeError(f"a header name is a str, not {type(name).__name__}: {name!r}")
    return TypeError(f"the header {name} is a str, not {type(value).__name__}")


def _find_injection(pairs: list[tuple[str, str]]) -> HeaderInjection:
    """The error for pairs of which one is known to be bad."""
    name, value = next(
        (name, value)
        for name, value in pairs
        if not (_TOKEN.fullmatch(name) and _TEXT.fullmatch(value))
    )
    if not _TOKEN.fullmatch(name):
        return HeaderInjection("header name", name)
    return HeaderInjection("header value", value)


def _render_version(version: Version) -> str:
    try:
        return _VERSIONS[version]
    except KeyError:
        raise HeaderInjection("version", str(version)) from None


def render_request_head(method: str, target: str, version: Version, headers: Headers) -> bytes:
    """A request head with its last empty line; raises HeaderInjection (RFC 9112 3).

    >>> render_request_head("GET", "/", HTTP_11, [("Host", "a")])
    b'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
    """
    if not _TOKEN.fullmatch(method):
        raise HeaderInjection("method", method)
    if not _TARGET.fullmatch(target):
        raise HeaderInjection("target", target)
    line = method + " " + target + " " + _render_version(version) + "\r\n"
    return _encode("target", line) + render_fields(headers) + b"\r\n"


def render_response_head(status: int, reason: str, version: Version, headers: Headers) -> bytes:
    """A response head with its last empty line; raises HeaderInjection (RFC 9112 4).

    >>> render_response_head(204, "No Content", HTTP_11, [])
    b'HTTP/1.1 204 No Content\\r\\n\\r\\n'
    """
    return _render_status_line(status, reason, version) + render_fields(headers) + b"\r\n"


# Few are in use, and each is checked and put together once; C does it faster than a look-up.
@lru_cache(maxsize=256, typed=True)
def _render_status_line(status: int, reason: str, version: Version) -> bytes:
    if not 100 <= status <= 999:
        raise HeaderInjection("status", str(status))
    if not _TEXT.fullmatch(reason):
        raise HeaderInjection("reason", reason)
    return _encode("reason", f"{_render_version(version)} {status:d} " + reason + "\r\n")


def find_marks(names: KeysView[bytes]) -> int:
    """The marks of the fields of these names, which are in lower case."""
    marks = 0
    for name in _MARKED & names:
        marks |= FIELD_MARKS[name]
    return marks


def parse_field_lines(lines: bytes) -> list[tuple[bytes, bytes]]:
    """Name and value of each line of a block that is known to be valid."""
    pairs = [line.split(b":", 1) for line in lines.split(b"\r\n")[:-1]]
    return [(name, value.strip(b" \t")) for name, value in pairs]


class _Head:
    """What both heads have: fields over one copy of the wire bytes, made when asked for."""

    __slots__ = (
        "_headers",
        "_places",
        "framing",
        "marks",
        "persistent",
        "raw",
        "raw_headers",
        "version",
    )

    raw: bytes
    """The head as it is on the wire, from its start line to its last CRLF."""
    version: Version
    marks: int
    """One bit per well-known field that is there, see `names.MARK_*`."""
    framing: Framing
    persistent: bool
    """Whether the connection may carry another message after this one."""
    raw_headers: RawFields
    """Names as they were spelled, and values without the space around them."""
    _headers: CIMultiDictProxy[str] | None
    _places: dict[bytes, int]  # the first field of each name in lower case

    def _take(self, raw: bytes, version: Version, pairs: list[tuple[bytes, bytes]]) -> None:
        self.raw = raw
        self.version = version
        self.raw_headers = tuple(pairs)
        self._headers = None
        indexes = range(len(pairs) - 1, -1, -1)
        self._places = {pairs[index][0].lower(): index for index in indexes}
        self.marks = find_marks(self._places.keys()) | (0 if version == HTTP_11 else MARK_HTTP_10)
        self.framing = 0
        self.persistent = True

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields as text; bytes that are not UTF-8 come as surrogates."""
        if self._headers is None:
            self._headers = CIMultiDictProxy(to_field_text(self.raw_headers))
        return self._headers

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    @overload
    def get(self, name: str, default: None) -> str | None: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of a field, without making the multidict."""
        index = self._places.get(name.lower().encode("utf-8", "surrogateescape"))
        return default if index is None else _decode(self.raw_headers[index][1])

    def get_all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        wanted = name.lower().encode("utf-8", "surrogateescape")
        index = self._places.get(wanted)
        if index is None:
            return []
        if len(self._places) == len(self.raw_headers):  # no name comes twice
            return [_decode(self.raw_headers[index][1])]
        others = self.raw_headers[index:]
        return [_decode(value) for key, value in others if key.lower() == wanted]

    @property
    def wants_upgrade(self) -> bool:
        """Upgrade is there and Connection names it, in HTTP/1.1 (RFC 9110 7.8)."""
        if self.marks & _UPGRADING != MARK_UPGRADE | MARK_CONNECTION:
            return False
        options = ",".join(self.get_all("connection")).lower().split(",")
        return any(option.strip(" \t") == "upgrade" for option in options)


class RequestHead(_Head):
    """A request line and its fields, immutable but for framing.

    >>> head = RequestHead("GET", "/?q=1", headers=[("Host", "example.org")])
    >>> head.method, head.target, head.get("host")
    ('GET', '/?q=1', 'example.org')
    """

    __slots__ = ("method", "target")

    method: str
    target: str

    def __init__(
        self, method: str, target: str, version: Version = HTTP_11, headers: Headers = ()
    ) -> None:
        raw = render_request_head(method, target, version, headers)
        _fill(self, raw, version)
        self.method = _decode(_encode("method", method))
        self.target = _decode(_encode("target", target))
        if not target.startswith("/") or method == "CONNECT":
            self.marks |= MARK_OTHER_TARGET

    @property
    def expects_continue(self) -> bool:
        """The peer waits for a 100 before it sends its body (RFC 9110 10.1.1)."""
        if not self.marks & MARK_EXPECT or self.marks & MARK_HTTP_10:
            return False
        return self.get("expect", "").lower() == "100-continue"

    @property
    def traits(self) -> int:
        """What a server asks of every request, as one number; 0 of a plain GET that stays.

        By bits: HTTP/1.0 is 1, an Expect 2, a Content-Encoding 4, a target that is no path 8; 16 of
        one that does not stay, 32 of one with a body, 64 of a HEAD.
        """
        traits = (not self.persistent) << 4 | (self.framing != 0) << 5
        for bit, mark in enumerate(_TRAIT_MARKS):
            traits |= bool(self.marks & mark) << bit
        return traits | (self.method == "HEAD") << 6

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target!r}>"


class ResponseHead(_Head):
    """A status line and its fields, immutable but for framing.

    >>> ResponseHead(200, "OK", headers=[("Content-Length", "0")]).raw
    b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'
    """

    __slots__ = ("reason", "status")

    status: int
    reason: str

    def __init__(
        self, status: int, reason: str, version: Version = HTTP_11, headers: Headers = ()
    ) -> None:
        raw = render_response_head(status, reason, version, headers)
        _fill(self, raw, version)
        self.status = int(status)
        self.reason = _decode(_encode("reason", reason))

    def __repr__(self) -> str:
        return f"<ResponseHead {self.status} {self.reason!r}>"


def _fill(head: _Head, raw: bytes, version: Version) -> None:
    lines = raw[raw.index(b"\r\n") + 2 : -2]
    head._take(raw, Version(*version), parse_field_lines(lines))


def to_request_head(
    raw: bytes, method: str, target: bytes, version: Version, pairs: list[tuple[bytes, bytes]]
) -> RequestHead:
    """A head over bytes that a scanner has found valid."""
    head = RequestHead.__new__(RequestHead)
    head._take(raw, version, pairs)
    head.method = method
    head.target = _decode(target)
    if target[0] != 0x2F or method == "CONNECT":
        head.marks |= MARK_OTHER_TARGET
    return head


def to_response_head(
    raw: bytes, status: int, reason: bytes, version: Version, pairs: list[tuple[bytes, bytes]]
) -> ResponseHead:
    """A head over bytes that a scanner has found valid."""
    head = ResponseHead.__new__(ResponseHead)
    head._take(raw, version, pairs)
    head.status = status
    head.reason = _decode(reason)
    return head
