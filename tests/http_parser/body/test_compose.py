"""Multipart bodies, written."""

import io
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.multiparts import FILE, FORM, TWO, first_part, part_of, stream_of
from support.writers import KeepingWriter

from weft_http_parser import (
    BodyPartReader,
    BodyPartReaderPayload,
    BytesPayload,
    HeaderInjection,
    MultipartError,
    MultipartReader,
    MultipartWriter,
)


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
    assert [kinds for _, *kinds in writer] == [["gzip", "base64"]]
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
    assert list(writer) == [(payload, "", "")]
    assert b"X: y\r\n" in await written(writer)
    with pytest.raises(TypeError, match="Cannot create payload"):
        writer.append(5)


async def test_a_part_is_sent_on() -> None:
    part = await first_part(FILE + b"--B--", FORM)
    payload = BodyPartReaderPayload(part)
    assert payload.filename == "x.txt"
    assert BodyPartReaderPayload(await first_part(TWO)).filename is None
    writer = KeepingWriter()
    await payload.write(writer)
    assert writer.data == b"h\xe9llo\r\nline2"
    assert payload.consumed


async def test_a_part_that_is_cut_short_is_not_sent_on() -> None:
    body = part_of(b"aGVsbG", b"Content-Transfer-Encoding: base64") + b"--B--"
    payload = BodyPartReaderPayload(await first_part(body))
    with pytest.raises(MultipartError, match="truncated base64"):
        await payload.write(KeepingWriter())


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
    for subtype in ("mixed\r\nX: y", "a b", "", "mixed; boundary=C"):
        with pytest.raises(HeaderInjection):
            MultipartWriter(subtype)


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
