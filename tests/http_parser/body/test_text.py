"""Faults of text and JSON that a peer sent."""

import json
import pickle

import pytest

from weft_http_parser import MultipartError
from weft_http_parser.body.text import decode_json, decode_text, peer_codec


def fault_of(data: bytes, charset: str = "utf-8") -> MultipartError:
    with pytest.raises(MultipartError) as caught:
        decode_json(decode_text(data, peer_codec(charset)))
    return caught.value


def test_what_is_right() -> None:
    assert decode_json(decode_text(b'"\xe9"', peer_codec("latin-1"))) == "é"


def test_a_charset() -> None:
    exc = fault_of(b"x", "bogus" * 1000)
    assert isinstance(exc, LookupError)
    assert (exc.status, str(exc)) == (415, f"unknown charset {'bogus' * 8!r}")


def test_text() -> None:
    exc = fault_of(b"ab\xff")
    assert isinstance(exc, UnicodeDecodeError)
    assert isinstance(exc.__cause__, UnicodeDecodeError)
    assert (exc.status, exc.fault) == (400, "no utf-8 text: invalid start byte")
    assert (exc.encoding, exc.object, exc.start, exc.end) == ("utf-8", b"ab\xff", 2, 3)
    assert str(exc) == str(exc.__cause__)


@pytest.mark.parametrize(
    ("data", "cause", "at"),
    [
        (b"[1,", json.JSONDecodeError, 3),
        (b"[" * 100_000, RecursionError, 0),
        (b"9" * 5000, ValueError, 0),
    ],
)
def test_json(data: bytes, cause: type[Exception], at: int) -> None:
    exc = fault_of(data)
    assert isinstance(exc, json.JSONDecodeError)
    assert type(exc.__cause__) is cause
    assert (exc.status, exc.fault, exc.doc, exc.pos) == (400, exc.msg, data.decode(), at)


@pytest.mark.parametrize("data", [b"\xff", b"{"])
def test_faults_are_pickled(data: bytes) -> None:
    exc = fault_of(data)
    copy = pickle.loads(pickle.dumps(exc))
    assert (type(copy), copy.args, copy.fault, copy.status) == (
        type(exc),
        exc.args,
        exc.fault,
        exc.status,
    )
