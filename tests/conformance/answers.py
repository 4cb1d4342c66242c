"""Responses that a client must not take for something else: status lines, lengths, codings, interims.

What `responses` begins, with the obfuscations that servers and middle boxes are known for.
"""

from .case import Case
from .responses import CONNECT, EMPTY, HEAD, OK, UPGRADE, bad, cut, ended, good

TE = "Transfer-Encoding: "
CL = "Content-Length: "
CHUNKED = OK + TE + "chunked\r\n\r\n"
LAST = "0\r\n\r\n"
THEN = ("200 OK", "end")


def head(name: str, source: str, fields: str, error: str) -> Case:
    """A head whose fault shows with its last byte."""
    return bad(name, source, f"{OK}{fields}\r\n\r▲\n", error)


LINES = (
    *(
        bad(f"the status line {line.replace('▲', '')!r}", source, line + "\r\n" + EMPTY, error)
        for line, source, error in (
            ("▲ HTTP/1.1 200 OK", "9112 4", "VERSION_SYNTAX"), ("▲http/1.1 200 OK", "9112 2.3", "VERSION_SYNTAX"),
            ("H▲ttp/1.1 200 OK", "9112 2.3", "VERSION_SYNTAX"), ("HTTP▲ 200 OK", "9112 2.3", "VERSION_SYNTAX"),
            ("HTTP/▲ 1.1 200 OK", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/1▲ 200 OK", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/1.▲2 200 OK", "9110 2.5", "VERSION"),
            ("HTTP/0.▲9 200 OK", "9110 2.5", "VERSION"), ("HTTP/3.▲0 200 OK", "9110 2.5", "VERSION"), ("HTTP/1.1▲1 200 OK", "9112 2.3", "VERSION_SYNTAX"),
            ("HTTP/1.▲\xb9 200 OK", "GHSA-69f9-5gxw-wvc2", "VERSION_SYNTAX"), ("HTTP/1.1▲\t200 OK", "9112 4", "VERSION_SYNTAX"), ("HTTP/1.1▲200 OK", "9112 4", "VERSION_SYNTAX"),
            ("HTTP/1.1 ▲\t200 OK", "9112 4", "STATUS"), ("HTTP/1.1 ▲", "9112 4", "STATUS"), ("HTTP/1.1 ▲OK", "9112 4", "STATUS"), ("HTTP/1.1 2▲", "9112 4", "STATUS"),
            ("HTTP/1.1 20▲", "9112 4", "STATUS"), ("HTTP/1.1 ▲020 OK", "9110 15", "STATUS"), ("HTTP/1.1 ▲099 OK", "9110 15", "STATUS"), ("HTTP/1.1 ▲+20 OK", "9112 4", "STATUS"),
            ("HTTP/1.1 ▲-20 OK", "9112 4", "STATUS"), ("HTTP/1.1 2▲_0 OK", "9112 4", "STATUS"), ("HTTP/1.1 2▲.0 OK", "9112 4", "STATUS"), ("HTTP/1.1 ▲0x1 OK", "9112 4", "STATUS"),
            ("HTTP/1.1 20▲\xb9 OK", "GHSA-69f9-5gxw-wvc2", "STATUS"), ("HTTP/1.1 ▲\xef\xbc\x92\xef\xbc\x90\xef\xbc\x90 OK", "GHSA-69f9-5gxw-wvc2", "STATUS"),
            ("HTTP/1.1 200▲\tOK", "9112 4", "STATUS"), ("HTTP/1.1 200▲-OK", "9112 4", "STATUS"), ("HTTP/1.1 200▲,", "9112 4", "STATUS"), ("HTTP/1.1 200▲\0", "9112 4", "STATUS"),
            ("HTTP/1.1 200 O▲\x1bK", "GHSA-mwh4-6h8g-pg8w, 9112 4", "REASON_PHRASE"), ("HTTP/1.1 200 ▲\x7f", "9112 4", "REASON_PHRASE"), ("HTTP/1.1 200 a▲\x0bb", "9112 4", "REASON_PHRASE"),
            ("▲\x15\x03\x03\0\x02\x02\x28", "9112 2.3", "VERSION_SYNTAX"), ("▲\0\0\x12\x04\0\0\0\0\0", "9113 3.4", "VERSION_SYNTAX"),
            ("▲<html>", "9112 2.3", "VERSION_SYNTAX"), ("▲SSH-2.0-x", "9112 2.3", "VERSION_SYNTAX"), ("▲GET / HTTP/1.1", "9112 2.1", "VERSION_SYNTAX"), ("▲\xef\xbb\xbfHTTP/1.1 200 OK", "9112 2.3", "VERSION_SYNTAX"),
        )
    ),
    bad("another protocol that begins like HTTP", "9112 2.3", "HT▲CPCP/1.0 418 No\r\n", "VERSION_SYNTAX"),
    bad("two empty lines and no more", "9112 2.2", "▲\r\n\r\n", "EMPTY_LINES"),
    bad("LF before a status line", "9112 2.2", "▲\nHTTP/1.1 200 OK\r\n", "BARE_LF"),
    bad("CR CR LF behind a status line", "9112 2.2", "HTTP/1.1 200 OK\r▲\r\n" + EMPTY, "BARE_CR"),
    bad("CR in a reason, with a field behind it", "GHSA-mwh4-6h8g-pg8w", "HTTP/1.1 200 OK\r▲Set-Cookie: a=b\r\n" + EMPTY, "BARE_CR"),
    good("a reason of spaces", "9112 4", "HTTP/1.1 200   \r\n" + EMPTY, "200", "end"),
    good("a reason that looks like a field", "9112 4", "HTTP/1.1 200 X: y\r\n" + EMPTY, "200 X: y", "end"),
    good("the least and a rare status", "9110 15", "HTTP/1.1 299 A\r\n" + EMPTY, "299 A", "end"),
    good("a status of no class", "9110 15", "HTTP/1.1 600 A\r\n" + EMPTY, "600 A", "end"),
    good("HTTP/1.0 with a length", "9112 6.3", "HTTP/1.0 200 OK\r\n" + CL + "1\r\n\r\nab", "200 OK", b"a", "end", "behind 1"),
    Case("a status line cut short", "9112 8", "HTTP/1.1 20", error="INCOMPLETE", request=HEAD, has_eof=True),
    Case("a version cut short", "9112 8", "HTT", error="INCOMPLETE", request=HEAD, has_eof=True),
)  # fmt: skip

FIELDS = (
    bad("LF ends a field", "9112 2.2", OK + "X: y▲\n\r\n", "BARE_LF"),
    bad("LF ends the head", "9112 2.2", OK + "X: y\r\n▲\n", "BARE_LF"),
    bad("a response split by LF in a value", "GHSA-63hf-3vf5-4wqf", OK + "Location: /▲\nSet-Cookie: a=b\r\n\r\n", "BARE_LF"),
    bad("a response split by CR in a value", "GHSA-63hf-3vf5-4wqf", OK + "Location: /\r▲Set-Cookie: a=b\r\n\r\n", "BARE_CR"),
    *(
        bad(f"the control {byte!r} in a value", "GHSA-63hf-3vf5-4wqf, 9110 5.5", OK + f"X: a▲{byte}b\r\n\r\n", "FIELD_VALUE")
        for byte in "\0\x01\x08\x0b\x0c\x1b\x7f"
    ),
    bad("a space before a colon", "9112 5.1", OK + "Content-Length▲ : 3\r\n\r\nabc", "SPACE_BEFORE_COLON"),
    bad("a space before the first field", "9112 2.2", OK + "▲ X: y\r\n\r\n", "LINE_FOLDING"),
    bad("a name with a space inside", "9110 5.1", OK + "X▲ Y: z\r\n\r\n", "SPACE_BEFORE_COLON"),
    bad("no name", "9112 5", OK + "▲: z\r\n\r\n", "FIELD_NAME"),
    bad("no colon", "9112 5", OK + "Content-Length▲\r\n\r\n", "FIELD_NAME"),
    bad("a byte above 127 in a name", "9110 5.1", OK + "▲\xe9: z\r\n\r\n", "FIELD_NAME"),
    bad("a head over its limit", "6585 5", OK + "X: aaa▲a\r\n\r\n", "HEAD_TOO_LARGE", head=23),
    bad("a field over its limit", "GHSA-63hw-fmq6-xxg2", OK + "X:" + "a" * 8188 + "▲" + "a" * 9000, "FIELD_TOO_LONG"),
    bad("a reason without bound", "GHSA-63hw-fmq6-xxg2", "HTTP/1.1 200 " + "a" * 8177 + "▲" + "a" * 9000, "LINE_TOO_LONG"),
    bad("fields without bound", "GHSA-w2fm-2cpv-w7v5", OK + "a:b\r\n" * 128 + "▲" + "a:b\r\n" * 900, "TOO_MANY_FIELDS"),
    good("no Host is asked of a response", "9112 3.2", OK + "Host: a b\r\nHost: c\r\n" + EMPTY, *THEN),
)  # fmt: skip

LENGTHS = (
    *(
        head(f"the length {value!r}", source, CL + value, "LENGTH")
        for value, source in (
            ("+3", "9110 8.6"), ("-3", "9110 8.6"), ("3_0", "GHSA-gfw2-4jvh-wgfg"), ("0x3", "9110 8.6"), ("", "9110 8.6"), ("3,", "9110 5.6.1"),
            ("3 3", "9110 8.6"), ("3.0", "9110 8.6"), ("\xd9\xa3", "GHSA-69f9-5gxw-wvc2"), ("3;a", "9110 8.6"), ("9" * 19, "9112 6.3"),
            ("18446744073709551619", "9112 6.3"), ("3, x", "9112 6.3"), ("unknown", "9110 8.6"),
        )
    ),
    good("the same length in a list", "9112 6.3", OK + CL + "3, 3\r\n\r\nabc", "200 OK", b"abc", "end"),
    good("the same length in three lines", "9112 6.3", OK + (CL + "3\r\n") * 3 + "\r\nabc", "200 OK", b"abc", "end"),
    good("zeros before a length", "9110 8.6", OK + CL + "0003\r\n\r\nabc", "200 OK", b"abc", "end"),
    head("differing lengths in a list", "9112 6.3", CL + "3, 4", "LENGTH_CONFLICT"),
    head("two spellings of a length", "9112 6.3", CL + "3, 03", "LENGTH_CONFLICT"),
    head("a length and a list", "9112 6.3", CL + "3\r\n" + CL + "3, 4", "LENGTH_CONFLICT"),
    head("an empty length and another", "9112 6.3", "Content-Length:\r\n" + CL + "3", "LENGTH"),
    good("bytes behind a length", "9112 9.2", OK + CL + "3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\n", "200 OK", b"abc", "end", "behind 19"),
    good("a length of nothing", "9112 6.3", OK + CL + "0\r\n\r\nabc", *THEN, "behind 3"),
    cut("nothing of a length", "9112 8", OK + CL + "3\r\n\r\n"),
    cut("all but one byte of a length", "9112 8", OK + CL + "4\r\n\r\nabc"),
    Case("HTTP/1.0 cut short", "9112 8", "HTTP/1.0 200 OK\r\n" + CL + "3\r\n\r\nab", error="INCOMPLETE", request=b"GET / HTTP/1.0\r\n\r\n", has_eof=True),
)  # fmt: skip

CODINGS = (
    *(
        head(f"the coding {value!r}", source, TE + value, "CODING")
        for value, source in (
            ("gzip", "9112 6.3"), ("identity", "9112 7"), ("xchunked", "9112 7"), ("chunked, gzip", "9112 6.3"), ("chunked, chunked", "9112 6.1"),
            ("chunked, identity", "9112 6.1"), ("", "9112 7"), (",", "9110 5.6.1"), ('"chunked"', "9112 7"), ("chunked;a", "9110 10.1.4"),
            ("chunke\xe2\x84\xaa", "9112 7"), ("\xe2\x84\xaahunked", "9112 7"), ("chunked\xa0", "garden 41"), ("chunked\r\nTransfer-Encoding: gzip", "9112 6.3"),
        )
    ),
    *(
        head(f"codings {value!r}", "9112 6.1", TE + value, "CODING_UNKNOWN")
        for value in ("identity, chunked", "gzip\r\nTransfer-Encoding: chunked", "deflate, chunked", "x, , chunked")
    ),
    head("a coding and a length", "9112 6.3", TE + "chunked\r\n" + CL + "0", "LENGTH_AND_CODING"),
    head("a length of two and a coding", "9112 6.3", CL + "3, 4\r\n" + TE + "chunked", "LENGTH_AND_CODING"),
    good("empty elements", "9110 5.6.1", OK + TE + ", chunked ,\r\n\r\n1\r\na\r\n0\r\n\r\n", "200 OK", b"a", "end"),
    good("a tab behind the coding", "9112 5.1", OK + TE + "chunked\t\r\n\r\n" + LAST, *THEN),
    good("a comma and a tab", "9110 5.6.1", OK + TE + "chunked\t,\t\r\n\r\n" + LAST, *THEN),
    good("any case", "9112 7", OK + "TRANSFER-ENCODING:\tCHUNKED\r\n\r\n" + LAST, *THEN),
    bad("VT before the coding", "9110 5.5", OK + TE + "▲\x0bchunked\r\n\r\n", "FIELD_VALUE"),
    bad("a coding in HTTP/1.0 that stays", "9112 6.1", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r▲\n", "CODING_IN_HTTP_10"),
)  # fmt: skip

CHUNKS = (
    *(
        bad(f"the chunk size {text.replace('▲', '')!r}", source, CHUNKED + text + "\r\na\r\n" + LAST, error)
        for text, source, error in (
            ("0▲x1", "9112 7.1", "CHUNK_SIZE"), ("▲-1", "9112 7.1", "CHUNK_SIZE"), ("▲", "9112 7.1", "CHUNK_SIZE"), ("▲ 1", "9112 7.1", "CHUNK_SIZE"),
            ("1 ▲", "9112 7.1", "CHUNK_EXTENSION"), ("1\t ▲", "9112 7.1", "CHUNK_EXTENSION"), ("1▲_0", "GHSA-gfw2-4jvh-wgfg", "CHUNK_SIZE"),
            ("0000000000000000▲1", "9112 7.1", "CHUNK_SIZE"), ("800000000000000▲1", "9112 7.1", "CHUNK_SIZE"), ("1\r▲", "9112 7.1", "BARE_CR"),
        )
    ),
    bad("LF behind the size", "erratum 7633", CHUNKED + "1▲\na\r\n" + LAST, "BARE_LF"),
    bad("LF behind data", "erratum 7633", CHUNKED + "1\r\na▲\n" + LAST, "BARE_LF"),
    bad("LF in an extension", "GHSA-8495-4g3g-x7pr", CHUNKED + "1;a▲\na\r\n" + LAST, "BARE_LF"),
    bad("an endless extension", "9112 7.1.1", CHUNKED + "1;" + "a" * 4094 + "▲" + "a" * 9000, "CHUNK_LINE_TOO_LONG"),
    bad("data longer than its size", "9112 7.1", CHUNKED + "1\r\na▲b\r\n" + LAST, "CHUNK_END"),
    good("a last chunk alone", "9112 7.1", CHUNKED + LAST, *THEN),
    good("extensions", "9112 7.1.1", CHUNKED + "1;a=b\r\na\r\n0;c\r\n\r\n", "200 OK", b"a", "end"),
    good("bytes behind chunks", "9112 9.2", CHUNKED + LAST + "HTTP", *THEN, "behind 4"),
    cut("no last line", "9112 8", CHUNKED + "1\r\na\r\n0\r\n"),
    cut("a size cut short", "9112 8", CHUNKED + "1"),
    cut("chunks that did not begin", "9112 8", CHUNKED),
    cut("a trailer cut short", "9112 8", CHUNKED + "0\r\nX: y"),
    cut("trailers without an end", "9112 8", CHUNKED + "0\r\nX: y\r\n"),
    *(
        good(f"the trailer {name} stays apart", "9110 6.5.1", f"{CHUNKED}1\r\na\r\n0\r\n{name}: {value}\r\n\r\n", "200 OK", b"a", f"end {name}={value}")
        for name, value in (("Set-Cookie", "a=b"), ("Content-Length", "9"), ("Content-Encoding", "gzip"), ("Location", "/"), ("Connection", "close"))
    ),
    good("several trailers", "9112 7.1.2", CHUNKED + "0\r\nA: b\r\na: c\r\n\r\n", "200 OK", "end A=b a=c"),
    bad("a folded trailer", "9112 5.2", CHUNKED + "0\r\nX: y\r\n▲ z\r\n\r\n", "LINE_FOLDING"),
    bad("NUL in a trailer", "9110 5.5", CHUNKED + "0\r\nX: ▲\0\r\n\r\n", "FIELD_VALUE"),
    bad("a status line for a trailer", "9112 7.1.2", CHUNKED + "0\r\nHTTP▲/1.1 200 OK\r\n\r\n", "FIELD_NAME"),
    bad("trailers without bound", "GHSA-w2fm-2cpv-w7v5", CHUNKED + "0\r\n" + "a:b\r\n" * 32 + "▲" + "a:b\r\n" * 900, "TOO_MANY_TRAILERS"),
)  # fmt: skip

BODILESS = (
    *(
        good(f"{status} {what}", "9112 6.3", f"HTTP/1.1 {status} No\r\n{fields}\r\n{rest}", f"{status} No", "end",
             *((f"behind {len(rest)}",) if rest else ()))
        for status in (204, 304)
        for what, fields, rest in (
            ("with chunks that never come", TE + "chunked\r\n", ""), ("with chunks behind it", TE + "chunked\r\n", "1\r\na\r\n0\r\n\r\n"),
            ("with neither", "", ""), ("with a response behind it", "", "HTTP/1.1 200 OK\r\n\r\n"), ("with a length of 0", CL + "0\r\n", ""),
        )
    ),
    *(
        bad(f"{status} with {what}", "9112 6.3", f"HTTP/1.1 {status} No\r\n{fields}\r\n\r▲\n", error)
        for status in (204, 304)
        for what, fields, error in (("a bad length", CL + "x", "LENGTH"), ("two lengths", CL + "1, 2", "LENGTH_CONFLICT"),
                                    ("both framings", CL + "1\r\n" + TE + "chunked", "LENGTH_AND_CODING"))
    ),
    good("304 with the length of what it stands for", "9110 15.4.5", "HTTP/1.1 304 No\r\nContent-Length: 1000000\r\nETag: x\r\n\r\n", "304 No", "end"),
    good("205 with a body", "9112 6.3", "HTTP/1.1 205 R\r\n" + CL + "1\r\n\r\na", "205 R", b"a", "end"),
    ended("205 until close", "9112 6.3", "HTTP/1.1 205 R\r\n\r\na", "205 R", b"a", "end"),
    good("HEAD and a refused request", "9110 9.3.2", "HTTP/1.1 404 No\r\n" + CL + "9\r\n\r\n", "404 No", "end", request=HEAD),
    good("HEAD and chunks behind the head", "9110 9.3.2", CHUNKED + "1\r\na\r\n0\r\n\r\n", *THEN, "behind 11", request=HEAD),
    good("HEAD and 204", "9110 9.3.2", "HTTP/1.1 204 No\r\n\r\n", "204 No", "end", request=HEAD),
    good("HEAD and an interim", "9110 15.2", "HTTP/1.1 103 E\r\n\r\n" + OK + CL + "9\r\n\r\n", "103 E", *THEN, request=HEAD),
    good("HEAD and HTTP/1.0", "9110 9.3.2", "HTTP/1.0 200 OK\r\n\r\n", *THEN, request=HEAD),
    bad("HEAD and a bad length", "9112 6.3", OK + CL + "-1\r\n\r▲\n", "LENGTH", request=HEAD),
    bad("HEAD and both framings", "9112 6.3", OK + CL + "1\r\n" + TE + "chunked\r\n\r▲\n", "LENGTH_AND_CODING", request=HEAD),
    ended("HEAD and the end", "9110 9.3.2", OK + "\r\n", *THEN, request=HEAD),
)  # fmt: skip

ENDINGS = (
    ended("until close behind close", "9112 6.3", OK + "Connection: close\r\n\r\na", "200 OK", b"a", "end"),
    ended("until close takes what looks like a response", "9112 6.3", OK + "\r\n" + OK + EMPTY, "200 OK", (OK + EMPTY).encode(), "end"),
    ended("a length and the end", "9112 8", OK + CL + "1\r\n\r\na", "200 OK", b"a", "end"),
    ended("an interim and the end", "9110 15.2", "HTTP/1.1 100 C\r\n\r\n", "100 C"),
    good("close with a length", "9112 9.6", OK + "Connection: close\r\n" + CL + "1\r\n\r\nab", "200 OK", b"a", "end", "behind 1"),
    good("keep-alive of HTTP/1.0", "9112 9.3", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + CL + "1\r\n\r\na", "200 OK", b"a", "end"),
    ended("keep-alive of HTTP/1.0 without a length", "9112 6.3", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\na", "200 OK", b"a", "end"),
    ended("four bytes of CRLF for a body", "9112 6.3", OK + "\r\n\r\n\r\n", "200 OK", b"\r\n\r\n", "end"),
)  # fmt: skip

_100 = "HTTP/1.1 100 Continue\r\n\r\n"
INTERIMS = (
    good("several kinds", "9110 15.2", _100 + "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: </a>\r\nLink: </b>\r\n\r\n" + OK + EMPTY,
         "100 Continue", "102 P", "103 E", *THEN),
    good("a kind that nobody knows", "9110 15", "HTTP/1.1 199 X\r\n\r\n" + OK + EMPTY, "199 X", *THEN),
    good("an interim of an odd code with a length", "9112 6.3", "HTTP/1.1 105 R\r\n" + CL + "1\r\n\r\n" + OK + EMPTY, "105 R", *THEN),
    good("an interim with a coding", "9112 6.3", "HTTP/1.1 103 E\r\n" + TE + "chunked\r\n\r\n" + OK + EMPTY, "103 E", *THEN),
    good("an interim that says close", "9110 15.2", "HTTP/1.1 100 C\r\nConnection: close\r\n\r\n" + OK + EMPTY, "100 C", *THEN),
    good("an interim of HTTP/1.0", "9110 15.2", "HTTP/1.0 100 C\r\n\r\n" + OK + EMPTY, "100 C", *THEN),
    bad("an interim with two lengths", "9112 6.3", "HTTP/1.1 100 C\r\n" + CL + "1, 2\r\n\r▲\n", "LENGTH_CONFLICT"),
    bad("an interim with a bad coding", "9112 6.3", "HTTP/1.1 103 E\r\n" + TE + "x\r\n\r▲\n", "CODING"),
    bad("a fault behind an interim", "9112 4", _100 + "▲junk", "VERSION_SYNTAX"),
    bad("an empty line behind an interim", "9112 2.2", _100 + "▲\r\n" + OK, "EMPTY_LINES"),
    bad("a flood of interims", "9110 15.2", _100 * 20 + "HTTP/1.1 100 Continue\r\n\r▲\n" + _100 * 900, "TOO_MANY_INTERIMS"),
    bad("a switch behind an interim", "9110 15.2.2", _100 + "HTTP/1.1 101 S\r\n\r▲\n", "UNASKED_SWITCH"),
    bad("a switch for HEAD", "9110 15.2.2", "HTTP/1.1 101 S\r\nUpgrade: x\r\n\r▲\n", "UNASKED_SWITCH", request=HEAD),
    good("an interim before a switch", "9110 15.2.2", _100 + "HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nab", "100 Continue", "101 S", "behind 2", request=UPGRADE),
    good("a switch with a length", "9110 15.2.2", "HTTP/1.1 101 S\r\nUpgrade: x\r\n" + CL + "9\r\n\r\nab", "101 S", "behind 2", request=UPGRADE),
    good("a declined switch with chunks", "9110 7.8", CHUNKED + "1\r\na\r\n0\r\n\r\n", "200 OK", b"a", "end", request=UPGRADE),
    good("a tunnel with chunks in its head", "9110 9.3.6", "HTTP/1.1 200 Y\r\n" + TE + "chunked\r\n\r\n0\r\n", "200 Y", "behind 3", request=CONNECT),
    good("a tunnel of another 2xx", "9110 9.3.6", "HTTP/1.1 299 Y\r\n\r\n", "299 Y", request=CONNECT),
    good("an interim before a tunnel", "9110 9.3.6", _100 + "HTTP/1.1 200 Y\r\n\r\n", "100 Continue", "200 Y", request=CONNECT),
    ended("a refused tunnel until close", "9110 9.3.6", "HTTP/1.1 502 N\r\n\r\nab", "502 N", b"ab", "end", request=CONNECT),
    bad("a tunnel with both framings", "9112 6.3", "HTTP/1.1 200 Y\r\n" + CL + "1\r\n" + TE + "chunked\r\n\r▲\n", "LENGTH_AND_CODING", request=CONNECT),
)  # fmt: skip

CASES = (*LINES, *FIELDS, *LENGTHS, *CODINGS, *CHUNKS, *BODILESS, *ENDINGS, *INTERIMS)
