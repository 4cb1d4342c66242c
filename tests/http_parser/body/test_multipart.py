"""Multipart bodies read from streams, part by part."""

import asyncio

import pytest
from support.multiparts import MIXED, TWO, first_part, part_of, reader_of, stream_of

from weft_http_parser import (
    BodyPartReader,
    BodyTooLarge,
    MultipartError,
    MultipartLimits,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
    StreamReader,
)


class Response:
    def __init__(self) -> None:
        self.headers = {"Content-Type": MIXED}
        self.content = stream_of(TWO)
        self.released = 0

    def release(self) -> object:
        self.released += 1
        return None


# Parts, one after the other.


@pytest.mark.parametrize("width", [0, 1, 3])
async def test_parts(width: int) -> None:
    reader = reader_of(TWO, width=width)
    found = []
    while (part := await reader.next()) is not None:
        assert isinstance(part, BodyPartReader)
        found.append((dict(part.headers), await part.read(), part.name, part.filename))
    assert found == [({"A": "b"}, b"hello", None, None), ({}, b"world", None, None)]
    assert reader.at_eof()
    assert await reader.next() is None


async def test_iterating() -> None:
    assert [type(part) async for part in reader_of(TWO)] == [BodyPartReader, BodyPartReader]
    part = await first_part(TWO)
    assert [data async for data in part] == [b"hello"]
    assert [data async for data in part] == []


async def test_what_is_left_of_a_part_is_dropped() -> None:
    reader = reader_of(TWO)
    first = await reader.next()
    assert isinstance(first, BodyPartReader)
    assert await first.read_chunk(2) == b"he"
    second = await reader.next()
    assert isinstance(second, BodyPartReader)
    assert await second.read() == b"world"
    assert first.at_eof()
    assert await first.read() == b""


async def test_releasing() -> None:
    part = await first_part(TWO)
    await part.release()
    assert part.at_eof()
    assert await part.read() == b""
    assert await part.next() is None
    reader = reader_of(TWO)
    await reader.release()
    assert reader.at_eof()


async def test_a_part_that_was_read_is_not_released() -> None:
    """As in aiohttp."""
    released: list[str] = []

    class Part(BodyPartReader):
        async def release(self) -> None:
            released.append(self.headers.get("A", ""))
            await super().release()

    class Reader(MultipartReader):
        part_reader_cls = Part

    for is_read, expected in ((True, []), (False, ["b", ""])):
        reader = Reader({"Content-Type": MIXED}, stream_of(TWO))
        async for part in reader:
            assert isinstance(part, Part)
            if is_read:
                await part.read()
        assert released == expected


async def test_the_body_is_read_to_its_end() -> None:
    stream = stream_of(TWO + b"epilogue", 1)
    reader = MultipartReader({"Content-Type": MIXED}, stream)
    await reader.release()
    assert stream.at_eof()


async def test_parts_in_parts() -> None:
    inner = b"--C\r\n\r\nx\r\n--C\r\n\r\ny\r\n--C--\r\n"
    reader = reader_of(
        part_of(inner, b"Content-Type: multipart/mixed; boundary=C") + part_of(b"z") + b"--B--",
        width=1,
    )
    nested = await reader.next()
    assert isinstance(nested, MultipartReader)
    found = [await part.read() async for part in nested if isinstance(part, BodyPartReader)]
    last = await reader.next()
    assert isinstance(last, BodyPartReader)
    assert [*found, await last.read()] == [b"x", b"y", b"z"]


async def test_parts_in_parts_may_be_left() -> None:
    inner = b"--C\r\n\r\nx\r\n--C\r\n\r\ny\r\n--C--\r\n"
    reader = reader_of(
        part_of(inner, b"Content-Type: multipart/mixed; boundary=C") + part_of(b"z") + b"--B--"
    )
    nested = await reader.next()
    assert isinstance(nested, MultipartReader)
    await nested.next()
    last = await reader.next()
    assert isinstance(last, BodyPartReader)
    assert await last.read() == b"z"


@pytest.mark.parametrize(("levels", "passes"), [(3, True), (4, False)])
async def test_nesting_is_bounded(levels: int, passes: bool) -> None:
    body = b"--L3\r\n\r\nx\r\n--L3--"
    for level in range(2, 3 - levels, -1):
        inner = b"Content-Type: multipart/mixed; boundary=L%d" % (level + 1)
        body = b"--L%d\r\n%s\r\n\r\n%s\r\n--L%d--" % (level, inner, body, level)
    reader: MultipartReader | BodyPartReader | None = reader_of(
        body, f"multipart/mixed; boundary=L{4 - levels}"
    )
    depth = 1
    try:
        while isinstance(reader, MultipartReader):
            reader = await reader.next()
            depth += isinstance(reader, MultipartReader)
    except MultipartError as exc:
        assert not passes
        assert "nested" in exc.fault
    assert depth == 3


@pytest.mark.parametrize(
    ("content_type", "fault"),
    [
        ("text/plain", "not multipart"),
        ("", "not multipart"),
        ("multipart/mixed", "no boundary"),
        ("multipart/mixed; boundary=" + "a" * 71, "too long"),
    ],
)
def test_content_types_that_do_not_fit(content_type: str, fault: str) -> None:
    with pytest.raises(MultipartError, match=fault):
        reader_of(b"", content_type)
    with pytest.raises(ValueError, match=fault):
        MultipartReader({"Content-Type": content_type}, stream_of(b""))


async def test_faults_reach_the_reader() -> None:
    reader = reader_of(part_of(b"hello"))
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    with pytest.raises(MultipartError, match="last boundary"):
        await part.read()
    with pytest.raises(MultipartError, match="last boundary"):
        await reader.next()


async def test_a_nested_body_that_ends_early_is_an_error() -> None:
    inner = part_of(b"--C\r\n\r\nx", b"Content-Type: multipart/mixed; boundary=C")
    nested = await reader_of(inner + b"--B--").next()
    assert isinstance(nested, MultipartReader)
    part = await nested.next()
    assert isinstance(part, BodyPartReader)
    with pytest.raises(MultipartError, match="last boundary"):
        await part.read()


async def test_an_epilogue_that_comes_later_is_read() -> None:
    stream = StreamReader()
    stream.feed_data(TWO)
    reader = MultipartReader({"Content-Type": MIXED}, stream)
    assert await reader.next() is not None
    assert await reader.next() is not None
    stream.feed_data(b"epilogue")
    stream.feed_eof()
    assert await reader.next() is None
    assert stream.at_eof()


async def test_limits_can_be_set() -> None:
    reader = MultipartReader(
        {"Content-Type": MIXED}, stream_of(TWO), limits=MultipartLimits(parts=1)
    )
    with pytest.raises(MultipartError, match="too many parts"):
        await reader.release()


async def test_a_response_is_read_alike() -> None:
    wrapper = MultipartReader.from_response(Response())
    assert isinstance(wrapper, MultipartResponseWrapper)
    assert not wrapper.at_eof()
    assert len([part async for part in wrapper]) == 2
    assert wrapper.at_eof()
    assert isinstance(wrapper.resp, Response)
    assert wrapper.resp.released == 1
    assert wrapper.stream.at_eof()
    await wrapper.release()
    assert wrapper.resp.released == 2


async def test_a_response_may_be_released_by_a_coroutine() -> None:
    class Other(Response):
        async def _release(self) -> None:
            self.released += 1

        def release(self) -> object:
            return self._release()

    response = Other()
    async for _ in MultipartReader.from_response(response):
        pass
    assert response.released == 1


async def test_classes_of_a_subclass() -> None:
    class Part(BodyPartReader):
        pass

    class Wrapper(MultipartResponseWrapper):
        pass

    class Inner(MultipartReader):
        part_reader_cls = Part

    class Outer(MultipartReader):
        part_reader_cls = Part
        multipart_reader_cls = Inner
        response_wrapper_cls = Wrapper

    assert type(Outer.from_response(Response())) is Wrapper
    inner = b"--C\r\n\r\nx\r\n--C--"
    body = part_of(inner, b"Content-Type: multipart/mixed; boundary=C") + part_of(b"y") + b"--B--"
    reader = Outer({"Content-Type": MIXED}, stream_of(body), client_max_size=1)
    nested = await reader.fetch_next_part()
    assert type(nested) is Inner
    part = await nested.fetch_next_part()
    assert type(part) is Part
    assert await part.read() == b"x"
    assert type(await reader.fetch_next_part()) is Part
    with pytest.raises(MultipartError, match="no part"):
        await reader.fetch_next_part()
    plain = await MultipartReader({"Content-Type": MIXED}, stream_of(body)).next()
    assert type(plain) is MultipartReader


async def test_bounds_reach_nested_parts() -> None:
    inner = b"--C\r\nA: aaaa\r\n\r\nhello\r\n--C--"
    body = part_of(inner, b"Content-Type: multipart/mixed; boundary=C") + b"--B--"
    headers = {"Content-Type": MIXED}
    reader = MultipartReader(headers, stream_of(body), client_max_size=4)
    nested = await reader.next()
    assert isinstance(nested, MultipartReader)
    part = await nested.next()
    assert isinstance(part, BodyPartReader)
    with pytest.raises(BodyTooLarge):
        await part.read()
    limits = MultipartLimits(nesting=1)
    with pytest.raises(MultipartError, match="nested too deep"):
        await MultipartReader(headers, stream_of(body), limits=limits).next()


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"max_field_size": 6}, "too long"), ({"max_headers": 1}, "too many header fields")],
)
async def test_bounds_of_part_headers(options: dict[str, int], fault: str) -> None:
    body = part_of(b"x", b"A: aaaa", b"B: b") + b"--B--"
    headers = {"Content-Type": MIXED}
    with pytest.raises(MultipartError, match=fault):
        await MultipartReader(headers, stream_of(body), **options).next()  # type: ignore[arg-type]  # one at a time
    more = {name: value + 1 for name, value in options.items()}
    assert await MultipartReader(headers, stream_of(body), **more).next()  # type: ignore[arg-type]  # as above


async def test_byte_ranges() -> None:
    """RFC 9110 14.6."""
    ranges = MultipartWriter("byteranges", boundary="B")
    for first, data in ((0, b"he"), (3, b"lo")):
        last = first + len(data) - 1
        ranges.append(
            data, {"Content-Type": "text/plain", "Content-Range": f"bytes {first}-{last}/5"}
        )
    reader = MultipartReader(ranges.headers, stream_of(await ranges.as_bytes(), 3))
    found = [
        (part.headers["Content-Range"], await part.read())
        async for part in reader
        if isinstance(part, BodyPartReader)
    ]
    assert found == [("bytes 0-1/5", b"he"), ("bytes 3-4/5", b"lo")]


async def test_an_endless_epilogue_is_given_up() -> None:
    stream = StreamReader()
    stream.feed_data(b"--B--\r\n" + bytes(65_535))
    reader = MultipartReader({"Content-Type": MIXED}, stream)
    with pytest.raises(MultipartError, match="outside the parts"):
        await reader.next()


async def test_a_body_that_comes_byte_by_byte() -> None:
    stream = StreamReader()
    reader = MultipartReader({"Content-Type": MIXED}, stream)

    async def read() -> list[bytes]:
        return [await part.read() async for part in reader if isinstance(part, BodyPartReader)]

    reading = asyncio.create_task(read())
    for byte in TWO:
        await asyncio.sleep(0)
        stream.feed_data(bytes([byte]))
    stream.feed_eof()
    assert await reading == [b"hello", b"world"]


async def test_a_preamble_in_several_pieces_is_skipped() -> None:
    stream = StreamReader()
    for piece in (bytes(20_000), bytes(20_000), b"\r\n" + TWO):
        stream.feed_data(piece)
    stream.feed_eof()
    assert [type(part) async for part in MultipartReader({"Content-Type": MIXED}, stream)] == [
        BodyPartReader,
        BodyPartReader,
    ]
