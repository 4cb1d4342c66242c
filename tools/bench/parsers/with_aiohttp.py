"""aiohttp's C parser, which makes every field of a head and a stream for a body."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import http_parser
from aiohttp.base_protocol import BaseProtocol

from tools.bench.messages import (
    ABSENT,
    ABSENT_NAME,
    CONNECTED,
    MATERIALISED,
    REQUESTS,
    RESPONSES,
    SCANNED,
    UNTOUCHED,
    UPLOADS,
)
from tools.bench.parsers.case import Case

_LIMIT = 2**20  # of the stream: nobody is there to pause


def cases() -> Mapping[str, Case]:
    """Heads of a connection that is kept alive; each upload on a connection of its own."""
    loop = asyncio.new_event_loop()
    cases: dict[str, Case] = {}
    for messages, kind in (
        (REQUESTS, http_parser.HttpRequestParser),
        (RESPONSES, http_parser.HttpResponseParser),
    ):
        for name, data in messages.items():
            feed = make_parser(kind, loop).feed_data
            cases[f"{name}: {UNTOUCHED}"] = cases[f"{name}: {MATERIALISED}"] = feed, data
    head = make_reader()(REQUESTS["12 fields"])
    cases[f"12 fields: {ABSENT}"] = head.headers.get, ABSENT_NAME
    for name, reads in UPLOADS.items():
        cases[f"{name}: {SCANNED}"] = cases[f"{name}: {CONNECTED}"] = _feed, loop, reads
    return cases


def make_reader() -> Callable[[bytes], Any]:
    """What makes a raw request message of bytes; the stream beside it is left out."""
    feed = make_parser(http_parser.HttpRequestParser, asyncio.new_event_loop()).feed_data
    return lambda data: feed(data)[0][0][0]


def make_parser(kind: Any, loop: asyncio.AbstractEventLoop) -> Any:
    """A parser with the limits that aiohttp's server and client give it."""
    return kind(
        BaseProtocol(loop), loop, _LIMIT, max_line_size=8190, max_field_size=8190, max_headers=128
    )


def _feed(loop: asyncio.AbstractEventLoop, reads: Sequence[bytes]) -> None:
    feed = make_parser(http_parser.HttpRequestParser, loop).feed_data
    stream = None
    for data in reads:
        messages = feed(data)[0]
        if messages:
            stream = messages[0][1]
        if stream is not None:
            stream.read_nowait()
