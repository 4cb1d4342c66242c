"""Sloppy heads of responses: refused to the letter, and what a lenient client makes of them.

What a case says of values is seen only in its body: they are checked in _twin/test_lines.py.
"""

from collections.abc import Iterator

from .case import MARK, Case
from .responses import GET, OK

REST = "Content-Length: 2\r\n\r\nok"
FINE = ("200 OK", b"ok", "end")


def borne(
    name: str, source: str, text: str, error: str, *events: str | bytes
) -> tuple[Case, Case]:
    """Refused at the mark to the letter; read leniently as if nothing were wrong."""
    return (
        Case(f"{name}, to the letter", source, text, error=error, request=GET),
        Case(f"{name}, leniently", source, text.replace(MARK, ""), events or FINE, request=GET,
             strictness="LENIENT"),
    )  # fmt: skip


def never(name: str, source: str, text: str, error: str, **limits: int) -> Case:
    """Refused at the mark by a lenient reader too."""
    return Case(f"{name}, leniently", source, text, error=error, request=GET, limits=limits,
                strictness="LENIENT")  # fmt: skip


LINE_ENDS = (
    *borne("LF ends the status line", "9112 2.2", "HTTP/1.1 200 OK▲\n" + REST, "BARE_LF"),
    *borne("LF ends a field line", "9112 2.2", OK + "X: a▲\n" + REST, "BARE_LF"),
    *borne("LF ends an empty field", "9112 2.2", OK + "X:▲\n" + REST, "BARE_LF"),
    *borne("LF ends the length", "9112 2.2", OK + "Content-Length: 2▲\n\r\nok", "BARE_LF"),
    *borne("LF ends the head", "9112 2.2", OK + "Content-Length: 2\r\n▲\nok", "BARE_LF"),
    *borne("LF ends all lines", "9112 2.2", "HTTP/1.1 200 OK▲\nX: a\nContent-Length: 2\n\nok", "BARE_LF"),
    *borne("LF ends a head without fields", "9112 2.2", "HTTP/1.1 200 OK▲\n\nok", "BARE_LF", "200 OK", b"ok"),
    never("LF before the status line", "9112 2.2", "▲\nHTTP/1.1 200 OK\r\n", "EMPTY_LINES"),
    never("an empty line before the status line", "9112 2.2", "▲\r\nHTTP/1.1 200 OK\r\n" + REST, "EMPTY_LINES"),
    never("CR alone in a value", "9112 2.2", OK + "X: a\r▲b\r\n", "BARE_CR"),
    never("CR alone ends a field line", "9112 2.2", OK + "X: a\r▲Y: b\r\n", "BARE_CR"),
    never("CR CR LF", "9112 2.2", OK + "X: a\r▲\r\n", "BARE_CR"),
    never("CR alone in a reason", "9112 2.2", "HTTP/1.1 200 a\r▲b\r\n", "BARE_CR"),
    never("CR alone behind LF", "9112 2.2", "HTTP/1.1 200 OK\nX: a\n\r▲X", "BARE_CR"),
)  # fmt: skip

STEERING = (
    "Content-Length",
    "transfer-encoding",
    "CONNECTION",
    "Upgrade",
    "Content-Encoding",
    "Trailer",
)
FOLDS = (
    *borne("a folded field", "9112 5.2", OK + "X: a\r\n▲ b\r\n" + REST, "LINE_FOLDING"),
    *borne("folding with a tab", "9112 5.2", OK + "X: a\r\n▲\tb\r\n" + REST, "LINE_FOLDING"),
    *borne("folding in several lines", "9112 5.2", OK + "X: a \r\n▲  b:\r\n\t \tc\r\n" + REST, "LINE_FOLDING"),
    *borne("folding behind nothing", "9112 5.2", OK + "X:\r\n▲ a\r\n" + REST, "LINE_FOLDING"),
    *borne("folding behind blanks", "9112 5.2", OK + "X: \t\r\n▲ a\r\n" + REST, "LINE_FOLDING"),
    *borne("folding of the last field", "9112 5.2", OK + "Content-Length: 2\r\nX: a\r\n▲ b\r\n\r\nok", "LINE_FOLDING"),
    *borne("folding of what looks like a field", "9112 5.2", OK + "X: a\r\n▲ Content-Length: 9\r\n" + REST,
           "LINE_FOLDING"),
    *borne("folding with LF", "9112 5.2", OK + "X: a▲\n b\n" + REST, "BARE_LF"),
    *(
        never(f"folding of {name}", "9112 5.2", OK + f"{name}: 2\r\n▲ \t2\r\n", "LINE_FOLDING")
        for name in STEERING
    ),
    *(
        never(f"folding before the value of {name}", "9112 5.2", OK + f"{name}:\n▲\tclose\n", "LINE_FOLDING")
        for name in STEERING
    ),
    never("folding of a second line", "9112 5.2", OK + "X: a\r\n b\r\nConnection: close\r\n▲ x", "LINE_FOLDING"),
    never("space before the first field", "9112 2.2", OK + "▲ X: a\r\n" + REST, "LINE_FOLDING"),
    never("a line of blanks", "9112 5.2", OK + "X: a\r\n \t▲\r\n" + REST, "LINE_FOLDING"),
    never("a line of blanks with LF", "9112 5.2", OK + "X: a\n ▲\n" + REST, "LINE_FOLDING"),
    never("a line of blanks behind folding", "9112 5.2", OK + "X: a\r\n b\r\n ▲\r\n" + REST, "LINE_FOLDING"),
    never("NUL in folding", "9110 5.5", OK + "X: a\r\n b▲\0\r\n", "FIELD_VALUE"),
    never("NUL begins folding", "9110 5.5", OK + "X: a\r\n ▲\0\r\n", "FIELD_VALUE"),
    never("CR alone in folding", "9112 2.2", OK + "X: a\r\n b\r▲c\r\n", "BARE_CR"),
    never("folding over the limit of a field", "9112 5.2", OK + "X: a\r\n bcd▲e", "FIELD_TOO_LONG", field=10),
    never("folding begins over the limit", "9112 5.2", OK + "X: abc\r\n▲ b", "FIELD_TOO_LONG", field=7),
    never("folding over the limit of a head", "9112 5.2", "HTTP/1.1 200 \r\nX: a\r\n b▲c", "HEAD_TOO_LARGE", head=23),
)  # fmt: skip

COLONS = (
    *borne("space before the colon", "9112 5.1", OK + "X▲ : a\r\n" + REST, "SPACE_BEFORE_COLON"),
    *borne("tabs before the colon", "9112 5.1", OK + "X▲\t \t:\r\n" + REST, "SPACE_BEFORE_COLON"),
    *(
        never(f"space behind {name}", "9112 5.1", OK + f"{name}▲ : 2\r\n", "SPACE_BEFORE_COLON")
        for name in STEERING
    ),
    never("two words for a name", "9112 5.1", OK + "X ▲Y: a\r\n" + REST, "FIELD_NAME"),
    never("a name without a colon", "9112 5", OK + "X▲\r\n" + REST, "FIELD_NAME"),
    never("a name, a space and no colon", "9112 5", OK + "X ▲\r\n" + REST, "FIELD_NAME"),
    never("no name", "9112 5", OK + "▲: a\r\n" + REST, "FIELD_NAME"),
    never("no name and a space", "9112 5", OK + "▲ : a\r\n", "LINE_FOLDING"),
    never("a control in a name", "9110 5.1", OK + "X▲\x01: a\r\n" + REST, "FIELD_NAME"),
    never("blanks over the limit", "9112 5.1", OK + "X     ▲ : a\r\n", "FIELD_TOO_LONG", field=6),
)  # fmt: skip

STATUS_LINES = (
    *borne("no space behind the code", "9112 4", "HTTP/1.1 200▲\r\n" + REST, "STATUS", "200", b"ok", "end"),
    *borne("LF right behind the code", "9112 4", "HTTP/1.0 200▲\n" + REST, "STATUS", "200", b"ok", "end"),
    never("a tab behind the code", "9112 4", "HTTP/1.1 200▲\tOK\r\n" + REST, "STATUS"),
    never("a code of four digits", "9112 4", "HTTP/1.1 200▲0\r\n", "STATUS"),
    never("a code of two digits", "9112 4", "HTTP/1.1 20▲\r\n" + REST, "STATUS"),
    never("two spaces before the code", "9112 4", "HTTP/1.1 ▲ 200 OK\r\n" + REST, "STATUS"),
    never("CR alone behind the code", "9112 4", "HTTP/1.1 200\r▲O", "BARE_CR"),
    never("ICY", "9112 2.3", "▲ICY 200 OK\r\n" + REST, "VERSION_SYNTAX"),
    never("HTTP/2.0", "9110 2.5", "HTTP/2.▲0 200 OK\r\n" + REST, "VERSION"),
    never("small letters", "9112 2.3", "▲http/1.1 200 OK\r\n" + REST, "VERSION_SYNTAX"),
)  # fmt: skip

CONTROLS = (
    *borne("a control in a value", "9110 5.5", OK + "X: a▲\x01b\r\n" + REST, "FIELD_VALUE"),
    *borne("VT around a value", "9110 5.5", OK + "X: ▲\x0b\x0b\r\n" + REST, "FIELD_VALUE"),
    *borne("DEL in a long value", "9110 5.5", OK + "X: " + "a" * 40 + "▲\x7f\r\n" + REST, "FIELD_VALUE"),
    *borne("a control in a reason", "9112 4", "HTTP/1.1 200 a▲\x1fb\r\n" + REST, "REASON_PHRASE",
           "200 a\x1fb", b"ok", "end"),
    never("NUL in a value", "9110 5.5", OK + "X: a\x01▲\0b\r\n" + REST, "FIELD_VALUE"),
    never("NUL in a reason", "9112 4", "HTTP/1.1 200 a\x01▲\0\r\n" + REST, "REASON_PHRASE"),
    never("a reason of controls over the limit", "9112 4", "HTTP/1.1 200 \x01\x01▲\x01", "LINE_TOO_LONG", line=15),
)  # fmt: skip

CHUNKED = OK + "Transfer-Encoding: chunked\n\n"
FRAMING = (
    never("a signed length", "9112 6.3", OK + "Content-Length: +2\n▲\nok", "LENGTH"),
    *(
        never(f"a control in {name}", "9110 5.5", OK + f"{name}: ▲\x0bclose\r\n", "FIELD_VALUE")
        for name in STEERING
    ),
    never("a control behind an option", "9112 9.3", OK + "Connection: close▲\x0b\n\n", "FIELD_VALUE"),
    never("a control in a length", "9112 6.3", OK + "Content-Length: 2▲\x7f\n\nok", "FIELD_VALUE"),
    never("a control in a coding", "9112 6.3", OK + "Transfer-Encoding: ▲\x01chunked\n\nok", "FIELD_VALUE"),
    never("length and coding", "9112 6.3", OK + "Transfer-Encoding: chunked\nContent-Length: 2\n▲\n", "LENGTH_AND_CODING"),
    never("differing lengths", "9112 6.3", OK + "Content-Length: 2\nContent-Length: 3\n▲\n", "LENGTH_CONFLICT"),
    never("LF behind a chunk size", "erratum 7633", CHUNKED + "2▲\nok\r\n", "BARE_LF"),
    never("LF behind a chunk", "erratum 7633", CHUNKED + "2\r\nok▲\n0\r\n\r\n", "BARE_LF"),
    never("LF ends the chunks", "erratum 7633", CHUNKED + "0\r\n▲\n", "BARE_LF"),
    never("a space behind a chunk size", "9112 7.1.1", CHUNKED + "2 ▲\r\nok\r\n", "CHUNK_EXTENSION"),
    never("a control in a chunk extension", "9112 7.1.1", CHUNKED + "2;a=▲\x01\r\nok\r\n", "CHUNK_EXTENSION"),
    never("LF ends a trailer", "9112 7.1.2", CHUNKED + "0\r\nX: a▲\n", "BARE_LF"),
    never("a folded trailer", "9112 7.1.2", CHUNKED + "0\r\nX: a\r\n▲ b\r\n", "LINE_FOLDING"),
    never("space before the colon of a trailer", "9112 7.1.2", CHUNKED + "0\r\nX▲ : a\r\n", "SPACE_BEFORE_COLON"),
    never("a control in a trailer", "9112 7.1.2", CHUNKED + "0\r\nX: a▲\x01\r\n", "FIELD_VALUE"),
)  # fmt: skip


def _interims() -> Iterator[Case]:
    """Interim responses are heads as others are."""
    text = "HTTP/1.1 100▲\n\nHTTP/1.1 200 OK\n" + REST
    yield from borne("an interim response", "9110 15.2", text, "STATUS", "100", *FINE)


CASES = (
    *LINE_ENDS,
    *FOLDS,
    *COLONS,
    *STATUS_LINES,
    *CONTROLS,
    *FRAMING,
    *_interims(),
)
