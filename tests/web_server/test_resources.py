import pytest
from support.unsent import ask

from weft_routing import PathConvertor, PatternError
from weft_web_server import (
    DynamicResource,
    PlainResource,
    Request,
    ResourceRoute,
    Response,
    StreamResponse,
    UrlDispatcher,
)


async def answer(request: Request) -> StreamResponse:
    return Response(text="x")


def test_routes_and_resources() -> None:
    router = UrlDispatcher()
    route = router.add_get("/a/{b:[0-9]+}", answer, name="one", allow_head=False)
    assert (route.method, route.name, route.handler) == ("GET", "one", answer)
    resource = route.resource
    assert resource.canonical == "/a/{b}" and resource.name == "one"
    assert str(resource.url_for(b="1")) == "/a/1" and str(route.url_for(b="2")) == "/a/2"
    assert route.get_info()["formatter"] == "/a/{b}"
    assert list(resource) == [route] and len(resource) == 1
    assert "/a/{b}" in repr(resource) and "GET" in repr(route)
    plain = router.add_resource("/x")
    assert plain.get_info() == {"path": "/x"} and plain.canonical == "/x"


def test_one_resource_alone() -> None:
    resource = PlainResource("/a", name="one")
    post = ResourceRoute("POST", answer, resource)
    get = resource.add_route("GET", answer)
    resource.register_route(post)
    anything = resource.add_route("*", answer)
    assert list(resource) == [get, post, anything] and len(resource) == 3
    for method in ("GET", "PUT"):
        with pytest.raises(RuntimeError, match="already routed by"):
            resource.add_route(method, answer)
    with pytest.raises(TypeError, match="5 is no ResourceRoute"):
        resource.register_route(5)  # type: ignore[arg-type]  # the mistake under test


def test_a_resource_brings_its_routes_to_a_router() -> None:
    router = UrlDispatcher()
    resource = PlainResource("/a", name="one")
    route = resource.add_route("GET", answer)
    router.register_resource(resource)
    assert router["one"] is resource and list(router.routes()) == [route]
    with pytest.raises(RuntimeError, match="already routed"):
        router.add_get("/a", answer, allow_head=False)
    with pytest.raises(RuntimeError, match="already routed"):
        router.register_resource(resource_of("/a"))
    router.freeze()
    with pytest.raises(RuntimeError, match="frozen"):
        resource.add_route("POST", answer)


def resource_of(path: str) -> DynamicResource:
    resource = DynamicResource(path)
    resource.add_route("GET", answer)
    return resource


def test_a_path_and_what_it_is_called() -> None:
    plain, dynamic = PlainResource("/é"), DynamicResource("/é/{b:[a-z]+}", name="b")
    assert (plain.canonical, dynamic.canonical) == ("/é", "/%C3%A9/{b}")
    assert plain.raw_match("/é") and not plain.raw_match("/%C3%A9")
    assert dynamic.raw_match("/é/{b:[a-z]+}") and not dynamic.raw_match("/é/b")
    assert (repr(plain), repr(dynamic)) == (
        "<PlainResource  /é>",
        "<DynamicResource 'b'  /%C3%A9/{b}>",
    )
    for resource in (plain, dynamic):
        resource.add_prefix("/p")
    assert plain.canonical == "/p/é" and plain.raw_match("/p/é")
    assert dynamic.get_info()["formatter"] == "/p/%C3%A9/{b}"
    assert dynamic.get_info()["pattern"].fullmatch("/p/é/x")
    assert str(dynamic.url_for(b="x")) == "/p/%C3%A9/x"
    assert dynamic.raw_match("/é/{b:[a-z]+}")
    with pytest.raises(TypeError):
        plain.url_for(b="x")  # type: ignore[call-arg]  # the mistake under test
    for bad in ("p", "/p/", "/", ""):
        with pytest.raises(ValueError, match="prefix"):
            plain.add_prefix(bad)


async def test_what_fits_a_request() -> None:
    resource = DynamicResource("/a/{b!int}")
    get = resource.add_route("GET", answer)
    info, allowed = await resource.resolve(ask("/a/7?c"))
    assert info is not None and info == {"b": "7"} and info.route is get and allowed == {"GET"}
    assert await resource.resolve(ask("/a/7", "POST")) == (None, {"GET"})
    assert await resource.resolve(ask("/a/x")) == (None, set())
    resource.add_prefix("/p")
    assert await resource.resolve(ask("/a/7")) == (None, set())
    anything = resource.add_route("*", answer)
    info, _ = await resource.resolve(ask("/p/a/7", "LIST"))
    assert info is not None and info.route is anything


async def test_the_empty_path() -> None:
    """The root of an application, or the very prefix of one below another."""
    alone, below = PlainResource(""), PlainResource("")
    below.add_prefix("/p")
    for resource in (alone, below):
        resource.add_route("GET", answer)
        resource.freeze()
    assert (alone.canonical, below.canonical) == ("/", "/p")
    assert (await alone.resolve(ask("/")))[0] is not None
    assert (await below.resolve(ask("/p")))[0] is not None


def test_convertors_of_a_resource() -> None:
    class Colour(PathConvertor[str]):
        regex = "red|blue"

        def parse(self, text: str) -> str:
            return text

        def format(self, value: object) -> str:
            return str(value)

    router = UrlDispatcher(convertors={"colour": Colour()})
    route = router.add_get("/{c!colour}", answer)
    assert str(route.url_for(c="red")) == "/red"
    with pytest.raises(PatternError, match="colour"):
        router.add_get("/x/{c!int}", answer)
