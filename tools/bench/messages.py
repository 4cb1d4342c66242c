"""What parsers are measured on: the bytes, and how far ahead weft means to be.

Knows bytes and numbers only. Each case has a title; a contender that has no answer to a case leaves
it out.
"""

from collections.abc import Mapping
from typing import Final

from tools.bench.goals import Goal

_BROWSER: Final = (
    b"Host: example.org\r\nConnection: keep-alive\r\n"
    b"Cache-Control: max-age=0\r\nUpgrade-Insecure-Requests: 1\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    b"Chrome/126.0.0.0 Safari/537.36\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    b"Cookie: session=0123456789abcdef; theme=dark\r\n\r\n"
)
_CUSTOM: Final = b"".join(
    b"X-Custom-Header-%d: some value of %d\r\n" % (number, number) for number in range(29)
)
REQUESTS: Final[Mapping[str, bytes]] = {
    "tiny GET": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "12 fields": b"GET /index.html?q=1 HTTP/1.1\r\n" + _BROWSER,
    "30 fields": b"GET / HTTP/1.1\r\nHost: a\r\n" + _CUSTOM + b"\r\n",
}
RESPONSES: Final[Mapping[str, bytes]] = {
    "response, 8 fields": b"HTTP/1.1 200 OK\r\nServer: nginx/1.25\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json; charset=utf-8\r\n"
    b'Content-Length: 0\r\nConnection: keep-alive\r\nETag: "33a64df551425fcc55e"\r\n'
    b"Vary: Accept-Encoding\r\nCache-Control: no-store\r\n\r\n"
}
_UPLOAD: Final = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_LAST: Final = b"0\r\n\r\n"
_READ_BYTES: Final = 262_144  # what asyncio and uvloop take from a socket at most


def _cut(wire: bytes) -> tuple[bytes, ...]:
    return tuple(wire[at : at + _READ_BYTES] for at in range(0, len(wire), _READ_BYTES))


UPLOADS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "100 chunks of 10 B": _cut(_UPLOAD + b"a\r\n0123456789\r\n" * 100 + _LAST),
    "16 chunks of 64 KiB": _cut(_UPLOAD + (b"10000\r\n" + bytes(65_536) + b"\r\n") * 16 + _LAST),
}
"""Chunked requests, each on a new connection, in the reads in which they come.

What a read brought is dropped with the next. Parsed, which is what httptools and aiohttp's parser
do, and through a connection, which is what h11 is: a contender that has one way only has it twice.
"""

ANSWER: Final = b"Hello, World!"
UNTOUCHED, MATERIALISED, CYCLE, ABSENT = "head", "CIMultiDict", "answered", "a field not there"
SCANNED, CONNECTED = "parsed", "connection"
ABSENT_NAME: Final = "X-Request-ID"


def _goals(aiohttp: float, httptools: float) -> tuple[Goal, ...]:
    return Goal("weft", "aiohttp", aiohttp), Goal("weft", "httptools", httptools)


def plan_cases() -> Mapping[str, tuple[Goal, ...]]:
    """Every case by its title, with its goals."""
    cases: dict[str, tuple[Goal, ...]] = {}
    for name in (*REQUESTS, *RESPONSES):
        cases[f"{name}: {UNTOUCHED}"] = (*_goals(10, 5), Goal("weft, Python", "h11", 3))
        cases[f"{name}: {MATERIALISED}"] = _goals(4, 2)
    cases[f"12 fields: {CYCLE}"] = (Goal("weft, Python", "h11", 3),)
    cases[f"12 fields: {ABSENT}"] = (Goal("weft", "aiohttp", 1),)
    for way in (SCANNED, CONNECTED):
        cases[f"100 chunks of 10 B: {way}"] = (*_goals(10, 2), Goal("weft, Python", "h11", 3))
        cases[f"16 chunks of 64 KiB: {way}"] = _goals(1, 1)
    return cases
