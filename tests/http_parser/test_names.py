import aiohttp.hdrs
import pytest
from multidict import istr

import weft_http_parser
from weft_http_parser import PHRASES, hdrs

CONSTANTS = [name for name in dir(aiohttp.hdrs) if name.isupper()]


@pytest.mark.parametrize("name", CONSTANTS)
def test_has_every_constant_of_aiohttp(name: str) -> None:
    ours, theirs = getattr(hdrs, name), getattr(aiohttp.hdrs, name)
    assert ours == theirs
    assert isinstance(ours, istr) is isinstance(theirs, istr)


def test_header_names_are_istr() -> None:
    assert len(hdrs.HEADER_NAMES) > 100
    assert all(type(name) is istr for name in hdrs.HEADER_NAMES)


def test_phrases() -> None:
    assert PHRASES[200] == "OK"
    assert PHRASES[404] == "Not Found"
    assert 299 not in PHRASES


def test_marks_are_single_bits() -> None:
    marks = {name: getattr(hdrs, name) for name in dir(hdrs) if name.startswith("MARK_")}
    assert all(mark.bit_count() == 1 for mark in marks.values())
    assert len(set(marks.values())) == len(marks)
    assert set(hdrs.FIELD_MARKS.values()) <= set(marks.values())
    assert marks.keys() <= set(weft_http_parser.__all__)
