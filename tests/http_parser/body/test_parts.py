"""Parts of multipart bodies, read as streams."""

import asyncio
import base64
import gzip
import json
from collections.abc import Awaitable, Callable

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from support.multiparts import FILE, FORM, TWO, first_part, part_of, reader_of, stream_of

from weft_http_parser import (
    BodyPartReader,
    BodyTooLarge,
    ContentCodingError,
    MultipartError,
    MultipartReader,
    PartScanner,
    StreamReader,
)
from weft_http_parser.body.parts import PartSource
from weft_http_parser.body.scan import Mark

NO_FIELDS = CIMultiDictProxy(CIMultiDict[str]())

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
    part = await first_part(FILE + b"--B--\r\n")
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


@pytest.mark.parametrize(
    "name",
    [
        b"name=_charset_",
        b'name="_\\charset_"',
        b"name*=utf-8''%5fcharset_",
        b'name*0="_char"; name*1="set_"',
    ],
)
async def test_the_charset_of_a_form_however_it_is_named(name: bytes) -> None:
    charset = part_of(b"latin-1", b"Content-Disposition: form-data; " + name)
    none = part_of(b"x", b'Content-Disposition: form-data; name="a\\_"; x="_charset_"')
    reader = reader_of(charset + none + b"--B--", FORM)
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    assert (part.name, part.get_charset("utf-8")) == ("a_", "latin-1")


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


def charset_of(label: bytes) -> bytes:
    return b"Content-Type: text/plain; charset=" + label


CHARSETS = part_of(b"rot13", b'Content-Disposition: form-data; name="_charset_"')
FIELD = b'Content-Disposition: form-data; name="a"'

WRONG: dict[str, tuple[bytes, str, int, type[Exception]]] = {
    "no charset": (part_of(b"x", charset_of(b"bogus")), "text", 415, LookupError),
    "no text": (part_of(b"x", charset_of(b"rot13")), "text", 415, LookupError),
    "slow": (part_of(b"x", charset_of(b"punycode")), "text", 415, LookupError),
    "a charset beyond ASCII": (part_of(b"x", charset_of(b'"a\x80"')), "json", 415, LookupError),
    "a charset of a form": (part_of(b"a=b", charset_of(b"idna")), "form", 415, LookupError),
    "the charset of all": (CHARSETS + part_of(b"x", FIELD), "text", 415, LookupError),
    "bytes": (part_of(b"\xff"), "text", 400, UnicodeDecodeError),
    "bytes of JSON": (part_of(b"\xff"), "json", 400, UnicodeDecodeError),
    "bytes of a form": (part_of(b"\xff"), "form", 400, UnicodeDecodeError),
    "half a character": (part_of(b"x", charset_of(b"utf-16")), "text", 400, UnicodeDecodeError),
    "JSON": (part_of(b"{"), "json", 400, json.JSONDecodeError),
    "deep JSON": (part_of(b"[" * 100_000), "json", 400, json.JSONDecodeError),
    "a long number": (part_of(b"9" * 5000), "json", 400, json.JSONDecodeError),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_a_peer_got_wrong(name: str) -> None:
    """A server answers with the status; what is caught by the kinds of before still is."""
    body, call, status, kind = WRONG[name]
    part = await first_part(body + b"--B--", FORM)
    with pytest.raises(MultipartError) as caught:
        await getattr(part, call)()
    assert caught.value.status == status
    assert isinstance(caught.value, kind)


async def test_what_an_application_got_wrong() -> None:
    part = await first_part(part_of(b"x") + b"--B--")
    with pytest.raises(LookupError) as caught:
        await part.text(encoding="bogus")
    assert not isinstance(caught.value, MultipartError)


async def test_the_text_of_data_that_was_read() -> None:
    part = await first_part(FILE + b"--B--")
    assert part.decode_text(await part.read()) == "h\xe9llo\r\nline2"


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
async def test_the_size_of_a_part_read_whole_is_bounded(limit: int, passes: bool) -> None:
    """GHSA-3wq7-rqq7-wx6j."""
    part = await first_part(TWO, max_size=limit)
    if passes:
        assert await part.read() == b"hello"
        return
    with pytest.raises(BodyTooLarge) as caught:
        await part.read()
    assert caught.value.limit == limit
    part = await first_part(TWO, max_size=limit)
    assert await part.read_chunk() == b"hello"


async def test_the_error_of_a_part_that_is_too_large() -> None:
    part = BodyPartReader(
        b"--B",
        NO_FIELDS,
        stream_of(b"hello\r\n--B--"),
        client_max_size=4,
        max_size_error_cls=KeyError,
    )
    with pytest.raises(KeyError, match="4"):
        await part.text()


async def test_the_decoded_size_of_a_part_is_bounded() -> None:
    packed = gzip.compress(bytes(1000))
    body = part_of(packed, b"Content-Encoding: gzip") + b"--B--"
    with pytest.raises(BodyTooLarge):
        await (await first_part(body, max_size=999)).read(decode=True)
    assert len(await (await first_part(body, max_size=1000)).read(decode=True)) == 1000


async def test_a_part_alone() -> None:
    """As a subclass or a test makes one: content begins behind the header."""
    part = BodyPartReader(
        b"--B", CIMultiDictProxy(CIMultiDict({"A": "b"})), stream_of(b"l1\r\nl2\r\n--B--", 1)
    )
    assert (await part.readline(), await part.readline()) == (b"l1\r\n", b"l2")
    assert await part.readline() == b""
    empty = BodyPartReader(b"--B", NO_FIELDS, stream_of(b"\r\n--B--"))
    assert (await empty.json(), await empty.next()) == (None, None)
    cut = BodyPartReader(b"--B", NO_FIELDS, stream_of(b"hello\r\n--"))
    with pytest.raises(MultipartError, match="last boundary"):
        await cut.read()


@pytest.mark.parametrize("size", [0, -1])
async def test_chunks_have_a_size(size: int) -> None:
    part = await first_part(TWO)
    with pytest.raises(ValueError, match="at least one byte"):
        await part.read_chunk(size)


async def test_pieces_are_handed_out_as_they_came() -> None:
    stream = StreamReader()
    part = BodyPartReader(b"--B", NO_FIELDS, stream)
    stream.feed_data(b"x" * 20_000)
    assert await part.read_chunk(1) == b"x"
    await part.readany()
    big = bytes(100_000)
    stream.feed_data(big)
    assert await part.read_chunk() is big
    stream.feed_data(big)
    stream.feed_data(b"\r\n--B--")
    stream.feed_eof()
    assert len(await part.read()) == 100_000
    assert part.at_eof()


async def test_what_is_no_stream_reader_can_be_read() -> None:
    class Content:
        def __init__(self) -> None:
            self.pieces = [b"hel", b"lo\r\n-", b"-B--", b""]

        async def readany(self) -> bytes:
            return self.pieces.pop(0)

    assert await BodyPartReader(b"--B", NO_FIELDS, Content()).read() == b"hello"


async def test_parts_of_forms_have_no_content_coding() -> None:
    """RFC 7578 4.8."""
    packed = gzip.compress(b"hello")
    coded = base64.b64encode(packed)
    lines = (b"Content-Encoding: gzip", b"Content-Transfer-Encoding: base64")
    part = await first_part(part_of(coded, *lines) + b"--B--", FORM)
    assert await part.read(decode=True) == packed
    part = await first_part(part_of(coded, *lines) + b"--B--")
    assert await part.read(decode=True) == b"hello"


@pytest.mark.parametrize("width", [0, 1, 4])
@pytest.mark.parametrize("tail", [b"", b" ", b"\r\n", b" \r\n", b"\n", b"\r\nepilogue"])
async def test_the_last_boundary_may_end_the_body(tail: bytes, width: int) -> None:
    source = PartSource(stream_of(b"--B\r\n\r\nx\r\n--B--" + tail, width), PartScanner(b"B"))
    await source.next()
    assert [await source.next() for _ in range(4)] == [b"x", Mark.PART_END, Mark.LAST, Mark.LAST]


@pytest.mark.parametrize("width", [0, 1, 4])
@pytest.mark.parametrize("tail", [b"garbage", b"C\r\n\r\ny\r\n--B--\r\n"])
async def test_what_goes_on_is_no_last_boundary(tail: bytes, width: int) -> None:
    """What is behind it would be dropped, and the part before it pass for a whole one."""
    part = BodyPartReader(b"--B", NO_FIELDS, stream_of(b"x\r\n--B--" + tail, width))
    with pytest.raises(MultipartError, match="goes on"):
        await part.read()


async def test_nothing_follows_the_last_boundary() -> None:
    source = PartSource(stream_of(b"--B--"), PartScanner(b"B"))
    assert [await source.next() for _ in range(3)] == [Mark.LAST] * 3


async def read_lines(part: BodyPartReader) -> bytes:
    lines = bytearray()
    while line := await part.readline():
        lines += line
    return bytes(lines)


async def read_chunks(part: BodyPartReader) -> bytes:
    chunks = bytearray()
    while chunk := await part.read_chunk(2):
        chunks += chunk
    return bytes(chunks)


async def drop(part: BodyPartReader) -> bytes:
    await part.release()
    return DATA


DATA = b"hello\r\n\r\n--\r\r\nworld"


@pytest.mark.parametrize("read", [BodyPartReader.read, read_lines, read_chunks, drop])
@pytest.mark.parametrize("width", [1, 3, 1000])
async def test_a_body_that_comes_while_it_is_read(
    read: Callable[[BodyPartReader], Awaitable[bytes]], width: int
) -> None:
    body = part_of(DATA) + part_of(DATA) + b"--B--\r\nepilogue"
    stream = StreamReader()

    async def read_all() -> list[bytes]:
        reader = MultipartReader({"Content-Type": "multipart/mixed; boundary=B"}, stream)
        return [await read(part) async for part in reader if isinstance(part, BodyPartReader)]

    reading = asyncio.create_task(read_all())
    for at in range(0, len(body), width):
        await asyncio.sleep(0)  # the reader waits again
        stream.feed_data(body[at : at + width])
    await asyncio.sleep(0)
    stream.feed_eof()
    assert await reading == [DATA, DATA]
    assert stream.at_eof()


@pytest.mark.parametrize("call", ["read", "decode", "readline"])
async def test_a_cancelled_read_loses_nothing(call: str) -> None:
    """What is read after it would pass for the whole."""
    coded = base64.b64encode(b"hello world")
    stream = StreamReader()
    stream.feed_data(b"--B\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded[:6] + b"\r\n--")
    part = await MultipartReader({"Content-Type": "multipart/mixed; boundary=B"}, stream).next()
    assert isinstance(part, BodyPartReader)
    calls = {
        "read": part.read,
        "decode": lambda: part.read(decode=True),
        "readline": part.readline,
    }
    reading = asyncio.create_task(calls[call]())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    stream.feed_data(b"\r\n" + coded[6:] + b"\r\n--B--")
    stream.feed_eof()
    sent = coded[:6] + b"\r\n--\r\n" + coded[6:]
    expected = {"read": sent, "decode": b"hello world", "readline": coded[:6] + b"\r\n"}
    assert await calls[call]() == expected[call]
