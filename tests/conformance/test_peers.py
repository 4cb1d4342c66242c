"""The same bytes to h11 and to llhttp (httptools): every difference falls in a known class.

`python -m tools.fuzz.peers --seconds 600` does the same for as long as you like.
"""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("h11")
pytest.importorskip("httptools")

from tools.fuzz import differences, peers
from tools.fuzz.courses import make_input, read_seeds
from tools.fuzz.differences import CLASSES, Difference
from tools.fuzz.divergence import Divergence, Kind
from tools.fuzz.readers import READERS, read_here
from weft_http_parser import Reason

from .streams import requests, responses

PLAIN = (
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b""),
    (b"GET /a?b=c HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\n\r\n" * 2, b""),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", b""),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n", b""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"GET"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"GET"),
    (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", b"GET"),
)  # fmt: skip
SLOW = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def check(wire: bytes, asked: bytes, has_eof: bool) -> None:
    for peer in READERS:
        found = peers.compare(peer, wire, asked, has_eof)
        assert found is None or peers.classify(peer, found) is not None, (peer, found)


@SLOW
@given(requests(), st.booleans())
def test_requests(wire: bytes, has_eof: bool) -> None:
    check(wire, b"", has_eof)


@SLOW
@given(responses(), st.booleans(), st.sampled_from([b"GET", b"HEAD"]))
def test_responses(wire: bytes, has_eof: bool, asked: bytes) -> None:
    check(wire, asked, has_eof)


@SLOW
@given(st.integers(0, 1 << 48))
def test_damaged_cases(seed: int) -> None:
    check(*make_input(Random(seed)))


def test_cases() -> None:
    for seed in read_seeds():
        check(seed.wire, seed.asked, False)


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.name)
@pytest.mark.parametrize("peer", READERS)
def test_each_class_has_an_example(peer: str, each: Difference) -> None:
    """It is one of that class, for that peer and no other."""
    has_eof = each.name == "the end before a response"
    found = peers.compare(peer, each.example, each.asked, has_eof)
    if peer not in each.peers:
        assert found is None or not (found.kind is each.kind and each.holds(found))
        return
    assert found is not None
    assert found.kind is each.kind
    assert each.holds(found)
    assert peers.classify(peer, found) == each.name


@pytest.mark.parametrize(("wire", "asked"), PLAIN)
def test_plain_messages_are_the_same(wire: bytes, asked: bytes) -> None:
    for peer in READERS:
        assert peers.compare(peer, wire, asked, False) is None


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.name)
def test_no_class_takes_a_plain_message(each: Difference) -> None:
    """Not even where it is said to be refused, whatever for, at any of its bytes."""
    reasons = each.reasons or ("",)
    for wire, asked in PLAIN:
        whole = read_here(wire, asked, False)
        for index in range(len(whole.messages)):
            for offset in range(len(wire)):
                for reason in reasons:
                    ours = read_here(wire, asked, False)
                    ours.reason, ours.offset = reason, offset
                    assert not each.holds(Divergence(each.kind, wire, index, ours, whole, asked))
                if not each.reasons:
                    break


def test_classes_name_reasons_that_exist() -> None:
    known = {reason.name for reason in Reason}
    assert all(set(each.reasons) <= known for each in CLASSES)
    assert all(bool(each.reasons) == (each.kind is Kind.ACCEPTS) for each in CLASSES)


def test_both_reading_another_message_is_explained_one_by_one() -> None:
    """A body that two parsers delimit in two ways is the worst that there is: no new one."""
    names = [each.name for each in CLASSES if each.kind is Kind.DIFFERS]
    assert names == [
        "the body of an upgrade",
        "chunked with a comma or a tab, in a response",
        "interim responses of other codes, with a length",
    ]


def test_page() -> None:
    assert differences.PAGE.read_text("utf-8") == differences.render_page(), (
        "python -m tools.fuzz.differences writes it"
    )
