"""Bodies of requests: how they are delimited, and chunks."""

from .case import Case

POST = "POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"
NEXT = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
THEN = ("GET /", "end")


def body(name: str, source: str, text: str, *events: str | bytes) -> Case:
    return Case(name, source, text, ("POST /", *events, "end"))


def bad(name: str, source: str, text: str, error: str, **limits: int) -> Case:
    return Case(name, source, text, error=error, limits=limits)


def head(name: str, source: str, fields: str, error: str) -> Case:
    return bad(name, source, POST + fields + "\r\n\r▲\nabc", error)


LENGTHS = (
    body("a length", "9112 6.3", POST + "Content-Length: 3\r\n\r\nabc", b"abc"),
    body("a length of nothing", "9112 6.3", POST + "Content-Length: 0\r\n\r\n"),
    body("no length and no coding", "9112 6.3", POST + "\r\n"),
    body("zeros before a length", "9110 8.6", POST + "Content-Length: 003\r\n\r\nabc", b"abc"),
    body("the same length twice", "9110 8.6", POST + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", b"a"),
    body("the same length in a list", "9110 8.6", POST + "Content-Length: 1, 1\r\n\r\na", b"a"),
    Case("a request behind a body", "9112 6.3", POST + "Content-Length: 3\r\n\r\nabc" + NEXT,
         ("POST /", b"abc", "end", *THEN)),
    Case("a body cut short", "9112 8", POST + "Content-Length: 3\r\n\r\nab", error="INCOMPLETE", has_eof=True),
    Case("a body that did not begin", "9112 8", POST + "Content-Length: 3\r\n\r\n", error="INCOMPLETE", has_eof=True),
    *(
        head(f"the length {value!r}", "9112 6.3", f"Content-Length: {value}", "LENGTH")
        for value in ("+3", "-3", "-0", "3_0", "0x3", "", "3 3", "3.0", "3,", ",3", "\xb2", "\xd9\xa3", "1e1",
                      "9" * 19, "0" * 19, "3;a", "three")
    ),
    body("a length of 18 digits", "9112 6.3", POST + "Content-Length: " + "0" * 17 + "1\r\n\r\na", b"a"),
    head("two spellings of a length", "9112 6.3", "Content-Length: 3, 03", "LENGTH_CONFLICT"),
    head("differing lengths", "9112 6.3", "Content-Length: 1\r\nContent-Length: 2", "LENGTH_CONFLICT"),
    head("differing lengths in a list", "9112 6.3", "Content-Length: 1, 2", "LENGTH_CONFLICT"),
    body("an upgrade with a body", "9110 7.8",
         POST + "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nGET", b"GET"),
    Case("CONNECT with a body", "9110 9.3.6",
         "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET", ("CONNECT a:1", b"GET", "end")),
    body("100-continue with an early body", "9110 10.1.1",
         POST + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    body("an obfuscated expectation", "9110 10.1.1",
         POST + "Expect: y 100-continue\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
)  # fmt: skip

CODINGS = (
    head("length and coding", "9112 6.1", "Content-Length: 3\r\nTransfer-Encoding: chunked", "LENGTH_AND_CODING"),
    head("coding and length", "9112 6.1", "Transfer-Encoding: chunked\r\nContent-Length: 3", "LENGTH_AND_CODING"),
    bad("a coding in HTTP/1.0", "9112 6.1", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r▲\n", "CODING_IN_HTTP_10"),
    head("another coding", "9112 6.1", "Transfer-Encoding: gzip", "CODING"),
    head("chunked not last", "9112 6.3", "Transfer-Encoding: chunked, gzip", "CODING"),
    head("chunked not last, two lines", "9112 6.3", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "CODING"),
    head("chunked twice", "9112 6.1", "Transfer-Encoding: chunked, chunked", "CODING"),
    head("chunked twice, two lines", "9112 6.1", "Transfer-Encoding: chunked\r\ntransfer-encoding: chunked", "CODING"),
    head("an unknown coding first", "9112 6.1", "Transfer-Encoding: gzip, chunked", "CODING_UNKNOWN"),
    *(
        head(f"the coding {value!r}", "9112 7", f"Transfer-Encoding: {value}", "CODING")
        for value in ("xchunked", "chunkedx", "", ",", '"chunked"', "chunked;a=b", "identity", "chunked\xa0",
                      "\xa0chunked", "chun\xe2\x84\xaaed", "chunked chunked", "chun ked")
    ),
    bad("VT before the coding", "9110 5.5", POST + "Transfer-Encoding: ▲\x0bchunked\r\n\r\n", "FIELD_VALUE"),
    bad("a space in the name", "9112 5.1", POST + "Transfer-Encoding▲ : chunked\r\n\r\n", "SPACE_BEFORE_COLON"),
    body("any case", "9112 7", POST + "TRANSFER-encoding: ChUnKeD\r\n\r\n0\r\n\r\n"),
    body("tabs around the coding", "9112 7", POST + "Transfer-Encoding:\tchunked\t\r\n\r\n0\r\n\r\n"),
    body("empty elements", "9110 5.6.1", POST + "Transfer-Encoding: ,, chunked ,\r\n\r\n0\r\n\r\n"),
)  # fmt: skip

CHUNKS = (
    body("chunks", "9112 7.1", CHUNKED + "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", b"abcd"),
    body("sizes in any case", "9112 7.1", CHUNKED + "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
         b"01234567890123456789a"),
    body("16 digits", "9112 7.1", CHUNKED + "0000000000000001\r\na\r\n00\r\n\r\n", b"a"),
    body("extensions", "9112 7.1.1", CHUNKED + '1;a\r\na\r\n1 ; b="\xff\t;x"\r\nb\r\n0;c=d\r\n\r\n', b"ab"),
    Case("a request behind chunks", "9112 7.1", CHUNKED + "1\r\na\r\n0\r\n\r\n" + NEXT,
         ("POST /", b"a", "end", *THEN)),
    bad("no digits", "9112 7.1", CHUNKED + "▲\r\n", "CHUNK_SIZE"),
    bad("0x", "9112 7.1", CHUNKED + "0▲x1\r\na\r\n", "CHUNK_SIZE"),
    bad("an underscore", "9112 7.1", CHUNKED + "1▲_0\r\n", "CHUNK_SIZE"),
    bad("a sign", "9112 7.1", CHUNKED + "▲+1\r\na\r\n", "CHUNK_SIZE"),
    bad("a minus", "9112 7.1", CHUNKED + "▲-1\r\na\r\n", "CHUNK_SIZE"),
    bad("a space before", "9112 7.1", CHUNKED + "▲ 1\r\na\r\n", "CHUNK_SIZE"),
    bad("a space behind", "9112 7.1", CHUNKED + "1 ▲\r\na\r\n", "CHUNK_EXTENSION"),
    bad("a wide digit", "9112 7.1", CHUNKED + "▲\xef\xbc\x91\r\na\r\n", "CHUNK_SIZE"),
    bad("17 digits", "9112 7.1", CHUNKED + "0000000000000000▲1\r\na\r\n", "CHUNK_SIZE"),
    bad("a size of 2**63", "9112 7.1", CHUNKED + "800000000000000▲0\r\n", "CHUNK_SIZE"),
    bad("a size of 2**64", "9112 7.1", CHUNKED + "1000000000000000▲0\r\n", "CHUNK_SIZE"),
    bad("LF behind the size", "9112 7.1", CHUNKED + "1▲\na\r\n", "BARE_LF"),
    bad("CR behind the size", "9112 7.1", CHUNKED + "1\r▲a\r\n", "BARE_CR"),
    bad("LF in an extension", "9112 7.1.1", CHUNKED + "1;a▲\na\r\n0\r\n\r\n", "BARE_LF"),
    bad("CR in an extension", "9112 7.1.1", CHUNKED + "1;a\r▲a\r\n", "BARE_CR"),
    bad("NUL in an extension", "9112 7.1.1", CHUNKED + "1;a▲\0\r\na\r\n", "CHUNK_EXTENSION"),
    bad("an extension without a semicolon", "9112 7.1.1", CHUNKED + "1 ▲a\r\na\r\n", "CHUNK_EXTENSION"),
    bad("data longer than its size", "9112 7.1", CHUNKED + "1\r\na▲b\r\n0\r\n\r\n", "CHUNK_END"),
    bad("LF behind data", "9112 7.1", CHUNKED + "1\r\na▲\n0\r\n\r\n", "BARE_LF"),
    bad("CR behind data", "9112 7.1", CHUNKED + "1\r\na\r▲0\r\n\r\n", "BARE_CR"),
    bad("no CRLF behind data", "9112 7.1", CHUNKED + "1\r\na▲0\r\n\r\n", "CHUNK_END"),
    Case("chunks cut short", "9112 8", CHUNKED + "3\r\nab", error="INCOMPLETE", has_eof=True),
    Case("no last chunk", "9112 8", CHUNKED + "1\r\na\r\n", error="INCOMPLETE", has_eof=True),
    Case("no last line", "9112 8", CHUNKED + "0\r\n", error="INCOMPLETE", has_eof=True),
    Case("an extension line at its limit", "9112 7.1.1", CHUNKED + "1;" + "x" * 4094 + "\r\na\r\n0\r\n\r\n",
         ("POST /", b"a", "end")),
    bad("an extension line over its limit", "9112 7.1.1", CHUNKED + "1;" + "x" * 4094 + "▲x\r\n", "CHUNK_LINE_TOO_LONG"),
    Case("extensions at their limit", "9112 7.1.1", CHUNKED + "1;123\r\na\r\n1;123\r\nb\r\n0\r\n\r\n",
         ("POST /", b"ab", "end"), limits={"chunk_extensions": 8}),
    bad("extensions over their limit", "9112 7.1.1", CHUNKED + "1;123\r\na\r\n1;12▲3\r\nb\r\n0\r\n\r\n",
        "CHUNK_EXTENSIONS_TOO_LARGE", chunk_extensions=7),
    bad("an endless extension", "9112 7.1.1", CHUNKED + "1;" + "x" * 98 + "▲" + "x" * 5000, "CHUNK_LINE_TOO_LONG", chunk_line=100),
)  # fmt: skip

TRAILERS = (
    Case("trailers", "9112 7.1.2", CHUNKED + "0\r\nX: a\r\ny:\tb \r\n\r\n", ("POST /", "end X=a y=b")),
    Case("a trailer that would frame", "9110 6.5.1", CHUNKED + "0\r\nContent-Length: 9\r\n\r\n" + NEXT,
         ("POST /", "end Content-Length=9", *THEN)),
    Case("a second Host as a trailer", "9110 6.5.1", CHUNKED + "0\r\nHost: b\r\n\r\n", ("POST /", "end Host=b")),
    bad("a folded trailer", "9112 5.2", CHUNKED + "0\r\nX: a\r\n▲ b\r\n\r\n", "LINE_FOLDING"),
    bad("a trailer without a colon", "9112 5", CHUNKED + "0\r\nX▲\r\n\r\n", "FIELD_NAME"),
    bad("a trailer with LF", "9112 2.2", CHUNKED + "0\r\nX: a▲\n\r\n", "BARE_LF"),
    bad("a trailer with CR", "9112 2.2", CHUNKED + "0\r\nX: a\r▲X", "BARE_CR"),
    bad("a trailer with NUL", "9110 5.5", CHUNKED + "0\r\nX: ▲\0\r\n\r\n", "FIELD_VALUE"),
    bad("a request for a trailer", "9112 7.1.2", CHUNKED + "0\r\nGET▲ / HTTP/1.1\r\n", "SPACE_BEFORE_COLON"),
    Case("as many trailers as may be", "9110 6.5", CHUNKED + "0\r\n" + "X: a\r\n" * 32 + "\r\n",
         ("POST /", "end" + " X=a" * 32)),
    bad("one trailer more", "9110 6.5", CHUNKED + "0\r\n" + "X: a\r\n" * 32 + "▲X: a\r\n\r\n", "TOO_MANY_TRAILERS"),
    Case("trailers at their limit", "9110 6.5", CHUNKED + "0\r\nX: a\r\n\r\n", ("POST /", "end X=a"), limits={"trailers": 8}),
    bad("trailers over their limit", "9110 6.5", CHUNKED + "0\r\nX: a\r\n\r▲\n", "TRAILERS_TOO_LARGE", trailers=7),
    bad("a trailer over the limit", "9110 6.5", CHUNKED + "0\r\nX: aaa▲aaaa", "TRAILERS_TOO_LARGE", trailers=6),
    bad("trailers over their limit at a line's start", "9110 6.5", CHUNKED + "0\r\nX: a\r\n▲X: a\r\n", "TRAILERS_TOO_LARGE", trailers=6),
    bad("a trailer line over its limit", "9110 6.5", CHUNKED + "0\r\nX:" + "a" * 8188 + "▲a\r\n", "FIELD_TOO_LONG"),
)  # fmt: skip

BOUNDS = (
    Case("a length at its limit", "9110 15.5.14", POST + "Content-Length: 3\r\n\r\nabc", ("POST /", b"abc", "end"), limits={"body": 3}),
    bad("a length over its limit", "9110 15.5.14", POST + "Content-Length: 4\r\n\r▲\nabcd", "BODY_TOO_LARGE", body=3),
    Case("chunks at their limit", "9110 15.5.14", CHUNKED + "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", ("POST /", b"abc", "end"), limits={"body": 3}),
    bad("a chunk over the limit", "9110 15.5.14", CHUNKED + "▲4\r\nabcd\r\n0\r\n\r\n", "BODY_TOO_LARGE", body=3),
    bad("chunks over the limit", "9110 15.5.14", CHUNKED + "1\r\na\r\n▲3\r\nbcd\r\n0\r\n\r\n", "BODY_TOO_LARGE", body=3),
    Case("until close at its limit", "9110 15.5.14", "HTTP/1.1 200 OK\r\n\r\nabc", ("200 OK", b"abc"), request=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         has_eof=False, limits={"body": 100}),
    Case("until close over the limit", "9110 15.5.14", "HTTP/1.1 200 OK\r\n\r\nabc▲d", error="BODY_TOO_LARGE", request=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         limits={"body": 3}),
)  # fmt: skip

CASES = (*BOUNDS, *LENGTHS, *CODINGS, *CHUNKS, *TRAILERS)
