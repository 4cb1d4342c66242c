import datetime

import pytest

from weft_http_parser import ETag
from weft_web_server import ContentCoding, StreamResponse


def test_defaults() -> None:
    response = StreamResponse()
    assert (response.status, response.reason) == (200, "OK")
    assert response.keep_alive is None and not response.chunked and not response.compression
    assert not response.prepared and response.task is None and response.body_length == 0
    assert response.content_length is None and len(response.headers) == 0
    assert repr(response) == "<StreamResponse OK not prepared>"


def test_status() -> None:
    response = StreamResponse(status=404, reason="No")
    assert response.reason == "No"
    with pytest.raises(ValueError, match="one line"):
        response.set_status(200, "a\nb")
    with pytest.raises(ValueError, match="one line"):
        StreamResponse(reason="a\rb")
    response.set_status(500)
    assert (response.status, response.reason) == (500, "Internal Server Error")
    assert StreamResponse(status=299).reason == ""


def test_content_type_and_charset() -> None:
    response = StreamResponse()
    with pytest.raises(RuntimeError):
        response.charset = "utf-8"
    response.content_type = "text/html"
    response.charset = "UTF-8"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    response.content_type = "text/plain"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    response.charset = None
    assert response.charset is None


def test_content_length() -> None:
    response = StreamResponse()
    response.content_length = 5
    assert response.headers["Content-Length"] == "5" and response.content_length == 5
    with pytest.raises(RuntimeError):
        response.enable_chunked_encoding()
    response.content_length = None
    assert response.content_length is None


def test_last_modified() -> None:
    response = StreamResponse()
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    for value in (moment, moment.timestamp(), "Thu, 02 Jan 2020 03:04:05 GMT"):
        response.last_modified = value
        assert response.headers["Last-Modified"] == "Thu, 02 Jan 2020 03:04:05 GMT"
        assert response.last_modified == moment
    response.last_modified = None
    assert response.last_modified is None


def test_etag() -> None:
    response = StreamResponse()
    assert response.etag is None
    response.etag = "a"
    assert response.headers["ETag"] == '"a"' and response.etag == ETag(value="a", is_weak=False)
    response.etag = ETag(value="b", is_weak=True)
    assert response.headers["ETag"] == 'W/"b"'
    response.etag = None
    assert "ETag" not in response.headers
    for bad in ('"', "a\r\n", 5):
        with pytest.raises(ValueError):
            response.etag = bad  # type: ignore[assignment]  # mistakes under test


def test_wishes() -> None:
    response = StreamResponse()
    response.force_close()
    response.enable_chunked_encoding()
    response.enable_compression()
    assert response.keep_alive is False and response.chunked and response.compression
    response.enable_compression(ContentCoding.gzip)
    assert response.wishes.coding is ContentCoding.gzip
    with pytest.raises(TypeError):
        response.enable_compression("gzip")  # type: ignore[arg-type]  # the mistake under test


def test_chunk_size_is_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="chunk_size"):
        StreamResponse().enable_chunked_encoding(chunk_size=5)


async def test_writing_needs_preparing() -> None:
    response = StreamResponse()
    for step in (response.write(b"x"), response.write_eof(), response.drain()):
        with pytest.raises(RuntimeError, match="prepare"):
            await step
    with pytest.raises(TypeError):
        await response.write("x")  # type: ignore[arg-type]  # the mistake under test


async def test_what_is_written_is_bytes() -> None:
    for write in (StreamResponse().write, StreamResponse().write_eof):
        with pytest.raises(TypeError, match="data is bytes, bytearray or memoryview, not str"):
            await write("text")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(RuntimeError, match="call prepare"):
        await StreamResponse().write_eof(b"x")
    assert StreamResponse()._make_farewell() is None
