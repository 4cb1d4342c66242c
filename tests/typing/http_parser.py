"""What a type checker knows about messages and connections. Checked, never run."""

from collections.abc import Sequence
from typing import assert_type

from multidict import CIMultiDictProxy

from weft_http_parser import (
    CHUNKED,
    DEFAULT_LIMITS,
    END,
    HTTP_11,
    LENIENT,
    STRICT,
    End,
    Event,
    HeaderInjection,
    Http1Connection,
    HttpParserError,
    Limits,
    ProtocolError,
    Reason,
    RequestHead,
    ResponseHead,
    Role,
    Strictness,
    Version,
    frame_request,
    frame_response,
    has_body,
    hdrs,
    render_fields,
    render_request_head,
    render_response_head,
)

connection = Http1Connection(Role.SERVER, Limits(line=100))
Http1Connection(Role.CLIENT, DEFAULT_LIMITS, LENIENT)
Http1Connection("server")  # type: ignore[arg-type]  # a Role, not its name
Http1Connection(Role.CLIENT, 8190)  # type: ignore[arg-type]  # limits are one value
Limits(100)  # type: ignore[call-arg]  # by name only
Limits(lines=100)  # type: ignore[call-arg]  # no such limit
assert_type(STRICT, Strictness)
assert_type(Limits().trailers, int)

events = connection.receive(b"")
assert_type(events, list[Event])
assert_type(connection.receive_eof(), list[Event])
assert_type(connection.next_cycle(), list[Event])
connection.receive("text")  # type: ignore[arg-type]  # bytes, not text

for event in events:
    assert_type(event, Event)
    assert_type(event, RequestHead | ResponseHead | bytes | End)
    if isinstance(event, RequestHead):
        assert_type(event.method, str)
        assert_type(event.target, str)
        assert_type(event.version, Version)
        assert_type(event.version.minor, int)
        assert_type(event.headers, CIMultiDictProxy[str])
        assert_type(event.raw, bytes)
        assert_type(event.raw_headers, tuple[tuple[bytes, bytes], ...])
        assert_type(event.framing, int)
        assert_type(event.persistent, bool)
        assert_type(event.wants_upgrade, bool)
        assert_type(event.expects_continue, bool)
        assert_type(event.get("host"), str | None)
        assert_type(event.get("host", None), str | None)
        assert_type(event.get("host", ""), str)
        assert_type(event.get_all("accept"), list[str])
        event.get("host", 1)  # type: ignore[call-overload]  # a default is text
    elif isinstance(event, ResponseHead):
        assert_type(event.status, int)
        assert_type(event.reason, str)
        assert_type(event.headers, CIMultiDictProxy[str])
        event.method  # type: ignore[attr-defined]  # noqa: B018  # requests have one
    elif isinstance(event, End):
        assert_type(event.trailers, CIMultiDictProxy[str])
    else:
        assert_type(event, bytes)

head = ResponseHead(200, "OK", HTTP_11, {"Server": "a"})
assert_type(connection.send_head(head), bytes)
assert_type(connection.send_head(RequestHead("GET", "/", headers=[("Host", "a")])), bytes)
assert_type(connection.send_data(b""), list[bytes | bytearray | memoryview])
connection.send_data(memoryview(b""))
connection.send_data("text")  # type: ignore[arg-type]  # bytes, not text
assert_type(connection.send_end(), bytes)
assert_type(connection.send_end([("Digest", "x")]), bytes)
assert_type(connection.send_end({"Digest": "x"}), bytes)
connection.send_end([("Digest", 1)])  # type: ignore[list-item]  # text only
assert_type(connection.send_rendered(head.raw, CHUNKED, status=200), bytes)
connection.send_rendered(head.raw, CHUNKED, True)  # type: ignore[call-arg]  # by name only
assert_type(connection.send_whole(head.raw, b"", persistent=False), bytes)
assert_type(connection.switch(), bytes)
assert_type(connection.role, Role)
assert_type(connection.buffered, int)
assert_type(connection.chunk_ends, Sequence[int])
for answer in (
    connection.can_cycle,
    connection.has_received,
    connection.is_idle,
    connection.is_our_done,
    connection.is_peer_done,
):
    assert_type(answer, bool)

assert_type(END, End)
frame_request(RequestHead("GET", "/"))
frame_response(head, "GET")
assert_type(has_body(200, "HEAD"), bool)
assert_type(render_request_head("GET", "/", HTTP_11, []), bytes)
assert_type(render_response_head(200, "OK", HTTP_11, {}), bytes)
assert_type(render_fields([("A", "b")]), bytes)
render_fields([("A", b"b")])  # type: ignore[list-item]  # text only
ResponseHead("200", "OK")  # type: ignore[arg-type]  # a status is a number
method: str = hdrs.METH_GET

try:
    connection.receive(b"")
except ProtocolError as error:
    assert_type(error.reason, Reason)
    assert_type(error.reason.text, str)
    assert_type(error.offset, int)
    assert_type(error.status, int)
except HeaderInjection as injection:
    assert_type(injection.place, str)
    assert_type(injection.text, str)
    root: HttpParserError = injection
    builtin: ValueError = injection
