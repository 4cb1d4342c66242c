"""The format language of the access log: a format becomes one function that gives a line's values.

Decides what a placeholder means. Knows requests and responses by what they show; writes nothing.
"""

import datetime
import functools
import os
import re
from collections.abc import Callable
from time import time as now
from typing import Any, Final, NamedTuple, TypeAlias

from weft_http_parser import HTTP_11

from .counterpart import NO_OVERRIDES
from .exchange import Exchange
from .request import BaseRequest, Request
from .response import Response
from .streaming import StreamResponse

Values: TypeAlias = tuple[object, ...]
Placeholder: TypeAlias = tuple[str, str | None, str | None]
"""The key in records, the name within that where it has one, and the letter where it has not."""

_PLACEHOLDER: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([ioe])|([atPrsbD]|Tf?|%))")
_KEYS: Final = {
    "%": "percent",
    "a": "remote_address",
    "t": "request_start_time",
    "P": "process_id",
    "r": "first_request_line",
    "s": "response_status",
    "b": "response_size",
    "T": "request_time",
    "Tf": "request_time_frac",
    "D": "request_time_micro",
    "i": "request_header",
    "o": "response_header",
    "e": "environment",
}


class Line(NamedTuple):
    """A format that is compiled."""

    text: Callable[[BaseRequest, StreamResponse, float], str]
    template: str
    """Takes the values by %."""
    values: Callable[[BaseRequest, StreamResponse, float], Values]
    extra: Callable[[Values], dict[str, Any]]
    """The values by the keys that they have in records."""


def find_placeholders(log_format: str) -> list[Placeholder]:
    """What a format asks for, in its order."""
    return [_to_placeholder(found) for found in _PLACEHOLDER.finditer(log_format)]


def _to_placeholder(found: "re.Match[str]") -> Placeholder:
    name, kind, letter = found.groups()
    return _KEYS[letter or kind], name, letter


@functools.lru_cache(maxsize=64)
def compile_line(log_format: str) -> Line:
    """The functions of a format. They are made of source text, as each calls only what it needs;
    what the format has of its own comes into that as a value, never as text.
    """
    texts = _PLACEHOLDER.sub("\0", log_format).replace("%", "%%")
    placeholders = find_placeholders(log_format)
    space = {**_SPACE}
    groups: dict[str, list[str]] = {}
    parts = []
    for index, (key, name, letter) in enumerate(placeholders):
        if name is None:
            parts.append(_SOURCES[letter or ""])
            groups[key] = [f"v[{index}]"]
            continue
        own = f"n{index}"
        space[own] = os.environ.get(name, "-") if key == "environment" else name
        parts.append(_SOURCES[key].format(own))
        space[f"k{index}"] = name
        groups.setdefault(key, []).append(f"k{index}: v[{index}]")
    members = ", ".join(f"{key!r}: {_to_member(given)}" for key, given in groups.items())
    values = f"({''.join(part + ', ' for part in parts)})"
    space["template"] = template = texts.replace("\0", "%s")
    return Line(
        text=eval(f"lambda request, response, time: template % {values}", space),
        template=template,
        values=eval(f"lambda request, response, time: {values}", space),
        extra=eval(f"lambda v: {{{members}}}", space),
    )


def _to_member(given: list[str]) -> str:
    return given[0] if given[0].startswith("v") else f"{{{', '.join(given)}}}"


def escape(text: str | None) -> str:
    """A line stays one line, and what is quoted stays within its quotes, whatever a client sends.

    Apache does so too.
    """
    if text is None:
        return "-"
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text if text.isprintable() else _escape_controls(text)


def _escape_controls(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _remote(request: BaseRequest) -> str:
    if type(request) is Request and request._overrides is NO_OVERRIDES:
        peer = request.exchange.link.transport.get_extra_info("peername")
        if type(peer) is tuple:  # as those of IP are
            return str(peer[0])
    return request.remote or "-"


def _first_line(request: BaseRequest) -> str:
    head = request._head
    version = head.version
    if version is HTTP_11:
        return f"{head.method} {escape(head.target)} HTTP/1.1"
    return f"{head.method} {escape(head.target)} HTTP/{version.major}.{version.minor}"


def size_of(request: BaseRequest, response: StreamResponse) -> int:
    """The bytes of body that went out."""
    exchange = request.exchange
    if type(response) is Response and response._status == 200 and request._head.method == "GET":
        body = response._body
        # As most are, and of such a value nothing but all of it goes out.
        if type(body) is bytes and type(exchange) is Exchange and exchange.writer is None:
            return len(body)
    return exchange.output_size


_last_begin = (0, "")


def _begin(time: float) -> str:
    """When the request came, to the second: most lines of a second share the text."""
    global _last_begin
    second = int(now() - time)
    known, text = _last_begin
    if second != known:
        moment = datetime.datetime.fromtimestamp(second).astimezone()
        text = moment.strftime("[%d/%b/%Y:%H:%M:%S %z]")
        _last_begin = (second, text)
    return text


_SPACE: Final[dict[str, object]] = {
    "begin": _begin,
    "escape": escape,
    "first_line": _first_line,
    "getpid": os.getpid,
    "remote_of": _remote,
    "size_of": size_of,
}
_SOURCES: Final = {
    "%": "'%'",
    "a": "remote_of(request)",
    "t": "begin(time)",
    "P": "f'<{getpid()}>'",
    "r": "first_line(request)",
    "s": "response.status",
    "b": "size_of(request, response)",
    "T": "str(round(time))",
    "Tf": "f'{time:06f}'",
    "D": "str(round(time * 1_000_000))",
    "request_header": "'-' if (h := request._head.get({0})) is None else escape(h)",
    "response_header": "escape(response.headers.get({0}))",
    "environment": "{0}",
}
