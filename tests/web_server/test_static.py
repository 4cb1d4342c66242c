import os
from pathlib import Path

import pytest
from support.serving import answer_to, body_of, last, status_of
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


def app_for(root: Path, **options: bool) -> Application:
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
