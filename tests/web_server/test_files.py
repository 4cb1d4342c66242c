import errno
import gzip
import os
from pathlib import Path

import pytest
from support.peers import raw_client
from support.serving import answer_to, body_of, get, last, serving, status_of

from weft_web_server import Application, FileResponse, Request, StreamResponse
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
