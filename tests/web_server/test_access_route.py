"""A line goes past records only where nobody could see the difference."""

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weft_web_server.access_route import Route


@pytest.fixture
def logger() -> logging.Logger:
    """One that nobody else knows, as those who capture logs do."""
    return logging.Logger("own", logging.INFO)


def add_stream(logger: logging.Logger) -> "logging.StreamHandler[io.StringIO]":
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    return handler


def test_plain_handlers_get_the_line(logger: logging.Logger, tmp_path: Path) -> None:
    logger.parent = parent = logging.Logger("parent")
    handler, above, higher = add_stream(logger), add_stream(parent), add_stream(logger)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.terminator = "|"
    higher.setLevel(logging.ERROR)
    file = logging.FileHandler(tmp_path / "log", delay=True)
    logger.addHandler(file)
    route = Route(logger)
    assert route.is_open()
    for line in ("one", "two"):
        route.write(line)
    file.close()
    assert handler.stream.getvalue() == "one|two|"
    assert above.stream.getvalue() == "one\ntwo\n"
    assert higher.stream.getvalue() == ""
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def no_handler(logger: logging.Logger) -> None:
    logger.handlers.clear()


def own_kind(logger: logging.Logger) -> None:
    class Own(logging.StreamHandler[Any]):
        pass

    logger.addHandler(Own(io.StringIO()))


def handler_filter(logger: logging.Logger) -> None:
    logger.handlers[0].addFilter(lambda record: True)


def logger_filter(logger: logging.Logger) -> None:
    logger.addFilter(lambda record: True)


def disabled(logger: logging.Logger) -> None:
    logger.disabled = True


def own_format(logger: logging.Logger) -> None:
    logger.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(message)s"))


def other_style(logger: logging.Logger) -> None:
    logger.handlers[0].setFormatter(logging.Formatter("{message}", style="{"))


def own_emit(logger: logging.Logger) -> None:
    logger.handlers[0].emit = lambda record: None  # type: ignore[method-assign]  # as some do


def own_handle(logger: logging.Logger) -> None:
    logger.handle = lambda record: None  # type: ignore[method-assign]  # the same


SEEN_AT_ONCE = [no_handler, own_kind, handler_filter, logger_filter, disabled]


@pytest.mark.parametrize("change", [*SEEN_AT_ONCE, own_format, other_style, own_emit, own_handle])
def test_whoever_looks_at_records_gets_them(
    logger: logging.Logger, change: Callable[[logging.Logger], None]
) -> None:
    add_stream(logger)
    route = Route(logger)
    assert route.is_open()
    change(logger)
    if change not in SEEN_AT_ONCE:
        route.look()
    assert not route.is_open()


def test_own_records(logger: logging.Logger) -> None:
    add_stream(logger)
    logging.setLogRecordFactory(lambda *args, **named: logging.LogRecord(*args, **named))
    try:
        assert not Route(logger).is_open()
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    assert not Route(type("Own", (logging.Logger,), {})("own")).is_open()


def test_a_stream_that_fails(logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    handler = add_stream(logger)
    handler.stream.close()
    Route(logger).write("lost")
    told = capsys.readouterr().err
    assert "--- Logging error ---" in told and "lost" in told


def test_a_formatter_that_comes_later(logger: logging.Logger) -> None:
    handler = add_stream(logger)
    route = Route(logger)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    route.write("line")
    assert handler.stream.getvalue() == "INFO line\n"
