import http

import pytest
from yarl import URL

from weft_web_server import (
    HTTPException,
    HTTPFound,
    HTTPMethodNotAllowed,
    HTTPNoContent,
    HTTPNotFound,
    HTTPOk,
    HTTPRequestEntityTooLarge,
    HTTPUnavailableForLegalReasons,
    http_errors,
)

FAMILY = [
    kind
    for kind in vars(http_errors).values()
    if isinstance(kind, type) and issubclass(kind, HTTPException)
]
NOT_RAISED = {100, 101, 102, 103, 207, 208, 226, 418, 423, 425, 508}


def test_one_class_for_each_status() -> None:
    statuses = [kind.status_code for kind in FAMILY if kind.status_code > 0]
    assert len(statuses) == len(set(statuses))
    assert set(statuses) == {status.value for status in http.HTTPStatus} - NOT_RAISED
    assert len(FAMILY) == 58


def test_default_text() -> None:
    error = HTTPNotFound()
    assert (error.status, error.reason, error.text) == (404, "Not Found", "404: Not Found")
    assert error.content_type == "text/plain" and error.charset == "utf-8"
    assert str(error) == "Not Found" and "Not Found" in repr(error)
    assert not error.prepared and error.keep_alive is None and error


def test_given_facts() -> None:
    error = HTTPNotFound(
        text="{}", reason="Gone Away", headers={"a": "b"}, content_type="application/json"
    )
    assert (error.reason, error.text, error.headers["a"]) == ("Gone Away", "{}", "b")
    assert error.content_type == "application/json"
    error.text, error.content_type = "x", "text/html"
    assert error.response.body == b"x" and error.headers["Content-Type"].startswith("text/html")
    error.body = b"yy"
    assert error.content_length == 2 and error.body == b"yy"


def test_cookies_and_closing() -> None:
    error = HTTPNotFound()
    error.set_cookie("a", "b", max_age=3)
    error.del_cookie("c")
    error.force_close()
    assert set(error.cookies) == {"a", "c"} and error.keep_alive is False


def test_empty_bodies() -> None:
    assert HTTPNoContent().text is None
    assert HTTPOk(body=b"x").body == b"x"


def test_reason_of_two_lines() -> None:
    with pytest.raises(ValueError):
        HTTPNotFound(reason="a\r\nb: c")


def test_move() -> None:
    assert HTTPFound("/a b?x=ü").headers["Location"] == "/a%20b?x=%C3%BC"
    assert HTTPFound(URL("/x")).location == URL("/x")
    with pytest.raises(ValueError):
        HTTPFound("")


def test_method_not_allowed() -> None:
    error = HTTPMethodNotAllowed("get", ["POST", "GET"])
    assert error.headers["Allow"] == "GET,POST"
    assert (error.method, error.allowed_methods) == ("GET", {"GET", "POST"})


def test_entity_too_large() -> None:
    error = HTTPRequestEntityTooLarge(10, 20)
    assert error.text == "Maximum request body size 10 exceeded."
    assert (error.max_size, error.actual_size) == (10, 20)


def test_legal_reasons() -> None:
    error = HTTPUnavailableForLegalReasons("http://x/")
    assert error.headers["Link"] == '<http://x/>; rel="blocked-by"'
    assert HTTPUnavailableForLegalReasons(None).link is None
