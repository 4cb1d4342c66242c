"""Payloads: what they call themselves, how long they are, and what they write."""

import io
import json
from array import array
from collections.abc import AsyncIterator

import pytest
from support.writers import KeepingWriter

from weft_http_parser import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BodyWriter,
    Buffer,
    BytesPayload,
    HeaderInjection,
    HttpParserError,
    JsonBytesPayload,
    JsonPayload,
    LookupError,
    Order,
    Payload,
    PayloadRegistry,
    StreamReader,
    StreamReaderPayload,
    StringIOPayload,
    StringPayload,
    UnknownPayload,
    get_payload,
    payload_type,
    register_payload,
)


async def written(payload: Payload) -> bytes:
    writer = KeepingWriter()
    await payload.write(writer)
    return writer.data


async def blocks() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"bc"


@pytest.mark.parametrize("value", [b"abc", bytearray(b"abc"), memoryview(b"abc")])
async def test_bytes(value: bytes | bytearray | memoryview) -> None:
    payload = get_payload(value)
    assert isinstance(payload, BytesPayload)
    assert payload.size == 3
    assert dict(payload.headers) == {"Content-Type": "application/octet-stream"}
    assert payload.content_type == "application/octet-stream"
    assert (payload.encoding, payload.filename) == (None, None)
    assert payload.is_rewindable
    assert payload.autoclose
    assert not payload.consumed
    assert await written(payload) == await written(payload) == b"abc"
    assert payload.decode() == "abc"
    assert await payload.as_bytes() == b"abc"
    await payload.close()


async def test_large_bytes_are_written_in_pieces_of_the_same_memory() -> None:
    data = bytes(2_500_000)
    given: list[Buffer] = []

    class Writer:
        async def write(self, data: Buffer) -> None:
            given.append(data)

    payload = BytesPayload(data)
    await payload.write(Writer())
    assert [len(piece) for piece in given] == [1_048_576, 1_048_576, 402_848]
    assert all(isinstance(piece, memoryview) and piece.obj is data for piece in given)
    given.clear()
    await payload.write_with_length(Writer(), 1_048_577)
    assert [len(piece) for piece in given] == [1_048_576, 1]
    given.clear()
    wide = memoryview(bytearray(2_000_000)).cast("I")
    await BytesPayload(wide).write(Writer())
    assert [len(piece) for piece in given] == [1_048_576, 951_424]
    small = bytes(1_048_576)
    given.clear()
    await BytesPayload(small).write(Writer())
    assert given[0] is small


def test_the_size_of_a_memoryview_is_in_bytes() -> None:
    assert BytesPayload(memoryview(bytearray(8)).cast("I")).size == 8


@pytest.mark.parametrize(
    ("content_type", "encoding", "expected_type", "data"),
    [
        (None, None, "text/plain; charset=utf-8", b"\xc3\xa9"),
        (None, "latin-1", "text/plain; charset=latin-1", b"\xe9"),
        ("text/html", None, "text/html", b"\xc3\xa9"),
        ("text/html; charset=latin-1", None, "text/html; charset=latin-1", b"\xe9"),
        ("text/html", "latin-1", "text/html", b"\xe9"),
    ],
)
async def test_text(
    content_type: str | None, encoding: str | None, expected_type: str, data: bytes
) -> None:
    payload = StringPayload("é", content_type=content_type, encoding=encoding)
    assert payload.content_type == expected_type
    assert payload.size == len(data)
    assert await written(payload) == data
    assert payload.decode() == "é"


async def test_text_in_memory() -> None:
    payload = get_payload(io.StringIO("hello é"))
    assert isinstance(payload, StringIOPayload)
    assert payload.size == 8
    assert payload.decode() == "hello é"


async def test_json() -> None:
    payload = JsonPayload({"a": "é"})
    assert payload.content_type == "application/json"
    assert json.loads(await written(payload)) == {"a": "é"}
    assert JsonPayload(1, dumps=lambda value: f"<{value}>").decode() == "<1>"
    assert JsonPayload("é", "latin-1", dumps=str).size == 1
    assert JsonBytesPayload(1, dumps=lambda value: b"[1]").decode() == "[1]"
    named = JsonPayload(1, "utf-8", "a/b", json.dumps, {"X": "y"}, filename="one.json")
    assert dict(named.headers) == {"Content-Type": "a/b", "X": "y"}
    assert named.filename == "one.json"


async def test_an_async_iterable_can_be_sent_once() -> None:
    payload = get_payload(blocks())
    assert isinstance(payload, AsyncIterablePayload)
    assert payload.size is None
    assert payload.autoclose
    assert not payload.is_rewindable
    with pytest.raises(TypeError, match="cannot be decoded"):
        payload.decode()
    writer = KeepingWriter()
    await payload.write(writer)
    assert writer.blocks == [b"a", b"bc"]
    assert payload.consumed
    with pytest.raises(RuntimeError, match="used up"):
        await written(payload)
    with pytest.raises(TypeError, match="AsyncIterable"):
        AsyncIterablePayload([b"a"])  # type: ignore[arg-type]  # the error under test


class Refusing(KeepingWriter):
    """Takes one block."""

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.blocks:
            raise ConnectionResetError
        await super().write(data)


async def test_a_generator_that_is_not_sent_whole_is_closed() -> None:
    ends: list[str] = []

    async def generate() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            ends.append("closed")

    with pytest.raises(ConnectionResetError):
        await get_payload(generate()).write(Refusing())
    assert ends == ["closed"]


class Blocks:
    """An iterable that is no generator, and has nothing to close."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return blocks().__aiter__()


async def test_an_iterable_that_is_not_sent_whole_is_left() -> None:
    writer = Refusing()
    with pytest.raises(ConnectionResetError):
        await AsyncIterablePayload(Blocks()).write(writer)
    assert writer.blocks == [b"a"]


async def test_an_async_iterable_that_was_collected_can_be_sent_again() -> None:
    payload = get_payload(blocks())
    assert await payload.as_bytes() == await payload.as_bytes() == b"abc"
    assert payload.is_rewindable
    assert not payload.consumed
    assert payload.decode() == "abc"
    assert await written(payload) == b"abc"


async def test_a_stream_is_sent_on() -> None:
    stream = StreamReader()
    stream.feed_data(b"abc")
    stream.feed_eof()
    payload = get_payload(stream)
    assert isinstance(payload, StreamReaderPayload)
    assert await written(payload) == b"abc"


@pytest.mark.parametrize("value", [b"abcdef", "abcdef", blocks()], ids=["bytes", "text", "blocks"])
async def test_writing_no_more_than_was_declared(value: object) -> None:
    writer = KeepingWriter()
    await get_payload(value).write_with_length(writer, 2)
    assert writer.data == b"ab"


async def test_blocks_behind_what_was_declared_are_dropped() -> None:
    writer = KeepingWriter()
    await get_payload(blocks()).write_with_length(writer, 1)
    assert writer.blocks == [b"a"]


async def test_a_length_counts_bytes_of_larger_items() -> None:
    async def numbers() -> AsyncIterator[memoryview]:
        yield memoryview(array("i", [1, 2, 3]))

    writer = KeepingWriter()
    await get_payload(numbers()).write_with_length(writer, 5)
    assert writer.data == array("i", [1, 2, 3]).tobytes()[:5]


async def test_writing_everything() -> None:
    for value in (b"abc", blocks()):
        writer = KeepingWriter()
        await get_payload(value).write_with_length(writer, None)
        assert writer.data == b"abc"


def test_headers_are_kept() -> None:
    payload = BytesPayload(b"a", headers={"X-A": "b"}, content_type="c/d", filename="e.txt")
    assert list(payload.headers.items()) == [("Content-Type", "c/d"), ("X-A", "b")]
    assert payload.filename == "e.txt"
    assert BytesPayload(b"a", headers=[("content-type", "e/f")]).content_type == "e/f"


def test_content_disposition() -> None:
    payload = BytesPayload(b"a")
    payload.set_content_disposition("form-data", name="é", filename="a b.txt")
    assert payload.headers["Content-Disposition"] == (
        "form-data; name*=utf-8''%C3%A9; filename=\"a%20b.txt\""
    )
    assert payload.filename == "a%20b.txt"
    payload.set_content_disposition("form-data", quote_fields=False, filename="a b.txt")
    assert payload.filename == "a b.txt"


def test_nothing_breaks_out_of_headers() -> None:
    """GHSA-2vrm-gr82-f7m5."""
    with pytest.raises(HeaderInjection):
        BytesPayload(b"a", content_type="text/x\r\nX: y")
    with pytest.raises(HeaderInjection):
        BytesPayload(b"a", headers={"X": "y\r\nZ: a"})
    with pytest.raises(HeaderInjection):
        BytesPayload(b"a", headers={"X\n": "y"})
    with pytest.raises(HeaderInjection):
        BytesPayload(b"a").set_content_disposition("form-data", quote_fields=False, name="\r\n")


@pytest.mark.parametrize("value", [1, None, {}, [b"a"], object(), iter([b"a"])])
def test_values_without_payload(value: object) -> None:
    with pytest.raises(
        LookupError, match="no payload is registered for a value of type"
    ) as caught:
        get_payload(value)
    assert isinstance(caught.value, UnknownPayload | KeyError)
    assert isinstance(caught.value, HttpParserError)


def test_wrong_values() -> None:
    with pytest.raises(TypeError, match="byte-ish"):
        BytesPayload("text")  # type: ignore[arg-type]  # the error under test


class Point:
    pass


class SpecialPoint(Point):
    pass


class PointPayload(Payload):
    async def write(self, writer: BodyWriter) -> None:
        await writer.write(b"point")


class OtherPayload(PointPayload):
    pass


def test_a_payload_stands_for_itself() -> None:
    payload = BytesPayload(b"a")
    assert get_payload(payload) is payload


async def test_own_payloads() -> None:
    registry = PayloadRegistry()
    registry.register(PointPayload, Point)
    payload = registry.get(SpecialPoint(), content_type="x/point")
    assert type(payload) is PointPayload
    assert payload.content_type == "x/point"
    assert (payload.size, payload.is_rewindable, payload.autoclose) == (None, False, False)
    assert await payload.as_bytes() == b"point"
    with pytest.raises(TypeError):
        payload.decode()
    await payload.close()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Order.normal, Order.try_first, OtherPayload),
        (Order.try_first, Order.normal, PointPayload),
        (Order.try_last, Order.normal, OtherPayload),
        (Order.try_last, Order.try_last, PointPayload),
    ],
)
@pytest.mark.parametrize("value", [Point(), SpecialPoint()], ids=["itself", "heir"])
def test_the_order_of_payloads(
    first: Order, second: Order, expected: type[Payload], value: Point
) -> None:
    registry = PayloadRegistry()
    registry.register(PointPayload, Point, order=first)
    registry.register(OtherPayload, (Point,), order=second)
    assert type(registry.get(value)) is expected


def test_the_last_of_one_type_and_the_first_of_its_bases() -> None:
    registry = PayloadRegistry()
    registry.register(PointPayload, Point)
    registry.register(OtherPayload, (Point,))
    assert type(registry.get(Point())) is OtherPayload
    assert type(registry.get(SpecialPoint())) is PointPayload


def test_registering_for_everyone() -> None:
    class Circle:
        pass

    @payload_type(Circle)
    class CirclePayload(PointPayload):
        pass

    class Square:
        pass

    register_payload(PointPayload, Square, order=Order.try_last)
    assert type(get_payload(Circle())) is CirclePayload
    assert type(PAYLOAD_REGISTRY.get(Square())) is PointPayload


def test_what_comes_first_leaves_other_values_alone() -> None:
    registry = PayloadRegistry()
    registry.register(PointPayload, Point, order=Order.try_first)
    registry.register(BytesPayload, bytes)
    assert type(registry.get(b"abc")) is BytesPayload
