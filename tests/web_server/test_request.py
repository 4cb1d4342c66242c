"""Requests through a running server, as handlers see them."""

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.serving import answer_to, body_of, last, post, status_of
from yarl import URL

from weft_http_parser import HTTP_11, BodyPartReader, ETag
from weft_web_server import (
    AppKey,
    Application,
    FileField,
    HTTPRequestEntityTooLarge,
    PayloadAccessError,
    Request,
    RequestKey,
    Response,
    RouteOptions,
    StreamResponse,
)

Look = Callable[[Request], Any]


async def test_forwarded() -> None:
    sent = last("/", 'Forwarded: for=_a;proto=https, for="[::1]:80"', "Forwarded: by=_b")
    found = await look(lambda request: request.forwarded, sent)
    assert found == ({"for": "_a", "proto": "https"}, {"for": "[::1]:80"}, {"by": "_b"})
    with pytest.raises(TypeError):
        found[0]["for"] = "_c"
    assert await look(lambda request: request.forwarded, last()) == ()


async def look(look: Look, sent: bytes, path: str = "/{tail:.*}", options: Any = None) -> Any:
    """What a handler finds in a request."""
    found: list[Any] = []

    async def handler(request: Request) -> StreamResponse:
        result = look(request)
        found.append(await result if isinstance(result, Awaitable) else result)
        return Response()

    app = Application(**(options or {}))
    app.router.add_route("*", path, handler)
    answer = await answer_to(app, sent)
    assert status_of(answer) == 200, answer
    return found[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "GET"),
        ("version", HTTP_11),
        ("path", "/a/b/ü"),
        ("raw_path", "/a%2Fb/%C3%BC?x=1&x=2&y=%20"),
        ("path_qs", "/a%2Fb/%C3%BC?x=1&x=2&y=%20"),
        ("query_string", "x=1&x=2&y= "),
        ("rel_url", URL("/a%2Fb/%C3%BC?x=1&x=2&y=%20", encoded=True)),
        ("url", URL("http://test/a%2Fb/%C3%BC?x=1&x=2&y=%20", encoded=True)),
        ("scheme", "http"),
        ("secure", False),
        ("host", "test"),
        ("remote", "127.0.0.1"),
        ("content_type", "text/html"),
        ("charset", "latin1"),
        ("content_length", None),
        ("keep_alive", False),
        ("body_exists", False),
        ("can_read_body", False),
        ("if_none_match", (ETag(value="a", is_weak=False), ETag(value="b", is_weak=True))),
        ("if_match", None),
        ("if_modified_since", None),
        ("http_range", slice(0, 4, 1)),
        ("cookies", {"a": "b", "c": "d"}),
    ],
)
async def test_facts(name: str, value: object) -> None:
    sent = last(
        "/a%2Fb/%C3%BC?x=1&x=2&y=%20",
        "Cookie: a=b; c=d",
        "Content-Type: text/html; charset=latin1",
        "Range: bytes=0-3",
        'If-None-Match: "a", W/"b"',
    )
    assert await look(lambda request: getattr(request, name), sent) == value


async def test_query_and_headers() -> None:
    sent = last("/?x=1&x=2", "X-Name: a", "X-Name: b")
    assert await look(lambda r: r.query.getall("x"), sent) == ["1", "2"]
    assert await look(lambda r: r.headers.getall("x-name"), sent) == ["a", "b"]
    assert (b"X-Name", b"a") in await look(lambda r: r.raw_headers, sent)
    assert await look(lambda r: repr(r), sent) == "<Request GET / >"


async def test_two_slashes_are_no_host() -> None:
    assert await look(lambda r: (r.path, r.path_qs, r.url.host), last("//evil/x")) == (
        "//evil/x",
        "//evil/x",
        "test",
    )


async def test_an_empty_host_is_this_machine() -> None:
    """Clients read http:///evil/x as the URL of evil."""
    sent = last("/evil/x").replace(b"Host: test", b"Host:")
    assert sent.count(b"Host:\r\n") == 1
    host, url = await look(lambda r: (r.host, r.url), sent)
    assert host and url.host and url.raw_path == "/evil/x"
    assert f"http://{host}/evil/x" == str(url)


async def test_absolute_form() -> None:
    """RFC 9112 section 3.2.2: the host of the target counts, not the Host field."""
    sent = b"GET http://other:81/x?y=%20 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    rel_url = URL("/x?y=%20", encoded=True)
    url = URL("http://other:81/x?y=%20", encoded=True)
    assert await look(lambda r: (r.host, r.path, r.rel_url, r.url), sent) == (
        "other:81",
        "/x",
        rel_url,
        url,
    )
    assert await look(lambda r: str(r.clone(host="its").url), sent) == "http://its/x?y=%20"


async def test_absolute_form_without_a_path() -> None:
    sent = b"GET http://other?y HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    assert await look(lambda r: (r.host, r.path_qs), sent) == ("other", "/?y")


async def test_too_many_cookies_are_ignored() -> None:
    field = "Cookie: " + "; ".join(f"c{number}=x" for number in range(1000))
    assert len(await look(lambda r: r.cookies, last("/", field))) == 256


async def test_range_that_cannot_be_read() -> None:
    def refused(request: Request) -> bool:
        with pytest.raises(ValueError):
            repr(request.http_range)
        return True

    assert await look(refused, last("/", "Range: bytes=b-a"))
    assert await look(lambda r: r.http_range, last()) == slice(None, None, 1)


# What belongs to the application.


async def test_mapping_and_match() -> None:
    key = RequestKey("key", int)

    def keys(request: Request) -> object:
        request[key] = 5
        assert request[key] == 5 and key in request and request.get(key) == 5
        return dict(request.match_info), request.match_info.route.method

    assert await look(keys, last("/x%2Fy"), "/{name}") == ({"name": "x/y"}, "*")


async def test_app_and_config() -> None:
    key = AppKey("key", str)
    found: list[object] = []

    async def handler(request: Request) -> StreamResponse:
        found.append((request.app is sub, request.config_dict[key], key in request.app))
        return Response()

    app, sub = Application(), Application()
    app[key] = "outer"
    sub.router.add_get("/x", handler)
    app.add_subapp("/sub", sub)
    await answer_to(app, last("/sub/x"))
    assert found == [(True, "outer", False)]


async def test_transport_and_task() -> None:
    assert await look(lambda r: r.transport is not None and r.task is not None, last())
    assert (await look(lambda r: r.get_extra_info("peername"), last()))[0] == "127.0.0.1"


# Bodies.


async def test_read_is_kept() -> None:
    async def twice(request: Request) -> object:
        assert request.body_exists and request.can_read_body
        first = await request.read()
        return first, await request.read(), await request.text()

    assert await look(twice, post("/", b"abc")) == (b"abc", b"abc", "abc")


async def test_text_and_json() -> None:
    latin = post("/", b"\xfc", "Content-Type: text/plain; charset=latin-1")
    assert await look(lambda r: r.text(), latin) == "ü"
    assert await look(lambda r: r.json(), post("/", b'{"a": 1}')) == {"a": 1}
    assert await look(lambda r: r.json(loads=len), post("/", b"[]")) == 2


async def test_no_body() -> None:
    assert await look(lambda r: r.read(), last()) == b""
    assert await look(lambda r: r.content.read(), last()) == b""
    assert len(await look(lambda r: r.post(), last())) == 0


async def test_stream() -> None:
    async def lines(request: Request) -> list[bytes]:
        return [line async for line in request.content]

    assert await look(lines, post("/", b"a\nb\n")) == [b"a\n", b"b\n"]


async def test_release() -> None:
    async def drop(request: Request) -> bool:
        await request.release()
        return request.content.at_eof()

    assert await look(drop, post("/", b"x" * 200_000))


async def test_urlencoded_form() -> None:
    sent = post("/", b"a=1&b=2+3&a=%C3%BC", "Content-Type: application/x-www-form-urlencoded")
    form = await look(lambda r: r.post(), sent)
    assert list(form.items()) == [("a", "1"), ("b", "2 3"), ("a", "ü")]


async def test_form_of_another_type() -> None:
    sent = post("/", b"a=1", "Content-Type: text/plain")
    assert len(await look(lambda r: r.post(), sent)) == 0


MULTIPART = (
    b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\ncontent\r\n"
    b"--B--\r\n"
)
MULTIPART_TYPE = "Content-Type: multipart/form-data; boundary=B"


async def test_multipart_form() -> None:
    form = await look(lambda r: r.post(), post("/", MULTIPART, MULTIPART_TYPE))
    assert form["text"] == "hello"
    field = form["file"]
    assert isinstance(field, FileField)
    assert (field.name, field.filename, field.content_type) == ("file", "a.txt", "text/plain")
    assert field.file.read() == b"content"
    field.file.close()


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"client_max_size": 8}, "size 8"), ({"client_max_fields": 1}, "1 fields")],
)
async def test_form_over_a_limit(options: dict[str, int], reason: str) -> None:
    async def refused(request: Request) -> bool:
        with pytest.raises(HTTPRequestEntityTooLarge) as caught:
            await request.post()
        assert reason in str(caught.value.text)
        return True

    assert await look(refused, post("/", MULTIPART, MULTIPART_TYPE), options=options)
    plain = post("/", b"aaa=1&bbb=2", "Content-Type: application/x-www-form-urlencoded")
    assert await look(refused, plain, options=options)


async def test_a_bomb_where_there_is_no_limit_is_told_by_what_it_may_come_to() -> None:
    bomb = gzip.compress(bytes(5_000_000))

    async def refused(request: Request) -> str:
        with pytest.raises(HTTPRequestEntityTooLarge) as caught:
            await request.read()
        return str(caught.value.text)

    sent = post("/", bomb, "Content-Encoding: gzip")
    most = max(200 * len(bomb), 1 << 20)
    text = await look(refused, sent, options={"client_max_size": 0})
    assert text == f"Maximum request body size {most} exceeded."


@pytest.mark.parametrize(("most", "sent"), [(1200, 1200), (1200, 1201), (0, 1201)])
@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
async def test_how_many_fields_there_may_be(most: int, sent: int, kind: str) -> None:
    async def count(request: Request) -> int | str:
        try:
            return len(await request.post())
        except HTTPRequestEntityTooLarge as exc:
            return str(exc.text)

    if kind == "multipart":
        part = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
        asked = post("/", part * sent + b"--B--\r\n", MULTIPART_TYPE)
    else:
        fields = b"&".join([b"a=x"] * sent)
        asked = post("/", fields, "Content-Type: application/x-www-form-urlencoded")
    found = await look(count, asked, options={"client_max_fields": most})
    assert found == (sent if sent <= (most or sent) else f"413: a form has at most {most} fields")


async def test_broken_form() -> None:
    async def handler(request: Request) -> StreamResponse:
        await request.post()
        return Response()

    app = Application()
    app.router.add_post("/", handler)
    for body in (b"--B\r\nnonsense", b"--B\r\n\r\na part without a name\r\n--B--\r\n"):
        answer = await answer_to(app, post("/", body, MULTIPART_TYPE))
        assert status_of(answer) == 400


def form_of(data: bytes, *lines: bytes) -> bytes:
    head = b"\r\n".join([b'Content-Disposition: form-data; name="a"', *lines])
    return b"--B\r\n" + head + b"\r\n\r\n" + data + b"\r\n--B--\r\n"


@pytest.mark.parametrize("charset", ["punycode", "rot13", "bogus"])
@pytest.mark.parametrize(
    ("kind", "call"),
    [("text/plain", "text"), ("application/json", "json"),
     ("application/x-www-form-urlencoded", "post")],
)  # fmt: skip
async def test_charset_that_is_none(charset: str, kind: str, call: str) -> None:
    async def handler(request: Request) -> StreamResponse:
        await getattr(request, call)()
        return Response()

    app = Application()
    app.router.add_post("/", handler)
    asked = post("/", b"a=%41", f"Content-Type: {kind}; charset={charset}")
    assert (await answer_to(app, asked)).startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize(
    ("data", "lines", "calls", "status"),
    [
        (b"x", (b"Content-Type: text/plain; charset=bogus",), ("post", "text", "form"), 415),
        (b"x", (b"Content-Type: text/plain; charset=punycode",), ("post", "text", "json"), 415),
        (b"\xff", (), ("post", "text", "json", "form"), 400),
        (b"[" * 100_000, (), ("json",), 400),
        (b"9" * 5000, (), ("json",), 400),
        (b"x\r\n--B--garbage", (), ("post", "text"), 400),
    ],
)
async def test_parts_that_cannot_be_read(
    data: bytes, lines: tuple[bytes, ...], calls: tuple[str, ...], status: int
) -> None:
    async def handler(request: Request) -> StreamResponse:
        if call == "post":
            await request.post()
        else:
            part = await (await request.multipart()).next()
            await getattr(part, call)()
        return Response()

    app = Application()
    app.router.add_post("/", handler)
    for call in calls:
        answer = await answer_to(app, post("/", form_of(data, *lines), MULTIPART_TYPE))
        assert status_of(answer) == status, call


# Clones.


async def test_clone() -> None:
    async def clone(request: Request) -> object:
        key = RequestKey("key", int)
        request[key] = 1
        copy = request.clone(
            method="PUT",
            rel_url="/other?q=1",
            headers={"A": "b"},
            scheme="https",
            host="elsewhere",
            remote="1.2.3.4",
            client_max_size=7,
        )
        assert copy[key] == 1 and copy.client_max_fields == request.client_max_fields
        assert str(copy.url) == "https://elsewhere/other?q=1"
        assert (request.method, request.path, request.remote) == ("POST", "/", "127.0.0.1")
        return (
            copy.method,
            copy.path,
            dict(copy.headers),
            copy.remote,
            copy.client_max_size,
            await copy.read(),
        )

    found = await look(clone, post("/", b"body"))
    assert found == ("PUT", "/other", {"A": "b"}, "1.2.3.4", 7, b"body")


async def take_parts(request: Request) -> object:
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        while await part.read_chunk(10):
            pass
    return None


async def take_lines(request: Request) -> object:
    return [line async for line in request.content]


WAYS_TO_READ: dict[str, Callable[[Request], Awaitable[object]]] = {
    "read": lambda r: r.read(),
    "text": lambda r: r.text(),
    "json": lambda r: r.json(),
    "post": lambda r: r.post(),
    "multipart": take_parts,
    "content": lambda r: r.content.read(),
    "piece": lambda r: r.content.read(2),
    "any": lambda r: r.content.readany(),
    "lines": take_lines,
    "chunk": lambda r: r.content.readchunk(),
}


@pytest.mark.parametrize("framing", ["length", "chunks", "gzip"])
@pytest.mark.parametrize("way", WAYS_TO_READ)
async def test_the_limit_holds_on_every_way_of_reading(way: str, framing: str) -> None:
    """limits.md row 39; aiohttp bounds neither `content` nor `multipart()`."""
    data = MULTIPART.replace(b"content", b"content" * 300)
    fields = [MULTIPART_TYPE]
    if framing == "gzip":
        data = gzip.compress(data)
        fields.append("Content-Encoding: gzip")
    sent = post("/", data, *fields)
    if framing == "chunks":
        head = last("/", MULTIPART_TYPE, "Transfer-Encoding: chunked", method="POST")
        sent = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)

    async def handler(request: Request) -> StreamResponse:
        await WAYS_TO_READ[way](request)
        raise AssertionError("more than the limit was read")

    app = Application(client_max_size=1000)
    app.router.add_post("/", handler)
    answer = await answer_to(app, sent)
    assert status_of(answer) == 413 and b"size 1000 exceeded" in answer


async def test_the_limit_of_a_route_and_of_a_clone_hold_for_the_stream() -> None:
    async def handler(request: Request) -> StreamResponse:
        with pytest.raises(HTTPRequestEntityTooLarge):
            await request.clone(client_max_size=3).content.read()
        assert len(await request.content.read(4)) == 4
        with pytest.raises(PayloadAccessError):
            await request.text()
        with pytest.raises(PayloadAccessError):
            await request.multipart()
        return Response(body=await request.content.read())

    app = Application(client_max_size=10)
    app.router.add_post("/", handler, options=RouteOptions(client_max_size=0))
    answer = await answer_to(app, post("/", b"x" * 100_000))
    assert status_of(answer) == 200 and len(body_of(answer)) == 99_996


async def test_what_a_part_was_read_of_is_not_given_as_the_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: Request) -> StreamResponse:
        await request.content.read(3)
        return Response(body=await request.read())

    app = Application()
    app.router.add_post("/", handler)
    answer = await answer_to(app, post("/", b"abcdef"))
    assert status_of(answer) == 500 and "3 bytes of the body were read before" in caplog.text


async def test_a_refused_body_is_not_asked_for() -> None:
    async def handler(request: Request) -> StreamResponse:
        await request.content.read()
        return Response()

    app = Application(client_max_size=5)
    app.router.add_post("/", handler)
    head = last("/", "Content-Length: 6", "Expect: 100-continue", method="POST")
    answer = await answer_to(app, head)
    assert status_of(answer) == 413 and b"100 Continue" not in answer


async def test_a_form_may_be_read_behind_the_whole() -> None:
    async def both(request: Request) -> str:
        assert await request.read() == MULTIPART
        form = await request.post()
        form["file"].file.close()  # type: ignore[union-attr]  # it is a file
        return str(form["text"])

    assert await look(both, post("/", MULTIPART, MULTIPART_TYPE)) == "hello"


async def test_release_ends_at_the_limit() -> None:
    async def drop(request: Request) -> bool:
        await request.release()
        assert len(request.content._pieces.chunks) < 5  # nothing was gathered
        return True

    sent = post("/", b"x" * 200_000)
    assert await look(drop, sent, options={"client_max_size": 1000})
