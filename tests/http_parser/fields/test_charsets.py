"""Charsets that a peer may name."""

import pytest

from weft_http_parser.fields.charsets import CODECS, find_codec


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf_8"),
        ("UTF8", "utf_8"),
        (" Latin-1 ", "latin_1"),
        ("ISO-8859-1", "latin_1"),
        ("us-ascii", "ascii"),
        ("windows-1251", "cp1251"),
        ("Shift_JIS", "shift_jis"),
        ("GB2312", "gb2312"),
        ("big5-hkscs", "big5hkscs"),
        ("koi8-r", "koi8_r"),
        ("utf-16le", "utf_16_le"),
    ],
)
def test_charsets(label: str, codec: str) -> None:
    assert find_codec(label) == codec


@pytest.mark.parametrize(
    "label",
    [
        "",
        "bogus",
        "rot13",
        "base64",
        "zlib",
        "hex",
        "idna",
        "punycode",
        "undefined",
        "unicode-escape",
        "raw-unicode-escape",
        "utf-7",
        "hz-gb-2312",
        "cp037",
        "utf-8\x00",
        "utf-8\xe9",
        "utf-8\udc80",
        "..utf_8",
    ],
)
def test_what_is_no_charset(label: str) -> None:
    assert find_codec(label) is None


def test_every_codec_exists() -> None:
    for name in CODECS:
        assert "a1= \r\n".encode(name).decode(name) == "a1= \r\n"
