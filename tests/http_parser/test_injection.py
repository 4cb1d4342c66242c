"""Nothing that is given to be written breaks out of its place: each place, each way, both twins.

And what goes out is not copied on its way: small bodies join their head, large ones go as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.twins import Twin, load_twin

# What ends a line or a value for somebody, and what only some take for a character of text.
ALWAYS_BAD = ["a\r\nX: y", "a\nb", "a\rb", "\n", "a\x00b", "a\x0bb", "a\x0cb", "\x1b", "a\x7fb"]
NO_TEXT = ["\ud800", "a\udbffb"]  # surrogates that stand for no byte

H11 = (1, 1)

PLACES: dict[str, Callable[[Twin, str], Any]] = {
    "method": lambda w, text: w.RequestHead(text, "/"),
    "target": lambda w, text: w.RequestHead("GET", text),
    "request field name": lambda w, text: w.RequestHead("GET", "/", headers=[(text, "v")]),
    "request field value": lambda w, text: w.RequestHead("GET", "/", headers={"X": text}),
    "reason": lambda w, text: w.ResponseHead(200, text),
    "response field name": lambda w, text: w.ResponseHead(200, "OK", headers={text: "v"}),
    "response field value": lambda w, text: w.ResponseHead(200, "OK", headers=[("X", text)]),
    "rendered request": lambda w, text: w.render_request_head("GET", "/", w.HTTP_11, {"X": text}),
    "rendered response": lambda w, text: w.render_response_head(200, "", w.HTTP_11, {text: ""}),
    "rendered fields": lambda w, text: w.render_fields([("a", "b"), ("X", text)]),
    "trailer name": lambda w, text: end_chunks(w, {text: "v"}),
    "trailer value": lambda w, text: end_chunks(w, {"X": text}),
    "part's field name": lambda w, text: w.BytesPayload(b"", headers={text: "v"}),
    "part's field value": lambda w, text: w.BytesPayload(b"", headers={"X": text}),
    "part's type": lambda w, text: w.BytesPayload(b"", content_type=text),
    "disposition": lambda w, text: w.BytesPayload(b"").set_content_disposition(text, name="a"),
    "disposition's unquoted value": lambda w, text: w.BytesPayload(b"").set_content_disposition(
        "form-data", quote_fields=False, name=text
    ),
    "cookie's name": lambda w, text: w.format_set_cookie(text, "v"),
    "cookie's value": lambda w, text: w.format_set_cookie("a", text),
    "cookie's path": lambda w, text: w.format_set_cookie("a", "b", w.CookieOptions(path=text)),
    "cookie's domain": lambda w, text: w.format_set_cookie("a", "b", w.CookieOptions(domain=text)),
    "cookies of a request": lambda w, text: w.RequestHead(
        "GET", "/", headers={"Cookie": w.format_cookies([("a", text)])}
    ),
}
TOKENS = {name for name in PLACES if "name" in name} | {"method", "target", "disposition"}


def end_chunks(w: Twin, trailers: dict[str, str]) -> bytes:
    """The end of a body in chunks."""
    server = w.Http1Connection(w.Role.SERVER)
    server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    server.send_head(w.ResponseHead(200, "OK", headers={"Transfer-Encoding": "chunked"}))
    ending: bytes = server.send_end(trailers)
    return ending


def stays_inside(w: Twin, place: str, text: str) -> None:
    """Either refused, as a ValueError, or nothing of it is an end of a line."""
    try:
        made = PLACES[place](w, text)
    except ValueError:
        return
    raw = getattr(made, "raw", made)
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogatepass")
    if isinstance(raw, bytes):
        plain = getattr(PLACES[place](w, "a"), "raw", PLACES[place](w, "a"))
        plain = plain.encode() if isinstance(plain, str) else plain
        for end in (b"\r", b"\n", b"\x00"):
            assert raw.count(end) == plain.count(end), (place, text)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ALWAYS_BAD, ids=repr)
def test_what_ends_a_line_is_refused_everywhere(twin: Twin, place: str, text: str) -> None:
    if "cookie" in place:
        stays_inside(twin, place, text)  # a value may be quoted or escaped instead
        return
    with pytest.raises(ValueError, match="not allowed there") as caught:
        PLACES[place](twin, text)
    assert caught.type.__name__ == "HeaderInjection"  # of either copy of the package


@pytest.mark.parametrize("place", sorted(TOKENS - {"cookie's name", "part's field name"}))
@pytest.mark.parametrize("text", ["", "a b", " a"], ids=repr)
def test_what_is_no_token_is_refused(twin: Twin, place: str, text: str) -> None:
    with pytest.raises(ValueError, match="not allowed there"):
        PLACES[place](twin, text)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "é"])
async def test_a_part_with_such_a_name_is_refused_before_it_is_sent(twin: Twin, name: str) -> None:
    writer = twin.MultipartWriter("form-data")
    with pytest.raises(ValueError, match="not allowed there"):
        writer.append("text", {name: "value"})
        await writer.as_bytes()


@pytest.mark.parametrize("place", [name for name in PLACES if "part" not in name])
@pytest.mark.parametrize("text", NO_TEXT, ids=ascii)
def test_what_stands_for_no_bytes_is_refused(twin: Twin, place: str, text: str) -> None:
    stays_inside(twin, place, text)


@pytest.mark.parametrize("version", [(2, 0), (1, 2), (0, 9), (1, 1, 1), "1.1\r\nX: y"])
def test_versions_that_are_none(twin: Twin, version: Any) -> None:
    with pytest.raises(ValueError, match="version"):
        twin.render_request_head("GET", "/", version, [])
    with pytest.raises(ValueError, match="version"):
        twin.render_response_head(200, "OK", version, [])


@pytest.mark.parametrize("status", [0, 99, 1000, -200])
def test_statuses_that_are_none(twin: Twin, status: int) -> None:
    with pytest.raises(twin.HeaderInjection, match="status"):
        twin.ResponseHead(status, "OK")


@pytest.mark.parametrize("backend", ["py", "c"])
@given(place=st.sampled_from(sorted(PLACES)), text=st.text(max_size=20))
def test_any_text_stays_inside(backend: str, place: str, text: str) -> None:
    stays_inside(load_twin("weft_http_parser", backend), place, text)


# What goes out, and how.


def sending(w: Twin, fields: dict[str, str]) -> Any:
    server = w.Http1Connection(w.Role.SERVER)
    server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    server.send_head(w.ResponseHead(200, "OK", headers=fields))
    return server


def test_a_small_body_is_one_buffer_with_its_head(twin: Twin) -> None:
    server = twin.Http1Connection(twin.Role.SERVER)
    server.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    head = twin.render_response_head(200, "OK", twin.HTTP_11, [("Content-Length", "2")])
    whole = server.send_whole(head, b"ok")
    assert type(whole) is bytes and whole == head + b"ok"
    assert server.next_cycle() == []


@pytest.mark.parametrize("kind", [bytes, bytearray, lambda data: memoryview(bytearray(data))])
@pytest.mark.parametrize(
    ("fields", "around"),
    [
        ({"Content-Length": "100000"}, []),
        ({}, []),
        ({"Transfer-Encoding": "chunked"}, [b"186a0\r\n", b"\r\n"]),
    ],
    ids=["length", "until close", "chunks"],
)
def test_large_bodies_are_not_copied(
    twin: Twin, kind: Callable[[bytes], Any], fields: dict[str, str], around: list[bytes]
) -> None:
    data = kind(bytes(100_000))
    pieces = sending(twin, fields).send_data(data)
    assert [piece for piece in pieces if piece is not data] == around
    assert sum(piece is data for piece in pieces) == 1


def test_a_small_chunk_is_one_buffer(twin: Twin) -> None:
    server = sending(twin, {"Transfer-Encoding": "chunked"})
    assert server.send_data(memoryview(b"abc")) == [b"3\r\nabc\r\n"]
    assert server.send_data(b"") == []
    assert server.send_end({"X": "y"}) == b"0\r\nX: y\r\n\r\n"


def test_a_status_line_is_as_good_the_second_time(twin: Twin) -> None:
    first, second = (twin.ResponseHead(299, "Own reason").raw for _ in range(2))
    assert first == second == b"HTTP/1.1 299 Own reason\r\n\r\n"
    for _ in range(2):
        with pytest.raises(twin.HeaderInjection):
            twin.ResponseHead(299, "Own\r\n")


@pytest.mark.parametrize("status", [299.0, "299", None])
def test_a_status_is_an_int_also_the_second_time(twin: Twin, status: object) -> None:
    """What is kept of 299 is not for whatever is equal to it."""
    assert twin.ResponseHead(299, "OK").status == 299
    with pytest.raises((TypeError, ValueError)):
        twin.ResponseHead(status, "OK")
