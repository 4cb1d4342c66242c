"""What was sent can be read, and a change that comes too late is an error."""

from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
from multidict import CIMultiDict
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, serving, status_of

from weft_web_server import Application, Request, Response, StreamResponse
from weft_web_server.sealed import SealedCookies, SealedHeaders

LATE = "after the head was sent"


def change(name: str, *args: object) -> Callable[[object], None]:
    """A call of a method that changes something."""

    def call(sealed: object) -> None:
        getattr(sealed, name)(*args)

    return call


HEADER_CHANGES = {
    "set": change("__setitem__", "A", "2"),
    "delete": change("__delitem__", "A"),
    "add": change("add", "A", "2"),
    "clear": change("clear"),
    "extend": change("extend", {"A": "2"}),
    "merge": change("merge", {"B": "2"}),
    "pop": change("pop", "A"),
    "popall": change("popall", "A"),
    "popitem": change("popitem"),
    "popone": change("popone", "A"),
    "setdefault": change("setdefault", "B", "2"),
    "update": change("update", {"A": "2"}),
}
COOKIE_CHANGES = {
    "set": change("__setitem__", "a", "2"),
    "delete": change("__delitem__", "a"),
    "or": change("__ior__", {"a": "2"}),
    "clear": change("clear"),
    "load": change("load", "a=2"),
    "pop": change("pop", "a"),
    "popitem": change("popitem"),
    "setdefault": change("setdefault", "b", "2"),
    "update": change("update", {"a": "2"}),
}


def test_every_method_that_changes_headers_is_known() -> None:
    """A new version of multidict may have more."""
    known = {name for name in dir(CIMultiDict) if not name.startswith("__")}
    reading = {"copy", "get", "getall", "getone", "items", "keys", "to_dict", "values"}
    assert known - reading <= set(HEADER_CHANGES)


@pytest.mark.parametrize("name", HEADER_CHANGES)
def test_headers_can_only_be_read(name: str) -> None:
    sealed = SealedHeaders([("A", "1"), ("A", "x")])
    with pytest.raises(RuntimeError, match=LATE):
        HEADER_CHANGES[name](sealed)
    assert list(sealed.items()) == [("A", "1"), ("A", "x")] and sealed.getall("a") == ["1", "x"]


@pytest.mark.parametrize("name", COOKIE_CHANGES)
def test_cookies_can_only_be_read(name: str) -> None:
    cookies: SimpleCookie = SimpleCookie("a=1")
    cookies["a"]["path"] = "/"
    sealed = SealedCookies(cookies)
    with pytest.raises(RuntimeError, match=LATE):
        COOKIE_CHANGES[name](sealed)
    assert sealed.output() == cookies.output() == "Set-Cookie: a=1; Path=/"


async def test_a_response_that_is_prepared_again_may_be_changed_by_the_signal() -> None:
    shared = Response(text="again")

    async def handler(request: Request) -> StreamResponse:
        await shared.prepare(request)
        await shared.write_eof()
        with pytest.raises(RuntimeError, match=LATE):
            shared.headers["X-Late"] = "1"
        return shared

    async def sign(request: Request, response: StreamResponse) -> None:
        response.headers["X-Path"] = request.path
        response.set_status(202)

    app = Application()
    app.router.add_get("/{any}", handler)
    app.on_response_prepare.append(sign)
    async with serving(app) as port, raw_client(port) as peer:
        for path in ("/one", "/two"):
            await peer.send(get(path))
            head, body = await peer.read_response()
            assert status_of(head) == 202 and body == b"again"
            assert f"X-Path: {path}".encode() in head and b"X-Late" not in head


async def test_a_body_is_not_exchanged_behind_its_head() -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response(text="first")
        await response.prepare(request)
        with pytest.raises(RuntimeError, match=LATE):
            response.text = "other"
        with pytest.raises(RuntimeError, match=LATE):
            response.body = b"other"
        return response

    app = Application()
    app.router.add_get("/", handler)
    assert body_of(await answer_to(app, last())) == b"first"
