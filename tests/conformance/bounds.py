"""Every limit, one below it, at it, and one above, for each role that has it."""

from collections.abc import Callable, Iterator

import attrs

from .case import Case
from .responses import GET

LIMIT = 40


@attrs.frozen
class Bound:
    """What a limit counts: `make(n)` is a message with n of it, marked where n is the limit."""

    limit: str
    role: str
    source: str
    error: str
    make: Callable[[int], str]
    events: Callable[[int], tuple[str | bytes, ...]]
    name: str = ""


POST = "POST / HTTP/1.1\r\nHost: a\r\n"
OK = "HTTP/1.1 200 OK\r\n"
STARTS = {"server": POST, "client": OK}
EMPTY = "Content-Length: 0\r\n\r\n"


def mark(text: str, at: int) -> str:
    """The text with the mark before the byte at that index, if there is one."""
    return f"{text[:at]}▲{text[at:]}" if at < len(text) else text


def head_of(role: str) -> str:
    return "POST /" if role == "server" else "200 OK"


def fixed(*events: str | bytes) -> Callable[[int], tuple[str | bytes, ...]]:
    return lambda n: events


def both(
    limit: str,
    source: str,
    error: str,
    make: Callable[[int], str],
    body: Callable[[int], tuple[str | bytes, ...]] = lambda n: ("end",),
    name: str = "",
) -> Iterator[Bound]:
    """The same behind the start line of either role."""
    for role, start in STARTS.items():
        yield Bound(
            limit,
            role,
            source,
            error,
            lambda n, start=start: start + make(n),  # type: ignore[misc]  # the default binds
            lambda n, role=role: (head_of(role), *body(n)),  # type: ignore[misc]
            name,
        )


def whole_head(start: str) -> Callable[[int], str]:
    def make(size: int) -> str:
        text = start + EMPTY[:-2] + "X: "
        return mark(text + "x" * (size - len(text) - 4) + "\r\n\r\n", BOUNDS_OF_HEAD)

    return make


BOUNDS_OF_HEAD = 80
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"


def chunk_line(size: int) -> str:
    return CHUNKED + mark("1;" + "x" * (size - 2), LIMIT) + "\r\na\r\n0\r\n\r\n"


def extensions(size: int) -> str:
    """Half of them before one chunk, the others before the next."""
    half = LIMIT // 2
    rest = mark("1;" + "x" * (size - half - 1), LIMIT - half + 1)
    return CHUNKED + "1;" + "x" * (half - 1) + "\r\na\r\n" + rest + "\r\nb\r\n0\r\n\r\n"


def trailers(size: int) -> str:
    return CHUNKED + "0\r\n" + mark("X: " + "x" * (size - 7) + "\r\n\r\n", LIMIT)


def trailer_fields(count: int) -> str:
    return CHUNKED + "0\r\n" + mark("X:\r\n" * count + "\r\n", LIMIT * 4 if count > LIMIT else 999)


def trailer_events(count: int) -> tuple[str | bytes, ...]:
    return ("end" + " X=" * count,)


def chunks(size: int) -> str:
    """One chunk of ten, one of the rest, whose last digit decides."""
    first = CHUNKED + "a\r\n0123456789\r\n0"
    digits = f"{size - 10:x}"
    decides = len(digits) - 1 if size > LIMIT else 99
    return first + mark(digits, decides) + "\r\n" + "x" * (size - 10) + "\r\n0\r\n\r\n"


def digits(size: int) -> str:
    """A size that passes the limit long before it overflows, which it does too."""
    text = f"{size:x}" if size <= LIMIT else f"{size:x}" + "f" * 15
    return CHUNKED + mark(text, 1 if size > LIMIT else 99) + "\r\n" + "x" * size + "\r\n0\r\n\r\n"


def declared(size: int) -> str:
    head = f"Content-Length: {size}\r\n\r\n"
    return (mark(head, len(head) - 1) if size > LIMIT else head) + "x" * size


def until_close(size: int) -> str:
    return OK + "\r\n" + mark("x" * size, LIMIT)


def xs(size: int) -> tuple[str | bytes, ...]:
    return (b"x" * size, "end")


BOUNDS = (
    Bound("line", "server", "9112 3", "LINE_TOO_LONG",
          lambda n: mark("GET /" + "x" * (n - 14) + " HTTP/1.1", LIMIT) + "\r\nHost: a\r\n\r\n",
          lambda n: ("GET /" + "x" * (n - 14), "end")),
    Bound("line", "client", "9112 4", "LINE_TOO_LONG",
          lambda n: mark("HTTP/1.1 200 " + "x" * (n - 13), LIMIT) + "\r\n" + EMPTY,
          lambda n: ("200 " + "x" * (n - 13), "end")),
    *both("field", "9112 5", "FIELD_TOO_LONG", lambda n: mark("X: " + "x" * (n - 3), LIMIT) + "\r\n" + EMPTY),
    Bound("fields", "server", "9112 5", "TOO_MANY_FIELDS",
          lambda n: POST + mark("X:\r\n" * (n - 1) + "\r\n", (LIMIT - 1) * 4 if n > LIMIT else 999),
          fixed("POST /", "end")),
    Bound("fields", "client", "9112 5", "TOO_MANY_FIELDS",
          lambda n: OK + mark("X:\r\n" * (n - 1) + EMPTY, LIMIT * 4 if n > LIMIT else 999),
          fixed("200 OK", "end")),
    *(
        Bound("head", role, "9112 5", "HEAD_TOO_LARGE", whole_head(start), fixed(head_of(role), "end"))
        for role, start in STARTS.items()
    ),
    Bound("empty_lines", "server", "9112 2.2", "EMPTY_LINES",
          lambda n: mark("\r\n" * n, LIMIT * 2) + POST + EMPTY, fixed("POST /", "end")),
    *both("chunk_line", "9112 7.1.1", "CHUNK_LINE_TOO_LONG", chunk_line, fixed(b"a", "end")),
    *both("chunk_extensions", "9112 7.1.1", "CHUNK_EXTENSIONS_TOO_LARGE", extensions, fixed(b"ab", "end")),
    *both("trailers", "9112 7.1.2", "TRAILERS_TOO_LARGE", trailers, lambda n: ("end X=" + "x" * (n - 7),)),
    *both("trailer_fields", "9112 7.1.2", "TOO_MANY_TRAILERS", trailer_fields, trailer_events),
    *both("body", "9112 6.2", "BODY_TOO_LARGE", declared, xs, "declared"),
    *both("body", "9112 7.1", "BODY_TOO_LARGE", chunks, lambda n: (b"0123456789" + b"x" * (n - 10), "end"), "in chunks"),
    *both("body", "9112 7.1", "BODY_TOO_LARGE", digits, xs, "in a chunk of many digits"),
    Bound("body", "client", "9112 6.3", "BODY_TOO_LARGE", until_close, lambda n: ("200 OK", b"x" * n), "until close"),
    Bound("ahead", "client", "9112 9.3.2", "TOO_MUCH_AHEAD",
          lambda n: OK + EMPTY + mark("x" * n, LIMIT), lambda n: ("200 OK", "end", f"behind {n}")),
)  # fmt: skip


def to_cases(bound: Bound) -> Iterator[Case]:
    limit = BOUNDS_OF_HEAD if bound.limit == "head" else LIMIT
    for size in (limit - 1, limit, limit + 1):
        is_over = size > limit
        yield Case(
            f"{size} of {limit} of the limit {bound.limit} {bound.name}".rstrip(),
            bound.source,
            bound.make(size),
            () if is_over else bound.events(size),
            error=bound.error if is_over else "",
            request=GET if bound.role == "client" else b"",
            limits={bound.limit: limit},
        )


CASES = tuple(case for bound in BOUNDS for case in to_cases(bound))
