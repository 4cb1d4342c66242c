"""A compiled format gives the same values as text, for a record, and one by one."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from support.serving import answer_to, last

from weft_web_server import (
    AbstractAccessLogger,
    Application,
    AppRunner,
    BaseRequest,
    StreamResponse,
    UnixSite,
)
from weft_web_server.access_line import compile_line, escape, find_placeholders, size_of

LOG = logging.getLogger("tests.line")
SEEN: list[Any] = []


class Keep(AbstractAccessLogger):
    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        line = compile_line(self.log_format)
        values = line.values(request, response, time)
        assert line.text(request, response, time) == line.template % values
        assert size_of(request, response) == request.exchange.output_size
        SEEN[:] = [values, line.extra(values)]


async def values_of(log_format: str, sent: bytes) -> tuple[tuple[object, ...], dict[str, Any]]:
    options: Any = {"access_log": LOG, "access_log_class": Keep, "access_log_format": log_format}
    await answer_to(Application(), sent, **options)
    return SEEN[0], SEEN[1]


async def test_extra_of_records() -> None:
    log_format = "%a %s %% %{A}i %{B}o %{C}i %{NONE_SUCH}e %b"
    values, extra = await values_of(log_format, last("/", "A: 1", "C: 2"))
    assert values == ("127.0.0.1", 404, "%", "1", "-", "2", "-", 14)
    assert extra == {
        "remote_address": "127.0.0.1",
        "response_status": 404,
        "percent": "%",
        "request_header": {"A": "1", "C": "2"},
        "response_header": {"B": "-"},
        "environment": {"NONE_SUCH": "-"},
        "response_size": 14,
    }


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_version_of_the_first_line(version: str) -> None:
    sent = f"GET /a HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    assert (await values_of("%r", sent))[0] == (f"GET /a HTTP/{version}",)


async def test_a_format_is_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTED", "'\"{0}\\ %s")
    log_format = "'\"{0}\\ {request} %d %\n%{QUOTED}e"
    options = compile_line(log_format)
    assert options.template == "'\"{0}\\ {request} %%d %%\n%s"
    values, extra = await values_of(log_format, last())
    assert values == (os.environ["QUOTED"],)
    assert extra == {"environment": {"QUOTED": os.environ["QUOTED"]}}
    assert compile_line("").template == ""


async def test_a_request_of_another_kind_says_where_it_is_from() -> None:
    class Behind(Keep):
        def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
            super().log(request.clone(remote="10.0.0.1"), response, time)

    options: Any = {"access_log": LOG, "access_log_class": Behind, "access_log_format": "%a"}
    await answer_to(Application(), last(), **options)
    assert SEEN[0] == ("10.0.0.1",)


def test_escape() -> None:
    assert escape(None) == "-"
    assert escape("plain é") == "plain é"
    assert escape('"\\\r\n\x7f') == '\\"\\\\\\r\\n\\x7f'


def test_placeholders() -> None:
    assert find_placeholders("%a%{X}i%Tf%Q") == [
        ("remote_address", None, "a"),
        ("request_header", "X", None),
        ("request_time_frac", None, "Tf"),
    ]


async def test_a_peer_without_an_address(tmp_path: Path) -> None:
    options: Any = {"access_log": LOG, "access_log_class": Keep, "access_log_format": "%a"}
    runner = AppRunner(Application(), **options)
    await runner.setup()
    await UnixSite(runner, str(tmp_path / "s")).start()
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
    writer.write(last())
    await reader.read()
    writer.close()
    await writer.wait_closed()
    await runner.cleanup()
    assert SEEN[0] == ("-",)
