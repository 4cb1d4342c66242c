"""Forms on their way out."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from support.multiparts import foreign_stream, stream_of
from support.writers import KeepingWriter

from weft_http_parser import (
    BodyPartReader,
    BytesPayload,
    FormData,
    HeaderInjection,
    MultipartReader,
    MultipartWriter,
    parse_urlencoded,
)


async def written(form: FormData) -> bytes:
    writer = KeepingWriter()
    await form().write(writer)
    return re.sub(rb"[0-9a-f]{32}", b"B", writer.data)


async def test_urlencoded() -> None:
    form = FormData({"a": "b c", "é": "ü&=", "n": 1})
    assert not form.is_multipart
    payload = form()
    assert isinstance(payload, BytesPayload)
    assert payload.content_type == "application/x-www-form-urlencoded"
    assert payload.decode() == "a=b+c&%C3%A9=%C3%BC%26%3D&n=1"


@pytest.mark.parametrize("value", [["x", "ü"], ("x", 1), [], None, 1.5, {"k": "v"}, range(2)])
async def test_values_of_several_kinds_are_those_of_aiohttp(value: object) -> None:
    fields = [("a", value), ("b", "c")]
    theirs = KeepingWriter()
    await aiohttp.FormData(fields)().write(theirs)  # type: ignore[arg-type]  # has what is asked for
    assert await written(FormData(fields)) == theirs.data


def test_a_name_is_text() -> None:
    with pytest.raises(TypeError, match="a field name is a str, not bytes"):
        FormData([(b"a", "b")])  # type: ignore[list-item]  # the error under test


async def test_urlencoded_in_another_charset() -> None:
    payload = FormData({"a": "é"}, charset="latin-1")()
    assert payload.content_type == "application/x-www-form-urlencoded; charset=latin-1"
    assert payload.decode() == "a=%E9"


@pytest.mark.parametrize(
    "fields",
    [
        [("a", "1"), ("a", "2")],
        (("a", "1"), ["a", "2"]),
        MultiDict([("a", "1"), ("a", "2")]),
        [MultiDict([("a", "1"), ("a", "2")])],
    ],
)
async def test_repeated_names(fields: list[tuple[str, object]]) -> None:
    assert FormData(fields)().decode() == "a=1&a=2"


async def test_files_make_it_multipart() -> None:
    form = FormData({"f": io.BytesIO(b"x"), "g": "é"})
    assert form.is_multipart
    assert isinstance(form(), MultipartWriter)
    assert await written(form) == (
        b"--B\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n'
        b"--B\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b'Content-Disposition: form-data; name="g"\r\n\r\n\xc3\xa9\r\n--B--\r\n'
    )


async def test_a_form_can_be_made_twice() -> None:
    form = FormData({"f": io.BytesIO(b"x")})
    first = await written(form)
    assert b"\r\n\r\nx\r\n" in first
    assert await written(form) == first
    form.add_field("a", "b")
    assert b'name="a"' in await written(form)


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x")])
async def test_bytes_make_it_multipart(value: object) -> None:
    assert b'name="a"; filename="a"\r\n\r\nx\r\n' in await written(FormData({"a": value}))


async def test_a_file_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a b.txt"
    path.write_bytes(b"x")
    with path.open("rb") as file:
        assert (
            b"Content-Type: text/plain\r\n"
            b'Content-Disposition: form-data; name="a%20b.txt"; filename="a%20b.txt"'
        ).replace(b'name="a%20b.txt"; f', b'name="a b.txt"; f') in await written(FormData(file))


async def test_add_field() -> None:
    form = FormData(quote_fields=False, charset="latin-1")
    form.add_field("é", "é", filename="ü.txt", content_type="text/x")
    assert await written(form) == (
        b"--B\r\nContent-Type: text/x\r\nContent-Disposition: form-data;"
        b' name="\xc3\xa9"; filename="\xc3\xbc.txt"\r\n\r\n\xe9\r\n--B--\r\n'
    )


@pytest.mark.parametrize("extra", ["content_type", "filename", "content_transfer_encoding"])
async def test_what_else_makes_it_multipart(extra: str) -> None:
    form = FormData()
    form.add_field("a", "b", **{extra: "text/x"})
    assert form.is_multipart
    with pytest.raises(TypeError, match=f"{extra} must be an instance of str"):
        form.add_field("a", "b", **{extra: 3})  # type: ignore[arg-type]  # the error under test


async def test_default_to_multipart() -> None:
    assert b'name="a"\r\n\r\nb\r\n' in await written(
        FormData({"a": "b"}, default_to_multipart=True)
    )


@pytest.mark.parametrize("fields", ["abc", [("a", "b", "c")], [1], 5])
def test_what_is_no_field(fields: list[tuple[str, object]]) -> None:
    with pytest.raises(TypeError, match=r"Only io\.IOBase, multidict and"):
        FormData(fields)


def test_values_without_payload() -> None:
    form = FormData({"a": 5}, default_to_multipart=True)
    with pytest.raises(TypeError, match="Can not serialize value type: <class 'int'>"):
        form()


@pytest.mark.parametrize("text", ["a\r\nX: y", "\x00", "a\n"])
def test_nothing_breaks_out(text: str) -> None:
    """GHSA-2vrm-gr82-f7m5, GHSA-m6qw-4cw2-hm4m."""
    form = FormData()
    with pytest.raises(HeaderInjection):
        form.add_field(text, "b")
    for extra in ("content_type", "filename", "content_transfer_encoding"):
        with pytest.raises(HeaderInjection):
            form.add_field("a", "b", **{extra: text})


async def blocks() -> AsyncIterator[bytes]:
    yield b"1"
    yield b"2"


async def test_iterables_and_payloads() -> None:
    form = FormData({"a": blocks(), "b": BytesPayload(b"x", content_type="text/y")})
    assert form.is_multipart
    assert form().size is None
    assert await written(form) == (
        b"--B\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: form-data; name="a"\r\n\r\n12\r\n'
        b'--B\r\nContent-Type: text/y\r\nContent-Disposition: form-data; name="b"\r\n\r\nx\r\n'
        b"--B--\r\n"
    )
    with pytest.raises(RuntimeError, match="sent already"):
        await written(form)


async def test_the_size_of_a_form() -> None:
    form = FormData({"a": b"x", "é": "ü"})
    writer = KeepingWriter()
    await form().write(writer)
    assert form().size == len(writer.data)
    assert FormData({"a": "b c"})().size == 5


async def test_bytes_with_a_transfer_encoding_have_no_file_name() -> None:
    form = FormData()
    form.add_field("a", b"x", content_transfer_encoding="base64")
    assert b'form-data; name="a"\r\n\r\nx\r\n' in await written(form)


# aiohttp drops slashes at the beginning of a parameter.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="/\\"),
    min_size=1,
    max_size=8,
)


@given(st.lists(st.tuples(NAMES, NAMES | st.binary(max_size=50)), max_size=4), st.booleans())
async def test_forms_are_those_of_aiohttp(pairs: list[tuple[str, object]], quotes: bool) -> None:
    """Its form and ours say the same, and each reader reads both."""
    ours = FormData(files_of(pairs), quotes, default_to_multipart=True)()
    theirs = aiohttp.FormData(files_of(pairs), quotes, default_to_multipart=True)()
    body, other = await ours.as_bytes(), await theirs.as_bytes()
    boundary = ours.content_type.rpartition("=")[2]
    their_boundary = theirs.content_type.rpartition("=")[2]
    # It escapes what needs none in a quoted string, such as a space.
    assert parsed(body) == parsed(other.replace(their_boundary.encode(), boundary.encode()))
    headers = {"Content-Type": theirs.content_type}
    found = [
        (part.name, await part.read())
        async for part in MultipartReader(headers, stream_of(other, 7))
        if isinstance(part, BodyPartReader)
    ]
    expected = [(n, v if isinstance(v, bytes) else str(v).encode()) for n, v in pairs]
    assert found == expected
    reader = aiohttp.MultipartReader({"Content-Type": ours.content_type}, foreign_stream(body))
    read = []
    while (part := await reader.next()) is not None:
        assert isinstance(part, aiohttp.BodyPartReader)
        read.append((part.name, bytes(await part.read())))
    assert read == expected


def files_of(pairs: list[tuple[str, object]]) -> list[tuple[str, object]]:
    return [(name, io.BytesIO(v) if isinstance(v, bytes) else v) for name, v in pairs]


def parsed(body: bytes) -> bytes:
    """A body with quoted pairs undone where they change nothing."""
    return re.sub(rb'\\([^"\\])', rb"\1", body)


@given(st.lists(st.tuples(NAMES, NAMES), max_size=4))
async def test_urlencoded_forms_are_those_of_aiohttp(pairs: list[tuple[str, str]]) -> None:
    body = await FormData(pairs)().as_bytes()
    assert body == await aiohttp.FormData(pairs)().as_bytes()
    assert parse_urlencoded(body.decode()) == pairs
