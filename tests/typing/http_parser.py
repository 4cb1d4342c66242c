"""What a type checker knows about messages and connections. Checked, never run."""

from typing import assert_type

from multidict import CIMultiDictProxy

from weft_http_parser import (
    End,
    Event,
    Http1Connection,
    Limits,
    RequestHead,
    ResponseHead,
    Role,
    StreamReader,
)

connection = Http1Connection(Role.SERVER, Limits(line=100))
Http1Connection("server")  # type: ignore[arg-type]  # a Role, not its name

for event in connection.receive(b""):
    assert_type(event, Event)
    if isinstance(event, RequestHead):
        assert_type(event.method, str)
        assert_type(event.headers, CIMultiDictProxy[str])
        assert_type(event.get("host"), str | None)
        assert_type(event.get("host", ""), str)
    elif isinstance(event, ResponseHead):
        assert_type(event.status, int)
    elif isinstance(event, End):
        assert_type(event.trailers, CIMultiDictProxy[str])
    else:
        assert_type(event, bytes)

assert_type(connection.send_head(ResponseHead(200, "OK")), bytes)
connection.send_data("text")  # type: ignore[arg-type]  # bytes, not text


async def read(stream: StreamReader) -> None:
    assert_type(await stream.read(), bytes)
    assert_type(await stream.readchunk(), tuple[bytes, bool])
    async for line in stream:
        assert_type(line, bytes)
    async for chunk, ends in stream.iter_chunks():
        assert_type(chunk, bytes)
        assert_type(ends, bool)
