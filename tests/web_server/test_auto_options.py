import pytest
from support.serving import answer_to, body_of, get, last, status_of

from weft_web_server import (
    Application,
    Handler,
    Request,
    Response,
    StreamResponse,
    View,
    normalize_path_middleware,
)
from weft_web_server.auto_options import AutoOptionsRoute


async def answer(request: Request) -> StreamResponse:
    return Response(text=f"{request.method} {request.path}")


class AView(View):
    async def get(self) -> StreamResponse:
        return Response(text="view")


class OwnOptions(AView):
    async def options(self) -> StreamResponse:
        return Response(text="own")


def allow_of(found: bytes) -> str | None:
    for line in found.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.startswith(b"Allow: "):
            return line[7:].decode()
    return None


async def ask(app: Application, path: str, method: str = "OPTIONS") -> tuple[int, str | None]:
    found = await answer_to(app, last(path, method=method))
    return status_of(found), allow_of(found)


def fill(app: Application) -> Application:
    app.router.add_get("/a", answer)
    app.router.add_post("/a", answer)
    app.router.add_put("/{x}", answer)
    app.router.add_options("/own", answer)
    app.router.add_get("/own", answer)
    app.router.add_route("*", "/any", answer)
    app.router.add_view("/view", AView)
    app.router.add_view("/own-view", OwnOptions)
    app.router.add_route("GET", "/view-of-get", AView)
    return app


@pytest.mark.parametrize(
    ("path", "expected", "without"),
    [
        ("/a", (204, "GET,HEAD,OPTIONS,POST,PUT"), (405, "GET,HEAD,POST,PUT")),
        ("/b", (204, "OPTIONS,PUT"), (405, "PUT")),
        ("/own", (200, None), (200, None)),
        ("/any", (200, None), (200, None)),
        ("/view", (204, "GET,OPTIONS"), (405, "GET")),
        ("/own-view", (200, None), (200, None)),
        ("/view-of-get", (204, "GET,OPTIONS,PUT"), (405, "GET,PUT")),
        ("/none/there", (404, None), (404, None)),
        ("*", (404, None), (404, None)),
    ],
)
async def test_who_answers(
    path: str, expected: tuple[int, str | None], without: tuple[int, str | None]
) -> None:
    assert await ask(fill(Application(auto_options=True)), path) == expected
    assert await ask(fill(Application(auto_options=False)), path) == without
    assert await ask(fill(Application()), path) == without


async def test_refusals_name_options() -> None:
    app = fill(Application(auto_options=True))
    assert await ask(app, "/a", "DELETE") == (405, "GET,HEAD,OPTIONS,POST,PUT")
    assert await ask(app, "/view", "POST") == (405, "GET,OPTIONS")
    assert body_of(await answer_to(app, last("/view"))) == b"view"
    plain = fill(Application())
    assert await ask(plain, "/a", "DELETE") == (405, "GET,HEAD,POST,PUT")


async def test_has_no_body_and_keeps_the_connection() -> None:
    app = fill(Application(auto_options=True))
    found = await answer_to(app, get("/a", method="OPTIONS") + last("/own"))
    first, _, second = found.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 204 ") and b"Content-Length" not in first
    assert second.startswith(b"HTTP/1.1 200 ")


async def test_passes_the_middlewares() -> None:
    seen: list[object] = []

    async def layer(request: Request, handler: Handler) -> StreamResponse:
        info = request.match_info
        seen.append((request.app, info.http_exception, info.get_info(), repr(info.route)))
        response = await handler(request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    app = fill(Application(auto_options=True, middlewares=[layer]))
    found = await answer_to(app, last("/b", method="OPTIONS"))
    assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in found
    allowed = frozenset({"OPTIONS", "PUT"})
    assert seen == [(app, None, {"allowed_methods": allowed}, "<AutoOptionsRoute OPTIONS,PUT>")]


async def test_beside_repaired_slashes() -> None:
    app = Application(auto_options=True, middlewares=[normalize_path_middleware()])
    app.router.add_get("/a/", answer)
    assert await ask(app, "/a/") == (204, "GET,HEAD,OPTIONS")


@pytest.mark.parametrize("of_parent", [None, False, True])
@pytest.mark.parametrize("of_sub", [None, False, True])
async def test_sub_applications_follow_their_parent_or_themselves(
    of_parent: bool | None, of_sub: bool | None
) -> None:
    app = Application(auto_options=of_parent)
    between, sub = Application(), Application(auto_options=of_sub)
    for each in (app, sub):
        each.router.add_get("/x", answer)
        each.router.add_view("/view", AView)
    between.add_subapp("/sub", sub)
    app.add_subapp("/between", between)
    assert app.auto_options is of_parent and sub.auto_options is of_sub
    for path, is_on in (
        ("", of_parent),
        ("/between/sub", of_parent if of_sub is None else of_sub),
    ):
        expected = (204, "GET,HEAD,OPTIONS") if is_on else (405, "GET,HEAD")
        assert await ask(app, path + "/x") == expected
        assert (await ask(app, path + "/view"))[0] == (204 if is_on else 405)


def test_route() -> None:
    route = AutoOptionsRoute(["PUT", "OPTIONS", "PUT"])
    assert route.allowed_methods == {"OPTIONS", "PUT"} and route.method == "OPTIONS"
    assert route.name is None and route.resource is None
