import pytest

from weft_http_parser import CHUNKED, HTTP_10, UNTIL_CLOSE, HeaderInjection, RequestHead
from weft_web_server import Response, StreamResponse
from weft_web_server.plan import NO_CODING, Coding, Plan, make_stamp, plan_quickly, plan_response

STAMP = make_stamp(0)
DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: weft\r\n"
GET = RequestHead("GET", "/", headers=[("Host", "a")])
HEAD = RequestHead("HEAD", "/", headers=[("Host", "a")])
OLD = RequestHead("GET", "/", HTTP_10)


def plan(
    response: StreamResponse,
    size: int | None,
    head: RequestHead = GET,
    *,
    may_persist: bool = True,
    coding: Coding = NO_CODING,
) -> Plan:
    return plan_response(head, response, size, STAMP, may_persist=may_persist, coding=coding)


def test_both_ways_agree_in_meaning() -> None:
    response = Response(text="hello")
    quick = plan_quickly(GET, response, 5, STAMP)
    assert quick == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
        + DATE
        + b"\r\n"
    )
    full = plan(response, 5)
    assert full == Plan(quick, 5, True, True)
    unnamed = Response(body=b"hello")
    assert plan(unnamed, 5).head == plan_quickly(GET, unnamed, 5, STAMP)


@pytest.mark.parametrize(
    "response",
    [
        Response(text="x", headers={"A": "b"}),
        Response(text="x", status=204),
        Response(text="x", status=205),
        Response(text="x", status=304),
    ],
)
def test_not_quickly(response: Response) -> None:
    assert plan_quickly(GET, response, 1, STAMP) is None
    assert plan_quickly(OLD, Response(text="x"), 1, STAMP) is None
    assert plan_quickly(GET, Response(), 0, STAMP) is None


def test_media_type_is_checked() -> None:
    with pytest.raises(HeaderInjection):
        plan_quickly(GET, Response(text="x", content_type="a/b\r\nc: d"), 1, STAMP)


def test_planning_does_not_change_the_response() -> None:
    response = Response(text="x", headers={"A": "b"})
    before = response.headers.copy()
    assert plan(response, 1) == plan(response, 1)
    assert response.headers == before


def test_unknown_length() -> None:
    result = plan(StreamResponse(), None)
    assert result.framing == CHUNKED and result.persistent
    assert b"Transfer-Encoding: chunked\r\n" in result.head
    assert b"Content-Type: application/octet-stream\r\n" in result.head
    old = plan(StreamResponse(), None, OLD)
    assert old.framing == UNTIL_CLOSE and not old.persistent
    assert b"Connection: close\r\n" in old.head


def test_chunks_are_refused_to_http_10() -> None:
    response = StreamResponse()
    response.enable_chunked_encoding()
    assert plan(response, 5).framing == CHUNKED
    with pytest.raises(RuntimeError):
        plan(response, 5, OLD)


def test_declared_length() -> None:
    response = StreamResponse(headers={"Content-Length": "7"})
    assert plan(response, None).framing == 7
    with pytest.raises(RuntimeError, match="says 7 bytes, the body has 5"):
        plan(response, 5)


def test_head_request() -> None:
    result = plan(StreamResponse(headers={"A": "b", "Content-Length": "7"}), None, HEAD)
    assert not result.has_body and result.framing == 0
    assert b"Content-Length: 7\r\n" in result.head


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_bodies(status: int) -> None:
    result = plan(Response(text="x", status=status), 1)
    assert not result.has_body and result.framing == 0 and result.persistent
    assert b"Content-Length" not in result.head and b"Transfer-Encoding" not in result.head


def test_closing() -> None:
    response = Response(text="x")
    assert b"Connection: close\r\n" in plan(response, 1, may_persist=False).head
    response.force_close()
    assert not plan(response, 1).persistent
    by_field = Response(headers={"Connection": "Close"})
    assert not plan(by_field, 0).persistent
    assert b"Connection: keep-alive\r\n" in plan(Response(), 0, OLD).head


def test_own_fields_stay() -> None:
    response = Response(text="x", headers={"Date": "today", "Server": "mine"})
    head = plan(response, 1).head
    assert head.count(b"Date:") == 1 and b"Server: mine" in head
    response.headers["Transfer-Encoding"] = "chunked"
    assert b"Transfer-Encoding" not in plan(response, 1).head


def test_coding_and_cookies() -> None:
    response = Response(text="x")
    response.set_cookie("a", "b")
    head = plan(response, 1, coding=Coding("gzip")).head
    assert b"Content-Encoding: gzip\r\n" in head and b"Set-Cookie: a=b; Path=/\r\n" in head


@pytest.mark.parametrize(
    ("given", "vary"),
    [
        (None, b"Accept-Encoding"),
        ("Origin", b"Origin, Accept-Encoding"),
        ("accept-encoding", b"accept-encoding"),
        ("*", b"*"),
    ],
)
def test_coding_varies(given: str | None, vary: bytes) -> None:
    response = Response(text="x", headers={} if given is None else {"vary": given})
    for name in ("gzip", None):
        head = plan(response, 1, coding=Coding(name, varies=True)).head
        assert b"\r\nVary: " + vary + b"\r\n" in head and head.lower().count(b"vary:") == 1
    assert response.headers.getall("Vary", None) == (None if given is None else [given])


def test_coding_makes_tags_weak() -> None:
    response = Response(text="x", headers={"ETag": '"a"'})
    assert b'\r\nETag: W/"a"\r\n' in plan(response, 1, coding=Coding("gzip")).head
    assert b'\r\nETag: "a"\r\n' in plan(response, 1, coding=Coding(None, varies=True)).head
    response.headers["ETag"] = 'W/"b"'
    assert b'\r\nETag: W/"b"\r\n' in plan(response, 1, coding=Coding("gzip")).head
    assert response.headers["ETag"] == 'W/"b"'


def test_coding_undoes_the_declared_length() -> None:
    response = StreamResponse(headers={"Content-Length": "5"})
    for head in (GET, HEAD):
        planned = plan(response, None, head, coding=Coding("gzip"))
        assert b"Content-Length" not in planned.head
    assert response.content_length == 5


@pytest.mark.parametrize("status", [100, 101, 103, 199])
def test_an_interim_status_is_no_answer(status: int) -> None:
    assert plan_quickly(GET, Response(text="x", status=status), 1, STAMP) is None
    with pytest.raises(ValueError, match=f"status {status} is no answer"):
        plan(Response(text="x", status=status), 1)


@pytest.mark.parametrize("head", [GET, HEAD])
def test_reset_content_has_no_bytes(head: RequestHead) -> None:
    chunked = StreamResponse(status=205)
    chunked.enable_chunked_encoding()
    for response, size in ((Response(text="x", status=205), 1), (chunked, None)):
        planned = plan(response, size, head)
        assert not planned.has_body
        assert planned.framing == 0
        assert b"Transfer-Encoding" not in planned.head
    assert b"\r\nContent-Length: 0\r\n" in plan(Response(status=205), 0).head


def test_head_may_say_the_length_of_what_get_would_answer() -> None:
    planned = plan(Response(headers={"Content-Length": "100"}), 0, HEAD)
    assert b"\r\nContent-Length: 100\r\n" in planned.head
    assert not planned.has_body
    with pytest.raises(RuntimeError, match="Content-Length says 100 bytes"):
        plan(Response(headers={"Content-Length": "100"}), 0, GET)


@pytest.mark.parametrize(
    ("given", "said"),
    [("keep-alive", b"close"), ("X-Hop, Keep-Alive", b"X-Hop, close"), ("close", b"close")],
)
def test_the_last_answer_says_so_whatever_it_was_given(given: str, said: bytes) -> None:
    planned = plan(Response(text="x", headers={"Connection": given}), 1, may_persist=False)
    assert b"\r\nConnection: " + said + b"\r\n" in planned.head
    assert planned.head.count(b"Connection:") == 1
