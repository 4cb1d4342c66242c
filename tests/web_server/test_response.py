import asyncio

import pytest

from weft_web_server import Response, json_bytes_response, json_response


def test_empty() -> None:
    response = Response()
    assert (response.status, response.reason, response.body, response.text) == (
        200,
        "OK",
        None,
        None,
    )
    assert response.content_length == 0 and response.content_type == "application/octet-stream"


def test_text() -> None:
    response = Response(text="grün")
    assert response.body == "grün".encode()
    assert (response.content_type, response.charset) == ("text/plain", "utf-8")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text == "grün" and response.content_length == 5


def test_text_in_another_charset() -> None:
    response = Response(text="grün", content_type="text/html", charset="latin-1")
    assert response.body == "grün".encode("latin-1")
    response.text = "blü"
    assert response.body == "blü".encode("latin-1") and response.text == "blü"


def test_text_under_a_given_type() -> None:
    response = Response(text="ü", headers={"Content-Type": "text/html; a=b"})
    assert response.headers["Content-Type"] == "text/html; a=b; charset=utf-8"
    assert response.charset == "utf-8" and response.body == "ü".encode()
    assert Response(text="x", headers={"Content-Type": ""}).content_type == "text/plain"
    assert Response(text="x", headers={"A": "b"}).content_type == "text/plain"
    assert Response(text="ü", headers={"Content-Type": "a/b; charset=latin-1"}).body == b"\xfc"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": "a", "body": b"a"}, ValueError),
        ({"text": b"a"}, TypeError),
        ({"text": "a", "content_type": "text/html; charset=utf-8"}, ValueError),
        ({"headers": {"Content-Type": "a/b"}, "content_type": "a/b"}, ValueError),
        ({"headers": {"Content-Type": "a/b"}, "charset": "x"}, ValueError),
        ({"body": object()}, ValueError),
        ({"reason": "a\r\nb: c"}, ValueError),
    ],
)
def test_refused(arguments: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        Response(**arguments)  # type: ignore[arg-type]  # mistakes under test


def test_setting_the_text() -> None:
    response = Response()
    response.text = "x"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    with pytest.raises(TypeError):
        response.text = b"x"  # type: ignore[assignment]  # the mistake under test


def test_payload_as_body() -> None:
    response = Response(body="text")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text == "text"
    response.body = b"abc"
    assert response.body_length == 3


def test_length_cannot_be_set() -> None:
    with pytest.raises(RuntimeError):
        Response().content_length = 5
    response = Response(text="x")
    response.enable_chunked_encoding()
    assert response.content_length is None


def test_json() -> None:
    response = json_response({"a": 1}, status=201)
    assert response.status == 201 and response.text == '{"a": 1}'
    assert response.content_type == "application/json"
    assert json_response(text="[]").text == "[]"
    with pytest.raises(ValueError):
        json_response({}, text="x")


def test_json_bytes() -> None:
    response = json_bytes_response([1], dumps=lambda data: str(data).encode())
    assert response.body == b"[1]" and response.content_type == "application/json"
    with pytest.raises(ValueError):
        json_bytes_response([1], body=b"x", dumps=lambda data: b"")


def test_unprepared_response_cannot_be_written() -> None:
    with pytest.raises(RuntimeError, match="prepare"):
        asyncio.run(Response().write_eof())
