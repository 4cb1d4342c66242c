"""Charsets that a peer names (RFC 9110 8.3.2, WHATWG Encoding 4).

Decides which of Python's codecs a peer may choose. Decodes nothing.
"""

from encodings.aliases import aliases
from typing import Final

CODECS: Final = frozenset(
    (
        "ascii latin_1 utf_8 utf_8_sig utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le "
        "iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 "
        "iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 tis_620 "
        "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 "
        "cp437 cp850 cp852 cp855 cp857 cp858 cp862 cp866 cp874 koi8_r koi8_u koi8_t "
        "mac_roman mac_cyrillic mac_greek mac_latin2 mac_turkish "
        "big5 big5hkscs cp950 gb2312 gbk gb18030 "
        "euc_jp shift_jis cp932 iso2022_jp euc_kr cp949 johab"
    ).split()
)
"""Text in use. Left out is what is no charset (idna and punycode take quadratic time, besides) and
what hides ASCII from those who look for it (UTF-7, HZ, EBCDIC)."""


def find_codec(label: str) -> str | None:
    """Python's name of the codec of a charset; None for what a peer may not choose.

    >>> find_codec("ISO-8859-1"), find_codec("rot13")
    ('latin_1', None)
    """
    name = label.strip(" ").lower().replace("-", "_")
    name = aliases.get(name, name)
    return name if name in CODECS else None
