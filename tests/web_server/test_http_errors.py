import http
import inspect
from collections.abc import MutableMapping

import aiohttp.web as theirs
import pytest
from support.serving import answer_to, body_of, last, status_of
from yarl import URL

from weft_web_server import (
    Application,
    HTTPException,
    HTTPFound,
    HTTPMethodNotAllowed,
    HTTPNoContent,
    HTTPNotFound,
    HTTPOk,
    HTTPRequestEntityTooLarge,
    HTTPUnavailableForLegalReasons,
    Request,
    StreamResponse,
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


def test_the_length_of_an_error_is_that_of_its_body() -> None:
    error = HTTPNotFound(text="none")
    with pytest.raises(RuntimeError, match="that of its body"):
        error.content_length = 5
    assert error.content_length == 4


def test_legal_reasons() -> None:
    error = HTTPUnavailableForLegalReasons("http://x/")
    assert error.headers["Link"] == '<http://x/>; rel="blocked-by"'
    assert HTTPUnavailableForLegalReasons(None).link is None


def test_an_error_shows_the_whole_face_of_its_response() -> None:
    """All that aiohttp's errors have, which are responses."""
    have = {name for name in dir(HTTPNotFound) if not name.startswith("_")}
    wanted = {name for name in dir(theirs.HTTPNotFound) if not name.startswith("_")}
    assert wanted - have == {"ATTRS"}
    assert isinstance(HTTPNotFound(), MutableMapping)
    for name in ("set_cookie", "del_cookie", "set_status", "enable_compression"):
        ours, other = getattr(HTTPNotFound, name), getattr(theirs.HTTPNotFound, name)
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(other).parameters
        )


def test_what_is_set_on_an_error_is_set_on_its_response() -> None:
    error = HTTPNotFound(text="x")
    response = error.response
    error.set_status(410, "Gone for good")
    error.etag = "a"
    error.last_modified = 0
    error.charset = "latin-1"
    error.content_type = "text/html"
    error["key"] = "value"
    error.set_cookie("a", "b", samesite="Lax", partitioned=True)
    error.del_cookie("c")
    assert (
        (error.status, error.reason)
        == (response.status, response.reason)
        == (410, "Gone for good")
    )
    assert error.etag == response.etag and response.etag is not None
    assert error.last_modified == response.last_modified and response.last_modified is not None
    assert response.headers["Content-Type"] == "text/html; charset=latin-1"
    assert (error["key"], error.get("key"), list(error), len(error)) == (
        "value",
        "value",
        ["key"],
        1,
    )
    assert "key" in error and error.get("none", 5) == 5
    del error["key"]
    assert "key" not in response
    assert (
        "Partitioned" in response.cookies["a"].OutputString() and error.cookies is response.cookies
    )
    assert not error.chunked and not error.compression and error.task is None
    error.enable_compression()
    error.enable_chunked_encoding()
    error.after(print)
    assert response.chunked and response.compression and response.wishes.after == (print,)
    assert error.body_length == error.output_length == 1


async def test_an_error_may_be_sent_by_hand() -> None:
    async def handler(request: Request) -> StreamResponse:
        error = HTTPNotFound(text="by hand")
        await error.prepare(request)
        assert error.prepared and error.task is request.task
        await error.write(b"")
        await error.drain()
        await error.write_eof()
        return error.response

    app = Application()
    app.router.add_get("/", handler)
    answer = await answer_to(app, last())
    assert status_of(answer) == 404 and body_of(answer) == b"by hand"
