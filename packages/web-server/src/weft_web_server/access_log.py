"""The access log: one line for each answer, in a format that is compiled once.

Decides what a placeholder means. Knows requests and responses by what they show.
"""

import abc
import datetime
import functools
import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from time import time as now
from typing import Any, ClassVar, Final, TypeAlias

from .request import BaseRequest
from .streaming import StreamResponse
from .tasks import Tasks

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


class AbstractAsyncAccessLogger(abc.ABC):
    """What writes the access log where writing takes a while: into a queue, say, or a database.

    No answer waits for it. Lines are written at once, each in a task of the server; beyond
    MOST_WAITING at a time they are left out, and counted.
    """

    __slots__ = ("_left_out", "_waiting", "log_format", "logger")

    MOST_WAITING: ClassVar[int] = 1000

    def __init__(self, logger: logging.Logger, log_format: str) -> None:
        self.logger = logger
        self.log_format = log_format
        self._waiting = 0
        self._left_out = 0

    @abc.abstractmethod
    async def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write one line; `time` is what the answer took, in seconds."""

    @property
    def enabled(self) -> bool:
        """Whether a line would be read by anyone."""
        return True

    def begin(
        self, tasks: Tasks, request: BaseRequest, response: StreamResponse, time: float
    ) -> None:
        """Write one line in a task of its own, unless too many are written."""
        if self._waiting >= self.MOST_WAITING:
            self._left_out += 1
            return
        self._waiting += 1
        task = tasks.create_task(self.log(request, response, time), name="access log")
        task.add_done_callback(self._written)

    def _written(self, task: object) -> None:
        self._waiting -= 1
        if self._left_out and not self._waiting:
            count, self._left_out = self._left_out, 0
            self.logger.warning("%d lines of the access log were left out", count)


def _header(request: BaseRequest, name: str) -> str:
    return _escape(request._head.get(name, "-"))


def _answered(response: StreamResponse, name: str) -> str:
    return _escape(response.headers.get(name, "-"))


def _escape(text: str) -> str:
    # A log line stays one line, and what is quoted stays within its quotes, whatever a client
    # sends. Apache does so too.
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text if text.isprintable() else _escape_controls(text)


def _escape_controls(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _first_line(request: BaseRequest) -> str:
    version = request.version
    return f"{request.method} {_escape(request.raw_path)} HTTP/{version.major}.{version.minor}"


def _size(request: BaseRequest, response: StreamResponse, time: float) -> int:
    return request.exchange.output_size


_last_begin = (0, "")


def _begin(time: float) -> str:
    """When the request came, to the second: most lines of a second share the text."""
    global _last_begin
    second = int(now() - time)
    if second != _last_begin[0]:
        moment = datetime.datetime.fromtimestamp(second).astimezone()
        _last_begin = (second, moment.strftime("[%d/%b/%Y:%H:%M:%S %z]"))
    return _last_begin[1]


_PARTS: Final[dict[str, tuple[str, Part]]] = {
    "%": ("percent", lambda request, response, time: "%"),
    "a": ("remote_address", lambda request, response, time: request.remote or "-"),
    "t": ("request_start_time", lambda request, response, time: _begin(time)),
    "P": ("process_id", lambda request, response, time: f"<{os.getpid()}>"),
    "r": ("first_request_line", lambda request, response, time: _first_line(request)),
    "s": ("response_status", lambda request, response, time: response.status),
    "b": ("response_size", _size),
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
        extra: dict[str, Any] = {}
        for key, name, part in self._parts:
            value = part(request, response, time)
            values.append(value)
            if name is None:
                extra[key] = value
            elif key in extra:
                extra[key][name] = value
            else:
                extra[key] = {name: value}
        _tell(self.logger, self._template % tuple(values), extra)

    @property
    def enabled(self) -> bool:
        """Whether the logger takes lines of this level."""
        return self.logger.isEnabledFor(logging.INFO)


def _tell(logger: logging.Logger, line: str, extra: Mapping[str, object] | None) -> None:
    if type(logger) is not logging.Logger:
        logger.info(line, extra=extra)
    elif logger.isEnabledFor(logging.INFO):
        # What info() does, without looking through the stack for who called it.
        logger.handle(
            logger.makeRecord(logger.name, logging.INFO, __file__, 0, line, (), None, "log", extra)
        )


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
            lambda request, response, time: _answered(response, name),
        )
    value = os.environ.get(name, "-")
    return "environment", name, lambda request, response, time: value


_JSON_PARTS: Final[dict[str, Part]] = {
    "request_start_time": lambda request, response, time: datetime.datetime.fromtimestamp(
        now() - time, datetime.UTC
    ).isoformat(timespec="milliseconds"),
    "remote_address": lambda request, response, time: request.remote,
    "process_id": lambda request, response, time: os.getpid(),
    "first_request_line": lambda request, response, time: " ".join(
        (request.method, request.raw_path, f"HTTP/{request.version.major}.{request.version.minor}")
    ),
    "request_time": lambda request, response, time: round(time),
    "request_time_frac": lambda request, response, time: round(time, 6),
    "request_time_micro": lambda request, response, time: round(time * 1_000_000),
}


class JsonAccessLogger(AbstractAccessLogger):
    """Writes each line as a JSON object.

    Its members are what the placeholders of the format stand for, under the names that records of
    `AccessLogger` have (`remote_address`, `response_status`, `request_header`, ...); the text
    between them is left out. Times are in ISO 8601, numbers are numbers, and what is not there is
    null.
    """

    __slots__ = ("_parts",)

    def __init__(self, logger: logging.Logger, log_format: str = AccessLogger.LOG_FORMAT) -> None:
        super().__init__(logger, log_format)
        found = (_to_json_part(each) for each in _PLACEHOLDER.finditer(log_format))
        self._parts = [each for each in found if each[0] != "percent"]

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write one line."""
        line: dict[str, object] = {}
        groups: dict[str, dict[str, object]] = {}
        for key, name, part in self._parts:
            value = part(request, response, time)
            if name is None:
                line[key] = value
            else:
                if key not in groups:
                    line[key] = groups[key] = {}
                groups[key][name] = value
        # ASCII throughout: whatever a client sends, it is one line.
        _tell(self.logger, json.dumps(line), None)

    @property
    def enabled(self) -> bool:
        """Whether the logger takes lines of this level."""
        return self.logger.isEnabledFor(logging.INFO)


def _to_json_part(found: "re.Match[str]") -> tuple[str, str | None, Part]:
    key, name, part = _to_part(found)
    if name is None:
        return key, None, _JSON_PARTS.get(key, part)
    if key == "request_header":
        return key, name, lambda request, response, time: request._head.get(name)
    if key == "response_header":
        return key, name, lambda request, response, time: response.headers.get(name)
    value = os.environ.get(name)
    return key, name, lambda request, response, time: value
