import errno
import os
import sys
from email import errors
from pathlib import Path
from typing import Any

import pytest
from support.serving import answer_to, body_of, get, last, status_of, talking
from support.unsent import ask

from weft_web_server import Application, Request, Response, StaticResource, StreamResponse


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "file.txt").write_text("content")
    (root / "folder" / "ü b.txt").write_text("inner")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    return root


def app_for(root: Path, **options: Any) -> Application:
    app = Application()
    app.router.add_static("/s", root, name="static", **options)
    return app


async def test_files(root: Path) -> None:
    app = app_for(root)
    assert body_of(await answer_to(app, last("/s/file.txt"))) == b"content"
    assert body_of(await answer_to(app, last("/s/folder/%C3%BC%20b.txt"))) == b"inner"
    assert body_of(await answer_to(app, last("/s/file.txt", method="HEAD"))) == b""
    assert status_of(await answer_to(app, last("/s/file.txt", method="POST"))) == 405


@pytest.mark.parametrize(
    "path",
    [
        "/s/none",
        "/s/../secret",
        "/s/%2e%2e/secret",
        "/s/..%2fsecret",
        "/s/%2Fetc%2Fpasswd",
        "/s//etc/passwd",
        "/s/file.txt%00",
        "/s/file.txt/more",
        "/s/link",
        "/s/" + "x" * 3000,
    ],
)
async def test_not_found(root: Path, path: str) -> None:
    answer = await answer_to(app_for(root), last(path))
    assert status_of(answer) == 404
    assert b"secret" not in body_of(answer)


async def test_links(root: Path) -> None:
    assert body_of(await answer_to(app_for(root, follow_symlinks=True), last("/s/link"))) == (
        b"secret"
    )


async def test_index_is_off(root: Path) -> None:
    for path in ("/s/", "/s/folder"):
        assert status_of(await answer_to(app_for(root), last(path))) == 403


async def test_index(root: Path) -> None:
    (root / "<script>.txt").write_text("x")
    answer = await answer_to(app_for(root, show_index=True), last("/s/"))
    page = body_of(answer).decode()
    assert b"\r\nContent-Type: text/html; charset=utf-8\r\n" in answer
    assert '<a href="/s/file.txt">file.txt</a>' in page
    assert '<a href="/s/folder/">folder/</a>' in page
    assert "<script>" not in page and "&lt;script&gt;.txt" in page
    assert "link" not in page
    assert status_of(await answer_to(app_for(root, show_index=True), last("/s/none/"))) == 404


@pytest.mark.filterwarnings("ignore::weft_web_server.UnreachableRouteWarning")
async def test_the_directory_itself(root: Path) -> None:
    """As in aiohttp: no slash is needed, and a route of its own for the path goes first where it
    was added first.
    """
    assert status_of(await answer_to(app_for(root), last("/s"))) == 403
    assert status_of(await answer_to(app_for(root, show_index=True), last("/s"))) == 200
    assert status_of(await answer_to(app_for(root, show_index=True), last("/sx"))) == 404

    async def own(request: Request) -> Response:
        return Response(text="own")

    app = app_for(root)
    (resource,) = app.router.resources()
    assert [route.method for route in resource] == ["GET", "HEAD"] and len(resource) == 2
    app.router.add_get("/s", own)
    assert status_of(await answer_to(app, last("/s"))) == 403
    app = Application()
    app.router.add_get("/s", own)
    app.router.add_static("/s", root)
    assert (await answer_to(app, last("/s"))).endswith(b"own")


async def test_at_the_root_of_an_application(root: Path) -> None:
    app = Application()
    resource = app.router.add_static("/", root)
    assert resource.canonical == "" and str(resource.url_for(filename="a")) == "/a"
    assert body_of(await answer_to(app, last("/file.txt"))) == b"content"
    assert status_of(await answer_to(app, last("/"))) == 403
    found = await app.router.resolve(ask("/"))
    assert found.route in list(resource)


async def test_what_is_no_file(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert status_of(await answer_to(app_for(root), last("/s/pipe"))) == 403


async def test_which_paths_it_has(root: Path) -> None:
    resource = StaticResource("/é", root)
    for path, name in (("/é", ""), ("/%C3%A9/", ""), ("/%C3%A9/a%2Fb", "a/b")):
        info, allowed = await resource.resolve(ask(path))
        assert info is not None and info == {"filename": name} and allowed == {"GET", "HEAD"}
    assert await resource.resolve(ask("/%C3%A9/a", "PUT")) == (None, {"GET", "HEAD"})
    assert await resource.resolve(ask("/%C3%A9a")) == (None, set())
    assert str(resource.url_for(filename="a+b&c;d%?ü")) == "/%C3%A9/a+b&c;d%25%3F%C3%BC"


def test_urls(root: Path) -> None:
    app = app_for(root)
    resource = app.router["static"]
    assert isinstance(resource, StaticResource)
    assert str(resource.url_for(filename="/a/b c.txt")) == "/s/a/b%20c.txt"
    plain = resource.url_for(filename="file.txt", append_version=True)
    assert len(plain.query["v"]) == 44
    (root / "file.txt").write_text("changed")
    assert resource.url_for(filename="file.txt", append_version=True) != plain
    assert "v" not in resource.url_for(filename="../secret", append_version=True).query
    assert resource.canonical == "/s" and resource.get_info()["directory"] == root.resolve()
    assert "/s" in repr(resource)


async def test_options_route(root: Path) -> None:
    async def allow(request: Request) -> StreamResponse:
        return Response(text="allowed")

    resource = StaticResource("/s", root)
    resource.set_options_route(allow)
    with pytest.raises(RuntimeError):
        resource.set_options_route(allow)
    app = Application()
    app.router.register_resource(resource)
    answer = await answer_to(app, last("/s/file.txt", method="OPTIONS"))
    assert body_of(answer) == b"allowed"


def test_options_are_refused_when_nothing_would_ever_find_them(root: Path) -> None:
    async def allow(request: Request) -> StreamResponse:
        raise NotImplementedError

    router = Application().router
    resource = router.add_static("/s", root)
    router.freeze()
    with pytest.raises(RuntimeError, match="frozen"):
        resource.set_options_route(allow)
    assert len(resource) == 2


def test_bad_places(root: Path) -> None:
    router = Application().router
    with pytest.raises(ValueError, match="does not exist"):
        router.add_static("/s", root / "none")
    with pytest.raises(ValueError, match="not a directory"):
        router.add_static("/s", root / "file.txt")
    for prefix in ("s", "/{x}"):
        with pytest.raises(ValueError, match=r"prefix|parameter"):
            router.add_static(prefix, root)


def fields_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


PAGE = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "docs").mkdir(parents=True)
    (site / "empty").mkdir()
    (site / "index.html").write_text("<p>page")
    (site / "docs" / "index.html").write_text("<p>docs")
    (site / "app.js").write_text("code")
    return site


async def test_index_file(site: Path) -> None:
    app = app_for(site, index="index.html")
    answer = await answer_to(app, last("/s/"))
    assert body_of(answer) == b"<p>page" and fields_of(answer)["content-type"] == "text/html"
    assert body_of(await answer_to(app, last("/s/docs/"))) == b"<p>docs"
    assert body_of(await answer_to(app, last("/s/docs/", method="HEAD"))) == b""
    assert status_of(await answer_to(app, last("/s/empty/"))) == 403
    assert status_of(await answer_to(app, last("/s/none/"))) == 403
    listed = app_for(site, index="index.html", show_index=True)
    assert body_of(await answer_to(listed, last("/s/docs/"))) == b"<p>docs"
    assert b"Index of /s/empty/" in await answer_to(listed, last("/s/empty/"))
    assert status_of(await answer_to(listed, last("/s/none/"))) == 404


async def test_a_page_of_a_directory_has_a_slash(site: Path) -> None:
    (site / "\\evil.com").mkdir()
    (site / "\\evil.com" / "index.html").write_text("x")
    app = Application()
    app.router.add_static("/", site, index="index.html")
    for path, location in (
        ("/docs", "/docs/"),
        ("/docs?a=%2F&b", "/docs/?a=%2F&b"),
        ("/%5Cevil.com", "/%5Cevil.com/"),
    ):
        answer = await answer_to(app, last(path))
        assert status_of(answer) == 301 and fields_of(answer)["location"] == location
    assert status_of(await answer_to(app, last("//evil.com"))) == 404
    prefixed = await answer_to(app_for(site, index="index.html"), last("/s"))
    assert fields_of(prefixed)["location"] == "/s/"


async def test_fallback(site: Path) -> None:
    app = app_for(site, index="index.html", fallback="index.html")
    for path in ("/s/users/5", "/s/users/john.doe", "/s/empty/", "/s/a.html"):
        for method, body in (("GET", b"<p>page"), ("HEAD", b"")):
            answer = await answer_to(app, last(path, PAGE, method=method))
            assert status_of(answer) == 200 and body_of(answer) == body
            fields = fields_of(answer)
            assert fields["vary"] == "Accept" and fields["content-type"] == "text/html"
    for path in ("/s/none.js", "/s/none.png", "/s/users/photo.JPG"):
        assert status_of(await answer_to(app, last(path, PAGE))) == 404
    for accept in ("X: y", "Accept: */*", "Accept: application/json", "Accept: text/html;q=0"):
        answer = await answer_to(app, last("/s/users/5", accept))
        assert status_of(answer) == 404 and fields_of(answer)["vary"] == "Accept"
    assert body_of(await answer_to(app, last("/s/app.js", PAGE))) == b"code"
    answer = await answer_to(app, last("/s/users/5", PAGE, "If-None-Match: *"))
    assert status_of(answer) == 304 and fields_of(answer)["vary"] == "Accept"
    (site / "index.html").unlink()
    assert status_of(await answer_to(app, last("/s/users/5", PAGE))) == 404


async def test_forbidden_files_have_no_fallback(site: Path) -> None:
    os.mkfifo(site / "pipe")
    app = app_for(site, fallback="index.html")
    assert body_of(await answer_to(app, last("/s/", PAGE))) == b"<p>page"
    assert status_of(await answer_to(app, last("/s/pipe", PAGE))) == 403


async def test_cache_control(site: Path) -> None:
    app = app_for(site, cache_control="max-age=60")
    for path in ("/s/app.js", "/s/docs/index.html"):
        assert fields_of(await answer_to(app, last(path)))["cache-control"] == "max-age=60"

    def choose(name: str) -> str | None:
        return {"app.js": "max-age=5", "index.html": "no-cache"}.get(name)

    app = app_for(site, cache_control=choose, index="index.html", fallback="index.html")
    assert fields_of(await answer_to(app, last("/s/app.js")))["cache-control"] == "max-age=5"
    assert fields_of(await answer_to(app, last("/s/")))["cache-control"] == "no-cache"
    assert fields_of(await answer_to(app, last("/s/x", PAGE)))["cache-control"] == "no-cache"
    assert "cache-control" not in fields_of(await answer_to(app, last("/s/docs/index.html")))


async def test_more_cache_controls_than_are_remembered(site: Path) -> None:
    count = iter(range(100))
    app = app_for(site, cache_control=lambda name: f"max-age={next(count)}")
    for number in range(70):
        answer = await answer_to(app, last("/s/app.js"))
        assert fields_of(answer)["cache-control"] == f"max-age={number}"


async def test_versions_are_immutable(site: Path) -> None:
    app = app_for(site, append_version=True, cache_control="no-cache")
    resource = app.router["static"]
    assert isinstance(resource, StaticResource)
    path = str(resource.url_for(filename="app.js"))
    immutable = "public, max-age=31536000, immutable"
    for _ in range(2):
        assert fields_of(await answer_to(app, last(path)))["cache-control"] == immutable
    for other in ("/s/app.js", "/s/app.js?v=x", "/s/app.js?a=b", path + "x"):
        assert fields_of(await answer_to(app, last(other)))["cache-control"] == "no-cache"
    (site / "app.js").write_text("new code")
    answer = await answer_to(app, last(path))
    assert fields_of(answer)["cache-control"] == "no-cache" and body_of(answer) == b"new code"


async def test_a_middleware_may_change_the_answer(site: Path) -> None:
    async def layer(request: Request, handler: Any) -> StreamResponse:
        response: StreamResponse = await handler(request)
        response.headers["Cache-Control"] = "private"
        return response

    app = Application(middlewares=[layer])
    app.router.add_static("/s", site, cache_control="public")
    answer = await answer_to(app, last("/s/app.js"))
    assert fields_of(answer)["cache-control"] == "private" and body_of(answer) == b"code"


async def test_one_answer_kept_by_a_middleware(site: Path) -> None:
    kept: list[StreamResponse] = []

    async def layer(request: Request, handler: Any) -> StreamResponse:
        if not kept:
            kept.append(await handler(request))
        return kept[0]

    app = Application(middlewares=[layer])
    app.router.add_static("/s", site)
    assert body_of(await answer_to(app, last("/s/app.js"))) == b"code"
    (site / "app.js").write_text("new code")
    assert body_of(await answer_to(app, last("/s/app.js"))) == b"new code"


@pytest.mark.parametrize("option", ["index", "fallback"])
@pytest.mark.parametrize("name", ["", "../x", "/x", "x/", "a\0b"])
def test_bad_names_of_pages(site: Path, option: str, name: str) -> None:
    with pytest.raises(ValueError, match=option):
        app_for(site, **{option: name})


@pytest.mark.parametrize("path", ["/s/file.txt", "/s/"])
async def test_a_lack_of_descriptors_is_no_missing_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    real = os.open

    def scarce(name: Any, *args: Any, **kwargs: Any) -> int:
        if os.fspath(name) == os.fspath(root.resolve()):
            raise OSError(errno.EMFILE, "Too many open files")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", scarce)
    assert status_of(await answer_to(app_for(root, index="index.html"), last(path))) == 500


async def test_permissions(root: Path) -> None:
    """As a user who may not read: root may read everything."""
    closed = root / "closed"
    closed.mkdir()
    (closed / "file").write_text("secret")
    (root / "file.txt").chmod(0)
    closed.chmod(0)
    for folder in (root, *list(root.parents)[:3]):
        folder.chmod(0o755)
    app = app_for(root, show_index=True)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65_534)
    try:
        for path in ("/s/file.txt", "/s/closed/file", "/s/closed/"):
            answer = await answer_to(app, last(path))
            assert status_of(answer) == 403 and b"secret" not in answer
    finally:
        if is_root:
            os.seteuid(0)
        closed.chmod(0o755)


async def test_absolute_paths_tell_nothing(root: Path) -> None:
    """GHSA-54jq-c3m8-4m76: the answer is the same whether the file is there or not."""
    answers = set()
    for path in (root.parent / "secret", root.parent / "none", root / "file.txt", root / "none"):
        for form in (str(path), str(path).replace("/", "%2F")):
            answer = await answer_to(app_for(root), last(f"/s/{form}"))
            answers.add((status_of(answer), body_of(answer)))
    assert answers == {(404, b"404: Not Found")}


@pytest.mark.parametrize(("cache_size", "is_kept"), [(1 << 20, True), (0, False)])
async def test_what_is_kept_in_memory(cache_size: int, is_kept: bool) -> None:
    """Of a file that was not changed just now."""
    old = Path(errors.__file__)
    opened: list[str] = []
    notes = [opened]  # an audit hook stays for ever; emptying this ends it

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if notes and event == "open" and arguments[0] == old.name:
            notes[0].append(event)

    sys.addaudithook(note)
    app = app_for(old.parent, cache_size=cache_size)
    async with talking(app) as peer:
        for _ in range(9):
            await peer.send(get(f"/s/{old.name}"))
            assert status_of((await peer.read_response())[0]) == 200
    notes.clear()
    assert len(opened) < 9 if is_kept else len(opened) >= 9


@pytest.mark.parametrize("chunk_size", [1000, 30_000])
async def test_the_size_of_pieces(root: Path, chunk_size: int) -> None:
    (root / "large").write_bytes(b"x" * 90_000)

    async def in_chunks(request: Request, response: StreamResponse) -> None:
        response.enable_chunked_encoding()

    app = app_for(root, chunk_size=chunk_size)
    app.on_response_prepare.append(in_chunks)
    answer = await answer_to(app, last("/s/large"))
    assert body_of(answer).startswith(b"%x\r\n" % chunk_size)


async def test_few_of_many_cache_controls_are_kept(root: Path) -> None:
    for number in range(80):
        (root / str(number)).write_text("small")
    resource = StaticResource("/s", root, cache_control=lambda name: f"max-age={name}")
    app = Application()
    app.router.register_resource(resource)
    async with talking(app) as peer:
        for number in range(80):
            await peer.send(get(f"/s/{number}"))
            head, _ = await peer.read_response()
            assert f"\r\nCache-Control: max-age={number}\r\n".encode() in head
    assert len(resource._sources) == 64
