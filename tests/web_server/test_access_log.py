import logging
import os
import re

import pytest
from support.serving import answer_to, last

from weft_web_server import (
    AbstractAccessLogger,
    AccessLogger,
    Application,
    BaseRequest,
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
