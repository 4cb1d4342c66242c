import io

import pytest
from multidict import CIMultiDict

from weft_http_parser import BodyTooLarge, StreamReader, make_decoder
from weft_web_server import PayloadAccessError, RequestPayloadError
from weft_web_server.request_body import (
    SPOOL_SIZE,
    FileField,
    FormLimits,
    RequestBody,
    TooManyFields,
    read_multipart,
    read_urlencoded,
)

TYPE = CIMultiDict({"Content-Type": "multipart/form-data; boundary=B"})
LIMITS = FormLimits(size=10_000_000, fields=10)


def part(fields: bytes, data: bytes) -> bytes:
    return b"--B\r\nContent-Disposition: form-data; " + fields + b"\r\n\r\n" + data + b"\r\n"


async def test_data_that_is_there() -> None:
    body = RequestBody(b"abc")
    assert not body.is_at_eof
    assert await body.read(3) == b"abc"
    with pytest.raises(BodyTooLarge):
        await body.read(2)
    assert await body.read(0) == b"abc"


async def test_data_that_comes() -> None:
    stream = StreamReader()
    stream.feed_data(b"ab")
    stream.feed_data(b"c")
    stream.feed_eof()
    body = RequestBody(stream=stream)
    assert body.stream is stream
    assert await body.read(3) == b"abc"
    assert await body.read(3) == b"abc"


def arriving(data: bytes, *, is_whole: bool) -> RequestBody:
    """A body whose bytes came with the head, or after it."""
    if is_whole:
        return RequestBody(data)
    stream = StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return RequestBody(stream=stream)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_body_that_was_read_is_at_its_end(is_whole: bool) -> None:
    body = arriving(b"abc", is_whole=is_whole)
    assert not body.is_at_eof
    assert await body.read(0) == b"abc"
    assert body.is_at_eof
    assert body.stream.at_eof()
    assert await body.stream.read() == b""
    assert await body.read(0) == b"abc"


@pytest.mark.parametrize("is_whole", [True, False])
async def test_the_rest_is_never_taken_for_the_whole(is_whole: bool) -> None:
    body = arriving(b"abc", is_whole=is_whole)
    assert await body.stream.readexactly(1) == b"a"
    for _ in range(2):
        with pytest.raises(PayloadAccessError, match="1 bytes of the body were read before"):
            await body.read(0)
        with pytest.raises(PayloadAccessError):
            body.reopen()
    assert await body.stream.read() == b"bc"
    with pytest.raises(PayloadAccessError, match="3 bytes"):
        await body.read(0)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_read_behind_a_form_is_refused(is_whole: bool) -> None:
    body = arriving(part(b"name=a", b"1") + b"--B--\r\n", is_whole=is_whole)
    assert list(await read_multipart(body, TYPE, LIMITS)) == ["a"]
    with pytest.raises(PayloadAccessError):
        await body.read(0)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_form_behind_read(is_whole: bool) -> None:
    body = arriving(part(b"name=a", b"1") + b"--B--\r\n", is_whole=is_whole)
    whole = await body.read(0)
    for _ in range(2):
        assert (await read_multipart(body, TYPE, LIMITS))["a"] == "1"
    assert await body.read(0) == whole


async def test_an_empty_body_is_whole_however_often() -> None:
    body = arriving(b"", is_whole=False)
    assert await body.stream.read() == b""
    assert await body.read(0) == b"" == await body.read(0)


async def test_empty() -> None:
    assert RequestBody(b"").is_at_eof
    assert await RequestBody(b"").stream.read() == b""


async def test_urlencoded() -> None:
    form = await read_urlencoded(RequestBody(b"a=%FC&b=\r\n"), "latin-1", LIMITS)
    assert list(form.items()) == [("a", "ü"), ("b", "")]


@pytest.mark.parametrize(("count", "is_refused"), [(9, False), (10, False), (11, True)])
async def test_number_of_fields(count: int, is_refused: bool) -> None:
    plain = RequestBody(b"&".join([b"a=1"] * count))
    parts = RequestBody(part(b"name=a", b"1") * count + b"--B--\r\n")
    for reading in (read_urlencoded(plain, "utf-8", LIMITS), read_multipart(parts, TYPE, LIMITS)):
        if is_refused:
            with pytest.raises(TooManyFields, match="more than 10 fields"):
                await reading
        else:
            assert len(await reading) == count


async def test_parts() -> None:
    data = (
        part(b"name=text", "ü".encode())
        + part(b"name=bytes\r\nContent-Type: application/x", b"\xff")
        + part(b"name=file; filename=f", b"content")
        + b"--B--\r\n"
    )
    form = await read_multipart(RequestBody(data), TYPE, LIMITS)
    assert form["text"] == "ü" and form["bytes"] == b"\xff"
    field = form["file"]
    assert isinstance(field, FileField)
    assert field.content_type == "application/octet-stream"
    assert field.file.read() == b"content"
    field.file.close()


async def test_large_files_go_to_disk() -> None:
    content = b"x" * (SPOOL_SIZE + 100_000)
    data = part(b"name=file; filename=f", content) + b"--B--\r\n"
    field = (await read_multipart(RequestBody(data), TYPE, LIMITS))["file"]
    assert isinstance(field, FileField)
    assert not isinstance(getattr(field.file, "_file"), io.BytesIO)  # noqa: B009  its private name
    assert field.file.read() == content
    field.file.close()


@pytest.mark.parametrize("fields", [b"name=a", b"name=a; filename=f"])
async def test_total_size(fields: bytes) -> None:
    data = part(fields, b"x" * 60) * 2 + b"--B--\r\n"
    limits = FormLimits(size=100, fields=0)
    stream = StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    with pytest.raises(BodyTooLarge):
        await read_multipart(RequestBody(stream=stream), TYPE, limits)


async def test_a_coding_that_is_broken() -> None:
    for read in (lambda body: body.read(0), lambda body: read_multipart(body, TYPE, LIMITS)):
        stream = StreamReader(decoder=make_decoder("gzip"))
        stream.feed_data(b"no gzip")
        stream.feed_eof()
        with pytest.raises(RequestPayloadError, match="gzip"):
            await read(RequestBody(stream=stream))


async def test_part_without_a_name() -> None:
    data = part(b"filename=f", b"x") + b"--B--\r\n"
    with pytest.raises(ValueError, match="name"):
        await read_multipart(RequestBody(data), TYPE, LIMITS)


@pytest.mark.parametrize(("size", "is_refused"), [(200, False), (100, True)])
async def test_what_stands_behind_the_last_part_counts(size: int, is_refused: bool) -> None:
    data = part(b"name=a", b"1") + b"--B--\r\n"
    body = RequestBody(data.ljust(200, b"x"))
    limits = FormLimits(size=size, fields=0)
    if is_refused:
        with pytest.raises(BodyTooLarge):
            await read_multipart(body, TYPE, limits)
    else:
        assert list(await read_multipart(body, TYPE, limits)) == ["a"]


async def test_a_form_has_no_forms_within() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=I\r\n\r\n--I\r\n\r\nx\r\n--I--\r\n"
    body = RequestBody(b"--B\r\n" + inner + b"--B--\r\n")
    with pytest.raises(ValueError, match="no nested multipart"):
        await read_multipart(body, TYPE, LIMITS)
    body = RequestBody(b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--\r\n")
    with pytest.raises(ValueError, match="has no name"):
        await read_multipart(body, TYPE, LIMITS)


async def test_a_form_without_a_bound_of_size() -> None:
    limits = FormLimits(size=0, fields=0)
    body = RequestBody(part(b"name=a", b"1") + b"--B--\r\nepilogue")
    assert (await read_multipart(body, TYPE, limits))["a"] == "1"
