import pytest

from weft_routing import DuplicateName, DuplicateRoute, PatternError, RouteNameError
from weft_web_server import Application, Request, Response, StreamResponse, UrlDispatcher


async def answer(request: Request) -> StreamResponse:
    return Response()


def test_duplicate_route_says_what_to_do() -> None:
    router = UrlDispatcher()
    router.add_get("/", answer)
    with pytest.raises(RuntimeError, match="already routed") as caught:
        router.add_get("/", answer)
    assert isinstance(caught.value, DuplicateRoute) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "error"), [("x", ValueError), ("/{x", PatternError), ("/{x:[}", PatternError)]
)
def test_bad_paths(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        UrlDispatcher().add_get(path, answer)


def test_names() -> None:
    router = UrlDispatcher()
    router.add_get("/a", answer, name="one")
    router.add_post("/a", answer, name="one")
    assert list(router) == ["one"] and len(router) == 1 and "one" in router
    assert router["one"] is router.named_resources()["one"]
    with pytest.raises(DuplicateName):
        router.add_get("/b", answer, name="one")
    for bad in ("1n", "if", "a b"):
        with pytest.raises(RouteNameError):
            router.add_get("/c", answer, name=bad)
    assert router


def test_one_path_is_one_resource() -> None:
    router = UrlDispatcher()
    first, second = router.add_get("/a", answer), router.add_post("/a", answer)
    assert first.resource is second.resource
    assert len(router.resources()) == 1
    assert [route.method for route in router.routes()] == ["HEAD", "GET", "POST"]


def test_all_ways_of_adding() -> None:
    router = UrlDispatcher()
    for name in ("head", "options", "put", "patch", "delete"):
        assert getattr(router, f"add_{name}")("/", answer).method == name.upper()


def test_frozen() -> None:
    app = Application()
    app.freeze()
    with pytest.raises(RuntimeError, match="frozen"):
        app.router.add_get("/", answer)
    assert app.router.frozen
