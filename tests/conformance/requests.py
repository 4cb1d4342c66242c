"""Heads of requests, as a server reads them."""

from .case import Case

GET = "GET / HTTP/1.1\r\n"
HOST = "Host: a\r\n"
HEAD = GET + HOST
LIMIT = 8190


def good(name: str, source: str, text: str, *events: str | bytes) -> Case:
    return Case(name, source, text, events or ("GET /", "end"))


def bad(name: str, source: str, text: str, error: str, **limits: int) -> Case:
    return Case(name, source, text, error=error, limits=limits)


LINES = (
    good("the least request", "9112 2.1", HEAD + "\r\n"),
    good("one empty line before", "9112 2.2", "\r\n" + HEAD + "\r\n"),
    good("four empty lines before", "9112 2.2", "\r\n" * 4 + HEAD + "\r\n"),
    bad("five empty lines before", "9112 2.2", "\r\n" * 4 + "▲\r\n" + HEAD, "EMPTY_LINES"),
    bad("bare LF before", "9112 2.2", "▲\n" + HEAD, "BARE_LF"),
    bad("bare CR before", "9112 2.2", "\r▲GET", "BARE_CR"),
    bad("LF ends the request line", "9112 2.2", "GET / HTTP/1.1▲\nHost: a\r\n", "BARE_LF"),
    bad("LF ends a field line", "9112 2.2", GET + "Host: a▲\n\r\n", "BARE_LF"),
    bad("LF ends the head", "9112 2.2", HEAD + "▲\n", "BARE_LF"),
    bad("CR alone ends the request line", "9112 2.2", "GET / HTTP/1.1\r▲Host: a", "BARE_CR"),
    bad("CR in a value", "9112 2.2", GET + "Host: a\r▲b\r\n", "BARE_CR"),
    bad("CR CR LF", "9112 2.2", GET + "Host: a\r▲\r\n", "BARE_CR"),
    bad("CR alone ends the head", "9112 2.2", HEAD + "\r▲X", "BARE_CR"),
    bad("space before the first field", "9112 2.2", GET + "▲ Host: a\r\n", "LINE_FOLDING"),
    bad("a folded field", "9112 5.2", HEAD + "X: a\r\n▲ b\r\n\r\n", "LINE_FOLDING"),
    bad("a folded field with a tab", "9112 5.2", HEAD + "X: a\r\n▲\tb\r\n\r\n", "LINE_FOLDING"),
)

START = (
    good("any token is a method", "9110 9.1", "a!#$%&'*+-.^_`|~9 / HTTP/1.1\r\n" + HOST + "\r\n",
         "a!#$%&'*+-.^_`|~9 /", "end"),
    good("methods keep their case", "9110 9.1", "get / HTTP/1.1\r\n" + HOST + "\r\n", "get /", "end"),
    bad("no method", "9112 3.1", "▲ / HTTP/1.1\r\n", "METHOD"),
    bad("a method with a colon", "9112 3.1", "G▲:T / HTTP/1.1\r\n", "METHOD"),
    bad("a method with NUL", "9112 3.1", "G▲\0T / HTTP/1.1\r\n", "METHOD"),
    bad("a tab behind the method", "9112 3", "GET▲\t/ HTTP/1.1\r\n", "METHOD"),
    bad("a TLS hello", "9112 3", "▲\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "METHOD"),
    bad("binary junk", "9112 3", "▲\xff\xfe\0\0", "METHOD"),
    bad("the HTTP/2 preface", "9112 2.3", "PRI * HTTP/2.▲0\r\n\r\nSM\r\n\r\n", "VERSION"),
    bad("no target", "9112 3.2", "GET ▲ HTTP/1.1\r\n", "TARGET"),
    bad("two spaces", "9112 3", "GET ▲ / HTTP/1.1\r\n", "TARGET"),
    bad("a target with a control", "9112 3.2", "GET /▲\x01 HTTP/1.1\r\n", "TARGET"),
    bad("a target with DEL", "9112 3.2", "GET /▲\x7f HTTP/1.1\r\n", "TARGET"),
    bad("a target with a tab", "9112 3.2", "GET /▲\tHTTP/1.1\r\n", "TARGET"),
    bad("no version", "9112 3", "GET /▲\r\n", "TARGET"),
    good("a target with UTF-8", "9112 3.2", "GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + "\r\n",
         "GET /é", "end"),
    good("a target with bytes", "9112 3.2", "GET /\xe9 HTTP/1.1\r\n" + HOST + "\r\n",
         "GET /\udce9", "end"),
    bad("two spaces before the version", "9112 3", "GET / ▲ HTTP/1.1\r\n", "VERSION_SYNTAX"),
    bad("a version in small letters", "9112 2.3", "GET / ▲http/1.1\r\n", "VERSION_SYNTAX"),
    bad("a version with letters", "9112 2.3", "GET / HTTP/1.▲x\r\n", "VERSION_SYNTAX"),
    bad("a version of two digits", "9112 2.3", "GET / HTTP/1▲0.1\r\n", "VERSION_SYNTAX"),
    bad("a longer version", "9112 2.3", "GET / HTTP/1.1▲1\r\n", "VERSION_SYNTAX"),
    bad("a version with an Arabic digit", "9112 2.3", "GET / HTTP/1.▲\xd9\xa1\r\n", "VERSION_SYNTAX"),
    bad("space behind the version", "9112 3", "GET / HTTP/1.1▲ \r\n", "VERSION_SYNTAX"),
    bad("another protocol", "9112 2.3", "GET / ▲RTSP/1.0\r\n", "VERSION_SYNTAX"),
    bad("HTTP/1.2", "9110 2.5", "GET / HTTP/1.▲2\r\n", "VERSION"),
    bad("HTTP/0.9", "9110 2.5", "GET / HTTP/0.▲9\r\n", "VERSION"),
)  # fmt: skip

FIELDS = (
    good("no space behind the colon", "9112 5.1", GET + "Host:a\r\n\r\n"),
    good("space around a value", "9112 5.1", GET + "Host: \t a \t \r\n\r\n"),
    good("an empty value", "9112 5.1", HEAD + "X:\r\n\r\n"),
    good("bytes in a value", "9110 5.5", HEAD + "X: \xff\t\x80\r\n\r\n"),
    good("any token is a name", "9110 5.1", HEAD + "!#$%&'*+-.^_`|~09: a\r\n\r\n"),
    bad("space before the colon", "9112 5.1", GET + "Host▲ : a\r\n", "SPACE_BEFORE_COLON"),
    bad("tab before the colon", "9112 5.1", GET + "Host▲\t: a\r\n", "SPACE_BEFORE_COLON"),
    bad("no name", "9112 5", GET + "▲: a\r\n", "FIELD_NAME"),
    bad("no colon", "9112 5", GET + "Host▲\r\n", "FIELD_NAME"),
    bad("NUL in a name", "9110 5.1", GET + "X▲\0: a\r\n", "FIELD_NAME"),
    bad("a byte above 127 in a name", "9110 5.1", GET + "X▲\xe9: a\r\n", "FIELD_NAME"),
    bad("a bracket in a name", "9110 5.1", GET + "X▲[]: a\r\n", "FIELD_NAME"),
    bad("NUL in a value", "9110 5.5", GET + "X: a▲\0b\r\n", "FIELD_VALUE"),
    bad("a control in a value", "9110 5.5", GET + "X: ▲\x0b\r\n", "FIELD_VALUE"),
    bad("DEL in a value", "9110 5.5", GET + "X: ▲\x7f\r\n", "FIELD_VALUE"),
)

HOSTS = (
    good("an empty Host", "9112 3.2", GET + "Host:\r\n\r\n"),
    good("a Host with a port", "9110 7.2", GET + "Host: example.org:8080\r\n\r\n"),
    good("an IPv6 Host", "9110 7.2", GET + "Host: [::1]:8080\r\n\r\n"),
    good("an escaped Host", "9110 7.2", GET + "Host: %41-_~!$&'()*+,;=\r\n\r\n"),
    good("no Host in HTTP/1.0", "9112 3.2", "GET / HTTP/1.0\r\n\r\n"),
    bad("no Host", "9112 3.2", GET + "\r▲\n", "HOST_MISSING"),
    bad("two Hosts", "9112 3.2", HEAD + "host: b\r\n\r▲\n", "HOST_REPEATED"),
    bad("the same Host twice", "9112 3.2", HEAD + HOST + "\r▲\n", "HOST_REPEATED"),
    bad("two Hosts in HTTP/1.0", "9112 3.2", "GET / HTTP/1.0\r\n" + HOST * 2 + "\r▲\n", "HOST_REPEATED"),
    *(
        bad(f"the Host {host}", "9112 3.2", GET + f"Host: {host}\r\n\r▲\n", "HOST_INVALID")
        for host in ("a/b", "a b", "u@a", "a?b", "a#b", "a\\b", "a:b", "a:1:2", "[::1", "[]", "::1",
                     "[::1]x", "%4", "%zz", "a\xe9", '"a"', "<a>", "a:\xd9\xa1")
    ),
)  # fmt: skip

TARGETS = (
    good("absolute form", "9112 3.2.2", "GET http://a/b?c HTTP/1.1\r\n" + HOST + "\r\n",
         "GET http://a/b?c", "end"),
    good("absolute form with a port only", "9112 3.2.2", "GET HTTPS://[::1]:1 HTTP/1.1\r\n" + HOST + "\r\n",
         "GET HTTPS://[::1]:1", "end"),
    good("asterisk form", "9112 3.2.4", "OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n", "OPTIONS *", "end"),
    good("authority form", "9112 3.2.3", "CONNECT a.b:443 HTTP/1.1\r\n" + HOST + "\r\n",
         "CONNECT a.b:443", "end"),
    *(
        bad(f"the target {method} {target}", source,
            f"{method} {target} HTTP/1.1\r\n{HOST}\r▲\n", "TARGET")
        for source, method, target in (
            ("9110 4.2.1", "GET", "http:///x"),
            ("9110 4.2.1", "GET", "http://"),
            ("9110 4.2.1", "GET", "http://:80/"),
            ("9110 4.2.4", "GET", "http://user@a/"),
            ("9112 3.2.2", "GET", "ftp://a/"),
            ("9112 3.2.2", "GET", "file:///etc/passwd"),
            ("9112 3.2.2", "GET", "http:a"),
            ("9112 3.2.1", "GET", "a/b"),
            ("9112 3.2.1", "GET", "?a"),
            ("9112 3.2.4", "GET", "*"),
            ("9112 3.2.3", "GET", "a:80"),
            ("9112 3.2.3", "CONNECT", "a"),
            ("9112 3.2.3", "CONNECT", ":80"),
            ("9112 3.2.3", "CONNECT", "u@a:80"),
            ("9112 3.2.3", "CONNECT", "a/b:80"),
            ("9112 3.2.3", "CONNECT", "a:80000000"),
            ("9112 3.2.3", "CONNECT", "::1:80"),
        )
    ),
    bad("CONNECT with a path", "9112 3.2.3", "CONNECT / HTTP/1.1\r\n" + HOST + "\r▲\n", "TARGET"),
)  # fmt: skip

_LINE = "GET / HTTP/1.1"
LIMITS = (
    good("a request line at its limit", "9112 3", f"GET /{'a' * 8176} HTTP/1.1\r\n{HOST}\r\n",
         f"GET /{'a' * 8176}", "end"),
    bad("a request line over its limit", "9110 15.5.15", f"GET /{'a' * 8177} HTTP/1.▲1\r\n", "LINE_TOO_LONG"),
    bad("a method without an end", "9112 3", "G" * LIMIT + "▲G", "LINE_TOO_LONG"),
    bad("a target without an end", "9112 3", "GET /" + "a" * (LIMIT - 5) + "▲aaa", "LINE_TOO_LONG"),
    good("a field line at its limit", "9112 5", HEAD + "X:" + "a" * (LIMIT - 2) + "\r\n\r\n"),
    bad("a field line over its limit", "6585 5", HEAD + "X:" + "a" * (LIMIT - 2) + "▲a\r\n\r\n", "FIELD_TOO_LONG"),
    bad("a name without an end", "6585 5", HEAD + "a" * LIMIT + "▲a", "FIELD_TOO_LONG"),
    bad("a bad byte at the limit", "6585 5", HEAD + "X:" + "a" * (LIMIT - 2) + "▲\0", "FIELD_VALUE"),
    good("as many fields as may be", "6585 5", HEAD + "X: a\r\n" * 127 + "\r\n"),
    bad("one field more", "6585 5", HEAD + "X: a\r\n" * 127 + "▲X: a\r\n\r\n", "TOO_MANY_FIELDS"),
    good("a head at its limit", "6585 5", HEAD + "X: " + "a" * 8182 + "\r\n" + ("X: " + "a" * 8187 + "\r\n") * 6 + "X: " + "a" * 8101 + "\r\n\r\n"),
    Case("a small head at its limit", "6585 5", HEAD + "\r\n", ("GET /", "end"), limits={"head": 27}),
    bad("a small head over its limit", "6585 5", HEAD + "\r▲\n", "HEAD_TOO_LARGE", head=26),
    bad("a head over its limit", "6585 5", HEAD + "X: aaa▲a\r\n\r\n", "HEAD_TOO_LARGE", head=31),
    bad("a head over its limit at a line's start", "6585 5", HEAD + "▲X: a\r\n", "HEAD_TOO_LARGE", head=25),
    bad("head and line over at one byte", "6585 5", HEAD + "X: aaaa▲a", "HEAD_TOO_LARGE", head=32, field=7),
    Case("empty lines do not count", "6585 5", "\r\n" * 4 + HEAD + "\r\n", ("GET /", "end"), limits={"head": 27}),
)  # fmt: skip

PIPELINES = (
    good("two requests", "9112 9.3.2", HEAD + "\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
         "GET /", "end", "POST /b", b"x", "end"),
    good("an empty line between", "9112 2.2", HEAD + "\r\n\r\n" + HEAD + "\r\n", "GET /", "end", "GET /", "end"),
    good("bytes behind close", "9112 9.6", HEAD + "Connection: close\r\n\r\nGET /b HTTP/1.1\r\n",
         "GET /", "end", "behind 17"),
    good("close among options", "9112 9.6", HEAD + "Connection: foo\r\nconnection: x, Close ,y\r\n\r\nG",
         "GET /", "end", "behind 1"),
    good("bytes behind HTTP/1.0", "9112 9.3", "GET / HTTP/1.0\r\n\r\nG", "GET /", "end", "behind 1"),
    good("HTTP/1.0 that stays", "9112 9.3", ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") * 2,
         "GET /", "end", "GET /", "end"),
    good("bytes behind CONNECT", "9110 9.3.6", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + HEAD + "\r\n",
         "CONNECT a:1", "end", "behind 27"),
    bad("a fault in the second request", "9112 9.3.2", HEAD + "\r\n▲ ", "METHOD"),
    Case("the end inside a head", "9112 8", HEAD, error="INCOMPLETE", has_eof=True),
    Case("the end behind a message", "9112 8", HEAD + "\r\n", ("GET /", "end"), has_eof=True),
    Case("the end behind an empty line", "9112 8", HEAD + "\r\n\r\n", ("GET /", "end"), has_eof=True),
    Case("the end before any byte", "9112 8", "", (), has_eof=True),
)  # fmt: skip

CASES = (*LINES, *START, *FIELDS, *HOSTS, *TARGETS, *LIMITS, *PIPELINES)
