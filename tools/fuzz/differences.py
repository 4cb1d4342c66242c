"""The classes of differences between this package and other parsers, each with its reason.

Decides which differences are known. Each class tells by the bytes themselves that it applies, has
an example that falls in it, and stands on the page that is made from this table. Versions: h11
0.16, llhttp 9 as httptools 0.9 has it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from tools.fuzz import traits
from tools.fuzz.divergence import Divergence, Kind

ACCEPTS, REFUSES, DIFFERS, GOES_ON = Kind.ACCEPTS, Kind.REFUSES, Kind.DIFFERS, Kind.GOES_ON
PAGE: Final = Path(__file__).parents[2] / "docs/explanation/differences-from-parsers.md"
H11: Final = ("h11",)
LLHTTP: Final = ("llhttp",)
BOTH: Final = ("h11", "llhttp")
GET: Final = b"GET"

# The table


@attrs.frozen
class Difference:
    """One class: which peer does what, on which bytes, and why it is otherwise here."""

    name: str
    peers: tuple[str, ...]
    kind: Kind
    reasons: tuple[str, ...]
    """Names of the reasons that are given here; none where nothing is refused here."""
    test: Callable[[Divergence], bool]
    why: str
    example: bytes
    asked: bytes = b""
    """The method whose response the example is; empty for a request."""

    def holds(self, found: Divergence) -> bool:
        """This is such a difference."""
        return (not self.reasons or found.ours.reason in self.reasons) and self.test(found)


HOST: Final = b"Host: a\r\n"
POST: Final = b"POST / HTTP/1.1\r\nHost: a\r\n"
NEXT: Final = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK: Final = b"HTTP/1.1 200 OK\r\n"
CHUNKED: Final = POST + b"Transfer-Encoding: chunked\r\n\r\n"
_COUNTS: Final = ("TOO_MANY_FIELDS", "TOO_MANY_TRAILERS", "TOO_MANY_INTERIMS")
_BODY: Final = (
    "BARE_CR", "BARE_LF", "CHUNK_SIZE", "CHUNK_EXTENSION", "CHUNK_END", "FIELD_NAME", "FIELD_VALUE",
    "SPACE_BEFORE_COLON", "LINE_FOLDING", "INCOMPLETE", "LENGTH", "LENGTH_CONFLICT", "CODING",
    "CODING_UNKNOWN", "LENGTH_AND_CODING", "CODING_IN_HTTP_10", "TOO_MANY_TRAILERS",
)  # fmt: skip

CLASSES: Final = (
    Difference("LF for CRLF in heads and trailers", H11, ACCEPTS, ("BARE_LF",), traits.is_lf_in_lines,
               "RFC 9112 2.2 lets a recipient take LF alone; two readers of which one does see different lines.",
               b"GET / HTTP/1.1\r\nHost: a\n\r\n"),
    Difference("line ends before a request", LLHTTP, ACCEPTS, ("BARE_LF", "BARE_CR", "EMPTY_LINES"), traits.is_empty_before_request,
               "llhttp skips any CR and LF there; RFC 9112 2.2 asks for at least one CRLF, here four are skipped.",
               b"\n" + NEXT),
    Difference("line ends before a response", LLHTTP, ACCEPTS, ("BARE_LF", "BARE_CR", "EMPTY_LINES"), traits.is_empty_before_response,
               "Nothing in RFC 9112 lets a client skip them: they may belong to the response before.",
               b"\r\n" + OK + b"Content-Length: 0\r\n\r\n", GET),
    Difference("what is in chunk extensions", H11, ACCEPTS, ("BARE_CR", "CHUNK_EXTENSION"), traits.is_extension,
               "h11 skips all up to CRLF; a CR in there ends the line for others (RFC 9112 7.1.1).",
               CHUNKED + b"1;a\rb\r\na\r\n0\r\n\r\n"),
    Difference("spaces behind a chunk size", H11, ACCEPTS, ("CHUNK_EXTENSION",), traits.is_space_behind_size,
               "h11 strips them; RFC 9112 7.1.1 has space only before an extension.",
               CHUNKED + b"1 \r\na\r\n0\r\n\r\n"),
    Difference("chunk sizes of 17 digits or 64 bits", BOTH, ACCEPTS, ("CHUNK_SIZE",), traits.is_long_size,
               "RFC 9112 7.1 asks not to overflow: here sizes have 16 digits and 63 bits at most.",
               CHUNKED + b"00000000000000001\r\na\r\n0\r\n\r\n"),
    Difference("controls in field values", H11, ACCEPTS, ("FIELD_VALUE",), traits.is_control,
               "RFC 9110 5.5 calls them invalid and lets a recipient keep them; none is kept here but HTAB.",
               NEXT[:-2] + b"X: a\x01\r\n\r\n"),
    Difference("controls in reason phrases", BOTH, ACCEPTS, ("REASON_PHRASE",), traits.is_control,
               "RFC 9112 4 has no controls there but HTAB.",
               b"HTTP/1.1 200 \x7f\r\nContent-Length: 0\r\n\r\n", GET),
    Difference("the value of Host", BOTH, ACCEPTS, ("HOST_INVALID",), traits.is_odd_host,
               "RFC 9112 3.2 asks a server to refuse an invalid one; both leave that to their users.",
               b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Difference("no Host, or several", LLHTTP, ACCEPTS, ("HOST_MISSING", "HOST_REPEATED"), traits.has_other_than_one_host,
               "RFC 9112 3.2 asks a server to refuse both; llhttp leaves that to its user.",
               b"GET / HTTP/1.1\r\n\r\n"),
    Difference("lengths of more than 18 digits", BOTH, ACCEPTS, ("LENGTH",), traits.is_long_length,
               "Here a length fits in 63 bits however many zeros it begins with (RFC 9112 6.3).",
               POST + b"Content-Length: 0000000000000000001\r\n\r\na"),
    Difference("bodies of 2**63 bytes", BOTH, ACCEPTS, ("BODY_TOO_LARGE",), traits.is_huge_body,
               "A body is bounded as a whole, by `Limits.body`; peers count each chunk by itself.",
               CHUNKED + b"1\r\na\r\n7fffffffffffffff\r\na"),
    Difference("a length beside a coding", H11, ACCEPTS, ("LENGTH_AND_CODING",), traits.has_both_framings,
               "h11 lets the coding win, as RFC 9112 6.3 allows; it is how requests are smuggled.",
               POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Difference("folded lines", H11, ACCEPTS, ("LINE_FOLDING",), traits.is_fold,
               "h11 unfolds, as RFC 9112 5.2 allows.",
               NEXT[:-2] + b"X: a\r\n b\r\n\r\n"),
    Difference("a fragment in a target", BOTH, ACCEPTS, ("TARGET",), traits.is_fragment,
               "RFC 9112 3.2 has none; what stands behind `#` is read by some and dropped by others.",
               b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
    Difference("the form of the target", BOTH, ACCEPTS, ("TARGET",), traits.is_odd_target,
               "RFC 9112 3.2 has four forms, each for its methods; peers leave that to their users.",
               b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    Difference("HTTP/0.9", LLHTTP, ACCEPTS, ("TARGET",), traits.is_without_version,
               "llhttp takes a request line without a version (RFC 9112 3 has none).",
               b"GET /\r\nHost: a\r\n\r\n"),
    Difference("more than one space", LLHTTP, ACCEPTS, ("TARGET", "VERSION_SYNTAX"), traits.is_second_space,
               "RFC 9112 3 has one space, and lets a recipient take several: proxies disagree.",
               b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Difference("RTSP and ICE", LLHTTP, ACCEPTS, ("VERSION_SYNTAX",), traits.is_other_protocol,
               "llhttp reads these protocols too.",
               b"GET / RTSP/1.0\r\nHost: a\r\n\r\n"),
    Difference("bounded counts", BOTH, ACCEPTS, _COUNTS, traits.is_beyond_a_count,
               "128 fields, 32 trailers and 20 interim responses are the most; peers bound bytes or nothing.",
               NEXT[:-2] + b"X: y\r\n" * 128 + b"\r\n"),
    Difference("versions that are not spoken", BOTH, ACCEPTS, ("VERSION",), traits.is_other_version,
               "Only 1.0 and 1.1 are (RFC 9110 2.5); h11 takes any digits, llhttp 0.9 and 2.0 too.",
               b"GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    Difference("a coding in HTTP/1.0", BOTH, ACCEPTS, ("CODING_IN_HTTP_10",), traits.is_coded_in_http_10,
               "RFC 9112 6.1: its framing is faulty; both read chunks.",
               b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Difference("codings before chunked", LLHTTP, ACCEPTS, ("CODING_UNKNOWN", "CODING"), traits.has_other_codings,
               "llhttp gives the coded bytes to its user, who may not look; here none but chunked is known.",
               POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    Difference("responses whose last coding is not chunked", LLHTTP, ACCEPTS, ("CODING", "CODING_UNKNOWN"), traits.ends_with_other_coding,
               "RFC 9112 6.3 has them read until the close, but no such coding is known here.",
               OK + b"Transfer-Encoding: gzip\r\n\r\n", GET),
    Difference("faults in the framing of an upgrade", LLHTTP, ACCEPTS, _BODY, traits.is_upgrade,
               "llhttp reads neither the framing nor the body of CONNECT and of requests that ask for an upgrade.",
               b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n"),
    Difference("faults in the chunks of such a response", LLHTTP, ACCEPTS, _BODY, traits.has_fault_in_unusual_chunked,
               "As below: llhttp does not know `chunked,` and `chunked` before a tab for chunks, and reads until the close.",
               OK + b"Transfer-Encoding: ,chunked,\r\n\r\nx", GET),
    Difference("a status line without a reason and its space", BOTH, ACCEPTS, ("STATUS",), traits.is_bare_status,
               "RFC 9112 4 asks for the space; `LENIENT` bears with it.",
               b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", GET),
    Difference("status codes below 100", LLHTTP, ACCEPTS, ("STATUS",), traits.is_status_below_100,
               "RFC 9110 15 has codes from 100 on.",
               b"HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n", GET),
    Difference("bytes above 127 in a target", BOTH, REFUSES, (), traits.has_bytes_in_target,
               "Browsers send them; RFC 3986 has none.",
               b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    Difference("an empty line before a request", H11, REFUSES, (), traits.begins_with_line_end,
               "RFC 9112 2.2 asks a server to skip at least one.",
               b"\r\n" + NEXT),
    Difference("empty elements in a list of codings", BOTH, REFUSES, (), traits.has_empty_codings,
               "RFC 9110 5.6.1 asks a recipient to ignore them.",
               POST + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"),
    Difference("the end before a response", H11, REFUSES, (), traits.is_nothing,
               "No message was cut short; that none came is for the owner of the connection to say.",
               b"", GET),
    Difference("methods that llhttp does not list", LLHTTP, REFUSES, (), traits.has_rare_method,
               "RFC 9110 9.1: any token is a method.",
               b"G / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Difference("equal lengths, repeated", LLHTTP, REFUSES, (), traits.has_lengths,
               "RFC 9110 8.6 lets a recipient take them for one.",
               POST + b"Content-Length: 1, 1\r\n\r\na"),
    Difference("faults of a head that is not whole", LLHTTP, REFUSES, (), traits.is_judged_before_the_head_is_whole,
               "Here framing is judged once, at the end of the head.",
               POST + b"Content-Length: +1\r\n"),
    Difference("space before a chunk extension", BOTH, REFUSES, (), traits.has_space_before_extension,
               "RFC 9112 7.1.1 has a recipient skip it.",
               CHUNKED + b"1 ;a\r\na\r\n0\r\n\r\n"),
    Difference("chunk extensions that are no tokens", LLHTTP, REFUSES, (), traits.has_odd_extension,
               "Here extensions are skipped up to CRLF, controls refused: none is ever used (RFC 9112 7.1.1).",
               CHUNKED + b"1;\r\na\r\n0\r\n\r\n"),
    Difference("a tab behind a coding", LLHTTP, REFUSES, (), traits.has_tab_behind_coding,
               "RFC 9112 5.1 has a recipient drop it.",
               POST + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n"),
    Difference("trailers that look like framing", BOTH, REFUSES, (), traits.has_framing_trailer,
               "llhttp reads Content-Length, Transfer-Encoding and Connection in trailers as if they stood in "
               "the head, and h11 checks the first two; RFC 9110 6.5.1 keeps trailers apart, and so does this package.",
               CHUNKED + b"0\r\nContent-Length: x\r\n\r\n"),
    Difference("bytes behind Proxy-Connection: close", LLHTTP, REFUSES, (), traits.is_behind_proxy_close,
               "It is no field of HTTP/1.1 (RFC 9110 7.6.1 has Connection).",
               NEXT[:-2] + b"Proxy-Connection: close\r\n\r\n" + NEXT),
    Difference("an interim response that would close", LLHTTP, REFUSES, (), traits.is_behind_last_interim,
               "RFC 9110 15.2: the final response follows whatever an interim one says.",
               b"HTTP/1.1 100 C\r\nConnection: close\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", GET),
    Difference("targets that are judged at once", LLHTTP, REFUSES, (), traits.is_odd_target_at_once,
               "Here the form of a target is judged with its method, at the end of the head.",
               b"GET a.b HTTP/1.1\r\n"),
    Difference("the body of an upgrade", LLHTTP, DIFFERS, (), traits.is_upgrade,
               "llhttp leaves the body of CONNECT, and of a request that asks for an upgrade, to its user: "
               "taken for the next request, it is one that was smuggled (GHSA-mfx4-hv73-q22v). Here it is body.",
               POST + b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na"),
    Difference("chunked with a comma or a tab, in a response", LLHTTP, DIFFERS, (), traits.has_unusual_chunked,
               "RFC 9110 5.6.1 asks a recipient to ignore empty elements, and RFC 9112 5.1 to drop space around a "
               "value: here that is chunked. llhttp does not know the word then, and reads until the close.",
               OK + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", GET),
    Difference("interim responses of other codes, with a length", LLHTTP, DIFFERS, (), traits.has_interim_with_framing,
               "RFC 9112 6.3: no 1xx response has a body; llhttp gives one to those that it does not know.",
               b"HTTP/1.1 105 R\r\nContent-Length: 1\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", GET),
    Difference("bytes behind CONNECT", H11, GOES_ON, (), traits.is_behind_connect,
               "They may be a tunnel's, and are never taken for a request here; h11 reads on once it was declined.",
               b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT),
    Difference("HTTP/1.0 with keep-alive", H11, GOES_ON, (), traits.is_behind_http_10,
               "h11 closes behind any message of HTTP/1.0; RFC 9112 9.3 knows keep-alive.",
               b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + NEXT),
    Difference("bytes behind the last message", LLHTTP, GOES_ON, (), traits.is_behind_close,
               "llhttp refuses them; here they stay inside, and the message before them is answered (RFC 9112 9.6).",
               NEXT[:-2] + b"Connection: close\r\n\r\nG"),
    Difference("bytes behind an upgrade", LLHTTP, GOES_ON, (), traits.is_behind_upgrade,
               "llhttp stops behind CONNECT and any request that asks for an upgrade; here a declined one is "
               "followed by the next request, but nothing behind CONNECT ever is.",
               NEXT[:-2] + b"Connection: upgrade\r\nUpgrade: x\r\n\r\n" + NEXT),
    Difference("bytes behind a switch", LLHTTP, GOES_ON, (), traits.is_behind_switch,
               "llhttp needs Connection: upgrade beside 101 to stop; here 101 is the last message (RFC 9110 15.2.2).",
               b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nab", GET),
)  # fmt: skip


_KINDS: Final = {
    ACCEPTS: "Read by {peer}, refused here",
    REFUSES: "Refused by {peer}, read here",
    DIFFERS: "Read by both, as different messages",
    GOES_ON: "One stops where the other reads on",
}
_INTRODUCTION: Final = """\
# Differences from other parsers

Where `weft_http_parser` and two parsers that many programs use read the same bytes in different
ways: [h11](https://h11.readthedocs.io) 0.16, and [llhttp](https://github.com/nodejs/llhttp) as
httptools 0.9 has it. `python -m tools.fuzz.peers` looks for more; a difference that is in none of
these classes fails the tests. The page is written by `python -m tools.fuzz.differences`.

A parser that reads what another refuses is only sloppy. Two that both read on, with different ends
of a message, let one request hide in another: those are listed under "as different messages", and
there is none between this package and h11.
"""


def render_page() -> str:
    """The page about all classes."""
    parts = [_INTRODUCTION]
    for peer in BOTH:
        parts.append(f"\n## {peer}\n")
        for kind, title in _KINDS.items():
            rows = [each for each in CLASSES if peer in each.peers and each.kind is kind]
            if rows:
                parts += [f"\n### {title.format(peer=peer)}\n", "\n", *map(_render_row, rows)]
    return "".join(parts)


def _render_row(each: Difference) -> str:
    names = ", ".join(f"`{name}`" for name in each.reasons[:3])
    if len(each.reasons) > 3:
        names += " and others"
    reasons = f" ({names})" if names else ""
    return f"- **{each.name[0].upper()}{each.name[1:]}**{reasons}. {each.why}\n"


if __name__ == "__main__":
    PAGE.write_text(render_page(), "utf-8")
