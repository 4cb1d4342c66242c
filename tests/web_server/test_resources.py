from functools import partial

import pytest
from support.serving import answer_to, body_of, last, status_of

from weft_web_server import (
    Application,
    HTTPNotFound,
    Request,
    Response,
    StreamResponse,
    SystemRoute,
    UrlDispatcher,
    View,
)
from weft_web_server.route_objects import AbstractResource, AbstractRoute
from weft_web_server.views import check_handler


async def answer(request: Request) -> StreamResponse:
    return Response(text="x")


class Both(View):
    async def get(self) -> StreamResponse:
        return Response(text=self.request.path)

    async def post(self) -> StreamResponse:
        return None  # type: ignore[return-value]  # the mistake under test


async def test_view() -> None:
    app = Application()
    app.router.add_view("/", Both)
    assert body_of(await answer_to(app, last())) == b"/"
    refused = await answer_to(app, last(method="DELETE"))
    assert status_of(refused) == 405 and b"\r\nAllow: GET,POST\r\n" in refused
    assert status_of(await answer_to(app, last(method="__INIT__"))) == 405
    assert status_of(await answer_to(app, last(method="POST"))) == 500


class Callable_:
    async def __call__(self, request: Request) -> StreamResponse:
        return Response(text="object")


@pytest.mark.parametrize(
    "handler",
    [answer, Both, partial(answer), Callable_(), lambda request: answer(request)],
)
def test_good_handlers(handler: object) -> None:
    assert check_handler(handler) is handler  # type: ignore[arg-type]  # any kind


async def generator(request):  # type: ignore[no-untyped-def]  # a mistake under test
    yield 1


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (5, "5 is no handler; give an async function"),
        (int, "is no handler"),
        (generator, "generator is a generator"),
        (lambda: None, r"must take one argument"),
        (lambda a, b: None, "one argument, the request"),
    ],
)
def test_bad_handlers(handler: object, text: str) -> None:
    with pytest.raises(TypeError, match=text) as caught:
        Application().router.add_get("/", handler)  # type: ignore[arg-type]  # mistakes under test
    assert "\n" not in str(caught.value)


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


def test_system_route() -> None:
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


def test_abstract_ones() -> None:
    assert (
        AbstractRoute("get", answer).method == "GET"
        and AbstractRoute("*", answer).get_info() == {}
    )
    with pytest.raises(TypeError, match="resolve"):
        AbstractResource()  # type: ignore[abstract]  # the mistake under test


async def test_plain_functions_may_return_what_to_await_or_the_answer() -> None:
    app = Application()
    app.router.add_get("/a", lambda request: answer(request))
    app.router.add_get("/b", lambda request: Response(text="b"))  # type: ignore[arg-type, return-value]  # works, untyped
    app.router.add_get("/c", Callable_())
    assert body_of(await answer_to(app, last("/a"))) == b"x"
    assert body_of(await answer_to(app, last("/b"))) == b"b"
    assert body_of(await answer_to(app, last("/c"))) == b"object"
