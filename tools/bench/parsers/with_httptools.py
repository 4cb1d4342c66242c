"""httptools, with the callbacks that it needs before anyone can see a field or a body."""

from collections.abc import Mapping, Sequence

import httptools
from multidict import CIMultiDict

from tools.bench.messages import (
    CONNECTED,
    MATERIALISED,
    REQUESTS,
    RESPONSES,
    SCANNED,
    UNTOUCHED,
    UPLOADS,
)
from tools.bench.parsers.case import Case


class Collector:
    """Keeps what came, as a server on httptools does."""

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []

    def on_message_begin(self) -> None:
        self.fields = []
        self.body = []

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_body(self, data: bytes) -> None:
        self.body.append(data)


class Materialiser(Collector):
    """Makes the multidict as soon as all fields are there."""

    headers: CIMultiDict[str]

    def on_headers_complete(self) -> None:
        self.headers = CIMultiDict(
            [
                (name.decode(), value.decode("utf-8", "surrogateescape"))
                for name, value in self.fields
            ]
        )


def cases() -> Mapping[str, Case]:
    """Heads of a connection that is kept alive; each upload on a connection of its own."""
    cases: dict[str, Case] = {}
    for messages, parser in (
        (REQUESTS, httptools.HttpRequestParser),
        (RESPONSES, httptools.HttpResponseParser),
    ):
        for name, data in messages.items():
            cases[f"{name}: {UNTOUCHED}"] = parser(Collector()).feed_data, data
            cases[f"{name}: {MATERIALISED}"] = parser(Materialiser()).feed_data, data
    for name, reads in UPLOADS.items():
        cases[f"{name}: {SCANNED}"] = cases[f"{name}: {CONNECTED}"] = _feed, reads
    return cases


def _feed(reads: Sequence[bytes]) -> None:
    collector = Collector()
    feed = httptools.HttpRequestParser(collector).feed_data
    for data in reads:
        feed(data)
        collector.body.clear()
