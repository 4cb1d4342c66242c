"""What is measured: the requests that are sent and the contenders that answer or send them.

Knows names and bytes only; processes and figures live elsewhere.
"""

import attrs

POST_BODY = b"x" * 1024
LARGE_BODY = b"y" * 102_400
UPLOAD = b"z" * 1_048_576
FILE_BODY = bytes(range(256)) * 256
FILE_NAME = "64k.bin"
PIPELINED = 16
BROWSER_FIELDS = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Accept-Language: en-US,en;q=0.5\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Referer: http://127.0.0.1/from\r\n"
    b"Connection: keep-alive\r\n"
    b"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    b"Upgrade-Insecure-Requests: 1\r\n"
    b"Sec-Fetch-Dest: document\r\n"
    b"Sec-Fetch-Mode: navigate\r\n"
    b"Sec-Fetch-Site: same-origin\r\n"
)


@attrs.frozen
class ServerCase:
    """One kind of request that a server answers: the bytes sent and what must come back."""

    name: str
    title: str
    request: bytes
    expects: bytes
    count: int = 1
    """Requests in those bytes, which are sent at once; each has that answer."""
    place: str = "port"
    """Which application is asked: `port` or `busy_port`, which has middlewares and a log."""


def _get(target: bytes, fields: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + b"\r\n"


SERVER_CASES = (
    ServerCase("plaintext", "plaintext", _get(b"/"), b"Hello, World!"),
    ServerCase("browser", "12 browser fields", _get(b"/", BROWSER_FIELDS), b"Hello, World!"),
    ServerCase("json", "JSON", _get(b"/json"), b'{"message": "Hello, World!"}'),
    ServerCase("parameter", "path parameter", _get(b"/users/4711"), b"4711"),
    ServerCase(
        "post",
        "POST 1 KiB",
        b"POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Length: 1024\r\n\r\n" + POST_BODY,
        POST_BODY,
    ),
    ServerCase("large", "100 KiB answer", _get(b"/large"), LARGE_BODY),
    ServerCase(
        "upload",
        "1 MiB read whole",
        b"PUT /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Length: 1048576\r\n\r\n" + UPLOAD,
        b"1048576",
    ),
    ServerCase("file", "file of 64 KiB", _get(b"/static/" + FILE_NAME.encode()), FILE_BODY),
    ServerCase(
        "pipelined",
        f"pipelined x {PIPELINED}",
        _get(b"/pipelined") * PIPELINED,
        b"Hello, World!",
        count=PIPELINED,
    ),
    ServerCase("busy", "3 middlewares, log", _get(b"/"), b"Hello, World!", place="busy_port"),
)

LIMIT = "bare"  # a uvloop protocol that does not parse: the least that a request can cost
RIVAL = "aiohttp"
CONTENDERS = ("weft", RIVAL, LIMIT)
PEERS = ("granian",)  # of the server's suite, where they are installed
SUITES = ("server", "client", "parser", "routing", "websocket")
