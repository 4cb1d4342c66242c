"""From a line to the streams of a logger, past its records where nobody would see the difference.

Decides when that is so: each handler that gets the line is one of logging's own for streams, and
writes the bare text. Whoever filters, formats, counts or makes records himself gets a record.
"""

import logging
from typing import Final, TypeAlias

Stream: TypeAlias = "logging.StreamHandler[object]"

_KINDS: Final = (logging.StreamHandler, logging.FileHandler)
_BARE: Final = "%(message)s"
_OWN: Final = {"emit", "handle", "format", "filter", "flush", "acquire", "release", "handleError"}


class Route:
    """The way of lines of one logger; `look` finds it anew, as levels and formats may change.

    What is added to the lists of a logger, or taken from them, is seen with the next line.
    """

    __slots__ = ("_handlers", "_lists", "_logger", "_seen")

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._handlers: tuple[tuple[Stream, logging.Formatter | None], ...] = ()
        self._lists: list[list[object]] = []
        self._seen: list[list[object]] = []
        self.look()

    def look(self) -> None:
        """Find the handlers that get a line, and whether all of them are plain."""
        handlers, self._lists = _find_handlers(self._logger)
        self._seen = [[*each] for each in self._lists]
        is_plain = (
            type(self._logger) is logging.Logger
            and not _OWN & vars(self._logger).keys()
            and not self._logger.filters
            and logging.getLogRecordFactory() is logging.LogRecord
            and all(_is_plain(each) for each in handlers)
        )
        # A handler for higher levels gets no line.
        self._handlers = (
            tuple((each, each.formatter) for each in handlers if each.level <= logging.INFO)  # type: ignore[misc]  # they are plain
            if is_plain
            else ()
        )

    def is_open(self) -> bool:
        """Whether lines may be written; otherwise they are to be records."""
        if self._lists != self._seen:
            self.look()
        return bool(self._handlers) and self._logger.isEnabledFor(logging.INFO)

    def write(self, line: str) -> None:
        """Write a line."""
        for handler, formatter in self._handlers:
            stream = handler.stream
            # One of a file that is closed, or not yet open; a formatter that has come since.
            if stream is None or handler.formatter is not formatter:
                handler.handle(_make_record(self._logger, line))
                continue
            with handler.lock:  # type: ignore[union-attr]  # there is one
                try:
                    stream.write(line + handler.terminator)  # type: ignore[attr-defined]  # as emit() does
                    stream.flush()  # type: ignore[attr-defined]  # the same
                except Exception:
                    handler.handleError(_make_record(self._logger, line))


def _find_handlers(logger: logging.Logger) -> tuple[list[logging.Handler], list[list[object]]]:
    """The handlers that a record of a logger comes to, and all the lists that say so."""
    handlers: list[logging.Handler] = []
    lists: list[list[object]] = [logger.filters]  # type: ignore[list-item]  # nobody writes to it
    each: logging.Logger | None = logger
    while each is not None:
        handlers += each.handlers
        lists.append(each.handlers)  # type: ignore[arg-type]  # the same
        each = each.parent if each.propagate else None
    lists += [handler.filters for handler in handlers]  # type: ignore[misc]  # the same
    return handlers, lists


def _is_plain(handler: logging.Handler) -> bool:
    formatter = handler.formatter
    return (
        type(handler) in _KINDS
        and not handler.filters
        and not _OWN & vars(handler).keys()
        and (
            formatter is None
            or (
                type(formatter) is logging.Formatter
                and type(formatter._style) is logging.PercentStyle
                and formatter._fmt == _BARE
                and not _OWN & vars(formatter).keys()
            )
        )
    )


def _make_record(logger: logging.Logger, line: str) -> logging.LogRecord:
    return logger.makeRecord(logger.name, logging.INFO, __file__, 0, line, (), None, "log")
