"""Multipart bodies read from streams, and written."""

import gzip
import io
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.writers import KeepingWriter

from weft_http_parser import (
    BodyPartReader,
    BodyPartReaderPayload,
    BodyTooLarge,
    BytesPayload,
    ContentCodingError,
    HeaderInjection,
    MultipartError,
    MultipartLimits,
    MultipartReader,
    MultipartWriter,
    StreamReader,
)

MIXED = "multipart/mixed; boundary=B"
FORM = "multipart/form-data; boundary=B"


def stream_of(body: bytes, width: int = 0) -> StreamReader:
    stream = StreamReader()
    for at in range(0, len(body), width or len(body) or 1):
        stream.feed_data(body[at : at + (width or len(body))])
    stream.feed_eof()
    return stream


def reader_of(body: bytes, content_type: str = MIXED, width: int = 0) -> MultipartReader:
    return MultipartReader({"Content-Type": content_type}, stream_of(body, width))


async def first_part(
    body: bytes, content_type: str = MIXED, max_size: int | None = None
) -> BodyPartReader:
    reader = MultipartReader(
        {"Content-Type": content_type}, stream_of(body), client_max_size=max_size
    )
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    return part


def part_of(data: bytes, *lines: bytes) -> bytes:
    return b"--B\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + data + b"\r\n"


TWO = part_of(b"hello", b"A: b") + part_of(b"world") + b"--B--\r\n"
FILE = part_of(
    b"h\xe9llo\r\nline2",
    b'Content-Disposition: form-data; name="a"; filename="x.txt"',
    b"Content-Type: text/plain; charset=latin-1",
)


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
    class Response:
        headers = {"Content-Type": MIXED}  # noqa: RUF012 - as responses have them
        content = stream_of(TWO)

    assert len([part async for part in MultipartReader.from_response(Response())]) == 2


# The content of a part.


async def test_names() -> None:
    part = await first_part(FILE + b"--B--", FORM)
    assert (part.name, part.filename) == ("a", "x.txt")
    assert part.get_charset("utf-8") == "latin-1"
    assert await part.text() == "héllo\r\nline2"


async def test_reading_by_line() -> None:
    part = await first_part(FILE + b"--B--")
    assert [await part.readline() for _ in range(3)] == [b"h\xe9llo\r\n", b"line2", b""]
    assert part.at_eof()


async def test_reading_in_chunks() -> None:
    part = await first_part(FILE + b"--B--")
    assert await part.read_chunk(4) == b"h\xe9ll"
    assert not part.at_eof()
    assert await part.read_chunk() == b"o\r\nline2"
    assert part.at_eof()
    assert await part.read_chunk() == b""


async def test_text_of_a_given_charset() -> None:
    assert await (await first_part(FILE + b"--B--")).text(encoding="cp1251") == "hйllo\r\nline2"


async def test_the_charset_of_a_form() -> None:
    body = (
        part_of(b"latin-1", b'Content-Disposition: form-data; name="_charset_"')
        + part_of(b"\xe9", b'Content-Disposition: form-data; name="a"')
        + b"--B--"
    )
    reader = reader_of(body, FORM)
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    assert (part.name, await part.text()) == ("a", "é")
    assert await reader.next() is None
    long = part_of(b"x" * 32, b'Content-Disposition: form-data; name="_charset_"')
    with pytest.raises(MultipartError, match="charset"):
        await reader_of(long + b"--B--", FORM).next()


async def test_many_charsets_do_not_recurse() -> None:
    one = part_of(b"x", b'Content-Disposition: form-data; name="_charset_"')
    assert await reader_of(one * 1000 + b"--B--", FORM).next() is None


async def test_json_and_forms() -> None:
    assert await (await first_part(part_of(b'{"a": 1}') + b"--B--")).json() == {"a": 1}
    assert await (await first_part(part_of(b"") + b"--B--")).json() is None
    form = await first_part(part_of(b"a=b&c=%20d+e&f") + b"--B--")
    assert await form.form() == [("a", "b"), ("c", " d e"), ("f", "")]
    assert await (await first_part(part_of(b"") + b"--B--")).form() == []
    assert await (await first_part(part_of(b"") + b"--B--")).text() == ""


async def test_codings() -> None:
    packed = gzip.compress(b"hello")
    part = await first_part(part_of(packed, b"Content-Encoding: gzip") + b"--B--")
    assert await part.read(decode=True) == b"hello"
    part = await first_part(part_of(packed, b"Content-Encoding: gzip") + b"--B--")
    raw = await part.read()
    assert raw == packed
    assert part.decode(raw) == b"hello"
    part = await first_part(part_of(b"aGVsbG8=", b"Content-Transfer-Encoding: base64") + b"--B--")
    assert await part.text() == "hello"


async def test_decoding_in_pieces() -> None:
    part = await first_part(part_of(b"aGVsbG8=", b"Content-Transfer-Encoding: base64") + b"--B--")
    out = b""
    while piece := await part.read_chunk(3):
        out += b"".join([block async for block in part.decode_iter(piece)])
    assert out == b"hello"


async def test_truncated_codings() -> None:
    packed = gzip.compress(b"hello")[:-1]
    part = await first_part(part_of(packed, b"Content-Encoding: gzip") + b"--B--")
    with pytest.raises(ContentCodingError, match="truncated"):
        await part.read(decode=True)


@pytest.mark.parametrize(("limit", "passes"), [(4, False), (5, True), (6, True)])
async def test_the_size_of_a_part_is_bounded(limit: int, passes: bool) -> None:
    """GHSA-3wq7-rqq7-wx6j."""
    part = await first_part(TWO, max_size=limit)
    if passes:
        assert await part.read() == b"hello"
        return
    with pytest.raises(BodyTooLarge) as caught:
        await part.read()
    assert caught.value.limit == limit


async def test_the_decoded_size_of_a_part_is_bounded() -> None:
    packed = gzip.compress(bytes(1000))
    body = part_of(packed, b"Content-Encoding: gzip") + b"--B--"
    with pytest.raises(BodyTooLarge):
        await (await first_part(body, max_size=999)).read(decode=True)
    assert len(await (await first_part(body, max_size=1000)).read(decode=True)) == 1000


async def test_a_part_is_sent_on() -> None:
    part = await first_part(FILE + b"--B--", FORM)
    payload = BodyPartReaderPayload(part)
    assert payload.filename == "x.txt"
    assert BodyPartReaderPayload(await first_part(TWO)).filename is None
    writer = KeepingWriter()
    await payload.write(writer)
    assert writer.data == b"h\xe9llo\r\nline2"
    assert payload.consumed


# Writing.


async def written(writer: MultipartWriter, **kwargs: bool) -> bytes:
    keeper = KeepingWriter()
    await writer.write(keeper, **kwargs)
    return keeper.data


async def blocks() -> AsyncIterator[bytes]:
    yield b"1"
    yield b"2"


async def test_writing() -> None:
    writer = MultipartWriter("mixed", boundary="B")
    assert (writer.boundary, len(writer), list(writer), bool(writer)) == ("B", 0, [], True)
    assert writer.content_type == "multipart/mixed; boundary=B"
    assert (writer.size, await written(writer)) == (7, b"--B--\r\n")
    writer.append("text")
    writer.append_json({"a": 1})
    writer.append_form({"x": "y z"})
    writer.append_form([("x", "y")])
    writer.append(b"bin", {"X-H": "v"})
    writer.append(io.BytesIO(b"ff"))
    inner = MultipartWriter("related", boundary="SUB")
    inner.append("inner")
    writer.append(inner)
    expected = (
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\ntext\r\n"
        b'--B\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a": 1}\r\n'
        b"--B\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\n\r\n"
        b"x=y+z\r\n"
        b"--B\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\n"
        b"x=y\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\nX-H: v\r\nContent-Length: 3\r\n\r\nbin\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\nff\r\n"
        b"--B\r\nContent-Type: multipart/related; boundary=SUB\r\nContent-Length: 85\r\n\r\n"
        b"--SUB\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\ninner\r\n"
        b"--SUB--\r\n\r\n--B--\r\n"
    )
    assert await written(writer) == await writer.as_bytes() == expected
    assert writer.size == len(expected)
    assert writer.decode().encode() == expected
    assert writer.is_rewindable
    assert await written(writer, close_boundary=False) == expected[: -len(b"--B--\r\n")]
    await writer.close()


async def test_writing_a_form() -> None:
    writer = MultipartWriter("form-data", boundary="B")
    writer.append("v").set_content_disposition("form-data", name="n")
    writer.append("w")
    assert await written(writer) == (
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b'Content-Disposition: form-data; name="n"\r\n\r\nv\r\n'
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b'Content-Disposition: form-data; name="section-1"\r\n\r\nw\r\n--B--\r\n'
    )
    with pytest.raises(MultipartError, match="Content-Length"):
        writer.append("x", {"Content-Length": "1"})


async def test_writing_with_codings() -> None:
    writer = MultipartWriter("mixed", boundary="B")
    writer.append("hello", {"Content-Transfer-Encoding": "base64", "Content-Encoding": "gzip"})
    assert writer.size is None
    with pytest.raises(TypeError):
        writer.decode()
    for _ in range(2):
        part = await first_part(await written(writer))
        assert "Content-Length" not in part.headers
        assert await part.text() == "hello"
    with pytest.raises(MultipartError, match="unknown"):
        writer.append("x", {"Content-Encoding": "foo"})


async def test_writing_what_has_no_size() -> None:
    writer = MultipartWriter("mixed", boundary="B")
    writer.append(blocks())
    assert writer.size is None
    assert not writer.is_rewindable
    assert b"\r\n\r\n12\r\n--B--" in await written(writer)
    assert writer.consumed


async def test_writing_payloads() -> None:
    writer = MultipartWriter("mixed", boundary="B")
    payload = BytesPayload(b"x")
    assert writer.append(payload, {"X": "y"}) is payload
    assert list(writer) == [payload]
    assert b"X: y\r\n" in await written(writer)
    with pytest.raises(TypeError, match="Cannot create payload"):
        writer.append(5)


async def test_sending_a_received_part_on() -> None:
    writer = MultipartWriter("mixed", boundary="B")
    writer.append(await first_part(FILE + b"--B--"))
    assert b"h\xe9llo\r\nline2\r\n--B--" in await written(writer)


def test_boundaries() -> None:
    first, second = MultipartWriter(), MultipartWriter()
    assert first.boundary != second.boundary
    assert MultipartWriter(boundary="a b").content_type == 'multipart/mixed; boundary="a b"'
    for boundary in ("", "a" * 71, "é", "a\r\n", 'a"'):
        with pytest.raises(ValueError, match="boundary"):
            MultipartWriter(boundary=boundary)


def test_nothing_breaks_out() -> None:
    """GHSA-2vrm-gr82-f7m5, GHSA-m6qw-4cw2-hm4m."""
    for headers in ({"X": "a\r\nb"}, {"X\r\n": "a"}, {"X:": "a"}, {"X": "\x00"}):
        writer = MultipartWriter()
        with pytest.raises(HeaderInjection):
            writer.append("text", headers)
    writer = MultipartWriter()
    writer.append("text").headers["X"] = "a\r\nb"
    with pytest.raises(HeaderInjection):
        assert writer.size
    with pytest.raises(HeaderInjection):
        MultipartWriter("mixed\r\nX: y")


@given(st.lists(st.binary(), max_size=5), st.integers(1, 50))
async def test_what_is_written_is_read(datas: list[bytes], width: int) -> None:
    writer = MultipartWriter()
    for data in datas:
        writer.append(data)
    body = await written(writer)
    assert writer.size == len(body)
    reader = MultipartReader(writer.headers, stream_of(body, width))
    assert [
        await part.read() async for part in reader if isinstance(part, BodyPartReader)
    ] == datas
