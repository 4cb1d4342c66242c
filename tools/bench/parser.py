"""How many messages a second the twins scan, beside httptools with callbacks that keep headers.

    python -m tools.bench.parser

Measures the parser alone, in one process; httptools is left out where it is not installed.
"""

import argparse
import importlib.util
import timeit
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from multidict import CIMultiDict

from weft_http_parser import HTTP_11, Limits
from weft_http_parser._twin import _py

BROWSER = (
    b"GET /index.html?q=1 HTTP/1.1\r\nHost: example.org\r\nConnection: keep-alive\r\n"
    b"Cache-Control: max-age=0\r\nUpgrade-Insecure-Requests: 1\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    b"Chrome/126.0.0.0 Safari/537.36\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    b"Cookie: session=0123456789abcdef; theme=dark\r\n\r\n"
)
REQUESTS = {
    "tiny GET": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "12 headers": BROWSER,
    "30 headers": b"GET / HTTP/1.1\r\nHost: a\r\n"
    + b"".join(b"X-Custom-Header-%d: some value of %d\r\n" % (i, i) for i in range(29))
    + b"\r\n",
}
RESPONSE = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.25\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
    b"Content-Type: application/json; charset=utf-8\r\nContent-Length: 27\r\n"
    b"Connection: keep-alive\r\nETag: \"33a64df551425fcc55e\"\r\nVary: Accept-Encoding\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)  # fmt: skip
FIELDS = (
    ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "12"),
    ("Date", "Fri, 20 Nov 2026 10:00:00 GMT"), ("Server", "weft"), ("X-Request-ID", "0123456789"),
)  # fmt: skip


def rate(function: Callable[[], object], seconds: float) -> float:
    """Calls a second: the best of five rounds."""
    timer = timeit.Timer(function)
    count, taken = timer.autorange()
    count = max(1, round(count * seconds / 5 / max(taken, 1e-9)))
    return count / min(timer.repeat(5, count))


def scan_cases(twin: ModuleType) -> dict[str, Callable[[], object]]:
    """Each case as a call: the head alone, and the head with its headers made."""
    cases: dict[str, Callable[[], object]] = {}
    requests, responses = twin.HeadScanner(True, Limits()), twin.HeadScanner(False, Limits())
    for name, scanner, data in (
        *((name, requests, data) for name, data in REQUESTS.items()),
        ("response, 8 headers", responses, RESPONSE),
    ):
        cases[name] = partial(scanner.scan, data, 0)
        cases[f"{name}, .headers"] = partial(_headers, scanner, data)
    return cases | {
        "100 chunks of 10 B": _chunks(twin, b"a\r\n0123456789\r\n" * 100 + b"0\r\n\r\n"),
        "16 chunks of 64 KiB": _chunks(twin, b"10000\r\n" + bytes(65536) + b"\r\n"),
        "render 5 fields, tuple": partial(twin.render_response_head, 200, "OK", HTTP_11, FIELDS),
        "render 5 fields, CIMultiDict": _rendering(twin),
    }


def _headers(scanner: Any, data: bytes) -> object:
    return scanner.scan(data, 0).headers


def _chunks(twin: ModuleType, data: bytes) -> Callable[[], object]:
    limits = Limits()
    times = 1 if data.endswith(b"0\r\n\r\n") else 16

    def feed() -> None:
        scanner = twin.ChunkScanner(limits)
        for _ in range(times):
            scanner.feed(data, 0, [])

    return feed


def _rendering(twin: ModuleType) -> Callable[[], object]:
    headers = CIMultiDict(FIELDS)
    return partial(twin.render_response_head, 200, "OK", HTTP_11, headers)


class Collector:
    """The callbacks that httptools needs before anyone can see a header."""

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_message_begin(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))


def peer_cases() -> dict[str, Callable[[], object]]:
    """What httptools offers for the same input."""
    if importlib.util.find_spec("httptools") is None:
        return {}
    peer: Any = importlib.import_module("httptools")
    cases: dict[str, Callable[[], object]] = {}
    for name, data in REQUESTS.items():
        feed = peer.HttpRequestParser(Collector()).feed_data
        cases[name] = partial(feed, data)
    whole = RESPONSE + b"x" * 27
    feed = peer.HttpResponseParser(Collector()).feed_data
    cases["response, 8 headers"] = partial(feed, whole)
    return cases


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=0.5, help="for each figure")
    seconds = options.parse_args().seconds
    columns = {"py": scan_cases(_py), "httptools": peer_cases()}
    package = _py.__name__.removesuffix("._py")
    if importlib.util.find_spec(f"{package}._c") is not None:
        columns = {"c": scan_cases(importlib.import_module(f"{package}._c"))} | columns
    print(f"{'thousands a second':32}" + "".join(f"{name:>12}" for name in columns))
    for case in columns["py"]:
        line = f"{case:32}"
        for cases in columns.values():
            line += (
                f"{rate(cases[case], seconds) / 1000:12,.1f}" if case in cases else f"{'-':>12}"
            )
        print(line)


if __name__ == "__main__":
    main()
