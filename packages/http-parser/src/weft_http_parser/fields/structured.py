"""Structured field values (RFC 9651): items, lists and dictionaries, read and written to the letter.

Decides how values of eight types look in a field. Knows no field by name. As the RFC demands, a
fault anywhere fails the whole field.
"""

import binascii
import datetime
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType

import attrs

from weft_http_parser.fields.lists import join_lines

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*+")
_NUMBER = re.compile(r"-?([0-9]++)(\.[0-9]++)?+")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*+)"')
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+")
_BYTES = re.compile(r":([A-Za-z0-9+/=]*+):")
_BOOLEAN = re.compile(r"\?([01])")
_DATE = re.compile(r"@(-?[0-9]{1,15}+)(?![0-9.])")
_DISPLAY = re.compile(r'%"((?:[ !#$&-~]|%[0-9a-f]{2})*+)"')
_CODED = re.compile(rb"%([0-9a-f]{2})")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LARGEST = 10**15 - 1
_THOUSANDTH = Decimal("0.001")


class StructuredToken(str):
    """A token: a str that is written without quotes (RFC 9651 3.3.4).

    >>> format_structured(StructuredItem(StructuredToken("gzip")))
    'gzip'
    """

    __slots__ = ()


class DisplayString(str):
    """Text beyond ASCII, for people to read (RFC 9651 3.3.8).

    >>> format_structured(StructuredItem(DisplayString("ü")))
    '%"%c3%bc"'
    """

    __slots__ = ()


BareItem = bool | int | Decimal | str | bytes | datetime.datetime
Parameters = Mapping[str, BareItem]
_NONE: Parameters = MappingProxyType({})


@attrs.frozen
class StructuredItem:
    """A value with its parameters (RFC 9651 3.3): an int, a Decimal, a str, a `StructuredToken`, bytes, a
    bool, a datetime or a `DisplayString`.

    >>> parse_structured_item('"a";q=0.5').parameters["q"]
    Decimal('0.5')
    """

    value: BareItem
    parameters: Parameters = _NONE


@attrs.frozen
class InnerList:
    """A list in a list or a dictionary, with its own parameters (RFC 9651 3.1.1).

    >>> parse_structured_list("(a b);x")[0].parameters
    mappingproxy({'x': True})
    """

    items: tuple[StructuredItem, ...]
    parameters: Parameters = _NONE


Member = StructuredItem | InnerList


class StructuredFieldError(ValueError):
    """Text that is no structured field of the kind asked for; `offset` is where reading ended.

    >>> StructuredFieldError("a key", 3).offset
    3
    """

    def __init__(self, wanted: str, offset: int) -> None:
        super().__init__(wanted, offset)
        self.wanted = wanted
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.wanted} expected at {self.offset}"


def parse_structured_item(lines: str | Iterable[str]) -> StructuredItem:
    """A field that is one item (RFC 9651 4.2.3); StructuredFieldError for anything else.

    >>> parse_structured_item("?1;a=2").value
    True
    """
    reader = _Reader(join_lines(lines))
    item = reader.read_item()
    reader.expect_end()
    return item


def parse_structured_list(lines: str | Iterable[str]) -> list[Member]:
    """A field that is a list, over all its lines (RFC 9651 4.2.1); StructuredFieldError for
    anything else.

    >>> [member.value for member in parse_structured_list("1, 2.5, a")]
    [1, Decimal('2.5'), 'a']
    """
    reader = _Reader(join_lines(lines))
    found: list[Member] = []
    while reader.has_more(is_first=not found):
        found.append(reader.read_member())
    return found


def parse_structured_dictionary(lines: str | Iterable[str]) -> dict[str, Member]:
    """A field that is a dictionary, over all its lines; the last of a key counts
    (RFC 9651 4.2.2). StructuredFieldError for anything else.

    >>> found = parse_structured_dictionary("u=2, i, p=(1 2)")
    >>> found["u"].value, found["i"].value, len(found["p"].items)
    (2, True, 2)
    """
    reader = _Reader(join_lines(lines))
    found: dict[str, Member] = {}
    while reader.has_more(is_first=not found):
        key = reader.read_key()
        if reader.take("="):
            member = reader.read_member()
        else:
            member = StructuredItem(True, reader.read_parameters())
        found[key] = member
    return found


class _Reader:
    """A place in a text."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.skip(" ")

    def skip(self, chars: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in chars:
            self.at += 1

    def take(self, char: str) -> bool:
        is_there = self.text.startswith(char, self.at)
        self.at += is_there
        return is_there

    def match(self, pattern: re.Pattern[str], wanted: str) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise StructuredFieldError(wanted, self.at)
        self.at = match.end()
        return match

    def expect_end(self) -> None:
        self.skip(" ")
        if self.at < len(self.text):
            raise StructuredFieldError("the end", self.at)

    def has_more(self, *, is_first: bool) -> bool:
        """Whether a member follows; the comma before it is taken."""
        if is_first:
            return self.at < len(self.text)
        self.skip(" \t")
        if self.at == len(self.text):
            return False
        if not self.take(","):
            raise StructuredFieldError("a comma", self.at)
        self.skip(" \t")
        if self.at == len(self.text):
            raise StructuredFieldError("a member", self.at)
        return True

    def read_member(self) -> Member:
        if not self.take("("):
            return self.read_item()
        items: list[StructuredItem] = []
        while True:
            self.skip(" ")
            if self.take(")"):
                return InnerList(tuple(items), self.read_parameters())
            items.append(self.read_item())
            if not self.text.startswith((" ", ")"), self.at):
                raise StructuredFieldError("a space or a bracket", self.at)

    def read_item(self) -> StructuredItem:
        return StructuredItem(self.read_bare(), self.read_parameters())

    def read_key(self) -> str:
        return self.match(_KEY, "a key")[0]

    def read_parameters(self) -> Parameters:
        found: dict[str, BareItem] = {}
        while self.take(";"):
            self.skip(" ")
            key = self.read_key()
            found[key] = self.read_bare() if self.take("=") else True
        return MappingProxyType(found) if found else _NONE

    def read_bare(self) -> BareItem:
        first = self.text[self.at : self.at + 1]
        if first == '"':
            text = self.match(_STRING, "a string")[1]
            return re.sub(r"\\(.)", r"\1", text)
        if first == "?":
            return self.match(_BOOLEAN, "a boolean")[1] == "1"
        if first == ":":
            return self._read_bytes()
        if first == "@":
            return self._read_date()
        if first == "%":
            return self._read_display_string()
        if first and first in "-0123456789":
            return self._read_number()
        return StructuredToken(self.match(_TOKEN, "an item")[0])

    def _read_number(self) -> int | Decimal:
        start = self.at
        match = self.match(_NUMBER, "a number")
        whole, fraction = match[1], match[2] or ""
        if len(whole) > (12 if fraction else 15) or len(fraction) > 4:
            raise StructuredFieldError("a shorter number", start)
        return Decimal(match[0]) if fraction else int(match[0])

    def _read_bytes(self) -> bytes:
        start = self.at
        coded = self.match(_BYTES, "a byte sequence")[1].rstrip("=")
        try:
            # RFC 9651 4.2.7: padding may be missing, and is not looked at.
            return binascii.a2b_base64(coded + "=" * (-len(coded) % 4), strict_mode=True)
        except binascii.Error:
            raise StructuredFieldError("base64", start) from None

    def _read_date(self) -> datetime.datetime:
        start = self.at
        seconds = int(self.match(_DATE, "a date")[1])
        try:
            return _EPOCH + datetime.timedelta(seconds=seconds)
        except OverflowError:
            raise StructuredFieldError("a date of the years 1 to 9999", start) from None

    def _read_display_string(self) -> DisplayString:
        start = self.at
        coded = self.match(_DISPLAY, "a display string")[1].encode("ascii")
        octets = _CODED.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), coded)
        try:
            return DisplayString(octets.decode("utf-8"))
        except UnicodeDecodeError:
            raise StructuredFieldError("UTF-8", start) from None


def format_structured(value: Member | Iterable[Member] | Mapping[str, Member]) -> str:
    """An item, a list or a dictionary as a field (RFC 9651 4.1); ValueError for what none can hold.
    An empty list or dictionary is the empty string, and no field is to be sent.

    >>> format_structured({"u": StructuredItem(2), "i": StructuredItem(True), "p": InnerList((StructuredItem("a"), StructuredItem(b"b")))})
    'u=2, i, p=("a" :Yg==:)'
    """
    if isinstance(value, StructuredItem | InnerList):
        return _format_member(value)
    if isinstance(value, Mapping):
        return ", ".join(_format_pair(key, member) for key, member in value.items())
    return ", ".join(_format_member(member) for member in value)


def _format_pair(key: str, member: Member) -> str:
    if isinstance(member, StructuredItem) and member.value is True:
        return _format_key(key) + _format_parameters(member.parameters)
    return f"{_format_key(key)}={_format_member(member)}"


def _format_member(member: Member) -> str:
    if isinstance(member, StructuredItem):
        return _format_bare(member.value) + _format_parameters(member.parameters)
    inner = " ".join(_format_member(item) for item in member.items)
    return f"({inner}){_format_parameters(member.parameters)}"


def _format_parameters(parameters: Parameters) -> str:
    return "".join(
        f";{_format_key(key)}" + ("" if value is True else f"={_format_bare(value)}")
        for key, value in parameters.items()
    )


def _format_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a structured field")
    return key


def _format_bare(value: BareItem) -> str:
    if isinstance(value, str):
        return _format_text(value)
    if isinstance(value, bool):
        return f"?{value:d}"
    if isinstance(value, bytes):
        return f":{binascii.b2a_base64(value, newline=False).decode('ascii')}:"
    if isinstance(value, datetime.datetime):
        return f"@{(value - _EPOCH) // datetime.timedelta(seconds=1)}"
    if isinstance(value, Decimal):
        return _format_decimal(value)
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"{value} has more than 15 digits")
    return str(value)


def _format_text(value: str) -> str:
    if isinstance(value, StructuredToken):
        if not _TOKEN.fullmatch(value):
            raise ValueError(f"{str(value)!r} is no token of a structured field")
        return str(value)
    if isinstance(value, DisplayString):
        octets = value.encode("utf-8")
        return '%"{}"'.format(
            "".join(
                chr(octet) if 0x20 <= octet < 0x7F and octet not in b'%"' else f"%{octet:02x}"
                for octet in octets
            )
        )
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"{value!r} is no ASCII text; a DisplayString holds any")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _format_decimal(value: Decimal) -> str:
    if not value.is_finite() or abs(value) >= 10**12:
        raise ValueError(f"{value} has more than 12 digits before the point")
    rounded = value.quantize(_THOUSANDTH, rounding=ROUND_HALF_EVEN)
    if abs(rounded) >= 10**12:
        raise ValueError(f"{value} has more than 12 digits before the point")
    whole, _, fraction = f"{rounded:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"
