from collections.abc import Iterator
from pathlib import Path

import pytest
from support.unsent import ask
from yarl import URL

from weft_routing import DuplicateName, DuplicateRoute, PatternError, RouteNameError
from weft_web_server import (
    AbstractResource,
    AbstractRoute,
    Application,
    HTTPMethodNotAllowed,
    HTTPNotFound,
    Request,
    Resource,
    ResourceRoute,
    Response,
    StreamResponse,
    UrlDispatcher,
    UrlMappingMatchInfo,
)


async def answer(request: Request) -> StreamResponse:
    return Response()


def test_duplicate_route_says_what_to_do() -> None:
    router = UrlDispatcher()
    router.add_get("/", answer)
    with pytest.raises(RuntimeError, match="already routed") as caught:
        router.add_get("/", answer)
    assert isinstance(caught.value, DuplicateRoute) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "error"),
    [("x", PatternError), ("x{y}", PatternError), ("/{x", PatternError), ("/{x:[}", PatternError)],
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
    with pytest.raises(DuplicateName) as caught:
        router.add_get("/b", answer, name="one")
    assert caught.value.place is not None and caught.value.taken_at is not None
    assert caught.value.place.file == caught.value.taken_at.file == __file__
    assert caught.value.place.line == caught.value.taken_at.line + 5
    for bad in ("1n", "if", "a b"):
        with pytest.raises(RouteNameError):
            router.add_get("/c", answer, name=bad)
    assert not UrlDispatcher()  # as any empty mapping


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


class Vowels(AbstractResource):
    """A resource of a user: paths below /v that begin with a vowel."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.prefix = ""
        self.asked: list[str] = []
        self.route = ResourceRoute("GET", answer, self)

    @property
    def canonical(self) -> str:
        return self.prefix + "/v/{vowel}"

    def add_prefix(self, prefix: str) -> None:
        self.prefix = prefix + self.prefix

    def url_for(self, **kwargs: str) -> URL:
        return URL(self.canonical.format(**kwargs))

    def get_info(self) -> dict[str, object]:
        return {"vowels": True}

    def raw_match(self, path: str) -> bool:
        return False

    async def resolve(self, request: Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        path = request.rel_url.raw_path
        self.asked.append(path)
        if not path.startswith(tuple(f"{self.prefix}/v/{vowel}" for vowel in "aeiou")):
            return None, set()
        if request.method != "GET":
            return None, {"GET"}
        return UrlMappingMatchInfo({"vowel": path[-1]}, self.route), {"GET"}

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter((self.route,))


async def test_a_resource_of_a_user_is_asked_in_its_turn() -> None:
    router, resource = UrlDispatcher(), Vowels(name="vowels")
    literal = router.add_get("/v/a", answer)
    router.register_resource(resource)
    late = router.add_post("/v/{rest}", answer)
    assert router["vowels"] is resource and resource.route in router.routes()
    for freeze in (False, True):
        if freeze:
            router.freeze()
        assert (await router.resolve(ask("/v/a"))).route is literal
        assert resource.asked == []
        info = await router.resolve(ask("/v/e"))
        assert info.route is resource.route and info == {"vowel": "e"}
        assert (await router.resolve(ask("/v/e", "POST"))).route is late
        missed = (await router.resolve(ask("/v/e", "PUT"))).http_exception
        assert isinstance(missed, HTTPMethodNotAllowed)
        assert missed.allowed_methods == {"GET", "POST"}
        resource.asked.clear()
        assert (await router.resolve(ask("/w/e"))).http_exception is not None
        assert (await router.resolve(ask("*", "OPTIONS"))).http_exception is not None
        assert resource.asked == []


async def test_resolving_by_a_table_and_by_asking_is_the_same(tmp_path: Path) -> None:
    app, sub, domain = Application(), Application(), Application()
    router = app.router
    files = router.add_static("/files", tmp_path)
    one = router.add_get("/a/{b}", answer)
    root = router.add_get("", answer)
    inner = sub.router.add_get("/x", answer)
    by_host = domain.router.add_get("/a/{b}", answer)
    app.add_subapp("/sub", sub)
    app.add_domain("a.com", domain)
    for is_frozen in (False, True):
        if is_frozen:
            app.freeze()
            assert (await router.resolve(ask("/"))).route is root
        info = await router.resolve(ask("/a/%31?c"))
        assert (info.route, dict(info), info.apps) == (one, {"b": "1"}, ())
        info = await router.resolve(ask("/sub/x"))
        assert (info.route, info.apps) == (inner, (sub,))
        info = await router.resolve(ask("/a/1", Host="a.com"))
        assert (info.route, info.apps) == (by_host, (domain,))
        for path, name in (("/files", ""), ("/files/", ""), ("/files/c/d", "c/d")):
            info = await router.resolve(ask(path))
            assert getattr(info.route, "resource", None) is files and info == {"filename": name}
        for path, method, allowed in (
            ("/none", "GET", None),
            ("/sub/none", "GET", None),
            ("/a/1", "PUT", {"GET", "HEAD"}),
            ("/sub/x", "PUT", {"GET", "HEAD"}),
            ("/files", "PUT", {"GET", "HEAD"}),
        ):
            error = (await router.resolve(ask(path, method))).http_exception
            if allowed is None:
                assert isinstance(error, HTTPNotFound)
            else:
                assert isinstance(error, HTTPMethodNotAllowed)
                assert error.allowed_methods == allowed


class Ending(Resource):
    """A resource of a user that has routes as any other, and paths of its own."""

    canonical = "/"

    def url_for(self, **kwargs: str) -> URL:
        return URL("/x" + kwargs["end"])

    def add_prefix(self, prefix: str) -> None:
        raise NotImplementedError

    def get_info(self) -> dict[str, object]:
        return {}

    def raw_match(self, path: str) -> bool:
        return False

    def _match(self, path: str) -> dict[str, str] | None:
        return {"end": "x"} if path.endswith("x") else None


async def test_the_path_of_a_resource_changes_between_two_requests() -> None:
    router, resource = UrlDispatcher(), Vowels()
    router.register_resource(resource)
    assert (await router.resolve(ask("/v/e"))).route is resource.route
    router.unindex_resource(resource)
    resource.add_prefix("/new")
    router.index_resource(resource)
    assert (await router.resolve(ask("/new/v/e"))).route is resource.route
    assert (await router.resolve(ask("/v/e"))).http_exception is not None


async def test_a_resource_of_a_user_with_routes() -> None:
    router, resource = UrlDispatcher(), Ending()
    route = resource.add_route("GET", answer)
    router.register_resource(resource)
    late = resource.add_route("POST", answer)
    router.freeze()
    info = await router.resolve(ask("/a/x"))
    assert info.route is route and info == {"end": "x"}
    assert (await router.resolve(ask("/a/x", "POST"))).route is late
    assert (await router.resolve(ask("/a/y"))).http_exception is not None


def test_what_is_no_resource() -> None:
    with pytest.raises(TypeError, match="5 is no resource"):
        UrlDispatcher().register_resource(5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(TypeError, match="no route definition"):
        UrlDispatcher().add_routes([5])  # type: ignore[list-item]  # the mistake under test


def test_the_last_resource_is_used_again_for_its_path_and_name() -> None:
    router = UrlDispatcher()
    first = router.add_resource("/a/{b}", name="one")
    assert router.add_resource("/a/{b}", name="one") is first
    assert router.add_resource("/a/{b}") is not first
    with pytest.raises(DuplicateName):
        router.add_resource("/a/{b}", name="one")
    router.freeze()
    router.freeze()
    assert router.add_resource("/a/{b}").name is None
