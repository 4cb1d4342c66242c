"""Framing of heads made from values; heads from the wire are in tests/conformance."""

from typing import Any

import pytest
from support.twins import Twin

CLOSE = ("Connection", "close")


def request(twin: Twin, *fields: tuple[str, str], method: str = "POST", target: str = "/") -> Any:
    head = twin.RequestHead(method, target, headers=[("Host", "a"), *fields])
    twin.frame_request(head)
    return head


def response(twin: Twin, *fields: tuple[str, str], status: int = 200, method: str = "GET") -> Any:
    head = twin.ResponseHead(status, "", headers=fields)
    twin.frame_response(head, method)
    return head


def test_request_without_fields(twin: Twin) -> None:
    head = request(twin)
    assert (head.framing, head.persistent) == (0, True)


@pytest.mark.parametrize(
    ("field", "framing"),
    [(("Content-Length", "7"), 7), (("Transfer-Encoding", "chunked"), -1), (("X", "y"), 0)],
)
def test_request(twin: Twin, field: tuple[str, str], framing: int) -> None:
    head = request(twin, field)
    assert (head.framing, head.persistent) == (framing, True)
    head = request(twin, field, CLOSE)
    assert (head.framing, head.persistent) == (framing, False)


@pytest.mark.parametrize(
    ("option", "in_10", "in_11"),
    [("", False, True), ("close", False, False), ("keep-alive", True, True),
     ("keep-alive, CLOSE", False, False), ("closed", False, True), ("x,keep-alive\t", True, True)],
)  # fmt: skip
def test_persistence(twin: Twin, option: str, in_10: bool, in_11: bool) -> None:
    fields = [("Connection", option)] if option else []
    for version, expected in ((twin.HTTP_10, in_10), (twin.HTTP_11, in_11)):
        head = twin.RequestHead("GET", "/", version, fields)
        twin.frame_request(head)
        assert head.persistent is expected
        answer = twin.ResponseHead(200, "", version, [*fields, ("Content-Length", "0")])
        twin.frame_response(answer, "GET")
        assert answer.persistent is expected


def test_framing_again_changes_nothing(twin: Twin) -> None:
    head = request(twin, ("Content-Length", "7"), CLOSE)
    twin.frame_request(head)
    assert (head.framing, head.persistent) == (7, False)


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [(200, "GET", True), (200, "HEAD", False), (404, "HEAD", False), (204, "GET", False),
     (304, "GET", False), (100, "GET", False), (101, "GET", False), (205, "GET", True),
     (200, "CONNECT", False), (299, "CONNECT", False), (300, "CONNECT", True),
     (407, "CONNECT", True)],
)  # fmt: skip
def test_has_body(twin: Twin, status: int, method: str, expected: bool) -> None:
    assert twin.has_body(status, method) is expected
    head = response(twin, ("Content-Length", "7"), status=status, method=method)
    assert head.framing == (7 if expected else 0)
    assert response(twin, status=status, method=method).framing == (-2 if expected else 0)


def test_response_until_close(twin: Twin) -> None:
    head = response(twin, ("Connection", "keep-alive"))
    assert (head.framing, head.persistent) == (twin.UNTIL_CLOSE, False)


def test_response_chunked(twin: Twin) -> None:
    head = response(twin, ("Transfer-Encoding", "chunked"))
    assert (head.framing, head.persistent) == (twin.CHUNKED, True)


def test_faults_are_at_the_last_byte(twin: Twin) -> None:
    with pytest.raises(twin.ProtocolError) as caught:
        request(twin, ("Content-Length", "x"))
    assert caught.value.reason is twin.Reason.LENGTH
    raw = twin.RequestHead("POST", "/", headers=[("Host", "a"), ("Content-Length", "x")]).raw
    assert caught.value.offset == len(raw) - 1


def test_targets_do_not_cost_more_than_their_length(twin: Twin) -> None:
    """No pattern goes back over a long target (RFC 9112 3.2)."""
    for target in ("http://" + "a" * 8000 + "@", "a" * 8000, "http://[" + ":" * 8000 + "@"):
        with pytest.raises(twin.ProtocolError):
            request(twin, target=target)
        with pytest.raises(twin.ProtocolError):
            request(twin, target=target, method="CONNECT")
