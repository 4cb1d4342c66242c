"""Targets over the twins of weft_http_parser: heads, chunks, rendering."""

from random import Random
from types import ModuleType

from multidict import CIMultiDict

from tools.fuzz.mutate import cut, damage
from tools.fuzz.seeds import behind_head, read_cases
from weft_http_parser import HTTP_10, HTTP_11, HeaderInjection, Limits, ProtocolError
from weft_http_parser._twin import _py

REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\n\r\nPOST /a?b=c HTTP/1.1\r\nhost: [::1]:80\r\nContent-Length: 3\r\n\r\nabc",
    b"OPTIONS * HTTP/1.0\r\nExpect: 100-continue\r\nConnection: x, Upgrade\r\nUpgrade: h\r\n\r\n",
    b"BREW http://a/\xff%41 HTTP/1.1\r\nHost: a%41b\r\nX-\xc3\xa9: 1\r\nCookie: \t a=\xe9 \t\r\n\r\n",
    b"GET /" + b"x" * 60 + b" HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\n"
    b"Accept-Encoding: gzip, deflate, br\r\nUser-Agent: Mozilla/5.0 (X11)\r\n"
    b"If-None-Match: \"x\"\r\nx-custom:\r\ncontent-type:a/b\r\n\r\nGET / HTTP/1.1\r\n",
)  # fmt: skip
RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: x\r\n\r\n",
    b"HTTP/1.0 404\r\n\r\n",
    b"HTTP/1.1 503 \xc3\xa9 Not \t Here\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\n\r\nbody",
)
BODIES = (
    b"3\r\nabc\r\n0\r\n\r\nGET",
    b"5;x=y\r\nhello\r\nA ; q=\"1\"\r\n0123456789\r\n000\r\nTrailer: x\r\nX-Y:  z \r\n\r\n",
    b"1\r\na\r\n" * 30 + b"0;last\r\n\r\n",
    b"FFFFFFFFFFFFFFFF\r\n", b"7FFFFFFFFFFFFFFF\r\nab", b"00000000000000000a\r\n",
)  # fmt: skip
ALL_BODIES = (*BODIES, *behind_head(read_cases("bodies")))
ALL_REQUESTS = (*REQUESTS, *read_cases("requests"), *read_cases("bodies"))
ALL_RESPONSES = (*RESPONSES, *read_cases("responses"))
TEXTS = (
    "",
    "a",
    "GET",
    "Host",
    "x-y",
    "é",
    "\udcff",
    "\ud800",
    "a b",
    "a\tb",
    "a\r\nb",
    "\0",
    "\x7f",
)


def random_limits(random: Random) -> Limits:
    """Limits as they are, or so small that they bite."""
    if random.random() < 0.5:
        return Limits()
    return Limits(
        line=random.choice((10, 20, 40, 8190)),
        field=random.choice((5, 16, 30, 8190)),
        fields=random.choice((0, 1, 2, 4, 128)),
        head=random.choice((16, 40, 100, 65536)),
        empty_lines=random.choice((0, 1, 4)),
        chunk_line=random.choice((3, 8, 15, 18, 4096)),
        chunk_extensions=random.choice((0, 3, 10, 16384)),
        trailer_fields=random.choice((0, 1, 32)),
        trailers=random.choice((1, 2, 10, 16384)),
    )


class HeadTarget:
    """One scanner over one input in pieces, until it raises or the input ends."""

    def __init__(self, random: Random) -> None:
        self.is_request = random.random() < 0.6
        self.data = damage(
            random, random.choice(ALL_REQUESTS if self.is_request else ALL_RESPONSES)
        )
        self.start = random.choice((0, 0, 3))
        self.data = b"xyz"[: self.start] + self.data
        self.cuts = cut(random, len(self.data))
        self.limits = random_limits(random)
        self.is_bytes = random.random() < 0.8

    def run(self, twin: ModuleType) -> list[object]:
        scanner = twin.HeadScanner(self.is_request, self.limits)
        seen: list[object] = []
        start = self.start
        try:
            for stop in [*self.cuts, len(self.data)]:
                if stop < start:
                    continue
                part = self.data[:stop] if self.is_bytes else bytearray(self.data[:stop])
                head = scanner.scan(part, start)
                seen.append(None if head is None else describe(head))
                if head is not None:
                    seen.append(scanner.end)
                    start = scanner.end
        except ProtocolError as exc:
            seen.append((exc.reason, exc.offset))
        return seen


def describe(head: object) -> list[object]:
    """All that a head shows, in an order that varies what is made first."""
    names = ["marks", "raw", "version", "framing", "persistent", "wants_upgrade", "raw_headers"]
    if hasattr(head, "method"):
        names += ["method", "target", "expects_continue"]
    else:
        names += ["status", "reason"]
    shown: list[object] = [getattr(head, name) for name in names]
    shown.append(repr(head))
    for name in ("host", "X-Y", "set-cookie", "COOKIE", "é", "connection", "\u212acookie"):
        shown.append((head.get(name), head.get(name, "-"), head.get_all(name)))  # type: ignore[attr-defined]  # both heads
    headers = head.headers  # type: ignore[attr-defined]  # both heads
    shown.append([(type(key), str(key), value) for key, value in headers.items()])
    return shown


class ChunkTarget:
    """One scanner over one body in pieces, kept as a connection keeps them."""

    def __init__(self, random: Random) -> None:
        self.data = damage(random, random.choice(ALL_BODIES))
        self.cuts = cut(random, len(self.data))
        self.limits = random_limits(random)
        self.is_bytes = random.random() < 0.8

    def run(self, twin: ModuleType) -> list[object]:
        scanner = twin.ChunkScanner(self.limits)
        seen: list[object] = []
        taken = 0
        try:
            for stop in [*self.cuts, len(self.data)]:
                out: list[bytes] = []
                part = self.data[taken:stop] if self.is_bytes else bytearray(self.data[taken:stop])
                taken += scanner.feed(part, 0, out)
                seen.append((taken, out, scanner.done, scanner.ends, list(scanner.trailers)))
        except ProtocolError as exc:
            seen.append((exc.reason, exc.offset, out, scanner.ends, scanner.done))
        return seen


class RenderTarget:
    """A head or field lines from text, much of it not allowed."""

    def __init__(self, random: Random) -> None:
        pairs = [
            (self._text(random, 1), self._text(random, 2)) for _ in range(random.randrange(4))
        ]
        self.headers: object = random.choice(
            (tuple(pairs), pairs, dict(pairs), CIMultiDict(pairs))
        )
        self.is_request = random.random() < 0.5
        self.version: object = random.choice((HTTP_11, HTTP_11, HTTP_10, (1, 1), (2, 0)))
        self.first: object = random.choice((self._text(random, 1), random.randrange(1200)))
        self.second = self._text(random, 3)

    @staticmethod
    def _text(random: Random, kind: int) -> str:
        if random.random() < 0.85:
            return ("", "name-1", "value 2", "/target")[kind]
        return random.choice(TEXTS)

    def run(self, twin: ModuleType) -> list[object]:
        kind = "request" if self.is_request else "response"
        values = (self.first, self.second, self.version, self.headers)
        return [
            _outcome(getattr(twin, f"render_{kind}_head"), *values),
            _outcome(twin.render_fields, self.headers),
            _outcome(lambda: describe(getattr(twin, f"{kind.title()}Head")(*values))),
        ]


def _outcome(function: object, *values: object) -> object:
    try:
        return function(*values)  # type: ignore[operator]  # the twins' functions
    except (HeaderInjection, TypeError, AttributeError) as exc:
        return type(exc), exc.args if isinstance(exc, HeaderInjection) else None


TARGETS = {"head": HeadTarget, "chunks": ChunkTarget, "render": RenderTarget}
PYTHON = _py
