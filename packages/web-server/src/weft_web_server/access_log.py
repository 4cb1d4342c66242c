"""The access log: one line for each answer.

Decides what a line is to a logger: a record of it, or an object of JSON. The format language is
`access_line`'s, the way to a stream `access_route`'s.
"""

import abc
import datetime
import json
import logging
import os
from collections.abc import Callable, Mapping
from time import time as now
from typing import ClassVar, Final, TypeAlias

from .access_line import Placeholder, compile_line, find_placeholders, size_of
from .access_route import Route
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


class AccessLogger(AbstractAccessLogger):
    """Writes lines in the format language of Apache's logs.

    %% a percent sign · %a address of the peer · %t when the request came · %P process id ·
    %r first line of the request · %s status · %b bytes of body sent · %T %Tf %D time taken in
    seconds, with a fraction, in microseconds · %{Name}i field of the request · %{Name}o field of
    the response · %{NAME}e environment variable.
    """

    __slots__ = ("_line", "_route")

    LOG_FORMAT: ClassVar[str] = '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'

    def __init__(self, logger: logging.Logger, log_format: str = LOG_FORMAT) -> None:
        super().__init__(logger, log_format)
        self._line = compile_line(log_format)
        self._route = Route(logger)

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """Write one line."""
        line, route = self._line, self._route
        if route.is_open():
            route.write(line.text(request, response, time))
        else:
            values = line.values(request, response, time)
            _tell(self.logger, line.template % values, line.extra(values))

    @property
    def enabled(self) -> bool:
        """Whether the logger takes lines of this level."""
        self._route.look()  # as the server asks four times a second
        return self.logger.isEnabledFor(logging.INFO)


def _tell(logger: logging.Logger, line: str, extra: Mapping[str, object] | None) -> None:
    if type(logger) is not logging.Logger:
        logger.info(line, extra=extra)
    elif logger.isEnabledFor(logging.INFO):
        # What info() does, without looking through the stack for who called it.
        logger.handle(
            logger.makeRecord(logger.name, logging.INFO, __file__, 0, line, (), None, "log", extra)
        )


_JSON_PARTS: Final[dict[str, Part]] = {
    "request_start_time": lambda request, response, time: datetime.datetime.fromtimestamp(
        now() - time, datetime.UTC
    ).isoformat(timespec="milliseconds"),
    "remote_address": lambda request, response, time: request.remote,
    "process_id": lambda request, response, time: os.getpid(),
    "first_request_line": lambda request, response, time: " ".join(
        (request.method, request.raw_path, f"HTTP/{request.version.major}.{request.version.minor}")
    ),
    "response_status": lambda request, response, time: response.status,
    "response_size": lambda request, response, time: size_of(request, response),
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
        found = find_placeholders(log_format)
        self._parts = [_to_json_part(each) for each in found if each[0] != "percent"]

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


def _to_json_part(placeholder: Placeholder) -> tuple[str, str | None, Part]:
    key, name, _ = placeholder
    if name is None:
        return key, None, _JSON_PARTS[key]
    if key == "request_header":
        return key, name, lambda request, response, time: request._head.get(name)
    if key == "response_header":
        return key, name, lambda request, response, time: response.headers.get(name)
    value = os.environ.get(name)
    return key, name, lambda request, response, time: value
