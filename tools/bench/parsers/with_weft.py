"""weft's parser, by the twin that is asked for.

Heads come from the scanner, bodies and answers from a whole connection.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tools.bench.messages import (
    ABSENT,
    ABSENT_NAME,
    ANSWER,
    CONNECTED,
    CYCLE,
    MATERIALISED,
    REQUESTS,
    RESPONSES,
    SCANNED,
    UNTOUCHED,
    UPLOADS,
)
from tools.bench.parsers.case import Case
from weft_http_parser import (
    BACKEND,
    HTTP_11,
    ChunkScanner,
    HeadScanner,
    Http1Connection,
    RequestHead,
    ResponseHead,
    Role,
    frame_request,
    render_response_head,
)
from weft_http_parser.limits import DEFAULT_LIMITS

_FIELDS = (("Content-Type", "text/plain"), ("Content-Length", "13"))


class _Scanner(Protocol):
    def scan(self, buffer: bytes, start: int) -> RequestHead | ResponseHead | None: ...


def scanner(is_request: bool, twin: str) -> _Scanner:
    """A scanner of the twin named `_c` or `_py`."""
    module = importlib.import_module(f"weft_http_parser._twin.{twin}")
    made: _Scanner = module.HeadScanner(is_request, DEFAULT_LIMITS)
    return made


def head_cases(twin: str) -> Mapping[str, Case]:
    """Heads as they come, and with their fields made."""
    cases: dict[str, Case] = {}
    for messages, is_request in ((REQUESTS, True), (RESPONSES, False)):
        scan = scanner(is_request, twin).scan
        for name, data in messages.items():
            cases[f"{name}: {UNTOUCHED}"] = scan, data, 0
            cases[f"{name}: {MATERIALISED}"] = _make_fields, scan, data
    head = scanner(True, twin).scan(REQUESTS["12 fields"], 0)
    assert head is not None
    cases[f"12 fields: {ABSENT}"] = head.get, ABSENT_NAME
    return cases


def connection_cases() -> Mapping[str, Case]:
    """Bodies and answers, through a connection on the chosen twin."""
    cases: dict[str, Case] = {}
    for name, reads in UPLOADS.items():
        cases[f"{name}: {SCANNED}"] = _scan, reads
        cases[f"{name}: {CONNECTED}"] = _receive, reads
    connection = Http1Connection(Role.SERVER)
    cases[f"12 fields: {CYCLE}"] = _answer, connection, REQUESTS["12 fields"]
    return cases


def cases() -> Mapping[str, Case]:
    """What the chosen twin can do."""
    return {**head_cases(f"_{BACKEND}"), **connection_cases()}


def make_reader() -> Callable[[bytes], object]:
    """What makes a request head of bytes."""
    scan = scanner(True, f"_{BACKEND}").scan
    return lambda data: scan(data, 0)


def _make_fields(
    scan: Callable[[bytes, int], RequestHead | ResponseHead | None], data: bytes
) -> object:
    head = scan(data, 0)
    assert head is not None
    return head.headers


def _receive(reads: Sequence[bytes]) -> None:
    receive = Http1Connection(Role.SERVER).receive
    for data in reads:
        receive(data)


def _scan(reads: Sequence[bytes]) -> None:
    heads, chunks = HeadScanner(True, DEFAULT_LIMITS), ChunkScanner(DEFAULT_LIMITS)
    head = heads.scan(reads[0], 0)
    assert isinstance(head, RequestHead)
    frame_request(head)
    rest, at = b"", heads.end
    for read in reads:
        data = rest + read if rest else read
        taken = chunks.feed(data, at, [])
        rest, at = data[taken:], 0


def _answer(connection: Http1Connection, data: bytes) -> object:
    connection.receive(data)
    head = render_response_head(200, "OK", HTTP_11, _FIELDS)
    sent = connection.send_whole(head, ANSWER)
    connection.next_cycle()
    return sent
