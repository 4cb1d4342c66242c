import asyncio
import io
import json
import logging
import os
import re
from typing import Any

import pytest
from support.serving import answer_to, get, last, talking

from weft_web_server import (
    AbstractAccessLogger,
    AbstractAsyncAccessLogger,
    AccessLogger,
    Application,
    BaseRequest,
    JsonAccessLogger,
    Request,
    Response,
    StreamResponse,
)

log = logging.getLogger("tests.access")


async def hello(request: Request) -> StreamResponse:
    return Response(text="hello", headers={"X-Out": "out"})


async def line_of(caplog: pytest.LogCaptureFixture, log_format: str, sent: bytes) -> str:
    app = Application()
    app.router.add_get("/", hello)
    with caplog.at_level(logging.INFO, "tests.access"):
        await answer_to(app, sent, access_log=log, access_log_format=log_format)
    (record,) = (record for record in caplog.records if record.name == "tests.access")
    return record.getMessage()


@pytest.mark.parametrize(
    ("log_format", "pattern"),
    [
        (AccessLogger.LOG_FORMAT, r'127\.0\.0\.1 \[.*\] "GET / HTTP/1\.1" 200 5 "-" "me"'),
        ("%% 100%", "% 100%"),
        ("%P", f"<{os.getpid()}>"),
        ("%T %Tf %D", r"0 0\.\d{6} \d+"),
        ("%{X-In}i %{X-Out}o %{NONE_SUCH}e", "in out -"),
        ("%t", r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"),
    ],
)
async def test_format(caplog: pytest.LogCaptureFixture, log_format: str, pattern: str) -> None:
    line = await line_of(caplog, log_format, last("/", "User-Agent: me", "X-In: in"))
    assert re.fullmatch(pattern, line), line


async def test_line_stays_one_line(caplog: pytest.LogCaptureFixture) -> None:
    line = await line_of(caplog, "%r %{X}i", last("/?\u2028", "X: a\u0085b"))
    assert line.isprintable()


async def test_own_class() -> None:
    lines: list[tuple[str, int]] = []

    class Mine(AbstractAccessLogger):
        def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
            assert time >= 0 and self.enabled
            lines.append((request.path, response.status))

    app = Application()
    await answer_to(app, last("/x"), access_log=log, access_log_class=Mine)
    assert lines == [("/x", 404)]


async def test_nothing_is_formatted_when_nobody_reads() -> None:
    class Mine(AccessLogger):
        def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
            raise AssertionError

    log.setLevel(logging.WARNING)
    try:
        assert await answer_to(Application(), last(), access_log=log, access_log_class=Mine)
    finally:
        log.setLevel(logging.NOTSET)


async def test_a_log_that_fails_harms_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    class Mine(AbstractAccessLogger):
        def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
            raise ValueError

    answer = await answer_to(Application(), last(), access_log=log, access_log_class=Mine)
    assert answer.startswith(b"HTTP/1.1 404")
    assert "the access log failed" in caplog.text


async def echo(request: Request) -> StreamResponse:
    response = Response(text="x" * 5000, headers={"X-Out": request.query.get("out", "")})
    if "shared" in request.query:
        response.enable_compression()
    if "stream" in request.query:
        stream = StreamResponse()
        await stream.prepare(request)
        await stream.write(b"1234567")
        return stream
    if "none" in request.query:
        return Response(status=304)
    return response


async def lines_of(
    caplog: pytest.LogCaptureFixture, sent: bytes, **options: Any
) -> list[logging.LogRecord]:
    app = Application()
    app.router.add_get("/", echo)
    caplog.clear()
    with caplog.at_level(logging.INFO, "tests.access"):
        await answer_to(app, sent, access_log=log, **options)
    return [record for record in caplog.records if record.name == "tests.access"]


@pytest.mark.parametrize(
    ("sent", "size"),
    [
        (last("/"), "5000"),
        (last("/", method="HEAD"), "0"),
        (last("/?none"), "0"),
        (last("/?stream"), "7"),
        (last("/?shared", "Accept-Encoding: gzip"), "38"),
        (last("/none"), "14"),
    ],
)
async def test_size_is_what_went_out(
    caplog: pytest.LogCaptureFixture, sent: bytes, size: str
) -> None:
    (line,) = await lines_of(caplog, sent, access_log_format="%b")
    assert abs(int(line.getMessage()) - int(size)) < 5  # zlib's ways vary


HOSTILE = last("/?out=%22%E2%80%A8%5C", 'X: a" 200 5 "b\\', "Y: tab\there\u2028")


async def test_what_clients_send_stays_in_its_place(caplog: pytest.LogCaptureFixture) -> None:
    log_format = '"%r" "%{X}i" "%{Y}i" "%{X-Out}o"'
    (line,) = await lines_of(caplog, HOSTILE, access_log_format=log_format)
    text = line.getMessage()
    assert text.isprintable()
    # Quotes that a value brings are escaped, so those of the format are all that end a value.
    assert re.findall(r'"((?:[^"\\]|\\.)*)"', text)[1:] == [
        r"a\" 200 5 \"b\\",
        r"tab\there\u2028",
        r"\"\u2028\\",
    ]


async def test_json(caplog: pytest.LogCaptureFixture) -> None:
    log_format = '%a "%r" %s %b %t %P %T %Tf %D %{X}i %{None}i %{X-Out}o %{No}o %{NO_SUCH}e %%'
    (record,) = await lines_of(
        caplog, HOSTILE, access_log_class=JsonAccessLogger, access_log_format=log_format
    )
    text = record.getMessage()
    assert text.isascii() and text.isprintable()
    line = json.loads(text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line.pop("request_start_time"))
    assert 0 <= line.pop("request_time_frac") < 10 and 0 <= line.pop("request_time_micro") < 10**7
    assert line == {
        "remote_address": "127.0.0.1",
        "first_request_line": "GET /?out=%22%E2%80%A8%5C HTTP/1.1",
        "response_status": 200,
        "response_size": 5000,
        "process_id": os.getpid(),
        "request_time": 0,
        "request_header": {"X": 'a" 200 5 "b\\', "None": None},
        "response_header": {"X-Out": '"\u2028\\', "No": None},
        "environment": {"NO_SUCH": None},
    }


async def test_json_by_default(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = await lines_of(caplog, last("/x"), access_log_class=JsonAccessLogger)
    line = json.loads(record.getMessage())
    assert line["response_status"] == 404
    assert line["request_header"] == {"Referer": None, "User-Agent": None}
    log.setLevel(logging.WARNING)
    try:
        assert not JsonAccessLogger(log).enabled
    finally:
        log.setLevel(logging.NOTSET)


async def test_a_log_that_takes_a_while(caplog: pytest.LogCaptureFixture) -> None:
    goes_on = asyncio.Event()
    seen: list[str] = []

    class Slow(AbstractAsyncAccessLogger):
        MOST_WAITING = 2

        async def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
            assert self.enabled and time >= 0 and self.log_format == "%a"
            await goes_on.wait()
            seen.append(f"{request.path} {response.status}")

    app = Application()
    app.router.add_get("/", echo)
    options: Any = {"access_log_class": Slow, "access_log_format": "%a"}
    async with talking(app, access_log=log, **options) as peer:
        for _ in range(4):
            await peer.send(get("/"))
            await peer.read_response()  # which waits for no line
        assert seen == []
        goes_on.set()
    assert seen == ["/ 200"] * 2  # written before the server has ended
    assert "2 lines of the access log were left out" in caplog.text


async def test_a_slow_log_that_fails_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(AbstractAsyncAccessLogger):
        async def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
            raise ValueError

    assert await lines_of(caplog, last("/"), access_log_class=Broken) == []
    assert "the background task access log failed" in caplog.text


@pytest.mark.parametrize("kind", [AccessLogger, JsonAccessLogger])
async def test_a_logger_of_another_kind_is_told_by_info(kind: type[AbstractAccessLogger]) -> None:
    told: list[str] = []

    class Own(logging.Logger):
        def info(self, msg: object, *args: object, **kwargs: Any) -> None:
            told.append(str(msg))

    await answer_to(Application(), last("/x"), access_log=Own("own"), access_log_class=kind)
    assert len(told) == 1 and "/x" in told[0]


async def test_a_record_is_as_any_other(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = await lines_of(caplog, last("/100%25?%25s"), access_log_format="%r %s")
    assert record.getMessage() == "GET /100%25?%25s HTTP/1.1 404"
    assert record.levelname == "INFO" and record.name == "tests.access"
    assert record.__dict__["response_status"] == 404
    assert record.filename == "access_log.py" and record.funcName == "log"
    log.disabled = True
    try:
        assert await lines_of(caplog, last("/")) == []
    finally:
        log.disabled = False


async def test_a_line_that_nobody_takes(caplog: pytest.LogCaptureFixture) -> None:
    class Eager(AccessLogger):
        @property
        def enabled(self) -> bool:
            return True

    app = Application()
    with caplog.at_level(logging.WARNING, "tests.access"):
        await answer_to(app, last("/"), access_log=log, access_log_class=Eager)
    assert not caplog.records


async def test_a_plain_stream_gets_bare_lines() -> None:
    logger = logging.Logger("own", logging.INFO)
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    app = Application()
    app.router.add_get("/", hello)
    options: Any = {"access_log": logger, "access_log_format": '"%r" %s %b'}
    await answer_to(app, get("/") + last("/none"), **options)
    lines = ['"GET / HTTP/1.1" 200 5', '"GET /none HTTP/1.1" 404 14']
    assert handler.stream.getvalue().splitlines() == lines
