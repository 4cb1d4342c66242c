"""What a type checker knows about bodies: streams, payloads, forms, codings. Checked, never run."""

from collections.abc import Callable
from typing import Any, assert_type

from multidict import CIMultiDict

from weft_http_parser import (
    BodyPartReader,
    BytesPayload,
    FormData,
    JsonPayload,
    MultipartReader,
    MultipartWriter,
    Payload,
    StreamReader,
    StringPayload,
    get_payload,
    make_decoder,
    make_encoder,
)


async def read(stream: StreamReader) -> None:
    assert_type(await stream.read(), bytes)
    assert_type(await stream.read(10), bytes)
    assert_type(await stream.readany(), bytes)
    assert_type(await stream.readexactly(3), bytes)
    assert_type(await stream.readline(), bytes)
    assert_type(await stream.readuntil(b"\n"), bytes)
    assert_type(await stream.readchunk(), tuple[bytes, bool])
    assert_type(stream.read_nowait(), bytes)
    assert_type(stream.at_eof(), bool)
    assert_type(stream.is_eof(), bool)
    assert_type(stream.exception(), BaseException | None)
    assert_type(stream.total_bytes, int)
    await stream.readuntil("\n")  # type: ignore[arg-type]  # bytes, not text
    async for line in stream:
        assert_type(line, bytes)
    async for piece in stream.iter_any():
        assert_type(piece, bytes)
    async for part in stream.iter_chunked(10):
        assert_type(part, bytes)
    async for chunk, ends in stream.iter_chunks():
        assert_type(chunk, bytes)
        assert_type(ends, bool)


def feed(stream: StreamReader, call: Callable[[], None]) -> None:
    stream.feed_data(b"")
    stream.feed_data("text")  # type: ignore[arg-type]  # bytes, not text
    stream.feed_eof()
    stream.on_eof(call)
    stream.set_exception(ValueError())


async def read_parts(reader: MultipartReader, part: BodyPartReader) -> None:
    assert_type(await reader.next(), MultipartReader | BodyPartReader | None)
    async for found in reader:
        assert_type(found, MultipartReader | BodyPartReader)
    assert_type(part.name, str | None)
    assert_type(part.filename, str | None)
    assert_type(await part.read(decode=True), bytes)
    assert_type(await part.read_chunk(), bytes)
    assert_type(await part.text(), str)
    assert_type(await part.json(), Any)
    assert_type(await part.form(), list[tuple[str, str]])
    assert_type(part.at_eof(), bool)
    async for block in part:
        assert_type(block, bytes)


async def write(form: FormData, writer: MultipartWriter) -> None:
    form.add_field("a", "b", filename="c", content_type="d/e")
    form.add_field("a", "b", "c")  # type: ignore[call-arg]  # by name only
    assert_type(form.is_multipart, bool)
    assert_type(form(), Payload)
    assert_type(writer.append("a"), Payload)
    assert_type(writer.append_json({"a": 1}), Payload)
    assert_type(writer.size, int | None)
    for payload in (BytesPayload(b"a"), StringPayload("a"), JsonPayload({}), get_payload(b"a")):
        assert_type(payload.size, int | None)
        assert_type(payload.content_type, str)
        assert_type(payload.headers, CIMultiDict[str])
        assert_type(await payload.as_bytes(), bytes)
        assert_type(payload.is_rewindable, bool)


def code() -> None:
    decoder = make_decoder("gzip", ratio_limit=None)
    assert_type(decoder.decode(b""), bytes)
    assert_type(decoder.has_pending, bool)
    make_decoder(b"gzip")  # type: ignore[arg-type]  # a coding is text
    encoder = make_encoder("gzip", 9)
    assert_type(encoder.encode(b""), bytes)
