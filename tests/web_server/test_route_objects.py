import pytest
from support.serving import answer_to, body_of, last
from support.unsent import ask

from weft_routing import MethodError
from weft_web_server import (
    AbstractResource,
    AbstractRoute,
    Application,
    HTTPExpectationFailed,
    HTTPNotFound,
    Request,
    Response,
    RouteOptions,
    StreamResponse,
    SystemRoute,
    UrlDispatcher,
)


async def answer(request: Request) -> StreamResponse:
    return Response(text="x")


async def layer(request: Request, handler: object) -> StreamResponse:
    raise NotImplementedError


def test_what_a_route_cannot_carry() -> None:
    with pytest.raises(TypeError, match=r"are web\.RouteOptions, not {'timeout'"):
        AbstractRoute("GET", answer, options={"timeout": 5})  # type: ignore[arg-type]  # a mistake
    with pytest.raises(TypeError, match="5 is no middleware"):
        AbstractRoute("GET", answer, middlewares=[layer, 5])  # type: ignore[list-item]  # a mistake


def test_what_a_route_carries() -> None:
    route = AbstractRoute("get", answer, middlewares=[layer], options=RouteOptions(timeout=5))
    assert (route.method, route.handler, route.name, route.resource) == ("GET", answer, None, None)
    assert route.middlewares == (layer,) and route.options.timeout == 5 and route.place is None
    assert route.expect_handler is None
    with pytest.raises(RuntimeError, match="no URL"):
        route.url_for()
    resource = UrlDispatcher().add_resource("/a", name="one")
    made = resource.add_route("get", answer, middlewares=iter([layer]))
    assert made.middlewares == (layer,) and made.resource is resource and made.name == "one"
    assert repr(made) == f"<ResourceRoute [GET] <PlainResource 'one'  /a> -> {answer!r}>"


@pytest.mark.parametrize("bad", ["", "G ET", "é", "A:B", "G/T", "GET\n"])
def test_bad_methods(bad: str) -> None:
    with pytest.raises(MethodError):
        AbstractRoute(bad, answer)
    assert AbstractRoute("x-y", answer).method == "X-Y"


async def test_the_expect_field() -> None:
    route = UrlDispatcher().add_get("/", answer)
    assert await route.handle_expect_header(ask("/", Expect="100-Continue")) is None
    with pytest.raises(HTTPExpectationFailed):
        await route.handle_expect_header(ask("/", Expect="more"))

    async def mine(request: Request) -> StreamResponse | None:
        return Response(status=417)

    own = UrlDispatcher().add_get("/", answer, expect_handler=mine)
    found = await own.handle_expect_header(ask("/", Expect="more"))
    assert found is not None and found.status == 417


async def test_expect_handler() -> None:
    async def refuse(request: Request) -> StreamResponse | None:
        return Response(status=417, text="mine")

    async def accept(request: Request) -> StreamResponse | None:
        return None

    app = Application()
    app.router.add_get("/no", answer, expect_handler=refuse)
    app.router.add_get("/yes", answer, expect_handler=accept)
    assert body_of(await answer_to(app, last("/no", "Expect: x"))) == b"mine"
    assert body_of(await answer_to(app, last("/yes", "Expect: x"))) == b"x"
    with pytest.raises(TypeError):
        UrlDispatcher().add_get("/bad", answer, expect_handler=print)


async def test_system_route() -> None:
    route = SystemRoute(HTTPNotFound())
    assert (route.status, route.reason, route.name, route.resource) == (
        404,
        "Not Found",
        None,
        None,
    )
    assert route.get_info() == {"http_exception": route.http_exception}
    assert repr(route) == "<SystemRoute 404: Not Found>"
    with pytest.raises(RuntimeError):
        route.url_for()
    with pytest.raises(HTTPNotFound):
        await route.handler(ask("/"))


def test_abstract_ones() -> None:
    assert (
        AbstractRoute("get", answer).method == "GET"
        and AbstractRoute("*", answer).get_info() == {}
    )
    with pytest.raises(TypeError, match="resolve"):
        AbstractResource()  # type: ignore[abstract]  # the mistake under test
