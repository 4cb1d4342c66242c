"""The codings of a part, both ways and in any pieces."""

import base64
import quopri
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser import BodyTooLarge, ContentCodingError, MultipartError, make_encoder
from weft_http_parser.body.transfer import PartDecoder, make_transfer_encoder


def decode(transfer: str, content: str, data: bytes, width: int = 0) -> bytes:
    decoder = PartDecoder(
        {"Content-Transfer-Encoding": transfer, "Content-Encoding": content}
        if content
        else {"Content-Transfer-Encoding": transfer}
    )
    out = b""
    for at in range(0, len(data), width or len(data) or 1):
        out += b"".join(decoder.decode(data[at : at + (width or len(data))]))
    decoder.finish()
    return out


def encode(transfer: str, content: str, data: bytes, width: int = 0) -> bytes:
    make = make_transfer_encoder(transfer, content)
    assert make is not None
    coder = make()
    out = b""
    for at in range(0, len(data), width or len(data) or 1):
        out += coder.encode(data[at : at + (width or len(data))])
    return out + coder.finish()


@pytest.mark.parametrize("transfer", ["", "7bit", "8bit", "Binary"])
def test_nothing_to_do(transfer: str) -> None:
    assert make_transfer_encoder(transfer, "identity") is None
    assert decode(transfer, "identity", b"a=3D") == b"a=3D"


@pytest.mark.parametrize("content", ["", "gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("transfer", ["", "base64", "quoted-printable"])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 5])
def test_round_trip(transfer: str, content: str, width: int) -> None:
    if not transfer and not content:
        return
    data = b"hello world = \xff\xfe" * 20
    assert decode(transfer, content, encode(transfer, content, data, width), width) == data


def test_encoding_as_others_do() -> None:
    data = random.Random(1).randbytes(1000)
    assert encode("base64", "", data, 7) == base64.b64encode(data)


@given(st.binary(), st.integers(1, 20))
def test_base64_in_lines(data: bytes, width: int) -> None:
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    assert decode("base64", "", coded, width) == data


@given(st.text("a=3D \t\r\n", max_size=30).map(str.encode), st.integers(1, 5))
def test_quoted_printable_in_pieces(coded: bytes, width: int) -> None:
    whole = decode_or_fail("quoted-printable", coded, 0)
    assert decode_or_fail("quoted-printable", coded, width) == whole


def decode_or_fail(transfer: str, data: bytes, width: int) -> bytes | None:
    try:
        return decode(transfer, "", data, width)
    except MultipartError:
        return None


@given(st.binary())
def test_quoted_printable_of_others(data: bytes) -> None:
    data = data.replace(b"\r", b"")
    assert decode("quoted-printable", "", quopri.encodestring(data), 3) == data


@pytest.mark.parametrize(
    ("coded", "data"),
    [
        (b"a=\r\nb=\nc= \t\r\nd", b"abcd"),
        (b"a  \r\n b\t\n c ", b"a\r\n b\n c"),
        (b"=3d=3D=zz==41=", b"===zz=A"),
    ],
)
@pytest.mark.parametrize("width", [0, 1, 2])
def test_quoted_printable(coded: bytes, data: bytes, width: int) -> None:
    assert decode("quoted-printable", "", coded, width) == data


def test_quoted_printable_takes_linear_time() -> None:
    for coded in ((b" " * 900 + b"x") * 300, b"=" * 300_000, b"= " * 300_000):
        assert decode("quoted-printable", "", coded + b"xx")


@pytest.mark.parametrize("width", [0, 1, 7, 997])
@pytest.mark.parametrize("before", [b"", b"a", b"="])
@pytest.mark.parametrize("after", [b"b", b"\nb", b"\r\nb", b"\rb"])
def test_blanks_in_a_row_have_a_limit(width: int, before: bytes, after: bytes) -> None:
    coded = before + b" \t" * 499 + after
    assert decode("quoted-printable", "", coded, width).endswith(b"b")
    with pytest.raises(MultipartError, match="blanks"):
        decode("quoted-printable", "", before + b" " + coded[len(before) :], width)


@pytest.mark.parametrize("coded", [b" " * 2000, b"a=" + b"\t" * 2000])
def test_blanks_without_end_are_not_kept(coded: bytes) -> None:
    with pytest.raises(MultipartError, match="blanks"):
        decode("quoted-printable", "", coded, 1)


def test_returns_without_end_are_not_kept() -> None:
    """Only the last may be part of a line end."""
    decoder = PartDecoder({"Content-Transfer-Encoding": "quoted-printable"})
    assert b"".join(decoder.decode(b"a" + b"\r" * 1000)) == b"a" + b"\r" * 999
    assert b"".join(decoder.decode(b"\n")) == b"\r\n"


def test_truncated_quoted_printable() -> None:
    with pytest.raises(MultipartError, match="truncated"):
        decode("quoted-printable", "", b"a=4")


@pytest.mark.parametrize("data", [b"YQ", b"YWJ", b"YWJj="])
def test_truncated_base64(data: bytes) -> None:
    with pytest.raises(MultipartError, match="truncated"):
        decode("base64", "", data)


def test_invalid_base64() -> None:
    with pytest.raises(MultipartError, match="invalid"):
        decode("base64", "", b"a===")


def test_truncated_content() -> None:
    packer = make_encoder("gzip")
    with pytest.raises(ContentCodingError, match="truncated"):
        decode("", "gzip", (packer.encode(b"x" * 100) + packer.finish())[:-1])


def test_a_bomb_is_refused_in_steps() -> None:
    packer = make_encoder("gzip")
    packed = packer.encode(bytes(50_000_000)) + packer.finish()
    largest = 0
    with pytest.raises(BodyTooLarge):
        for block in PartDecoder({"Content-Encoding": "gzip"}).decode(packed):
            largest = max(largest, len(block))
    assert 0 < largest <= 262_144


@pytest.mark.parametrize(
    ("transfer", "content"), [("uuencode", ""), ("", "compress"), ("x\r\n", "a")]
)
def test_unknown_codings(transfer: str, content: str) -> None:
    with pytest.raises(MultipartError, match="unknown"):
        make_transfer_encoder(transfer, content)
    with pytest.raises(MultipartError, match="unknown"):
        decode(transfer, content, b"x")


@given(st.lists(st.text("\r\n =aé", max_size=150).map(str.encode)))
def test_quoted_printable_keeps_every_byte_and_its_lines_short(pieces: list[bytes]) -> None:
    make = make_transfer_encoder("quoted-printable", "")
    assert make is not None
    coder = make()
    coded = b"".join(map(coder.encode, pieces)) + coder.finish()
    assert quopri.decodestring(coded) == b"".join(pieces)
    # One more than RFC 2045 allows: binascii counts a space before a soft break too late.
    assert all(len(line) <= 77 for line in coded.split(b"\r\n"))
    assert b"\n" not in coded.replace(b"\r\n", b"")


@pytest.mark.parametrize("width", [0, 1, 3, 4])
def test_base64_is_the_same_in_any_pieces(width: int) -> None:
    """RFC 2045 6.8: what is not of the alphabet is ignored, and nothing follows the padding."""
    assert decode_or_fail("base64", b"*aG*Vs\r\n-bG8=\xff!", width) == b"hello"
    for coded in (b"YQ==YQ==", b"YQ==YWJj", b"Y=Q=", b"=YWJ", b"===="):
        assert not isinstance(decode_or_fail("base64", coded, width), bytes), coded
