"""Requests that two readers could take apart in two ways: what smuggling is made of.

The classes are those of public collections, each case in words and bytes of its own: advisories
by their ids, "garden 21" for an entry in the HTTP Garden's list of server bugs.
"""

from .bodies import CHUNKED, NEXT, POST, THEN, bad, body, head
from .case import Case
from .requests import GET, HEAD, HOST, good

TE = "Transfer-Encoding: "
CL = "Content-Length: "
LAST = "0\r\n\r\n"


def refused(name: str, source: str, fields: str, error: str, rest: str = "") -> Case:
    """A head whose fault shows with its last byte, and what it would hide behind it."""
    return bad(name, source, f"{POST}{fields}\r\n\r▲\n{rest}", error)


LENGTHS = (
    *(
        head(f"the length {value!r}", source, CL + value, "LENGTH")
        for value, source in (
            ("+1_0", "GHSA-gfw2-4jvh-wgfg, garden 10"),
            ("1Z", "garden 29"), ("-48", "garden 26"), ("0x1", "garden 32"), ("0b1", "garden 10"),
            ("0o7", "garden 10"), ("1L", "garden 29"), ("1,", "9110 5.6.1"), (", 1", "9110 5.6.1"),
            ("1, , 1", "9110 5.6.1"), ("1;q=1", "9110 8.6"), ("1 ,", "9110 5.6.1"), ("+0", "garden 32"),
            ("1.", "9110 8.6"), (".1", "9110 8.6"), ("1e0", "9110 8.6"), ("inf", "9110 8.6"), ('"1"', "9110 8.6"),
            ("'1'", "9110 8.6"), ("1\xa0", "garden 41"), ("\x851", "garden 41"), ("1\t1", "9110 8.6"),
            ("\xd9\xa1", "GHSA-69f9-5gxw-wvc2"), ("\xef\xbc\x91", "GHSA-69f9-5gxw-wvc2"),
            ("\xe0\xa5\xa7", "GHSA-69f9-5gxw-wvc2"), ("1\xcc\x80", "GHSA-69f9-5gxw-wvc2"),
            ("18446744073709551616", "9112 6.3"), ("4294967296000000000", "9112 6.3"),
            ("1" + "0" * 400, "9112 6.3"), ("none", "9110 8.6"), ("1\\0", "9110 8.6"), ("1=1", "9110 8.6"),
        )
    ),
    bad("NUL behind a length", "garden 43", POST + CL + "1▲\0\r\n\r\na", "FIELD_VALUE"),
    bad("VT behind a length", "9110 5.5", POST + CL + "1▲\x0b\r\n\r\na", "FIELD_VALUE"),
    bad("FF before a length", "9110 5.5", POST + CL + "▲\x0c1\r\n\r\na", "FIELD_VALUE"),
    bad("CR behind a length", "9110 5.5", POST + CL + "1\r▲\r\n\r\na", "BARE_CR"),
    bad("a length on the next line", "9112 5.2, garden 19", POST + "Content-Length:\r\n▲ 1\r\n\r\na", "LINE_FOLDING"),
    bad("a length that goes on", "9112 5.2", POST + CL + "1\r\n▲ 0\r\n\r\n", "LINE_FOLDING"),
    body("a length in octal looks", "garden 32", POST + CL + "010\r\n\r\n0123456789", b"0123456789"),
    body("a length among spaces", "9112 5.1", POST + "Content-Length:  \t 1 \t \r\n\r\na", b"a"),
    body("the largest length is waited for", "9112 6.3", POST + CL + "1\r\ncontent-length:1\r\nCONTENT-LENGTH: 1\r\n\r\na", b"a"),
    body("a length whose name is in another case", "9110 5.1", POST + "cOnTeNt-LeNgTh: 1\r\n\r\na", b"a"),
    body("a length behind a name that begins like it", "9110 5.1", POST + "Content-Length-X: 9\r\nX-Content-Length: 9\r\nContent_Length: 9\r\n\r\n"),
    refused("an empty length, then another", "garden 42", CL + "\r\n" + CL + "43", "LENGTH", "POST /evil HTTP/1.1\r\n"),
    refused("a length, then an empty one", "garden 42", CL + "1\r\n" + "Content-Length:", "LENGTH", "a"),
    refused("the first of two lengths", "garden 23", CL + "1\r\n" + CL + "0", "LENGTH_CONFLICT", "Z"),
    refused("the last of two lengths", "garden 33", CL + "0\r\n" + CL + "1", "LENGTH_CONFLICT", "Z"),
    refused("three lengths, one of them other", "9112 6.3", (CL + "1\r\n") * 2 + CL + "2", "LENGTH_CONFLICT", "a"),
    refused("a list and a line", "9112 6.3", CL + "1, 1\r\n" + CL + "2", "LENGTH_CONFLICT", "a"),
    refused("lengths far apart", "9112 6.3", CL + "1\r\n" + "X: y\r\n" * 20 + CL + "2", "LENGTH_CONFLICT", "a"),
    refused("a length and what is none", "9112 6.3", CL + "1, a", "LENGTH", "a"),
    refused("equal but signed", "9112 6.3", CL + "1, +1", "LENGTH", "a"),
    body("a GET with a body", "9110 9.3.1", "POST / HTTP/1.1\r\n" + HOST + CL + "5\r\n\r\nGET /", b"GET /"),
    good("a GET with a length", "9110 9.3.1", HEAD + CL + "5\r\n\r\nGET /" + NEXT, "GET /", b"GET /", "end", *THEN),
    good("a HEAD with a body", "9110 9.3.2", "HEAD / HTTP/1.1\r\nHost: a\r\n" + CL + "3\r\n\r\nGET", "HEAD /", b"GET", "end"),
    good("an OPTIONS with a body", "9110 9.3.7", "OPTIONS * HTTP/1.1\r\nHost: a\r\n" + CL + "3\r\n\r\nGET", "OPTIONS *", b"GET", "end"),
    good("HTTP/1.0 with a length", "9112 6.3", "POST / HTTP/1.0\r\n" + CL + "1\r\n\r\nab", "POST /", b"a", "end", "behind 1"),
    good("HTTP/1.0 without a length", "9112 6.3", "POST / HTTP/1.0\r\n\r\nab", "POST /", "end", "behind 2"),
    good("no length: what follows is a request", "9112 6.3", "POST / HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT, "POST /", "end", *THEN),
)  # fmt: skip

CODINGS = (
    *(
        head(f"the coding {value!r}", source, TE + value, "CODING")
        for value, source in (
            ("\xe2\x84\xaa", "9112 7"), ("chunke\xe2\x84\xaa", "9112 7"), ("'chunked'", "9112 7"), ('"chunked', "9112 7"),
            ("chunked;", "9110 10.1.4"), ("chunked ; x", "9110 10.1.4"), ("chunked;q=0", "9112 7.3"), ("chunked=1", "9112 7"),
            ("chunked, identity", "9112 6.1"), ("chunked,identity", "9112 6.1"), ("chunked, ;", "9112 6.1"), ("chunked; ,", "9110 10.1.4"),
            ("chunked, xchunked", "9112 6.1"), ("x-chunked", "9112 7.2"), ("chunked-", "9112 7"), ("-chunked", "9112 7"),
            ("cow", "garden 44"), ("blegh", "garden 44"), ("deflate", "9112 7.2"), ("compress", "9112 7.2"), ("trailers", "9112 7.4"),
            ("chunked\xc2\xa0", "garden 41"), ("\x85chunked", "garden 41"), ("chunked\x85", "garden 41"), ("ch\xfcnked", "9112 7"),
            ("\xef\xbd\x83hunked", "9112 7"), ("chunk", "9112 7"), ("chunked\tchunked", "9112 7"), ("chunked: 1", "9112 7"),
            ("\\chunked", "9112 7"), ("(chunked)", "9112 7"), ("chunked/1", "9112 7"), ("identity, identity", "9112 7"),
            ("chunked, chunked, chunked", "9112 6.1"), ("CHUNKED, Chunked", "9112 6.1"), (", ,", "9110 5.6.1"), ("0", "9112 7"),
        )
    ),
    *(
        head(f"codings {value!r}", "9112 6.1", TE + value, "CODING_UNKNOWN")
        for value in ("identity, chunked", "xchunked, chunked", '"chunked", chunked', "deflate, gzip, chunked", "chunke\xe2\x84\xaa, chunked",
                      "chunked;a=b, chunked", "gzip\r\nTransfer-Encoding: chunked", "identity\r\ntransfer-encoding: chunked", "cow,chunked")
    ),
    *(
        body(f"only chunked: {value!r}", source, f"{POST}Transfer-Encoding:{value}\r\n\r\n{LAST}")
        for value, source in (
            (",chunked", "9110 5.6.1, garden 21"), ("chunked", "9112 5.1"), (" chunked,", "9110 5.6.1"), ("\t \tCHUNKED \t", "9112 7"),
            (" ,\t, chunked", "9110 5.6.1.2"), ("\r\nTransfer-Encoding: chunked", "9110 5.3"), (" chunked\r\nTransfer-Encoding:", "9110 5.3"),
            (" ,\r\ntransfer-encoding: chunked,", "9110 5.3"),
        )
    ),
    refused("an empty element beside a length", "GHSA-xx9p-xxvh-7g8j, garden 21", TE + ",chunked\r\n" + CL + "5", "LENGTH_AND_CODING", LAST),
    refused("a length that ends before a request", "GHSA-xx9p-xxvh-7g8j", CL + "4\r\n" + TE + "chunked", "LENGTH_AND_CODING", "1\r\nZ\r\nQ"),
    refused("a coding that ends before a request", "GHSA-xx9p-xxvh-7g8j", CL + "30\r\n" + TE + "chunked", "LENGTH_AND_CODING", LAST + NEXT),
    refused("a length between two codings", "9112 6.1", f"{TE}chunked\r\n{CL}3\r\n{TE}identity", "LENGTH_AND_CODING"),
    refused("a length with an unknown coding", "9112 6.1", f"{CL}3\r\n{TE}xchunked", "LENGTH_AND_CODING"),
    refused("a length with an empty coding", "9112 6.1", f"{CL}3\r\nTransfer-Encoding:", "LENGTH_AND_CODING"),
    refused("a bad length with a coding", "9112 6.1", f"{CL}+3\r\n{TE}chunked", "LENGTH_AND_CODING"),
    refused("a length of 0 with a coding", "9112 6.1", f"{CL}0\r\n{TE}chunked", "LENGTH_AND_CODING", "1\r\nZ\r\n0\r\n\r\n"),
    refused("a coding with an upgrade", "9112 6.1", f"Connection: upgrade\r\nUpgrade: x\r\n{CL}3\r\n{TE}chunked", "LENGTH_AND_CODING"),
    bad("a coding and a length in HTTP/1.0", "9112 6.1", f"POST / HTTP/1.0\r\n{CL}3\r\n{TE}chunked\r\n\r▲\n", "LENGTH_AND_CODING"),
    bad("identity in HTTP/1.0", "9112 6.1", f"POST / HTTP/1.0\r\n{TE}identity\r\n\r▲\n", "CODING_IN_HTTP_10"),
    bad("a coding in HTTP/1.0 that stays", "9112 6.1", f"POST / HTTP/1.0\r\nConnection: keep-alive\r\n{TE}chunked\r\n\r▲\n", "CODING_IN_HTTP_10"),
    bad("a coding on the next line", "9112 5.2", f"{POST}Transfer-Encoding:\r\n▲ chunked\r\n\r\n", "LINE_FOLDING"),
    bad("a coding that goes on", "9112 5.2", f"{POST}{TE}chunked,\r\n▲\tidentity\r\n\r\n", "LINE_FOLDING"),
    bad("a coding's name over two lines", "garden 37", f"{POST}Transfer-▲\r\nEncoding: chunked\r\n{CL}5\r\n\r\n", "FIELD_NAME"),
    bad("a coding behind CR in a value", "garden 13", f"{POST}Visible: a\r▲Transfer-Encoding: chunked\r\n\r\n", "BARE_CR"),
    bad("a coding behind LF in a value", "GHSA-45c4-8wx5-qw6w", f"{POST}X: a▲\nTransfer-Encoding: chunked\r\n\r\n", "BARE_LF"),
    bad("NUL behind the coding", "9110 5.5", f"{POST}{TE}chunked▲\0\r\n\r\n", "FIELD_VALUE"),
    bad("FF behind the coding", "9110 5.5", f"{POST}{TE}chunked▲\x0c\r\n\r\n", "FIELD_VALUE"),
    bad("ESC in the coding", "9110 5.5", f"{POST}{TE}▲\x1bchunked\r\n\r\n", "FIELD_VALUE"),
    bad("a coding behind CR CR", "9110 5.5", f"{POST}{TE}chunked\r▲\r\n\r\n", "BARE_CR"),
    bad("a name ending in NEL", "garden 20", f"{POST}Content-Length▲\x85: 10\r\n\r\n0123456789", "FIELD_NAME"),
    bad("a name ending in NBSP", "garden 20", f"{POST}Transfer-Encoding▲\xa0: chunked\r\n\r\n", "FIELD_NAME"),
    bad("a name ending in VT", "9110 5.1", f"{POST}Transfer-Encoding▲\x0b: chunked\r\n\r\n", "FIELD_NAME"),
    bad("a name ending in NUL", "9110 5.1", f"{POST}Transfer-Encoding▲\0: chunked\r\n\r\n", "FIELD_NAME"),
    bad("a name ending in CR", "9110 5.1", f"{POST}Transfer-Encoding▲\r: chunked\r\n\r\n", "FIELD_NAME"),
    bad("a name behind a space", "garden 4", f"{POST}X: y\r\n▲ Transfer-Encoding: chunked\r\n\r\n", "LINE_FOLDING"),
    bad("a tab before the first field", "garden 4", f"POST / HTTP/1.1\r\n▲\t{CL}1\r\n{HOST}\r\nX", "LINE_FOLDING"),
    bad("a name behind VT", "9110 5.1", f"{POST}▲\x0bTransfer-Encoding: chunked\r\n\r\n", "FIELD_NAME"),
    bad("a name with the kelvin sign", "9110 5.1", f"{POST}Transfer-Encoding▲\xe2\x84\xaa: chunked\r\n\r\n", "FIELD_NAME"),
    bad("a length and no colon", "garden 28", f"{POST}Content-Length▲ 10\r\n\r\n0123456789", "SPACE_BEFORE_COLON"),
    bad("a space before a length's colon", "garden 3", f"{POST}Content-Length▲ : 34\r\n\r\n{NEXT}", "SPACE_BEFORE_COLON"),
    bad("an empty name", "garden 18", f"{GET}▲: ignored\r\n{HOST}\r\n", "FIELD_NAME"),
    bad("neither name nor value", "garden 27", f"{GET}▲:\r\nI: am cut\r\n\r\n", "FIELD_NAME"),
    bad("a line that is no field", "garden 36", f"{HEAD}Test▲\r\nConnection: close\r\n\r\n", "FIELD_NAME"),
    body("a coding whose name is in another case", "9110 5.1", f"{POST}tRANSFER-eNCODING: chunked\r\n\r\n{LAST}"),
    body("names that look like the coding's", "9110 5.1", f"{POST}Transfer_Encoding: chunked\r\nTransfer-Encodin: chunked\r\nTransfer-Encoding-: chunked\r\nTE: chunked\r\n{CL}3\r\n\r\n0\r\n", b"0\r\n"),
    body("a coding that Connection names", "9110 7.6.1", f"{POST}Connection: Transfer-Encoding\r\n{TE}chunked\r\n\r\n1\r\na\r\n{LAST}", b"a"),
    body("a length that Connection names", "9110 7.6.1", f"{POST}Connection: Content-Length, Host\r\n{CL}1\r\n\r\na", b"a"),
)  # fmt: skip

CHUNKS = (
    *(
        bad(f"the chunk size {text!r}", source, f"{CHUNKED}{text}\r\n\r\n{NEXT}", error)
        for text, source, error in (
            ("0▲_2e", "GHSA-gfw2-4jvh-wgfg, garden 1, garden 22", "CHUNK_SIZE"), ("0▲x0", "garden 25", "CHUNK_SIZE"),
            ("0▲X1", "garden 25", "CHUNK_SIZE"), ("▲+0", "garden 25", "CHUNK_SIZE"), ("▲-0", "garden 25", "CHUNK_SIZE"),
            ("▲\t0", "9112 7.1", "CHUNK_SIZE"), ("▲\x0b0", "9112 7.1", "CHUNK_SIZE"), ("0▲\x0b", "9112 7.1", "CHUNK_SIZE"),
            ("0▲h", "9112 7.1", "CHUNK_SIZE"), ("▲g", "9112 7.1", "CHUNK_SIZE"), ("1▲,1", "9112 7.1", "CHUNK_SIZE"),
            ("1▲.0", "9112 7.1", "CHUNK_SIZE"), ('▲"1"', "9112 7.1", "CHUNK_SIZE"), ("▲;a", "9112 7.1", "CHUNK_SIZE"),
            ("▲\xd9\xa1", "GHSA-69f9-5gxw-wvc2", "CHUNK_SIZE"), ("1▲\xa0", "9112 7.1", "CHUNK_SIZE"), ("0▲\0", "9112 7.1", "CHUNK_SIZE"),
            ("0 ▲0", "9112 7.1", "CHUNK_EXTENSION"), ("1\t▲1", "9112 7.1", "CHUNK_EXTENSION"), ("0▲#", "9112 7.1", "CHUNK_SIZE"),
            ("fffffffffffffff▲f", "9112 7.1", "CHUNK_SIZE"), ("0000000000000000▲0", "9112 7.1", "CHUNK_SIZE"),
            ("f00000000000000▲001", "9112 7.1", "CHUNK_SIZE"),
        )
    ),
    bad("an empty size at once", "garden 17", f"{CHUNKED}▲\r\n\r\n", "CHUNK_SIZE"),
    bad("an empty size behind a chunk", "garden 17", f"{CHUNKED}1\r\na\r\n▲\r\n0\r\n\r\n", "CHUNK_SIZE"),
    bad("CR before a size", "9112 7.1", f"{CHUNKED}▲\r0\r\n\r\n", "CHUNK_SIZE"),
    bad("LF before a size", "9112 7.1", f"{CHUNKED}▲\n0\r\n\r\n", "CHUNK_SIZE"),
    bad("CR CR behind a size", "GHSA-pjjw-qhg8-p2p9, garden 31", f"{CHUNKED}5\r▲\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n", "BARE_CR"),
    bad("CR and a digit behind a size", "garden 31", f"{CHUNKED}1\r▲1\r\na\r\n", "BARE_CR"),
    bad("LF behind a size in the last chunk", "erratum 7633, CVE-2025-22871", f"{CHUNKED}1\r\na\r\n0▲\n\r\n", "BARE_LF"),
    bad("LF behind the extension of the last chunk", "erratum 7633", f"{CHUNKED}0;a▲\n\r\n", "BARE_LF"),
    bad("LF for the last line", "erratum 7633", f"{CHUNKED}0\r\n▲\n", "BARE_LF"),
    bad("LF behind the size, then LF", "erratum 7633", f"{CHUNKED}0▲\n\n", "BARE_LF"),
    bad("a line hidden in an extension by LF", "GHSA-8495-4g3g-x7pr, CVE-2024-52304, funky chunks", f"{CHUNKED}2;▲\nxx\r\n4c\r\n0\r\n\r\n{NEXT}", "BARE_LF"),
    bad("a line hidden in an extension by CR", "funky chunks", f"{CHUNKED}2;\r▲xx\r\n4c\r\n0\r\n\r\n{NEXT}", "BARE_CR"),
    bad("a line hidden in a quoted extension", "funky chunks, CVE-2024-52304", f'{CHUNKED}1;a="▲\n"\r\nX\r\n0\r\n\r\n', "BARE_LF"),
    bad("CRLF in a quoted extension ends the line", "9112 7.1.1", f'{CHUNKED}1;a="\r\nX▲"\r\nY\r\n0\r\n\r\n', "CHUNK_END"),
    bad("two bytes for CRLF behind data", "CVE-2025-43859, funky chunks", f"{CHUNKED}5\r\nAAAAA▲XX2\r\n45\r\n0\r\n\r\n{NEXT}", "CHUNK_END"),
    bad("LF and a byte behind data", "CVE-2025-43859", f"{CHUNKED}1\r\nA▲\nX\r\n0\r\n\r\n", "BARE_LF"),
    bad("CR and a byte behind data", "CVE-2025-43859", f"{CHUNKED}1\r\nA\r▲X0\r\n\r\n", "BARE_CR"),
    bad("LF CR behind data", "9112 7.1", f"{CHUNKED}1\r\nA▲\n\r0\r\n\r\n", "BARE_LF"),
    bad("two bytes for the last CRLF", "garden 39, CVE-2023-40175", f"{CHUNKED}0\r\nXX▲\r\n", "FIELD_NAME"),
    Case("a request line in a trailer's place", "garden 39, CVE-2023-40175", f"{CHUNKED}0\r\nX:POST / HTTP/1.1\r\n\r\n", ("POST /", "end X=POST / HTTP/1.1")),
    bad("a control in an extension", "9112 7.1.1", f"{CHUNKED}1;a=▲\x01\r\na\r\n", "CHUNK_EXTENSION"),
    bad("DEL in an extension", "9112 7.1.1", f"{CHUNKED}1;a=▲\x7f\r\na\r\n", "CHUNK_EXTENSION"),
    bad("a number for an extension", "9112 7.1.1", f"{CHUNKED}1 ▲=a\r\na\r\n", "CHUNK_EXTENSION"),
    body("space before an extension", "9112 7.1.1", f"{CHUNKED}1 \t;a\r\na\r\n{LAST}", b"a"),
    body("extensions that nobody knows", "9112 7.1.1", f"{CHUNKED}1;a;b=c;d=\"e;f\"\r\na\r\n0;x\r\n\r\n", b"a"),
    body("an empty extension", "9112 7.1.1", f"{CHUNKED}1;\r\na\r\n0;;\r\n\r\n", b"a"),
    body("an extension that looks like a size", "9112 7.1.1", f"{CHUNKED}1;2\r\na\r\n0;1\r\n\r\n", b"a"),
    body("a last chunk of many zeros", "9112 7.1", f"{CHUNKED}0000000000000000\r\n\r\n"),
    body("data that looks like chunks", "9112 7.1", f"{CHUNKED}5\r\n0\r\n\r\n\r\n{LAST}", b"0\r\n\r\n"),
    body("data of line ends", "9112 7.1", f"{CHUNKED}4\r\n\r\n\r\n\r\n{LAST}", b"\r\n\r\n"),
    Case("thousands of tiny chunks", "GHSA-g84x-mcqj-x9qq", CHUNKED + "1\r\na\r\n" * 3000 + LAST, ("POST /", b"a" * 3000, "end")),
)  # fmt: skip

TRAILERS = (
    *(
        Case(f"the trailer {name} stays apart", source, f"{CHUNKED}1\r\na\r\n0\r\n{name}: {value}\r\n\r\n{NEXT}",
             ("POST /", b"a", f"end {name}={value}", *THEN))
        for name, value, source in (
            ("Content-Length", "27", "9110 6.5.1"), ("Transfer-Encoding", "chunked", "9110 6.5.1"), ("Host", "evil", "9110 6.5.1"),
            ("Connection", "close", "9110 6.5.1"), ("Upgrade", "websocket", "9110 6.5.1"), ("Expect", "100-continue", "9110 6.5.1"),
            ("Authorization", "Basic eA==", "9110 6.5.1"), ("Cookie", "a=b", "9110 6.5.1"), ("Content-Type", "a/b", "9110 6.5.1"),
            ("Content-Encoding", "gzip", "9110 6.5.1"), ("TE", "x", "9110 6.5.1"), ("Trailer", "Host", "9110 6.6.2"),
        )
    ),
    Case("trailers of one message are none of the next", "GHSA-9548-qrrj-x5pj, 9112 7.1.2",
         f"{CHUNKED}0\r\nX: y\r\n\r\n{CHUNKED}0\r\n\r\n", ("POST /", "end X=y", "POST /", "end")),
    bad("a trailer section that holds a request", "GHSA-9548-qrrj-x5pj", f"{CHUNKED}0\r\nTest: x\r\nGET▲ /admin HTTP/1.1\r\nHost: a\r\n\r\n", "SPACE_BEFORE_COLON"),
    bad("a trailer's name with a space", "9112 5.1", f"{CHUNKED}0\r\nX▲ : y\r\n\r\n", "SPACE_BEFORE_COLON"),
    bad("an empty trailer name", "9112 5", f"{CHUNKED}0\r\n▲: y\r\n\r\n", "FIELD_NAME"),
    bad("a byte above 127 in a trailer's name", "9110 5.1", f"{CHUNKED}0\r\n▲\xe9: y\r\n\r\n", "FIELD_NAME"),
    bad("a space before the first trailer", "9112 5.2", f"{CHUNKED}0\r\n▲ X: y\r\n\r\n", "LINE_FOLDING"),
    bad("CR CR LF behind trailers", "9112 7.1.2", f"{CHUNKED}0\r\nX: y\r\n\r▲\r\n", "BARE_CR"),
    bad("CR and a byte for the end of trailers", "garden 30", f"{CHUNKED}0\r\nX: y\r\n\r▲ZGET /evil: x\r\n\r\n", "BARE_CR"),
    bad("endless trailers", "GHSA-w2fm-2cpv-w7v5", CHUNKED + "0\r\n" + "A: b\r\n" * 32 + "▲" + "A: b\r\n" * 900, "TOO_MANY_TRAILERS"),
    bad("an endless trailer", "GHSA-w2fm-2cpv-w7v5", CHUNKED + "0\r\nA:" + "b" * 8188 + "▲" + "b" * 9000, "FIELD_TOO_LONG"),
    bad("long trailers", "GHSA-w2fm-2cpv-w7v5", CHUNKED + "0\r\n" + ("A:" + "b" * 8180 + "\r\n") * 2 + "A:" + "b" * 14 + "▲b" + "b" * 900, "TRAILERS_TOO_LARGE"),
    Case("no body, but trailers", "9112 7.1.2", f"{CHUNKED}0\r\nA: b\r\nA: c\r\n\r\n", ("POST /", "end A=b A=c")),
    Case("a trailer without value", "9112 5", f"{CHUNKED}0\r\nA:\r\n\r\n", ("POST /", "end A=")),
)  # fmt: skip

CASES = (*LENGTHS, *CODINGS, *CHUNKS, *TRAILERS)
