"""The access log: one line for each answer, in a format that is compiled once.

Decides what a placeholder means. Knows requests and responses by what they show.
"""

import abc
import datetime
import functools
import logging
import os
import re
from collections.abc import Callable
from typing import ClassVar, Final, TypeAlias

from .request import BaseRequest
from .streaming import StreamResponse

Part: TypeAlias = Callable[[BaseRequest, StreamResponse, float], object]


class AbstractAccessLogger(abc.ABC):
    """What writes the access log."""

    __slots__ = ("log_format", "logger")

    def __init__(self, logger: logging.Logger, log_format: str) -> None:
        self.logger = logger
        self.log_format = log_format

    @abc.abstractmethod
    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write one line; `time` is what the answer took, in seconds."""

    @property
    def enabled(self) -> bool:
        """Whether a line would be read by anyone."""
        return True


def _header(request: BaseRequest, name: str) -> str:
    return _escape(request.headers.get(name, "-"))


def _escape(text: str) -> str:
    # A log line stays one line, whatever a client sends.
    return text if text.isprintable() else ascii(text)[1:-1]


def _first_line(request: BaseRequest) -> str:
    version = request.version
    target = _escape(request.raw_path)
    return f"{request.method} {target} HTTP/{version.major}.{version.minor}"


def _begin(time: float) -> str:
    now = datetime.datetime.now().astimezone()
    return (now - datetime.timedelta(seconds=time)).strftime("[%d/%b/%Y:%H:%M:%S %z]")


_PARTS: Final[dict[str, tuple[str, Part]]] = {
    "%": ("percent", lambda request, response, time: "%"),
    "a": ("remote_address", lambda request, response, time: request.remote or "-"),
    "t": ("request_start_time", lambda request, response, time: _begin(time)),
    "P": ("process_id", lambda request, response, time: f"<{os.getpid()}>"),
    "r": ("first_request_line", lambda request, response, time: _first_line(request)),
    "s": ("response_status", lambda request, response, time: response.status),
    "b": ("response_size", lambda request, response, time: response.body_length),
    "T": ("request_time", lambda request, response, time: str(round(time))),
    "Tf": ("request_time_frac", lambda request, response, time: f"{time:06f}"),
    "D": ("request_time_micro", lambda request, response, time: str(round(time * 1_000_000))),
}
_PLACEHOLDER: Final = re.compile(r"%(?:\{([A-Za-z0-9\-_]+)\}([ioe])|([atPrsbD]|Tf?|%))")


class AccessLogger(AbstractAccessLogger):
    """Writes lines in the format language of Apache's logs.

    %% a percent sign · %a address of the peer · %t when the request came · %P process id ·
    %r first line of the request · %s status · %b bytes of body sent · %T %Tf %D time taken in
    seconds, with a fraction, in microseconds · %{Name}i field of the request · %{Name}o field of
    the response · %{NAME}e environment variable.
    """

    __slots__ = ("_parts", "_template")

    LOG_FORMAT: ClassVar[str] = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'

    def __init__(self, logger: logging.Logger, log_format: str = LOG_FORMAT) -> None:
        super().__init__(logger, log_format)
        self._template, self._parts = _compile(log_format)

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write one line."""
        values = []
        extra: dict[str, object] = {}
        for key, name, part in self._parts:
            value = part(request, response, time)
            values.append(value)
            if name is None:
                extra[key] = value
            else:
                group = extra.setdefault(key, {})
                assert isinstance(group, dict)  # keys with names are apart from the others
                group[name] = value
        self.logger.info(self._template % tuple(values), extra=extra)

    @property
    def enabled(self) -> bool:
        """Whether the logger takes lines of this level."""
        return self.logger.isEnabledFor(logging.INFO)


@functools.lru_cache(maxsize=64)
def _compile(log_format: str) -> tuple[str, tuple[tuple[str, str | None, Part], ...]]:
    parts: list[tuple[str, str | None, Part]] = []
    template = ""
    at = 0
    for found in _PLACEHOLDER.finditer(log_format):
        template += log_format[at : found.start()].replace("%", "%%") + "%s"
        parts.append(_to_part(found))
        at = found.end()
    return template + log_format[at:].replace("%", "%%"), tuple(parts)


def _to_part(found: "re.Match[str]") -> tuple[str, str | None, Part]:
    name, kind, letter = found.groups()
    if letter is not None:
        key, part = _PARTS[letter]
        return key, None, part
    if kind == "i":
        return "request_header", name, lambda request, response, time: _header(request, name)
    if kind == "o":
        return (
            "response_header",
            name,
            lambda request, response, time: response.headers.get(name, "-"),
        )
    value = os.environ.get(name, "-")
    return "environment", name, lambda request, response, time: value
