"""Responses, as a client reads them."""

from .case import Case

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
CONNECT = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
OK = "HTTP/1.1 200 OK\r\n"
EMPTY = "Content-Length: 0\r\n\r\n"


def good(name: str, source: str, text: str, *events: str | bytes, request: bytes = GET) -> Case:
    return Case(name, source, text, events, request=request)


def ended(name: str, source: str, text: str, *events: str | bytes, request: bytes = GET) -> Case:
    return Case(name, source, text, events, request=request, has_eof=True)


def bad(
    name: str, source: str, text: str, error: str, request: bytes = GET, **limits: int
) -> Case:
    return Case(name, source, text, error=error, request=request, limits=limits)


def cut(name: str, source: str, text: str) -> Case:
    return Case(name, source, text, error="INCOMPLETE", request=GET, has_eof=True)


LINES = (
    good("the least response", "9112 4", OK + EMPTY, "200 OK", "end"),
    good("an empty reason", "9112 4", "HTTP/1.1 200 \r\n" + EMPTY, "200", "end"),
    bad("no reason and no space", "9112 4", "HTTP/1.1 200▲\r\n" + EMPTY, "STATUS"),
    good("a reason with bytes", "9112 4", "HTTP/1.1 200 \xff a\t\r\n" + EMPTY, "200 \udcff a", "end"),
    good("a rare status", "9112 4", "HTTP/1.1 999 Mine\r\n" + EMPTY, "999 Mine", "end"),
    bad("status 000", "9110 15", "HTTP/1.1 ▲000 No\r\n", "STATUS"),
    bad("status 20x", "9112 4", "HTTP/1.1 20▲x OK\r\n", "STATUS"),
    bad("a status of two digits", "9112 4", "HTTP/1.1 20▲ OK\r\n", "STATUS"),
    bad("a status of four digits", "9112 4", "HTTP/1.1 200▲0 OK\r\n", "STATUS"),
    bad("no status", "9112 4", "HTTP/1.1▲\r\n", "VERSION_SYNTAX"),
    bad("two spaces before the status", "9112 4", "HTTP/1.1 ▲ 200 OK\r\n", "STATUS"),
    bad("an Arabic status", "9112 4", "HTTP/1.1 ▲\xd9\xa2\xd9\xa0\xd9\xa0 OK\r\n", "STATUS"),
    bad("RTSP", "9112 2.3", "▲RTSP/1.0 200 OK\r\n", "VERSION_SYNTAX"),
    bad("ICY", "9112 2.3", "▲ICY 200 OK\r\n", "VERSION_SYNTAX"),
    bad("HTTP/2", "9112 2.3", "HTTP/2▲ 200 OK\r\n", "VERSION_SYNTAX"),
    bad("HTTP/2.0", "9110 2.5", "HTTP/2.▲0 200 OK\r\n", "VERSION"),
    bad("an empty line before", "9112 2.2", "▲\r\nHTTP/1.1 200 OK\r\n", "EMPTY_LINES"),
    bad("CR in a reason", "9112 4", "HTTP/1.1 200 a\r▲b\r\n", "BARE_CR"),
    bad("LF ends the line", "9112 2.2", "HTTP/1.1 200 OK▲\n", "BARE_LF"),
    bad("NUL in a reason", "9112 4", "HTTP/1.1 200 ▲\0\r\n", "REASON_PHRASE"),
    bad("NUL in a value", "9110 5.5", OK + "X: ▲\0\r\n", "FIELD_VALUE"),
    bad("a folded field", "9112 5.2", OK + "X: a\r\n▲ b\r\n", "LINE_FOLDING"),
    bad("a status line over its limit", "9112 4", "HTTP/1.1 200 " + "a" * 8177 + "▲a", "LINE_TOO_LONG"),
    bad("too many fields", "9112 5", OK + "X: a\r\n" * 128 + "▲X", "TOO_MANY_FIELDS"),
)  # fmt: skip

BODIES = (
    good("a length", "9112 6.3", OK + "Content-Length: 3\r\n\r\nabc", "200 OK", b"abc", "end"),
    good("chunks", "9112 6.3", OK + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
         "200 OK", b"a", "end X=y"),
    good("until close, open", "9112 6.3", OK + "\r\nabc", "200 OK", b"abc"),
    ended("until close", "9112 6.3", OK + "\r\nabc", "200 OK", b"abc", "end"),
    ended("until close, empty", "9112 6.3", OK + "\r\n", "200 OK", "end"),
    ended("HTTP/1.0 until close", "9112 6.3", "HTTP/1.0 200 OK\r\n\r\nHTTP/1.1", "200 OK", b"HTTP/1.1", "end"),
    good("an answer to HEAD", "9112 6.3", OK + "Content-Length: 3\r\n\r\n", "200 OK", "end", request=HEAD),
    good("a chunked answer to HEAD", "9112 6.3", OK + "Transfer-Encoding: chunked\r\n\r\n", "200 OK", "end", request=HEAD),
    good("an answer to HEAD that would never end", "9112 6.3", OK + "\r\n", "200 OK", "end", request=HEAD),
    good("a body behind an answer to HEAD", "9110 9.3.2", OK + "Content-Length: 3\r\n\r\nabc", "200 OK", "end",
         "behind 3", request=HEAD),
    good("204 with a length", "9112 6.3", "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc", "204 No", "end", "behind 3"),
    good("304 with a length", "9112 6.3", "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n", "304 No", "end"),
    good("bytes behind a response", "9112 9.2", OK + EMPTY + OK + EMPTY, "200 OK", "end", "behind 38"),
    cut("a body cut short", "9112 8", OK + "Content-Length: 3\r\n\r\nab"),
    cut("chunks cut short", "9112 8", OK + "Transfer-Encoding: chunked\r\n\r\n3\r\nab"),
    cut("a last chunk that is missing", "9112 8", OK + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    cut("a head cut short", "9112 8", OK + "Content-Le"),
    ended("no response at all", "9112 8", ""),
    bad("length and coding", "9112 6.3", OK + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r▲\n", "LENGTH_AND_CODING"),
    bad("differing lengths", "9112 6.3", OK + "Content-Length: 3\r\nContent-Length: 4\r\n\r▲\n", "LENGTH_CONFLICT"),
    bad("a bad length", "9112 6.3", OK + "Content-Length: 3 \t4\r\n\r▲\n", "LENGTH"),
    bad("a coding in HTTP/1.0", "9112 6.1", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r▲\n", "CODING_IN_HTTP_10"),
    bad("an unknown coding", "9112 6.1", OK + "Transfer-Encoding: gzip, chunked\r\n\r▲\n", "CODING_UNKNOWN"),
    bad("a bad chunk", "9112 7.1", OK + "Transfer-Encoding: chunked\r\n\r\n▲x", "CHUNK_SIZE"),
)  # fmt: skip

INTERIMS = (
    good("100 before the answer", "9110 15.2.1", "HTTP/1.1 100 Continue\r\n\r\n" + OK + EMPTY, "100 Continue", "200 OK", "end"),
    good("103 with fields", "9110 15.2", "HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + OK + EMPTY, "103 Early", "200 OK", "end"),
    good("100 with a length", "9112 6.3", "HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\n" + OK + EMPTY, "100 C", "200 OK", "end"),
    good("twenty of them", "9110 15.2", "HTTP/1.1 102 P\r\n\r\n" * 20 + OK + EMPTY, *["102 P"] * 20, "200 OK", "end"),
    bad("one more", "9110 15.2", "HTTP/1.1 102 P\r\n\r\n" * 20 + "HTTP/1.1 102 P\r\n\r▲\n", "TOO_MANY_INTERIMS"),
    bad("a switch nobody asked for", "9110 15.2.2", "HTTP/1.1 101 S\r\nUpgrade: x\r\n\r▲\n", "UNASKED_SWITCH"),
    good("a switch", "9110 15.2.2", "HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n\x81\0", "101 S", "behind 2", request=UPGRADE),
    good("a declined switch", "9110 7.8", OK + "Content-Length: 2\r\n\r\nno", "200 OK", b"no", "end", request=UPGRADE),
    good("a tunnel", "9110 9.3.6", "HTTP/1.1 200 Yes\r\nContent-Length: 5\r\n\r\n\x16\x03", "200 Yes", "behind 2", request=CONNECT),
    good("a refused tunnel", "9110 9.3.6", "HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx", "407 No", b"x", "end", request=CONNECT),
)  # fmt: skip

CASES = (*LINES, *BODIES, *INTERIMS)
