"""Start lines of requests, their targets, and Host: what must not reach a router or a proxy."""

from .bodies import POST
from .case import Case
from .requests import GET, HEAD, HOST, bad, good

NEXT = HEAD + "\r\n"


def line(name: str, source: str, text: str, error: str) -> Case:
    """A fault inside the request line."""
    return bad(name, source, f"{text}\r\n{HOST}\r\n", error)


LINES = (
    line("a tab before the target", "9112 3, GHSA-8qpw-xqxj-h4r2", "GET▲\t/ HTTP/1.0", "METHOD"),
    line("a tab before the version", "9112 3, GHSA-8qpw-xqxj-h4r2", "GET /▲\tHTTP/1.0", "TARGET"),
    line("VT before the target", "9112 3", "GET▲\x0b/ HTTP/1.1", "METHOD"),
    line("FF before the version", "9112 3", "GET /▲\x0cHTTP/1.1", "TARGET"),
    line("CR before the version", "9112 3", "GET /▲\rHTTP/1.1", "TARGET"),
    line("LF before the version", "garden 9", "GET /▲\nHTTP/1.1", "TARGET"),
    line("NBSP before the target is a part of it", "9112 3", "GET▲\xa0/ HTTP/1.1", "METHOD"),
    line("a space inside the target", "9112 3.2", "GET /a ▲b HTTP/1.1", "VERSION_SYNTAX"),
    line("a request line in a target", "9112 3.2", "GET / ▲/admin HTTP/1.1", "VERSION_SYNTAX"),
    line("two versions", "9112 3", "GET / HTTP/1.1▲ HTTP/1.1", "VERSION_SYNTAX"),
    line("a tab behind the version", "9112 3", "GET / HTTP/1.1▲\t", "VERSION_SYNTAX"),
    line("many spaces behind the version", "9112 3", "GET / HTTP/1.1▲    ", "VERSION_SYNTAX"),
    line("HTTP/0.9 of one word", "9110 2.5", "GET▲", "METHOD"),
    line("HTTP/0.9 of two words", "9110 2.5", "GET /▲", "TARGET"),
    line("a fragment in a target", "9112 3.2, 3986 3.5", "GET /a▲#b HTTP/1.1", "TARGET"),
    line("a fragment behind many bytes", "9112 3.2, 3986 3.5", f"GET /{'a' * 40}?b▲# HTTP/1.1", "TARGET"),
    line("a fragment in an absolute target", "9112 3.2.2", "GET http://a/▲#/b HTTP/1.1", "TARGET"),
    *(
        line(f"the version {text.replace('▲', '')!r}", source, f"GET / {text}", error)
        for text, source, error in (
            ("HTTP/1▲", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/1.▲", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/▲.1", "9112 2.3", "VERSION_SYNTAX"),
            ("HTTP/1.1▲2", "garden 5", "VERSION_SYNTAX"), ("HTTP/1.▲3", "9110 2.5", "VERSION"), ("HTTP/3.▲0", "9110 2.5", "VERSION"),
            ("HTTP/0.▲0", "9110 2.5", "VERSION"), ("HTTP/4▲294967295.255", "garden 24", "VERSION_SYNTAX"), ("HTTP/▲\r\r1.1", "garden 15", "VERSION_SYNTAX"),
            ("HTTP/▲+1.1", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/1▲,1", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/▲ 1.1", "9112 2.3", "VERSION_SYNTAX"),
            ("HTTP▲1.1", "9112 2.3", "VERSION_SYNTAX"), ("H▲ttp/1.1", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/1.▲\xb9", "GHSA-69f9-5gxw-wvc2", "VERSION_SYNTAX"),
            ("HTTP/▲\xd9\xa1.1", "GHSA-69f9-5gxw-wvc2", "VERSION_SYNTAX"), ("HTTP/1.▲\xef\xbc\x91", "GHSA-69f9-5gxw-wvc2", "VERSION_SYNTAX"),
            ("▲XHTTP/1.1", "9112 2.3", "VERSION_SYNTAX"), ("HTTP▲S/1.1", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/▲............0596.7407.", "garden 40", "VERSION_SYNTAX"),
            ("HTTP/1.1▲\0", "9112 2.3", "VERSION_SYNTAX"), ("HTTP/▲-1.1", "9112 2.3", "VERSION_SYNTAX"), ("▲ICAP/1.0", "9112 2.3", "VERSION_SYNTAX"),
        )
    ),
    *(
        line(f"the method {text.replace('▲', '')!r}", source, f"{text} / HTTP/1.1", "METHOD")
        for text, source in (
            ('G▲=":<>(e),[T];?"', "garden 6, GHSA-8qpw-xqxj-h4r2"), ("GET▲,POST", "9110 9.1"), ("▲\0", "garden 40"), ("GE▲\xc3\x89T", "9110 9.1"),
            ("▲(GET)", "9110 9.1"), ("GET▲/", "9110 9.1"), ("▲\x7fGET", "9110 9.1"), ("▲\xef\xbb\xbfGET", "9110 9.1"), ("GET▲@", "9110 9.1"),
            ("▲\tGET", "9112 2.2"), ("▲  GET", "9112 2.2"), ("▲{GET}", "9110 9.1"), ("GET▲\\", "9110 9.1"), ("▲[GET]", "9110 9.1"),
        )
    ),
    bad("CR and a space before the method", "9112 2.2", "\r▲ GET / HTTP/1.1\r\n", "BARE_CR"),
    bad("a space on the empty line before", "9112 2.2", "▲ \r\nGET / HTTP/1.1\r\n", "METHOD"),
    bad("an SMTP line", "9112 3", "EHLO a.b▲\r\n", "TARGET"),
    bad("an SSH line", "9112 3", "SSH-2.0-OpenSSH_9▲\r\n", "METHOD"),
    bad("a PROXY line", "9112 3", "PROXY TCP4 ▲192.0.2.1 192.0.2.2 1 2\r\n", "VERSION_SYNTAX"),
    bad("a PROXY signature", "9112 3", "\r\n\r\n▲\0\r\nQUIT\n", "METHOD"),
    bad("a TLS hello of version 2", "9112 3", "▲\x80\x2e\x01\x03\x01", "METHOD"),
    bad("a TLS alert", "9112 3", "▲\x15\x03\x03\0\x02\x02\x28", "METHOD"),
    bad("a response to a server", "9112 2.1", "HTTP▲/1.1 200 OK\r\n\r\n", "METHOD"),
    bad("the preface behind a request", "9113 3.4", HEAD + "\r\nPRI * HTTP/2.▲0\r\n\r\nSM\r\n\r\n", "VERSION"),
    bad("the preface with Host", "9113 3.4", "PRI * HTTP/2.▲0\r\n" + HOST + "\r\n", "VERSION"),
    bad("the preface's word in HTTP/1.1", "9112 3.2.4", "PRI * HTTP/1.1\r\n" + HOST + "\r▲\n", "TARGET"),
    good("a method of one letter", "9110 9.1", "G / HTTP/1.1\r\n" + HOST + "\r\n", "G /", "end"),
    good("a method that begins like another", "9110 9.1", "GETX / HTTP/1.1\r\n" + HOST + "\r\n", "GETX /", "end"),
    good("a small connect is no CONNECT", "9110 9.1", "connect /x HTTP/1.1\r\n" + HOST + "\r\n" + NEXT, "connect /x", "end", "GET /", "end"),
    good("a target of characters that URIs do not have", "9112 3.2", 'GET /<>"{}|\\^`%zz HTTP/1.1\r\n' + HOST + "\r\n", 'GET /<>"{}|\\^`%zz', "end"),
    good("two slashes at the start", "9112 3.2.1, GHSA-v6wp-4m6f-gcjg", "GET //evil.example/x HTTP/1.1\r\n" + HOST + "\r\n", "GET //evil.example/x", "end"),
    good("dots and encoded slashes stay", "9112 3.2.1", "GET /a/../%2e%2e/%2Fb HTTP/1.1\r\n" + HOST + "\r\n", "GET /a/../%2e%2e/%2Fb", "end"),
    good("an empty query", "9112 3.2.1", "GET /? HTTP/1.1\r\n" + HOST + "\r\n", "GET /?", "end"),
)  # fmt: skip

ABSOLUTE = (
    *(
        good(f"the target {target}", source, f"GET {target} HTTP/1.1\r\n{HOST}\r\n", f"GET {target}", "end")
        for target, source in (
            ("http://a", "9112 3.2.2"), ("http://a/", "9112 3.2.2"), ("http://a?b", "9112 3.2.2"), ("HTTP://A.B:80/x", "9110 4.2.3"),
            ("https://a:443/", "9110 4.2.2"), ("http://[::1]/", "3986 3.2.2"), ("http://[::ffff:192.0.2.1]:8080/", "3986 3.2.2"),
            ("http://192.0.2.1/", "3986 3.2.2"), ("http://a:/", "3986 3.2.3"), ("http://%41/", "3986 3.2.2"), ("ws://a/", "9112 3.2.2"),
            ("http://a/@b", "9112 3.2.2"), ("http://a/http://b", "9112 3.2.2"), ("http://a?@b/", "9112 3.2.2"),
        )
    ),
    *(
        bad(f"the target {method} {target}", source, f"{method} {target} HTTP/1.1\r\n{HOST}\r▲\n", "TARGET")
        for target, source, method in (
            ("http://user:password@a/", "9110 4.2.4", "GET"), ("http://@a/", "9110 4.2.4", "GET"), ("http://b@", "9110 4.2.4", "GET"),
            ("https://", "9110 4.2.2", "GET"), ("https:///", "9110 4.2.2", "GET"), ("https://:443/", "9110 4.2.2", "GET"), ("http://?a", "9110 4.2.1", "GET"),
            ("http:/a", "9112 3.2.2", "GET"), ("http:", "9112 3.2.2", "GET"), ("://a/", "9112 3.2.2", "GET"), ("http//a/", "9112 3.2.2", "GET"),
            ("javascript:x", "9112 3.2.2", "GET"), ("gopher://a/", "9112 3.2.2", "GET"), ("urn:a:b", "9112 3.2.2", "GET"), ("httpx://a/", "9112 3.2.2", "GET"),
            ("mailto:a@b", "9112 3.2.2", "GET"), ("h\xc3\xa9://a/", "9112 3.2.2", "GET"), ("../x", "9112 3.2.1", "GET"), ("\\x", "9112 3.2.1", "GET"),
            ("!", "garden 7", "GET"), ("%2fx", "9112 3.2.1", "GET"), ("a.b", "9112 3.2.1", "GET"), ("**", "9112 3.2.4", "OPTIONS"),
            ("*?a", "9112 3.2.4", "OPTIONS"), ("*", "9112 3.2.4", "POST"), ("*", "9112 3.2.4", "options"), ("http://*", "9112 3.2.2", "CONNECT"),
            ("*", "9112 3.2.3", "CONNECT"), ("http://a:80/", "9112 3.2.3", "CONNECT"), ("a:", "9112 3.2.3", "CONNECT"), ("a:b", "9112 3.2.3", "CONNECT"),
            ("a:80/", "9112 3.2.3", "CONNECT"), ("a:80?b", "9112 3.2.3", "CONNECT"), ("[::1]", "9112 3.2.3", "CONNECT"), ("[::1]80", "9112 3.2.3", "CONNECT"),
            ("a:-1", "9112 3.2.3", "CONNECT"), ("a:+1", "9112 3.2.3", "CONNECT"), ("a:1:2", "9112 3.2.3", "CONNECT"), ("[]:1", "9112 3.2.3", "CONNECT"),
            ("http://`?b", "3986 3.2.2", "GET"), ("http://a\\b/", "3986 3.2.2", "GET"), ("http://a:b/", "3986 3.2.3", "GET"), ("http://[::1/", "3986 3.2.2", "GET"), ("http://[zz]/", "3986 3.2.2", "GET"), ("[zz]:80", "3986 3.2.2", "CONNECT"),
            ("http://a:1:2/", "3986 3.2.3", "GET"), ("http://%zz/", "3986 3.2.2", "GET"), ('http://[::1]:"80/', "3986 3.2.3", "GET"), ("http://\xc3\xa9/", "3986 3.2.2", "GET"),
            ("http://a:\xd9\xa1/", "GHSA-69f9-5gxw-wvc2", "GET"), ("`:80", "3986 3.2.2", "CONNECT"), ("a\\b:80", "3986 3.2.2", "CONNECT"), ("%zz:80", "3986 3.2.2", "CONNECT"),
            ("a:\xd9\xa1", "GHSA-69f9-5gxw-wvc2", "CONNECT"), ("[::1:1", "9112 3.2.3", "CONNECT"),
        )
    ),
    good("CONNECT to an address", "9112 3.2.3", "CONNECT [2001:db8::1]:443 HTTP/1.1\r\n" + HOST + "\r\n", "CONNECT [2001:db8::1]:443", "end"),
    good("OPTIONS with a path", "9112 3.2.1", "OPTIONS /a HTTP/1.1\r\n" + HOST + "\r\n", "OPTIONS /a", "end"),
    good("OPTIONS of a whole server, absolute", "9112 3.2.4", "OPTIONS http://a:1 HTTP/1.1\r\n" + HOST + "\r\n", "OPTIONS http://a:1", "end"),
    good("Host differs from an absolute target", "9112 3.2.2", "GET http://b/ HTTP/1.1\r\n" + HOST + "\r\n", "GET http://b/", "end"),
    bad("an absolute target without Host", "9112 3.2.2", "GET http://b/ HTTP/1.1\r\n\r▲\n", "HOST_MISSING"),
    good("an absolute target without Host in HTTP/1.0", "9112 3.2", "GET http://b/ HTTP/1.0\r\n\r\n", "GET http://b/", "end"),
    bad("an absolute target and two Hosts", "9112 3.2", "GET http://b/ HTTP/1.1\r\nHost: b\r\nHost: b\r\n\r▲\n", "HOST_REPEATED"),
)  # fmt: skip

HOSTS = (
    *(
        good(f"Host {host!r}", source, f"{GET}Host: {host}\r\n\r\n")
        for host, source in (
            ("a.b.c", "9110 7.2"), ("127.0.0.1:80", "3986 3.2.2"), ("[::1]", "3986 3.2.2"), ("[2001:db8::1]:443", "3986 3.2.2"),
            ("a:", "3986 3.2.3"), ("xn--bcher-kva.example", "9110 7.2"), ("A.B", "9110 7.2"), ("a_b", "3986 3.2.2"), ("a..b", "3986 3.2.2"),
            ("%61", "3986 3.2.2"), ("a,b", "3986 3.2.2"), ("a:65535", "3986 3.2.3"), ("[v1.fe:x]", "3986 3.2.2"), ("[VA.x]:1", "3986 3.2.2"), ("[fe80::1:2]", "3986 3.2.2"), ("[::ffff:192.0.2.1]", "3986 3.2.2"), ("[ABCD:EF01:2345:6789:abcd:ef01:2345:6789]", "3986 3.2.2"), ("0x7f.1", "3986 3.2.2"),
        )
    ),
    *(
        bad(f"Host {host!r}", source, f"{GET}Host: {host}\r\n\r▲\n", "HOST_INVALID")
        for host, source in (
            ("a, b/c", "9112 3.2"), ("http://a", "9112 3.2"), ("a/", "9112 3.2"), ("/a", "9112 3.2"), ("@a", "9112 3.2"), ("a@", "9112 3.2"),
            ("user:password@a", "9112 3.2"), ("a\tb", "9112 3.2"), ("a:80:80", "3986 3.2.3"), ("a:8o", "3986 3.2.3"),
            ("a:+80", "3986 3.2.3"), ("a:-1", "3986 3.2.3"), ("a: 80", "3986 3.2.3"), ("a :80", "3986 3.2.3"), ("::1]", "3986 3.2.2"),
            ("[::1]80", "3986 3.2.2"), ("[::1]]", "3986 3.2.2"), ("[[::1]]", "3986 3.2.2"), ("[::1%25eth0]/", "3986 3.2.2"), ("[a/b]", "3986 3.2.2"),
            ("a%", "3986 3.2.2"), ("a%2", "3986 3.2.2"), ("%2g", "3986 3.2.2"), ("\xc3\xa9", "3986 3.2.2"), ("a\xa0", "3986 3.2.2"), ("a;b|c", "3986 3.2.2"),
            ("a^b", "3986 3.2.2"), ("`a`", "3986 3.2.2"), ("{a}", "3986 3.2.2"), ("a\\@b", "9112 3.2"), ("a?", "9112 3.2"), (":80", "9110 4.2.1"), (":", "9110 4.2.1"), ("[]:80", "3986 3.2.2"), ("[a]", "3986 3.2.2"), ("[zz]", "3986 3.2.2"), ("[1.2.3.4]", "3986 3.2.2"),
            ("[::1%25eth0]", "3986 3.2.2"), ("[:g:]", "3986 3.2.2"), ("[v.x]", "3986 3.2.2"), ("[v1]", "3986 3.2.2"), ("[v1.]", "3986 3.2.2"), ("[vg.x]", "3986 3.2.2"), ("[", "3986 3.2.2"), ("[v", "3986 3.2.2"), ("[v1.x", "3986 3.2.2"), ("[:", "3986 3.2.2"), ("[a:b.c:d/]", "3986 3.2.2"), ("#", "9112 3.2"), ("a:\xb2", "GHSA-69f9-5gxw-wvc2"),
        )
    ),
    bad("Host first and last", "9112 3.2, GHSA-c427-h43c-vf67", f"{HEAD}X: y\r\nHost: evil\r\n\r▲\n", "HOST_REPEATED"),
    bad("an empty Host and another", "9112 3.2, GHSA-c427-h43c-vf67", GET + "Host:\r\nHost: a\r\n\r▲\n", "HOST_REPEATED"),
    bad("Host in three spellings", "9112 3.2", GET + "host: a\r\nHOST: a\r\nHoSt: a\r\n\r▲\n", "HOST_REPEATED"),
    bad("a Host beside a hidden one", "9112 5.2", HEAD + "X: y\r\n▲ Host: evil\r\n\r\n", "LINE_FOLDING"),
    bad("a Host with a space before its colon", "9112 5.1", GET + "Host▲ : a\r\nHost: a\r\n\r\n", "SPACE_BEFORE_COLON"),
    bad("a Host with a body", "9112 3.2", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r▲\nabc", "HOST_MISSING"),
    bad("only names that look like Host", "9112 3.2", GET + "Hostx: a\r\nX-Host: a\r\nHos: a\r\n\r▲\n", "HOST_MISSING"),
    bad("an invalid Host in HTTP/1.0", "9112 3.2", "GET / HTTP/1.0\r\nHost: a/b\r\n\r▲\n", "HOST_INVALID"),
)  # fmt: skip

FIELDS = (
    *(
        bad(f"the byte {byte!r} in a name", "9110 5.1, garden 14", f"{GET}X▲{byte}Y: a\r\n{HOST}\r\n", "FIELD_NAME")
        for byte in '\x01\x07\x08\x0c\x1b\x1f\x7f"(),/;<=>?@[\\]{}\x80\xa0\xff'
    ),
    *(
        bad(f"the byte {byte!r} in a value", source, f"{HEAD}X: a▲{byte}b\r\n\r\n", "FIELD_VALUE")
        for byte, source in (("\x01", "9110 5.5"), ("\x08", "9110 5.5"), ("\x0c", "9110 5.5"), ("\x1b", "9110 5.5"), ("\x1f", "9110 5.5"))
    ),
    bad("CR, LF and NUL in a value", "garden 2, GHSA-45c4-8wx5-qw6w", HEAD + "X: v▲\n\0\ralue\r\n\r\n", "BARE_LF"),
    bad("LF at the start of a value", "garden 19", HEAD + "X:▲\n\nGET / HTTP/1.1\r\n\r\n", "BARE_LF"),
    bad("CR in the middle of a value", "garden 34", HEAD + "X: va\r▲lue\r\n\r\n", "BARE_CR"),
    bad("NUL in the middle of a value", "garden 35", HEAD + "X: test▲\0gone\r\nConnection: close\r\n\r\n", "FIELD_VALUE"),
    bad("the head ends with CR and a byte", "GHSA-pjjw-qhg8-p2p9, garden 30", HEAD + "\r▲ZGET /evil: x\r\n\r\n", "BARE_CR"),
    bad("the head ends with CR CR", "garden 30", HEAD + "\r▲\r\n", "BARE_CR"),
    bad("the head ends with LF CR", "9112 2.2", HEAD + "▲\n\r\n", "BARE_LF"),
    bad("a line of spaces", "9112 5.2", HEAD + "▲   \r\n\r\n", "LINE_FOLDING"),
    bad("a folded Host", "9112 5.2", GET + "Host: a\r\n▲\tb\r\n\r\n", "LINE_FOLDING"),
    good("a field with a byte of every class", "garden 11, 9110 5.1", HEAD + "Te!st: a\r\nX_Y: b\r\n1: c\r\n\r\n"),
    good("bytes that some strip", "garden 41", HEAD + "User: \x85admin\xa0\r\n\r\n"),
    good("many equal fields", "9110 5.3", HEAD + "X: 1\r\nx: 2\r\nX: 1\r\n\r\n"),
    good("a value of colons", "9112 5.1", HEAD + "X:::a: b:\r\n\r\n"),
    good("a value of quotes that do not end", "9110 5.6.4", HEAD + 'X: "a\\\r\nY: b"\r\n\r\n'),
    bad("a request of one CR", "9112 2.2", "\r▲\r\n", "BARE_CR"),
    bad("a request of NUL", "9112 3", "▲\0\r\n\r\n", "METHOD"),
)  # fmt: skip

UPGRADES = (
    Case("a declined upgrade with a body that looks like a request", "GHSA-mfx4-hv73-q22v, 9110 7.8",
         POST + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 27\r\n\r\n" + NEXT + NEXT,
         ("POST /", NEXT.encode(), "end", "GET /", "end")),
    Case("a declined upgrade with chunks", "GHSA-mfx4-hv73-q22v, 9110 7.8",
         POST + "Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n" + NEXT,
         ("POST /", b"GET", "end", "GET /", "end")),
    Case("a declined upgrade without a body", "9110 7.8", HEAD + "Connection: upgrade\r\nUpgrade: x\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    bad("an upgrade with two lengths", "GHSA-mfx4-hv73-q22v", POST + "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\nContent-Length: 0\r\n\r▲\n", "LENGTH_CONFLICT"),
    Case("Upgrade that Connection does not name", "9110 7.8", HEAD + "Upgrade: x\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    Case("an upgrade in HTTP/1.0", "9110 7.8", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nG", ("GET /", "end", "behind 1")),
    Case("CONNECT with chunks", "9110 9.3.6", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n" + NEXT,
         ("CONNECT a:1", b"GET", "end", "behind 27")),
    bad("CONNECT with a length and a coding", "9110 9.3.6", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r▲\n", "LENGTH_AND_CODING"),
    Case("CONNECT is the last message", "9110 9.3.6", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n\x16\x03", ("CONNECT a:1", "end", "behind 2")),
    Case("an expectation of a message without a body", "9110 10.1.1", HEAD + "Expect: 100-continue\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    Case("an expectation in odd letters", "9110 10.1.1", POST + "Expect: 100-ContinuE\r\nContent-Length: 3\r\n\r\nGET" + NEXT, ("POST /", b"GET", "end", "GET /", "end")),
    Case("an expectation twice", "9110 10.1.1", POST + "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nG", ("POST /", b"G", "end")),
    Case("an expectation that nobody knows", "9110 10.1.1", POST + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nG", ("POST /", b"G", "end")),
    Case("an expectation in HTTP/1.0", "9110 10.1.1", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nG", ("POST /", b"G", "end")),
    Case("an expectation with chunks", "9110 10.1.1", POST + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nG\r\n0\r\n\r\n", ("POST /", b"G", "end")),
)  # fmt: skip

PIPELINES = (
    Case("bytes behind close are never a request", "9112 9.6", HEAD + "Connection: close\r\n\r\n" + NEXT * 3, ("GET /", "end", "behind 81")),
    Case("close in the second of two fields", "9110 7.6.1", HEAD + "Connection: keep-alive\r\nConnection: close\r\n\r\n" + NEXT, ("GET /", "end", "behind 27")),
    Case("close beside keep-alive", "9112 9.3", HEAD + "Connection: keep-alive, close\r\n\r\n" + NEXT, ("GET /", "end", "behind 27")),
    Case("a close with a body", "9112 9.6", POST + "Connection: close\r\nContent-Length: 1\r\n\r\na" + NEXT, ("POST /", b"a", "end", "behind 27")),
    Case("a close with chunks", "9112 9.6", POST + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, ("POST /", "end", "behind 27")),
    Case("options that only look like close", "9110 7.6.1", HEAD + "Connection: closed, x-close, clos\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    Case("an empty Connection", "9110 7.6.1", HEAD + "Connection:\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    Case("close in a trailer closes nothing", "9110 6.5.1", POST + "Transfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n" + NEXT,
         ("POST /", "end Connection=close", "GET /", "end")),
    Case("Proxy-Connection is no Connection", "9110 7.6.1", HEAD + "Proxy-Connection: close\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    Case("HTTP/1.0 with close", "9112 9.3", "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n" + NEXT, ("GET /", "end", "behind 27")),
    Case("HTTP/1.1 behind HTTP/1.0", "9112 9.3", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + NEXT, ("GET /", "end", "GET /", "end")),
    Case("twelve requests at once", "GHSA-4fvr-rgm6-gqmc, 9112 9.3.2", NEXT * 12, ("GET /", "end") * 12),
    bad("a fault behind eight requests", "9112 9.3.2", NEXT * 8 + "GET ▲ / HTTP/1.1\r\n", "TARGET"),
    bad("a fault behind chunks", "9112 9.3.2", POST + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n▲\0", "METHOD"),
    bad("a fault in a body behind a request", "9112 7.1", NEXT + POST + "Transfer-Encoding: chunked\r\n\r\n▲x", "CHUNK_SIZE"),
    bad("a smuggled prefix without Host", "9112 9.3.2", POST + "Content-Length: 4\r\n\r\nabcdGET /x HTTP/1.1\r\nX: \r\n\r▲\n", "HOST_MISSING"),
    bad("body bytes that were not declared", "9112 6.3", POST + "Content-Length: 1\r\n\r\na▲\xe9", "METHOD"),
    bad("LF behind a body", "9112 2.2", POST + "Content-Length: 1\r\n\r\na▲\nGET / HTTP/1.1\r\n", "BARE_LF"),
    good("CRLF behind a body", "9112 2.2", POST + "Content-Length: 1\r\n\r\na\r\n" + NEXT, "POST /", b"a", "end", "GET /", "end"),
    bad("five empty lines between requests", "9112 2.2", NEXT + "\r\n" * 4 + "▲\r\n" + NEXT, "EMPTY_LINES"),
    Case("the end inside the second head", "9112 8", NEXT + "GET / HT", error="INCOMPLETE", has_eof=True),
    Case("the end inside a chunk's line", "9112 8", POST + "Transfer-Encoding: chunked\r\n\r\n1;a", error="INCOMPLETE", has_eof=True),
    Case("the end between chunk and line", "9112 8", POST + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r", error="INCOMPLETE", has_eof=True),
    Case("the end inside trailers", "9112 8", POST + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n", error="INCOMPLETE", has_eof=True),
    Case("the end behind CR", "9112 8", HEAD + "\r", error="INCOMPLETE", has_eof=True),
    Case("the end inside a method", "9112 8", "GE", error="INCOMPLETE", has_eof=True),
    Case("the end behind a body", "9112 8", POST + "Content-Length: 1\r\n\r\na", ("POST /", b"a", "end"), has_eof=True),
)  # fmt: skip

_SEGMENTED = "GHSA-63hw-fmq6-xxg2"
LIMITS = (
    bad("a target without bound, never a line's end", _SEGMENTED, "GET /" + "a" * 8185 + "▲" + "a" * 20_000, "LINE_TOO_LONG"),
    bad("a method without bound", _SEGMENTED, "A" * 8190 + "▲" + "A" * 9000, "LINE_TOO_LONG"),
    bad("a value without bound", _SEGMENTED, HEAD + "X:" + "a" * 8188 + "▲" + "a" * 20_000, "FIELD_TOO_LONG"),
    bad("a value of spaces without bound", _SEGMENTED, HEAD + "X:" + " " * 8188 + "▲" + " " * 9000, "FIELD_TOO_LONG"),
    bad("a name without bound", _SEGMENTED, GET + "a" * 8190 + "▲" + "a" * 9000, "FIELD_TOO_LONG"),
    bad("fields without bound", "GHSA-w2fm-2cpv-w7v5", HEAD + "a:b\r\n" * 127 + "▲" + "a:b\r\n" * 900, "TOO_MANY_FIELDS"),
    bad("long fields without bound", "6585 5", HEAD + ("X:" + "a" * 8000 + "\r\n") * 8 + "X:" + "a" * 1477 + "▲" + "a" * 900, "HEAD_TOO_LARGE"),
    bad("empty lines without bound", "9112 2.2", "\r\n" * 4 + "▲" + "\r\n" * 900, "EMPTY_LINES"),
)  # fmt: skip

CASES = (*LINES, *ABSOLUTE, *HOSTS, *FIELDS, *UPGRADES, *PIPELINES, *LIMITS)
