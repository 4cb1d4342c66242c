import contextlib
import errno
import gzip
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, serving, status_of

from weft_http_parser import BytesPayload
from weft_web_server import (
    AbstractAccessLogger,
    Application,
    BaseRequest,
    FileResponse,
    RawTestServer,
    Request,
    Response,
    StreamResponse,
    file_cache,
)
from weft_web_server.file_cache import FileCache
from weft_web_server.file_tree import FileTree, OpenFile
from weft_web_server.files import Source, _Sent
from weft_web_server.files import status_of as status_of_error

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(CONTENT * 1000)
    return path


def app_for(path: Path, **options: object) -> Application:
    async def handler(request: Request) -> StreamResponse:
        return FileResponse(path, **options)  # type: ignore[arg-type]  # options of each test

    app = Application()
    app.router.add_get("/", handler)
    return app


DATE = "Sun, 09 Sep 2001 01:46:40 GMT"
EARLIER = "Sun, 09 Sep 2001 01:46:39 GMT"


async def test_whole(path: Path) -> None:
    answer = await answer_to(app_for(path), last())
    assert body_of(answer) == CONTENT
    head = answer.partition(b"\r\n\r\n")[0]
    for field in (
        b"Content-Type: text/plain",
        b"Content-Length: 1024",
        b"Accept-Ranges: bytes",
        f"Last-Modified: {DATE}".encode(),
    ):
        assert b"\r\n" + field in head
    assert b"\r\nEtag: " in head or b"\r\nETag: " in head


async def test_head(path: Path) -> None:
    answer = await answer_to(app_for(path), last(method="HEAD"))
    assert b"\r\nContent-Length: 1024\r\n" in answer and body_of(answer) == b""


async def test_large(large: Path) -> None:
    assert body_of(await answer_to(app_for(large), last())) == CONTENT * 1000
    part = await answer_to(app_for(large), last("/", "Range: bytes=5-900000"))
    assert body_of(part) == (CONTENT * 1000)[5:900001]


async def test_keep_alive_over_files(path: Path) -> None:
    async with serving(app_for(path)) as port, raw_client(port) as peer:
        for _ in range(3):
            await peer.send(get())
            assert (await peer.read_response())[1] == CONTENT


@pytest.mark.parametrize(
    ("field", "status", "span"),
    [
        ("Range: bytes=0-3", 206, (0, 4)),
        ("Range: bytes=1020-", 206, (1020, 1024)),
        ("Range: bytes=-4", 206, (1020, 1024)),
        ("Range: bytes=1000-9999", 206, (1000, 1024)),
        ("Range: bytes=1024-", 416, (0, 0)),
        ("Range: bytes=b-a", 416, (0, 0)),
        ("Range: bytes=0-3\r\nIf-Range: " + DATE, 206, (0, 4)),
        ("Range: bytes=0-3\r\nIf-Range: " + EARLIER, 200, (0, 1024)),
        ('Range: bytes=0-3\r\nIf-Range: "x"', 200, (0, 1024)),
        ("If-Modified-Since: " + DATE, 304, (0, 0)),
        ("If-Modified-Since: " + EARLIER, 200, (0, 1024)),
        ("If-Unmodified-Since: " + EARLIER, 412, (0, 0)),
        ("If-None-Match: *", 304, (0, 0)),
        ('If-None-Match: "x"', 200, (0, 1024)),
        ('If-Match: "x"', 412, (0, 0)),
        ("If-Match: *", 200, (0, 1024)),
    ],
)
async def test_conditions_and_ranges(
    path: Path, field: str, status: int, span: tuple[int, int]
) -> None:
    answer = await answer_to(app_for(path), last("/", field))
    assert status_of(answer) == status
    assert body_of(answer) == CONTENT[slice(*span)]
    if status == 206:
        assert f"\r\nContent-Range: bytes {span[0]}-{span[1] - 1}/1024\r\n".encode() in answer
    if status == 416:
        assert b"\r\nContent-Range: bytes */1024\r\n" in answer


async def test_etag_round_trip(path: Path) -> None:
    answer = await answer_to(app_for(path), last())
    (line,) = [line for line in answer.split(b"\r\n") if line.lower().startswith(b"etag:")]
    etag = line.split(b": ")[1].decode()
    assert status_of(await answer_to(app_for(path), last("/", f"If-None-Match: {etag}"))) == 304
    part = await answer_to(app_for(path), last("/", "Range: bytes=0-0", f"If-Range: {etag}"))
    assert status_of(part) == 206


async def test_one_response_for_many_requests(path: Path) -> None:
    response = FileResponse(path, headers={"X-Name": "y"})

    async def handler(request: Request) -> StreamResponse:
        return response

    app = Application()
    app.router.add_get("/", handler)
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get("/", "If-None-Match: *"))
        assert status_of(await peer.read_until()) == 304
        await peer.send(get())
        head, body = await peer.read_response()
    assert status_of(head) == 200 and body == CONTENT and b"\r\nX-Name: y\r\n" in head
    assert response.status == 200


async def test_prepared_in_the_handler(path: Path) -> None:
    async def handler(request: Request) -> StreamResponse:
        response = FileResponse(path)
        await response.prepare(request)
        return response

    app = Application()
    app.router.add_get("/", handler)
    assert body_of(await answer_to(app, last())) == CONTENT


async def test_what_is_not_there(tmp_path: Path) -> None:
    assert status_of(await answer_to(app_for(tmp_path / "none"), last())) == 404
    assert status_of(await answer_to(app_for(tmp_path), last())) == 403


async def test_coded_sibling(path: Path) -> None:
    path.with_name("file.txt.gz").write_bytes(gzip.compress(b"coded"))
    app = app_for(path)
    answer = await answer_to(app, last("/", "Accept-Encoding: gzip"))
    assert gzip.decompress(body_of(answer)) == b"coded"
    assert b"\r\nContent-Encoding: gzip\r\n" in answer
    assert b"\r\nVary: Accept-Encoding\r\n" in answer
    assert b"\r\nContent-Type: text/plain\r\n" in answer
    assert b"\r\nContent-Encoding: gzip\r\n" in await answer_to(
        app, last("/", "Accept-Encoding: *")
    )
    for refusal in ("gzip;q=0", "gzip;q=0, *", "identity, gzip;q=0.5", "br"):
        answer = await answer_to(app, last("/", f"Accept-Encoding: {refusal}"))
        assert body_of(answer) == CONTENT
    assert body_of(await answer_to(app, last())) == CONTENT


async def test_the_sibling_that_the_client_likes_best(path: Path) -> None:
    for ending in (".gz", ".br"):
        path.with_name(f"file.txt{ending}").write_bytes(ending.encode())
    for field, best in (("gzip, br", b".br"), ("gzip, br;q=0.5", b".gz"), ("br;q=0, *", b".gz")):
        answer = await answer_to(app_for(path), last("/", f"Accept-Encoding: {field}"))
        assert body_of(answer) == best


async def test_vary_gets_one_name_more(path: Path) -> None:
    path.with_name("file.txt.gz").write_bytes(b"coded")

    async def handler(request: Request) -> FileResponse:
        return FileResponse(path, headers={"Vary": "Origin"})

    app = Application()
    app.router.add_get("/", handler)
    answer = await answer_to(app, last("/", "Accept-Encoding: gzip"))
    assert b"\r\nVary: Origin, Accept-Encoding\r\n" in answer


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.html", "text/html"), ("a.tar.gz", "application/gzip"), ("a", "application/octet-stream")],
)
async def test_types(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    answer = await answer_to(app_for(tmp_path / name), last())
    assert f"\r\nContent-Type: {kind}\r\n".encode() in answer


def test_a_lack_of_descriptors_is_not_a_missing_file() -> None:
    assert status_of_error(FileNotFoundError(errno.ENOENT, "x")) == 404
    assert status_of_error(PermissionError(errno.EACCES, "x")) == 403
    with pytest.raises(OSError, match="many"):
        status_of_error(OSError(errno.EMFILE, "too many open files"))


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def fields_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize("size", ["small", "large"])
async def test_several_ranges(path: Path, large: Path, size: str) -> None:
    file = path if size == "small" else large
    content = file.read_bytes()
    answer = await answer_to(app_for(file), last("/", "Range: bytes=0-9,500-599,-5"))
    fields = fields_of(answer)
    assert status_of(answer) == 206 and "content-range" not in fields
    kind, boundary = fields["content-type"].split("; boundary=")
    assert kind == "multipart/byteranges"
    body = body_of(answer)
    assert len(body) == int(fields["content-length"])
    pieces = body.split(b"--" + boundary.encode())
    assert pieces[0] == b"" and pieces[4] == b"--\r\n"
    for piece, span in zip(
        pieces[1:4], ((0, 10), (500, 600), (len(content) - 5, len(content))), strict=True
    ):
        head, _, data = piece.partition(b"\r\n\r\n")
        assert data == content[slice(*span)] + b"\r\n"
        assert f"Content-Range: bytes {span[0]}-{span[1] - 1}/{len(content)}".encode() in head
        own = b"text/plain" if size == "small" else b"application/octet-stream"
        assert b"Content-Type: " + own in head


async def test_ranges_that_overlap_are_sent_once(large: Path) -> None:
    everything = ",".join("0-" for _ in range(16))
    answer = await answer_to(app_for(large), last("/", f"Range: bytes={everything}"))
    assert status_of(answer) == 206 and body_of(answer) == CONTENT * 1000
    answer = await answer_to(app_for(large), last("/", f"Range: bytes={everything},0-"))
    assert status_of(answer) == 416


async def test_ranges_of_other_methods_and_answers(path: Path) -> None:
    """RFC 9110 section 14.2: Range is for GET, and for what would be a 200."""

    async def not_found(request: Request) -> StreamResponse:
        return FileResponse(path, status=404)

    async def unwilling(request: Request) -> StreamResponse:
        return FileResponse(path, headers={"Accept-Ranges": "none"})

    app = app_for(path)
    app.router.add_post("/", next(iter(app.router.routes())).handler)
    app.router.add_get("/404", not_found)
    app.router.add_get("/none", unwilling)
    field = "Range: bytes=0-3"
    head = await answer_to(app, last("/", field, method="HEAD"))
    assert status_of(head) == 200 and fields_of(head)["content-length"] == "1024"
    assert body_of(await answer_to(app, last("/", field, method="POST"))) == CONTENT
    assert body_of(await answer_to(app, last("/404", field, "If-None-Match: *"))) == CONTENT
    answer = await answer_to(app, last("/none", field))
    assert body_of(answer) == CONTENT and fields_of(answer)["accept-ranges"] == "none"


async def test_a_write_that_expects_nothing_there(path: Path) -> None:
    app = app_for(path)
    app.router.add_post("/", next(iter(app.router.routes())).handler)
    assert status_of(await answer_to(app, last("/", "If-None-Match: *", method="POST"))) == 412


async def test_what_an_answer_without_the_file_says(path: Path) -> None:
    path.with_name("file.txt.gz").write_bytes(b"coded")

    async def handler(request: Request) -> FileResponse:
        headers = {"Content-Language": "en", "X-Own": "1", "Vary": "Origin"}
        return FileResponse(path, headers=headers, cache_control="max-age=5")

    app = Application()
    app.router.add_get("/", handler)
    same = fields_of(await answer_to(app, last("/", "If-None-Match: *")))
    # RFC 9110 section 15.4.5
    assert set(same) == {
        *("etag", "last-modified", "cache-control", "vary", "x-own"),
        *("date", "server", "connection"),
    }
    assert same["vary"] == "Origin, Accept-Encoding" and same["cache-control"] == "max-age=5"
    for field, more in (('If-Match: "x"', set()), ("Range: bytes=9999-", {"content-range"})):
        other = fields_of(await answer_to(app, last("/", field)))
        assert not {"etag", "cache-control", "content-type", "last-modified"} & set(other)
        assert more <= set(other) and other["x-own"] == "1" and other["content-length"] == "0"


async def test_own_tag_and_date_count(path: Path) -> None:
    path.with_name("file.txt.gz").write_bytes(b"coded")

    async def handler(request: Request) -> FileResponse:
        response = FileResponse(path, headers={"Content-Type": "x/y"})
        response.etag, response.last_modified = "mine", 5
        return response

    async def broken(request: Request) -> FileResponse:
        return FileResponse(path, headers={"ETag": "broken", "Last-Modified": "broken"})

    app = Application()
    app.router.add_get("/", handler)
    app.router.add_get("/broken", broken)
    fields = fields_of(await answer_to(app, last()))
    assert fields["etag"] == '"mine"' and fields["content-type"] == "x/y"
    assert fields["last-modified"] == "Thu, 01 Jan 1970 00:00:05 GMT"
    assert status_of(await answer_to(app, last("/", 'If-None-Match: "mine"'))) == 304
    coded = fields_of(await answer_to(app, last("/", "Accept-Encoding: gzip")))
    assert coded["etag"] == '"mine-gzip"' and coded["content-type"] == "x/y"
    plain = await answer_to(app, last("/", "Accept-Encoding: gzip", 'If-None-Match: "mine"'))
    assert status_of(plain) == 200
    for field in ("If-None-Match: *", f"If-Modified-Since: {DATE}", 'If-Range: "x"'):
        answer = await answer_to(app, last("/broken", field, "Accept-Encoding: gzip"))
        assert fields_of(answer)["etag"] == "broken"


async def test_codings_and_ranges(path: Path) -> None:
    path.with_name("file.txt.zst").write_bytes(b"0123456789" * 100)
    app = app_for(path)
    taken = "Accept-Encoding: gzip, zstd, br"
    answer = await answer_to(app, last("/", taken))
    assert body_of(answer) == b"0123456789" * 100
    assert fields_of(answer)["content-encoding"] == "zstd"
    part = await answer_to(app, last("/", taken, "Range: bytes=1-3"))
    assert status_of(part) == 206 and body_of(part) == b"123"
    assert fields_of(part)["content-encoding"] == "zstd"
    assert fields_of(part)["etag"] == fields_of(answer)["etag"]
    # The lines between parts are not coded, so there is no body of that coding.
    whole = await answer_to(app, last("/", taken, "Range: bytes=0-1,500-"))
    assert status_of(whole) == 200 and body_of(whole) == b"0123456789" * 100
    plain = await answer_to(app, last())
    assert body_of(plain) == CONTENT and fields_of(plain)["vary"] == "Accept-Encoding"
    assert fields_of(plain)["etag"] != fields_of(answer)["etag"]


async def test_own_coding_is_left_alone(path: Path) -> None:
    path.with_name("file.txt.gz").write_bytes(b"coded")
    app = app_for(path, headers={"Content-Encoding": "gzip"})
    assert body_of(await answer_to(app, last("/", "Accept-Encoding: gzip"))) == CONTENT


@pytest.mark.parametrize("size", ["small", "large"])
async def test_compression(path: Path, large: Path, size: str) -> None:
    file = path if size == "small" else large

    async def handler(request: Request) -> FileResponse:
        response = FileResponse(file)
        response.enable_compression()
        return response

    app = Application()
    app.router.add_get("/", handler)
    field = "Accept-Encoding: gzip"
    async with serving(app) as port, raw_client(port) as peer:
        await peer.send(get("/", field))
        head, body = await peer.read_response()
        assert gzip.decompress(body) == file.read_bytes()
        assert fields_of(head)["content-encoding"] == "gzip"
        assert fields_of(head)["etag"].startswith('W/"')
        await peer.send(get("/", field, f"If-None-Match: {fields_of(head)['etag']}"))
        assert status_of(await peer.read_until()) == 304
        await peer.send(get("/", field, "Range: bytes=0-3"))
        head, body = await peer.read_response()
        assert body == file.read_bytes()[:4] and "content-encoding" not in fields_of(head)


async def test_an_application_that_compresses(tmp_path: Path) -> None:
    for name in ("a.txt", "a.png"):
        (tmp_path / name).write_bytes(CONTENT)

    async def handler(request: Request) -> FileResponse:
        return FileResponse(tmp_path / request.match_info["name"])

    app = Application(compression=True)
    app.router.add_get("/{name}", handler)
    text = fields_of(await answer_to(app, last("/a.txt", "Accept-Encoding: gzip")))
    assert text["content-encoding"] == "gzip"
    image = fields_of(await answer_to(app, last("/a.png", "Accept-Encoding: gzip")))
    assert "content-encoding" not in image and image["content-length"] == "1024"


async def test_chunks(path: Path, large: Path) -> None:
    for file in (path, large):

        async def handler(request: Request, file: Path = file) -> FileResponse:
            response = FileResponse(file)
            response.enable_chunked_encoding()
            return response

        app = Application()
        app.router.add_get("/", handler)
        async with serving(app) as port, raw_client(port) as peer:
            await peer.send(get())
            head, body = await peer.read_response()
        assert "content-length" not in fields_of(head) and body == file.read_bytes()


async def test_cookies_and_hooks(path: Path) -> None:
    seen: list[tuple[type, int, dict[str, str]]] = []

    async def handler(request: Request) -> FileResponse:
        response = FileResponse(path)
        response.set_cookie("a", "b")
        return response

    async def hook(request: Request, response: StreamResponse) -> None:
        seen.append((type(response), response.status, dict(response.headers)))
        response.headers["X-Hook"] = "1"

    app = Application()
    app.router.add_get("/", handler)
    assert fields_of(await answer_to(app, last()))["set-cookie"] == "a=b; Path=/"
    app = Application()
    app.router.add_get("/", handler)
    app.on_response_prepare.append(hook)
    fields = fields_of(await answer_to(app, last("/", "Range: bytes=0-0")))
    assert fields["x-hook"] == "1"
    kind, status, headers = seen.pop()
    assert kind is FileResponse and status == 206
    assert headers["Content-Range"] == "bytes 0-0/1024" and headers["Last-Modified"] == DATE


class Marked(FileResponse):
    """A kind of a user's, with what it keeps."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.mark = "own"


class Guarded(FileResponse):
    """A kind that does something before it is sent."""

    async def prepare(self, request: Request) -> object:  # type: ignore[override]
        self.headers["X-Guard"] = "1"
        return await super().prepare(request)


async def test_kinds_of_users(path: Path) -> None:
    marks = []

    async def handler(request: Request) -> FileResponse:
        return Marked(path) if request.path == "/marked" else Guarded(path)

    async def hook(request: Request, response: StreamResponse) -> None:
        marks.append(getattr(response, "mark", None))

    app = Application()
    app.router.add_get("/marked", handler)
    app.router.add_get("/guarded", handler)
    app.on_response_prepare.append(hook)
    assert body_of(await answer_to(app, last("/marked"))) == CONTENT
    answer = await answer_to(app, last("/guarded"))
    assert body_of(answer) == CONTENT and fields_of(answer)["x-guard"] == "1"
    assert marks == ["own", None]


async def test_download_and_cache_control(path: Path) -> None:
    app = app_for(path, download_name="€.txt", cache_control="no-store")
    fields = fields_of(await answer_to(app, last()))
    disposition = """attachment; filename="_.txt"; filename*=UTF-8''%E2%82%AC.txt"""
    assert fields["content-disposition"] == disposition
    assert fields["cache-control"] == "no-store"


async def test_prepared_twice_and_in_a_middleware(path: Path) -> None:
    async def handler(request: Request) -> StreamResponse:
        return FileResponse(path)

    async def layer(request: Request, handler: Any) -> StreamResponse:
        response: StreamResponse = await handler(request)
        response.headers["X-Layer"] = "1"
        writer = await response.prepare(request)
        assert await response.prepare(request) is writer
        assert response.prepared and response.body_length == 1024 and response.status == 200
        with pytest.raises(RuntimeError):
            await response.write(b"more")
        with pytest.raises(RuntimeError):
            await FileResponse(path).prepare(request)
        return response

    app = Application(middlewares=[layer])
    app.router.add_get("/", handler)
    answer = await answer_to(app, last())
    assert body_of(answer) == CONTENT and fields_of(answer)["x-layer"] == "1"


async def test_what_an_access_log_sees(path: Path, large: Path) -> None:
    lines: list[tuple[int, int, object]] = []

    class Log(AbstractAccessLogger):
        def log(self, request: Any, response: Any, time: float) -> None:
            lines.append((response.status, response.body_length, response.get("key")))

    async def handler(request: Request) -> StreamResponse:
        response = FileResponse(large if request.path == "/large" else path)
        if request.path == "/keyed":
            response["key"] = 5
        return response

    app = Application()
    app.router.add_get("/{name}", handler)
    options: Any = {"access_log": logging.getLogger("seen"), "access_log_class": Log}
    async with serving(app, **options) as port, raw_client(port) as peer:
        for name in ("small", "keyed", "large"):
            await peer.send(get(f"/{name}"))
            await peer.read_response()
        await peer.send(get("/small", "Range: bytes=0-4"))
        await peer.read_response()
        await peer.send(get("/small", "If-None-Match: *"))
        await peer.read_until()
        await peer.send(last("/none/at/all"))
        await peer.read_all()
    assert lines[:5] == [
        *((200, 1024, None), (200, 1024, 5), (200, 1_024_000, None)),
        *((206, 5, None), (304, 0, None)),
    ]


async def test_another_answer_came_first(path: Path) -> None:
    faults = []

    async def handler(request: Request) -> StreamResponse:
        response = FileResponse(path)
        other = Response(text="other")
        await other.prepare(request)
        try:
            await response.prepare(request)
        except RuntimeError as exc:
            faults.append(str(exc))
        await other.write_eof()
        return other

    app = Application()
    app.router.add_get("/", handler)
    assert body_of(await answer_to(app, last())) == b"other" and "already" in faults[0]


async def test_a_shared_answer_on_its_way_to_many(large: Path) -> None:
    """Each client is slow, so that all of them are served at once."""
    response = FileResponse(large)

    async def handler(request: Request) -> StreamResponse:
        return response

    app = Application()
    app.router.add_get("/", handler)
    async with serving(app) as port, contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(raw_client(port)) for _ in range(8)]
        for peer in peers:
            await peer.send(get())
        for peer in peers:
            assert (await peer.read_response())[1] == CONTENT * 1000


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
async def test_around_the_size_of_small_files(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    content = os.urandom(size)
    file.write_bytes(content)
    async with serving(app_for(file)) as port, raw_client(port) as peer:
        for _ in range(2):
            await peer.send(get())
            head, body = await peer.read_response()
            assert body == content and fields_of(head)["content-length"] == str(size)


async def test_old_clients(path: Path, large: Path) -> None:
    for file in (path, large):
        answer = await answer_to(app_for(file), b"GET / HTTP/1.0\r\n\r\n")
        assert body_of(answer) == file.read_bytes()
        assert fields_of(answer)["connection"] == "close"


async def test_odd_names(tmp_path: Path) -> None:
    for name in ("data:,x.html", "a:b.txt", "ü.txt", "a%2fb.txt", "x;y.txt"):
        (tmp_path / name).write_bytes(b"x")
        answer = await answer_to(app_for(tmp_path / name), last())
        assert body_of(answer) == b"x"
        assert fields_of(answer)["content-type"] == (
            "text/html" if name.endswith("html") else "text/plain"
        )
    assert status_of(await answer_to(app_for(tmp_path / "a\0b"), last())) == 404


async def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for odd in (tmp_path / "pipe", Path("/dev/null"), Path("/dev/zero"), Path("/dev/tty")):
        if odd.exists():
            assert status_of(await answer_to(app_for(odd), last())) == 403


async def test_no_descriptor_is_left(path: Path, large: Path) -> None:
    async with serving(app_for(large)) as port, raw_client(port) as peer:
        await peer.send(get())
        await peer.read_response()
        before = len(os.listdir("/proc/self/fd"))
        for field in ("Range: bytes=0-1,900-950", "If-None-Match: *", "Range: bytes=9-", "X: y"):
            await peer.send(get("/", field))
            head = await peer.read_until()
            await peer.read(int(fields_of(head).get("content-length", "0")))
        assert len(os.listdir("/proc/self/fd")) == before


async def test_a_file_that_changes_between_two_requests(path: Path) -> None:
    async with serving(app_for(path)) as port, raw_client(port) as peer:
        for content in (b"first", b"other", b"x" * 70_000, b""):
            put(path, content)
            await peer.send(get())
            _, body = await peer.read_response()
            assert body == content


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were made a moment ago count as old, and are kept in memory."""
    monkeypatch.setattr(file_cache, "SETTLED_SECONDS", -1000.0)


@pytest.mark.usefixtures("settled")
async def test_files_that_are_kept_in_memory(path: Path) -> None:
    app = app_for(path)
    app.router.add_static("/s", path.parent, cache_control="max-age=5")
    app.router.add_static("/t", path.parent)
    async with serving(app) as port, raw_client(port) as peer:
        heads = set()
        for target in ("/", "/s/file.txt", "/t/file.txt") * 3:
            await peer.send(get(target))
            head, body = await peer.read_response()
            assert body == CONTENT
            heads.add((target, fields_of(head).get("cache-control")))
        assert heads == {("/", None), ("/s/file.txt", "max-age=5"), ("/t/file.txt", None)}
        put(path, b"new")
        for target in ("/", "/s/file.txt"):
            await peer.send(get(target))
            assert (await peer.read_response())[1] == b"new"


@pytest.mark.usefixtures("settled")
async def test_hooks_of_files_that_are_kept_in_memory(path: Path) -> None:
    async def hook(request: Request, response: StreamResponse) -> None:
        response.headers["X-Path"] = request.path

    app = Application()
    app.on_response_prepare.append(hook)
    app.router.add_static("/s", path.parent)
    async with serving(app) as port, raw_client(port) as peer:
        for target in ("/s/file.txt", "/s/file.txt?again"):
            await peer.send(get(target))
            head, _ = await peer.read_response()
            assert fields_of(head)["x-path"] == "/s/file.txt"


async def test_without_an_application(path: Path) -> None:
    async def handler(request: BaseRequest) -> StreamResponse:
        return FileResponse(path)

    async with RawTestServer(handler) as server:
        assert server.port is not None
        async with raw_client(server.port) as peer:
            await peer.send(get())
            assert (await peer.read_response())[1] == CONTENT


async def test_one_that_outgrows_memory_while_it_is_looked_up(path: Path) -> None:
    class Growing(FileTree):
        def open(self, name: str) -> OpenFile:
            if grows:
                (self.root / name).write_bytes(CONTENT * 100)
            return super().open(name)

    grows: list[bool] = []
    cache = FileCache(Growing(path.parent))

    async def handler(request: Request) -> StreamResponse:
        grows.clear()
        record = cache.load(path.name)
        grows.append(True)
        return FileResponse._of_record(path.name, record, Source(cache), 4096)

    app = Application()
    app.router.add_get("/", handler)
    answer = await answer_to(app, last())
    assert body_of(answer) == CONTENT * 100
    assert fields_of(answer)["content-length"] == str(len(CONTENT) * 100)


async def test_an_answer_that_was_sent_takes_no_more() -> None:
    sent = _Sent(5)
    for writing in (sent.write(b"x"), sent.write_payload(BytesPayload(b"x"))):
        with pytest.raises(RuntimeError, match="write_eof"):
            await writing
    await sent.write_eof()
    await sent.drain()
    assert sent.output_size == 5 and sent.is_ended and sent.is_persistent and sent.task is None
