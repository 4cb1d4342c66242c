import zlib

import pytest

from weft_web_server import ContentCoding, Response
from weft_web_server.encoding import choose_coding, encode_whole


def wishing(force: ContentCoding | bool | None = None, **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(text="x", headers=fields)
    response.enable_compression(force)
    return response


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("br", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("gzip, deflate", "deflate"),
        ("gzip, deflate;q=0.5", "gzip"),
        ("*", "deflate"),
        ("*, deflate;q=0", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0, br", None),
        ("x-gzip", "gzip"),
    ],
)
def test_choice(accepted: str | None, coding: str | None) -> None:
    assert choose_coding(wishing(), accepted) == coding


def test_choice_of_the_handler() -> None:
    assert choose_coding(Response(), "gzip") is None
    assert choose_coding(wishing(ContentCoding.gzip), None) == "gzip"
    assert choose_coding(wishing(True), None) == "deflate"
    assert choose_coding(wishing(False), "gzip") is None
    assert choose_coding(wishing(Content_Encoding="br"), "gzip") is None
    assert choose_coding(wishing(Content_Range="bytes 0-1/2"), "gzip") is None


@pytest.mark.parametrize("size", [10, 100_000])
async def test_whole_bodies(size: int) -> None:
    coded = await encode_whole(b"x" * size, "deflate", wishing().wishes)
    assert zlib.decompress(coded) == b"x" * size
